//! The read use-cases: rows by key, lists, lists below parents, counts.

use sqlx::Row as _;

use super::condition::Condition;
use super::executor::Reader;
use super::key::Key;
use super::list::{Below, Extent, List, Pages};
use super::page::Page;
use super::row::Row;
use super::rows::Rows;
use super::selection::Selection;
use super::value::Value;
use crate::auth::Scope;
use crate::catalog::{Column, Table};
use crate::db::layout::Layout;
use crate::error::{Error, Result};
use crate::query::sql::alias::Alias;
use crate::query::sql::apart::{Apart, Decimals};
use crate::query::sql::filter::require;
use crate::query::sql::paging::Paging;
use crate::query::sql::statement::{Place, Statement};

impl Reader {
    /// The rows with these primary keys, in no particular order, by one statement.
    ///
    /// # Errors
    /// As any query.
    pub async fn by_keys(
        &self,
        scope: &Scope,
        selection: &Selection,
        keys: &[Key],
    ) -> Result<Vec<Row>> {
        let mut statement = Statement::over(scope, self.layout().await?);
        match Apart::of(selection, statement.layout)? {
            Some(apart) => {
                Apart::begin(&mut statement, apart.inner.columns().len());
                write_by_keys(&mut statement, &apart.inner, keys)?;
                apart.end(&mut statement, [], Decimals::Text)?;
            }
            None => write_by_keys(&mut statement, selection, keys)?,
        }
        Ok(statement.fetch_all(self).await?.into_iter().map(Row::new).collect())
    }

    /// A statement that reads these rows.
    async fn statement<'s>(&self, scope: &'s Scope, rows: Rows<'_>) -> Result<Statement<'s>> {
        let mut statement = Statement::over(scope, self.layout().await?);
        if let Rows::Groups(groups) = rows {
            statement.by_day = self.prepare(scope, groups).await?;
        }
        Ok(statement)
    }

    /// A page of a table.
    ///
    /// # Errors
    /// As any query.
    pub async fn list(&self, scope: &Scope, list: &List<'_>) -> Result<Pages> {
        let mut statement = self.statement(scope, list.rows).await?;
        Paging::of(list, statement.layout).write(&mut statement)?;
        let mut pages = Pages::default();
        let fetched = statement.fetch_all(self).await?;
        pages.add(fetched.into_iter().map(Row::new).collect(), list.page);
        Ok(pages)
    }

    /// Refuses a page that [`Self::list`] would refuse, and notes what it would read.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` and `FORBIDDEN`, as it does.
    pub(crate) fn note_list(&self, scope: &Scope, list: &List<'_>) -> Result<()> {
        let mut statement = Statement::new(scope);
        Paging::of(list, Layout::Single).write(&mut statement)?;
        self.note_checked(statement)
    }

    /// Likewise of [`Self::count`].
    ///
    /// # Errors
    /// As it does.
    pub(crate) fn note_count(
        &self,
        scope: &Scope,
        table: &'static Table,
        rows: Rows<'_>,
        condition: &Condition,
    ) -> Result<()> {
        let mut statement = Statement::new(scope);
        write_count(&mut statement, table, rows, condition)?;
        self.note_checked(statement)
    }

    /// Notes a statement, unless the caller may not execute it.
    fn note_checked(&self, mut statement: Statement<'_>) -> Result<()> {
        let text = std::mem::take(&mut statement.text);
        statement.check()?;
        self.note(&text);
        Ok(())
    }

    /// For each parent a page of its own, by one statement for all of them; `None`
    /// if these pages have more than `most` rows together, which are then not all
    /// fetched.
    ///
    /// # Errors
    /// As any query.
    pub async fn list_below(
        &self,
        scope: &Scope,
        list: &List<'_>,
        below: Below<'_>,
        most: u64,
    ) -> Result<Option<Pages>> {
        let mut statement = Statement::over(scope, self.layout().await?);
        let paging = Paging::of(list, statement.layout);
        // Each page may bring one row that only tells that more follow.
        let parents = u64::try_from(below.parents.len()).unwrap_or(u64::MAX);
        let enough = i64::try_from(most.saturating_add(parents)).unwrap_or(i64::MAX - 1);
        paging.write_below(&mut statement, below, enough + 1)?;

        let fetched = statement.fetch_all(self).await?;
        if i64::try_from(fetched.len()).is_ok_and(|fetched| fetched > enough) {
            return Ok(None);
        }
        let position = paging.width();
        let mut fetched = fetched.into_iter().peekable();
        let mut pages = Pages {
            rows: Vec::with_capacity(fetched.len()),
            pages: Vec::with_capacity(below.parents.len()),
        };
        for parent in 1..=below.parents.len() {
            let mut rows = Vec::new();
            while let Some(row) = fetched.peek() {
                if usize::try_from(row.try_get::<i64, _>(position)?) != Ok(parent) {
                    break;
                }
                rows.extend(fetched.next().map(Row::new));
            }
            pages.add(rows, list.page);
        }
        if fetched.peek().is_some() {
            return Err(Error::internal("a row belongs to no parent"));
        }
        Ok(Some(pages))
    }

