//! What a column is compared with: the operators, and which kind of column has which.

use async_graphql::Value;

use super::place::Place;
use super::scalar;
use crate::catalog::Enumeration;
use crate::catalog::{Column, Kind};
use crate::error::Result;
use crate::graphql::schema::scalars;
use crate::query::{Comparison, Condition, TextMatch, Value as Bound};

/// Most values of a list.
pub(super) const LIST: usize = 10_000;

/// Values that are compared alike.
#[derive(Debug, Clone, Copy)]
pub(super) enum Operand {
    /// Of columns of a kind.
    Scalar(Kind),
    /// Codes in columns of a kind.
    Code(Kind, &'static Enumeration),
}

/// One way to compare.
#[derive(Debug)]
pub(super) struct Operator {
    /// Name in the schema.
    pub(super) name: &'static str,
    /// What it does.
    pub(super) description: &'static str,
    does: Does,
}

#[derive(Debug, Clone, Copy)]
enum Does {
    Compare(Comparison),
    In { negated: bool },
    Matches { how: TextMatch, ignore_case: bool },
    EqIgnoreCase,
    NeIgnoreCase,
    InIgnoreCase { negated: bool },
    IsNull,
}

/// A shorthand for the table below.
const fn operator(name: &'static str, does: Does, description: &'static str) -> Operator {
    Operator { name, description, does }
}

/// All operators; [`Operand::operators`] picks.
static OPERATORS: [Operator; 19] = [
    operator("eq", Does::Compare(Comparison::Eq), "Equal to this."),
    operator("ne", Does::Compare(Comparison::Ne), "Not null, and not equal to this."),
    operator(
        "in",
        Does::In { negated: false },
        "Equal to one of these, at most 10000; an empty list matches nothing.",
    ),
    operator(
        "notIn",
        Does::In { negated: true },
        "Not null, and equal to none of these, at most 10000.",
    ),
    operator("lt", Does::Compare(Comparison::Lt), "Less than this."),
    operator("lte", Does::Compare(Comparison::Lte), "Less than or equal to this."),
    operator("gt", Does::Compare(Comparison::Gt), "Greater than this."),
    operator("gte", Does::Compare(Comparison::Gte), "Greater than or equal to this."),
    operator("isNull", Does::IsNull, "True: it is null; false: it is not."),
    operator(
        "contains",
        Does::Matches { how: TextMatch::Contains, ignore_case: false },
        "Has this in it; no character has a special meaning.",
    ),
    operator(
        "startsWith",
        Does::Matches { how: TextMatch::StartsWith, ignore_case: false },
        "Begins with this; no character has a special meaning.",
    ),
    operator(
        "endsWith",
        Does::Matches { how: TextMatch::EndsWith, ignore_case: false },
        "Ends with this; no character has a special meaning.",
    ),
    operator("ieq", Does::EqIgnoreCase, "As eq, ignoring case."),
    operator("ine", Does::NeIgnoreCase, "As ne, ignoring case."),
    operator("iin", Does::InIgnoreCase { negated: false }, "As in, ignoring case."),
    operator("inotIn", Does::InIgnoreCase { negated: true }, "As notIn, ignoring case."),
    operator(
        "icontains",
        Does::Matches { how: TextMatch::Contains, ignore_case: true },
        "As contains, ignoring case.",
    ),
    operator(
        "istartsWith",
        Does::Matches { how: TextMatch::StartsWith, ignore_case: true },
        "As startsWith, ignoring case.",
    ),
    operator(
        "iendsWith",
        Does::Matches { how: TextMatch::EndsWith, ignore_case: true },
        "As endsWith, ignoring case.",
    ),
];

impl Operand {
    /// What the values of a column are; `None` if they are not compared.
    pub(super) const fn of(column: &Column) -> Option<Self> {
        if column.is_of_loads {
            // It is looked up in the ledger row by row.
            return None;
        }
        match (column.kind, column.codes) {
            (Kind::Bytes | Kind::IntList | Kind::Json, _) => None,
            (kind, Some(codes)) => Some(Self::Code(kind, codes)),
            (kind, None) => Some(Self::Scalar(kind)),
        }
    }

