//! What `sales_aggregate` answers: every dimension, measure and condition that it offers, with
//! the figures of `/graphql`.

use serde_json::{Value as Json, json};

use super::{Tokens, data, serve, with_tools};

/// Its arguments as they are listed.
async fn arguments(caller: &super::Caller) -> Json {
    let answer = caller.request("tools/list", json!({})).await;
    let tools = answer["result"]["tools"].as_array().unwrap().iter();
    let mut found = tools.filter(|tool| tool["name"] == "sales_aggregate");
    found.next().unwrap()["inputSchema"]["properties"].clone()
}

fn names(schema: &Json) -> Vec<String> {
    let list = schema["enum"].as_array().unwrap_or_else(|| panic!("no enumeration: {schema}"));
    list.iter().map(|name| name.as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn every_dimension_and_measure_that_is_offered_is_answered() {
    let db = data().await;
    let caller = serve(with_tools(&db)).await;
    let offered = arguments(&caller).await;
    let dimensions = names(&offered["groupBy"]["items"]);
    let measures = names(&offered["measures"]["items"]);
    assert_eq!((dimensions.len(), measures.len()), (19, 22));
    for dimension in &dimensions {
        let asked = json!({ "groupBy": [dimension], "measures": measures, "totalCount": true,
                            "first": 500 });
        let told = caller.told("sales_aggregate", asked).await;
        let rows = told["rows"].as_array().unwrap();
        assert_eq!(told["totalCount"], rows.len(), "{dimension}");
        let orders: u64 =
            rows.iter().map(|row| row["measures"]["lineCount"].as_u64().unwrap()).sum();
        assert_eq!(orders, 720, "{dimension}: {told}");
        assert!(rows[0]["measures"]["lineTotal"]["sum"].is_string(), "amounts are exact texts");
    }
    for measure in &measures {
        let order = json!([{ "measure": measure, "direction": "DESC" }]);
        let having = json!([{ "measure": measure, "gt": -1 }]);
        let asked = json!({ "groupBy": ["PRODUCT"], "measures": [measure], "orderBy": order,
                            "having": having, "first": 3 });
        caller.told("sales_aggregate", asked).await;
    }
    caller.server.stop().await;
}

#[tokio::test]
async fn figures_are_those_of_graphql() {
    let db = data().await;
    let tokens = Tokens::new().await;
    let caller = serve(with_tools(&db).with_access(tokens.access.clone())).await;
    let caller = caller.with(tokens.of("sales:read", None));
    let query = "{ salesAggregate(groupBy: [TERRITORY, PRODUCT], first: 4, \
                   filter: { order: { orderDate: { gte: \"2011-05-01T00:00:00\", lt: \"2011-06-01T00:00:00\" }, \
                                      customerId: { in: [1, 2, 3, 4, 5] } }, \
                             productId: { in: [1, 2, 3] } }, \
                   having: { lineTotal: { sum: { gte: \"1.5\" } } }, \
                   orderBy: [{ measure: LINE_TOTAL_SUM, direction: DESC }], \
                   topPerGroup: { by: [TERRITORY], first: 2 }) { \
                   totalCount pageInfo { hasNextPage endCursor } \
                   nodes { key { product { productId name productNumber } territoryId territory { name } } \
                           measures { orderCount lineTotal { sum avg } } } } }";
    let expected = caller.graphql(query).await["data"]["salesAggregate"].clone();
    let asked = json!({
        "groupBy": ["TERRITORY", "PRODUCT"], "first": 4, "totalCount": true,
        "measures": ["ORDER_COUNT", "LINE_TOTAL_SUM", "LINE_TOTAL_AVG"],
        "from": "2011-05-01", "to": "2011-05-31", "customerIds": [1, 2, 3, 4, 5],
        "productIds": [1, 2, 3], "having": [{ "measure": "LINE_TOTAL_SUM", "gte": "1.5" }],
        "orderBy": [{ "measure": "LINE_TOTAL_SUM", "direction": "DESC" }],
        "topPerGroup": { "by": ["TERRITORY"], "first": 2 },
    });
    let told = caller.told("sales_aggregate", asked.clone()).await;
    assert_eq!(told["rows"], expected["nodes"]);
    assert_eq!(told["totalCount"], expected["totalCount"]);
    assert_eq!(told["hasMore"], expected["pageInfo"]["hasNextPage"]);
    assert_eq!(told["after"], expected["pageInfo"]["endCursor"]);
    assert!(!told["rows"].as_array().unwrap().is_empty(), "{told}");
    assert!(told["dataVersion"].is_u64() && told["dataAsOf"].is_string(), "{told}");

    // Page by page there are the same rows.
    let (mut rows, mut after) = (Vec::new(), Json::Null);
    loop {
        let mut page = asked.clone();
        page["first"] = json!(1);
        page["after"] = after;
        let told = caller.told("sales_aggregate", page).await;
        rows.extend(told["rows"].as_array().unwrap().clone());
        if told["hasMore"] != json!(true) {
            break;
        }
        after = told["after"].clone();
    }
    assert_eq!(json!(rows.len()), expected["totalCount"]);
    assert_eq!(rows[..1], expected["nodes"].as_array().unwrap()[..1]);

    let day = |from: &str, to: &str| json!({ "measures": ["LINE_COUNT"], "from": from, "to": to });
    for (from, to, lines) in [
        ("2011-05-31", "2011-05-31", 720),
        ("2011-06-01", "2011-06-30", 0),
        ("2011-05-01", "2011-05-30", 0),
    ] {
        let told = caller.told("sales_aggregate", day(from, to)).await;
        assert_eq!(told["rows"][0]["measures"]["lineCount"], lines, "{from} to {to}");
    }
    let nothing = caller.told("sales_aggregate", json!({})).await;
    assert_eq!(nothing["rows"][0]["measures"]["orderCount"], 180, "{nothing}");
    for other in [
        json!({ "keyword": "P-3", "storeIds": [900], "salesPersonIds": [1] }),
        json!({ "currency": "EUR", "measures": ["LINE_TOTAL_SUM"] }),
        json!({ "groupBy": ["ORDER_MONTH"], "fillGaps": true }),
        json!({ "filter": { "product": { "listPrice": { "gt": "1" } } }, "territoryIds": [1] }),
    ] {
        caller.told("sales_aggregate", other).await;
    }
    caller.server.stop().await;
}

/// Who may not see persons gets their keys, and no error for what was not asked for.
#[tokio::test]
async fn persons_are_shown_by_name_to_those_who_may_see_them() {
    let db = data().await;
    let tokens = Tokens::new().await;
    let mut caller = serve(with_tools(&db).with_access(tokens.access.clone())).await;
    for (grants, named) in [("sales:read", false), ("sales:read persons:read", true)] {
        caller.token = Some(tokens.of(grants, None));
        let told = caller.told("sales_aggregate", json!({ "groupBy": ["PERSON"] })).await;
        assert_eq!(told.to_string().contains("First1"), named, "{grants}");
    }
    caller.server.stop().await;
}

#[tokio::test]
async fn a_wrong_argument_is_named_with_what_there_is() {
    let db = data().await;
    let caller = serve(with_tools(&db)).await;
    // As much as a body may have.
    let many: Vec<String> = (0..100_000).map(|number| format!("{number:x}")).collect();
    let one = json!({ "measure": "ORDER_COUNT", "gt": "1" });
    for (arguments, part) in [
        (json!({ "groupBy": ["CITY"] }), "groupBy: there is no dimension CITY, but"),
        (json!({ "groupBy": ["PRODUCT", "PRODUCT"] }), "groupBy: PRODUCT is given twice"),
        (json!({ "groupBy": "PRODUCT" }), "groupBy: expected an array"),
        (json!({ "groupBy": many }), "groupBy: expected at most"),
        (json!({ "having": vec![one; 20_000] }), "having: expected at most"),
        (json!({ "measures": ["PROFIT"] }), "measures: there is no measure PROFIT, but"),
        (
            json!({ "measures": ["} persons { nodes { lastName } }"] }),
            "measures: there is no measure",
        ),
        (json!({ "groupBy": ["PRODUCT } x: key { person"] }), "groupBy: there is no dimension"),
        (json!({ "from": "yesterday" }), "from: expected a date"),
        (json!({ "having": [{ "measure": "ORDER_COUNT" }] }), "having: ORDER_COUNT needs one of"),
        (json!({ "limit": 5 }), "limit: there is no such argument, but"),
        (json!({ "first": 5_000 }), "first"),
        (json!({ "first": "many" }), "first"),
        (json!({ "orderBy": [{ "measure": "PROFIT" }] }), "orderBy"),
        (json!({ "orderBy": [{ "dimension": "PRODUCT" }] }), "orderBy"),
        (json!({ "filter": { "colour": { "eq": "Red" } } }), "filter"),
        (json!({ "productIds": ["; DROP TABLE person"] }), "filter"),
        (json!({ "currency": "GOLD" }), "in"),
        (json!({ "after": "not a cursor" }), "after"),
    ] {
        let (code, message) = caller.refusal("sales_aggregate", arguments.clone()).await;
        let codes = ["BAD_USER_INPUT", "PAGE_TOO_LARGE", "GRAPHQL_VALIDATION_FAILED"];
        assert!(codes.contains(&code.as_str()), "{part}: {code} {message}");
        assert!(message.contains(part), "{part}: {message}");
    }
    caller.server.stop().await;
}
