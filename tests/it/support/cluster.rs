//! Tests on a Citus cluster, where `TEST_DATABASE_URL` names its coordinator.

use migration::distribution::{self, Place, TABLES};
use sqlx::{AssertSqlSafe, PgPool};

use super::servers::servers;

/// Whether the tests run on a cluster and this one cannot: it says so, and why.
pub(crate) fn is_left_out(why: &str) -> bool {
    let is_cluster = servers().is_cluster();
    if is_cluster {
        let test = std::thread::current();
        eprintln!("{} is left out on a cluster: {why}", test.name().unwrap_or_default());
    }
    is_cluster
}

/// Leaves the rows of a database where they are: from here on they are read and written as those of
/// a cluster are.
pub(crate) async fn become_like_a_cluster(pool: &PgPool) {
    let mut transaction = pool.begin().await.expect("a transaction");
    let prepare = sqlx::raw_sql(AssertSqlSafe(distribution::prepare()));
    prepare.execute(&mut *transaction).await.expect("the tables are prepared");
    transaction.commit().await.expect("it is committed");
}

/// From here on new connections to a database are told the plan of each statement.
pub(crate) async fn tell_plans(pool: &PgPool) {
    // The loader hears of warnings only.
    let settings = [
        "session_preload_libraries = auto_explain",
        "auto_explain.log_level = warning",
        "auto_explain.log_min_duration = 0",
        "auto_explain.log_format = json",
        "client_min_messages = log",
    ];
    for setting in settings {
        let sql = format!(
            "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET {setting}', current_database());
             END $$"
        );
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(pool).await.expect("it is set");
    }
}

/// What triggers do on one machine, for all rows of sales that a test has written.
pub(crate) async fn note_sales(pool: &PgPool) {
    let sql = "DO $$ BEGIN IF to_regproc('note_change') IS NOT NULL THEN
        PERFORM note_change('sales_order', ARRAY(SELECT sales_order_id FROM sales_order));
        PERFORM note_change('', '{}'); END IF; END $$";
    sqlx::raw_sql(sql).execute(pool).await.expect("the change is told");
}

/// Functions that look in tables of the coordinator.
const OF_COORDINATOR: [&str; 2] = ["load_source_key", "load_raw_object"];

/// What a statement has that a cluster refuses; `None` if nothing is known.
pub(crate) fn refusal(sql: &str) -> Option<String> {
    let tokens = tokens(sql);
    let words: Vec<String> = tokens.iter().map(|token| token.to_ascii_uppercase()).collect();
    for word in ["MERGE", "RECURSIVE"] {
        if words.iter().any(|it| it == word) {
            return Some(format!("{word} is refused"));
        }
    }
    let writes_shared = tokens.windows(2).any(|pair| {
        pair[0].eq_ignore_ascii_case("INTO")
            && place(&pair[1]).is_some_and(|place| place != Place::Coordinator)
    });
    if let Some(at) = words.windows(2).position(|pair| pair == ["DO", "UPDATE"])
        && writes_shared
        && words[at..].windows(2).any(|pair| pair == ["NOW", "("])
    {
        return Some("what a conflict sets is no call of a function".to_owned());
    }
    block(&mut tokens.iter().map(String::as_str), "", false)
}

