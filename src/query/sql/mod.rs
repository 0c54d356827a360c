//! What a statement is written with.

pub(super) mod alias;
pub(super) mod audience;
pub(super) mod filter;
mod join;
pub(super) mod layout;
pub(super) mod paging;
pub(super) mod sort;
pub(super) mod statement;
mod text;
mod visible;
