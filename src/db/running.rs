//! A connection that runs a statement somebody waits for.

use std::ops::{Deref, DerefMut};

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnection, PgPool};
use sqlx::{Postgres, Result};

/// A connection of a pool, closed instead of returned when it is dropped before
/// [`Running::done`]: whoever waited for the statement gave up. The pool would
/// otherwise keep it busy until the statement has ended by itself. Postgres, told
/// to look by [`connect`](super::pool::connect), notices and ends the statement.
#[derive(Debug)]
pub struct Running {
    connection: PoolConnection<Postgres>,
    is_done: bool,
}

impl Running {
    /// Takes a connection from the pool.
    ///
    /// # Errors
    /// As any query: when there is none in time.
    pub async fn on(pool: &PgPool) -> Result<Self> {
        // Connecting takes much of a stack, which is that of all levels of a document.
        let connection = Box::pin(pool.acquire()).await?;
        Ok(Self { connection, is_done: false })
    }

    /// Returns it to the pool: the answer was read to its end, or is an error.
    pub fn done(mut self) {
        self.is_done = true;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.is_done {
            self.connection.close_on_drop();
        }
    }
}

impl Deref for Running {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.connection
    }
}

impl DerefMut for Running {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.connection
    }
}
