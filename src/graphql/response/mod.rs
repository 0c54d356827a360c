//! The response to a request.

pub mod errors;
mod json;
mod null_propagation;
pub(crate) mod sink;
mod write;

use async_graphql::ServerError;
use serde_json::json;

use self::errors::{TOO_COMPLEX, coded};
use crate::db::data_version::tables::TableSet;

/// A response, its data as JSON.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    /// The JSON of `data`; `None` if the document was not executed.
    pub data: Option<Vec<u8>>,
    /// The errors.
    pub errors: Vec<ServerError>,
    /// The estimated cost.
    pub cost: Option<Cost>,
    /// Whether it may change while the version of the data does not.
    pub is_volatile: bool,
    /// The tables that it was read from.
    pub tables: TableSet,
    /// More `extensions`: names and JSON.
    pub extensions: Vec<(&'static str, serde_json::Value)>,
}

/// The cost of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// The most rows and values of the response, by its page sizes.
    pub estimate: u64,
    /// The most allowed.
    pub limit: u64,
}

impl Cost {
    /// Whether it may be executed.
    pub(crate) fn check(self) -> Result<(), ServerError> {
        let Self { estimate, limit } = self;
        if estimate <= limit {
            return Ok(());
        }
        let message = format!(
            "the document may give {estimate} values; the limit is {limit}: ask for smaller pages"
        );
        Err(coded(ServerError::new(message, None), TOO_COMPLEX))
    }
}

impl Answer {
    /// The response to a request that is not executed.
    #[must_use]
    pub fn refused(errors: Vec<ServerError>) -> Self {
        Self { errors, ..Self::default() }
    }

    /// The response of a single error, before any document is looked at.
    #[must_use]
    pub fn refusal(code: &str, message: impl Into<String>) -> Self {
        Self::refused(vec![coded(ServerError::new(message, None), code)])
    }

    /// Whether execution began. If not, the response has no `data`.
    #[must_use]
    pub const fn was_executed(&self) -> bool {
        self.data.is_some()
    }

    /// As JSON.
    ///
    /// # Errors
    /// If errors or extensions cannot be serialised.
    pub fn to_json(&self) -> serde_json::Result<Vec<u8>> {
        let data = self.data.as_deref().unwrap_or_default();
        let mut out = Vec::with_capacity(data.len() + 256);
        out.push(b'{');
        if self.data.is_some() {
            out.extend_from_slice(b"\"data\":");
            out.extend_from_slice(data);
        }
        if !self.errors.is_empty() {
            comma(&mut out);
            out.extend_from_slice(b"\"errors\":");
            serde_json::to_writer(&mut out, &self.errors)?;
        }
        let extensions = self.extensions();
        if !extensions.is_empty() {
            comma(&mut out);
            out.extend_from_slice(b"\"extensions\":");
            serde_json::to_writer(&mut out, &extensions)?;
        }
        out.push(b'}');
        Ok(out)
    }

    fn extensions(&self) -> serde_json::Map<String, serde_json::Value> {
        let cost = self.cost.map(|Cost { estimate, limit }| {
            ("cost".to_owned(), json!({ "estimate": estimate, "limit": limit }))
        });
        let others =
            self.extensions.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        cost.into_iter().chain(others).collect()
    }
}

fn comma(out: &mut Vec<u8>) {
    if out.len() > 1 {
        out.push(b',');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_there_is_is_shown() {
        let text = |answer: &Answer| String::from_utf8(answer.to_json().unwrap()).unwrap();
        let mut answer = Answer { data: Some(b"{\"a\":1}".into()), ..Answer::default() };
        assert_eq!(text(&answer), "{\"data\":{\"a\":1}}");
        answer.cost = Some(Cost { estimate: 2, limit: 3 });
        assert_eq!(
            text(&answer),
            "{\"data\":{\"a\":1},\"extensions\":{\"cost\":{\"estimate\":2,\"limit\":3}}}"
        );
        let refused = text(&Answer::refusal("X", "y"));
        assert_eq!(refused, "{\"errors\":[{\"message\":\"y\",\"extensions\":{\"code\":\"X\"}}]}");
    }

    #[test]
    fn a_cost_over_the_limit_is_refused_with_both() {
        assert!(Cost { estimate: 3, limit: 3 }.check().is_ok());
        let error = Cost { estimate: 4, limit: 3 }.check().unwrap_err();
        assert!(error.message.contains("4 values; the limit is 3"), "{}", error.message);
    }
}
