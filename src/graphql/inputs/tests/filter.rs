use async_graphql::{Name, Value};
use serde_json::json;

use super::given;
use crate::graphql::inputs::{condition, order};
use crate::graphql::schema::model::Type;
use crate::graphql::types::{LOAD_FILE, LOAD_PARKED, LOAD_RUN, SALES_ORDER, SALES_ORDER_LINE};
use crate::query::OrderBy;

/// What a filter means, written out.
fn meaning(entity: &'static Type, filter: serde_json::Value) -> String {
    let condition = condition(entity, &given(filter)).unwrap_or_else(|error| panic!("{error}"));
    format!("{condition:?}")
}

fn refused(entity: &'static Type, filter: serde_json::Value) -> String {
    let text = filter.to_string();
    match condition(entity, &given(filter)) {
        Ok(condition) => panic!("{text}: {condition:?}"),
        Err(error) => {
            assert_eq!(error.code().as_str(), "BAD_USER_INPUT", "{text}");
            assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "argument filter");
            error.message().to_owned()
        }
    }
}

#[test]
fn nothing_asked_is_everything() {
    for filter in [json!(null), json!({}), json!({ "lines": {} }), json!({ "totalDue": {} })] {
        assert_eq!(meaning(&SALES_ORDER, filter), "All([])");
    }
    assert_eq!(meaning(&SALES_ORDER, json!({ "and": [] })), "All([])");
    assert_eq!(meaning(&SALES_ORDER, json!({ "or": [] })), "Any([])");
    assert_eq!(meaning(&SALES_ORDER, json!({ "not": {} })), "Not(All([]))");
    let none = meaning(&SALES_ORDER, json!({ "totalDue": { "in": [] } }));
    assert!(none.contains("values: [], negated: false"), "{none}");
}

#[test]
fn values_are_read_by_kind() {
    for (entity, filter, expected) in [
        (&SALES_ORDER, json!({ "customerId": { "eq": -7 } }), "value: Int(-7)"),
        (&LOAD_FILE, json!({ "byteSize": { "gte": 5_000_000_000_i64 } }), "Int(5000000000)"),
        (&SALES_ORDER, json!({ "totalDue": { "gt": "-00.10" } }), "Decimal(\"-00.10\")"),
        (&SALES_ORDER, json!({ "totalDue": { "gt": 23 } }), "Decimal(\"23\")"),
        (&SALES_ORDER, json!({ "onlineOrderFlag": { "ne": true } }), "Boolean(true)"),
        (&SALES_ORDER, json!({ "status": { "eq": "SHIPPED" } }), "value: Int(5)"),
        (&LOAD_RUN, json!({ "state": { "in": "FAILED" } }), "values: [Text(\"failed\")]"),
        (&SALES_ORDER, json!({ "orderDate": { "lt": "2011-10-01" } }), "2011-10-01T00:00:00"),
        (
            &SALES_ORDER,
            json!({ "orderDate": { "lt": "2011-10-01T01:02:03.004005" } }),
            "2011-10-01T01:02:03.004005",
        ),
        (
            &LOAD_RUN,
            json!({ "startedAt": { "gt": "2026-01-01T12:00:00+02:00" } }),
            "2026-01-01T10:00:00Z",
        ),
        (
            &SALES_ORDER,
            json!({ "rowguid": { "eq": "B207C96D-D9E6-402B-8470-2CC176C42283" } }),
            "b207c96d-d9e6-402b-8470-2cc176c42283",
        ),
        (&SALES_ORDER, json!({ "comment": { "isNull": false } }), "is: false"),
        (&SALES_ORDER, json!({ "comment": { "ine": "x" } }), "texts: [\"x\"], negated: true"),
    ] {
        let text = filter.to_string();
        let meaning = meaning(entity, filter);
        assert!(meaning.contains(expected), "{text}: {meaning}");
    }
    // In a document the names of an enumeration are no strings.
    let object =
        |name: &str, value| Value::Object([(Name::new(name), value)].into_iter().collect());
    let literal = object("status", object("eq", Value::Enum(Name::new("SHIPPED"))));
    assert!(format!("{:?}", condition(&SALES_ORDER, &literal).unwrap()).contains("Int(5)"));
}

