//! Read use-cases: what is asked for -> SQL -> rows. Each takes the caller's
//! [`Scope`](crate::auth::Scope).

mod column;
mod key;
mod page;
mod read;
mod row;
mod statement;
pub mod tables;
mod visible;

pub use column::{Column, Columns, Kind, Table};
pub use key::{Key, KeyPart};
pub use page::{BadArgument, DEFAULT_SIZE, List, MAX_SIZE, Page, bad_argument};
pub use read::{Below, Equals, Reader, Rows};
pub use row::Row;
