//! Who is calling, and what they may see.

mod scope;

pub use scope::Scope;
