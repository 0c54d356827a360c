//! The root fields of mutations: commands, one file each.

mod replay_rejects;

use crate::graphql::schema::model::RootField;

pub(super) fn fields() -> Vec<RootField> {
    vec![replay_rejects::field()]
}
