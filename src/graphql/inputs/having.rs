//! Which groups of sales are kept, by what is measured of them.

use async_graphql::Value;
use async_graphql::registry::Registry;

use super::comparison::Operand;
use super::filter::{Budget, CONDITIONS, all_of};
use super::measured::measured;
use super::place::Place;
use super::schema::{AND, MEANING, NOT, OR, compared, insert};
use crate::catalog::Kind;
use crate::error::Result;
use crate::graphql::schema::meta::input;
use crate::graphql::schema::model::{FieldValue, ObjectType, OutputType};
use crate::graphql::types::SALES_MEASURES;
use crate::query::Condition;
use crate::query::aggregate::{Measure, Measures};

/// The name of the filter by a shape of measures: `SalesMeasureFilter` for
/// `SalesMeasures`.
fn filter_name(shape: &ObjectType) -> String {
    format!("{}Filter", shape.name.strip_suffix('s').unwrap_or(shape.name))
}

/// As what a measure is compared: whole numbers as such, all else exactly.
const fn operand(shown: OutputType) -> Operand {
    Operand::Scalar(match shown {
        OutputType::Int => Kind::Int,
        OutputType::Long => Kind::Long,
        OutputType::Decimal => Kind::Decimal,
    })
}

/// Makes the filter and those it leads to known.
pub(super) fn register(registry: &mut Registry) {
    shape(registry, &SALES_MEASURES);
}

fn shape(registry: &mut Registry, of: &'static ObjectType) -> String {
    let name = filter_name(of);
    let list = format!("[{name}!]");
    let mut fields = vec![
        input(AND, &list, "All of these match; an empty list matches everything."),
        input(OR, &list, "One of these matches; an empty list matches nothing."),
        input(NOT, &name, "This does not match, also because something is null."),
    ];
    for field in of.fields {
        let ty = match &field.value {
            // Groups are kept and ordered by amounts as they are stored.
            FieldValue::Measure(Measure::WithoutRate, _) => continue,
            FieldValue::Measure(_, shown) => compared(registry, operand(*shown)),
            FieldValue::Group(group) => shape(registry, group),
            _ => continue,
        };
        fields.push(input(field.name, &ty, field.description));
    }
    let description = format!("Which groups are kept, by their measures. {MEANING}");
    insert(registry, &name, &description, fields);
    name
}

/// What the argument means; measures that it needs are added.
///
/// # Errors
/// `BAD_USER_INPUT` that names the place.
pub(super) fn read(value: &Value, place: Place<'_>, measures: &mut Measures) -> Result<Condition> {
    Having { budget: Budget::default(), measures }.shape(&SALES_MEASURES, value, place)
}

struct Having<'a> {
    budget: Budget,
    measures: &'a mut Measures,
}

impl Having<'_> {
    fn shape(
        &mut self,
        shape: &'static ObjectType,
        value: &Value,
        place: Place<'_>,
    ) -> Result<Condition> {
        let place = place.deeper()?;
        self.budget.spend(1, &place)?;
        let mut all = Vec::new();
        for (name, value) in place.object(value, &filter_name(shape))? {
            let here = place.field(name);
            all.push(match name.as_str() {
                AND => self.each(shape, value, &here).map(Condition::All)?,
                OR => self.each(shape, value, &here).map(Condition::Any)?,
                NOT => Condition::Not(Box::new(self.shape(shape, value, here)?)),
                _ => match shape.field(name).map(|field| &field.value) {
                    Some(FieldValue::Measure(measure, shown))
                        if *measure != Measure::WithoutRate =>
                    {
                        let column = measured(self.measures, *measure, "having")?;
                        self.budget.compare(operand(*shown), column, value, &here)?
                    }
                    Some(FieldValue::Group(group)) => self.shape(group, value, here)?,
                    _ => return Err(place.unknown(name, &filter_name(shape))),
                },
            });
        }
        Ok(all_of(all))
    }

    fn each(
        &mut self,
        of: &'static ObjectType,
        value: &Value,
        place: &Place<'_>,
    ) -> Result<Vec<Condition>> {
        let list = place.list(value, CONDITIONS)?.iter().enumerate();
        list.map(|(index, element)| self.shape(of, element, place.element(index))).collect()
    }
}
