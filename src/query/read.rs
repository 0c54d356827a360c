//! The read use-cases: rows by key, lists, lists below parents, counts.

use sqlx::Row as _;
use sqlx::postgres::{PgPool, PgRow};

use super::column::{Column, Columns, Table};
use super::key::{Key, KeyPart};
use super::page::Page;
use super::row::Row;
use super::statement::Statement;
use super::visible::restrict;
use crate::auth::Scope;
use crate::error::{Error, Result};

/// Reads from Postgres on behalf of a caller.
#[derive(Debug, Clone)]
pub struct Reader {
    pool: PgPool,
}

/// The rows of a page and whether more follow.
#[derive(Debug, Default)]
pub struct Rows {
    /// In the order of the page.
    pub rows: Vec<Row>,
    /// Whether there are rows after the last.
    pub has_next: bool,
}

/// Rows of a table with a column of one value.
#[derive(Debug, Clone, Copy)]
pub struct Equals {
    /// The column.
    pub column: &'static Column,
    /// The value.
    pub value: KeyPart,
}

/// Lists below parents: rows of a table whose columns hold a parent's key.
#[derive(Debug, Clone, Copy)]
pub struct Below<'a> {
    /// Columns that hold the parent's key.
    pub columns: &'static [Column],
    /// The parents' keys.
    pub parents: &'a [Key],
}

impl Reader {
    /// A reader over this pool.
    #[must_use]
    pub const fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    /// The rows with these primary keys, in no particular order, by one statement.
    ///
    /// # Errors
    /// As any query.
    pub async fn by_keys(
        &self,
        scope: &Scope,
        columns: &Columns,
        keys: &[Key],
    ) -> Result<Vec<Row>> {
        let table = columns.table;
        let mut statement = select(columns);
        if let [column] = table.key {
            statement.condition().push(column.name).push(" = ANY(");
            statement.bind_parts(column.kind, keys, 0)?.push(")");
        } else {
            statement.push(", ").push_keys(table.key, keys)?;
            statement.match_parent(table, table.key);
        }
        restrict(&mut statement, table, scope);
        Ok(statement.fetch_all(&self.pool).await?.into_iter().map(Row::new).collect())
    }

    /// A page of a table.
    ///
    /// # Errors
    /// As any query.
    pub async fn list(
        &self,
        scope: &Scope,
        columns: &Columns,
        conditions: &[Equals],
        page: &Page,
    ) -> Result<Rows> {
        let mut statement = select(columns);
        equal(&mut statement, conditions)?;
        finish_page(&mut statement, scope, columns.table, page)?;
        let mut rows = statement.fetch_all(&self.pool).await?;
        let has_next = cut(&mut rows, page.limit);
        Ok(Rows { rows: rows.into_iter().map(Row::new).collect(), has_next })
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
        columns: &Columns,
        below: Below<'_>,
        page: &Page,
        most: u64,
    ) -> Result<Option<Vec<Rows>>> {
        let table = columns.table;
        let mut statement = Statement::default();
        statement.push("SELECT child.*, parent.position FROM ");
        statement.push_keys(below.columns, below.parents)?;
        statement.push(" CROSS JOIN LATERAL (SELECT ");
        columns.write_list(&mut statement.text);
        statement.push(" FROM ").push(table.name);
        statement.match_parent(table, below.columns);
        finish_page(&mut statement, scope, table, page)?;
        statement.push(") AS child ORDER BY parent.position, ");
        statement.push_order("child", table);
        // Each page may bring one row that only tells that more follow.
        let parents = u64::try_from(below.parents.len()).unwrap_or(u64::MAX);
        let enough = i64::try_from(most.saturating_add(parents)).unwrap_or(i64::MAX - 1);
        statement.push(" LIMIT ").bind(enough + 1)?;

        let fetched = statement.fetch_all(&self.pool).await?;
        if i64::try_from(fetched.len()).is_ok_and(|fetched| fetched > enough) {
            return Ok(None);
        }
        let mut pages: Vec<Vec<PgRow>> = below.parents.iter().map(|_| Vec::new()).collect();
        for row in fetched {
            slot(&mut pages, row.try_get("position")?)?.push(row);
        }
        let pages = pages.into_iter().map(|mut rows| {
            let has_next = cut(&mut rows, page.limit);
            Rows { rows: rows.into_iter().map(Row::new).collect(), has_next }
        });
        Ok(Some(pages.collect()))
    }

    /// How many rows a list has, over all pages.
    ///
    /// # Errors
    /// As any query.
    pub async fn count(
        &self,
        scope: &Scope,
        table: &'static Table,
        conditions: &[Equals],
    ) -> Result<i64> {
        let mut statement = Statement::default();
        statement.push("SELECT count(*) FROM ").push(table.name);
        equal(&mut statement, conditions)?;
        restrict(&mut statement, table, scope);
        let rows = statement.fetch_all(&self.pool).await?;
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
        below: Below<'_>,
    ) -> Result<Vec<i64>> {
        let mut statement = Statement::default();
        statement.push("SELECT parent.position, count(*) FROM ").push(table.name).push(", ");
        statement.push_keys(below.columns, below.parents)?;
        statement.match_parent(table, below.columns);
        restrict(&mut statement, table, scope);
        statement.push(" GROUP BY parent.position");
        let mut counts = vec![0; below.parents.len()];
        for row in statement.fetch_all(&self.pool).await? {
            *slot(&mut counts, row.try_get(0)?)? = row.try_get(1)?;
        }
        Ok(counts)
    }
}

fn select(columns: &Columns) -> Statement {
    let mut statement = Statement::default();
    statement.push("SELECT ");
    columns.write_list(&mut statement.text);
    statement.push(" FROM ").push(columns.table.name);
    statement
}

fn equal(statement: &mut Statement, conditions: &[Equals]) -> Result<()> {
    for Equals { column, value } in conditions {
        statement.condition().push(column.name).push(" = ");
        statement.bind_part(column.kind, *value)?;
    }
    Ok(())
}

/// One row more than the page holds is asked for, to know whether more follow.
fn finish_page(statement: &mut Statement, scope: &Scope, table: &Table, page: &Page) -> Result<()> {
    if let Some(key) = &page.after {
        statement.after(table, key)?;
    }
    restrict(statement, table, scope);
    statement.push(" ORDER BY ").push_order(table.name, table);
    statement.push(" LIMIT ").bind(i64::from(page.limit) + 1)?;
    Ok(())
}

fn cut(rows: &mut Vec<PgRow>, limit: u32) -> bool {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_next = rows.len() > limit;
    rows.truncate(limit);
    has_next
}

/// Where the values of the parent at `position` (from 1) go.
fn slot<T>(slots: &mut [T], position: i64) -> Result<&mut T> {
    usize::try_from(position - 1)
        .ok()
        .and_then(|index| slots.get_mut(index))
        .ok_or_else(|| Error::internal("a row belongs to no parent"))
}
