//! `[limits]`: the limits of a request.

use std::time::Duration;

use super::key::ConfigKey;
use super::parse;
use super::values::{Values, config_error};
use crate::error::Result;

const SECTION: ConfigKey = ConfigKey::of("limits");

/// Default rows of a page.
pub const PAGE_SIZE_DEFAULT: ConfigKey = ConfigKey {
    name: "page_size_default",
    env: "LIMITS_PAGE_SIZE_DEFAULT",
    default: Some("50"),
    doc: "the rows of a page when neither `first` nor `last` is given",
    ..SECTION
};

/// Most rows of a page.
pub const PAGE_SIZE_MAX: ConfigKey = ConfigKey {
    name: "page_size_max",
    env: "LIMITS_PAGE_SIZE_MAX",
    default: Some("1000"),
    doc: "the most rows of a page, at every level",
    ..SECTION
};

/// Nesting of fields.
pub const DEPTH: ConfigKey = ConfigKey {
    name: "depth",
    env: "LIMITS_DEPTH",
    default: Some("20"),
    doc: "the deepest nesting of fields, from 15, which GraphiQL needs, to 32",
    ..SECTION
};

/// Aliases of an operation.
pub const ALIASES: ConfigKey = ConfigKey {
    name: "aliases",
    env: "LIMITS_ALIASES",
    default: Some("100"),
    doc: "the most aliases of an operation; here and below, fragments count at every spread",
    ..SECTION
};

/// Fields at the root of an operation.
pub const ROOT_FIELDS: ConfigKey = ConfigKey {
    name: "root_fields",
    env: "LIMITS_ROOT_FIELDS",
    default: Some("50"),
    doc: "the most fields at the root of an operation",
    ..SECTION
};

/// Directives of an operation.
pub const DIRECTIVES: ConfigKey = ConfigKey {
    name: "directives",
    env: "LIMITS_DIRECTIVES",
    default: Some("100"),
    doc: "the most directives of an operation",
    ..SECTION
};

/// Tokens of a document.
pub const TOKENS: ConfigKey = ConfigKey {
    name: "tokens",
    env: "LIMITS_TOKENS",
    default: Some("10000"),
    doc: "the most tokens of a document, counted before it is parsed",
    ..SECTION
};

/// Selections of an operation.
pub const FIELDS: ConfigKey = ConfigKey {
    name: "fields",
    env: "LIMITS_FIELDS",
    default: Some("1000"),
    doc: "the most fields, arguments and directives of an operation",
    ..SECTION
};

/// Values of a response.
pub const VALUES: ConfigKey = ConfigKey {
    name: "values",
    env: "LIMITS_VALUES",
    default: Some("1000000"),
    doc: "the most values of a response; a text of 64 bytes or more counts as several",
    ..SECTION
};

/// Estimated rows and values of an operation.
pub const COST: ConfigKey = ConfigKey {
    name: "cost",
    env: "LIMITS_COST",
    default: Some("500000"),
    doc: "the most an operation may cost: its estimated rows and values",
    ..SECTION
};

/// Bytes of a body.
pub const BODY_BYTES: ConfigKey = ConfigKey {
    name: "body_bytes",
    env: "LIMITS_BODY_BYTES",
    default: Some("1MiB"),
    doc: "the most bytes of a request's body",
    ..SECTION
};

/// Time of a request.
pub const EXECUTION_TIME: ConfigKey = ConfigKey {
    name: "execution_time",
    env: "LIMITS_EXECUTION_TIME",
    default: Some("30s"),
    doc: "how long a request may take, including its wait in the queue; then its queries are cancelled",
    ..SECTION
};

/// Requests at once.
pub const CONCURRENCY: ConfigKey = ConfigKey {
    name: "concurrency",
    env: "LIMITS_CONCURRENCY",
    default: Some("64"),
    doc: "how many requests are executed at once; as many more wait, others get a 503",
    ..SECTION
};

/// The keys of the section.
pub const KEYS: &[ConfigKey] = &[
    PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX, DEPTH, ALIASES, ROOT_FIELDS, DIRECTIVES, TOKENS, FIELDS,
    VALUES, COST, BODY_BYTES, EXECUTION_TIME, CONCURRENCY,
];

/// The section's values.
#[derive(Debug, Clone)]
pub struct LimitsConfig {
    /// Default rows of a page.
    pub page_size_default: u32,
    /// The most rows of a page.
    pub page_size_max: u32,
    /// The deepest nesting of fields.
    pub depth: usize,
    /// The most aliases of an operation.
    pub aliases: usize,
    /// The most fields at the root of an operation.
    pub root_fields: usize,
    /// The most directives of an operation.
    pub directives: usize,
    /// The most tokens of a document.
    pub tokens: usize,
    /// The most fields, arguments and directives of an operation.
    pub fields: usize,
    /// The most values of a response.
    pub values: u64,
    /// The most estimated rows and values of an operation.
    pub cost: u64,
    /// The most bytes of a request's body.
    pub body_bytes: usize,
    /// How long a request may take.
    pub execution_time: Duration,
    /// How many requests are executed at once.
    pub concurrency: usize,
}

impl LimitsConfig {
    pub(super) fn read(values: &Values) -> Result<Self> {
        let page_size_default = values.required(&PAGE_SIZE_DEFAULT, parse::whole(1..=100_000))?;
        let page_size_max = values.required(&PAGE_SIZE_MAX, parse::whole(1..=100_000))?;
        if page_size_default > page_size_max {
            return Err(config_error(format!(
                "{PAGE_SIZE_DEFAULT} = `{page_size_default}` is more than \
                 {PAGE_SIZE_MAX} = `{page_size_max}`"
            )));
        }
        let count = || parse::whole(1..=1_000_000_usize);
        Ok(Self {
            page_size_default,
            page_size_max,
            depth: values.required(&DEPTH, parse::whole(15..=32))?,
            aliases: values.required(&ALIASES, count())?,
            root_fields: values.required(&ROOT_FIELDS, count())?,
            directives: values.required(&DIRECTIVES, count())?,
            tokens: values.required(&TOKENS, parse::whole(1_000..=1_000_000))?,
            fields: values.required(&FIELDS, parse::whole(300..=1_000_000))?,
            values: values.required(&VALUES, parse::whole(10_000..=1_000_000_000))?,
            cost: values.required(&COST, parse::whole(1..=1_000_000_000_000))?,
            body_bytes: values.required(&BODY_BYTES, parse::bytes(1 << 10..=64 << 20))?,
            execution_time: values.required(&EXECUTION_TIME, parse::duration)?,
            concurrency: values.required(&CONCURRENCY, parse::whole(1..=10_000))?,
        })
    }
}
