//! Pages: how much of a list is asked for, and from where on.

use super::argument::{PageTooLarge, bad_argument};
use super::cursor::{self, Position};
use super::order::Order;
use crate::catalog::Table;
use crate::error::{Code, Error, Result};

/// Rows of a page when neither `first` nor `last` is given.
pub const DEFAULT_SIZE: u32 = 50;
/// Most rows of a page.
pub const MAX_SIZE: u32 = 1_000;

/// Sizes of pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageSizes {
    /// Rows of a page when neither `first` nor `last` is given.
    pub default: u32,
    /// Most rows of a page.
    pub most: u32,
}

impl Default for PageSizes {
    fn default() -> Self {
        Self { default: DEFAULT_SIZE, most: MAX_SIZE }
    }
}

/// The arguments of a list as a caller gives them.
#[derive(Debug, Clone, Default)]
pub struct Arguments {
    /// At most so many rows from the beginning.
    pub first: Option<i32>,
    /// At most so many rows up to the end.
    pub last: Option<i32>,
    /// Only rows after that of this cursor.
    pub after: Option<String>,
    /// Only rows before that of this cursor.
    pub before: Option<String>,
}

/// A part of a list: at most `limit` rows between two positions in its order.
#[derive(Debug, Clone)]
pub struct Page {
    /// Most rows.
    pub limit: u32,
    /// Whether these are the last rows of the part and not the first.
    pub backwards: bool,
    /// The order of the list.
    pub order: Order,
    /// Rows come after this; `None` is the beginning.
    pub(super) after: Option<Position>,
    /// Rows come before this; `None` is the end.
    pub(super) before: Option<Position>,
}

impl Page {
    /// The page of the list `field` that a caller asks for.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` naming the argument: both `first` and `last`, a negative size, one
    /// over the most (its source is [`PageTooLarge`]), a cursor that is none of this
    /// list in this order, a key that is twice in the order.
    pub fn from_params(
        field: &str,
        table: &'static Table,
        mut order: Order,
        arguments: &Arguments,
        sizes: PageSizes,
    ) -> Result<Self> {
        let (argument, asked) = match (arguments.first, arguments.last) {
            (Some(_), Some(_)) => {
                return Err(bad_argument(
                    "last",
                    "last: give either first or last, not both".to_owned(),
                ));
            }
            (None, Some(last)) => ("last", Some(last)),
            (first, None) => ("first", first),
        };
        let limit = asked.map_or(Ok(sizes.default), |asked| size(argument, asked, sizes.most))?;
        order.settle(table)?;
        let position = |argument, cursor: &Option<String>| {
            cursor
                .as_ref()
                .map(|text| cursor::decode(argument, text, field, table, &order))
                .transpose()
        };
        let after = position("after", &arguments.after)?;
        let before = position("before", &arguments.before)?;
        Ok(Self { limit, backwards: argument == "last", order, after, before })
    }

    /// All rows of the list of a table, in this order.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` when a key is twice in the order.
    pub fn whole(table: &'static Table, mut order: Order) -> Result<Self> {
        order.settle(table)?;
        Ok(Self { limit: u32::MAX, backwards: false, order, after: None, before: None })
    }

    /// Whether only rows after a cursor are asked for.
    #[must_use]
    pub const fn has_after(&self) -> bool {
        self.after.is_some()
    }

    /// Whether only rows before a cursor are asked for.
    #[must_use]
    pub const fn has_before(&self) -> bool {
        self.before.is_some()
    }
}

fn size(argument: &'static str, asked: i32, most: u32) -> Result<u32> {
    match u32::try_from(asked) {
        Ok(limit) if limit <= most => Ok(limit),
        Ok(_) => {
            let message =
                format!("{argument}: {asked} is more than the {most} rows a page may have");
            Err(Error::new(Code::BadUserInput, message).with_source(PageTooLarge(argument)))
        }
        Err(_) => Err(bad_argument(argument, format!("{argument}: {asked} is less than 0"))),
    }
}
