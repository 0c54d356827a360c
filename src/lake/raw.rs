//! The names of file versions that are kept raw:
//! `raw/{dataset}/YYYY/MM/DD/{file stem}-{first 12 of the ETag's digits}.{ending as delivered}`.

use chrono::NaiveDate;
use sha2::{Digest as _, Sha256};

use crate::storage::ObjectVersion;

/// Digits of an ETag in a name.
const DIGITS: usize = 12;
/// Bytes of a stem in a name: S3's keys have at most 1,024.
const STEM: usize = 200;
/// What a manifest's name ends with.
const MANIFEST: &str = ".manifest.json";

/// The names that a version may have: the second where the first is taken by another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawNames {
    /// With the first digits of its ETag.
    pub short: String,
    /// With a digest of its address and its ETag.
    pub long: String,
}

impl RawNames {
    /// The keys below the lake of a version of a dataset that is loaded on this day, in UTC.
    #[must_use]
    pub fn of(dataset: &str, day: NaiveDate, object: &ObjectVersion) -> Self {
        let folder = day_folder(dataset, day);
        let file = object.key.rsplit_once('/').map_or(object.key.as_str(), |(_, file)| file);
        let (stem, ending) = split(file);
        let stem = stem.get(..stem.floor_char_boundary(STEM)).unwrap_or(stem);
        let digits = digits(&object.etag);
        let whole = hex(&[&object.bucket, &object.key, &object.etag]);
        let name = |digits: &str| format!("{folder}{stem}-{digits}{ending}");
        Self { short: name(digits.get(..DIGITS).unwrap_or(&digits)), long: name(&whole) }
    }
}

/// The folder of a day, in UTC, below the lake.
#[must_use]
pub fn day_folder(dataset: &str, day: NaiveDate) -> String {
    format!("raw/{dataset}/{}/", day.format("%Y/%m/%d"))
}

/// The day of the folder of a key below the lake.
#[must_use]
pub fn day_of(key: &str) -> Option<NaiveDate> {
    let (folder, _) = key.strip_prefix("raw/")?.rsplit_once('/')?;
    NaiveDate::parse_from_str(folder.split_once('/')?.1, "%Y/%m/%d").ok()
}

/// Whether a key is that of a manifest.
#[must_use]
pub fn is_manifest(key: &str) -> bool {
    key.ends_with(MANIFEST)
}

/// Whether a key is that of a manifest beside an object, with or without a distinction.
#[must_use]
pub fn is_manifest_of(key: &str, object: &str) -> bool {
    let between = key.strip_prefix(object).and_then(|rest| rest.strip_suffix(MANIFEST));
    between.is_some_and(|between| {
        let digits = between.strip_prefix('.').unwrap_or_default();
        between.is_empty()
            || (digits.len() == DIGITS && digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
    })
}

/// The first characters of the manifests of pages in the folder of a day.
#[must_use]
pub fn page_manifests(dataset: &str, day: NaiveDate) -> String {
    format!("{}page-", day_folder(dataset, day))
}

/// The key of the manifest beside an object; with a distinction where that of another version
/// is there already.
#[must_use]
pub fn manifest_key(object: &str, distinction: Option<&[&str]>) -> String {
    match distinction {
        None => format!("{object}{MANIFEST}"),
        Some(parts) => {
            let digest = hex(parts);
            format!("{object}.{}{MANIFEST}", digest.get(..DIGITS).unwrap_or(&digest))
        }
    }
}

/// Stem and ending, with what it is compressed with: `Sales.Customer` and `.csv.gz`.
fn split(file: &str) -> (&str, &str) {
    let lower = file.to_ascii_lowercase();
    let compressed = [".gz", ".zst"].iter().find(|ending| lower.ends_with(*ending));
    let plain = file.len() - compressed.map_or(0, |ending| ending.len());
    let dot = file.get(..plain).and_then(|plain| plain.rfind('.')).filter(|at| *at > 0);
    file.split_at(dot.unwrap_or(plain))
}

/// The digits of an ETag; of one that is none of S3's, of its hash, as its first characters
/// may be those of many versions.
fn digits(etag: &str) -> String {
    let (hash, parts) = etag.split_once('-').unwrap_or((etag, ""));
    let is_hash = hash.len() == 32 && hash.bytes().all(|digit| digit.is_ascii_hexdigit());
    match is_hash && parts.bytes().all(|digit| digit.is_ascii_digit()) {
        true => hash.to_ascii_lowercase(),
        false => hex(&[etag]),
    }
}

/// The first 32 digits of a hash of several texts.
fn hex(parts: &[&str]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    let mut text = format!("{:x}", digest.finalize());
    text.truncate(32);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn short(key: &str, etag: &str) -> String {
        let object = ObjectVersion {
            bucket: "b".to_owned(),
            key: key.to_owned(),
            etag: etag.to_owned(),
            version_id: None,
            size: 1,
            last_modified: None,
            kept_at: None,
        };
        let names = RawNames::of("customer", "2026-11-09".parse().unwrap(), &object);
        assert_ne!(names.short, names.long);
        names.short.strip_prefix("raw/customer/2026/11/09/").unwrap().to_owned()
    }

    #[test]
    fn a_name_has_stem_digits_and_ending() {
        let etag = "9b2cf535f27731c974343645a3985328";
        for (key, expected) in [
            ("in/Sales.Customer.csv", "Sales.Customer-9b2cf535f277.csv"),
            ("in/Sales.Customer-2014.CSV.GZ", "Sales.Customer-2014-9b2cf535f277.CSV.GZ"),
            ("orders/1.json.zst", "1-9b2cf535f277.json.zst"),
            ("Sales", "Sales-9b2cf535f277"),
            ("in/.gz", "-9b2cf535f277.gz"),
        ] {
            assert_eq!(short(key, etag), expected);
        }
        assert_eq!(short("a.csv", "9B2CF535f27731c974343645a3985328-3"), "a-9b2cf535f277.csv");
        let long = short(&format!("{}.csv", "é".repeat(300)), etag);
        assert!(long.len() < 240 && long.ends_with("-9b2cf535f277.csv"), "{long}");
    }

    #[test]
    fn manifests_are_known_by_their_object() {
        let plain = manifest_key("raw/a/b-1.csv", None);
        let told = manifest_key("raw/a/b-1.csv", Some(&["x"]));
        for key in [&plain, &told] {
            assert!(is_manifest_of(key, "raw/a/b-1.csv"), "{key}");
        }
        let zipped = manifest_key("raw/a/b-1.csv.gz", None);
        for key in [zipped.as_str(), "raw/a/b-1.csv", "raw/a/b-2.csv.manifest.json"] {
            assert!(!is_manifest_of(key, "raw/a/b-1.csv"), "{key}");
        }
    }

    #[test]
    fn other_etags_are_told_apart() {
        let one = short("a.csv", "5000-1732880000000000001-7");
        let other = short("a.csv", "5000-1732880000000000002-7");
        assert_ne!(one, other);
    }
}
