//! Places within an argument, for what is said when it is refused.

use async_graphql::{Name, Value};

use crate::error::{Error, Result};
use crate::query::bad_argument;

/// Most levels of filters in each other.
const DEPTH: usize = 10;
/// Most bytes of a client's own words that a message repeats.
const REPEATED: usize = 40;

/// A place within an argument. It is only written out when something is wrong.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    argument: &'static str,
    above: Option<(&'a Place<'a>, Step<'a>)>,
    /// Filters around it.
    depth: usize,
}

#[derive(Debug, Clone, Copy)]
enum Step<'a> {
    Field(&'a str),
    Element(usize),
}

impl<'a> Place<'a> {
    /// The whole argument.
    pub(super) const fn of(argument: &'static str) -> Self {
        Self { argument, above: None, depth: 0 }
    }

    /// A field of the object here.
    pub(super) const fn field(&'a self, name: &'a str) -> Self {
        Self { above: Some((self, Step::Field(name))), ..*self }
    }

    /// An element of the list here.
    pub(super) const fn element(&'a self, index: usize) -> Self {
        Self { above: Some((self, Step::Element(index))), ..*self }
    }

    /// Whatever is here, inside one more filter.
    ///
    /// # Errors
    /// When there are too many around it.
    pub(super) fn deeper(self) -> Result<Self> {
        if self.depth == DEPTH {
            return Err(self.refuse(format_args!("more than {DEPTH} filters in each other")));
        }
        Ok(Self { depth: self.depth + 1, ..self })
    }

    /// What is wrong here.
    pub(super) fn refuse(&self, message: impl std::fmt::Display) -> Error {
        let mut path = String::new();
        self.write(&mut path);
        bad_argument(self.argument, format!("{path}: {message}"))
    }

    /// What is wrong with a field that the object here cannot have.
    pub(super) fn unknown(&self, name: &str, owner: &str) -> Error {
        self.refuse(format_args!("{owner} has no field {:?}", shortened(name)))
    }

    /// The value here, which must not be null.
    ///
    /// # Errors
    /// When it is.
    pub(super) fn present<'v>(&self, value: &'v Value) -> Result<&'v Value> {
        match value {
            Value::Null if self.argument == super::names::FILTER => {
                Err(self.refuse("null is not accepted in a filter; use isNull, or leave it out"))
            }
            Value::Null => Err(self.refuse("null is not accepted; leave it out")),
            value => Ok(value),
        }
    }

    /// The fields of the object here.
    ///
    /// # Errors
    /// When there is something else.
    pub(super) fn object<'v>(
        &self,
        value: &'v Value,
        owner: &str,
    ) -> Result<impl Iterator<Item = (&'v Name, &'v Value)> + use<'v>> {
        match self.present(value)? {
            Value::Object(fields) => Ok(fields.iter()),
            _ => Err(self.refuse(format_args!("expected an object of type {owner}"))),
        }
    }

    /// The elements of the list here; a single value is a list of one.
    ///
    /// # Errors
    /// When it is null or longer than `most`.
    pub(super) fn list<'v>(&self, value: &'v Value, most: usize) -> Result<&'v [Value]> {
        match self.present(value)? {
            Value::List(list) if list.len() > most => {
                let length = list.len();
                Err(self
                    .refuse(format_args!("{length} values are more than the {most} it may have")))
            }
            Value::List(list) => Ok(list),
            single => Ok(std::slice::from_ref(single)),
        }
    }

    fn write(&self, out: &mut String) {
        match self.above {
            None => out.push_str(self.argument),
            Some((above, step)) => {
                above.write(out);
                match step {
                    Step::Field(name) => {
                        out.push('.');
                        out.push_str(name);
                    }
                    Step::Element(index) => out.push_str(&format!("[{index}]")),
                }
            }
        }
    }
}

/// As much of a client's own words as a message repeats.
pub(super) fn shortened(words: &str) -> String {
    words.chars().take(REPEATED).collect()
}
