//! Carries out a plan, level by level: all rows of a level are there before the
//! next is read, so each selected relation costs one statement, however many
//! rows refer to it.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use async_graphql::indexmap::IndexMap;
use async_graphql::{Name, Value};
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, try_join_all};

use super::connection::Lists;
use super::failure::{Failure, Outcome, Places, field};
use super::limits::Budget;
use super::plan::{ManyPlan, OnePlan, Plan, Related, RowPlan, Step, count};
use super::{id, scalars};
use crate::auth::Scope;
use crate::error::{Error, Result};
use crate::query::{Below, Columns, Key, Reader, Row};

/// Bytes of a text that count as one more value.
const TEXT: usize = 64;

/// Carries out plans for one root field.
pub(super) struct Execution<'a> {
    pub(super) reader: &'a Reader,
    pub(super) scope: &'a Scope,
    pub(super) budget: &'a Budget,
    /// Failures of fields that are null instead.
    pub(super) failures: Mutex<Vec<Failure>>,
}

pub(super) type Object = IndexMap<Name, Value>;

impl Execution<'_> {
    /// Keeps a failure for the answer.
    pub(super) fn report(&self, failure: Failure) {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).push(failure);
    }

    /// The objects of these keys, of which each may come once, in their order; null
    /// where there is none.
    pub(super) async fn by_keys(
        &self,
        plan: &RowPlan,
        keys: &[Key],
        places: Places<'_>,
    ) -> Outcome<Vec<Value>> {
        let failed = Failure::of(places);
        let table = plan.columns.table;
        let turn = self.budget.turn().await.map_err(&failed)?;
        let rows = self.reader.by_keys(self.scope, &plan.columns, keys).await.map_err(&failed)?;
        drop(turn);
        let key_of = |row: &Row| row.key(table.key, plan.columns.key_indexes());
        let place = |row: usize| {
            let key = rows.get(row).and_then(|row| key_of(row).ok().flatten());
            places(keys.iter().position(|known| Some(known) == key.as_ref()).unwrap_or_default())
        };
        let all: Vec<&Row> = rows.iter().collect();
        let values = self.objects(&plan.plan, &plan.columns, &all, &place).await?;
        let mut found = HashMap::with_capacity(rows.len());
        for (row, value) in rows.iter().zip(values) {
            if let Some(key) = key_of(row).map_err(&failed)? {
                found.insert(key, value);
            }
        }
        Ok(keys.iter().map(|key| found.remove(key).unwrap_or(Value::Null)).collect())
    }

    /// The same for keys that may come more than once: a row many others refer to
    /// is read once, but has each of its places in the answer.
    pub(super) async fn by_shared_keys(
        &self,
        plan: &RowPlan,
        wanted: &[&Key],
        places: Places<'_>,
    ) -> Outcome<Vec<Value>> {
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let mut uses: BTreeMap<&Key, usize> = BTreeMap::new();
        for key in wanted {
            *uses.entry(*key).or_default() += 1;
        }
        let keys: Vec<Key> = uses.keys().map(|key| (*key).clone()).collect();
        let place = |key: usize| {
            let first = wanted.iter().position(|wanted| keys.get(key) == Some(*wanted));
            places(first.unwrap_or_default())
        };
        let values = self.by_keys(plan, &keys, &place).await?;
        let mut found: HashMap<&Key, Value> = keys.iter().zip(values).collect();
        wanted
            .iter()
            .enumerate()
            .map(|(index, key)| {
                let left =
                    uses.get_mut(*key).ok_or_else(lost).map_err(Failure::at(places, index))?;
                *left -= 1;
                // The last place takes the value itself, which was paid for when it was made.
                if *left == 0 {
                    return Ok(found.remove(*key).unwrap_or(Value::Null));
                }
                let value = found.get(*key).unwrap_or(&Value::Null);
                self.budget.take(values_in(value)).map_err(Failure::at(places, index))?;
                Ok(value.clone())
            })
            .collect()
    }

    /// One object for each row. Boxed, because plans contain plans.
    pub(super) fn objects<'b>(
        &'b self,
        plan: &'b Plan,
        columns: &'b Columns,
        rows: &'b [&'b Row],
        places: Places<'b>,
    ) -> BoxFuture<'b, Outcome<Vec<Value>>> {
        async move {
            let values = count(rows.len()).saturating_mul(plan.values());
            self.budget.take(values).map_err(Failure::of(places))?;
            let steps = plan.related.iter().map(|step| self.related(step, columns, rows, places));
            let related = try_join_all(steps).await?;
            let mut related: Vec<_> = related.into_iter().map(Vec::into_iter).collect();
            rows.iter()
                .enumerate()
                .map(|(index, row)| {
                    self.object(plan, columns, row, &mut related)
                        .map_err(Failure::at(places, index))
                })
                .collect()
        }
        .boxed()
    }

    fn object(
        &self,
        plan: &Plan,
        columns: &Columns,
        row: &Row,
        related: &mut [std::vec::IntoIter<Value>],
    ) -> Result<Value> {
        let mut object = Object::with_capacity(plan.steps.len());
        let mut texts = 0;
        for (key, step) in &plan.steps {
            let value = match step {
                Step::Related(index) => {
                    related.get_mut(*index).and_then(Iterator::next).ok_or_else(lost)?
                }
                step => scalar(plan, columns, row, step)?,
            };
            if let Value::String(text) = &value {
                texts += text.len() / TEXT;
            }
            object.insert(key.clone(), value);
        }
        self.budget.take(count(texts))?;
        Ok(Value::Object(object))
    }

    async fn related(
        &self,
        (key, related): &(Name, Related),
        columns: &Columns,
        rows: &[&Row],
        places: Places<'_>,
    ) -> Outcome<Vec<Value>> {
        let here = |row| field(places(row), key);
        let values = match related {
            Related::One(one) => self.one(one, rows, &here).await,
            Related::Many(many) => self.many(many, columns, rows, &here).await,
            Related::Group(None, plan) => self.objects(plan, columns, rows, &here).await,
            Related::Group(Some(index), plan) => {
                let there = Unless { index: *index, plan };
                self.group_unless_null(there, columns, rows, &here).await
            }
        };
        values.or_else(|failure| {
            if !related.is_nullable() {
                return Err(failure);
            }
            self.report(failure);
            Ok(vec![Value::Null; rows.len()])
        })
    }

    async fn group_unless_null(
        &self,
        group: Unless<'_>,
        columns: &Columns,
        rows: &[&Row],
        places: Places<'_>,
    ) -> Outcome<Vec<Value>> {
        let failed = Failure::of(places);
        let null: Vec<bool> = rows
            .iter()
            .map(|row| row.is_null(group.index))
            .collect::<Result<_>>()
            .map_err(&failed)?;
        let there: Vec<usize> =
            null.iter().enumerate().filter(|(_, null)| !**null).map(|(row, _)| row).collect();
        let kept: Vec<&Row> = there.iter().filter_map(|row| rows.get(*row).copied()).collect();
        let place = |row: usize| places(there.get(row).copied().unwrap_or_default());
        let mut values = self.objects(group.plan, columns, &kept, &place).await?.into_iter();
        null.into_iter()
            .map(|null| if null { Ok(Value::Null) } else { values.next().ok_or_else(lost) })
            .collect::<Result<_>>()
            .map_err(failed)
    }

    async fn one(&self, one: &OnePlan, rows: &[&Row], places: Places<'_>) -> Outcome<Vec<Value>> {
        let failed = Failure::of(places);
        let key_columns = one.row.columns.table.key;
        let named: Vec<Option<Key>> = rows
            .iter()
            .map(|row| row.key(key_columns, one.from.iter().copied()))
            .collect::<Result<_>>()
            .map_err(&failed)?;
        let (from, keys): (Vec<usize>, Vec<&Key>) =
            named.iter().enumerate().filter_map(|(row, key)| Some((row, key.as_ref()?))).unzip();
        let place = |key: usize| places(from.get(key).copied().unwrap_or_default());
        let found = self.by_shared_keys(&one.row, &keys, &place).await?;
        let mut values = vec![Value::Null; rows.len()];
        for (row, value) in from.into_iter().zip(found) {
            if let Some(slot) = values.get_mut(row) {
                *slot = value;
            }
        }
        match values.iter().position(|value| !one.nullable && matches!(value, Value::Null)) {
            None => Ok(values),
            Some(row) => {
                let error = Error::internal("a row is missing");
                let error = error.with_source(one.row.columns.table.name);
                Err(Failure::at(places, row)(error))
            }
        }
    }

    async fn many(
        &self,
        many: &ManyPlan,
        columns: &Columns,
        rows: &[&Row],
        places: Places<'_>,
    ) -> Outcome<Vec<Value>> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let parents: Vec<Key> = rows
            .iter()
            .map(|row| row.key(columns.table.key, columns.key_indexes())?.ok_or_else(lost))
            .collect::<Result<_>>()
            .map_err(Failure::of(places))?;
        let below = Below { columns: many.by, parents: &parents };
        self.connections(&many.connection, Lists::Below(below), places).await
    }
}

/// A group of fields that is null where the column at the index is.
struct Unless<'a> {
    index: usize,
    plan: &'a Plan,
}

fn scalar(plan: &Plan, columns: &Columns, row: &Row, step: &Step) -> Result<Value> {
    match step {
        Step::Typename => Ok(Value::String(plan.type_name.to_owned())),
        Step::Id => {
            let key = row.key(columns.table.key, columns.key_indexes())?.ok_or_else(lost)?;
            Ok(Value::String(id::encode(plan.type_name, &key)))
        }
        Step::Column(index, column) => scalars::value(row, *index, column),
        Step::Code(index, column, codes) => scalars::code(row, *index, column, codes),
        Step::Related(_) => Err(lost()),
    }
}

/// As they are counted when they are made.
fn values_in(value: &Value) -> u64 {
    let inner = match value {
        Value::Object(object) => object.values().map(values_in).fold(0, u64::saturating_add),
        Value::List(list) => list.iter().map(values_in).fold(0, u64::saturating_add),
        Value::String(text) => count(text.len() / TEXT),
        _ => 0,
    };
    inner.saturating_add(1)
}

pub(super) fn lost() -> Error {
    Error::internal("a row was lost on its way into the answer")
}
