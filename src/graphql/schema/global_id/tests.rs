use super::*;
use crate::graphql::types::{SALES_ORDER, SALES_ORDER_LINE};

#[test]
fn an_id_comes_back_as_type_and_key() {
    let id = encode("SalesOrderLine", &Key::from([43659, 1]));
    let (entity, key) = decode(&id, &[&SALES_ORDER, &SALES_ORDER_LINE], "id").unwrap();
    assert_eq!(entity.shape.name, "SalesOrderLine");
    assert_eq!(key, Key::from([43659, 1]));
}

#[test]
fn anything_else_is_refused_naming_the_argument() {
    let line = encode("SalesOrderLine", &Key::from([1, 2]));
    let mangled = URL_SAFE_NO_PAD.encode("SalesOrder:+1");
    for id in [line.as_str(), mangled.as_str(), "", "x", "U2FsZXNPcmRlcjo"] {
        let error = decode(id, &[&SALES_ORDER], "id").unwrap_err();
        assert_eq!(error.code().as_str(), "BAD_USER_INPUT");
        assert!(error.message().starts_with("id:"), "{id}");
    }
}
