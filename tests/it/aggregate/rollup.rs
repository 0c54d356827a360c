//! Sales precomputed by product and day give the same answers as the lines, whatever
//! has happened to these.

use std::process::Stdio;

use salesgraph::graphql::{Engine, Limits};
use salesgraph::query::Reader;
use serde_json::Value;
use sqlx::{AssertSqlSafe, Executor as _, Postgres, Transaction};
use tokio::process::Child;

use crate::support::draw::Draw;
use crate::support::sales::{
    self, DIMENSIONS, Dimension, MEASURES, Measure, key, names, selected, some,
};
use crate::support::sample::{self, PERSON};
use crate::support::{TestApp, ask, statements, write};

/// A database of sales on which the loader can run, and the schema.
struct Rollup {
    app: TestApp,
    engine: Engine,
}

impl Rollup {
    /// Nothing is precomputed yet.
    async fn start(seed: u64) -> Self {
        let app = TestApp::start().await;
        sales::insert(&app.pool, seed).await;
        // A run needs a file; this one has no sales.
        sample::clean().put(&app, &[PERSON]).await;
        let engine = Engine::new(Reader::new(app.pool.clone()), Limits::default());
        ask(&engine, "{ __typename }").await;
        Self { app, engine }
    }

    /// Runs the loader, which brings the rollup up to date.
    async fn step(&self) {
        self.app.load().await;
        assert_eq!(self.due().await, 0, "the run has not done its step");
        for (table, since) in [
            ("sales_by_day", "sales_by_day_since"),
            ("sales_by_product_day", "sales_by_product_day_since"),
        ] {
            let sql = format!(
                "SELECT count(*) FROM (
                     (SELECT * FROM {table} EXCEPT SELECT * FROM {since}(NULL))
                     UNION ALL (SELECT * FROM {since}(NULL) EXCEPT SELECT * FROM {table})) AS other"
            );
            let other: i64 =
                sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&self.app.pool).await.unwrap();
            assert_eq!(other, 0, "{table} differs from its lines");
        }
    }

    /// Changes that the rollup lacks.
    async fn due(&self) -> i64 {
        self.app.value("SELECT count(*) FROM derivation_due WHERE step = 'sales_rollup'").await
    }

    async fn change(&self, draw: &mut Draw) -> String {
        sales::change(&mut self.app.pool.acquire().await.unwrap(), draw).await
    }

    /// A loader that is blocked where it writes this table until the returned transaction
    /// ends.
    async fn blocked(&self, table: &str) -> (Child, Transaction<'static, Postgres>) {
        let mut holder = self.app.pool.begin().await.unwrap();
        let sql = format!("LOCK TABLE {table} IN SHARE MODE");
        holder.execute(AssertSqlSafe(sql)).await.unwrap();
        let mut command = self.app.command();
        command.arg("load").stdout(Stdio::null()).stderr(Stdio::null());
        let loader = command.spawn().expect("the program starts");
        self.app
            .wait_until(
                "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'
                 AND datname = current_database() AND application_name = 'salesgraph load')",
            )
            .await;
        (loader, holder)
    }

    async fn data(&self, query: &str) -> (Value, Vec<String>) {
        let (mut answer, seen) = statements::during(ask(&self.engine, query)).await;
        assert_eq!(answer["errors"], Value::Null, "{query}");
        (answer["data"].take(), seen)
    }

    /// Compares the rollup with the lines by random questions.
    async fn same(&self, draw: &mut Draw, questions: usize, when: &str) {
        for _ in 0..questions {
            let question = Question::random(draw);
            let (precomputed, seen) = self.data(&question.document(question.filter)).await;
            let groups = seen.iter().rfind(|one| one.contains("current_sales"));
            let from = groups.unwrap_or_else(|| panic!("not from the rollup: {question:?}"));
            let view = if question.by_product { "by_product_day" } else { "by_day" };
            assert!(from.contains(&format!("current_sales_{view}")), "{question:?}: {from}");
            let filter = format!("{{ and: [{}, {EVERY_LINE}] }}", question.filter);
            let document = question.document(&filter);
            let (lines, seen) = self.data(&document).await;
            assert!(!seen.iter().any(|one| one.contains("current_sales")), "{seen:?}");
            assert_eq!(precomputed, lines, "{when}: {}", question.document(question.filter));
        }
    }
}

/// True for every line, but not answerable by the rollup.
const EVERY_LINE: &str = "{ orderQuantity: { gte: 0 } }";

