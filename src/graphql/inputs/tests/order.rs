use serde_json::json;

use super::given;
use crate::graphql::inputs::order;
use crate::graphql::inputs::order::keys_of;
use crate::graphql::schema::model::Type;
use crate::graphql::types::{CUSTOMER, PRODUCT};
use crate::query::{Direction, Nulls, OrderBy};

fn refused_order(entity: &'static Type, value: serde_json::Value) -> String {
    let error = order(entity, &given(value)).unwrap_err();
    assert_eq!(error.code().as_str(), "BAD_USER_INPUT");
    error.message().to_owned()
}

#[test]
fn an_order_is_read() {
    let value = json!([
        { "field": "ORDER_COUNT", "direction": "DESC" },
        { "field": "PERSON_LAST_NAME", "nulls": "FIRST" },
    ]);
    let read = order(&CUSTOMER, &given(value)).unwrap();
    let [first, second] = &read.keys[..] else { panic!("{read:?}") };
    assert_eq!((first.name.as_str(), first.direction), ("ORDER_COUNT", Direction::Desc));
    assert_eq!(first.nulls, Nulls::Last);
    assert!(matches!(first.by, OrderBy::Count(_)));
    assert_eq!(second.nulls, Nulls::First);
    assert_eq!(second.direction, Direction::Asc);
    assert!(matches!(&second.by, OrderBy::Related { path, .. } if path.len() == 1));
    let single = order(&PRODUCT, &given(json!({ "field": "NAME" }))).unwrap();
    assert_eq!(single.keys.len(), 1);
    for none in [json!(null), json!([])] {
        assert!(order(&PRODUCT, &given(none)).unwrap().keys.is_empty());
    }
}

#[test]
fn an_order_that_does_not_fit_is_refused() {
    let keys: Vec<_> =
        keys_of(&PRODUCT).iter().take(11).map(|key| json!({ "field": key.name })).collect();
    for (value, message) in [
        (json!([{ "field": "X" }]), "orderBy[0].field: expected a value of ProductOrderField"),
        (json!([{ "field": 1 }]), "orderBy[0].field: expected"),
        (json!([{}]), "orderBy[0]: field is missing"),
        (json!([null]), "orderBy[0]: null is not accepted; leave it out"),
        (json!([{ "field": null }]), "orderBy[0].field: null"),
        (json!([{ "field": "NAME", "nulls": null }]), "orderBy[0].nulls: null"),
        (
            json!([{ "field": "NAME", "direction": "UP" }]),
            "orderBy[0].direction: expected one of ASC",
        ),
        (json!([{ "field": "NAME", "x": 1 }]), "orderBy[0]: ProductOrder has no field \"x\""),
        (json!([{ "field": "NAME" }, { "field": "NAME" }]), "orderBy[1]: NAME is given twice"),
        (json!("NAME"), "orderBy[0]: expected an object of type ProductOrder"),
        (json!(keys), "orderBy: 11 values are more than the 10"),
    ] {
        let told = refused_order(&PRODUCT, value);
        assert!(told.starts_with(message), "{told}");
    }
}
