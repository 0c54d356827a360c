//! `[lake]`: where what was loaded and fetched is kept, raw and curated.

use std::time::Duration;

use super::catalog::{self, CatalogConfig};
use super::key::{ConfigKey, Visibility};
use super::parse;
use super::secret::Secret;
use super::values::{Values, not_set};
use crate::error::Result;

/// With less not even the buffers of one scan fit.
const LEAST_MEMORY: usize = 16 << 20;
const MOST_BYTES: usize = 1 << 40;

const SECTION: ConfigKey = ConfigKey::of("lake");

/// Where the lake is.
pub const URI: ConfigKey = ConfigKey {
    name: "uri",
    env: "LAKE_URI",
    doc: "where loaded files and answers of public APIs are kept, and all tables as Iceberg \
          tables: `s3://bucket/prefix`; without it there is none of that",
    ..SECTION
};

/// Whether files are kept.
pub const RAW: ConfigKey = ConfigKey {
    name: "raw",
    env: "LAKE_RAW",
    default: Some("on"),
    doc: "whether every file version that is loaded is kept in the lake, if there is one: `on` \
          or `off`",
    ..SECTION
};

/// How long files are kept.
pub const RAW_KEEP: ConfigKey = ConfigKey {
    name: "raw_keep",
    env: "LAKE_RAW_KEEP",
    doc: "how long loaded files are kept in the lake, such as `90d`; for ever unless set",
    ..SECTION
};

/// Whether personal data are in the tables of the lake.
pub const PERSONS: ConfigKey = ConfigKey {
    name: "persons",
    env: "LAKE_PERSONS",
    default: Some("false"),
    doc: "whether names and other personal data are in the tables of the lake; a change writes \
          all of it anew, and older snapshots keep what they have until they expire",
    ..SECTION
};

/// How long snapshots are kept.
pub const SNAPSHOT_KEEP: ConfigKey = ConfigKey {
    name: "snapshot_keep",
    env: "LAKE_SNAPSHOT_KEEP",
    default: Some("30d"),
    doc: "how long the tables of the lake can be read as they were before a change, an hour at \
          least",
    ..SECTION
};

/// How many questions are answered at a time.
pub const ENGINE_PARALLEL: ConfigKey = ConfigKey {
    name: "engine_parallel",
    env: "LAKE_ENGINE_PARALLEL",
    default: Some("1"),
    doc: "how many questions of `salesAggregate(engine: LAKE)` a worker answers in parallel",
    ..SECTION
};

/// The memory of the engine.
pub const ENGINE_MEMORY: ConfigKey = ConfigKey {
    name: "engine_memory",
    env: "LAKE_ENGINE_MEMORY",
    default: Some("1GiB"),
    doc: "how much memory the engine of a worker takes for all its questions together; what does \
          not fit goes to files",
    ..SECTION
};

/// Where the engine spills to.
pub const ENGINE_SPILL: ConfigKey = ConfigKey {
    name: "engine_spill",
    env: "LAKE_ENGINE_SPILL",
    default: Some("4GiB"),
    doc: "how much of the disk of temporary files (`TMPDIR`) the engine of a worker takes for \
          what does not fit into its memory",
    ..SECTION
};

/// The engine in place of the worker's own.
pub const ENGINE_URL: ConfigKey = ConfigKey {
    name: "engine_url",
    env: "LAKE_ENGINE_URL",
    doc: "the Flight SQL endpoint that answers in place of the engine of the worker, such as \
          `https://ballista.internal:50050`",
    visibility: Visibility::WithoutPassword,
    ..SECTION
};

/// The token for it.
pub const ENGINE_TOKEN: ConfigKey = ConfigKey {
    name: "engine_token",
    env: "LAKE_ENGINE_TOKEN",
    doc: "the bearer token that is sent to that endpoint; none unless set",
    visibility: Visibility::Hidden,
    ..SECTION
};

/// The table there.
pub const ENGINE_TABLE: ConfigKey = ConfigKey {
    name: "engine_table",
    env: "LAKE_ENGINE_TABLE",
    default: Some("sales"),
    doc: "what that endpoint calls the table `sales` of the lake, such as `lake.salesgraph.sales`",
    ..SECTION
};

/// The keys of the section.
pub const KEYS: &[ConfigKey] = &[
    URI,
    RAW,
    RAW_KEEP,
    PERSONS,
    SNAPSHOT_KEEP,
    ENGINE_PARALLEL,
    ENGINE_MEMORY,
    ENGINE_SPILL,
    ENGINE_URL,
    ENGINE_TOKEN,
    ENGINE_TABLE,
    catalog::URI,
    catalog::WAREHOUSE,
    catalog::NAMESPACE,
    catalog::TOKEN,
    catalog::CREDENTIAL,
    catalog::OAUTH2_SERVER_URI,
    catalog::SCOPE,
    catalog::SIGNING_NAME,
    catalog::SIGNING_REGION,
    catalog::TIMEOUT,
];