/// Filters by days.
const OF_DAYS: [&str; 5] = [
    "{}",
    r#"{ order: { orderDate: { gte: "2011-02-07" } } }"#,
    r#"{ order: { orderDate: { gte: "2011-02-05", lt: "2011-10-26" } } }"#,
    r#"{ not: { order: { orderDate: { lt: "2011-10-24" } } } }"#,
    r#"{ or: [{ order: { orderDate: { lt: "2011-02-09" } } },
              { order: { orderDate: { gte: "2013-07-25" } } }] }"#,
];

/// Filters by products.
const OF_PRODUCTS: [&str; 6] = [
    "{ productId: { in: [2, 3, 5, 7] } }",
    "{ productId: { gt: 4 } }",
    r#"{ product: { color: { in: ["Red", "Blue"] } } }"#,
    "{ not: { product: { color: { isNull: true } } } }",
    r#"{ product: { class: { eq: HIGH } }, order: { orderDate: { gte: "2011-02-05" } } }"#,
    r#"{ product: { name: { icontains: "T 1" } } }"#,
];

/// A question that the rollup can answer.
#[derive(Debug)]
struct Question {
    dimensions: Vec<&'static Dimension>,
    measures: Vec<&'static Measure>,
    filter: &'static str,
    part: &'static str,
    order: String,
    fill_gaps: bool,
    by_product: bool,
}

impl Question {
    fn random(draw: &mut Draw) -> Self {
        let known: Vec<&Dimension> = (DIMENSIONS.iter())
            .filter(|one| {
                one.name.starts_with("PRODUCT")
                    || one.name == "DAYS_TO_MANUFACTURE"
                    || one.name.starts_with("ORDER_") && one.name != "ORDER_STATUS"
            })
            .collect();
        assert_eq!(known.len(), 11);
        let mut dimensions = Vec::new();
        if !draw.once_in(5) {
            dimensions = some(draw, &known, 3).into_iter().copied().collect();
        }
        let of_products: Vec<&'static str> = OF_DAYS.iter().chain(&OF_PRODUCTS).copied().collect();
        let about = if draw.flip() { OF_DAYS.to_vec() } else { of_products };
        let (filter, part) = (*draw.one(&about), *draw.one(&about));
        let of_product = |dimension: &&Dimension| !dimension.sql.contains("order_date");
        let by_product = dimensions.iter().any(of_product)
            || OF_PRODUCTS.contains(&filter)
            || OF_PRODUCTS.contains(&part);
        // An order with several products counts once only by day or by product.
        let of_orders = !by_product || dimensions.iter().any(|one| one.name == "PRODUCT");
        let known: Vec<&Measure> = (MEASURES.iter())
            .filter(|one| match one.name.rsplit_once('_') {
                Some(("ORDER", _)) => of_orders,
                Some(("LINE", "COUNT")) => true,
                Some((_, statistic)) => ["SUM", "AVG", "MIN", "MAX"].contains(&statistic),
                None => false,
            })
            .collect();
        let measures: Vec<&Measure> = some(draw, &known, 6).into_iter().copied().collect();
        let by = *draw.one(&measures);
        let order = match draw.below(3) {
            0 => format!("orderBy: {{ measure: {}, direction: DESC, nulls: FIRST }},", by.name),
            1 => "having: { lineCount: { gt: 2 } },".to_owned(),
            _ => String::new(),
        };
        let dates = dimensions.iter().filter(|one| !of_product(one)).count();
        let fill_gaps = dates == 1 && draw.once_in(3);
        Self { dimensions, measures, filter, part, order, fill_gaps, by_product }
    }

    fn document(&self, filter: &str) -> String {
        let measures = selected(&self.measures);
        format!(
            "{{ salesAggregate(filter: {filter}, groupBy: {}, {} fillGaps: {}, first: 300) {{
                totalCount edges {{ cursor node {{ {}
                    measures {{ {measures} }} part: measures(filter: {}) {{ {measures} }} }} }} }} }}",
            names(&self.dimensions),
            self.order,
            self.fill_gaps,
            key(&self.dimensions),
            self.part,
        )
    }
}

#[tokio::test]
async fn the_rollup_answers_like_the_lines_after_any_change() {
    for seed in [41, 42] {
        let rollup = Rollup::start(seed).await;
        let mut draw = Draw::new(seed);
        rollup.same(&mut draw, 40, "nothing is precomputed yet").await;
        rollup.step().await;
        rollup.same(&mut draw, 40, "all is precomputed").await;
        for turn in 0..30 {
            let change = rollup.change(&mut draw).await;
            rollup.same(&mut draw, 6, &format!("seed {seed}, turn {turn}, after {change}")).await;
            if draw.once_in(3) {
                rollup.step().await;
                rollup.same(&mut draw, 6, &format!("seed {seed}, turn {turn}, step done")).await;
            }
        }
        write(&rollup.app.pool, "TRUNCATE sales_order_line").await;
        rollup.same(&mut draw, 10, "there are no lines any more").await;
        rollup.step().await;
        rollup.same(&mut draw, 10, "the rollup is empty").await;
    }
}

