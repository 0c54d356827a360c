//! The API beside another subgraph: composed by the libraries that routers use, and asked through
//! a gateway.

use salesgraph::http::RequestLimits;
use serde_json::{Value, json};

use super::id;
use crate::support::http::{TestServer, state};
use crate::support::npm::{Clients, said};
use crate::support::statements::during;
use crate::support::{TestDb, database, fixture};

/// Apollo's own, and that of other routers.
const COMPOSERS: [&str; 2] = ["apollo", "guild"];

async fn start() -> (TestDb, TestServer) {
    let db = database().await;
    fixture::insert(&db.pool).await;
    let server = TestServer::serve(state(&db.pool, RequestLimits::default()).as_subgraph()).await;
    (db, server)
}

/// What the gateway answers, and what it asked of the API.
struct Told {
    answer: Value,
    asked: Vec<Value>,
}

impl Told {
    /// The representations of each question for entities.
    fn representations(&self) -> Vec<&Value> {
        let all = self
            .asked
            .iter()
            .filter(|body| body["query"].as_str().is_some_and(|query| query.contains("_entities")));
        all.flat_map(|body| body["variables"].as_object().into_iter().flat_map(|map| map.values()))
            .filter(|value| value.is_array())
            .collect()
    }
}

async fn ask(clients: &Clients, server: &TestServer, composer: &str, query: &str) -> Told {
    let url = format!("http://localhost:{}/graphql", server.address.port());
    let output = clients.run("federation/gateway.mjs", &[composer, &url, query]).await;
    assert!(output.status.success(), "{composer}: {}", said(&output));
    let mut told: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let asked = told["asked"].as_array().cloned().unwrap_or_default();
    Told { answer: told["answer"].take(), asked }
}

#[tokio::test]
async fn entities_of_another_subgraph_are_one_request_and_one_statement() {
    let Some(clients) = Clients::installed("a federated graph").await else { return };
    let (_db, server) = start().await;
    for composer in COMPOSERS {
        let query = "{ bestProducts(first: 12) { name listPrice isBargain } }";
        let (told, seen) = during(ask(clients, &server, composer, query)).await;
        let expected: Vec<Value> = (1..=12)
            .rev()
            .map(|n| json!({ "name": format!("Product {n}"), "listPrice": "20.0000", "isBargain": true }))
            .collect();
        assert_eq!(told.answer, json!({ "data": { "bestProducts": expected } }), "{composer}");
        let representations = told.representations();
        assert_eq!(representations.len(), 1, "{composer}: {:#?}", told.asked);
        assert_eq!(representations[0].as_array().unwrap().len(), 12, "{composer}");
        let reads = seen.iter().filter(|text| text.contains("FROM product")).count();
        assert_eq!(reads, 1, "{composer}: {seen:#?}");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_graph_goes_from_one_subgraph_to_the_other_and_back() {
    let Some(clients) = Clients::installed("a federated graph").await else { return };
    let (_db, server) = start().await;
    for composer in COMPOSERS {
        // From here to the reviews.
        let query = "{ products(first: 4) { pageInfo { hasNextPage } nodes {
            productId reviews { totalCount nodes { stars } pageInfo { hasNextPage } } } } }";
        let told = ask(clients, &server, composer, query).await;
        let products = &told.answer["data"]["products"];
        assert_eq!(products["pageInfo"], json!({ "hasNextPage": true }), "{}", told.answer);
        let reviews = |index: usize| &products["nodes"][index]["reviews"];
        let none = json!({ "totalCount": 0, "nodes": [], "pageInfo": { "hasNextPage": false } });
        assert_eq!(reviews(0), &none);
        assert_eq!(reviews(2)["nodes"], json!([{ "stars": 2 }, { "stars": 4 }]));
        assert_eq!(reviews(3)["totalCount"], 1);

        // From the reviews to here, by a key of two fields, and on to what is below; what is not
        // there is null.
        let query = "{ reviews { product { name }
            line { returned lineTotal order { salesOrderNumber customer { accountNumber } } } } }";
        let (told, seen) = during(ask(clients, &server, composer, query)).await;
        let line = |returned: bool| {
            json!({
                "returned": returned, "lineTotal": "3968.988240",
                "order": { "salesOrderNumber": "SO7001", "customer": { "accountNumber": "AW00000007" } },
            })
        };
        let product = |number: i32| json!({ "name": format!("Product {number}") });
        let expected = json!([
            { "product": product(3), "line": line(false) },
            { "product": product(4), "line": line(true) },
            { "product": product(3), "line": null },
            { "product": null, "line": null },
        ]);
        assert_eq!(told.answer["data"]["reviews"], expected, "{composer}: {}", told.answer);
        assert_eq!(told.asked.len(), 1, "{composer}: {:#?}", told.asked);
        let lengths: Vec<_> =
            told.representations().iter().map(|list| list.as_array().unwrap().len()).collect();
        assert_eq!(lengths, [3, 3], "{composer}: {:#?}", told.asked);
        for table in ["FROM product", "sales_order_line"] {
            let reads = seen.iter().filter(|text| text.contains(table)).count();
            assert_eq!(reads, 1, "{composer} {table}: {seen:#?}");
        }
    }
    server.stop().await;
}

/// One subgraph resolves the global ids of all: it takes `node` and `nodes` over, and hands
/// the ids of others on.
#[tokio::test]
async fn global_ids_of_all_subgraphs_are_resolved_in_one() {
    let Some(clients) = Clients::installed("a federated graph").await else { return };
    let (_db, server) = start().await;
    let customer = id("Customer", &["7"]);
    for composer in COMPOSERS {
        let query = format!(
            "{{ own: node(id: \"review-2\") {{ __typename ... on Review {{ stars }} }}
                other: node(id: \"{customer}\") {{ __typename ... on Customer {{ id accountNumber }} }}
                nodes(ids: [\"{customer}\", \"review-2\"]) {{
                    __typename ... on Review {{ stars }} ... on Customer {{ accountNumber }} }} }}"
        );
        let told = ask(clients, &server, composer, &query).await;
        let expected = json!({ "data": {
            "own": { "__typename": "Review", "stars": 3 },
            "other": { "__typename": "Customer", "id": customer, "accountNumber": "AW00000007" },
            "nodes": [
                { "__typename": "Customer", "accountNumber": "AW00000007" },
                { "__typename": "Review", "stars": 3 },
            ],
        } });
        assert_eq!(told.answer, expected, "{composer}");
    }
    server.stop().await;
}
