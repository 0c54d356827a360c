//! Values of arguments, looked at where they are: that of a variable may be large, and many places
//! of a document may name it.

use std::borrow::Cow;

use async_graphql::indexmap::IndexMap;
use async_graphql::{Value as Const, Variables};
use async_graphql_value::Value;

/// A value, of which nothing is copied.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Borrowed<'a> {
    /// In the document; there may be variables in it.
    Written(&'a Value, &'a Variables),
    /// In a variable.
    Given(&'a Const),
}

impl<'a> Borrowed<'a> {
    /// A value of a document; `None` where it is a variable without a value.
    pub(super) fn of(value: &'a Value, variables: &'a Variables) -> Option<Self> {
        match value {
            Value::Variable(name) => variables.get(name).map(Self::Given),
            value => Some(Self::Written(value, variables)),
        }
    }

    pub(super) fn is_null(self) -> bool {
        matches!(self, Self::Written(Value::Null, _) | Self::Given(Const::Null))
    }

    pub(super) fn is_object(self) -> bool {
        matches!(self, Self::Written(Value::Object(_), _) | Self::Given(Const::Object(_)))
    }

    /// How many elements the list here has; another value is a list of one.
    pub(super) fn elements(self) -> usize {
        match self {
            Self::Written(Value::List(list), _) => list.len(),
            Self::Given(Const::List(list)) => list.len(),
            _ => 1,
        }
    }

    /// The element of the list here at this index.
    pub(super) fn element(self, index: usize) -> Option<Self> {
        match self {
            Self::Written(Value::List(list), variables) => Self::of(list.get(index)?, variables),
            Self::Given(Const::List(list)) => list.get(index).map(Self::Given),
            single => (index == 0).then_some(single),
        }
    }

    /// The field of the object here.
    pub(super) fn field(self, name: &str) -> Option<Self> {
        match self {
            Self::Written(Value::Object(fields), variables) => {
                Self::of(fields.get(name)?, variables)
            }
            Self::Given(Const::Object(fields)) => fields.get(name).map(Self::Given),
            _ => None,
        }
    }

    /// The value where it is a scalar. In place of what has variables in it, which is none, there
    /// is an empty object.
    pub(super) fn scalar(self) -> Cow<'a, Const> {
        match self {
            Self::Given(value) => Cow::Borrowed(value),
            Self::Written(value, _) => {
                let whole = value.clone().into_const();
                Cow::Owned(whole.unwrap_or_else(|| Const::Object(IndexMap::new())))
            }
        }
    }
}
