//! The pages of connections, with what is below their rows.

use tokio::join;

use super::Execution;
use super::data::Lists;
use crate::error::Result;
use crate::graphql::plan::{Connection, count};
use crate::query::aggregate::Groups;
use crate::query::{Below, Extent, Pages, Rows};

impl Execution<'_> {
    /// The pages of a connection: of the root, or one for each parent.
    pub(super) async fn lists(
        &self,
        connection: &Connection,
        below: Option<Below<'_>>,
    ) -> Result<Lists> {
        let binding = self.bindings.list(connection.number)?;
        if binding.groups().is_some_and(Groups::is_of_lake) {
            return Box::pin(self.lists_of_lake(connection, binding, below)).await;
        }
        if below.is_none()
            && let Some(lists) = Box::pin(self.lists_of_columns(connection, binding)).await?
        {
            return Ok(lists);
        }
        self.lists_of(connection, binding.rows(), below).await
    }

    pub(super) async fn lists_of(
        &self,
        connection: &Connection,
        from: Rows<'_>,
        below: Option<Below<'_>>,
    ) -> Result<Lists> {
        // Not `try_join!`: dropping a statement under way closes its connection.
        let (pages, counts) =
            join!(self.pages(connection, from, below), self.counts(connection, from, below));
        self.below(connection, pages?, counts?).await
    }

    /// Pages with what is below their rows.
    pub(super) async fn below(
        &self,
        connection: &Connection,
        of: Pages,
        counts: Vec<i64>,
    ) -> Result<Lists> {
        let Pages { rows, pages } = of;
        self.budget.take(count(rows.len()).saturating_mul(connection.edge_values()))?;
        let fetched = self.fetched(&connection.fetch, rows, None).await?;
        Ok(Lists { of: Vec::new(), pages, counts, fetched })
    }

    pub(super) async fn pages(
        &self,
        connection: &Connection,
        rows: Rows<'_>,
        below: Option<Below<'_>>,
    ) -> Result<Pages> {
        let lists = below.map_or(1, |below| below.parents.len());
        if lists == 0 || !connection.needs_rows() {
            let nothing = Extent { start: 0, end: 0, has_more: false };
            return Ok(Pages { rows: Vec::new(), pages: vec![nothing; lists] });
        }
        let binding = self.bindings.list(connection.number)?;
        let list = connection.list(binding, rows);
        let _permit = self.budget.permit().await?;
        match below {
            None => self.reader.list(self.scope, &list).await,
            Some(below) => {
                let max = self.budget.left() / connection.row_values();
                let pages = self.reader.list_below(self.scope, &list, below, max).await?;
                pages.ok_or_else(|| self.budget.exceeded())
            }
        }
    }

    pub(super) async fn counts(
        &self,
        connection: &Connection,
        rows: Rows<'_>,
        below: Option<Below<'_>>,
    ) -> Result<Vec<i64>> {
        let lists = below.map_or(1, |below| below.parents.len());
        if lists == 0 || !connection.needs_count() {
            return Ok(vec![0; lists]);
        }
        let binding = self.bindings.list(connection.number)?;
        let table = connection.fetch.of.table;
        let _permit = self.budget.permit().await?;
        match below {
            None => Ok(vec![self.reader.count(self.scope, table, rows, &binding.condition).await?]),
            Some(below) => {
                self.reader.count_below(self.scope, table, &binding.condition, below).await
            }
        }
    }
}
