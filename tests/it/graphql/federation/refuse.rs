//! What no entity is made of, and how much is too much.

use async_graphql::{Request, Variables};
use salesgraph::graphql::Limits;
use serde_json::{Value, json};

use super::{Subgraph, id, product};
use crate::support::ask;
use crate::support::statements::during;

/// A representation that describes nothing is refused alone, where it is.
#[tokio::test]
async fn a_bad_representation_is_an_error_at_its_place() {
    let subgraph = Subgraph::start().await;
    let long = "x".repeat(10_000);
    for (representation, message) in [
        (json!({ "__typename": "Nobody" }), "representations[1].__typename: no entity is called"),
        (json!({ "__typename": "PageInfo" }), "no entity is called \"PageInfo\""),
        (json!({ "__typename": "Query" }), "no entity is called"),
        (json!({ "__typename": long }), "no entity is called \"xxxx"),
        (json!({ "__typename": "Product\0" }), "no entity is called \"Product\\0\""),
        (json!({ "__typename": null }), "representations[1].__typename: null is not accepted"),
        (json!({ "__typename": 7 }), "representations[1].__typename: expected a String"),
        (json!({ "productId": 1 }), "representations[1]: __typename must be given"),
        (json!("Product"), "representations[1]: expected an object with __typename"),
        (json!([product(1)]), "representations[1]: expected an object with __typename"),
        (json!(7), "representations[1]: expected an object with __typename"),
        (
            json!({ "__typename": "Product" }),
            "representations[1]: a Product needs productId, or id",
        ),
        (
            json!({ "__typename": "Product", "productId": null }),
            "representations[1]: a Product needs productId, or id",
        ),
        (
            json!({ "__typename": "SalesOrderLine", "salesOrderId": 7001 }),
            "a SalesOrderLine needs salesOrderId and salesOrderDetailId, or id",
        ),
        (json!({ "__typename": "LoadReject", "line": 7 }), "a LoadReject needs id"),
        (
            json!({ "__typename": "Product", "productId": "1" }),
            "representations[1].productId: expected an Int",
        ),
        (json!({ "__typename": "Product", "productId": 1.5 }), "productId: expected an Int"),
        (json!({ "__typename": "Product", "productId": 1e300 }), "productId: expected an Int"),
        (
            json!({ "__typename": "Product", "productId": 2_147_483_648_u64 }),
            "productId: expected an Int",
        ),
        (json!({ "__typename": "Product", "productId": u64::MAX }), "productId: expected an Int"),
        (json!({ "__typename": "Product", "productId": [1] }), "productId: expected an Int"),
        (
            json!({ "__typename": "Product", "productId": { "in": [1] } }),
            "productId: expected an Int",
        ),
        (json!({ "__typename": "Product", "productId": true }), "productId: expected an Int"),
        (json!({ "__typename": "Product", "id": 7 }), "representations[1].id: expected an ID"),
        (
            json!({ "__typename": "Product", "id": id("Person", &["1"]) }),
            "representations[1].id: not the id of a Product",
        ),
        (json!({ "__typename": "Product", "id": "§" }), "id: not the id of a Product"),
        (json!({ "__typename": "LoadRun", "runId": "1" }), "runId: expected a UUID"),
        (
            json!({ "__typename": "DemandForecast", "date": "31.5.2011", "productId": 1 }),
            "date: expected a Date",
        ),
    ] {
        let all = json!([product(1), representation, product(2)]);
        let selection = "__typename ... on Product { productId }";
        let answer = subgraph.entities(selection, all).await;
        let good = |number: i32| json!({ "__typename": "Product", "productId": number });
        assert_eq!(answer["data"]["_entities"], json!([good(1), null, good(2)]), "{answer}");
        let errors = answer["errors"].as_array().unwrap();
        assert_eq!(errors.len(), 1, "{answer}");
        assert_eq!(errors[0]["path"], json!(["_entities", 1]));
        let extensions = json!({ "code": "BAD_USER_INPUT", "argument": "representations" });
        assert_eq!(errors[0]["extensions"], extensions, "{answer}");
        let said = errors[0]["message"].as_str().unwrap();
        assert!(said.contains(message) && said.len() < 200, "{said}");
    }
}

