//! Whole lists: all rows, in one snapshot, read as slowly as they are asked for.

use std::future::ready;
use std::time::Duration;

use futures_util::{Stream, StreamExt as _, stream};
use sqlx::postgres::PgRow;

use super::executor::Reader;
use super::list::List;
use super::row::Row;
use super::rows::Rows;
use crate::auth::Scope;
use crate::db::data_version::DataVersion;
use crate::db::layout::Layout;
use crate::db::snapshot::{Snapshot, SnapshotOptions, Snapshots};
use crate::db::statement_span::statement_failed;
use crate::error::{Error, Result};
use crate::query::sql::paging::Paging;
use crate::query::sql::statement::Statement;
use crate::telemetry::trace::Span;

/// A snapshot in which a whole list is read.
#[derive(Debug)]
pub struct Whole {
    /// The version of the data that it sees.
    pub version: DataVersion,
    main: Snapshot,
    /// Reads what belongs to the rows while more of them come.
    pub beside: Option<Reader>,
    by_day: bool,
    layout: Layout,
    /// Makes the spans of its statements.
    reader: Reader,
}

impl List<'_> {
    /// Whether a caller may read it.
    ///
    /// # Errors
    /// `FORBIDDEN` with what is missing.
    pub fn check(&self, scope: &Scope) -> Result<()> {
        let mut statement = Statement::new(scope);
        Paging::of(self, Layout::Single).write_whole(&mut statement)?;
        statement.check()
    }
}

impl Reader {
    /// Begins a snapshot for a list, with a reader beside it if one is needed. Dropping it
    /// cancels what is being read.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` when there would be too many groups; as any query.
    pub async fn whole(
        &self,
        scope: &Scope,
        list: &List<'_>,
        statement_timeout: Option<Duration>,
        is_read_beside: bool,
    ) -> Result<Whole> {
        let layout = self.layout().await?;
        let options = SnapshotOptions { territories: scope.territories(), statement_timeout };
        let begun = self.snapshots(options, is_read_beside).await?;
        let Snapshots { version, mut main, second } = begun;
        let mut by_day = false;
        if let Rows::Groups(groups) = list.rows {
            let reader = self.within(main);
            by_day = reader.prepare(scope, groups).await?;
            let missing = || Error::internal("a snapshot is still read in");
            main = reader.into_snapshot().ok_or_else(missing)?;
        }
        let beside = second.map(|second| self.within(second));
        Ok(Whole { version, main, beside, by_day, layout, reader: self.clone() })
    }
}

/// The span of a statement whose rows are read: dropped before its end, it was canceled.
struct Reading {
    span: Option<Span>,
    has_ended: bool,
}

impl Reading {
    /// A row, or the end.
    fn read(&mut self, row: Option<&sqlx::Result<PgRow>>) {
        match row {
            Some(Ok(_)) => return,
            Some(Err(error)) => {
                if let Some(span) = &self.span {
                    statement_failed(span, error);
                }
            }
            None => {}
        }
        self.has_ended = true;
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        if let (Some(span), false) = (&self.span, self.has_ended) {
            span.fail("canceled");
        }
    }
}

impl Whole {
    /// The rows of the list, in its order, whatever its page. Values are as Postgres sends them
    /// in binary, decimals among them: see [`Row::bytes`].
    ///
    /// # Errors
    /// As any query; also of each row.
    pub fn rows<'s>(
        &'s mut self,
        scope: &Scope,
        list: &List<'_>,
    ) -> Result<impl Stream<Item = Result<Row>> + Send + use<'s>> {
        let mut statement = Statement::over(scope, self.layout);
        statement.by_day = self.by_day;
        Paging::of(list, self.layout).write_whole(&mut statement)?;
        let span = self.reader.span(|| statement.text.clone());
        // The next one is another: there is no use in keeping it prepared.
        let query = statement.into_query()?.persistent(false);
        let rows = self.main.stream(query)?;
        let mut reading = Reading { span, has_ended: false };
        // The end is an item of its own, so that it is seen.
        let rows = rows.map(Some).chain(stream::once(ready(None)));
        Ok(rows.filter_map(move |row| {
            reading.read(row.as_ref());
            ready(row.map(|row| row.map(Row::new).map_err(Error::from)))
        }))
    }

    /// Ends the snapshot after its rows.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn end(self) -> Result<()> {
        if let Some(beside) = self.beside.and_then(Reader::into_snapshot) {
            beside.end().await?;
        }
        self.main.end().await
    }
}
