//! Aggregates from columns in memory are those from the rows, byte for byte, and never older.

use async_graphql::Request;
use salesgraph::auth::{Grant, Grants, Scope};
use salesgraph::columnar::{Copies, Miss};
use salesgraph::db::data_version::tables::TableSet;
use salesgraph::db::data_version::{DataVersions, Versions};
use salesgraph::graphql::{Engine, Limits};
use salesgraph::query::Reader;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::load::real::real_files;
use crate::support::cluster::is_left_out;
use crate::support::draw::Draw;
use crate::support::sales::{
    CONDITIONS, DIMENSIONS, FILTERS, MEASURES, change, key, question, selected, small_change,
};
use crate::support::statements::during;
use crate::support::{TestApp, TestDb, database, sales, write};

/// Questions by chance.
const QUESTIONS: usize = 150;
const MEMORY: usize = 64 << 20;

/// The same API without columns and with them.
struct Pair {
    db: TestDb,
    versions: DataVersions,
    rows: Engine,
    columns: Engine,
    copies: Copies,
}

/// An answer: data and errors, and the tables that it has the version of.
type Answer = (Value, TableSet);

impl Pair {
    async fn start(seed: u64) -> Self {
        let db = database().await;
        sales::insert(&db.pool, seed).await;
        Self::over(db, MEMORY)
    }

    fn over(db: TestDb, memory: usize) -> Self {
        let options = db.pool.connect_options().as_ref().clone();
        let versions = DataVersions::start(&db.pool, options);
        let reader = Reader::new(db.pool.clone());
        let copies = Copies::new(reader.connections().clone(), versions.clone(), memory);
        let rows = Engine::new(reader, Limits::default());
        let columns = rows.clone().with_columns(copies.clone());
        Self { db, versions, rows, columns, copies }
    }

    async fn now(&self) -> Versions {
        self.versions.current().await.expect("a version")
    }

    /// Waits until the columns are there.
    async fn settle(&self) {
        let now = self.now().await;
        while self.copies.at(&now).is_err_and(|miss| miss == Miss::Outdated) {
            self.copies.due().await;
        }
        self.copies.at(&now).expect("the columns of a version that stays");
    }

    async fn answer(&self, engine: &Engine, document: &str, scope: &Scope) -> Answer {
        let prepared = engine.prepare(Request::new(document));
        let now = self.now().await;
        let answer = engine.snapshot(&prepared, scope, Some(&now)).await.answer;
        let tables = answer.tables;
        let mut answer: Value =
            serde_json::from_slice(&answer.to_json().expect("JSON")).expect("JSON");
        // It may change from one moment to the next, as Postgres counts rows when it likes.
        answer["extensions"]["cost"].take();
        (answer, tables)
    }

    /// The answer, which is the same of both; and whether no lines were read for it.
    async fn compare(&self, document: &str) -> (Value, bool) {
        self.compare_as(document, &Scope::everything()).await
    }

    async fn compare_as(&self, document: &str, scope: &Scope) -> (Value, bool) {
        let expected = self.answer(&self.rows, document, scope).await;
        let (found, statements) = during(self.answer(&self.columns, document, scope)).await;
        assert_eq!(found, expected, "{document}");
        let has_read = statements.iter().any(|text| text.contains("sales_order_line"));
        (found.0, !has_read)
    }
}

fn aggregate(arguments: &str, selection: &str) -> String {
    let arguments = arguments.trim();
    let arguments = if arguments.is_empty() { String::new() } else { format!("({arguments})") };
    format!("{{ salesAggregate{arguments} {{ {selection} }} }}")
}

async fn execute(pool: &PgPool, sql: &str) {
    write(pool, sql).await;
}