/// The section's values.
#[derive(Debug, Clone)]
pub struct LakeConfig {
    /// Where the lake is; see [`LakeConfig::require_uri`].
    pub uri: Option<String>,
    /// Whether files are kept there.
    pub raw: bool,
    /// How long; none is for ever.
    pub raw_keep: Option<Duration>,
    /// Whether personal data are in its tables.
    pub persons: bool,
    /// How long snapshots of its tables are kept.
    pub snapshot_keep: Duration,
    /// Questions answered at a time.
    pub engine_parallel: usize,
    /// Bytes of memory of the engine.
    pub engine_memory: usize,
    /// Bytes of its temporary files.
    pub engine_spill: usize,
    /// The endpoint in its place.
    pub engine_url: Option<String>,
    /// The token for the endpoint.
    pub engine_token: Option<Secret>,
    /// The table there.
    pub engine_table: String,
    /// Where its tables are named; in the database unless set.
    pub catalog: Option<CatalogConfig>,
}

impl LakeConfig {
    pub(super) fn read(values: &Values) -> Result<Self> {
        Ok(Self {
            uri: values.optional(&URI, s3_uri)?,
            raw: values.required(&RAW, switch)?,
            raw_keep: values.optional(&RAW_KEEP, days)?,
            persons: values.required(&PERSONS, parse::boolean)?,
            snapshot_keep: values.required(&SNAPSHOT_KEEP, term)?,
            engine_parallel: values.required(&ENGINE_PARALLEL, parse::whole(1..=64))?,
            engine_memory: values
                .required(&ENGINE_MEMORY, parse::bytes(LEAST_MEMORY..=MOST_BYTES))?,
            engine_spill: values.required(&ENGINE_SPILL, parse::bytes(0..=MOST_BYTES))?,
            engine_url: values.optional(&ENGINE_URL, endpoint)?,
            engine_token: values
                .optional(&ENGINE_TOKEN, |text| parse::text(text).map(Secret::new))?,
            engine_table: values.required(&ENGINE_TABLE, table_name)?,
            catalog: catalog::read(values)?,
        })
    }

    /// Where the lake is.
    ///
    /// # Errors
    /// `CONFIG` that says how to set it.
    pub fn require_uri(&self) -> Result<&str> {
        self.uri.as_deref().ok_or_else(|| not_set(&URI))
    }
}

/// Without a name and a password: a token has a key of its own.
fn endpoint(text: &str) -> Result<String, String> {
    let text = text.trim().trim_end_matches('/');
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    match host {
        Some(host) if !host.is_empty() && !host.contains(['/', '@', '?', '#']) => {
            Ok(text.to_owned())
        }
        _ => Err("expected https://host:port".to_owned()),
    }
}

/// Names with points between them, as they stand in SQL.
fn table_name(text: &str) -> Result<String, String> {
    let text = text.trim();
    let is_name = |name: &str| {
        let mut letters = name.bytes();
        letters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
            && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == b'_')
    };
    if text.split('.').all(is_name) {
        return Ok(text.to_owned());
    }
    Err("expected names of letters, digits and underscores with points between them, such as \
         lake.salesgraph.sales"
        .to_owned())
}

fn switch(text: &str) -> Result<bool, String> {
    match text.trim() {
        "on" | "true" => Ok(true),
        "off" | "false" => Ok(false),
        _ => Err("expected on or off".to_owned()),
    }
}

/// A day at least: folders are of days.
fn days(text: &str) -> Result<Duration, String> {
    const DAY: Duration = Duration::from_secs(86_400);
    let parsed = parse::duration(text).ok().filter(|keep| *keep >= DAY);
    parsed.ok_or_else(|| "expected a number of days, such as 90d".to_owned())
}

/// An hour at least: readers may be under way.
fn term(text: &str) -> Result<Duration, String> {
    const HOUR: Duration = Duration::from_secs(3_600);
    let parsed = parse::duration(text).ok().filter(|keep| *keep >= HOUR);
    parsed.ok_or_else(|| "expected an hour at least, such as 30d".to_owned())
}

fn s3_uri(text: &str) -> Result<String, String> {
    let text = text.trim();
    let bucket = text.strip_prefix("s3://").unwrap_or_default();
    if bucket.is_empty() || bucket.starts_with('/') {
        return Err("expected s3://bucket/prefix".to_owned());
    }
    Ok(text.to_owned())
}
