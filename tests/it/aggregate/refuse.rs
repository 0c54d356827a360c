//! Invalid arguments of groups of sales; each error names the argument.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::support::{Api, sales, write};

/// Code, argument and message of the only error.
async fn refusal(api: &Api, query: &str, variables: Value) -> (String, String, String) {
    let answer = api.ask_with(query, variables).await;
    let errors = answer["errors"].as_array().unwrap_or_else(|| panic!("no error: {query}"));
    assert_eq!(errors.len(), 1, "{answer}");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let error = &errors[0];
    let extension = |name: &str| text(&error["extensions"][name]);
    (extension("code"), extension("argument"), text(&error["message"]))
}

#[tokio::test]
async fn invalid_arguments_are_refused_by_path() {
    let api = sales::start(31).await;
    let by = |value: &str| format!("groupBy: [PRODUCT, ORDER_DATE], {value}");
    for (arguments, argument, part) in [
        ("groupBy: [PRODUCT, ONLINE, PRODUCT]", "groupBy", "groupBy[2]: PRODUCT is given twice"),
        (
            &by("orderBy: { dimension: CUSTOMER }"),
            "orderBy",
            "orderBy[0].dimension: CUSTOMER is not in groupBy",
        ),
        (
            &by("orderBy: [{ measure: LINE_COUNT }, { dimension: PRODUCT, measure: LINE_COUNT }]"),
            "orderBy",
            "orderBy[1]: give either dimension or measure, not both",
        ),
        (
            &by("orderBy: { direction: DESC }"),
            "orderBy",
            "orderBy[0]: dimension or measure is missing",
        ),
        (
            &by("orderBy: [{ measure: LINE_COUNT }, { measure: LINE_COUNT, direction: DESC }]"),
            "orderBy",
            "orderBy[1]: LINE_COUNT is given twice",
        ),
        (
            &by("orderBy: [{ dimension: PRODUCT }, { dimension: PRODUCT }]"),
            "orderBy",
            "orderBy[1]: PRODUCT is given twice",
        ),
        (
            &by("topPerGroup: { by: [CUSTOMER], first: 1 }"),
            "topPerGroup",
            "topPerGroup.by: CUSTOMER is not in groupBy",
        ),
        (
            &by("topPerGroup: { by: [PRODUCT, PRODUCT], first: 1 }"),
            "topPerGroup",
            "topPerGroup.by[1]: PRODUCT is given twice",
        ),
        (
            &by("topPerGroup: { by: [PRODUCT], first: 0 }"),
            "topPerGroup",
            "topPerGroup.first: expected a number from 1 to 1000",
        ),
        (
            &by("topPerGroup: { by: [PRODUCT], first: -1 }"),
            "topPerGroup",
            "topPerGroup.first: expected a number from 1 to 1000",
        ),
        (
            &by("topPerGroup: { by: [PRODUCT], first: 1001 }"),
            "topPerGroup",
            "topPerGroup.first: expected a number from 1 to 1000",
        ),
        ("fillGaps: true", "fillGaps", "fillGaps: needs exactly one of ORDER_DATE"),
        ("groupBy: PRODUCT, fillGaps: true", "fillGaps", "in groupBy, which has 0"),
        (
            "groupBy: [ORDER_DATE, ORDER_WEEKDAY], fillGaps: true",
            "fillGaps",
            "in groupBy, which has 2",
        ),
        (&by("first: -1"), "first", "first: -1"),
        (&by("last: 1001"), "last", ""),
        (&by("first: 1, last: 1"), "last", "last: "),
        (&by("after: \"x\""), "after", "after: "),
    ] {
        let query = format!("{{ salesAggregate({arguments}) {{ nodes {{ __typename }} }} }}");
        let (code, of, message) = refusal(&api, &query, Value::Null).await;
        let code_of = if argument == "last" && part.is_empty() { &*code } else { "BAD_USER_INPUT" };
        assert_eq!((&*code, &*of), (code_of, argument), "{query}: {message}");
        assert!(message.contains(part), "{query}: {message}");
    }
    // A null argument is as good as none.
    let query = "{ salesAggregate(filter: null, groupBy: null, having: null, orderBy: null,
        topPerGroup: null, fillGaps: null, first: null, after: null) { totalCount } }";
    assert_eq!(api.data(query).await, json!({ "salesAggregate": { "totalCount": 1 } }));
}