#[tokio::test]
async fn random_questions_have_the_same_answers() {
    let pair = Pair::start(7).await;
    pair.settle().await;
    let mut draw = Draw::new(20_261_130);
    let mut from_columns = 0;
    for _ in 0..QUESTIONS {
        let (mut arguments, selection) = question(&mut draw);
        if draw.once_in(3) {
            arguments.push_str(&format!("first: {} ", 1 + draw.below(5)));
        }
        if !arguments.contains("filter:") && draw.flip() {
            arguments.push_str(&format!("filter: {} ", draw.one(&CONDITIONS)));
        }
        let (answer, is_of_columns) = pair.compare(&aggregate(&arguments, &selection)).await;
        assert_eq!(answer.get("errors"), None, "{arguments}");
        from_columns += usize::from(is_of_columns);
    }
    assert!(from_columns > QUESTIONS / 2, "{from_columns} of {QUESTIONS}");
}

#[tokio::test]
async fn every_dimension_measure_and_condition_is_answered_alike() {
    let pair = Pair::start(11).await;
    pair.settle().await;
    let everything = selected(&MEASURES.iter().collect::<Vec<_>>());
    for dimension in &DIMENSIONS {
        let arguments = format!("groupBy: {}", dimension.name);
        let of_all =
            format!("totalCount nodes {{ {} measures {{ {everything} }} }}", key(&[dimension]));
        let (_, is_of_columns) = pair.compare(&aggregate(&arguments, &of_all)).await;
        assert!(is_of_columns, "{}", dimension.name);
        for nulls in ["FIRST", "LAST"] {
            for direction in ["ASC", "DESC"] {
                let arguments = format!(
                    "{arguments} first: 2 orderBy: [{{ dimension: {}, direction: {direction}, \
                     nulls: {nulls} }}]",
                    dimension.name
                );
                let selection = format!(
                    "totalCount nodes {{ {} measures {{ lineTotal {{ median }} }} }}",
                    key(&[dimension])
                );
                pair.compare(&aggregate(&arguments, &selection)).await;
            }
        }
    }
    let conditions: Vec<_> =
        CONDITIONS.iter().chain(FILTERS.iter().map(|(filter, _)| filter)).collect();
    let mut of_columns = 0;
    for condition in &conditions {
        let selection = "nodes { measures { lineCount customerCount lineTotal { sum } } }";
        let document = aggregate(&format!("filter: {condition}"), selection);
        let (answer, is_of_columns) = pair.compare(&document).await;
        assert_eq!(answer.get("errors"), None, "{condition}");
        of_columns += usize::from(is_of_columns);
    }
    // Of lines, there are columns that are not held; and the keys of some rows are of lines.
    assert!(of_columns + 10 > conditions.len(), "{of_columns} of {}", conditions.len());
}

#[tokio::test]
async fn groups_are_kept_and_counted_alike() {
    let pair = Pair::start(5).await;
    pair.settle().await;
    for having in [
        "{ lineTotal: { sum: { gt: \"100.0000001\" } } }",
        "{ lineCount: { in: [1, 2, 3, 100] } }",
        "{ lineCount: { notIn: [1, 2, 3] } }",
        "{ lineTotal: { min: { isNull: true } } }",
        "{ not: { orderTotal: { lte: \"99999\" } } }",
        "{ or: [{ orderCount: { eq: 2 } }, { orderQuantity: { max: { lt: 9 } } }] }",
        "{ unitPrice: { avg: { gt: 700 } } }",
        "{ unitPrice: { stddev: { isNull: true } } }",
    ] {
        for first in [1, 3, 1000] {
            let arguments = format!(
                "groupBy: [CUSTOMER, PRODUCT_LINE] having: {having} first: {first} \
                 orderBy: [{{ measure: ORDER_COUNT, direction: DESC }}, \
                           {{ measure: LINE_TOTAL_MIN, nulls: FIRST }}]"
            );
            let selection = "totalCount pageInfo { hasNextPage } \
                             nodes { key { customer { customerId } productLine } \
                                     measures { lineCount } \
                                     some: measures(filter: { orderQuantity: { gt: 28 } }) \
                                     { lineTotal { min sum } } }";
            let (_, is_of_columns) = pair.compare(&aggregate(&arguments, selection)).await;
            assert!(is_of_columns, "{having}");
        }
    }
}