/// JSON tells a whole number as `3.0`, too; so do variables of the type Int.
#[tokio::test]
async fn a_key_is_a_number_however_json_writes_it() {
    let subgraph = Subgraph::start().await;
    let all = json!([{ "__typename": "Product", "productId": 3.0 }, product(-1)]);
    let answer = subgraph.entities("... on Product { productId }", all).await;
    assert_eq!(answer["data"]["_entities"], json!([{ "productId": 3 }, null]), "{answer}");
}

#[tokio::test]
async fn the_list_of_entities_is_never_null() {
    let subgraph = Subgraph::with(Limits { representations: 3, ..Limits::default() }).await;
    let three: Vec<Value> = (1..=3).map(product).collect();
    let answer = subgraph.entities("__typename", json!(three)).await;
    assert_eq!(answer["errors"], Value::Null);
    let four: Vec<Value> = (1..=4).map(product).collect();
    let (answer, seen) = during(subgraph.entities("__typename", json!(four))).await;
    assert!(!seen.iter().any(|text| text.contains("FROM product")), "{seen:?}");
    assert_eq!(answer["data"], Value::Null, "{answer}");
    let error = &answer["errors"][0];
    let extensions = json!({ "code": "PAGE_TOO_LARGE", "argument": "representations" });
    assert_eq!(error["extensions"], extensions);
    let message = "representations: 4 representations are more than 3, the limit of an operation";
    assert_eq!(error["message"], message);
    // A null in it is one that validation knows.
    let answer = subgraph.entities("__typename", json!([null])).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED");
    assert!(answer["errors"][0]["message"].as_str().unwrap().contains("[0]"), "{answer}");
}

/// As many times as a document asks for one list, so many are its representations.
#[tokio::test]
async fn the_representations_of_an_operation_are_counted_together() {
    let subgraph = Subgraph::with(Limits { representations: 100, ..Limits::default() }).await;
    let asked_for = async |aliases: usize, list: &str, count: usize| {
        let fields: String = (0..aliases)
            .map(|n| format!("a{n}: _entities(representations: {list}) {{ __typename }} "))
            .collect();
        let variable = if list == "$all" { "$all: [_Any!]!" } else { "$one: _Any!" };
        let all = vec![product(1); count];
        let variables = Variables::from_json(json!({ "all": all, "one": product(1) }));
        let request = Request::new(format!("query ({variable}) {{ {fields} }}"));
        during(ask(&subgraph.engine, request.variables(variables))).await
    };
    for (aliases, list, count, asked) in [
        (50, "$all", 2, 100),
        (50, "$all", 3, 150),
        (2, "$all", 10_000, 20_000),
        (50, "[$one, $one]", 0, 100),
        (50, "[$one, $one, $one]", 0, 150),
    ] {
        let (answer, seen) = asked_for(aliases, list, count).await;
        if asked <= 100 {
            assert_eq!(answer["errors"], Value::Null, "{list}: {answer}");
            assert_eq!(answer["data"].as_object().unwrap().len(), aliases);
            continue;
        }
        let error = &answer["errors"][0];
        assert_eq!(error["extensions"]["code"], "PAGE_TOO_LARGE", "{list}: {answer}");
        let said = error["message"].as_str().unwrap();
        assert!(said.contains(&format!(": {asked} representations are more than 100")), "{said}");
        assert_eq!(answer["data"], Value::Null);
        assert!(!seen.iter().any(|text| text.contains("FROM product")), "{seen:?}");
    }
}

