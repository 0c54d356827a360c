//! One page of a listing: prefix, delimiter, and where it continues.

use std::collections::BTreeMap;
use std::ops::Bound;

/// Which names to list.
#[derive(Debug, Default, Clone)]
pub(super) struct Query {
    pub(super) prefix: String,
    pub(super) delimiter: Option<String>,
    /// List names after this name, or after the group of this name.
    pub(super) after: String,
    pub(super) limit: usize,
}

/// The names found, in the order of their bytes.
#[derive(Debug)]
pub(super) struct Page<T> {
    pub(super) entries: Vec<(String, T)>,
    pub(super) prefixes: Vec<String>,
    /// The last name or group of this page, if more follow.
    pub(super) next: Option<String>,
}

impl<T> Page<T> {
    pub(super) fn count(&self) -> usize {
        self.entries.len() + self.prefixes.len()
    }
}

impl Query {
    pub(super) fn run<T: Clone>(&self, names: &BTreeMap<String, T>) -> Page<T> {
        let mut page = Page { entries: vec![], prefixes: vec![], next: None };
        let mut last = String::new();
        let mut from = self.first();
        if self.limit == 0 {
            return page;
        }
        loop {
            let Some((name, value)) = names.range((from, Bound::Unbounded)).next() else {
                return page;
            };
            if !name.starts_with(&self.prefix) {
                return page;
            }
            let group = self.group(name);
            let listed_before = group.is_some_and(|group| group == self.after);
            if !listed_before && page.count() == self.limit {
                page.next = Some(last);
                return page;
            }
            from = match group {
                None => {
                    page.entries.push((name.clone(), value.clone()));
                    last.clone_from(name);
                    Bound::Excluded(name.clone())
                }
                Some(group) => {
                    if !listed_before {
                        page.prefixes.push(group.to_owned());
                        group.clone_into(&mut last);
                    }
                    let Some(end) = after_prefix(group) else { return page };
                    Bound::Included(end)
                }
            };
        }
    }

    fn first(&self) -> Bound<String> {
        if self.after >= self.prefix && !self.after.is_empty() {
            Bound::Excluded(self.after.clone())
        } else {
            Bound::Included(self.prefix.clone())
        }
    }

    /// The group of a name: all up to the first delimiter after the prefix.
    fn group<'a>(&self, name: &'a str) -> Option<&'a str> {
        let delimiter = self.delimiter.as_deref().filter(|text| !text.is_empty())?;
        let rest = name.get(self.prefix.len()..)?;
        let end = self.prefix.len() + rest.find(delimiter)? + delimiter.len();
        name.get(..end)
    }
}

/// The smallest text that is greater than every text with this prefix.
fn after_prefix(prefix: &str) -> Option<String> {
    let mut text = prefix.to_owned();
    while let Some(last) = text.pop() {
        let next = (u32::from(last) + 1..=u32::from(char::MAX)).find_map(char::from_u32);
        if let Some(next) = next {
            text.push(next);
            return Some(text);
        }
    }
    None
}

/// Percent-encodes a name as `encoding-type=url` requires.
pub(super) fn percent_encode(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::with_capacity(text.len()), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-_.~/".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> BTreeMap<String, ()> {
        names.iter().map(|name| ((*name).to_owned(), ())).collect()
    }

    fn walk(all: &BTreeMap<String, ()>, mut query: Query) -> Vec<String> {
        let mut seen = vec![];
        loop {
            let page = query.run(all);
            assert!(page.count() <= query.limit);
            seen.extend(page.entries.into_iter().map(|(name, ())| name));
            seen.extend(page.prefixes.into_iter().map(|name| format!("[{name}]")));
            match page.next {
                Some(next) => query.after = next,
                None => return seen,
            }
        }
    }

    #[test]
    fn pages_of_every_size_list_everything_once() {
        let all =
            names(&["a", "a/", "a/1", "a/2", "a0", "b/1", "b/2/3", "c", "ü/1", "\u{10FFFF}/x"]);
        for limit in 1..12 {
            let query = Query { limit, ..<_>::default() };
            assert_eq!(walk(&all, query).len(), all.len());
            let grouped = Query { delimiter: Some("/".into()), limit, ..<_>::default() };
            let mut seen = walk(&all, grouped);
            seen.sort();
            assert_eq!(seen, ["[a/]", "[b/]", "[ü/]", "[\u{10FFFF}/]", "a", "a0", "c"]);
        }
    }

    #[test]
    fn groups_lie_below_the_prefix() {
        let all = names(&["a/", "a/1", "a/b/1", "a/b/2", "ab"]);
        let query =
            Query { prefix: "a/".into(), delimiter: Some("/".into()), limit: 10, ..<_>::default() };
        assert_eq!(walk(&all, query), ["a/", "a/1", "[a/b/]"]);
    }

    #[test]
    fn a_full_last_page_is_not_truncated() {
        let all = names(&["a/1", "a/2", "b"]);
        let query = Query { delimiter: Some("/".into()), limit: 2, ..<_>::default() };
        assert_eq!(query.run(&all).next, None);
    }

    #[test]
    fn the_end_of_a_prefix_is_the_next_text() {
        assert_eq!(after_prefix("a/").as_deref(), Some("a0"));
        assert_eq!(after_prefix("a\u{10FFFF}").as_deref(), Some("b"));
        assert_eq!(after_prefix("\u{D7FF}").as_deref(), Some("\u{E000}"));
        assert_eq!(after_prefix(""), None);
    }

    #[test]
    fn names_are_encoded_byte_by_byte() {
        assert_eq!(percent_encode("a/ü b"), "a/%C3%BC%20b");
    }
}
