//! Global ids: the type's name and the key, opaque to clients.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use super::model::Type;
use crate::catalog::Kind;
use crate::error::Result;
use crate::query::{Key, KeyPart, bad_argument};

/// The id of the row with this key.
pub(crate) fn encode(name: &str, key: &Key) -> String {
    let mut text = name.to_owned();
    for part in key.parts() {
        text.push(':');
        text.push_str(&part.to_text());
    }
    URL_SAFE_NO_PAD.encode(text)
}

/// The type and key of an id.
///
/// # Errors
/// `BAD_USER_INPUT` naming `argument` if it is not an id of one of these types.
pub(crate) fn decode(
    id: &str,
    among: &[&'static Type],
    argument: &'static str,
) -> Result<(&'static Type, Key)> {
    parse(id, among).ok_or_else(|| {
        let message = match among {
            [entity] => format!("{argument}: not the id of a {}", entity.shape.name),
            _ => format!("{argument}: not an id of this API"),
        };
        bad_argument(argument, message)
    })
}

/// The key of a type's id, which may be the plain UUID where that is the key.
///
/// # Errors
/// As [`decode`].
pub(crate) fn key_of(id: &str, entity: &'static Type, argument: &'static str) -> Result<Key> {
    match (entity.table.key, Uuid::try_parse(id)) {
        ([column], Ok(uuid)) if column.kind == Kind::Uuid => Ok(Key::from(uuid)),
        _ => decode(id, &[entity], argument).map(|(_, key)| key),
    }
}

fn parse(id: &str, among: &[&'static Type]) -> Option<(&'static Type, Key)> {
    let bytes = URL_SAFE_NO_PAD.decode(id).ok()?;
    let mut parts = std::str::from_utf8(&bytes).ok()?.split(':');
    let name = parts.next()?;
    let entity = among.iter().find(|entity| entity.shape.name == name)?;
    let key: Option<Vec<KeyPart>> = entity
        .table
        .key
        .iter()
        .map(|column| KeyPart::from_text(parts.next()?, column.kind))
        .collect();
    let key = Key::new(key?);
    // Only the one way to write an id is accepted.
    (parts.next().is_none() && encode(name, &key) == id).then_some((*entity, key))
}

#[cfg(test)]
mod tests;