    /// How many rows a list has, over all pages.
    ///
    /// # Errors
    /// As any query.
    pub async fn count(
        &self,
        scope: &Scope,
        table: &'static Table,
        rows: Rows<'_>,
        condition: &Condition,
    ) -> Result<i64> {
        let mut statement = self.statement(scope, rows).await?;
        write_count(&mut statement, table, rows, condition)?;
        let rows = statement.fetch_all(self).await?;
        let row = rows.first().ok_or_else(|| Error::internal("a count gave no row"))?;
        Ok(row.try_get(0)?)
    }

    /// How many rows each parent has, by one statement for all of them.
    ///
    /// # Errors
    /// As any query.
    pub async fn count_below(
        &self,
        scope: &Scope,
        table: &'static Table,
        condition: &Condition,
        below: Below<'_>,
    ) -> Result<Vec<i64>> {
        let row = row_of(table);
        let mut statement = Statement::over(scope, self.layout().await?);
        statement.push("SELECT parent.position, count(*) FROM ");
        statement.push_keys(below.columns, below.parents)?.push(" CROSS JOIN ").table(row);
        statement.match_parent(row.alias, below.columns);
        require(&mut statement, condition, row)?;
        statement.push(" GROUP BY parent.position");
        let mut counts = vec![0; below.parents.len()];
        for row in statement.fetch_all(self).await? {
            let position: i64 = row.try_get(0)?;
            let count = usize::try_from(position - 1).ok().and_then(|index| counts.get_mut(index));
            *count.ok_or_else(|| Error::internal("a row belongs to no parent"))? =
                row.try_get(1)?;
        }
        Ok(counts)
    }
}

impl Pages {
    /// Adds a page of rows that were fetched in the direction of paging, with one
    /// more than it holds where there are more.
    pub(super) fn add(&mut self, mut fetched: Vec<Row>, page: &Page) {
        let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
        let has_more = fetched.len() > limit;
        fetched.truncate(limit);
        if page.backwards {
            fetched.reverse();
        }
        let start = self.rows.len();
        self.rows.extend(fetched);
        self.pages.push(Extent { start, end: self.rows.len(), has_more });
    }
}

fn write_count(
    statement: &mut Statement<'_>,
    table: &'static Table,
    rows: Rows<'_>,
    condition: &Condition,
) -> Result<()> {
    let row = row_of(table);
    statement.push("SELECT count(*) FROM ");
    rows.write(statement, row)?;
    require(statement, condition, row)
}

pub(super) fn row_of(table: &'static Table) -> Place {
    Place { table, alias: Selection::ROW.alias() }
}

/// SELECT what is selected, each value with this name and its number, of the table and the rows
/// it refers to; conditions may follow.
pub(super) fn write_rows(
    statement: &mut Statement<'_>,
    selection: &Selection,
    name: Option<&str>,
) -> Result<()> {
    select(statement, selection, name);
    statement.push(" FROM ");
    from(statement, selection)
}

/// The condition that a column has the value that was sent.
pub(super) fn select_key(
    statement: &mut Statement<'_>,
    alias: Alias,
    column: &Column,
    number: usize,
) {
    statement.condition().column(alias, column).push(" = ").sent(column.kind, number);
}

/// SELECT and what is selected.
fn select(statement: &mut Statement<'_>, selection: &Selection, name: Option<&str>) {
    statement.push("SELECT ");
    for (index, (source, column)) in selection.columns().iter().enumerate() {
        statement.comma(index).selected(source.alias(), column).readable(column.kind);
        if let Some(name) = name {
            statement.push(" AS ").push(name).number(index);
        }
    }
}

/// The table and the rows it refers to, as they stand after FROM.
fn from(statement: &mut Statement<'_>, selection: &Selection) -> Result<()> {
    statement.table(row_of(selection.table()));
    let hidden = statement.hidden.clone();
    statement.join(selection.joins().filter(|(source, ..)| !hidden.contains(&source.alias())))
}

/// The rows with these primary keys.
fn write_by_keys(statement: &mut Statement<'_>, selection: &Selection, keys: &[Key]) -> Result<()> {
    let row = row_of(selection.table());
    statement.hide(selection);
    let [column] = row.table.key else {
        select(statement, selection, None);
        statement.push(" FROM ");
        statement.push_keys(row.table.key, keys)?.push(" CROSS JOIN ");
        from(statement, selection)?;
        statement.match_parent(row.alias, row.table.key);
        return Ok(());
    };
    write_rows(statement, selection, None)?;
    // Of an array, Postgres makes a new plan for each execution, which takes several
    // times as long as finding a row.
    if let [key] = keys {
        let [part] = key.parts() else {
            return Err(Error::internal("a key does not fit its table"));
        };
        let number = statement.send(column.kind, &Value::from(*part))?;
        select_key(statement, row.alias, column, number);
    } else {
        statement.condition().column(row.alias, column).push(" = ANY(");
        statement.bind_parts(column.kind, keys, 0)?.push(")");
    }
    Ok(())
}
