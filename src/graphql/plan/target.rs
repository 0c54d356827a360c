//! What a root field reads: nothing by a key, or rows by the keys that its arguments name.

use std::sync::Arc;

use async_graphql::Variables;

use crate::config::DocumentLimits;
use crate::error::{Code, Error, Result};
use crate::graphql::inputs::arguments::{Arguments, Given, missing};
use crate::graphql::plan::{Operation, Root, RootStep};
use crate::graphql::schema::global_id;
use crate::graphql::schema::model::{RootField, RootValue};
use crate::graphql::{inputs, types};
use crate::query::{Key, KeyPart, PageTooLarge, bad_argument};

/// What a root field reads.
#[derive(Debug)]
pub(crate) enum RootTarget {
    /// No row by its key: nothing, or a connection.
    Unkeyed,
    /// One row: the index of its fetch, and the key.
    Row(usize, Key),
    /// The same for a list, each or why there is none.
    Rows(Vec<Result<(usize, Key), Arc<Error>>>),
    /// The row of a command with this input. It becomes a `Row` when the command has run.
    Command(Arguments),
}

/// The most rows that lists of keys may name, and what is asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Most {
    ids: u32,
    representations: usize,
    /// The representations of all root fields: together they are as much work as in one.
    asked: usize,
}

impl Most {
    pub(super) fn of(
        operation: &Operation,
        variables: &Variables,
        limits: &DocumentLimits,
    ) -> Self {
        let of_root = |root: &Root| match &root.step {
            RootStep::Keys { field, arguments, .. } => match field.value {
                RootValue::Entities => {
                    Given { arguments, variables }.length(inputs::REPRESENTATIONS)
                }
                _ => 0,
            },
            _ => 0,
        };
        let asked = operation.roots.iter().map(of_root).fold(0, usize::saturating_add);
        Self { ids: limits.page_size_max, representations: limits.representations, asked }
    }
}

/// What a field reads with these arguments.
pub(super) fn target(field: &RootField, given: Given<'_>, most: Most) -> Result<RootTarget> {
    let id = || given.text("id")?.ok_or_else(|| missing("id"));
    match &field.value {
        RootValue::Key(_) => {
            let parts = field.arguments.iter().map(|argument| {
                let part = given.int(argument.name)?;
                let part = part.ok_or_else(|| missing(argument.name))?;
                Ok(KeyPart::Int(i64::from(part)))
            });
            Ok(RootTarget::Row(0, Key::new(parts.collect::<Result<_>>()?)))
        }
        RootValue::Id(of) | RootValue::Followed { of, .. } => {
            Ok(RootTarget::Row(0, global_id::key_of(&id()?, of, "id")?))
        }
        RootValue::Value(of, _) => {
            let id = id()?;
            // Who has the document has the number, and not the id.
            let number = id.parse::<i32>().ok().filter(|_| of.table.key.len() == 1);
            let key = match number {
                Some(number) => Key::new(vec![KeyPart::Int(i64::from(number))]),
                None => global_id::key_of(&id, of, "id")?,
            };
            Ok(RootTarget::Row(0, key))
        }
        RootValue::Node => {
            let (fetch, key) = any(&id()?, "id")?;
            Ok(RootTarget::Row(fetch, key))
        }
        RootValue::Nodes => {
            let (asked, max) = (given.length("ids"), most.ids);
            if u32::try_from(asked).is_ok_and(|asked| asked <= max) {
                let ids = given.texts("ids")?;
                let keys = ids.iter().map(|id| any(id, "ids").map(Ok)).collect::<Result<_>>()?;
                return Ok(RootTarget::Rows(keys));
            }
            let message = format!("ids: {asked} ids are more than {max}, the limit");
            Err(Error::new(Code::BadUserInput, message).with_source(PageTooLarge("ids")))
        }
        RootValue::Entities => {
            let Most { representations: max, asked, .. } = most;
            if asked > max {
                let name = inputs::REPRESENTATIONS;
                let message = format!(
                    "{name}: {asked} representations are more than {max}, the limit of an operation"
                );
                return Err(Error::new(Code::BadUserInput, message).with_source(PageTooLarge(name)));
            }
            let described = inputs::representations(given)?;
            let keys = described.into_iter().map(|entity| entity.map_err(Arc::new));
            Ok(RootTarget::Rows(keys.collect()))
        }
        RootValue::Command { input: [], .. } => Ok(RootTarget::Command(Arguments::default())),
        RootValue::Command { .. } => {
            let input = given.object(inputs::INPUT)?.ok_or_else(|| missing(inputs::INPUT))?;
            Ok(RootTarget::Command(input))
        }
        RootValue::List { .. } | RootValue::Groups(_) | RootValue::Service => {
            Ok(RootTarget::Unkeyed)
        }
    }
}

/// The index of the type among all, and the key.
fn any(id: &str, argument: &'static str) -> Result<(usize, Key)> {
    let (of, key) = global_id::decode(id, &types::ALL, argument)?;
    let index = types::ALL.iter().position(|known| known.shape.name == of.shape.name);
    index
        .map(|index| (index, key))
        .ok_or_else(|| bad_argument(argument, format!("{argument}: not an id of this API")))
}
