//! How the fields of a record are quoted, as RFC 4180 says: a field that opens with a quote
//! ends with one, and quotes within it are doubled. A quote within any other field is text.

use csv_core::ReaderBuilder;

/// How the fields of a record are quoted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quoting {
    /// Each quoted field ends at its closing quote.
    Closed,
    /// A quoted field has a single quote inside, or text after its closing quote.
    Stray,
    /// A quoted field never ends.
    Open,
}

/// What delimits and quotes fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Syntax {
    pub(super) delimiter: u8,
    /// `None` if quotes are text.
    pub(super) quote: Option<u8>,
}

impl Syntax {
    /// That of plain files.
    pub(super) const fn plain(delimiter: u8) -> Self {
        Self { delimiter, quote: Some(b'"') }
    }

    /// A parser of such records.
    pub(super) fn parser(self) -> ReaderBuilder {
        let mut parser = ReaderBuilder::new();
        parser.delimiter(self.delimiter).quoting(self.quote.is_some());
        if let Some(quote) = self.quote {
            parser.quote(quote);
        }
        parser
    }
}

/// Examines a record without its line end. Jumps from quote to quote: few bytes are quotes.
pub(super) fn quoting(record: &[u8], Syntax { delimiter, quote: mark }: Syntax) -> Quoting {
    let Some(mark) = mark else { return Quoting::Closed };
    let mut stray = false;
    let mut at = 0;
    while let Some(quote) = find(record, at, mark) {
        at = quote + 1;
        let opens = quote == 0 || record.get(quote - 1) == Some(&delimiter);
        if !opens {
            continue;
        }
        let Some(end) = closing(record, at, mark) else { return Quoting::Open };
        at = end + 1;
        if record.get(at).is_some_and(|next| *next != delimiter) {
            stray = true;
            // The rest of the field is text.
            at = find(record, at, delimiter).unwrap_or(record.len());
        }
    }
    if stray { Quoting::Stray } else { Quoting::Closed }
}

/// Whether the field of that index is quoted.
pub(super) fn is_quoted(record: &[u8], syntax: Syntax, index: usize) -> bool {
    let Some(mark) = syntax.quote else { return false };
    let mut at = 0;
    for _ in 0..index {
        if record.get(at) == Some(&mark) {
            at = closing(record, at + 1, mark).map_or(record.len(), |end| end + 1);
        }
        let Some(end) = find(record, at, syntax.delimiter) else { return false };
        at = end + 1;
    }
    record.get(at) == Some(&mark)
}

/// The closing quote of a quoted field whose text begins at `at`.
fn closing(record: &[u8], mut at: usize, mark: u8) -> Option<usize> {
    loop {
        let quote = find(record, at, mark)?;
        if record.get(quote + 1) != Some(&mark) {
            return Some(quote);
        }
        at = quote + 2;
    }
}

fn find(record: &[u8], from: usize, wanted: u8) -> Option<usize> {
    let rest = record.get(from..)?;
    rest.iter().position(|byte| *byte == wanted).map(|at| from + at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_open_only_at_the_beginning_of_a_field() {
        for (record, expected) in [
            ("a;b", Quoting::Closed),
            ("\"a;b\";c", Quoting::Closed),
            ("\"a \"\"b\"\" c\";\"\";\"\"\"\"", Quoting::Closed),
            ("5\" pipe;a \"\" b", Quoting::Closed),
            ("\"Frame \"Pro\" 52\";b", Quoting::Stray),
            ("\"Wheel 26\" rim\";b", Quoting::Stray),
            ("\"Saddle\" ;b", Quoting::Stray),
            ("\"a\"b;\"c", Quoting::Open),
            ("a;\"b", Quoting::Open),
            ("a;\"b\"\"", Quoting::Open),
            ("\"", Quoting::Open),
        ] {
            assert_eq!(quoting(record.as_bytes(), Syntax::plain(b';')), expected, "{record}");
        }
    }

    #[test]
    fn a_quoted_field_is_told_by_its_index() {
        let record = b"1;\"a;\"\"b\";NULL;\"NULL\"";
        let quoted: Vec<bool> =
            (0..5).map(|index| is_quoted(record, Syntax::plain(b';'), index)).collect();
        assert_eq!(quoted, [false, true, false, true, false]);
    }
}