#[tokio::test]
async fn pages_follow_each_other() {
    let pair = Pair::start(5).await;
    pair.settle().await;
    for order in ["UNIT_PRICE_AVG", "LINE_TOTAL_SUM"] {
        let (mut after, mut pages) = ("null".to_owned(), 0);
        loop {
            let arguments = format!(
                "groupBy: [CUSTOMER, ORDER_STATUS] first: 7 after: {after} \
                 orderBy: [{{ measure: {order}, direction: DESC }}]"
            );
            let selection = "totalCount pageInfo { hasNextPage hasPreviousPage endCursor } \
                             nodes { key { orderStatus } measures { unitPrice { avg } } }";
            let (answer, is_of_columns) = pair.compare(&aggregate(&arguments, selection)).await;
            assert!(is_of_columns, "{arguments}");
            pages += 1;
            let info = &answer["data"]["salesAggregate"]["pageInfo"];
            if info["hasNextPage"] == false {
                break;
            }
            after = info["endCursor"].to_string();
        }
        assert!(pages > 3, "there are several pages");
    }
    let last = "groupBy: [CUSTOMER] last: 3 orderBy: [{ measure: LINE_TOTAL_SUM }]";
    let selection = "nodes { key { customer { customerId } } measures { lineTotal { sum } } }";
    assert!(pair.compare(&aggregate(last, selection)).await.1);
}

#[tokio::test]
async fn rows_are_read_until_the_columns_are_of_the_version_that_is_there() {
    let pair = Pair::start(3).await;
    let document = aggregate("groupBy: CUSTOMER", "nodes { measures { lineTotal { sum } } }");
    assert!(!pair.compare(&document).await.1, "nobody has asked before");
    pair.settle().await;
    assert!(pair.compare(&document).await.1);
    let (before, _) = pair.compare(&document).await;
    for table in ["sales_order_line", "sales_order", "customer", "product"] {
        execute(&pair.db.pool, &format!("UPDATE {table} SET modified_date = modified_date")).await;
        let (after, is_of_columns) = pair.compare(&document).await;
        assert!(!is_of_columns, "{table} has changed");
        assert_eq!(before, after);
        pair.settle().await;
        assert!(pair.compare(&document).await.1, "{table}");
    }
    execute(&pair.db.pool, "UPDATE person SET first_name = first_name || 'a'").await;
    assert!(pair.compare(&document).await.1, "the columns have nothing of persons");
    if is_left_out("triggers see no changes there") {
        return;
    }
    execute(&pair.db.pool, "ALTER TABLE customer DISABLE TRIGGER USER").await;
    execute(&pair.db.pool, "UPDATE customer SET store_id = 77").await;
    assert!(!pair.compare(&document).await.1, "nobody knows what has changed");
}

#[tokio::test]
async fn after_every_change_the_answer_has_it() {
    let pair = Pair::start(9).await;
    let mut writer = pair.db.pool.acquire().await.expect("a connection");
    let mut draw = Draw::new(1);
    let document = aggregate(
        "groupBy: [CUSTOMER, ORDER_STATUS]",
        "totalCount nodes { key { customer { customerId person { lastName } } } measures \
         { orderCount customerCount orderTotal lineTotal { sum median } } }",
    );
    let mut of_columns = 0;
    for turn in 0..30 {
        if turn % 2 == 0 {
            change(&mut writer, &mut draw).await;
        } else {
            small_change(&mut writer, &mut draw).await;
        }
        // Right after the commit, and again when the columns are of it.
        pair.compare(&document).await;
        if turn % 5 == 0 {
            pair.settle().await;
        }
        of_columns += usize::from(pair.compare(&document).await.1);
    }
    assert!(of_columns >= 6, "{of_columns} answers were from columns");
}

