//! Conditions that only Postgres can decide, about rows that lines lead to: it is asked for the
//! keys of these rows first. It knows how texts are ordered, which letters are the same but for
//! case, and what a copy of the sales does not have.

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use sqlx::Row as _;

use super::row_of::RowOf;
use crate::auth::Scope;
use crate::catalog::ToOne;
use crate::error::{Error, Result};
use crate::query::condition::Condition;
use crate::query::executor::Reader;
use crate::query::selection::Selection;
use crate::query::sql::filter::require;
use crate::query::sql::statement::{Place, Statement};
use crate::query::value::Value;

/// Who decides conditions beside Postgres.
pub(super) trait Decides: Sync {
    /// The tables whose keys are asked for.
    const SMALL: &'static [&'static str];
    /// Likewise, where that is not enough for the rows that theirs refer to.
    const LARGE: &'static [&'static str];
    /// Most keys of one condition.
    const MOST_KEYS: usize;

    /// Whether it can decide a condition on a row.
    fn can(&self, condition: &Condition, row: RowOf) -> Result<bool>;

    /// The error of too many keys; `None` leaves the condition as it is.
    fn too_many(&self, table: &str) -> Option<Error>;
}

/// What is asked with.
pub(super) struct Resolve<'a, D> {
    pub(super) reader: &'a Reader,
    pub(super) scope: &'a Scope,
    pub(super) decides: &'a D,
}

impl<D> Clone for Resolve<'_, D> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<D> Copy for Resolve<'_, D> {}

impl<D: Decides> Resolve<'_, D> {
    /// The same condition on lines, as the other can decide it.
    pub(super) async fn condition(self, lines: &Condition) -> Result<Condition> {
        self.of(RowOf::LINE, lines).await
    }

    fn of<'b>(self, row: RowOf, condition: &'b Condition) -> BoxFuture<'b, Result<Condition>>
    where
        Self: 'b,
    {
        async move {
            Ok(match condition {
                Condition::All(all) => Condition::All(self.each(row, all).await?),
                Condition::Any(any) => Condition::Any(self.each(row, any).await?),
                Condition::Not(inner) => Condition::Not(Box::new(self.of(row, inner).await?)),
                Condition::One { relation, condition: inner } => {
                    if self.decides.can(condition, row)? {
                        return Ok(condition.clone());
                    }
                    let table = relation.table.name;
                    if D::SMALL.contains(&table) {
                        return self.keys(*relation, inner).await;
                    }
                    let Some(one) = row.joined(relation) else { return Ok(condition.clone()) };
                    let inner = Box::new(self.of(one, inner).await?);
                    let one = Condition::One { relation: *relation, condition: inner };
                    if D::LARGE.contains(&table) && !self.decides.can(&one, row)? {
                        let Condition::One { condition: inner, .. } = &one else { return Ok(one) };
                        return self.keys(*relation, inner).await;
                    }
                    one
                }
                other => other.clone(),
            })
        }
        .boxed()
    }

    async fn each(self, row: RowOf, conditions: &[Condition]) -> Result<Vec<Condition>> {
        let mut all = Vec::with_capacity(conditions.len());
        for condition in conditions {
            all.push(self.of(row, condition).await?);
        }
        Ok(all)
    }

    async fn keys(self, relation: ToOne, condition: &Condition) -> Result<Condition> {
        let ([key], [from]) = (relation.table.key, relation.from) else {
            return Err(Error::internal("a table of one key has a key of one column"));
        };
        let row = Place { table: relation.table, alias: Selection::ROW.alias() };
        let mut statement = Statement::over(self.scope, self.reader.layout().await?);
        // One row with a list, which is read many times as fast as a row for each key.
        statement.push("SELECT coalesce(array_agg(k), '{}') FROM (SELECT ");
        statement.column(row.alias, key).push("::bigint AS k FROM ").table(row);
        require(&mut statement, condition, row)?;
        statement.push(" ORDER BY 1 LIMIT ").number(D::MOST_KEYS + 1).push(") AS keys");
        let rows = statement.fetch_all(self.reader).await?;
        let found = rows.first().ok_or_else(|| Error::internal("a list of keys gave no row"))?;
        let keys: Vec<i64> = found.try_get(0)?;
        if keys.len() > D::MOST_KEYS {
            let left = Condition::One { relation, condition: Box::new(condition.clone()) };
            return self.decides.too_many(relation.table.name).map_or(Ok(left), Err);
        }
        let values = keys.into_iter().map(Value::Int).collect();
        Ok(Condition::In { column: from, values, negated: false })
    }
}
