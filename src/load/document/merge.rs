//! Documents in Postgres: orders are merged before their lines, in one transaction.

use std::sync::LazyLock;

use sqlx::{AssertSqlSafe, PgConnection, Postgres, Transaction};

use super::batch::DocumentBatch;
use crate::dataset::{self, Dataset};
use crate::db::layout::Layout;
use crate::error::{Error, Result};
use crate::load::counts::Counts;
use crate::load::failure::LoadResult;
use crate::load::file::merge::{self, Manner, Target};
use crate::load::file::statements::Statements;
use crate::load::ledger::{self, RunFile};

/// The two tables of documents.
pub(crate) struct Targets {
    orders: Target,
    lines: Target,
}

static SINGLE: LazyLock<Option<Targets>> = LazyLock::new(|| Targets::of(Layout::Single));
static DISTRIBUTED: LazyLock<Option<Targets>> = LazyLock::new(|| Targets::of(Layout::Distributed));

impl Targets {
    pub(crate) fn get(layout: Layout) -> Result<&'static Self> {
        let targets = match layout {
            Layout::Single => &SINGLE,
            Layout::Distributed => &DISTRIBUTED,
        };
        targets.as_ref().ok_or_else(|| Error::internal("orders are no dataset"))
    }

    fn of(layout: Layout) -> Option<Self> {
        let target = |table| {
            let dataset: &'static Dataset = dataset::by_table(table)?;
            Some(Target { dataset, statements: Statements::for_parts(dataset, layout), layout })
        };
        Some(Self { orders: target("sales_order")?, lines: target("sales_order_line")? })
    }

    /// Begins a transaction with empty staging tables.
    pub(crate) async fn begin<'c>(
        &self,
        connection: &'c mut PgConnection,
    ) -> LoadResult<Transaction<'c, Postgres>> {
        let create = self.orders.statements.create_stage.as_str();
        sqlx::query(AssertSqlSafe(create)).execute(&mut *connection).await?;
        merge::begin(connection, &self.lines).await
    }

    /// Empties the staging tables.
    pub(crate) async fn empty(&self, connection: &mut PgConnection) -> LoadResult<()> {
        for target in [&self.orders, &self.lines] {
            let truncate = target.statements.truncate.as_str();
            sqlx::query(AssertSqlSafe(truncate)).execute(&mut *connection).await?;
        }
        Ok(())
    }

    /// Stages and merges a batch, and writes its rejects.
    pub(crate) async fn merge(
        &self,
        connection: &mut PgConnection,
        batch: &DocumentBatch,
        of: RunFile,
        manner: Manner,
    ) -> LoadResult<Counts> {
        let mut counts = Counts::default();
        for (target, batch) in [(&self.orders, &batch.orders), (&self.lines, &batch.lines)] {
            merge::stage(connection, target, &[batch]).await?;
            counts += merge::merge(connection, target, batch, of, &[], manner).await?;
        }
        let batches = [(of.file, &batch.orders), (of.file, &batch.lines)];
        ledger::rejects::insert(connection, of.run, &batches).await?;
        Ok(counts)
    }
}
