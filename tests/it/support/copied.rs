//! Questions of tests that a cluster would not take.

use std::collections::BTreeSet;

use migration::distribution::is_shared;
use salesgraph::db::layout::Layout;
use sqlx::postgres::PgPool;
use sqlx::{AssertSqlSafe, Executor as _, Postgres, Transaction};

/// Where the SQL of a test that works out what is right may be asked: of a cluster, a session that
/// has copies of the tables which are named there, all on one machine.
pub(crate) async fn on_one_machine(pool: &PgPool, sql: &str) -> Transaction<'static, Postgres> {
    let mut transaction = pool.begin().await.expect("a transaction");
    let layout = Layout::seen_by(&mut transaction).await.expect("an answer");
    if layout.is_distributed() {
        let words = sql.split(|sign: char| !(sign.is_alphanumeric() || sign == '_'));
        let tables: BTreeSet<&str> = words.filter(|word| is_shared(word)).collect();
        for table in tables {
            let copy = format!(
                "CREATE TEMP TABLE {table} ON COMMIT DROP AS SELECT * FROM public.{table};
                 ANALYZE {table}"
            );
            transaction.execute(AssertSqlSafe(copy)).await.expect("a copy");
        }
    }
    transaction
}
