//! What tests start with: servers shared by the binary, and in them a database and a
//! bucket for each test alone.

pub(crate) mod api;
pub(crate) mod app;
pub(crate) mod aside;
pub(crate) mod cluster;
pub(crate) mod commands;
pub(crate) mod cut_proxy;
pub(crate) mod database;
pub(crate) mod dialects;
pub(crate) mod documents;
pub(crate) mod draw;
pub(crate) mod export;
pub(crate) mod fault_proxy;
pub(crate) mod filtered;
pub(crate) mod fixture;
pub(crate) mod forecast;
pub(crate) mod http;
pub(crate) mod jobs;
pub(crate) mod kept;
pub(crate) mod lake;
pub(crate) mod ledger;
pub(crate) mod lossy_proxy;
pub(crate) mod mirrored;
pub(crate) mod npm;
pub(crate) mod process;
pub(crate) mod python;
pub(crate) mod rates;
pub(crate) mod reports;
pub(crate) mod sales;
pub(crate) mod sample;
pub(crate) mod saved;
pub(crate) mod seaweed;
pub(crate) mod servers;
pub(crate) mod shapes;
pub(crate) mod snapshot;
pub(crate) mod socket;
pub(crate) mod standby;
pub(crate) mod statements;
pub(crate) mod subgraph;
pub(crate) mod switch_proxy;
pub(crate) mod world;
pub(crate) mod written;

pub(crate) use api::{Api, ask};
pub(crate) use app::TestApp;
pub(crate) use database::{TestDb, database, unmigrated};
pub(crate) use written::{write, write_over};
