//! `[limits]`: the limits of a request.

use std::time::Duration;

use super::key::ConfigKey;
use super::parse;
use super::values::{Values, config_error};
use crate::error::Result;

const SECTION: ConfigKey = ConfigKey::of("limits");

/// Declares the limits of a document: the constant, environment variable, field, type,
/// default, parser and wording of each.
macro_rules! document_limits {
    ($($key:ident $env:literal $field:ident: $type:ty = $default:literal by $parse:expr, $doc:literal;)*) => {
        $(
            #[doc = concat!("Limit: ", $doc, ".")]
            pub const $key: ConfigKey = ConfigKey {
                name: stringify!($field),
                env: $env,
                default: Some(stringify!($default)),
                doc: $doc,
                ..SECTION
            };
        )*

        /// The limits of a document and its response.
        #[derive(Debug, Clone, Copy)]
        pub struct DocumentLimits {
            $(#[doc = concat!("Limit: ", $doc, ".")] pub $field: $type,)*
        }

        impl Default for DocumentLimits {
            fn default() -> Self {
                Self { $($field: $default,)* }
            }
        }

        impl DocumentLimits {
            fn read(values: &Values) -> Result<Self> {
                Ok(Self { $($field: values.required(&$key, $parse)?,)* })
            }
        }
    };
}

document_limits! {
    PAGE_SIZE_DEFAULT "LIMITS_PAGE_SIZE_DEFAULT" page_size_default: u32 = 50 by parse::whole(1..=100_000),
        "the rows of a page when neither `first` nor `last` is given";
    PAGE_SIZE_MAX "LIMITS_PAGE_SIZE_MAX" page_size_max: u32 = 1000 by parse::whole(1..=100_000),
        "the most rows of a page, at every level";
    DEPTH "LIMITS_DEPTH" depth: usize = 20 by parse::whole(15..=32),
        "the deepest nesting of fields, from 15, which GraphiQL needs, to 32";
    ALIASES "LIMITS_ALIASES" aliases: usize = 100 by parse::whole(1..=1_000_000),
        "the most aliases of an operation; here and below, fragments count at every spread";
    ROOT_FIELDS "LIMITS_ROOT_FIELDS" root_fields: usize = 50 by parse::whole(1..=1_000_000),
        "the most fields at the root of an operation";
    DIRECTIVES "LIMITS_DIRECTIVES" directives: usize = 100 by parse::whole(1..=1_000_000),
        "the most directives of an operation";
    TOKENS "LIMITS_TOKENS" tokens: usize = 10000 by parse::whole(1_000..=1_000_000),
        "the most tokens of a document, counted before it is parsed";
    FIELDS "LIMITS_FIELDS" fields: usize = 1000 by parse::whole(300..=1_000_000),
        "the most fields, arguments and directives of an operation";
    VALUES "LIMITS_VALUES" values: u64 = 1000000 by parse::whole(10_000..=1_000_000_000),
        "the most values of a response; a text of 64 bytes or more counts as several";
    COST "LIMITS_COST" cost: u64 = 500000 by parse::whole(1..=1_000_000_000_000),
        "the most an operation may cost: its estimated rows and values";
    REPRESENTATIONS "LIMITS_REPRESENTATIONS" representations: usize = 10000 by parse::whole(1..=100_000),
        "the most representations that an operation gives `_entities`, see `graphql.federation`";
    INTROSPECTION "LIMITS_INTROSPECTION" introspection: bool = true by parse::boolean,
        "whether clients may ask for the schema, by `__schema`, `__type`, `_service` and `/schema.graphql`";
}

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

/// Time of a file.
pub const FILE_TIME: ConfigKey = ConfigKey {
    name: "file_time",
    env: "LIMITS_FILE_TIME",
    default: Some("5m"),
    doc: "how long the download of a saved query may take; then it is cut, which its client sees \
          as a failure",
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

/// Requests of a credential at once.
pub const CONCURRENCY_PER_TOKEN: ConfigKey = ConfigKey {
    name: "concurrency_per_token",
    env: "LIMITS_CONCURRENCY_PER_TOKEN",
    doc: "how many requests with one token or API key are executed or wait at once, others get a \
          429; half of `concurrency` unless set",
    ..SECTION
};

/// Requests of a credential.
pub const RATE_PER_TOKEN: ConfigKey = ConfigKey {
    name: "rate_per_token",
    env: "LIMITS_RATE_PER_TOKEN",
    default: Some("6000"),
    doc: "the most requests a minute with one token or API key, of each server process; they may \
          come at once; here and below, 0 is no limit",
    ..SECTION
};

/// Requests of an address.
pub const RATE_PER_ADDRESS: ConfigKey = ConfigKey {
    name: "rate_per_address",
    env: "LIMITS_RATE_PER_ADDRESS",
    default: Some("12000"),
    doc: "the most requests a minute from one address, or one /64 of IPv6, also with bad tokens; \
          see `http.trusted_hops`",
    ..SECTION
};

/// Cost of the operations of a credential.
pub const COST_PER_TOKEN: ConfigKey = ConfigKey {
    name: "cost_per_token",
    env: "LIMITS_COST_PER_TOKEN",
    default: Some("10000000"),
    doc: "the most that the operations of a minute with one token may cost together, as \
          `extensions.cost.estimate` tells it; a cached response costs 1",
    ..SECTION
};

/// The keys of the section.
pub const KEYS: &[ConfigKey] = &[
    PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX, DEPTH, ALIASES, ROOT_FIELDS, DIRECTIVES, TOKENS, FIELDS,
    VALUES, COST, REPRESENTATIONS, INTROSPECTION, BODY_BYTES, EXECUTION_TIME, FILE_TIME,
    CONCURRENCY, CONCURRENCY_PER_TOKEN, RATE_PER_TOKEN, RATE_PER_ADDRESS, COST_PER_TOKEN,
];

/// The limits of a request.
#[derive(Debug, Clone, Copy)]
pub struct RequestLimits {
    /// Most bytes of a request's body.
    pub body_bytes: usize,
    /// Longest time from the head of a request to its response. Statements that are
    /// still running then are cancelled.
    pub execution_time: Duration,
    /// Longest time to the last byte of a saved query's file.
    pub file_time: Duration,
    /// Requests that are executed at once. As many more may wait.
    pub concurrency: usize,
    /// Requests with one credential that are executed or wait at once.
    pub concurrency_per_token: usize,
}

impl Default for RequestLimits {
    fn default() -> Self {
        Self {
            body_bytes: 1024 * 1024,
            execution_time: Duration::from_secs(30),
            file_time: Duration::from_mins(5),
            concurrency: 64,
            concurrency_per_token: 32,
        }
    }
}

/// The limits of a minute; 0 is none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RateConfig {
    /// Most requests with one credential.
    pub per_token: u32,
    /// Most requests from one address.
    pub per_address: u32,
    /// Most cost of the operations with one credential.
    pub cost_per_token: u32,
}

/// The section's values.
#[derive(Debug, Clone)]
pub struct LimitsConfig {
    /// The limits of a document and its response.
    pub document: DocumentLimits,
    /// The limits of a request.
    pub request: RequestLimits,
    /// The limits of a minute.
    pub rates: RateConfig,
}

impl LimitsConfig {
    pub(super) fn read(values: &Values) -> Result<Self> {
        let document = DocumentLimits::read(values)?;
        let DocumentLimits { page_size_default, page_size_max, .. } = document;
        if page_size_default > page_size_max {
            return Err(config_error(format!(
                "{PAGE_SIZE_DEFAULT} = `{page_size_default}` is more than \
                 {PAGE_SIZE_MAX} = `{page_size_max}`"
            )));
        }
        let concurrency: usize = values.required(&CONCURRENCY, parse::whole(1..=10_000))?;
        let per_token = values.optional(&CONCURRENCY_PER_TOKEN, parse::whole(1..=10_000))?;
        let request = RequestLimits {
            body_bytes: values.required(&BODY_BYTES, parse::bytes(1 << 10..=64 << 20))?,
            execution_time: values.required(&EXECUTION_TIME, parse::duration)?,
            file_time: values.required(&FILE_TIME, parse::duration)?,
            concurrency,
            concurrency_per_token: per_token.unwrap_or((concurrency / 2).max(1)),
        };
        let most = 1_000_000_000;
        let rates = RateConfig {
            per_token: values.required(&RATE_PER_TOKEN, parse::whole(0..=most))?,
            per_address: values.required(&RATE_PER_ADDRESS, parse::whole(0..=most))?,
            cost_per_token: values.required(&COST_PER_TOKEN, parse::whole(0..=most))?,
        };
        let (cost, of_token) = (document.cost, rates.cost_per_token);
        if of_token > 0 && u64::from(of_token) < cost {
            return Err(config_error(format!(
                "{COST_PER_TOKEN} = `{of_token}` is less than {COST} = `{cost}`: an operation of \
                 that cost could never be executed"
            )));
        }
        Ok(Self { document, request, rates })
    }
}
