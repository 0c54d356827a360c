//! Conditions and pages against an oracle in Rust.

mod conditions;
mod pages;
