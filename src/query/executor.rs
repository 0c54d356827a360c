//! The connections that use-cases read over.

use sqlx::postgres::PgPool;

use crate::db::connections::Connections;

/// Reads from Postgres on behalf of a caller.
#[derive(Debug, Clone)]
pub struct Reader {
    connections: Connections,
}

impl Reader {
    /// A reader over this pool.
    #[must_use]
    pub fn new(pool: PgPool) -> Self {
        Self { connections: Connections::of(pool) }
    }

    pub(super) const fn connections(&self) -> &Connections {
        &self.connections
    }
}