#[tokio::test]
async fn without_room_rows_are_read() {
    let db = database().await;
    sales::insert(&db.pool, 3).await;
    let pair = Pair::over(db, 4_000);
    let document = aggregate("groupBy: CUSTOMER", "nodes { measures { lineTotal { sum } } }");
    for _ in 0..2 {
        assert!(!pair.compare(&document).await.1);
        pair.copies.settled().await;
    }
    let now = pair.now().await;
    assert_eq!(pair.copies.at(&now).err(), Some(Miss::TooLarge));
}

#[tokio::test]
async fn who_sees_less_is_answered_from_rows() {
    let pair = Pair::start(7).await;
    pair.settle().await;
    let document = aggregate(
        "groupBy: [CUSTOMER]",
        "totalCount nodes { key { customer { customerId } } measures { lineTotal { sum } } }",
    );
    let partner = Scope::new(None, Grants::from_iter([Grant::SalesRead]), Some(vec![1]));
    let (partners, is_of_columns) = pair.compare_as(&document, &partner).await;
    assert!(!is_of_columns);
    let (all, is_of_columns) = pair.compare(&document).await;
    assert!(is_of_columns);
    assert_ne!(partners, all, "a partner sees less");
    let by_name = aggregate(
        r#"groupBy: [CUSTOMER] filter: { person: { lastName: { eq: "Adams" } } }"#,
        "nodes { measures { lineTotal { sum } } }",
    );
    let (_, is_of_columns) = pair.compare(&by_name).await;
    assert!(is_of_columns);
    let without_persons = Scope::new(None, Grants::from_iter([Grant::SalesRead]), None);
    let (refused, _) = pair.compare_as(&by_name, &without_persons).await;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "FORBIDDEN");
    let nothing = Scope::new(None, Grants::from_iter([Grant::LoadsRead]), None);
    let (refused, _) = pair.compare_as(&document, &nothing).await;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "FORBIDDEN");
}

#[tokio::test]
async fn empty_tables_have_the_group_of_no_line() {
    let pair = Pair::over(database().await, MEMORY);
    pair.settle().await;
    let measures = "nodes { measures { lineCount orderTotal customerCount \
                    lineTotal { sum avg median stddev } } }";
    let (answer, is_of_columns) = pair.compare(&aggregate("", measures)).await;
    assert!(is_of_columns);
    let node = &answer["data"]["salesAggregate"]["nodes"][0]["measures"];
    assert_eq!((&node["lineCount"], &node["lineTotal"]["median"]), (&json!(0), &Value::Null));
    let (answer, _) = pair.compare(&aggregate("groupBy: CUSTOMER", measures)).await;
    assert_eq!(answer["data"]["salesAggregate"]["nodes"], json!([]));
}

#[tokio::test]
async fn what_the_columns_cannot_hold_is_read_from_rows() {
    let pair = Pair::start(3).await;
    let document = aggregate(
        "groupBy: [CUSTOMER]",
        "nodes { measures { lineTotal { sum stddev } unitPrice { sum stddev } } }",
    );
    let update = |price: &str| {
        format!(
            "UPDATE sales_order_line SET order_quantity = 1, unit_price = {price}, \
             unit_price_discount = 0, line_total = {price}"
        )
    };
    // The squares of these have no room together.
    execute(&pair.db.pool, &update("9000000000000")).await;
    pair.settle().await;
    assert!(!pair.compare(&document).await.1);
    let sums = aggregate("groupBy: [CUSTOMER]", "nodes { measures { lineTotal { sum avg } } }");
    assert!(pair.compare(&sums).await.1);
    // This has more digits than a number of the columns.
    execute(&pair.db.pool, &update("9999999999999")).await;
    assert!(!pair.compare(&sums).await.1);
    pair.copies.settled().await;
    let now = pair.now().await;
    assert_eq!(pair.copies.at(&now).err(), Some(Miss::Failed));
    assert!(!pair.compare(&sums).await.1);
}

