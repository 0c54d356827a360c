//! The connections that use-cases read over.

use sqlx::postgres::PgPool;

use crate::db::connections::Connections;
use crate::db::row_security::RowSecurity;

/// Reads from Postgres on behalf of a caller.
#[derive(Debug, Clone)]
pub struct Reader {
    connections: Connections,
}

impl Reader {
    /// A reader over this pool. Only the conditions of its statements hide rows.
    #[must_use]
    pub fn new(pool: PgPool) -> Self {
        Self { connections: Connections::of(pool) }
    }

    /// Likewise, with row-level security behind the conditions if it is on.
    #[must_use]
    pub fn with_row_security(pool: PgPool, row_security: RowSecurity) -> Self {
        Self { connections: Connections::with_row_security(pool, row_security) }
    }

    /// The pool it reads over.
    #[must_use]
    pub fn pool(&self) -> &PgPool {
        self.connections.pool()
    }

    pub(super) const fn connections(&self) -> &Connections {
        &self.connections
    }
}

impl From<PgPool> for Reader {
    fn from(pool: PgPool) -> Self {
        Self::new(pool)
    }
}
