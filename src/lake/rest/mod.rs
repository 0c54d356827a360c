//! A client of Iceberg REST catalogues.
//!
//! [`Catalog`] asks and commits, [`wire`] is what is said, `access` how the catalogue knows this
//! program, `call` one request with its retries, `http` its bytes.

mod access;
mod call;
mod catalog;
mod http;
mod wire;

pub(in crate::lake) use catalog::{Catalog, Commit, Outcome};
pub(in crate::lake) use wire::{Change, Loaded, NewTable};