#[tokio::test]
async fn the_first_and_the_last_days_are_grouped_alike() {
    let pair = Pair::start(11).await;
    for (place, date) in [
        "0001-01-01", "0001-12-31 23:59:59.999999", "1500-02-28 12:00", "1677-09-21",
        "1969-12-28 23:59:59.5", "1969-12-29", "2262-04-12", "9999-12-31 23:59:59.999999",
    ]
    .iter()
    .enumerate()
    {
        let sql = format!(
            "UPDATE sales_order SET order_date = '{date}', \
             due_date = '9999-12-31 23:59:59.999999' \
             WHERE sales_order_id = (SELECT sales_order_id FROM sales_order_line \
                 GROUP BY 1 ORDER BY 1 LIMIT 1 OFFSET {place})"
        );
        execute(&pair.db.pool, &sql).await;
    }
    pair.settle().await;
    for dimension in DIMENSIONS.iter().filter(|one| one.name.starts_with("ORDER_")) {
        let arguments = format!(
            "groupBy: {0} orderBy: [{{ dimension: {0} }}] first: 5 \
             filter: {{ order: {{ orderDate: {{ lt: \"9999-12-31T23:59:59.999999\" }} }} }}",
            dimension.name
        );
        let selection = format!(
            "totalCount nodes {{ {} measures {{ lineCount lineTotal {{ median }} }} }}",
            key(&[dimension])
        );
        let (_, is_of_columns) = pair.compare(&aggregate(&arguments, &selection)).await;
        assert!(is_of_columns, "{}", dimension.name);
    }
}

#[tokio::test]
async fn the_real_files_are_answered_alike() {
    let Some(dir) = real_files() else { return };
    let app = TestApp::start().await;
    app.put_dir(&dir).await;
    app.load().await;
    let options = app.pool.connect_options().as_ref().clone();
    let versions = DataVersions::start(&app.pool, options);
    let reader = Reader::new(app.pool.clone());
    let copies = Copies::new(reader.connections().clone(), versions.clone(), MEMORY);
    let rows = Engine::new(reader, Limits::default());
    let columns = rows.clone().with_columns(copies.clone());
    let seen = versions.current().await.expect("a version");
    while copies.at(&seen).is_err_and(|miss| miss == Miss::Outdated) {
        copies.due().await;
    }
    for (arguments, selection) in [
        (
            "groupBy: [CUSTOMER] orderBy: [{ measure: LINE_TOTAL_SUM, direction: DESC }] first: 10",
            "totalCount nodes { key { customer { customerId } } measures { lineTotal { sum } } }",
        ),
        (
            "groupBy: [PRODUCT] first: 1000",
            "nodes { key { product { productId } } measures { lineTotal { median stddev } \
             unitPrice { percentile(p: 0.9) } orderCount customerCount } }",
        ),
        (
            "groupBy: [TERRITORY, PRODUCT_LINE, ORDER_YEAR, ONLINE]",
            "totalCount nodes { key { territoryId productLine orderYear online } measures \
             { customerCount orderTotal orderCount lineTotal { sum avg max } } }",
        ),
        (
            r#"groupBy: [STORE] filter: { order: { salesOrderNumber: { endsWith: "7" } } }"#,
            "nodes { key { storeId } measures { lineCount lineTotal { sum } } }",
        ),
    ] {
        let prepared = rows.prepare(Request::new(aggregate(arguments, selection)));
        let everything = Scope::everything();
        let expected = rows.snapshot(&prepared, &everything, Some(&seen)).await.answer;
        let asked = columns.snapshot(&prepared, &everything, Some(&seen));
        let (found, statements) = during(asked).await;
        let json = |answer: &salesgraph::graphql::Answer| {
            serde_json::from_slice::<Value>(&answer.to_json().expect("JSON")).expect("JSON")
        };
        assert_eq!(json(&found.answer), json(&expected), "{arguments}");
        let reads = |text: &String| text.contains("sales_order_line");
        assert!(!statements.iter().any(reads), "{arguments}");
    }
}
