//! Conditions that only Postgres can decide, about the rows of small tables: it is asked for the
//! keys of these rows first. It knows how texts are ordered, which letters are the same but for
//! case, and what the wide table does not have of a store.

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use sqlx::Row as _;

use super::condition::{Compiler, RowOf};
use super::refusal::unsupported;
use crate::auth::Scope;
use crate::catalog::ToOne;
use crate::error::{Code, Error, Result};
use crate::query::condition::Condition;
use crate::query::executor::Reader;
use crate::query::selection::Selection;
use crate::query::sql::filter::require;
use crate::query::sql::statement::{Place, Statement};
use crate::query::value::Value;

/// The tables whose keys are asked for.
const SMALL: [&str; 3] = ["product", "store", "territory"];
/// Most keys of one condition.
const MOST_KEYS: usize = 10_000;

/// What is asked with.
#[derive(Clone, Copy)]
pub(super) struct Resolve<'a> {
    pub(super) reader: &'a Reader,
    pub(super) scope: &'a Scope,
    pub(super) persons: bool,
}

impl Resolve<'_> {
    /// The same condition on lines, as the lake can decide it.
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
                    let tried = Compiler::new(self.scope, self.persons).whether(condition, row, 0);
                    match tried {
                        Err(error) if error.code() == Code::LakeUnsupported => {}
                        Err(error) => return Err(error),
                        Ok(_) => return Ok(condition.clone()),
                    }
                    if SMALL.contains(&relation.table.name) {
                        return self.keys(*relation, inner).await;
                    }
                    match row.joined(relation) {
                        Some(one) => Condition::One {
                            relation: *relation,
                            condition: Box::new(self.of(one, inner).await?),
                        },
                        None => condition.clone(),
                    }
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
            return Err(Error::internal("a small table has a key of one column"));
        };
        let row = Place { table: relation.table, alias: Selection::ROW.alias() };
        let mut statement = Statement::over(self.scope, self.reader.layout().await?);
        statement.push("SELECT ").column(row.alias, key).push("::bigint FROM ").table(row);
        require(&mut statement, condition, row)?;
        statement.push(" ORDER BY 1 LIMIT ").number(MOST_KEYS + 1);
        let rows = statement.fetch_all(self.reader).await?;
        if rows.len() > MOST_KEYS {
            let table = relation.table.name;
            return Err(unsupported(format!(
                "more than {MOST_KEYS} rows of {table} fulfil a condition that the lake cannot \
                 decide: ask for fewer, or with engine: POSTGRES"
            )));
        }
        let values = rows.iter().map(|row| Ok(Value::Int(row.try_get(0)?)));
        let values = values.collect::<Result<_>>()?;
        Ok(Condition::In { column: from, values, negated: false })
    }
}
