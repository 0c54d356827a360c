//! Conditions on texts. Those whose outcome depends on how Postgres sorts texts, or on what it
//! takes for upper and lower case, are left to it.

use super::condition::Compiler;
use super::refusal::unsupported;
use crate::catalog::Column;
use crate::db::text::normalized;
use crate::error::{Error, Result};
use crate::lake::Bound;
use crate::query::argument::bad_argument;
use crate::query::condition::{Comparison, TextMatch};

impl Compiler<'_> {
    /// Whether a text compares so with another.
    pub(super) fn compare_text(
        &mut self,
        name: &str,
        column: &Column,
        comparison: Comparison,
        text: &str,
    ) -> Result<String> {
        let operator = match comparison {
            Comparison::Eq => "=",
            Comparison::Ne => "<>",
            _ => return Err(by_order(column)),
        };
        let text = self.text(text)?;
        Ok(format!("({name} {operator} {text})"))
    }

    /// Whether a text holds another.
    pub(super) fn matches(&mut self, name: &str, how: TextMatch, text: &str) -> Result<String> {
        let function = match how {
            TextMatch::Contains => "contains",
            TextMatch::StartsWith => "starts_with",
            TextMatch::EndsWith => "ends_with",
        };
        let text = self.text(text)?;
        Ok(format!("{function}({name}, {text})"))
    }

    /// A text as it is stored.
    pub(super) fn text(&mut self, text: &str) -> Result<String> {
        if text.contains('\0') {
            let message = "filter: a text with the character U+0000, which no text here can have";
            return Err(bad_argument("filter", message.to_owned()));
        }
        let number = self.bind(Bound::Text(normalized(text).into_owned()))?;
        Ok(format!("CAST({number} AS VARCHAR)"))
    }
}

/// The refusal of a comparison by the order of texts.
fn by_order(column: &Column) -> Error {
    unsupported(format!(
        "the lake does not order texts as Postgres does, so it cannot tell which {} are less or \
         greater: ask with engine: POSTGRES",
        column.api_name()
    ))
}