const BY_DAY: &str = "{ salesAggregate(groupBy: ORDER_DATE, first: 1000) {
    nodes { key { orderDate } measures { lineCount } } } }";
const BY_PRODUCT: &str = "{ salesAggregate(groupBy: [ORDER_DATE, PRODUCT], first: 1000) {
    nodes { key { orderDate } measures { lineCount } } } }";
const BY_LINES: &str = "{ salesAggregate(groupBy: [ORDER_DATE, ONLINE], first: 1000) {
    nodes { key { orderDate } measures { lineCount } } } }";

/// The days read from the tables, recognised by counts that were made wrong there.
fn wrong_days(data: &Value) -> (usize, usize) {
    let nodes = data["salesAggregate"]["nodes"].as_array().unwrap();
    let is_wrong = |node: &&Value| node["measures"]["lineCount"].as_i64() > Some(100_000);
    let early = |node: &&Value| node["key"]["orderDate"].as_str() < Some("2011-10-21");
    let wrong = nodes.iter().filter(is_wrong);
    assert!(nodes.iter().any(|node| early(&node)) && nodes.iter().any(|node| !early(&node)));
    let total = wrong.clone().count();
    (wrong.filter(early).count(), total)
}

#[tokio::test]
async fn the_tables_are_read_up_to_the_first_changed_day() {
    let rollup = Rollup::start(43).await;
    rollup.step().await;
    for table in ["sales_by_day", "sales_by_product_day"] {
        let sql = format!("UPDATE {table} SET line_count = line_count + 1000000");
        write(&rollup.app.pool, &sql).await;
    }
    let read = async |query| wrong_days(&rollup.data(query).await.0);
    for query in [BY_DAY, BY_PRODUCT] {
        let (early, all) = read(query).await;
        assert!(early > 3 && all > early + 3, "{query}: {early} of {all}");
    }
    assert_eq!(read(BY_LINES).await, (0, 0));
    // From a day in the middle, the lines are read.
    let middle = "UPDATE sales_order SET comment = 'changed' WHERE sales_order_id =
        (SELECT sales_order_id FROM sales_order WHERE order_date >= '2011-10-21'
         ORDER BY order_date LIMIT 1)";
    write(&rollup.app.pool, middle).await;
    for query in [BY_DAY, BY_PRODUCT] {
        let (early, all) = read(query).await;
        assert!(early > 3 && all == early, "{query}: {early} of {all}");
    }
    // When any day may have changed, the tables are not read at all.
    write(&rollup.app.pool, "TRUNCATE sales_order_line").await;
    for query in [BY_DAY, BY_PRODUCT] {
        let (data, _) = rollup.data(query).await;
        assert_eq!(data["salesAggregate"]["nodes"], serde_json::json!([]), "{query}");
    }
}

