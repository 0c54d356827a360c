//! The pool, the version of the schema, and the codes of Postgres' errors.

use std::time::Duration;

use migration::{Migrator, MigratorTrait as _};
use salesgraph::db::pool::{self, SchemaVersion, Settings, schema_version};
use salesgraph::error::{Code, Error};
use sqlx::Executor as _;

use crate::support::{database, fixture, unmigrated};

#[tokio::test]
async fn the_schema_is_recognised_as_behind_current_or_ahead() {
    let db = unmigrated().await;
    let all = Migrator::migrations().len();
    assert_eq!(schema_version(&db.pool).await.unwrap(), SchemaVersion::Behind(all));

    let orm = pool::orm(&db.pool);
    Migrator::up(&orm, Some(1)).await.unwrap();
    let behind = schema_version(&db.pool).await.unwrap();
    assert_eq!(behind, SchemaVersion::Behind(all - 1));
    assert!(behind.require_current().unwrap_err().message().contains("salesgraph migrate up"));

    Migrator::up(&orm, None).await.unwrap();
    assert_eq!(schema_version(&db.pool).await.unwrap(), SchemaVersion::Current);

    db.pool.execute("INSERT INTO seaql_migrations VALUES ('m2999_future', 0)").await.unwrap();
    let ahead = schema_version(&db.pool).await.unwrap();
    assert_eq!(ahead, SchemaVersion::Ahead("m2999_future".to_owned()));
    let error = ahead.require_current().unwrap_err();
    assert!(!error.message().contains("m2999"), "anyone may read {error}");
    assert!(error.detail().contains("m2999_future"), "{}", error.detail());
}

#[tokio::test]
async fn a_failed_connection_names_the_server_and_not_the_password() {
    let settings = Settings {
        acquire_timeout: Duration::from_secs(2),
        ..Settings::new("postgres://joe:hush@127.0.0.1:1/sales")
    };
    let error = pool::connect(&settings).await.unwrap_err();
    assert_eq!(error.code(), Code::Unavailable);
    assert!(error.message().contains("127.0.0.1:1/sales"), "{error}");
    assert!(!error.detail().contains("hush"));
    assert!(!format!("{settings:?}").contains("hush"));

    let error = pool::connect(&Settings::new("mysql://x")).await.unwrap_err();
    assert_eq!(error.code(), Code::Config);
}

#[tokio::test]
async fn postgres_errors_are_mapped_to_codes() {
    let db = database().await;
    fixture::insert(&db.pool).await;
    for (sql, code) in [
        ("INSERT INTO special_offer_product SELECT * FROM special_offer_product", Code::Conflict),
        ("UPDATE sales_order_line SET product_id = 999", Code::Conflict),
        ("DELETE FROM load_file", Code::Conflict),
        ("UPDATE sales_order SET status = 9", Code::BadUserInput),
        ("UPDATE person SET first_name = NULL", Code::BadUserInput),
        ("SELECT no_such_column FROM person", Code::Internal),
    ] {
        let error = Error::from(db.pool.execute(sql).await.unwrap_err());
        assert_eq!(error.code(), code, "{sql}: {}", error.detail());
    }
    let orm = pool::orm(&db.pool);
    let error = sea_orm::ConnectionTrait::execute_unprepared(&orm, "DELETE FROM load_file").await;
    assert_eq!(Error::from(error.unwrap_err()).code(), Code::Conflict);
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_a_timeout() {
    let db = database().await;
    let settings =
        Settings { statement_timeout: Some(Duration::from_millis(50)), ..Settings::new(&db.url) };
    let pool = pool::connect(&settings).await.unwrap();
    let error = Error::from(pool.execute("SELECT pg_sleep(30)").await.unwrap_err());
    assert_eq!(error.code(), Code::Timeout);
}
