//! The embedded Postgres: its data survive whatever happens to the process.

use std::fs::{self, Permissions};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use salesgraph::embedded::postgres::{Crash, Postgres, PostgresOptions};
use sqlx::{Connection as _, PgConnection};
use tempfile::TempDir;

/// A folder that any account may traverse, as Postgres may run as another user.
fn state() -> TempDir {
    folder(0o755)
}

fn folder(mode: u32) -> TempDir {
    tempfile::Builder::new().permissions(Permissions::from_mode(mode)).tempdir().unwrap()
}

fn options(state: &Path) -> PostgresOptions {
    PostgresOptions {
        state_dir: state.to_owned(),
        port: None,
        settings: vec![("max_connections".into(), "20".into())],
    }
}

async fn connect(postgres: &Postgres) -> PgConnection {
    PgConnection::connect(&postgres.url()).await.unwrap()
}

async fn write(postgres: &Postgres) {
    let mut connection = connect(postgres).await;
    sqlx::query("create table kept (n int)").execute(&mut connection).await.unwrap();
    sqlx::query("insert into kept values (42)").execute(&mut connection).await.unwrap();
}

async fn read(postgres: &Postgres) -> i32 {
    let mut connection = connect(postgres).await;
    sqlx::query_scalar("select n from kept").fetch_one(&mut connection).await.unwrap()
}

async fn setting(postgres: &Postgres, name: &str) -> String {
    let mut connection = connect(postgres).await;
    let show = sqlx::query_scalar("select current_setting($1)").bind(name);
    show.fetch_one(&mut connection).await.unwrap()
}

#[tokio::test]
async fn data_survive_a_restart() {
    let state = state();
    let first = Postgres::start(options(state.path())).await.unwrap();
    write(&first).await;
    let (url, port) = (first.url(), first.port());
    first.stop().await.unwrap();
    assert!(PgConnection::connect(&url).await.is_err());
    let again = PostgresOptions { port: Some(port), ..options(state.path()) };
    let again = Postgres::start(again).await.unwrap();
    assert_eq!(again.url(), url, "the password stays");
    assert_eq!(read(&again).await, 42);
    again.stop().await.unwrap();
}

#[tokio::test]
async fn data_survive_every_crash() {
    let state = state();
    let mut postgres = Postgres::start(options(state.path())).await.unwrap();
    write(&postgres).await;
    let url = postgres.url();
    for how in [Crash::Immediate, Crash::Kill] {
        // A connected backend outlives its postmaster for a moment.
        let mut connection = connect(&postgres).await;
        let pid = postgres.pid();
        postgres.crash(how).await.unwrap();
        assert!(connection.ping().await.is_err());
        postgres.start_again().await.unwrap();
        assert_ne!(postgres.pid(), pid);
        assert_eq!(postgres.url(), url);
        assert_eq!(read(&postgres).await, 42);
    }
    postgres.crash(Crash::Kill).await.unwrap();
    drop(postgres);
    let other = Postgres::start(options(state.path())).await.unwrap();
    assert_eq!(read(&other).await, 42);
    other.stop().await.unwrap();
}

#[tokio::test]
async fn it_is_durable_private_and_as_configured() {
    let state = state();
    let postgres = Postgres::start(options(state.path())).await.unwrap();
    assert_eq!(setting(&postgres, "fsync").await, "on");
    assert_eq!(setting(&postgres, "max_connections").await, "20");
    assert_eq!(setting(&postgres, "listen_addresses").await, "127.0.0.1");
    assert_eq!(setting(&postgres, "unix_socket_directories").await, "");
    let password = fs::metadata(state.path().join("postgres/password")).unwrap();
    assert_eq!(password.mode() & 0o777, 0o600);
    let guessed = format!("postgres://salesgraph:guess@127.0.0.1:{}/salesgraph", postgres.port());
    let refused = PgConnection::connect(&guessed).await.unwrap_err();
    assert_eq!(
        refused.as_database_error().and_then(sqlx::error::DatabaseError::code).as_deref(),
        Some("28P01")
    );
    postgres.ensure_database("other").await.unwrap();
    postgres.ensure_database("other").await.unwrap();
    PgConnection::connect(&postgres.url_for("other")).await.unwrap();
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn it_does_not_run_as_root() {
    let state = state();
    let postgres = Postgres::start(options(state.path())).await.unwrap();
    let status = fs::metadata(format!("/proc/{}", postgres.pid())).unwrap();
    assert_ne!(status.uid(), 0);
    assert_ne!(status.gid(), 0);
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn a_folder_is_locked_by_one_postgres() {
    let state = state();
    let postgres = Postgres::start(options(state.path())).await.unwrap();
    let refused = Postgres::start(options(state.path())).await.unwrap_err();
    assert_eq!(refused.code().as_str(), "CONFLICT");
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn an_inaccessible_folder_is_named() {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let closed = folder(0o700);
    let refused = Postgres::start(options(&closed.path().join("state"))).await.unwrap_err();
    assert_eq!(refused.code().as_str(), "CONFIG");
    assert!(refused.message().contains(&closed.path().display().to_string()), "{refused}");
}

#[tokio::test]
async fn data_of_another_version_are_left_alone() {
    let state = state();
    Postgres::start(options(state.path())).await.unwrap().stop().await.unwrap();
    let version = state.path().join("postgres/data/PG_VERSION");
    let real = fs::read_to_string(&version).unwrap();
    fs::write(&version, "11\n").unwrap();
    let refused = Postgres::start(options(state.path())).await.unwrap_err();
    assert_eq!(refused.code().as_str(), "CONFIG");
    assert!(refused.message().contains("Postgres 11"), "{refused}");
    assert!(refused.message().contains(real.trim()), "{refused}");
}

#[tokio::test]
async fn a_failed_start_shows_the_log() {
    let state = state();
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = Some(taken.local_addr().unwrap().port());
    let refused = Postgres::start(PostgresOptions { port, ..options(state.path()) }).await;
    let refused = refused.unwrap_err();
    assert_eq!(refused.code().as_str(), "UNAVAILABLE");
    assert!(refused.message().contains("Address already in use"), "{refused}");
}
