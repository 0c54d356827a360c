//! `[http]`: the API's door.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use ::http::Uri;

use super::key::Key;
use super::parse;
use super::values::{Values, config_error};
use crate::error::Result;

const SECTION: Key = Key::of("http");

/// The address of the API.
pub const BIND: Key = Key {
    name: "bind",
    env: "HTTP_BIND",
    default: Some("127.0.0.1:8000"),
    doc: "where the API listens; a loopback address, port 0 takes a free one",
    ..SECTION
};

/// Documents that clients need not send again.
pub const PERSISTED_BYTES: Key = Key {
    name: "persisted_bytes",
    env: "HTTP_PERSISTED_BYTES",
    default: Some("8MiB"),
    doc: "the most bytes kept of documents that clients send with their hash (Apollo's automatic \
          persisted queries); 0 keeps none",
    ..SECTION
};

/// The manifest of trusted documents.
pub const TRUSTED_DOCUMENTS: Key = Key {
    name: "trusted_documents",
    env: "HTTP_TRUSTED_DOCUMENTS",
    doc: "a JSON file of documents that clients name by id or hash: `{\"id\": \"document\"}` as \
          relay-compiler writes it, or Apollo's operation manifest",
    ..SECTION
};

/// Whether others are refused.
pub const ONLY_TRUSTED_DOCUMENTS: Key = Key {
    name: "only_trusted_documents",
    env: "HTTP_ONLY_TRUSTED_DOCUMENTS",
    default: Some("false"),
    doc: "`true` refuses all documents but those of `trusted_documents`; GraphiQL is off then",
    ..SECTION
};

/// Requests of one body.
pub const BATCH_MAX: Key = Key {
    name: "batch_max",
    env: "HTTP_BATCH_MAX",
    default: Some("0"),
    doc: "how many requests a body may hold as a JSON array, answered by an array in \
          `application/json`; each has limits and a turn of its own; 0 refuses arrays",
    ..SECTION
};

/// Pages of other origins.
pub const CORS_ORIGINS: Key = Key {
    name: "cors_origins",
    env: "HTTP_CORS_ORIGINS",
    doc: "whose pages may read the answers (CORS), as `https://app.example,http://localhost:3000`; \
          `*` lets any page do so that a browser on this machine shows",
    ..SECTION
};

/// How many subscriptions there may be.
pub const SUBSCRIPTIONS_MAX: Key = Key {
    name: "subscriptions_max",
    env: "HTTP_SUBSCRIPTIONS_MAX",
    default: Some("256"),
    doc: "the most WebSockets open at once, and the most operations under way on them and as \
          event streams; `0` offers neither",
    ..SECTION
};

/// The keys of the section.
pub const KEYS: &[Key] = &[
    BIND, PERSISTED_BYTES, TRUSTED_DOCUMENTS, ONLY_TRUSTED_DOCUMENTS, BATCH_MAX, CORS_ORIGINS,
    SUBSCRIPTIONS_MAX,
];

/// The section's values.
#[derive(Debug, Clone)]
pub struct HttpConfig {
    /// Where the API listens.
    pub bind: SocketAddr,
    /// The most bytes kept of documents that clients send with their hash.
    pub persisted_bytes: usize,
    /// The manifest of trusted documents.
    pub trusted_documents: Option<PathBuf>,
    /// Whether all other documents are refused.
    pub only_trusted_documents: bool,
    /// How many requests a body may hold as an array; 0 for no array at all.
    pub batch_max: usize,
    /// Whose pages may read the answers.
    pub cors_origins: CorsOrigins,
    /// Most WebSockets at once, and most operations on them and as event streams.
    pub subscriptions_max: u32,
}

impl HttpConfig {
    pub(super) fn read(values: &Values) -> Result<Self> {
        let trusted_documents =
            values.optional(&TRUSTED_DOCUMENTS, parse::text)?.map(PathBuf::from);
        let only_trusted_documents = values.required(&ONLY_TRUSTED_DOCUMENTS, parse::boolean)?;
        if only_trusted_documents && trusted_documents.is_none() {
            return Err(config_error(format!(
                "{ONLY_TRUSTED_DOCUMENTS} = `true` refuses everything unless {TRUSTED_DOCUMENTS} \
                 names the file of the trusted ones"
            )));
        }
        Ok(Self {
            bind: values.required(&BIND, bind_address)?,
            persisted_bytes: values.required(&PERSISTED_BYTES, parse::bytes(0..=1 << 30))?,
            trusted_documents,
            only_trusted_documents,
            batch_max: values.required(&BATCH_MAX, parse::whole(0..=100))?,
            cors_origins: values.optional(&CORS_ORIGINS, str::parse)?.unwrap_or_default(),
            subscriptions_max: values.required(&SUBSCRIPTIONS_MAX, parse::whole(0..=65_536))?,
        })
    }
}

/// Whose pages may read the answers, besides the API's own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum CorsOrigins {
    /// Nobody's.
    #[default]
    None,
    /// Everybody's.
    Any,
    /// Those of these origins, as browsers write them: `https://app.example`.
    These(Vec<String>),
}

impl FromStr for CorsOrigins {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.trim() == "*" {
            return Ok(Self::Any);
        }
        let origins = text.split(',').map(str::trim).map(|origin| match origin_of(origin) {
            Some(known) if known == origin => Ok(known),
            _ => Err(format!(
                "expected * alone, or origins as browsers send them, such as \
                 https://app.example or http://localhost:3000, with commas between: {origin:?} \
                 is none"
            )),
        });
        origins.collect::<Result<_, _>>().map(Self::These)
    }
}

/// Scheme, host and port of a URL, as browsers write an origin.
fn origin_of(text: &str) -> Option<String> {
    let url: Uri = text.parse().ok()?;
    let scheme = url.scheme_str()?;
    let default = match scheme {
        "http" => 80,
        "https" => 443,
        _ => return None,
    };
    let host = url.host().filter(|host| !host.is_empty())?.to_ascii_lowercase();
    Some(match url.port_u16().filter(|port| *port != default) {
        Some(port) => format!("{scheme}://{host}:{port}"),
        None => format!("{scheme}://{host}"),
    })
}

/// A loopback address with a port. Others are refused: the API asks nobody who
/// they are, so whoever reaches it reads everything.
pub fn bind_address(text: &str) -> Result<SocketAddr, String> {
    let address: SocketAddr = text.trim().parse().map_err(|_| {
        "expected an address and a port, such as 127.0.0.1:8000 or [::1]:8000".to_owned()
    })?;
    if address.ip().is_loopback() {
        Ok(address)
    } else {
        Err("expected a loopback address such as 127.0.0.1:8000: the API has no access control, \
             so it does not listen where others reach it"
            .to_owned())
    }
}