#[test]
fn what_does_not_fit_is_refused_where_it_is() {
    let long = "1".repeat(1_001);
    let wide: Vec<i32> = (0..10_001).collect();
    let many: Vec<_> = (0..500).map(|_| json!({})).collect();
    let deep = (0..10).fold(json!({}), |inner, _| json!({ "not": inner }));
    for (filter, message) in [
        (json!(1), "filter: expected an object of type SalesOrderFilter"),
        (json!({ "x": {} }), "filter: SalesOrderFilter has no field \"x\""),
        (json!({ "totalDue": { "x": 1 } }), "filter.totalDue: DecimalFilter has no field \"x\""),
        (json!({ "totalDue": { "contains": "1" } }), "filter.totalDue: DecimalFilter has no field"),
        (json!({ "lines": { "any": {} } }), "filter.lines: SalesOrderLineListFilter has no field"),
        (json!({ "lines": { "count": { "in": 1 } } }), "filter.lines.count: CountFilter has no"),
        (json!({ "source": { "x": 1 } }), "filter.source: SourceFilter has no field \"x\""),
        (json!({ "keyword": "x" }), "filter: SalesOrderFilter has no field \"keyword\""),
        (
            json!({ "lines": { "some": { "unitPrice": { "gt": "1e3" } } } }),
            "filter.lines.some.unitPrice.gt: expected a Decimal such as \"23.10\"",
        ),
        (json!({ "totalDue": { "eq": 1.5 } }), "filter.totalDue.eq: expected a Decimal"),
        (json!({ "totalDue": { "eq": "NaN" } }), "filter.totalDue.eq: expected a Decimal"),
        (json!({ "totalDue": { "eq": "." } }), "filter.totalDue.eq: expected a Decimal"),
        (json!({ "totalDue": { "eq": "" } }), "filter.totalDue.eq: expected a Decimal"),
        (json!({ "totalDue": { "eq": long } }), "filter.totalDue.eq: expected a Decimal"),
        (
            json!({ "customerId": { "eq": 2_147_483_648_i64 } }),
            "filter.customerId.eq: expected an Int",
        ),
        (json!({ "customerId": { "eq": "1" } }), "filter.customerId.eq: expected an Int"),
        (json!({ "onlineOrderFlag": { "eq": 1 } }), "filter.onlineOrderFlag.eq: expected true or"),
        (json!({ "status": { "eq": "5" } }), "filter.status.eq: expected one of IN_PROCESS, APP"),
        (
            json!({ "orderDate": { "eq": "2011-02-30" } }),
            "filter.orderDate.eq: expected a LocalDate",
        ),
        (json!({ "orderDate": { "eq": "12011-02-03" } }), "filter.orderDate.eq: expected a Local"),
        (json!({ "orderDate": { "eq": "2011-02-03T00:00:00Z" } }), "filter.orderDate.eq: expected"),
        (
            json!({ "orderDate": { "eq": "2011-02-03T00:00:00.0000001" } }),
            "filter.orderDate.eq: expected",
        ),
        (
            json!({ "source": { "loadedAt": { "gt": "2026-01-01" } } }),
            "filter.source.loadedAt.gt: ",
        ),
        (
            json!({ "rowguid": { "in": ["b207c96dd9e6402b84702cc176c42283"] } }),
            "filter.rowguid.in[0]: expected a UUID",
        ),
        (json!({ "comment": { "eq": 1 } }), "filter.comment.eq: expected a String"),
        (json!({ "comment": { "eq": "a\u{0}" } }), "filter.comment.eq: the character U+0000"),
        (
            json!({ "comment": { "icontains": "x".repeat(10_001) } }),
            "filter.comment.icontains: 10001 bytes are more than the 10000",
        ),
        (
            json!({ "comment": { "isNull": "yes" } }),
            "filter.comment.isNull: expected true or false",
        ),
        (
            json!({ "customerId": { "notIn": wide } }),
            "filter.customerId.notIn: 10001 values are more than the 10000",
        ),
        (json!({ "id": { "eq": "x" } }), "filter.id.eq: expected the id of a SalesOrder"),
        (json!({ "and": many }), "filter.and[499]: the filter has more than 500 conditions"),
        (deep, "filter.not.not.not.not.not.not.not.not.not.not: more than 10 filters"),
    ] {
        let text: String = filter.to_string().chars().take(100).collect();
        let told = refused(&SALES_ORDER, filter);
        assert!(told.starts_with(message), "{text}: {told}");
        assert!(told.len() < 300, "{told}");
    }
    let name = "x".repeat(5_000);
    assert!(refused(&SALES_ORDER, json!({ (name): 1 })).len() < 200);
    let words = "word ".repeat(500);
    assert!(refused(&SALES_ORDER_LINE, json!({ "keyword": words })).starts_with("filter.keyword:"));
    assert!(refused(&LOAD_PARKED, json!({ "raw": {} })).starts_with("filter.raw:"));
}

