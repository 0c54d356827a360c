//! From a filter to the condition it stands for.

use async_graphql::Value;

use super::comparison::{self, Operand};
use super::names::FILTER;
use super::place::Place;
use super::scalar;
use super::schema::{
    AND, COUNT, COUNT_FILTER, ID_FILTER, KEYWORD, NOT, OR, QUANTIFIERS, group_filter_name,
    list_filter_name,
};
use super::type_names::filter_name;
use crate::catalog::{Column, Kind, ToMany, ToOne};
use crate::error::Result;
use crate::graphql::schema::global_id;
use crate::graphql::schema::model::{Field, FieldValue, Keyword, ObjectType, SearchColumns, Type};
use crate::query::{Comparison, Condition, Key, Value as Bound};

/// Most conditions of a filter.
pub(super) const CONDITIONS: usize = 500;

/// What a filter means. Null as a whole it is none.
///
/// # Errors
/// `BAD_USER_INPUT` that names the argument and the place in it.
pub(in crate::graphql) fn condition(entity: &'static Type, filter: &Value) -> Result<Condition> {
    if *filter == Value::Null {
        return Ok(Condition::everything());
    }
    Budget::default().entity(entity, filter, Place::of(FILTER))
}

/// The row a filter is over: that of an entity, or a group of its fields.
#[derive(Debug, Clone, Copy)]
struct Over {
    shape: &'static ObjectType,
    /// Of a group there is none.
    entity: Option<&'static Type>,
    /// The column that is null when the group is.
    guard: Option<&'static Column>,
}

/// Reads a filter, as long as it has not too many conditions.
#[derive(Debug, Default)]
pub(super) struct Budget {
    spent: usize,
}

impl Budget {
    /// What a filter over an entity means.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` that names the place.
    pub(super) fn entity(
        &mut self,
        entity: &'static Type,
        value: &Value,
        place: Place<'_>,
    ) -> Result<Condition> {
        let over = Over { shape: &entity.shape, entity: Some(entity), guard: None };
        self.filter(over, value, place)
    }

    fn filter(&mut self, over: Over, value: &Value, place: Place<'_>) -> Result<Condition> {
        let place = place.deeper()?;
        self.spend(1, &place)?;
        let mut all = Vec::new();
        for (name, value) in place.object(value, &over.filter_name())? {
            all.push(self.field(over, name, value, &place)?);
        }
        Ok(all_of(all))
    }

    fn field(
        &mut self,
        over: Over,
        name: &str,
        value: &Value,
        place: &Place<'_>,
    ) -> Result<Condition> {
        let here = place.field(name);
        match name {
            AND => return self.each(over, value, &here).map(Condition::All),
            OR => return self.each(over, value, &here).map(Condition::Any),
            NOT => return self.filter(over, value, here).map(|it| Condition::Not(Box::new(it))),
            _ => {}
        }
        if let Some(field) = over.shape.field(name) {
            return self.own(over, field, value, here);
        }
        let inputs = over.entity.map(|entity| &entity.inputs);
        if let Some(path) = inputs.and_then(|it| it.paths.iter().find(|path| path.name == name)) {
            return Ok(reached(&path.through, self.entity(path.to, value, here)?));
        }
        match inputs.and_then(|it| it.keyword.as_ref()) {
            Some(keyword) if name == KEYWORD => self.keyword(keyword, value, &here),
            _ => Err(place.unknown(name, &over.filter_name())),
        }
    }

    fn each(&mut self, over: Over, value: &Value, place: &Place<'_>) -> Result<Vec<Condition>> {
        let list = place.list(value, CONDITIONS)?.iter().enumerate();
        list.map(|(index, element)| self.filter(over, element, place.element(index))).collect()
    }

    /// A filter by one of the fields that rows have as their output.
    fn own(
        &mut self,
        over: Over,
        field: &'static Field,
        value: &Value,
        place: Place<'_>,
    ) -> Result<Condition> {
        let group = |shape, guard| Over { shape, entity: None, guard };
        match (&field.value, over.entity) {
            (FieldValue::Id, Some(entity)) => self.ids(entity, value, &place),
            (FieldValue::Column(column), _) if let Some(operand) = Operand::of(column) => {
                let column = over.guard.filter(|it| it.name == column.name).unwrap_or(column);
                self.compare(operand, column, value, &place)
            }
            (FieldValue::One(to, from), _) => {
                let relation = ToOne { table: to.table, from };
                Ok(reached(&[relation], self.entity(to, value, place)?))
            }
            (FieldValue::Many(of, by), _) => {
                self.many(of, ToMany { table: of.table, by }, value, &place)
            }
            (FieldValue::Group(shape), _) => self.filter(group(shape, None), value, place),
            (FieldValue::GroupUnlessNull(shape, guard), _) => {
                self.filter(group(shape, Some(guard)), value, place)
            }
            (
                FieldValue::Id
                | FieldValue::Column(_)
                | FieldValue::Measures(_)
                | FieldValue::Sales(..)
                | FieldValue::Measure(..)
                | FieldValue::Percentile(..)
                | FieldValue::Converted(..)
                | FieldValue::Link(_),
                _,
            ) => Err(place.refuse("rows are not filtered by this")),
        }
    }