    /// The name of the values' type.
    pub(super) const fn type_name(self) -> &'static str {
        match self {
            Self::Scalar(kind) => scalars::type_name(kind),
            Self::Code(_, codes) => codes.name,
        }
    }

    /// The name of the type that compares them.
    pub(super) fn filter_name(self) -> String {
        format!("{}Filter", self.type_name())
    }

    /// How they can be compared.
    pub(super) fn operators(self) -> impl Iterator<Item = &'static Operator> {
        OPERATORS.iter().filter(move |operator| self.has(operator.does))
    }

    const fn has(self, does: Does) -> bool {
        match (does, self) {
            (Does::Compare(Comparison::Eq | Comparison::Ne) | Does::IsNull, _) => true,
            (Does::In { .. }, _) => !matches!(self, Self::Scalar(Kind::Boolean)),
            (Does::Compare(_), Self::Scalar(kind)) => !matches!(kind, Kind::Boolean | Kind::Uuid),
            (Does::Compare(_), Self::Code(..)) => false,
            (
                Does::Matches { .. }
                | Does::EqIgnoreCase
                | Does::NeIgnoreCase
                | Does::InIgnoreCase { .. },
                _,
            ) => {
                matches!(self, Self::Scalar(Kind::Text))
            }
        }
    }

    /// The condition that a column's value compares so.
    ///
    /// # Errors
    /// When what it is compared with does not fit.
    pub(super) fn compare(
        self,
        column: &'static Column,
        name: &str,
        value: &Value,
        place: &Place<'_>,
    ) -> Result<Condition> {
        let Some(operator) = self.operators().find(|operator| operator.name == name) else {
            return Err(place.unknown(name, &self.filter_name()));
        };
        let place = &place.field(operator.name);
        Ok(match operator.does {
            Does::Compare(comparison) => {
                Condition::Compare { column, comparison, value: self.read(value, place)? }
            }
            Does::In { negated } => Condition::In {
                column,
                values: each(value, place, |value, place| self.read(value, place))?,
                negated,
            },
            Does::Matches { how, ignore_case } => {
                Condition::Matches { column, how, text: scalar::text(value, place)?, ignore_case }
            }
            Does::EqIgnoreCase => {
                Condition::EqIgnoreCase { column, text: scalar::text(value, place)? }
            }
            Does::NeIgnoreCase => Condition::InIgnoreCase {
                column,
                texts: vec![scalar::text(value, place)?],
                negated: true,
            },
            Does::InIgnoreCase { negated } => Condition::InIgnoreCase {
                column,
                texts: each(value, place, scalar::text)?,
                negated,
            },
            Does::IsNull => Condition::IsNull {
                column,
                is: scalar::boolean(place.present(value)?)
                    .ok_or_else(|| place.refuse("expected true or false"))?,
            },
        })
    }

    fn read(self, value: &Value, place: &Place<'_>) -> Result<Bound> {
        match self {
            Self::Scalar(kind) => scalar::value(kind, value, place),
            Self::Code(kind, codes) => scalar::code(codes, kind, value, place),
        }
    }
}

impl Operator {
    /// The type of what is compared with.
    pub(super) fn takes(&self, operand: Operand) -> String {
        let one = operand.type_name();
        match self.does {
            Does::In { .. } | Does::InIgnoreCase { .. } => format!("[{one}!]"),
            Does::IsNull => "Boolean".to_owned(),
            _ => one.to_owned(),
        }
    }
}

/// The operators that compare with one value, and need no column.
pub(super) fn plain() -> impl Iterator<Item = (&'static Operator, Comparison)> {
    OPERATORS.iter().filter_map(|operator| match operator.does {
        Does::Compare(comparison) => Some((operator, comparison)),
        _ => None,
    })
}

/// Each element of a list.
pub(super) fn each<T>(
    value: &Value,
    place: &Place<'_>,
    read: impl Fn(&Value, &Place<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    place
        .list(value, LIST)?
        .iter()
        .enumerate()
        .map(|(index, element)| read(element, &place.element(index)))
        .collect()
}
