//! What is refused, and that nothing is queued then.

use salesgraph::auth::{Grant, Scope};
use salesgraph::graphql::{Commands, ExportRequest};
use serde_json::json;

use super::Sales;
use crate::support::lake::USUAL;
use crate::support::write;

fn caller(grants: &[Grant], territories: Option<Vec<i32>>) -> Scope {
    Scope::new(Some("org".to_owned()), grants.iter().copied().collect(), territories)
}

impl Sales {
    async fn assert_refused(&self, arguments: &str, scope: &Scope, code: &str, says: &str) {
        let (found, message, _) = self.refusal(arguments, scope).await;
        assert_eq!(found, code, "{arguments}: {message}");
        assert!(message.contains(says), "{arguments}: {message}");
    }

    async fn assert_nothing_queued(&self) {
        assert_eq!(self.app.value::<i64>("SELECT count(*) FROM job").await, 0);
        assert_eq!(self.app.value::<i64>("SELECT count(*) FROM lake_answer").await, 0);
    }
}

#[tokio::test]
async fn callers_need_reports_read_and_all_territories() {
    let sales = Sales::start(1).await;
    sales.write_lake(USUAL).await;
    for (scope, says) in [
        (caller(&[Grant::SalesRead], None), "reports:read"),
        (caller(&[Grant::ReportsRead], None), "sales:read"),
        (caller(&[Grant::SalesRead, Grant::ReportsRead], Some(vec![1])), "territories"),
    ] {
        sales.assert_refused("", &scope, "FORBIDDEN", says).await;
    }
    let scope = caller(&[Grant::SalesRead, Grant::ReportsRead], None);
    let filter = r#"filter: { person: { lastName: { eq: "Adams" } } } "#;
    sales.assert_refused(filter, &scope, "FORBIDDEN", "persons:read").await;
    sales.assert_nothing_queued().await;
}

#[tokio::test]
async fn what_the_lake_cannot_answer_is_refused() {
    let sales = Sales::start(1).await;
    sales.write_lake(USUAL).await;
    let all = Scope::everything();
    for (filter, says) in [
        (r#"{ person: { lastName: { eq: "Adams" } } }"#, "LAKE_PERSONS"),
        (r#"{ not: { or: [{ person: { firstName: { isNull: true } } }] } }"#, "LAKE_PERSONS"),
        (r#"{ keyword: "adams" }"#, "POSTGRES"),
        (r#"{ order: { salesOrderNumber: { icontains: "so" } } }"#, "upper and lower case"),
        (r#"{ order: { salesOrderNumber: { gt: "SO5" } } }"#, "salesOrderNumber"),
        (r#"{ customer: { orders: { count: { gte: 2 } } } }"#, "POSTGRES"),
        (r#"{ order: { rowguid: { isNull: false } } }"#, "rowguid"),
    ] {
        let arguments = format!("filter: {filter} ");
        sales.assert_refused(&arguments, &all, "LAKE_UNSUPPORTED", says).await;
    }
    let query = "{ salesAggregate(engine: LAKE) \
                 { nodes { measures(in: EUR) { lineTotal { sum } } } } }";
    let answer = sales.ask(query).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "LAKE_UNSUPPORTED", "{answer}");
    assert_eq!(answer["data"], json!({ "salesAggregate": null }));
    sales.assert_nothing_queued().await;
}

#[tokio::test]
async fn an_operation_asks_the_lake_for_few_lists() {
    let sales = Sales::start(1).await;
    sales.write_lake(USUAL).await;
    let lists = ["PRODUCT", "ONLINE", "CUSTOMER", "TERRITORY", "ORDER_DATE"].map(|by| {
        format!(
            "{by}: salesAggregate(groupBy: {by}, engine: LAKE) \
             {{ nodes {{ measures {{ lineCount }} }} }} "
        )
    });
    let answer = sales.ask(&format!("{{ {} }}", lists.concat())).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "LAKE_LIMIT", "{answer}");
    sales.assert_nothing_queued().await;
}

#[tokio::test]
async fn few_requests_of_a_server_wait() {
    let mut sales = Sales::start(1).await;
    sales.write_lake(USUAL).await;
    let commands = Commands::new(sales.app.pool.clone()).with_lake_waiters(1);
    sales.engine = sales.engine.with_commands(commands);
    let query = "{ salesAggregate(groupBy: PRODUCT, engine: LAKE) \
                 { nodes { measures { lineCount } } } }";
    let waits = sales.ask(query);
    let refused = async {
        sales.app.wait_until("SELECT count(*) = 1 FROM job").await;
        sales.assert_refused("", &Scope::everything(), "UNAVAILABLE", "wait").await;
        sales.work().await
    };
    let (answer, working) = tokio::join!(waits, refused);
    assert_eq!(answer["errors"], json!(null), "{answer}");
    // What somebody has had needs no place.
    let (again, other) = tokio::join!(sales.ask(query), sales.ask(query));
    assert_eq!([&again, &other], [&answer, &answer]);
    working.stop().await;
}

#[tokio::test]
async fn a_file_is_not_made_from_the_lake() {
    let sales = Sales::start(1).await;
    let document = "{ salesAggregate(groupBy: PRODUCT, engine: LAKE) \
                    { nodes { measures { lineCount } } } }";
    let request = ExportRequest { document: document.to_owned(), ..ExportRequest::default() };
    let errors = sales.engine.export(&request, &Scope::everything()).await.expect_err("a refusal");
    let error = json!(errors[0].extensions);
    assert_eq!(error["code"], "BAD_USER_INPUT", "{errors:?}");
    assert_eq!(error["argument"], "engine", "{errors:?}");
}

#[tokio::test]
async fn without_a_lake_there_is_no_answer() {
    let sales = Sales::start(1).await;
    sales.assert_refused("", &Scope::everything(), "LAKE_UNAVAILABLE", "LAKE_URI").await;
    sales.assert_nothing_queued().await;
}

#[tokio::test]
async fn a_lake_that_lacks_changes_is_refused_with_both_versions() {
    let sales = Sales::start(1).await;
    sales.write_lake(USUAL).await;
    let working = sales.work().await;
    sales.compare("groupBy: PRODUCT ", "nodes { measures { lineCount } }").await;
    write(&sales.app.pool, "UPDATE product SET color = 'Mauve' WHERE product_id = 2").await;
    let (code, message, extensions) = sales.refusal("", &Scope::everything()).await;
    assert_eq!(code, "LAKE_OUTDATED", "{message}");
    let version = |name: &str| extensions[name].as_i64().unwrap_or_else(|| panic!("no {name}"));
    let current: i64 = sales.app.value("SELECT version FROM data_version").await;
    assert_eq!(version("dataVersion"), current);
    assert!(version("lakeVersion") < current, "{extensions}");
    // Written, it has the change.
    sales.write_lake(USUAL).await;
    let filter = r#"filter: { product: { color: { eq: "Mauve" } } } "#;
    let list = sales.compare(filter, "nodes { measures { lineCount } }").await;
    assert_ne!(list["nodes"][0]["measures"]["lineCount"], 0);
    working.stop().await;
}

#[tokio::test]
async fn without_a_worker_it_is_said_that_there_is_none() {
    let sales = Sales::start(1).await;
    sales.write_lake(USUAL).await;
    let says = "no worker";
    sales.assert_refused("", &Scope::everything(), "LAKE_UNAVAILABLE", says).await;
}
