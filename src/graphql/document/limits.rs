//! How large a document may be.

use async_graphql::ServerError;

use crate::graphql::document::scan;
use crate::graphql::document::scan::Shape;
use crate::graphql::document::size::Size;
use crate::graphql::response::errors::{TOO_COMPLEX, coded};

/// The document is nested too deeply.
pub(crate) const TOO_DEEP: &str = "QUERY_TOO_DEEP";
/// An operation has too many aliases.
pub(crate) const TOO_MANY_ALIASES: &str = "QUERY_TOO_MANY_ALIASES";
/// An operation has too many fields at its root.
pub(crate) const TOO_MANY_ROOT_FIELDS: &str = "QUERY_TOO_MANY_ROOT_FIELDS";
/// An operation has too many directives.
pub(crate) const TOO_MANY_DIRECTIVES: &str = "QUERY_TOO_MANY_DIRECTIVES";
/// The document is too long.
pub(crate) const TOO_MANY_TOKENS: &str = "QUERY_TOO_MANY_TOKENS";

/// Limits of a document. Fragments count wherever they are spread.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Rows of a page whose size is not given.
    pub page_size_default: u32,
    /// Most rows of a page.
    pub page_size_max: u32,
    /// Deepest nesting of fields. GraphiQL's introspection needs 15.
    pub depth: usize,
    /// Most aliases of an operation.
    pub aliases: usize,
    /// Most fields at the root of an operation.
    pub root_fields: usize,
    /// Most directives of an operation.
    pub directives: usize,
    /// Most tokens of a document, counted before it is parsed.
    pub tokens: usize,
    /// Most selections of an operation, arguments and directives included.
    pub fields: usize,
    /// Most values of an answer, a longer text counting as several. It bounds the
    /// memory a request can take: a short document can ask for the same rows over
    /// and over.
    pub values: u64,
    /// Most rows and values that an operation is estimated to read, before it is
    /// executed.
    pub cost: u64,
}

/// Most lists of the schema's own within each other; what tools ask needs one.
const INTROSPECTION: usize = 2;
/// Longest name, in bytes: it comes again in the answer for each row.
const NAME: usize = 255;

/// A document may hold several operations; together they may be so many times
/// as large as one.
const OPERATIONS: usize = 10;

impl Default for Limits {
    fn default() -> Self {
        Self {
            page_size_default: 50,
            page_size_max: 1_000,
            depth: 20,
            aliases: 100,
            root_fields: 50,
            directives: 100,
            tokens: 10_000,
            fields: 1_000,
            values: 1_000_000,
            cost: 500_000,
        }
    }
}

impl Limits {
    /// What must hold of a document before it is parsed.
    pub(crate) fn check_text(&self, shape: Shape) -> Result<(), ServerError> {
        if shape.tokens > self.tokens {
            let message = beyond("the document has", shape.tokens, "tokens", self.tokens);
            return Err(refused(TOO_MANY_TOKENS, message));
        }
        if shape.name > NAME {
            let message = beyond("a name of the document has", shape.name, "bytes", NAME);
            return Err(refused(TOO_COMPLEX, message));
        }
        if shape.depth > scan::MOST {
            let (asked, most) = (shape.depth, scan::MOST);
            let message = format!("brackets are nested {asked} deep; the limit is {most}");
            return Err(refused(TOO_DEEP, message));
        }
        Ok(())
    }

    /// What must hold of it before it is validated.
    pub(crate) fn check(&self, size: Size) -> Result<(), ServerError> {
        const OPERATION: &str = "an operation has";
        let total = self.fields.saturating_mul(OPERATIONS);
        for (code, whose, what, asked, most) in [
            (TOO_DEEP, "the document has", "levels of fields", size.depth, self.depth),
            (
                TOO_DEEP,
                "what asks for the schema has",
                "lists of fields or types within each other",
                size.introspection,
                INTROSPECTION,
            ),
            (TOO_MANY_ALIASES, OPERATION, "aliases", size.aliases, self.aliases),
            (TOO_MANY_ROOT_FIELDS, OPERATION, "root fields", size.root_fields, self.root_fields),
            (TOO_MANY_DIRECTIVES, OPERATION, "directives", size.directives, self.directives),
            (TOO_COMPLEX, OPERATION, "fields and arguments", size.largest, self.fields),
            (TOO_COMPLEX, "the document has", "fields and arguments", size.total, total),
        ] {
            if asked > most {
                return Err(refused(code, beyond(whose, asked, what, most)));
            }
        }
        Ok(())
    }
}

/// Says a limit and what was asked for, with fragments spread.
fn beyond(whose: &str, asked: usize, what: &str, most: usize) -> String {
    let asked = if asked == usize::MAX { "countless".to_owned() } else { asked.to_string() };
    format!("{whose} {asked} {what}; the limit is {most}")
}

fn refused(code: &str, message: String) -> ServerError {
    coded(ServerError::new(message, None), code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graphql::response::errors::code_of;

    fn told(checked: Result<(), ServerError>) -> (String, String) {
        let error = checked.unwrap_err();
        (code_of(&error).unwrap().to_owned(), error.message)
    }

    #[test]
    fn every_limit_has_its_code_and_says_itself_and_what_was_asked() {
        let limits = Limits {
            depth: 20,
            aliases: 11,
            root_fields: 12,
            directives: 13,
            tokens: 14,
            fields: 15,
            ..Limits::default()
        };
        let fits = Size {
            depth: 20,
            largest: 15,
            aliases: 11,
            root_fields: 12,
            directives: 13,
            introspection: 2,
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
                "what asks for the schema has 3 lists of fields or types within each other; the \
                 limit is 2",
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
            assert_eq!(told(limits.check(size)), (code.to_owned(), message.to_owned()));
        }

        let fits = Shape { depth: scan::MOST, tokens: 14, name: 255 };
        assert!(limits.check_text(fits).is_ok());
        let (code, message) = told(limits.check_text(Shape { tokens: 15, ..fits }));
        assert_eq!(code, "QUERY_TOO_MANY_TOKENS");
        assert_eq!(message, "the document has 15 tokens; the limit is 14");
        let (code, message) = told(limits.check_text(Shape { name: 256, ..fits }));
        assert_eq!(code, "QUERY_TOO_COMPLEX");
        assert_eq!(message, "a name of the document has 256 bytes; the limit is 255");
        let (code, message) = told(limits.check_text(Shape { depth: 65, ..fits }));
        assert_eq!(code, "QUERY_TOO_DEEP");
        assert_eq!(message, "brackets are nested 65 deep; the limit is 64");
    }
}
