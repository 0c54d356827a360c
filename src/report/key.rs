//! Keys of reports: `{prefix}/{organization}/{project}/{kind}-{time}-{hash}.csv`.

use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// Most bytes of a part of a key that callers choose.
const MOST_BYTES: usize = 96;

/// The key of a report, without the prefix.
pub(super) fn object_key(
    organization: &str,
    project: &str,
    kind: &str,
    requested_at: DateTime<Utc>,
    id: Uuid,
    extension: &str,
) -> String {
    let organization = segment(organization);
    let project = segment(project);
    let kind = kind.replace('_', "-");
    let time = requested_at.format("%Y%m%dT%H%M%S%3fZ");
    let hash: String =
        Sha256::digest(id.as_bytes()).iter().take(5).map(|byte| format!("{byte:02x}")).collect();
    format!("{organization}/{project}/{kind}-{time}-{hash}.{extension}")
}

/// A text as one part of a key: letters and digits of any script, and `-`, `_` and `.` but at
/// its beginning. What two texts have in common here, the hash of the key tells apart.
fn segment(text: &str) -> String {
    let safe = |character: char| {
        if character.is_alphanumeric() || matches!(character, '-' | '_' | '.') {
            character
        } else {
            '-'
        }
    };
    let mut segment: String = text.trim().chars().map(safe).collect();
    segment.truncate(segment.floor_char_boundary(MOST_BYTES));
    let segment = segment.trim_start_matches('.');
    if segment.is_empty() { "default".to_owned() } else { segment.to_owned() }
}

/// The last part of a key.
pub(super) fn file_name(key: &str) -> &str {
    key.rsplit_once('/').map_or(key, |(_, name)| name)
}

/// The key of the manifest beside a report.
pub(super) fn manifest_key(key: &str) -> String {
    let (folder, name) = key.rsplit_once('/').unwrap_or(("", key));
    let stem = name.split_once('.').map_or(name, |(stem, _)| stem);
    if folder.is_empty() {
        format!("{stem}.manifest.json")
    } else {
        format!("{folder}/{stem}.manifest.json")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callers_cannot_leave_their_folder() {
        for (text, expected) in [
            ("acme", "acme"),
            ("../../etc/passwd", "-..-etc-passwd"),
            ("..", "default"),
            ("", "default"),
            ("a/b\\c\nd\0e", "a-b-c-d-e"),
            ("relatório diário", "relatório-diário"),
        ] {
            assert_eq!(segment(text), expected, "{text:?}");
        }
        assert!(segment(&"é".repeat(500)).len() <= MOST_BYTES);
    }

    #[test]
    fn a_key_has_the_time_and_a_hash() {
        let at = DateTime::from_timestamp_millis(1_764_340_200_123).unwrap();
        let key = object_key("acme", "daily", "sales_lines", at, Uuid::nil(), "csv.gz");
        assert_eq!(key, "acme/daily/sales-lines-20251128T143000123Z-374708fff7.csv.gz");
        assert_eq!(
            manifest_key(&key),
            "acme/daily/sales-lines-20251128T143000123Z-374708fff7.manifest.json"
        );
        assert_eq!(file_name(&key), "sales-lines-20251128T143000123Z-374708fff7.csv.gz");
    }
}