#[tokio::test]
async fn invalid_filters_of_groups_are_refused_by_path() {
    let api = sales::start(31).await;
    let query = "query($having: SalesMeasureFilter) {
        salesAggregate(groupBy: PRODUCT, having: $having) { nodes { __typename } } }";
    let mut deep = json!({ "lineCount": { "gt": 1 } });
    for _ in 0..10 {
        deep = json!({ "not": deep });
    }
    let many: Vec<Value> = (0..501).map(|_| json!({ "lineCount": { "gt": 1 } })).collect();
    for (having, part) in [
        (json!({ "lineCount": null }), "having.lineCount: null is not accepted"),
        (json!({ "lineCount": { "gt": null } }), "having.lineCount.gt: null is not accepted"),
        (
            json!({ "and": [{ "lineTotal": { "sum": null } }] }),
            "having.and[0].lineTotal.sum: null is not accepted",
        ),
        (json!({ "or": null }), "having.or: null is not accepted"),
        (json!({ "not": null }), "having.not: null is not accepted"),
        (json!({ "unitPrice": null }), "having.unitPrice: null is not accepted"),
        (json!({ "lineTotal": { "avg": { "gt": "much" } } }), "having.lineTotal.avg.gt: "),
        (deep, "more than 10 filters in each other"),
        (json!({ "or": many }), "having.or: 501 values are more than the 500 it may have"),
    ] {
        let variables = json!({ "having": having });
        let (code, of, message) = refusal(&api, query, variables).await;
        assert_eq!((&*code, &*of), ("BAD_USER_INPUT", "having"), "{having}: {message}");
        assert!(message.contains(part), "{having}: {message}");
    }
}

#[tokio::test]
async fn names_unknown_to_the_schema_are_refused_before_anything_is_read() {
    let api = sales::start(31).await;
    for arguments in [
        "groupBy: COLOR",
        "groupBy: [null]",
        "having: { lines: { gt: 1 } }",
        "having: { lineTotal: { percentile: { gt: 1 } } }",
        "having: { lineTotal: { gt: 1 } }",
        "orderBy: { field: PRODUCT }",
        "orderBy: { measure: ORDER_QUANTITY }",
        "orderBy: { measure: LINE_COUNT, direction: DOWN }",
        "orderBy: { measure: LINE_COUNT, direction: null }",
        "topPerGroup: { by: [PRODUCT] }",
        "topPerGroup: { first: 1 }",
        "topPerGroup: { by: PRODUCT, first: 1, having: {} }",
        "fillGaps: \"yes\"",
        "filter: { color: { eq: \"Red\" } }",
        "sort: PRODUCT",
    ] {
        let query = format!(
            "{{ salesAggregate(groupBy: PRODUCT, {arguments}) {{ nodes {{ __typename }} }} }}"
        )
        .replace("groupBy: PRODUCT, groupBy", "groupBy");
        let (code, ..) = refusal(&api, &query, Value::Null).await;
        assert_eq!(code, "GRAPHQL_VALIDATION_FAILED", "{query}");
    }
}

#[tokio::test]
async fn a_percentile_is_between_zero_and_one() {
    let api = sales::start(31).await;
    for share in ["-0.1", "1.01", "2", "1e300"] {
        for document in [
            format!(
                "{{ salesAggregate {{ nodes {{ measures {{ unitPrice {{
                percentile(p: {share}) }} }} }} }} }}"
            ),
            format!(
                "{{ products(first: 1) {{ nodes {{ sales {{ orderQuantity {{
                percentile(p: {share}) }} }} }} }} }}"
            ),
        ] {
            let (code, argument, message) = refusal(&api, &document, Value::Null).await;
            assert_eq!((&*code, &*argument), ("BAD_USER_INPUT", "p"), "{document}: {message}");
        }
    }
    let data = api
        .data(
            "query($p: Float! = 1) { salesAggregate { nodes { measures { orderQuantity { min max
            a: percentile(p: 0) b: percentile(p: $p) c: percentile(p: 1e-300) } } } } }",
        )
        .await;
    let of = &data["salesAggregate"]["nodes"][0]["measures"]["orderQuantity"];
    assert_eq!((&of["a"], &of["b"], &of["c"]), (&of["min"], &of["max"], &of["min"]));
}

