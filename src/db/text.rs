//! Texts as they are stored: in Unicode's normalization form C, in which an accent is part of
//! its letter. So they are found whichever way they are spelled.

use std::borrow::Cow;

use unicode_normalization::{IsNormalized, UnicodeNormalization as _, is_nfc_quick};

/// Every character that form C changes is U+0300 or above, whose UTF-8 begins with this byte or
/// a greater one.
const FIRST_BYTE: u8 = 0xcc;

/// Whether no text in these bytes can be other than in form C; most texts are so.
#[must_use]
pub fn is_plain(bytes: &[u8]) -> bool {
    // Not `all`, which ends at the first and so looks at them one by one.
    bytes.iter().fold(0, |greatest, byte| (*byte).max(greatest)) < FIRST_BYTE
}

/// The text in form C.
#[must_use]
pub fn normalized(text: &str) -> Cow<'_, str> {
    if is_plain(text.as_bytes()) || is_nfc_quick(text.chars()) == IsNormalized::Yes {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.nfc().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accents_become_part_of_their_letters() {
        for (given, stored) in [
            ("Jose\u{301}", "Jos\u{e9}"),
            ("Jos\u{e9}", "Jos\u{e9}"),
            ("A\u{30a}ngstro\u{308}m", "\u{c5}ngstr\u{f6}m"),
            ("\u{212b}", "\u{c5}"),
            ("\u{1112}\u{1161}\u{11ab}", "\u{d55c}"),
            ("q\u{307}\u{323}", "q\u{323}\u{307}"),
            ("ﬁ", "ﬁ"),
        ] {
            assert_eq!(normalized(given), stored);
        }
    }

    #[test]
    fn what_is_plain_has_only_one_form() {
        let below = (0..0x300).filter_map(char::from_u32).collect::<String>();
        assert!(is_plain(below.as_bytes()) && !is_plain("\u{300}".as_bytes()));
        assert_eq!(below.nfc().collect::<String>(), below);
        assert!(matches!(normalized("Łukasz Ø"), Cow::Borrowed(_)));
    }
}
