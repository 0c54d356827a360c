//! Groups of sales that columns in memory put together, where they have the exact answer at the
//! version of the data that the request has seen.

use super::Execution;
use super::data::{Columns, Lists};
use crate::columnar::Miss;
use crate::error::Result;
use crate::graphql::plan::Connection;
use crate::graphql::plan::bind::ListBinding;
use crate::query::Rows;
use crate::query::aggregate::{Groups, Shown};
use crate::telemetry::metrics::columns_asked;

impl Execution<'_> {
    /// The groups by columns; `None` where the rows are to be read.
    pub(super) async fn lists_of_columns(
        &self,
        connection: &Connection,
        binding: &ListBinding,
    ) -> Result<Option<Lists>> {
        let (Some(columns), Some(groups)) = (self.columns, binding.groups()) else {
            return Ok(None);
        };
        let is_read = connection.needs_rows() || connection.needs_count();
        if !is_read || !groups.may_be_of_columns(self.scope) {
            return Ok(None);
        }
        self.note_rows(connection, binding)?;
        let answered = Box::pin(self.by_columns(columns, connection, binding, groups)).await?;
        columns_asked(answered.as_ref().err().map_or("columns", |miss| miss.as_str()));
        Ok(answered.ok())
    }

    /// Refuses what is refused of rows, and notes what they would be read from: an answer has
    /// the same version wherever it comes from.
    fn note_rows(&self, connection: &Connection, binding: &ListBinding) -> Result<()> {
        let rows = binding.rows();
        if connection.needs_rows() {
            self.reader.note_list(self.scope, &connection.list(binding, rows))?;
        }
        if connection.needs_count() {
            let table = connection.fetch.of.table;
            self.reader.note_count(self.scope, table, rows, &binding.condition)?;
        }
        Ok(())
    }

    async fn by_columns(
        &self,
        columns: Columns<'_>,
        connection: &Connection,
        binding: &ListBinding,
        groups: &Groups,
    ) -> Result<Result<Lists, Miss>> {
        let Columns { copies, seen, reads } = columns;
        let sales = match copies.at(seen) {
            Ok(sales) => sales,
            Err(miss) => return Ok(Err(miss)),
        };
        let shown = Shown {
            page: &binding.page,
            having: &binding.condition,
            is_counted: connection.needs_count(),
        };
        let made = groups.by_columns(self.reader, self.scope, (copies, sales), shown).await?;
        let Some(made) = made else { return Ok(Err(Miss::Unsupported)) };
        let rows = Rows::Groups(&made.groups);
        let pages = self.pages(connection, rows, None).await?;
        let counts = match made.count {
            Some(count) => vec![if connection.needs_count() { count } else { 0 }],
            None => self.counts(connection, rows, None).await?,
        };
        // What Postgres was asked for beside the totals may be of a later version than these.
        let has_joined = connection.fetch.selection.joins().next().is_some();
        let has_asked = made.has_asked || has_joined || made.groups.fill_gaps;
        if has_asked && !copies.is_still(seen, reads.tables()).await {
            return Ok(Err(Miss::Changed));
        }
        self.below(connection, pages, counts).await.map(Ok)
    }
}
