//! The names of organisations.

/// Whether this may be the name of an organisation: 1 to 63 of `a-z`, `0-9` and `-`.
#[must_use]
pub fn is_organisation(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=63).contains(&text.len()) && text.bytes().all(is_allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_organisation_is_a_slug() {
        for (text, is) in [("a-1", true), ("", false), ("A", false), ("a b", false), ("é", false)]
        {
            assert_eq!(is_organisation(text), is, "{text}");
        }
        assert!(is_organisation(&"a".repeat(63)) && !is_organisation(&"a".repeat(64)));
    }
}
