//! Authorization: the rows a caller may see.

mod scope;

pub use scope::Scope;
