//! The lines of all orders as columns in memory, for sums that no table keeps ready: a copy of
//! what Postgres has, at one version of the data.
//!
//! The columns count, add up and pick, exactly. What depends on Postgres, such as how texts are
//! ordered and how many digits a quotient has, is not done here: who asks makes the answer of
//! these totals.

mod accumulate;
mod build;
mod chunk;
mod column;
mod copies;
mod groups;
mod key;
mod pick;
mod question;
mod read;
mod sales;
mod sums;
mod test;
mod work;

pub use copies::{Copies, Miss};
pub use groups::{Groups, Having, OfTotal, Shown, SortBy, SortKey};
pub use question::{Among, By, Field, Keys, Question, Refusal, SCALE, Test, Total, Value, What};
pub use sales::Sales;
pub use work::Bounds;
