//! Counts the brackets and tokens of a document before it is parsed: the parser recurses
//! into brackets without a limit, and its time grows with the tokens.

/// Deepest nesting of brackets. The limit on the depth of fields is lower.
pub(crate) const MAX_DEPTH: usize = 64;

/// The size of a document's text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct TextSize {
    /// Deepest nesting of brackets.
    pub(crate) depth: usize,
    /// Tokens, as the GraphQL specification defines them.
    pub(crate) tokens: usize,
    /// Bytes of the longest name.
    pub(crate) name: usize,
}

/// Scans a document once, with the strings and comments of the grammar. If the text is
/// not GraphQL it may count more brackets than the parser would meet, never fewer.
pub(crate) fn scan(text: &str) -> TextSize {
    let bytes = text.as_bytes();
    let mut size = TextSize::default();
    let mut position = 0;
    let mut depth = 0_usize;
    let mut blocks_end = true;
    while let Some(rest) = bytes.get(position..).filter(|rest| !rest.is_empty()) {
        let (tokens, length) = match rest {
            [b'{' | b'[' | b'(', ..] => {
                depth += 1;
                size.depth = size.depth.max(depth);
                (1, 1)
            }
            [b'}' | b']' | b')', ..] => {
                depth = depth.saturating_sub(1);
                (1, 1)
            }
            [b' ' | b'\t' | b'\n' | b'\r' | b',', ..] => (0, 1),
            [b'#', ..] => (0, line(rest)),
            [b'"', b'"', b'"', inner @ ..] if blocks_end => match block(inner) {
                Some(length) => (1, 3 + length),
                // No later block ends either. The parser refuses it; what follows is counted.
                None => {
                    blocks_end = false;
                    (1, 2)
                }
            },
            [b'"', inner @ ..] => (1, 1 + string(inner)),
            [b'.', b'.', b'.', ..] => (1, 3),
            [b'a'..=b'z' | b'A'..=b'Z' | b'_', ..] => {
                let length = word(rest);
                size.name = size.name.max(length);
                (1, length)
            }
            [b'0'..=b'9' | b'-', ..] => (1, number(rest)),
            _ => (1, 1),
        };
        size.tokens += tokens;
        position += length;
    }
    size
}

/// Length of a name.
fn word(text: &[u8]) -> usize {
    let ends = |byte: &u8| !byte.is_ascii_alphanumeric() && *byte != b'_';
    text.iter().position(ends).unwrap_or(text.len())
}

/// Length of a number, from its sign or first digit.
fn number(text: &[u8]) -> usize {
    let mut before = b'e';
    let ends = |byte: &u8| {
        let goes_on = match byte {
            b'0'..=b'9' | b'.' | b'e' | b'E' => true,
            b'+' | b'-' => matches!(before, b'e' | b'E'),
            _ => false,
        };
        before = *byte;
        !goes_on
    };
    text.iter().position(ends).unwrap_or(text.len())
}

/// Length of the rest of a line.
fn line(text: &[u8]) -> usize {
    text.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(text.len())
}

/// Length of the rest of a block string with its end; `None` without one.
fn block(text: &[u8]) -> Option<usize> {
    let mut position = 0;
    loop {
        match text.get(position..)? {
            [b'\\', b'"', b'"', b'"', ..] => position += 4,
            [b'"', b'"', b'"', ..] => return Some(position + 3),
            [] => return None,
            _ => position += 1,
        }
    }
}

/// Length of the rest of a string: to its end, at most to the end of the line.
fn string(text: &[u8]) -> usize {
    let mut position = 0;
    loop {
        match text.get(position..) {
            Some([b'"', ..]) => return position + 1,
            Some([b'\\', escaped, ..]) if !matches!(escaped, b'\n' | b'\r') => position += 2,
            None | Some([] | [b'\n' | b'\r', ..]) => return position,
            Some(_) => position += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_too_deep(text: &str) -> bool {
        scan(text).depth > MAX_DEPTH
    }

    #[test]
    fn tokens_are_counted_as_in_the_specification() {
        for (text, tokens) in [
            ("", 0),
            (" ,\t\r\n# comment { a }", 0),
            ("{ a }", 3),
            ("query Q($a: [Int!]! = 1) @b { ...f a_1: b2(c: $a) }", 29),
            ("{ a(x: -1.5e-10, y: 1e+3, z: 0) }", 14),
            ("{ a(x: \"b \\\" c\", y: \"\"\"d\n \"e\" f\"\"\", z: \"\") }", 14),
            ("1-1", 2),
            ("a-1", 2),
        ] {
            assert_eq!(scan(text).tokens, tokens, "{text}");
        }
        assert_eq!(scan(&"a ".repeat(100_000)).tokens, 100_000);
    }

    #[test]
    fn every_kind_of_bracket_counts() {
        for bracket in ["{", "[", "(", "{a(x:["] {
            assert!(!is_too_deep(&bracket.repeat(MAX_DEPTH / 3)), "{bracket}");
            assert!(is_too_deep(&bracket.repeat(100_000)), "{bracket}");
        }
        assert!(!is_too_deep(&"{".repeat(MAX_DEPTH)));
        assert!(is_too_deep(&"{".repeat(MAX_DEPTH + 1)));
        assert!(!is_too_deep(&"{}[]()".repeat(1_000)));
    }

    #[test]
    fn brackets_in_strings_and_comments_do_not() {
        let many = "[".repeat(100);
        for text in [
            format!("{{ a(x: \"{many}\") }}"),
            format!("{{ a(x: \"\\\"{many}\") }}"),
            format!("{{ a(x: \"\"\"\n{many} \\\"\"\" \" {many}\"\"\") }}"),
            format!("# {many}\n{{ a }} # {many}"),
        ] {
            assert!(!is_too_deep(&text), "{text}");
        }
    }

    #[test]
    fn nothing_hides_brackets_from_it() {
        let many = "[".repeat(100);
        for text in [
            // What follows an open block string counts.
            format!("{{ a(x: [\"\"\" \"{many}"),
            format!("\"\"\"\n{many}"),
            format!("\"open\n{many}"),
            format!("\"open\\\n{many}"),
            format!("# comment\r{many}"),
            format!("\"\"{many}"),
            format!("\"\"\"\"\"\"{many}"),
            format!("\"\"\" \\\\\"\"\"\"\"\"{many}"),
        ] {
            assert!(is_too_deep(&text), "{text}");
        }
    }
}
