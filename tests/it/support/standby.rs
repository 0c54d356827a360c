//! A primary with standbys that follow it by streaming replication.

use std::path::{Path, PathBuf};
use std::process::Command;

use salesgraph::embedded::postgres::{Postgres, PostgresOptions};
use sqlx::postgres::PgConnectOptions;

use super::servers::state_dir;

fn settings() -> Vec<(String, String)> {
    let settings = [("wal_level", "replica"), ("fsync", "off"), ("max_connections", "60")];
    settings.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
}

async fn start(state: &Path, settings: Vec<(String, String)>) -> Postgres {
    let options = PostgresOptions { state_dir: state.to_owned(), port: None, settings };
    Postgres::start(options).await.expect("Postgres starts")
}

/// A server that standbys can be made of.
pub(crate) async fn primary() -> (Postgres, PathBuf) {
    let state = state_dir("primary");
    (start(&state, settings()).await, state)
}

/// Standbys that follow a primary, made of copies of its data; it is started anew for that.
pub(crate) async fn standbys_of(
    primary: Postgres,
    primary_state: &Path,
    names: &[&str],
) -> (Postgres, Vec<Postgres>) {
    primary.stop().await.expect("the primary stops");
    let copies = names.iter().map(|name| {
        let state = state_dir(name);
        std::fs::create_dir_all(&state).expect("a folder");
        let mut copy = Command::new("cp");
        copy.arg("-a").arg(primary_state.join("postgres")).arg(&state);
        assert!(copy.status().expect("cp").success(), "the data are copied");
        std::fs::write(state.join("postgres/data/standby.signal"), "").expect("a standby");
        state
    });
    let copies: Vec<PathBuf> = copies.collect();
    let primary = start(primary_state, settings()).await;
    let options: PgConnectOptions = primary.url_for("postgres").parse().expect("a URL");
    let mut standbys = Vec::new();
    for state in copies {
        let password = std::fs::read_to_string(state.join("postgres/password"));
        let conninfo = format!(
            "host=127.0.0.1 port={} user={} password={}",
            options.get_port(),
            options.get_username(),
            password.expect("a password").trim()
        );
        let mut followed = settings();
        followed.push(("primary_conninfo".to_owned(), conninfo));
        standbys.push(start(&state, followed).await);
    }
    (primary, standbys)
}