#[tokio::test]
async fn each_representation_counts_with_what_is_asked_of_its_type() {
    let subgraph = Subgraph::start().await;
    let cost = |answer: &Value| answer["extensions"]["cost"]["estimate"].as_u64().unwrap();
    let selection = "... on Product { name lines(first: 2) { nodes { id } } } ... on Person { id }";
    let person = json!({ "__typename": "Person", "businessEntityId": 1 });
    let of_person = cost(&subgraph.entities(selection, json!([person])).await);
    assert_eq!(of_person, 2);
    // The object and its fields, the connection and its list, two rows with their field.
    let of_product = cost(&subgraph.entities(selection, json!([product(1)])).await);
    assert_eq!(of_product, 3 + 2 + 2 * 2);
    let mixed = json!([person, product(1), product(1), 7, product(2)]);
    let found = cost(&subgraph.entities(selection, mixed).await);
    assert_eq!(found, of_person + 3 * of_product + 1);

    let many: Vec<Value> = (0..10_000).map(product).collect();
    let query = "query ($representations: [_Any!]!) { _entities(representations: $representations)
        { ... on Product { lines(first: 1000) { nodes { id } } } } }";
    let variables = Variables::from_json(json!({ "representations": many }));
    let (answer, seen) =
        during(ask(&subgraph.engine, Request::new(query).variables(variables))).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "QUERY_TOO_COMPLEX", "{answer}");
    assert!(!seen.iter().any(|text| text.contains("FROM product")), "{seen:?}");
}

/// Whatever a router is made to send is answered, by few statements and within the limits.
#[tokio::test]
async fn hostile_representations_are_bounded() {
    let subgraph = Subgraph::start().await;
    // As many bad ones as may be: null each, and the errors of some.
    let bad = vec![json!({ "__typename": "Nobody" }); 10_000];
    let answer = subgraph.entities("__typename", json!(bad)).await;
    assert_eq!(answer["data"]["_entities"].as_array().unwrap().len(), 10_000);
    assert_eq!(answer["errors"].as_array().unwrap().len(), 100);
    // One row ten thousand times.
    let same = vec![product(7); 10_000];
    let (answer, seen) = during(subgraph.entities("... on Product { name }", json!(same))).await;
    assert_eq!(answer["data"]["_entities"].as_array().unwrap().len(), 10_000, "{seen:?}");
    // It is bound once, not ten thousand times.
    let reads: Vec<_> = seen.iter().filter(|text| text.contains("FROM product")).collect();
    assert_eq!(reads.len(), 1, "{seen:?}");
    assert!(reads[0].contains("product_id = $1") && !reads[0].contains("ANY("), "{reads:?}");
    // More than may be.
    let more = vec![product(7); 100_000];
    let answer = subgraph.entities("__typename", json!(more)).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "PAGE_TOO_LARGE");
    // JSON in JSON.
    let mut nested = json!(1);
    for _ in 0..100 {
        nested = json!({ "a": [nested] });
    }
    let odd = json!([{ "__typename": "Product", "productId": nested.clone() },
        { "__typename": "Product", "productId": 1, "other": nested }]);
    let answer = subgraph.entities("... on Product { productId }", odd).await;
    assert_eq!(answer["data"]["_entities"], json!([null, { "productId": 1 }]), "{answer}");
    // Fragments in fragments, and the list under many aliases.
    let deep =
        (0..25).fold("__typename".to_owned(), |inner, _| format!("... on Product {{ {inner} }}"));
    let answer = subgraph.entities(&deep, json!([product(1)])).await;
    assert_eq!(answer["data"]["_entities"], json!([{ "__typename": "Product" }]), "{answer}");
    let deeper =
        (0..40).fold("__typename".to_owned(), |inner, _| format!("... on Node {{ {inner} }}"));
    let answer = subgraph.entities(&deeper, json!([product(1)])).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "QUERY_TOO_DEEP");
    let aliased: String = (0..60)
        .map(|n| format!("a{n}: _entities(representations: []) {{ __typename }} "))
        .collect();
    let answer = ask(&subgraph.engine, Request::new(format!("{{ {aliased} }}"))).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "QUERY_TOO_MANY_ROOT_FIELDS");
}
