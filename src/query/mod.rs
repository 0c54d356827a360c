//! Read use-cases: what is asked for -> SQL -> rows. Each takes the caller's
//! [`Scope`](crate::auth::Scope).

pub mod aggregate;
mod argument;
mod condition;
mod convert;
mod currency;
mod cursor;
mod executor;
mod key;
mod list;
mod order;
mod page;
mod read;
mod row;
mod rows;
mod selection;
mod sizes;
mod sql;
mod value;
mod whole;
mod with_list;

pub use argument::{BadArgument, PageTooLarge, bad_argument};
pub use condition::{Comparison, Condition, Quantifier, TextMatch};
pub use convert::{Amount, CONVERTED_AMOUNT};
pub use currency::Currency;
pub use cursor::{Position, cursor};
pub use executor::Reader;
pub use key::{Key, KeyPart, date};
pub use list::{Below, Extent, List, Pages};
pub use order::{Direction, Nulls, Order, OrderBy, OrderKey};
pub use page::{Arguments, DEFAULT_SIZE, MAX_SIZE, Page, PageSizes};
pub use row::Row;
pub use rows::Rows;
pub use selection::{Selection, Source};
pub use sizes::Sizes;
pub(crate) use sql::audience::{
    is_volatile_table, may_be_hidden, require_column, require_table, sees_all_rows,
};
pub use value::Value;
pub use whole::Whole;
pub use with_list::WithList;
