//! Engines answer the five questions and the totals as the API does at the same data version, to
//! the last digit: in one process, and distributed over two workers.

use std::path::Path;

use salesgraph::graphql::{Engine, Limits};
use salesgraph::query::Reader;
use serde_json::{Map, Value, json};

use super::examples::{check, example};
use crate::load::real::real_files;
use crate::support::lake::{LakeReader, python_url};
use crate::support::python::{daft, lake_readers, spark};
use crate::support::sample::{self, ALL};
use crate::support::{TestApp, ask};

const TABLES: [&str; 3] = ["sales", "sales_order", "sales_order_line"];
/// The month of the orders asked for.
const MONTH: [&str; 2] = ["2011-09-01", "2011-10-01"];
const OVER: &str = "1000";

/// Processes of an engine that has several.
const WORKERS: u32 = 2;

#[tokio::test]
async fn engines_of_one_process_answer_as_the_api_does() {
    let Some(python) = lake_readers("five questions by PyIceberg, DuckDB, Polars").await else {
        return;
    };
    for lake in lakes().await {
        for name in ["pyiceberg", "duckdb", "polars"] {
            let mut engine = LakeReader::engine(&lake.app, python, name, None);
            lake.compare(name, &mut engine).await;
        }
    }
}

#[tokio::test]
async fn daft_on_two_workers_of_ray_answers_as_the_api_does() {
    let Some(python) = daft("five questions by Daft on Ray").await else { return };
    distributed("daft", "import daft", python).await;
}

#[tokio::test]
async fn spark_on_two_workers_answers_as_the_api_does() {
    let Some(python) = spark("five questions by Spark").await else { return };
    distributed("spark", "import SparkSession", python).await;
}

/// Asks one cluster about all lakes, and ends it.
async fn distributed(name: &str, import: &str, python: &Path) {
    let lakes = lakes().await;
    let mut engine = LakeReader::engine(&lakes[0].app, python, name, Some(WORKERS));
    assert_eq!(engine.ask("workers", &[]).await, WORKERS, "{name}");
    for lake in &lakes {
        engine.ask("use", &[json!(python_url(&lake.app))]).await;
        lake.compare(name, &mut engine).await;
    }
    let app = &lakes[0].app;
    let program = example(app, import).await;
    let said = engine.ask("example", &[json!(program)]).await;
    check(app, &program, said.as_str().expect("a text")).await;
    let groups: Vec<i32> =
        serde_json::from_value(engine.ask("stop", &[]).await).expect("process groups");
    assert_eq!(groups.len(), 1 + WORKERS as usize, "a head, and workers");
    for group in groups {
        let left = nix::sys::signal::killpg(nix::unistd::Pid::from_raw(group), None);
        assert_eq!(left, Err(nix::errno::Errno::ESRCH), "{name} has left processes");
    }
}

/// A lake, and what the API answers at its data version.
struct Lake {
    app: TestApp,
    answers: Map<String, Value>,
}

/// Of generated files, and of the real ones if they are there.
async fn lakes() -> Vec<Lake> {
    let generated = TestApp::start().await;
    sample::clean().put(&generated, &ALL).await;
    let mut lakes = vec![Lake::of(generated).await];
    if let Some(dir) = real_files() {
        let app = TestApp::start().await;
        app.put_dir(&dir).await;
        let lake = Lake::of(app).await;
        assert_eq!(lake.answers["totals"]["lines"], 121_317);
        assert_eq!(lake.answers["orders_with"], 12_757);
        assert_eq!(lake.answers["pieces_by_day"].as_array().expect("groups").len(), 26_878);
        assert_eq!(lake.answers["largest_orders"].as_array().expect("orders").len(), 138);
        lakes.push(lake);
    }
    lakes
}

impl Lake {
    async fn of(app: TestApp) -> Self {
        app.load_lake().await;
        let api = Engine::new(Reader::new(app.pool.clone()), Limits::default());
        let api = Api { engine: &api };
        let mut answers = Map::new();
        answers.insert("totals".into(), api.totals().await);
        answers.insert("by_product".into(), api.by_product().await);
        answers.insert("orders_with".into(), api.orders_with().await);
        answers.insert("top_products".into(), api.top_products().await);
        answers.insert("most_orders".into(), api.most_orders().await);
        answers.insert("pieces_by_day".into(), api.pieces_by_day().await);
        answers.insert("largest_orders".into(), api.largest_orders().await);
        for table in TABLES {
            answers.insert(format!("version of {table}"), api.version(table).await);
        }
        Self { app, answers }
    }

    /// Asks an engine the same.
    async fn compare(&self, name: &str, engine: &mut LakeReader) {
        for (question, expected) in &self.answers {
            let [begin, end] = MONTH;
            let (function, arguments) = match question.as_str() {
                "orders_with" | "top_products" => (question.as_str(), vec![json!(3)]),
                "most_orders" => (question.as_str(), vec![json!(20)]),
                "largest_orders" => {
                    (question.as_str(), vec![json!(begin), json!(end), json!(OVER)])
                }
                _ => match question.strip_prefix("version of ") {
                    Some(table) => ("version", vec![json!(table)]),
                    None => (question.as_str(), Vec::new()),
                },
            };
            let found = engine.ask(function, &arguments).await;
            assert_eq!(&found, expected, "{name}: {question}");
        }
    }
}

/// The API, asked for what engines are asked for.
struct Api<'a> {
    engine: &'a Engine,
}

