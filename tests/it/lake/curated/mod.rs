//! Curated tables, as other programs read them.

mod changes;
mod crash;
mod readers;
mod snapshots;
mod writers;