#[tokio::test]
async fn questions_beyond_the_rollup_are_read_from_the_lines() {
    let rollup = Rollup::start(44).await;
    rollup.step().await;
    for (groups, measures) in [
        // Other dimensions.
        ("groupBy: CUSTOMER", "lineCount"),
        ("groupBy: [PRODUCT, SPECIAL_OFFER]", "lineCount"),
        ("groupBy: [ORDER_DATE, TERRITORY]", "lineCount"),
        ("groupBy: ORDER_STATUS", "lineCount"),
        // Other measures.
        ("groupBy: PRODUCT", "customerCount"),
        ("groupBy: PRODUCT", "lineCount orderQuantity { median }"),
        ("groupBy: ORDER_DATE", "unitPrice { stddev }"),
        ("groupBy: ORDER_DATE", "lineTotal { percentile(p: 0.5) }"),
        ("groupBy: ORDER_DATE, orderBy: { measure: LINE_TOTAL_MEDIAN }", "lineCount"),
        ("groupBy: ORDER_DATE, having: { customerCount: { gt: 1 } }", "lineCount"),
        // An order may have several products of a colour.
        ("groupBy: PRODUCT_COLOR", "orderCount"),
        ("groupBy: [ORDER_DATE, DAYS_TO_MANUFACTURE]", "orderTotal"),
        ("filter: { productId: { in: [1, 2] } }", "orderCount"),
        ("filter: { product: { color: { eq: \"Red\" } } }, groupBy: ORDER_YEAR", "orderTotal"),
        // Parts of a day, and properties of orders.
        ("filter: { order: { orderDate: { gte: \"2011-02-05T07:00:00\" } } }", "lineCount"),
        ("filter: { order: { orderDate: { gt: \"2011-02-05\" } } }", "lineCount"),
        ("filter: { order: { orderDate: { eq: \"2011-02-05\" } } }", "lineCount"),
        ("filter: { order: { orderDate: { lte: \"2011-02-05\" } } }", "lineCount"),
        ("filter: { order: { status: { eq: SHIPPED } } }", "lineCount"),
        ("filter: { person: { lastName: { eq: \"Adams\" } } }", "lineCount"),
        ("filter: { specialOfferProduct: { productId: { eq: 1 } } }", "lineCount"),
        ("filter: { specialOfferId: { eq: 1 } }", "lineCount"),
        ("filter: { unitPrice: { gt: \"1\" } }", "lineCount"),
        ("filter: { keyword: \"Adams\" }", "lineCount"),
        (
            "groupBy: PRODUCT",
            "lineCount } part: measures(filter: { orderQuantity: { eq: 1 } }) { lineCount",
        ),
    ] {
        let query = format!(
            "{{ salesAggregate(first: 9, {groups}) {{ nodes {{ measures {{ {measures} }} }} }} }}"
        );
        let (_, seen) = rollup.data(&query).await;
        assert!(!seen.iter().any(|one| one.contains("current_sales")), "{query}: {seen:?}");
    }
    // Sales of a product are precomputed, those of a customer are not.
    for (list, is_precomputed) in [("products", true), ("customers", false), ("salesOrders", false)]
    {
        let query = format!("{{ {list}(first: 9) {{ nodes {{ sales {{ orderCount }} }} }} }}");
        let (_, seen) = rollup.data(&query).await;
        assert_eq!(
            seen.iter().any(|one| one.contains("current_sales")),
            is_precomputed,
            "{seen:?}"
        );
    }
}

#[tokio::test]
async fn answers_stay_correct_when_a_step_is_killed_and_the_next_run_finishes_it() {
    let rollup = Rollup::start(45).await;
    let mut draw = Draw::new(45);
    rollup.step().await;
    for table in ["sales_by_product_day", "sales_by_day"] {
        rollup.change(&mut draw).await;
        let due = rollup.due().await;
        assert!(due > 0);
        let (mut loader, holder) = rollup.blocked(table).await;
        rollup.same(&mut draw, 5, "while the step is under way").await;
        loader.kill().await.expect("the loader is killed");
        holder.rollback().await.unwrap();
        rollup.app.wait_until_no_loader().await;
        assert_eq!(rollup.due().await, due, "the changes are still due");
        rollup.same(&mut draw, 10, "after the kill").await;
        rollup.step().await;
        rollup.same(&mut draw, 10, "the next run has finished it").await;
    }
    let steps: Vec<i64> = sqlx::query_scalar(
        "SELECT count(*) FROM load_step WHERE step = 'sales_rollup' GROUP BY run_id",
    )
    .fetch_all(&rollup.app.pool)
    .await
    .unwrap();
    // One run before and one after each kill; the killed ones recorded no step.
    assert_eq!(steps, [1, 1, 1]);
}

#[tokio::test]
async fn commits_during_a_step_are_left_to_the_next_one() {
    let rollup = Rollup::start(46).await;
    let mut draw = Draw::new(46);
    rollup.step().await;
    for turn in 0..6 {
        let table = ["sales_by_product_day", "sales_by_day"][turn % 2];
        rollup.change(&mut draw).await;
        // Begun before the step, committed while it writes or after it.
        let mut writer = rollup.app.pool.begin().await.unwrap();
        let change = sales::small_change(&mut writer, &mut draw).await;
        let (mut loader, holder) = rollup.blocked(table).await;
        let mut writer = Some(writer);
        if turn < 4 {
            writer.take().unwrap().commit().await.unwrap();
            rollup.same(&mut draw, 10, &format!("in the middle of the step: {change}")).await;
        }
        holder.rollback().await.unwrap();
        assert!(loader.wait().await.unwrap().success());
        rollup.same(&mut draw, 10, &format!("the step is done: {change}")).await;
        if let Some(writer) = writer {
            writer.commit().await.unwrap();
            rollup.same(&mut draw, 10, &format!("after the step: {change}")).await;
        }
        assert!(rollup.due().await > 0, "{change}");
        rollup.step().await;
        rollup.same(&mut draw, 10, "the next step is done").await;
    }
}
