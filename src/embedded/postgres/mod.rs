//! An embedded Postgres: installed on the machine or downloaded, with its data in
//! a folder, reachable from this machine only.

mod account;
mod binaries;
mod cluster;
mod download;
mod parent_death;
mod process;
mod server;
mod stale;

pub use server::{Crash, Postgres, PostgresOptions};
