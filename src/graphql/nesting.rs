//! How deeply the brackets of a document are nested, before it is parsed: the
//! parser recurses into brackets without a bound of its own.

/// Deepest nesting of brackets that is given to the parser. The limit of a
/// document's depth refuses what is selected more deeply anyhow.
pub(super) const MOST: usize = 64;

/// Whether brackets are nested more deeply than [`MOST`].
///
/// It reads strings and comments as the grammar does; where the text is no
/// GraphQL it may count more than the parser would ever see, never less.
pub(super) fn is_too_deep(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut position = 0;
    let mut depth = 0_usize;
    let mut blocks_end = true;
    while let Some(rest) = bytes.get(position..).filter(|rest| !rest.is_empty()) {
        position += match rest {
            [b'{' | b'[' | b'(', ..] => {
                depth += 1;
                if depth > MOST {
                    return true;
                }
                1
            }
            [b'}' | b']' | b')', ..] => {
                depth = depth.saturating_sub(1);
                1
            }
            [b'#', ..] => line(rest),
            [b'"', b'"', b'"', inner @ ..] if blocks_end => match block(inner) {
                Some(length) => 3 + length,
                // No other block ends either. The grammar takes what does not end for
                // an empty string and whatever follows.
                None => {
                    blocks_end = false;
                    2
                }
            },
            [b'"', inner @ ..] => 1 + string(inner),
            _ => 1,
        };
    }
    false
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

/// Length of the rest of a string: to its end, or to the end of the line, which
/// no string goes beyond.
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

    #[test]
    fn every_kind_of_bracket_counts() {
        for bracket in ["{", "[", "(", "{a(x:["] {
            assert!(!is_too_deep(&bracket.repeat(MOST / 3)), "{bracket}");
            assert!(is_too_deep(&bracket.repeat(100_000)), "{bracket}");
        }
        assert!(!is_too_deep(&"{".repeat(MOST)));
        assert!(is_too_deep(&"{".repeat(MOST + 1)));
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
            // What looks like a block string that does not end is two strings.
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
