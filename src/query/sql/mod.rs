//! What a statement is written with.

pub(super) mod alias;
pub(super) mod apart;
pub(super) mod audience;
mod comparison;
pub(super) mod cursor_places;
pub(super) mod filter;
mod join;
pub(super) mod paging;
mod related;
pub(super) mod sort;
pub(super) mod statement;
mod text;
mod visible;