#[test]
fn null_is_refused_wherever_it_stands() {
    for (filter, place) in [
        (json!({ "and": null }), "filter.and:"),
        (json!({ "or": [{}, null] }), "filter.or[1]:"),
        (json!({ "not": null }), "filter.not:"),
        (json!({ "totalDue": null }), "filter.totalDue:"),
        (json!({ "status": { "eq": null } }), "filter.status.eq:"),
        (json!({ "totalDue": { "in": null } }), "filter.totalDue.in:"),
        (json!({ "totalDue": { "in": [1, null] } }), "filter.totalDue.in[1]:"),
        (json!({ "comment": { "iin": [null] } }), "filter.comment.iin[0]:"),
        (json!({ "comment": { "isNull": null } }), "filter.comment.isNull:"),
        (json!({ "customer": null }), "filter.customer:"),
        (json!({ "lines": { "some": null } }), "filter.lines.some:"),
        (json!({ "lines": { "count": { "eq": null } } }), "filter.lines.count.eq:"),
        (json!({ "id": { "eq": null } }), "filter.id.eq:"),
    ] {
        let told = refused(&SALES_ORDER, filter);
        assert!(told.starts_with(place) && told.contains("use isNull"), "{told}");
    }
    assert!(refused(&SALES_ORDER_LINE, json!({ "keyword": null })).starts_with("filter.keyword:"));
}

#[test]
fn paths_go_over_each_step() {
    let person = meaning(&SALES_ORDER_LINE, json!({ "person": { "lastName": { "eq": "x" } } }));
    let steps: Vec<usize> = ["\"sales_order\"", "\"customer\"", "\"person\""]
        .iter()
        .map(|name| person.find(&format!("name: {name}")).unwrap_or_else(|| panic!("{person}")))
        .collect();
    assert!(steps.is_sorted(), "{person}");
    assert_eq!(person.matches("relation: ToOne {").count(), 3);
}

/// A column of a group that may be null as a whole may be null, too.
#[test]
fn the_code_of_an_error_may_be_null() {
    let code = meaning(&LOAD_RUN, json!({ "error": { "code": { "isNull": true } } }));
    assert!(code.contains("nullable: true"), "{code}");
    let key = &order(&LOAD_RUN, &given(json!({ "field": "ERROR_CODE" }))).unwrap().keys[0];
    assert!(matches!(&key.by, OrderBy::Column(column) if column.nullable));
}

#[test]
fn ids_are_compared_by_their_keys() {
    let id = |name: &str, key: [i32; 2]| {
        let key = if name == "SalesOrder" { [key[0]].into() } else { key.into() };
        crate::graphql::schema::global_id::encode(name, &key)
    };
    let orders = json!({ "id": { "in": [id("SalesOrder", [1, 0]), id("SalesOrder", [2, 0])] } });
    assert!(meaning(&SALES_ORDER, orders).contains("values: [Int(1), Int(2)]"));
    let line = meaning(&SALES_ORDER_LINE, json!({ "id": { "eq": id("SalesOrderLine", [1, 2]) } }));
    assert!(line.starts_with("Any([All([") && line.matches("Compare {").count() == 2, "{line}");
    assert_eq!(meaning(&SALES_ORDER_LINE, json!({ "id": { "in": [] } })), "Any([])");
}

#[test]
fn every_word_is_looked_for_everywhere() {
    let one = meaning(&SALES_ORDER_LINE, json!({ "keyword": "  Red " }));
    assert_eq!(one.matches("text: \"Red\" }").count(), 6, "{one}");
    let two = meaning(&SALES_ORDER_LINE, json!({ "keyword": "red\tx" }));
    assert!(two.starts_with("All([Any("), "{two}");
    assert_eq!(meaning(&SALES_ORDER_LINE, json!({ "keyword": " " })), "All([])");
}