impl Api<'_> {
    async fn data(&self, query: &str) -> Value {
        let mut answer = ask(self.engine, query).await;
        assert_eq!(answer["errors"], Value::Null, "{query}");
        answer["data"].take()
    }

    /// Some values of each node of a list, over all of its pages.
    async fn rows(&self, root: &str, arguments: &str, fields: &str, values: &[&str]) -> Value {
        let (mut rows, mut after) = (Vec::new(), String::new());
        loop {
            let query = format!(
                "{{ page: {root}(first: 1000 {arguments} {after}) {{ pageInfo {{ hasNextPage endCursor }} \
                 nodes {{ {fields} }} }} }}"
            );
            let data = self.data(&query).await;
            let page = &data["page"];
            for node in page["nodes"].as_array().expect("nodes") {
                let value = |place: &&str| node.pointer(place).expect("a value").clone();
                rows.push(Value::Array(values.iter().map(value).collect()));
            }
            if page["pageInfo"]["hasNextPage"] != true {
                return Value::Array(rows);
            }
            after = format!("after: {}", page["pageInfo"]["endCursor"]);
        }
    }

    async fn totals(&self) -> Value {
        let query = "{ salesAggregate { nodes { measures { lineCount lineTotal { sum } } } } }";
        let data = self.data(query).await;
        let all = &data["salesAggregate"]["nodes"][0]["measures"];
        let months = self
            .rows(
                "salesAggregate",
                "groupBy: [ORDER_MONTH]",
                "key { orderMonth } measures { lineCount lineTotal { sum } }",
                &["/key/orderMonth", "/measures/lineCount", "/measures/lineTotal/sum"],
            )
            .await;
        let months: Map<String, Value> = months
            .as_array()
            .expect("months")
            .iter()
            .map(|row| {
                let day = row[0].as_str().expect("a day");
                (day[..7].to_owned(), json!([row[1], row[2]]))
            })
            .collect();
        assert!(months.len() > 30, "{months:?}");
        json!({ "lines": all["lineCount"], "total": all["lineTotal"]["sum"], "months": months })
    }

    async fn by_product(&self) -> Value {
        self.rows(
            "salesAggregate",
            "groupBy: [PRODUCT]",
            "key { product { productId } } measures { lineCount lineTotal { sum } }",
            &["/key/product/productId", "/measures/lineCount", "/measures/lineTotal/sum"],
        )
        .await
    }

    async fn orders_with(&self) -> Value {
        let query = "{ salesOrders(filter: { lines: { count: { gte: 3 } } }) { totalCount } }";
        self.data(query).await["salesOrders"]["totalCount"].take()
    }

    async fn top_products(&self) -> Value {
        self.rows(
            "salesAggregate",
            "groupBy: [DAYS_TO_MANUFACTURE, PRODUCT] \
             orderBy: [{ dimension: DAYS_TO_MANUFACTURE }, { measure: ORDER_QUANTITY_SUM, direction: DESC }] \
             topPerGroup: { by: [DAYS_TO_MANUFACTURE], first: 3 }",
            "key { daysToManufacture product { productId name } } measures { orderQuantity { sum } }",
            &[
                "/key/daysToManufacture",
                "/key/product/productId",
                "/key/product/name",
                "/measures/orderQuantity/sum",
            ],
        )
        .await
    }

    async fn most_orders(&self) -> Value {
        let query = "{ salesAggregate(groupBy: [CUSTOMER], first: 20, \
                         orderBy: [{ measure: ORDER_COUNT, direction: DESC }]) \
                       { nodes { key { customer { customerId } } measures { orderCount } } } }";
        let data = self.data(query).await;
        let nodes = data["salesAggregate"]["nodes"].as_array().expect("nodes");
        let row = |node: &Value| {
            json!([node["key"]["customer"]["customerId"], node["measures"]["orderCount"]])
        };
        nodes.iter().map(row).collect()
    }

    async fn pieces_by_day(&self) -> Value {
        self.rows(
            "salesAggregate",
            "groupBy: [PRODUCT, ORDER_DATE]",
            "key { product { productId } orderDate } measures { orderQuantity { sum } }",
            &["/key/product/productId", "/key/orderDate", "/measures/orderQuantity/sum"],
        )
        .await
    }

    async fn largest_orders(&self) -> Value {
        let [begin, end] = MONTH;
        let filter = format!(
            "filter: {{ orderDate: {{ gte: {begin:?}, lt: {end:?} }}, totalDue: {{ gt: {OVER:?} }} }} \
             orderBy: [{{ field: TOTAL_DUE, direction: DESC }}]"
        );
        let fields = "salesOrderNumber totalDue";
        self.rows("salesOrders", &filter, fields, &["/salesOrderNumber", "/totalDue"]).await
    }

    /// The data version of a table, which shows all of it.
    async fn version(&self, table: &str) -> Value {
        let query = format!(
            "{{ lakeTables(filter: {{ name: {{ eq: {table:?} }} }}) {{ nodes {{ isCurrent \
               snapshots {{ nodes {{ dataVersion }} }} }} }} }}"
        );
        let data = self.data(&query).await;
        let table = &data["lakeTables"]["nodes"][0];
        assert_eq!(table["isCurrent"], true, "{table}");
        assert_eq!(table["snapshots"]["nodes"].as_array().map(Vec::len), Some(1), "{table}");
        table["snapshots"]["nodes"][0]["dataVersion"].clone()
    }
}