    pub(super) fn compare(
        &mut self,
        operand: Operand,
        column: &'static Column,
        value: &Value,
        place: &Place<'_>,
    ) -> Result<Condition> {
        let mut all = Vec::new();
        for (name, value) in place.object(value, &operand.filter_name())? {
            self.spend(1, place)?;
            all.push(operand.compare(column, name, value, place)?);
        }
        Ok(all_of(all))
    }

    fn ids(
        &mut self,
        entity: &'static Type,
        value: &Value,
        place: &Place<'_>,
    ) -> Result<Condition> {
        let mut all = Vec::new();
        for (name, value) in place.object(value, ID_FILTER)? {
            let here = place.field(name);
            let keys = match name.as_str() {
                "eq" => vec![key(entity, value, &here)?],
                "in" => comparison::each(value, &here, |value, place| key(entity, value, place))?,
                _ => return Err(place.unknown(name, ID_FILTER)),
            };
            all.push(match entity.table.key {
                [column] => {
                    self.spend(1, &here)?;
                    Condition::In {
                        column,
                        values: keys.iter().flat_map(bound).collect(),
                        negated: false,
                    }
                }
                columns => {
                    self.spend(keys.len(), &here)?;
                    Condition::Any(keys.iter().map(|key| is_key(columns, key)).collect())
                }
            });
        }
        Ok(all_of(all))
    }

    fn many(
        &mut self,
        of: &'static Type,
        relation: ToMany,
        value: &Value,
        place: &Place<'_>,
    ) -> Result<Condition> {
        let mut all = Vec::new();
        let ty = list_filter_name(of);
        for (name, value) in place.object(value, &ty)? {
            let here = place.field(name);
            let quantifier = QUANTIFIERS.iter().find(|(known, ..)| *known == name.as_str());
            all.push(if let Some((_, quantifier, _)) = quantifier {
                let condition = Box::new(self.entity(of, value, here)?);
                Condition::Many { relation, quantifier: *quantifier, condition }
            } else if name == COUNT {
                let comparisons = self.count(value, &here)?;
                let condition = Box::new(Condition::everything());
                Condition::Count { relation, condition, comparisons }
            } else {
                return Err(place.unknown(name, &ty));
            });
        }
        Ok(all_of(all))
    }

    fn count(&mut self, value: &Value, place: &Place<'_>) -> Result<Vec<(Comparison, i64)>> {
        let mut comparisons = Vec::new();
        for (name, value) in place.object(value, COUNT_FILTER)? {
            self.spend(1, place)?;
            let (operator, comparison) = comparison::plain()
                .find(|(operator, _)| operator.name == name.as_str())
                .ok_or_else(|| place.unknown(name, COUNT_FILTER))?;
            let here = place.field(operator.name);
            if let Bound::Int(number) = scalar::value(Kind::Int, value, &here)? {
                comparisons.push((comparison, number));
            }
        }
        Ok(comparisons)
    }

    fn keyword(
        &mut self,
        keyword: &'static Keyword,
        value: &Value,
        place: &Place<'_>,
    ) -> Result<Condition> {
        let text = scalar::text(value, place)?;
        let mut all = Vec::new();
        for word in text.split_whitespace() {
            self.spend(1, place)?;
            all.push(found(&keyword.searched, word));
        }
        Ok(all_of(all))
    }

    pub(super) fn spend(&mut self, conditions: usize, place: &Place<'_>) -> Result<()> {
        self.spent = self.spent.saturating_add(conditions);
        if self.spent > CONDITIONS {
            return Err(
                place.refuse(format_args!("the filter has more than {CONDITIONS} conditions"))
            );
        }
        Ok(())
    }
}

impl Over {
    fn filter_name(self) -> String {
        self.entity.map_or_else(|| group_filter_name(self.shape), filter_name)
    }
}

pub(super) fn all_of(mut all: Vec<Condition>) -> Condition {
    match all.pop() {
        Some(only) if all.is_empty() => only,
        last => {
            all.extend(last);
            Condition::All(all)
        }
    }
}

/// The condition is of the row at the end of this way.
fn reached(way: &[ToOne], condition: Condition) -> Condition {
    way.iter().rev().fold(condition, |condition, relation| Condition::One {
        relation: *relation,
        condition: Box::new(condition),
    })
}

fn found(searched: &'static SearchColumns, word: &str) -> Condition {
    let own =
        searched.columns.iter().map(|column| Condition::Word { column, text: word.to_owned() });
    let related =
        searched.related.iter().map(|(way, searched)| reached(&[*way], found(searched, word)));
    Condition::Any(own.chain(related).collect())
}

fn key(entity: &'static Type, value: &Value, place: &Place<'_>) -> Result<Key> {
    scalar::string(place.present(value)?)
        .and_then(|text| global_id::decode(text, &[entity], FILTER).ok())
        .map(|(_, key)| key)
        .ok_or_else(|| place.refuse(format_args!("expected the id of a {}", entity.shape.name)))
}

fn is_key(columns: &'static [Column], key: &Key) -> Condition {
    let parts = columns.iter().zip(bound(key));
    Condition::All(
        parts
            .map(|(column, value)| Condition::Compare { column, comparison: Comparison::Eq, value })
            .collect(),
    )
}

fn bound(key: &Key) -> impl Iterator<Item = Bound> + '_ {
    key.parts().iter().map(|part| Bound::from(*part))
}
