//! Bounds of the values of a column, as manifests have them, by which readers leave files out.

use super::column::Type;

/// Most characters of a text in a bound.
const CHARACTERS: usize = 16;

/// The bytes of a value that is no text: numbers, dates as days, times as microseconds.
pub(in crate::lake) fn of_number(ty: Type, value: i128) -> Option<Vec<u8>> {
    Some(match ty {
        Type::Boolean => vec![u8::from(value != 0)],
        Type::Int | Type::Date => i32::try_from(value).ok()?.to_le_bytes().to_vec(),
        Type::Long | Type::Timestamp => i64::try_from(value).ok()?.to_le_bytes().to_vec(),
        Type::Decimal { .. } => shortest(value),
        Type::String => return None,
    })
}

/// The value of bytes that [`of_number`] gave.
pub(in crate::lake) fn number(ty: Type, bytes: &[u8]) -> Option<i128> {
    Some(match ty {
        Type::Boolean => i128::from(*bytes.first()?),
        Type::Int | Type::Date => i32::from_le_bytes(bytes.try_into().ok()?).into(),
        Type::Long | Type::Timestamp => i64::from_le_bytes(bytes.try_into().ok()?).into(),
        Type::Decimal { .. } => {
            let first = *bytes.first().filter(|_| bytes.len() <= 16)?;
            let filler = if first & 0x80 == 0 { 0 } else { 0xff };
            let mut all = [filler; 16];
            all.get_mut(16 - bytes.len()..)?.copy_from_slice(bytes);
            i128::from_be_bytes(all)
        }
        Type::String => return None,
    })
}

/// A text that is not greater.
pub(in crate::lake) fn lower_of_text(text: &str) -> Vec<u8> {
    text.chars().take(CHARACTERS).collect::<String>().into_bytes()
}

/// A text that is not less; `None` if there is none that is short.
pub(in crate::lake) fn upper_of_text(text: &str) -> Option<Vec<u8>> {
    let mut begin: Vec<char> = text.chars().take(CHARACTERS).collect();
    if text.chars().nth(CHARACTERS).is_none() {
        return Some(text.as_bytes().to_vec());
    }
    while let Some(last) = begin.pop() {
        let next = (u32::from(last) + 1..=u32::from(char::MAX)).find_map(char::from_u32);
        if let Some(next) = next {
            begin.push(next);
            return Some(begin.into_iter().collect::<String>().into_bytes());
        }
    }
    None
}

/// Two's complement, the most significant byte first, without bytes that tell nothing.
fn shortest(value: i128) -> Vec<u8> {
    let bytes = value.to_be_bytes();
    let filler = if value < 0 { 0xff } else { 0 };
    let is_filler = |pair: &[u8]| matches!(pair, [first, second] if *first == filler && (*second ^ filler) & 0x80 == 0);
    let fillers = bytes.windows(2).take_while(|pair| is_filler(pair)).count();
    bytes.get(fillers..).unwrap_or_default().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_have_no_bytes_that_tell_nothing() {
        assert_eq!(shortest(0), [0]);
        assert_eq!(shortest(127), [0x7f]);
        assert_eq!(shortest(128), [0, 0x80]);
        assert_eq!(shortest(-1), [0xff]);
        assert_eq!(shortest(-128), [0x80]);
        assert_eq!(shortest(-129), [0xff, 0x7f]);
        assert_eq!(shortest(1_420), [0x05, 0x8c]);
        assert_eq!(shortest(i128::MIN), i128::MIN.to_be_bytes());
    }

    #[test]
    fn a_number_is_read_as_it_was_written() {
        let decimal = Type::Decimal { precision: 38, scale: 4 };
        for value in [0, 1, -1, 127, 128, -128, -129, 1_420, i128::MAX, i128::MIN] {
            let bytes = of_number(decimal, value).unwrap();
            assert_eq!(number(decimal, &bytes), Some(value));
        }
        for (ty, value) in [(Type::Int, -7), (Type::Timestamp, 1 << 50), (Type::Boolean, 1)] {
            assert_eq!(number(ty, &of_number(ty, value).unwrap()), Some(value));
        }
        assert_eq!(number(decimal, &[]), None);
        assert_eq!(number(Type::Int, &[1]), None);
    }

    #[test]
    fn an_upper_bound_of_a_long_text_is_greater_than_it() {
        assert_eq!(upper_of_text("short").unwrap(), b"short");
        let long = "abcdefghijklmnopq";
        assert_eq!(lower_of_text(long), b"abcdefghijklmnop");
        assert_eq!(upper_of_text(long).unwrap(), b"abcdefghijklmnoq");
        let before_surrogates = format!("abcdefghijklmno{}x", '\u{d7ff}');
        assert_eq!(
            upper_of_text(&before_surrogates).unwrap(),
            "abcdefghijklmno\u{e000}".as_bytes()
        );
        let greatest: String = std::iter::repeat_n(char::MAX, 17).collect();
        assert_eq!(upper_of_text(&greatest), None);
    }
}
