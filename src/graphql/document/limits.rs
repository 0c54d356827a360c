//! Checks a document against its limits.

use async_graphql::ServerError;

use crate::config::DocumentLimits;
use crate::graphql::document::scan::{MAX_DEPTH, TextSize};
use crate::graphql::document::size::Size;
use crate::graphql::response::errors::{TOO_COMPLEX, VALIDATION_FAILED, coded};

/// The document is nested too deeply.
pub(crate) const TOO_DEEP: &str = "QUERY_TOO_DEEP";
/// An operation has too many aliases.
pub(crate) const TOO_MANY_ALIASES: &str = "QUERY_TOO_MANY_ALIASES";
/// An operation has too many fields at its root.
pub(crate) const TOO_MANY_ROOT_FIELDS: &str = "QUERY_TOO_MANY_ROOT_FIELDS";
/// An operation has too many directives.
pub(crate) const TOO_MANY_DIRECTIVES: &str = "QUERY_TOO_MANY_DIRECTIVES";
/// The document has too many tokens.
pub(crate) const TOO_MANY_TOKENS: &str = "QUERY_TOO_MANY_TOKENS";

/// Most nested lists of introspection; the queries of tools need one.
const MAX_INTROSPECTION: usize = 2;
/// Longest name, in bytes: a response key is repeated for each row.
const MAX_NAME: usize = 255;

/// All operations of a document together may be so many times as large as one.
const OPERATIONS: usize = 10;

impl DocumentLimits {
    /// Checks a document before it is parsed.
    pub(crate) fn check_text(&self, size: TextSize) -> Result<(), ServerError> {
        if size.tokens > self.tokens {
            let message = exceeded("the document has", size.tokens, "tokens", self.tokens);
            return Err(refused(TOO_MANY_TOKENS, message));
        }
        if size.name > MAX_NAME {
            let message = exceeded("a name of the document has", size.name, "bytes", MAX_NAME);
            return Err(refused(TOO_COMPLEX, message));
        }
        if size.depth > MAX_DEPTH {
            let depth = size.depth;
            let message = format!("brackets are nested {depth} deep; the limit is {MAX_DEPTH}");
            return Err(refused(TOO_DEEP, message));
        }
        Ok(())
    }

    /// Checks a document before it is validated.
    pub(crate) fn check(&self, size: Size) -> Result<(), ServerError> {
        const OPERATION: &str = "an operation has";
        if let Some(field) = size.asks_schema.filter(|_| !self.introspection) {
            let message = format!(
                "introspection is off on this server: {field} is not answered; __typename is"
            );
            return Err(refused(VALIDATION_FAILED, message));
        }
        let total = self.fields.saturating_mul(OPERATIONS);
        for (code, whose, what, count, max) in [
            (TOO_DEEP, "the document has", "levels of fields", size.depth, self.depth),
            (
                TOO_DEEP,
                "introspection has",
                "nested lists of fields or types",
                size.introspection,
                MAX_INTROSPECTION,
            ),
            (TOO_MANY_ALIASES, OPERATION, "aliases", size.aliases, self.aliases),
            (TOO_MANY_ROOT_FIELDS, OPERATION, "root fields", size.root_fields, self.root_fields),
            (TOO_MANY_DIRECTIVES, OPERATION, "directives", size.directives, self.directives),
            (TOO_COMPLEX, OPERATION, "fields and arguments", size.largest, self.fields),
            (TOO_COMPLEX, "the document has", "fields and arguments", size.total, total),
        ] {
            if count > max {
                return Err(refused(code, exceeded(whose, count, what, max)));
            }
        }
        Ok(())
    }
}

/// The message about a limit that is exceeded, fragments spread.
fn exceeded(whose: &str, count: usize, what: &str, max: usize) -> String {
    let count = if count == usize::MAX { "countless".to_owned() } else { count.to_string() };
    format!("{whose} {count} {what}; the limit is {max}")
}

fn refused(code: &str, message: String) -> ServerError {
    coded(ServerError::new(message, None), code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graphql::response::errors::code_of;

    fn refusal(checked: Result<(), ServerError>) -> (String, String) {
        let error = checked.unwrap_err();
        (code_of(&error).unwrap().to_owned(), error.message)
    }

    #[test]
    fn every_limit_has_its_code_and_says_itself_and_what_was_asked() {
        let limits = DocumentLimits {
            depth: 20,
            aliases: 11,
            root_fields: 12,
            directives: 13,
            tokens: 14,
            fields: 15,
            ..DocumentLimits::default()
        };
        let fits = Size {
            depth: 20,
            largest: 15,
            aliases: 11,
            root_fields: 12,
            directives: 13,
            introspection: 2,
            asks_schema: Some("__type"),
            total: 150,
        };
        assert!(limits.check(fits).is_ok());
        for (size, code, message) in [
            (
                Size { depth: 21, ..fits },
                "QUERY_TOO_DEEP",
                "the document has 21 levels of fields; the limit is 20",
            ),
            (
                Size { aliases: 12, ..fits },
                "QUERY_TOO_MANY_ALIASES",
                "an operation has 12 aliases; the limit is 11",
            ),
            (
                Size { root_fields: 13, ..fits },
                "QUERY_TOO_MANY_ROOT_FIELDS",
                "an operation has 13 root fields; the limit is 12",
            ),
            (
                Size { directives: 14, ..fits },
                "QUERY_TOO_MANY_DIRECTIVES",
                "an operation has 14 directives; the limit is 13",
            ),
            (
                Size { introspection: 3, ..fits },
                "QUERY_TOO_DEEP",
                "introspection has 3 nested lists of fields or types; the limit is 2",
            ),
            (
                Size { largest: usize::MAX, ..fits },
                "QUERY_TOO_COMPLEX",
                "an operation has countless fields and arguments; the limit is 15",
            ),
            (
                Size { total: 151, ..fits },
                "QUERY_TOO_COMPLEX",
                "the document has 151 fields and arguments; the limit is 150",
            ),
        ] {
            assert_eq!(refusal(limits.check(size)), (code.to_owned(), message.to_owned()));
        }

        let limits = DocumentLimits { introspection: false, ..limits };
        let (code, message) = refusal(limits.check(fits));
        assert_eq!(code, "GRAPHQL_VALIDATION_FAILED");
        assert!(
            message.contains("introspection is off on this server: __type is not"),
            "{message}"
        );
        assert!(limits.check(Size { asks_schema: None, ..fits }).is_ok());

        let fits = TextSize { depth: MAX_DEPTH, tokens: 14, name: 255 };
        assert!(limits.check_text(fits).is_ok());
        let (code, message) = refusal(limits.check_text(TextSize { tokens: 15, ..fits }));
        assert_eq!(code, "QUERY_TOO_MANY_TOKENS");
        assert_eq!(message, "the document has 15 tokens; the limit is 14");
        let (code, message) = refusal(limits.check_text(TextSize { name: 256, ..fits }));
        assert_eq!(code, "QUERY_TOO_COMPLEX");
        assert_eq!(message, "a name of the document has 256 bytes; the limit is 255");
        let (code, message) = refusal(limits.check_text(TextSize { depth: 65, ..fits }));
        assert_eq!(code, "QUERY_TOO_DEEP");
        assert_eq!(message, "brackets are nested 65 deep; the limit is 64");
    }
}
