//! Pages and the cursors that continue them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use super::column::Table;
use super::key::{Key, KeyPart};
use crate::error::{Code, Error, Result};

/// Rows of a page when `first` is not given.
pub const DEFAULT_SIZE: u32 = 50;
/// Most rows of a page.
pub const MAX_SIZE: u32 = 1_000;

/// Format of the cursors made now; others are refused.
const VERSION: &str = "1";
/// The only order so far; part of the cursor, so that one cannot be used with
/// another order.
const BY_KEY: &str = "key";
const CHECK_BYTES: usize = 4;

/// A part of a list: at most `limit` rows after a key, in the order of the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Most rows.
    pub limit: u32,
    /// Rows come after this one; `None` is the beginning.
    pub after: Option<Key>,
}

impl Page {
    /// The page a caller asks for by `first` and `after`.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` naming the argument: `first` out of 0 to [`MAX_SIZE`], or an
    /// `after` that is no cursor of `list`.
    pub fn from_params(list: &List<'_>, first: Option<i32>, after: Option<&str>) -> Result<Self> {
        let limit = match first {
            None => DEFAULT_SIZE,
            Some(asked) => match u32::try_from(asked) {
                Ok(limit) if limit <= MAX_SIZE => limit,
                _ => {
                    return Err(bad_argument(
                        "first",
                        format!("first: {asked} is not within 0 to {MAX_SIZE}"),
                    ));
                }
            },
        };
        let after = after.map(|cursor| list.decode(cursor)).transpose()?;
        Ok(Self { limit, after })
    }
}

/// A list that is paged: which field of which type, over which table.
#[derive(Debug, Clone, Copy)]
pub struct List<'a> {
    /// The field as clients know it, such as `Customer.orders`.
    pub field: &'a str,
    /// The table its rows are of.
    pub table: &'static Table,
}

impl List<'_> {
    /// The cursor of the row with this key.
    #[must_use]
    pub fn encode(&self, key: &Key) -> String {
        let mut text = format!("{VERSION}|{}|{BY_KEY}", self.field);
        for part in key.parts() {
            text.push('|');
            text.push_str(&part.to_text());
        }
        let mut bytes = check(text.as_bytes()).to_vec();
        bytes.extend_from_slice(text.as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn decode(&self, cursor: &str) -> Result<Key> {
        let broken = || bad_argument("after", "after: not a cursor of this API".to_owned());
        let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| broken())?;
        let (sum, text) = bytes.split_at_checked(CHECK_BYTES).ok_or_else(broken)?;
        if sum != check(text) {
            return Err(broken());
        }
        let text = std::str::from_utf8(text).map_err(|_| broken())?;
        let mut parts = text.split('|');
        if parts.next() != Some(VERSION) {
            return Err(bad_argument(
                "after",
                "after: a cursor of another version; start again at the first page".to_owned(),
            ));
        }
        if parts.next() != Some(self.field) || parts.next() != Some(BY_KEY) {
            return Err(bad_argument(
                "after",
                format!("after: a cursor of another list than {}", self.field),
            ));
        }
        let key: Option<Vec<KeyPart>> = self
            .table
            .key
            .iter()
            .map(|column| KeyPart::from_text(parts.next()?, column.kind))
            .collect();
        match (key, parts.next()) {
            (Some(key), None) => Ok(Key::new(key)),
            _ => Err(broken()),
        }
    }
}

/// Guards against mangled cursors; it is no secret, and needs to be none: a
/// cursor gives access to nothing.
fn check(text: &[u8]) -> [u8; CHECK_BYTES] {
    let digest = Sha256::digest(text);
    let mut sum = [0; CHECK_BYTES];
    for (to, from) in sum.iter_mut().zip(digest) {
        *to = from;
    }
    sum
}

/// Names the argument at fault; the source of a `BAD_USER_INPUT` error.
#[derive(Debug, thiserror::Error)]
#[error("argument {0}")]
pub struct BadArgument(pub &'static str);

/// A `BAD_USER_INPUT` error about an argument.
#[must_use]
pub fn bad_argument(argument: &'static str, message: String) -> Error {
    Error::new(Code::BadUserInput, message).with_source(BadArgument(argument))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::{Column, Kind};

    static KEY: [Column; 2] = [Column::new("a", Kind::Int), Column::new("b", Kind::Int)];
    static TABLE: Table = Table::new("thing", &KEY);
    const LIST: List<'static> = List { field: "Query.things", table: &TABLE };

    fn message(first: Option<i32>, after: Option<&str>) -> String {
        let error = Page::from_params(&LIST, first, after).unwrap_err();
        assert_eq!(error.code(), Code::BadUserInput);
        error.message().to_owned()
    }

    #[test]
    fn sizes_have_a_default_and_bounds() {
        assert_eq!(Page::from_params(&LIST, None, None).unwrap().limit, DEFAULT_SIZE);
        assert_eq!(Page::from_params(&LIST, Some(0), None).unwrap().limit, 0);
        assert_eq!(Page::from_params(&LIST, Some(1000), None).unwrap().limit, 1000);
        assert!(message(Some(-1), None).contains("first"));
        assert!(message(Some(1001), None).contains("1000"));
    }

    #[test]
    fn a_cursor_comes_back_as_its_key() {
        let key = Key::from([43659, -1]);
        let page = Page::from_params(&LIST, None, Some(&LIST.encode(&key))).unwrap();
        assert_eq!(page.after, Some(key));
    }

    #[test]
    fn a_cursor_of_another_list_is_refused() {
        let other = List { field: "Query.others", table: &TABLE };
        let cursor = other.encode(&Key::from([1, 2]));
        assert!(message(None, Some(&cursor)).contains("another list"));
    }

    #[test]
    fn every_mangled_cursor_is_refused() {
        let cursor = LIST.encode(&Key::from([43659, 12]));
        for position in 0..cursor.len() {
            let mut mangled = cursor.clone().into_bytes();
            mangled[position] = if mangled[position] == b'A' { b'B' } else { b'A' };
            let mangled = String::from_utf8(mangled).unwrap();
            // The last character holds spare bits, which the decoder refuses too.
            assert!(Page::from_params(&LIST, None, Some(&mangled)).is_err(), "{mangled}");
        }
        for nonsense in ["", "x", "AAAAAAAA", "ünï", "MXxRdWVyeQ=="] {
            assert!(message(None, Some(nonsense)).contains("after"), "{nonsense}");
        }
    }
}
