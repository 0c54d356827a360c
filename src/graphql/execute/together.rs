//! A row by its key and the first of the connections below it, by one statement.

use super::Execution;
use super::data::{KeyedRows, Lists};
use crate::error::Result;
use crate::graphql::plan::{Connection, Fetch, Many};
use crate::query::{Below, Key, Pages, Rows, WithList};

impl Execution<'_> {
    /// The row with this key and what is below it; `None` if it has to be read by itself, also
    /// where reading them together has failed: then it is known which of them fails.
    pub(super) async fn together(&self, fetch: &Fetch, key: &Key) -> Option<Result<KeyedRows>> {
        let (place, many) = fetch.below.iter().enumerate().find(|(_, many)| is_of(many, fetch))?;
        let connection = &many.connection;
        let binding = self.bindings.list(connection.number).ok()?;
        if binding.groups().is_some() || !connection.needs_rows() {
            return None;
        }
        let list = connection.list(binding, Rows::Table);
        // More values than a response may have are told of in their place.
        let most = u64::from(binding.page.limit).saturating_mul(connection.row_values());
        if most > self.budget.left() {
            return None;
        }
        let permit = self.budget.permit().await.ok()?;
        let read = self.reader.by_key_with_list(self.scope, &fetch.selection, key, &list, many.by);
        let found = read.await.ok()??;
        drop(permit);
        Some(match found {
            Some(WithList { row, pages }) => {
                self.keyed(fetch, vec![row], Some((place, pages))).await
            }
            None => self.keyed(fetch, Vec::new(), None).await,
        })
    }

    /// The lists of a connection whose pages have been read.
    pub(super) async fn lists_with(
        &self,
        connection: &Connection,
        below: Below<'_>,
        pages: Pages,
    ) -> Result<Lists> {
        let rows = Rows::Table;
        let counts = self.counts(connection, rows, Some(below)).await?;
        self.below(connection, pages, counts).await
    }
}

/// Whether the rows of a connection are those that have the key of the row itself.
fn is_of(many: &Many, fetch: &Fetch) -> bool {
    // A row begins with its key.
    many.parent == [0] && fetch.of.table.key.len() == 1
}
