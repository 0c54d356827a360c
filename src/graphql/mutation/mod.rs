//! The root fields of mutations: commands, one file each.

mod replay_rejects;

use crate::graphql::schema::model::RootField;

pub(super) const FIELDS: &[&[RootField]] = &[replay_rejects::FIELDS];
