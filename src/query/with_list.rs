//! A row and a page of a list below it, by one statement: one round trip, where the row and then
//! its list would be two.

use sqlx::Row as _;
use sqlx::postgres::PgRow;

use super::executor::Reader;
use super::key::Key;
use super::list::{List, Pages};
use super::read::{row_of, select_key, write_rows};
use super::row::Row;
use super::selection::Selection;
use super::value::Value;
use crate::auth::Scope;
use crate::catalog::Column;
use crate::db::layout::Layout;
use crate::error::Result;
use crate::query::sql::paging::Paging;
use crate::query::sql::statement::Statement;

/// A row and a page of a list below it.
#[derive(Debug)]
pub struct WithList {
    /// The row.
    pub row: Row,
    /// The page.
    pub pages: Pages,
}

impl Reader {
    /// The row with this primary key, and a page of the rows of a table whose `columns` hold that
    /// key. `Some(None)` if there is no such row; `None` if one statement cannot read both for
    /// this caller, or the key has several parts.
    ///
    /// # Errors
    /// As any query.
    pub async fn by_key_with_list(
        &self,
        scope: &Scope,
        selection: &Selection,
        key: &Key,
        list: &List<'_>,
        columns: &[Column],
    ) -> Result<Option<Option<WithList>>> {
        // A cluster takes a page below a row in another form, which this is not.
        if self.layout().await?.is_distributed() {
            return Ok(None);
        }
        let Some((statement, width)) = write(scope, selection, key, list, columns)? else {
            return Ok(None);
        };
        let mut fetched = statement.fetch_all(self).await?.into_iter();
        let Some(first) = fetched.next() else { return Ok(Some(None)) };
        // What tells whether there is a row of the list is the last value.
        let is_empty = !first.try_get::<bool, _>(first.len().saturating_sub(1))?;
        let (row, first) = Row::split(first, width);
        let rows = fetched.map(|row: PgRow| Row::from(row, width));
        let mut pages = Pages::default();
        let rows = if is_empty { Vec::new() } else { std::iter::once(first).chain(rows).collect() };
        pages.add(rows, list.page);
        Ok(Some(Some(WithList { row, pages })))
    }
}

/// The statement, and how many values of a result are the row's.
fn write<'s>(
    scope: &'s Scope,
    selection: &Selection,
    key: &Key,
    list: &List<'_>,
    columns: &[Column],
) -> Result<Option<(Statement<'s>, usize)>> {
    let ([of_key], [part], [column]) = (selection.table().key, key.parts(), columns) else {
        return Ok(None);
    };
    let paging = Paging::of(list, Layout::Single);
    let mut statement = Statement::new(scope);
    statement.hide(selection);
    paging.hide(&mut statement);
    // Both call their rows by the same names, so that those of one would be left out of the
    // other.
    if !statement.hidden.is_empty() {
        return Ok(None);
    }
    let number = statement.send(of_key.kind, &Value::from(*part))?;
    let width = selection.columns().len();
    statement.push("SELECT ");
    for index in 0..width {
        statement.comma(index).push("own.o").number(index);
    }
    statement.push(if width > 0 { ", " } else { "" });
    paging.write_items(&mut statement)?;
    statement.push(if paging.width() > 0 { ", " } else { "" });
    statement.push("child.s").number(paging.last_key()).push(" IS NOT NULL FROM (");
    write_rows(&mut statement, selection, Some("o"))?;
    select_key(&mut statement, row_of(selection.table()).alias, of_key, number);
    statement.push(") AS own LEFT JOIN (");
    statement.conditions(" WHERE ", |statement| {
        paging.write_page(statement, |statement, row| {
            select_key(statement, row.alias, column, number);
        })
    })?;
    statement.push(") AS child ON true");
    paging.write_late(&mut statement)?;
    statement.push(" ORDER BY ");
    paging.write_child_order(&mut statement)?;
    Ok(Some((statement, width)))
}
