//! Read use-cases: what is asked for -> SQL -> rows. Each takes the caller's
//! [`Scope`](crate::auth::Scope).

pub mod aggregate;
mod condition;
mod cursor;
mod key;
mod order;
mod page;
mod read;
mod row;
mod rows;
mod selection;
mod sizes;
mod sql;
mod value;

pub use condition::{Comparison, Condition, Quantifier, TextMatch};
pub use cursor::{Position, cursor};
pub use key::{Key, KeyPart, date};
pub use order::{Direction, Nulls, Order, OrderBy, OrderKey};
pub use page::{
    Arguments, BadArgument, DEFAULT_SIZE, MAX_SIZE, Page, PageSizes, PageTooLarge, bad_argument,
};
pub use read::{Below, Extent, List, Pages, Reader};
pub use row::Row;
pub use rows::Rows;
pub use selection::{Selection, Source};
pub use sizes::Sizes;
pub use value::Value;
