//! The root field of the lake.

use crate::graphql::schema::model::{RootField, RootValue};
use crate::graphql::types::LAKE_TABLE;

pub(super) fn fields() -> Vec<RootField> {
    vec![RootField {
        name: "lakeTables",
        description: "The tables of the lake; none before a load run has written it. Null only together \
                      with an error.",
        arguments: &[],
        value: RootValue::List { of: &LAKE_TABLE, only: &[] },
    }]
}
