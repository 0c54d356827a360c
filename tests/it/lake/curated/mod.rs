//! Curated tables, as other programs read them.

mod changes;
mod crash;
mod engines;
mod examples;
mod missing;
mod noted;
mod readers;
mod snapshots;
mod writers;
