//! The root field of what does not fit.

use crate::graphql::schema::model::{RootField, RootValue};
use crate::graphql::types::SOURCE_FAILURE;

pub(super) fn fields() -> Vec<RootField> {
    vec![RootField {
        name: "sourceFailures",
        description: "What public APIs answered that does not fit the schema, the newest first. Null only \
                      together with an error.",
        arguments: &[],
        value: RootValue::List { of: &SOURCE_FAILURE, only: &[] },
    }]
}