#[tokio::test]
async fn the_number_of_different_measures_is_limited() {
    let api = sales::start(31).await;
    // Six statistics of three values are 18 in each part.
    let mut parts = String::new();
    let statistics = "{ sum avg min max median stddev }";
    for part in 0..11 {
        let _ = write!(
            parts,
            "part{part}: measures(filter: {{ productId: {{ gt: {part} }} }}) {{
                orderQuantity {statistics} unitPrice {statistics} lineTotal {statistics} }} "
        );
    }
    let ask = |more: &str| {
        format!(
            "{{ salesAggregate(orderBy: {{ measure: LINE_COUNT }}) {{ nodes {{ {parts} {more} }} }} }}"
        )
    };
    // 198, and one more by the order.
    assert!(api.data(&ask("")).await["salesAggregate"]["nodes"][0]["part10"].is_object());
    let one_more = ask("measures { orderCount orderTotal }");
    for (query, argument, part) in [
        (ask("measures { lineCount orderCount orderTotal }"), "", "are selected"),
        (one_more.clone(), "orderBy", "orderBy: more than 200 different measures"),
        (
            one_more
                .replace("orderBy: { measure: LINE_COUNT }", "having: { lineCount: { gt: 1 } }"),
            "having",
            "having: more than 200 different measures",
        ),
    ] {
        let (code, of, message) = refusal(&api, &query, Value::Null).await;
        assert_eq!((&*code, &*of), ("BAD_USER_INPUT", argument), "{message}");
        assert!(message.contains(part) && message.contains("200"), "{message}");
    }
}

#[tokio::test]
async fn the_number_of_groups_that_fill_gaps_is_limited() {
    let api = sales::start(34).await;
    // One mistyped year makes some three million days.
    let far = "UPDATE sales_order SET order_date = '9999-12-31' WHERE sales_order_id =
        (SELECT max(sales_order_id) FROM sales_order_line)";
    sqlx::query(
        "ALTER TABLE sales_order DROP CONSTRAINT sales_order_due_date, \
                 DROP CONSTRAINT sales_order_ship_date",
    )
    .execute(&api.db.pool)
    .await
    .unwrap();
    write(&api.db.pool, far).await;
    let filled = |groups: &str, filter: &str| {
        format!(
            "{{ salesAggregate(groupBy: {groups}, fillGaps: true, filter: {filter}, first: 1) \
             {{ totalCount nodes {{ measures {{ lineCount }} }} }} }}"
        )
    };
    let early = "{ order: { orderDate: { lt: \"2100-01-01\" } } }";
    for groups in ["ORDER_DATE", "[PRODUCT, ORDER_WEEK]"] {
        let (code, argument, message) = refusal(&api, &filled(groups, "{}"), json!({})).await;
        assert_eq!((&*code, &*argument), ("BAD_USER_INPUT", "fillGaps"), "{groups}: {message}");
        assert!(message.contains("the limit is 1000000"), "{message}");
    }
    for (groups, filter) in [("ORDER_YEAR", "{}"), ("ORDER_DATE", early)] {
        let data = api.data(&filled(groups, filter)).await;
        assert!(data["salesAggregate"]["totalCount"].as_i64() > Some(5_000), "{groups}: {data}");
    }
}

#[cfg(not(feature = "lake-engine"))]
#[tokio::test]
async fn a_build_without_an_engine_says_so() {
    let api = Api::start().await;
    let query = "{ salesAggregate(engine: LAKE) { nodes { measures { lineCount } } } }";
    let answer = api.ask(query).await;
    let error = &answer["errors"][0];
    assert_eq!(error["extensions"]["code"], "LAKE_UNAVAILABLE", "{answer}");
    let message = error["message"].as_str().unwrap_or_default();
    assert!(message.contains("lake-engine") && message.contains("LAKE_ENGINE_URL"), "{message}");
}

#[tokio::test]
async fn an_engine_that_is_none_is_refused_and_null_is_postgres() {
    let api = Api::start().await;
    let query = "query($engine: AggregateEngine) { salesAggregate(engine: $engine) \
                 { nodes { measures { lineCount } } } }";
    for engine in [json!({}), json!({ "engine": null }), json!({ "engine": "POSTGRES" })] {
        let answer = api.ask_with(query, engine.clone()).await;
        assert_eq!(answer["errors"], Value::Null, "{engine}");
    }
    let answer = api.ask_with(query, json!({ "engine": "SPARK" })).await;
    assert!(answer["errors"][0]["extensions"]["code"].is_string(), "{answer}");
}
