//! Curated tables, as other programs read them.

mod changes;
mod crash;
mod missing;
mod noted;
mod readers;
mod snapshots;
mod writers;
