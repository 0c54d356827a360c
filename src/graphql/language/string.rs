//! What is written in a string: escapes, and the indentation of block strings.

/// The character of an escape, which begins with a backslash, and its length in bytes.
/// `None` for none, such as half of a surrogate pair.
pub(super) fn escape(text: &[u8]) -> Option<(char, usize)> {
    let character = match text.get(1)? {
        b'u' => return unicode(text),
        b'"' => '"',
        b'\\' => '\\',
        b'/' => '/',
        b'b' => '\u{8}',
        b'f' => '\u{C}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        _ => return None,
    };
    Some((character, 2))
}

/// `\u0041`, `\u{1F600}` or a pair such as `\uD83D\uDE00`.
fn unicode(text: &[u8]) -> Option<(char, usize)> {
    if let Some(inner) = text.strip_prefix(b"\\u{") {
        let digits = inner.iter().position(|byte| *byte == b'}')?;
        // More digits are no character, except for zeros, of which there may be no more either.
        let code = Some(digits).filter(|digits| (1..=8).contains(digits))?;
        let code = hexadecimal(inner.get(..code)?)?;
        return Some((char::from_u32(code)?, 3 + digits + 1));
    }
    let leading = hexadecimal(text.get(2..6)?)?;
    if let Some(character) = char::from_u32(leading) {
        return Some((character, 6));
    }
    let trailing = text.get(6..12)?.strip_prefix(b"\\u")?;
    let pair = [u16::try_from(leading).ok()?, u16::try_from(hexadecimal(trailing)?).ok()?];
    char::decode_utf16(pair).next()?.ok().map(|character| (character, 12))
}

fn hexadecimal(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0_u32, |value, digit| {
        let digit = char::from(*digit).to_digit(16)?;
        Some(value.checked_mul(16)? + digit)
    })
}

/// The text of a block string whose lines end in `\n`: without the indentation that all
/// lines but the first share, and without blank lines at its ends.
pub(super) fn dedent(raw: &str) -> String {
    let is_blank = |line: &&str| line.bytes().all(|byte| matches!(byte, b' ' | b'\t'));
    let indent = |line: &str| line.bytes().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let lines: Vec<&str> = raw.split('\n').collect();
    let filled = lines.iter().skip(1).filter(|line| !is_blank(line));
    let shared = filled.map(|line| indent(line)).min().unwrap_or(0);
    let first = lines.iter().position(|line| !is_blank(line));
    let last = lines.iter().rposition(|line| !is_blank(line));
    let (Some(first), Some(last)) = (first, last) else { return String::new() };
    let text = lines.iter().enumerate().skip(first).take(last + 1 - first);
    let text = text.map(|(index, line)| match index {
        0 => line,
        _ => line.get(shared..).unwrap_or_default(),
    });
    text.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_of_unicode_are_scalar_values() {
        for (text, expected) in [
            (r"\u0041", Some(('A', 6))),
            (r"\u{41}x", Some(('A', 6))),
            (r"\u{1F600}", Some(('😀', 9))),
            (r"\u{10FFFF}", Some(('\u{10FFFF}', 10))),
            (r"\u{0000041}", Some(('A', 11))),
            (r"\uD83D\uDE00", Some(('😀', 12))),
            (r"\uD83D", None),
            (r"\uDE00\uD83D", None),
            (r"\uD83Dx", None),
            (r"\uD83D\u{DE00}", None),
            (r"\u{D83D}", None),
            (r"\u{110000}", None),
            (r"\u{}", None),
            (r"\u{1F600", None),
            (r"\u{FFFFFFFFF}", None),
            (r"\u12g4", None),
            (r"\u12", None),
            (r"\a", None),
            (r"\", None),
        ] {
            assert_eq!(escape(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn block_strings_lose_their_indentation() {
        for (raw, text) in [
            ("", ""),
            (" \n\t\n", ""),
            ("a", "a"),
            ("  a\n    b\n   c", "  a\n b\nc"),
            ("\n    Hello,\n      World!\n\n    Yours\n  ", "Hello,\n  World!\n\nYours"),
            ("\n  a\n \n  b", "a\n\nb"),
        ] {
            assert_eq!(dedent(raw), text, "{raw:?}");
        }
    }
}
