//! `[load]`: loading.

use std::fmt;
use std::str::FromStr;

use super::key::ConfigKey;
use super::parse;
use super::values::Values;
use crate::error::Result;

const SECTION: ConfigKey = ConfigKey::of("load");

/// Rows of a batch.
pub const BATCH_ROWS: ConfigKey = ConfigKey {
    name: "batch_rows",
    env: "LOAD_BATCH_ROWS",
    default: Some("20000"),
    doc: "the most rows of one batch, which is one transaction",
    ..SECTION
};

/// Bytes of a batch.
pub const BATCH_BYTES: ConfigKey = ConfigKey {
    name: "batch_bytes",
    env: "LOAD_BATCH_BYTES",
    default: Some("1MiB"),
    doc: "the most bytes of one batch",
    ..SECTION
};

/// Files loaded in parallel.
pub const PARALLEL_FILES: ConfigKey = ConfigKey {
    name: "parallel_files",
    env: "LOAD_PARALLEL_FILES",
    default: Some("2"),
    doc: "how many independent files load in parallel",
    ..SECTION
};

/// Most rejected rows of a file.
pub const MAX_REJECTS: ConfigKey = ConfigKey {
    name: "max_rejects",
    env: "LOAD_MAX_REJECTS",
    doc: "how many rejected rows a file may have before it fails: `100` or `0.5%`; no limit unless set",
    ..SECTION
};

/// How a load changes the stored rows.
pub const MODE: ConfigKey = ConfigKey {
    name: "mode",
    env: "LOAD_MODE",
    default: Some("merge"),
    doc: "`merge` inserts and updates; `mirror` also removes rows that a complete new file lacks",
    ..SECTION
};

/// The largest share that a mirrored file may remove.
pub const MIRROR_MAX_REMOVED: ConfigKey = ConfigKey {
    name: "mirror_max_removed",
    env: "LOAD_MIRROR_MAX_REMOVED",
    default: Some("10%"),
    doc: "the largest share of the rows stored before that a mirrored file may remove",
    ..SECTION
};

/// Bytes of one record.
pub const RECORD_MAX_BYTES: ConfigKey = ConfigKey {
    name: "record_max_bytes",
    env: "LOAD_RECORD_MAX_BYTES",
    default: Some("1MiB"),
    doc: "the most bytes of one CSV record; a longer one is rejected",
    ..SECTION
};

/// What counts as much to load.
pub const BULK_BYTES: ConfigKey = ConfigKey {
    name: "bulk_bytes",
    env: "LOAD_BULK_BYTES",
    default: Some("64KiB"),
    doc: "the bytes of new files of a table that is empty, or nearly so, from which on its foreign keys and indexes are set aside until the end of the load (docs/loading.md#first-load)",
    ..SECTION
};

/// The mapping of the files.
pub const MAPPING: ConfigKey = ConfigKey {
    name: "mapping",
    env: "LOAD_MAPPING",
    doc: "how files of other shapes are called and written: a TOML file, or the name of a mapping that comes with the product (docs/mappings.md)",
    ..SECTION
};

/// The keys of the section.
pub const KEYS: &[ConfigKey] = &[
    BATCH_ROWS, BATCH_BYTES, PARALLEL_FILES, MAX_REJECTS, MODE, MIRROR_MAX_REMOVED,
    RECORD_MAX_BYTES, BULK_BYTES, MAPPING,
];

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;

/// The section's values.
#[derive(Debug, Clone)]
pub struct LoadConfig {
    /// The most rows of one batch.
    pub batch_rows: usize,
    /// The most bytes of one batch.
    pub batch_bytes: usize,
    /// How many independent files load in parallel.
    pub parallel_files: usize,
    /// Most rejected rows of a file; none is no limit.
    pub max_rejects: Option<MaxRejects>,
    /// How a load changes the stored rows.
    pub mode: LoadMode,
    /// The largest share that a mirrored file may remove.
    pub mirror_max_removed: MaxRemoved,
    /// The most bytes of one CSV record.
    pub record_max_bytes: usize,
    /// The bytes of new files of an empty table from which on keys and indexes are set aside.
    pub bulk_bytes: usize,
    /// The mapping of the files: its name, or the path of its file.
    pub mapping: Option<String>,
}