/// A SELECT up to its closing bracket; `before` is what stands before its bracket, and
/// `is_selected` whether that is among what is selected.
fn block<'a>(
    tokens: &mut impl Iterator<Item = &'a str>,
    before: &str,
    is_selected: bool,
) -> Option<String> {
    let (mut tables, mut called, mut words) = (Vec::new(), Vec::new(), Vec::new());
    let (mut last, mut last_but_one) = ("", "");
    while let Some(token) = tokens.next() {
        match token {
            ")" => break,
            "(" => {
                called.push(last.to_owned());
                let before = if last == "(" { last_but_one } else { last };
                let has = |wanted: &str| words.iter().any(|word| word == wanted);
                let within = if has("SELECT") { !has("FROM") } else { is_selected };
                let refused = block(tokens, before, within);
                if refused.is_some() {
                    return refused;
                }
            }
            _ => {
                if matches!(last, "FROM" | "JOIN" | "UPDATE" | "INTO" | "USING") {
                    tables.push(token.to_owned());
                }
                words.push(token.to_owned());
            }
        }
        (last_but_one, last) = (last, token);
    }
    let has = |is: &dyn Fn(Place) -> bool| {
        let found = tables.iter().find(|name| place(name).is_some_and(is));
        found.cloned()
    };
    let cut = has(&|place| matches!(place, Place::Cut { .. }));
    let shared = has(&|place| place != Place::Coordinator);
    let any = |wanted: &str| words.iter().any(|word| word == wanted);
    if let (Some(cut), true) = (&cut, before == "EXISTS") {
        return Some(format!("a subquery of {cut} names the row around it"));
    }
    if let (Some(cut), true) = (&cut, before == "LATERAL" && any("LIMIT")) {
        return Some(format!("{cut} is cut off for each row around it"));
    }
    if let (Some(cut), true) = (&cut, before == "IN" && is_selected) {
        return Some(format!("a subquery of {cut} is among what is selected"));
    }
    let is_false = |pair: &[String]| ["WHERE", "AND"].contains(&&*pair[0]) && pair[1] == "false";
    if let (Some(shared), true) = (&shared, any("LEFT") && words.windows(2).any(is_false)) {
        return Some(format!("{shared} is joined where nothing can be found"));
    }
    let locks = words.windows(2).any(|pair| {
        pair[0] == "FOR" && ["UPDATE", "SHARE", "KEY", "NO"].contains(&pair[1].as_str())
    });
    if let (Some(shared), true) = (&shared, locks) {
        return Some(format!("rows of {shared} are locked"));
    }
    let call = called.into_iter().find(|name| OF_COORDINATOR.contains(&name.as_str()));
    shared.zip(call).map(|(shared, call)| format!("{call} is called on the machines of {shared}"))
}

fn place(table: &str) -> Option<Place> {
    TABLES.iter().find(|(name, _)| *name == table).map(|(_, place)| *place)
}

/// Words, brackets and other signs, without what is quoted.
fn tokens(sql: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut word = String::new();
    for (index, part) in sql.split('\'').enumerate() {
        if index % 2 == 1 {
            continue;
        }
        for sign in part.chars().chain([' ']) {
            if sign.is_ascii_alphanumeric() || matches!(sign, '_' | '.' | '$') {
                word.push(sign);
                continue;
            }
            if !word.is_empty() {
                tokens.push(std::mem::take(&mut word));
            }
            if !sign.is_whitespace() {
                tokens.push(sign.to_string());
            }
        }
    }
    tokens
}

#[test]
fn what_a_cluster_refuses_is_seen() {
    let refused = |sql| refusal(sql).unwrap_or_else(|| panic!("{sql} is let through"));
    refused("MERGE INTO sales_order USING a ON true WHEN MATCHED THEN DELETE");
    refused("WITH RECURSIVE a AS (SELECT 1) SELECT * FROM a");
    refused(
        "SELECT 1 FROM customer AS c WHERE EXISTS (SELECT FROM sales_order AS o WHERE o.a = c.a)",
    );
    refused("SELECT 1 FROM a CROSS JOIN LATERAL (SELECT 1 FROM sales_order AS o LIMIT 2) AS b");
    refused("SELECT FROM sales_order_line WHERE sales_order_id = 1 FOR UPDATE");
    refused("SELECT ((o.a IN (SELECT b FROM sales_order_line)) IS TRUE) FROM sales_order AS o");
    refused("SELECT FROM sales_order AS o LEFT JOIN customer AS c ON c.a = o.a WHERE false");
    refused("SELECT load_source_key(o.a, o.b) FROM sales_order AS o");
    refused("INSERT INTO product SELECT 1 ON CONFLICT (a) DO UPDATE SET loaded_at = now()");
    let taken = "WITH read (c0) AS MATERIALIZED (SELECT t0.a FROM sales_order AS t0 WHERE t0.b IN \
                 (SELECT e1.b FROM customer AS e1)) SELECT load_source_key(read.c0, 1), 'x FOR UPDATE' \
                 FROM (SELECT *, row_number() OVER () AS place FROM read) AS read \
                 LEFT JOIN load_file AS t1 ON t1.id = read.c0";
    assert_eq!(refusal(taken), None);
}
