//! Postgres by itself: the same JSON in one prepared statement, no API at all.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use sqlx::{AssertSqlSafe, PgConnection};
use tokio::task::JoinSet;

use crate::Result;
use crate::database::Database;

/// One document's statement, and the values to vary it over.
#[derive(Debug)]
pub(crate) struct Statement {
    text: String,
    values: Vec<Value>,
}

impl Statement {
    pub(crate) fn new(text: String, values: Vec<Value>) -> Self {
        Self { text, values }
    }

    /// The data for one value.
    pub(crate) async fn data(&self, connection: &mut PgConnection, at: usize) -> Result<Value> {
        Ok(serde_json::from_str(&self.run(connection, at).await?)?)
    }

    async fn run(&self, connection: &mut PgConnection, at: usize) -> Result<String> {
        let mut query = sqlx::query_scalar(AssertSqlSafe(self.text.clone()));
        query = match self.values.get(at % self.values.len()) {
            None | Some(Value::Null) => query,
            Some(Value::String(text)) => query.bind(text.clone()),
            Some(other) => query.bind(other.to_string()),
        };
        Ok(query.fetch_one(connection).await?)
    }
}

/// Runs it on several connections at once; gives how often a second.
pub(crate) async fn rate(
    database: &Database,
    statement: &Arc<Statement>,
    connections: u32,
    seconds: u64,
) -> Result<f64> {
    // All are ready before any begins: rates are only added up over the same time.
    let mut ready = Vec::new();
    for first in 0..connections {
        // Each begins at another value.
        let at = usize::try_from(first)? * 31;
        let mut connection = database.connect().await?;
        statement.run(&mut connection, at).await?;
        ready.push((connection, at));
    }
    let mut tasks: JoinSet<Result<f64>> = JoinSet::new();
    for (mut connection, mut at) in ready {
        let statement = Arc::clone(statement);
        tasks.spawn(async move {
            let begun = Instant::now();
            let mut answers = 0_u32;
            while begun.elapsed() < Duration::from_secs(seconds) {
                statement.run(&mut connection, at).await?;
                at += 1;
                answers += 1;
            }
            Ok(f64::from(answers) / begun.elapsed().as_secs_f64())
        });
    }
    let mut rate = 0.0;
    while let Some(ended) = tasks.join_next().await {
        rate += ended??;
    }
    Ok(rate)
}
