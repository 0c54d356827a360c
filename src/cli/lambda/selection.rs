//! Chooses what to load for the objects of an event.

use super::event::Object;
use crate::config::LoadMode;
use crate::job::loads::below;
use crate::load::LoadOptions;
use crate::storage::SourceUri;

/// Ignored keys that are named.
const NAMED: usize = 20;

/// What is loaded for an event.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Selection {
    /// The smallest part of the configured source that has all of the objects; `None` if none
    /// of them is a file to load.
    pub(super) source: Option<SourceUri>,
    /// The first of these objects; empty for the whole source.
    pub(super) taken: Vec<String>,
    /// Objects outside of the source, or that are not files to load: the first of them, and
    /// their number.
    pub(super) ignored: Vec<String>,
    pub(super) ignored_count: usize,
}

impl Selection {
    /// The whole source.
    pub(super) fn everything(configured: SourceUri) -> Self {
        Self { source: Some(configured), ..Self::default() }
    }

    /// Of the objects of an event.
    pub(super) fn of(
        mut objects: Vec<Object>,
        configured: &SourceUri,
        options: &LoadOptions,
    ) -> Self {
        objects.sort();
        objects.dedup();
        let (taken, ignored): (Vec<_>, Vec<_>) = objects
            .into_iter()
            .map(|Object { bucket, key }| (format!("s3://{bucket}/{key}"), key))
            .partition(|(uri, key)| options.takes(key) && below(configured, uri).is_ok());
        let ignored_count = ignored.len();
        let ignored = ignored.into_iter().take(NAMED).map(|(uri, _)| uri).collect();
        let keys: Vec<&str> = taken.iter().map(|(_, key)| key.as_str()).collect();
        let source = source_of(&keys, configured, options.mode);
        let taken = taken.iter().take(NAMED).map(|(uri, _)| uri.clone()).collect();
        Self { source, taken, ignored, ignored_count }
    }
}

/// The part of the source that has these keys, sorted.
fn source_of(keys: &[&str], configured: &SourceUri, mode: LoadMode) -> Option<SourceUri> {
    let (first, last) = (keys.first()?, keys.last()?);
    let SourceUri::S3 { bucket, .. } = configured else { return None };
    // Mirroring has to see all files of a table: what one of them lacks may be in another.
    if mode == LoadMode::Mirror {
        return Some(configured.clone());
    }
    let prefix = if first == last { *first } else { common_folder(first, last) };
    Some(SourceUri::S3 { bucket: bucket.clone(), prefix: prefix.to_owned() })
}

/// The folder of both keys; empty if they have none in common.
fn common_folder<'a>(first: &'a str, last: &str) -> &'a str {
    let same = first.bytes().zip(last.bytes()).take_while(|(one, other)| one == other).count();
    let slash = first.bytes().take(same).rposition(|byte| byte == b'/');
    slash.and_then(|at| first.get(..at)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::BatchLimits;

    const PERSONS: &str = "in/2026/Person.Person.csv";
    const PRODUCTS: &str = "in/2026/Production.Product.csv";
    const OTHER_DAY: &str = "in/2025/Production.Product.csv";

    fn select(mode: LoadMode, keys: &[(&str, &str)]) -> Selection {
        let options = LoadOptions {
            limits: BatchLimits { rows: 1, bytes: 1, record_bytes: 1 },
            parallel_files: 1,
            max_rejects: None,
            mode,
            max_removed: "10%".parse().unwrap(),
            atomic: false,
            mapping: None,
            raw: None,
            again: false,
            bulk_bytes: 1,
        };
        let object = |(bucket, key): &(&str, &str)| Object {
            bucket: (*bucket).to_owned(),
            key: (*key).to_owned(),
        };
        let objects = keys.iter().map(object).collect();
        Selection::of(objects, &"s3://sales/in".parse().unwrap(), &options)
    }

    fn source_of(mode: LoadMode, keys: &[&str]) -> String {
        let keys: Vec<_> = keys.iter().map(|key| ("sales", *key)).collect();
        let selection = select(mode, &keys);
        assert_eq!(selection.ignored_count, 0, "{selection:?}");
        selection.source.expect("a source").to_string()
    }

    #[test]
    fn the_smallest_part_with_all_objects_is_loaded() {
        let merge = LoadMode::Merge;
        assert_eq!(source_of(merge, &[PERSONS]), format!("s3://sales/{PERSONS}"));
        assert_eq!(source_of(merge, &[PERSONS, PERSONS]), format!("s3://sales/{PERSONS}"));
        assert_eq!(source_of(merge, &[PRODUCTS, PERSONS]), "s3://sales/in/2026");
        assert_eq!(source_of(merge, &[PRODUCTS, OTHER_DAY, PERSONS]), "s3://sales/in");
    }

    #[test]
    fn a_mirror_sees_the_whole_source() {
        assert_eq!(source_of(LoadMode::Mirror, &[PERSONS]), "s3://sales/in");
    }

    #[test]
    fn other_objects_are_ignored_by_name() {
        let keys = [
            ("sales", "in/2026/notes.txt"),
            ("sales", "other/Person.Person.csv"),
            ("private", PERSONS),
            ("x", PERSONS),
        ];
        let selection = select(LoadMode::Merge, &keys);
        assert_eq!(selection.source, None);
        assert_eq!(selection.ignored_count, keys.len());
        assert!(selection.ignored.contains(&"s3://sales/in/2026/notes.txt".to_owned()));
        let selection = select(LoadMode::Merge, &[keys[0], ("sales", PERSONS)]);
        assert_eq!(selection.source.unwrap().to_string(), format!("s3://sales/{PERSONS}"));
        let many: Vec<_> = (0..100).map(|number| format!("in/{number}.txt")).collect();
        let many: Vec<_> = many.iter().map(|key| ("sales", key.as_str())).collect();
        let selection = select(LoadMode::Merge, &many);
        assert_eq!((selection.ignored.len(), selection.ignored_count), (NAMED, 100));
    }
}