impl LoadConfig {
    pub(super) fn read(values: &Values) -> Result<Self> {
        Ok(Self {
            batch_rows: values.required(&BATCH_ROWS, parse::whole(1..=1_000_000))?,
            batch_bytes: values.required(&BATCH_BYTES, parse::bytes(4 * KIB..=256 * MIB))?,
            parallel_files: values.required(&PARALLEL_FILES, parse::whole(1..=16))?,
            max_rejects: values.optional(&MAX_REJECTS, str::parse)?,
            mode: values.required(&MODE, str::parse)?,
            mirror_max_removed: values.required(&MIRROR_MAX_REMOVED, str::parse)?,
            record_max_bytes: values.required(&RECORD_MAX_BYTES, parse::bytes(KIB..=64 * MIB))?,
            bulk_bytes: values.required(&BULK_BYTES, parse::bytes(0..=1 << 50))?,
            mapping: values.optional(&MAPPING, parse::text)?,
        })
    }
}

/// How a load changes the stored rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoadMode {
    /// Inserts and updates; deletes nothing.
    Merge,
    /// Also removes rows that a complete new file lacks.
    Mirror,
}

impl FromStr for LoadMode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.trim() {
            "merge" => Ok(Self::Merge),
            "mirror" => Ok(Self::Mirror),
            _ => Err("expected merge or mirror".to_owned()),
        }
    }
}

impl LoadMode {
    /// The mode as written and as stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Merge => "merge",
            Self::Mirror => "mirror",
        }
    }
}

impl fmt::Display for LoadMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The largest share of a table's rows that a mirrored file may remove, in percent from 0
/// to 100.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MaxRemoved(f64);

impl MaxRemoved {
    /// Whether it allows to remove `removed` of `stored` rows.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a percentage needs no exact counts")]
    pub fn allows(self, removed: i64, stored: i64) -> bool {
        100.0 * removed as f64 <= self.0 * stored as f64
    }
}

impl FromStr for MaxRemoved {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        percentage(text.trim())
            .map(Self)
            .ok_or_else(|| "expected a percentage from 0% to 100%, such as 10%".to_owned())
    }
}

impl fmt::Display for MaxRemoved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", self.0)
    }
}

fn percentage(text: &str) -> Option<f64> {
    let percent = text.strip_suffix('%')?.trim().parse().ok()?;
    (0.0..=100.0).contains(&percent).then_some(percent)
}

/// Most rejected rows of a file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum MaxRejects {
    /// A number of rows.
    Count(u64),
    /// A percentage of the rows read, from 0 to 100.
    Percent(f64),
}

impl FromStr for MaxRejects {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let parsed = match text.ends_with('%') {
            true => percentage(text).map(Self::Percent),
            false => text.parse().ok().map(Self::Count),
        };
        parsed.ok_or_else(|| {
            "expected a number of rows such as 100, or a percentage such as 0.5%".to_owned()
        })
    }
}

impl fmt::Display for MaxRejects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(rows) => write!(f, "{rows}"),
            Self::Percent(percent) => write!(f, "{percent}%"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_a_count_or_a_percentage() {
        for (text, bound) in [
            ("0", MaxRejects::Count(0)),
            ("100", MaxRejects::Count(100)),
            ("0.5%", MaxRejects::Percent(0.5)),
            ("100 %", MaxRejects::Percent(100.0)),
        ] {
            assert_eq!(text.parse(), Ok(bound));
            assert_eq!(bound.to_string().parse(), Ok(bound), "the printed form parses");
        }
        for bad in ["", "-1", "0.5", "101%", "NaN%", "%", "many"] {
            assert!(bad.parse::<MaxRejects>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_share_that_may_be_removed_is_a_percentage() {
        let share: MaxRemoved = "10%".parse().expect("a percentage");
        assert!(share.allows(10, 100) && !share.allows(11, 100));
        assert!(share.allows(0, 0) && !share.allows(1, 0));
        assert_eq!(share.to_string().parse(), Ok(share), "the printed form parses");
        for bad in ["", "10", "-1%", "101%", "NaN%"] {
            assert!(bad.parse::<MaxRemoved>().is_err(), "{bad}");
        }
    }
}
