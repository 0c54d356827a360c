//! `[http]`: the API's HTTP server.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use ::http::Uri;

use super::key::ConfigKey;
use super::parse;
use super::values::{Values, config_error};
use crate::error::Result;

const SECTION: ConfigKey = ConfigKey::of("http");

/// The address of the API.
pub const BIND: ConfigKey = ConfigKey {
    name: "bind",
    env: "HTTP_BIND",
    default: Some("127.0.0.1:8000"),
    doc: "where the API listens; without access control only a loopback address; port 0 chooses a \
          free one",
    ..SECTION
};

/// Memory for automatic persisted queries.
pub const PERSISTED_BYTES: ConfigKey = ConfigKey {
    name: "persisted_bytes",
    env: "HTTP_PERSISTED_BYTES",
    default: Some("8MiB"),
    doc: "the most bytes of documents that clients send with their hash (Apollo's automatic \
          persisted queries); 0 turns them off",
    ..SECTION
};

/// The manifest of trusted documents.
pub const TRUSTED_DOCUMENTS: ConfigKey = ConfigKey {
    name: "trusted_documents",
    env: "HTTP_TRUSTED_DOCUMENTS",
    doc: "a JSON file of documents that clients refer to by id or hash: `{\"id\": \"document\"}` as \
          relay-compiler writes it, or Apollo's operation manifest",
    ..SECTION
};

/// Whether other documents are rejected.
pub const ONLY_TRUSTED_DOCUMENTS: ConfigKey = ConfigKey {
    name: "only_trusted_documents",
    env: "HTTP_ONLY_TRUSTED_DOCUMENTS",
    default: Some("false"),
    doc: "`true` rejects all documents but those of `trusted_documents`, and turns GraphiQL, the dashboard and `/mcp` off",
    ..SECTION
};

/// Requests in one body.
pub const BATCH_MAX: ConfigKey = ConfigKey {
    name: "batch_max",
    env: "HTTP_BATCH_MAX",
    default: Some("0"),
    doc: "the most requests in a body that is a JSON array; the response is an array in \
          `application/json`; the limits apply to each request; 0 rejects arrays",
    ..SECTION
};

/// The origins whose pages may read responses.
pub const CORS_ORIGINS: ConfigKey = ConfigKey {
    name: "cors_origins",
    env: "HTTP_CORS_ORIGINS",
    doc: "origins whose pages may read responses (CORS), open WebSockets and send mutations, as \
          `https://app.example,http://localhost:3000`; `*` allows the pages of every site",
    ..SECTION
};

/// Open subscriptions.
pub const SUBSCRIPTIONS_MAX: ConfigKey = ConfigKey {
    name: "subscriptions_max",
    env: "HTTP_SUBSCRIPTIONS_MAX",
    default: Some("256"),
    doc: "the most open WebSockets, and the most running operations on them and as event \
          streams; `0` turns both off",
    ..SECTION
};

/// Time for the head of a request.
pub const HEADER_TIMEOUT: ConfigKey = ConfigKey {
    name: "header_timeout",
    env: "HTTP_HEADER_TIMEOUT",
    default: Some("10s"),
    doc: "how long the head of a request, or a TLS handshake, may take to arrive; then the \
          connection is closed",
    ..SECTION
};

/// Time between requests.
pub const IDLE_TIMEOUT: ConfigKey = ConfigKey {
    name: "idle_timeout",
    env: "HTTP_IDLE_TIMEOUT",
    default: Some("75s"),
    doc: "how long a connection may be idle between two requests, and a client may take nothing \
          of its response; then it is closed",
    ..SECTION
};

/// Open connections.
pub const CONNECTIONS_MAX: ConfigKey = ConfigKey {
    name: "connections_max",
    env: "HTTP_CONNECTIONS_MAX",
    default: Some("1000"),
    doc: "the most open connections, or as many as the limit of open files allows; one more makes \
          the one close that has been idle the longest, and 16 more are answered for health checks \
          only",
    ..SECTION
};

/// Proxies in front of the server.
pub const TRUSTED_HOPS: ConfigKey = ConfigKey {
    name: "trusted_hops",
    env: "HTTP_TRUSTED_HOPS",
    default: Some("0"),
    doc: "how many proxies in front append to `X-Forwarded-For`: a client's address is that many \
          entries from its right; with 0 it is the connection's",
    ..SECTION
};

/// The certificate.
pub const TLS_CERT: ConfigKey = ConfigKey {
    name: "tls_cert",
    env: "HTTP_TLS_CERT",
    doc: "a PEM file of the certificate and its chain, for TLS without a proxy; read again when it \
          changes",
    ..SECTION
};

/// The key of the certificate.
pub const TLS_KEY: ConfigKey = ConfigKey {
    name: "tls_key",
    env: "HTTP_TLS_KEY",
    doc: "a PEM file of the private key of `tls_cert`",
    ..SECTION
};

/// The keys of the section.
pub const KEYS: &[ConfigKey] = &[
    BIND, PERSISTED_BYTES, TRUSTED_DOCUMENTS, ONLY_TRUSTED_DOCUMENTS, BATCH_MAX, CORS_ORIGINS,
    SUBSCRIPTIONS_MAX, HEADER_TIMEOUT, IDLE_TIMEOUT, CONNECTIONS_MAX, TRUSTED_HOPS, TLS_CERT,
    TLS_KEY,
];

/// The section's values.
#[derive(Debug, Clone)]
pub struct HttpConfig {
    /// Where the API listens.
    pub bind: SocketAddr,
    /// Most bytes of automatic persisted queries.
    pub persisted_bytes: usize,
    /// The manifest of trusted documents.
    pub trusted_documents: Option<PathBuf>,
    /// Whether all other documents are rejected.
    pub only_trusted_documents: bool,
    /// Most requests in an array; 0 rejects arrays.
    pub batch_max: usize,
    /// The origins whose pages may read responses.
    pub cors_origins: CorsOrigins,
    /// Most open WebSockets, and most running operations.
    pub subscriptions_max: u32,
    /// Longest time for the head of a request.
    pub header_timeout: Duration,
    /// Longest time between two requests.
    pub idle_timeout: Duration,
    /// Most open connections.
    pub connections_max: usize,
    /// Proxies that append to `X-Forwarded-For`.
    pub trusted_hops: usize,
    /// The files of the certificate and of its key, for TLS.
    pub tls: Option<(PathBuf, PathBuf)>,
}

impl HttpConfig {
    pub(super) fn read(values: &Values) -> Result<Self> {
        let trusted_documents =
            values.optional(&TRUSTED_DOCUMENTS, parse::text)?.map(PathBuf::from);
        let only_trusted_documents = values.required(&ONLY_TRUSTED_DOCUMENTS, parse::boolean)?;
        if only_trusted_documents && trusted_documents.is_none() {
            return Err(config_error(format!(
                "{ONLY_TRUSTED_DOCUMENTS} = `true` needs {TRUSTED_DOCUMENTS}, the file of the trusted \
                 documents"
            )));
        }
        let path = |key| values.optional(key, parse::text).map(|path| path.map(PathBuf::from));
        let tls = match (path(&TLS_CERT)?, path(&TLS_KEY)?) {
            (Some(cert), Some(key)) => Some((cert, key)),
            (None, None) => None,
            (Some(_), None) => return Err(config_error(format!("{TLS_CERT} needs {TLS_KEY}"))),
            (None, Some(_)) => return Err(config_error(format!("{TLS_KEY} needs {TLS_CERT}"))),
        };
        Ok(Self {
            bind: values.required(&BIND, bind_address)?,
            persisted_bytes: values.required(&PERSISTED_BYTES, parse::bytes(0..=1 << 30))?,
            trusted_documents,
            only_trusted_documents,
            batch_max: values.required(&BATCH_MAX, parse::whole(0..=100))?,
            cors_origins: values.optional(&CORS_ORIGINS, str::parse)?.unwrap_or_default(),
            subscriptions_max: values.required(&SUBSCRIPTIONS_MAX, parse::whole(0..=65_536))?,
            header_timeout: values.required(&HEADER_TIMEOUT, parse::duration)?,
            idle_timeout: values.required(&IDLE_TIMEOUT, parse::duration)?,
            connections_max: values.required(&CONNECTIONS_MAX, parse::whole(1..=1_000_000))?,
            trusted_hops: values.required(&TRUSTED_HOPS, parse::whole(0..=16))?,
            tls,
        })
    }
}

/// The origins whose pages may read responses, besides the API's own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum CorsOrigins {
    /// No others.
    #[default]
    None,
    /// All.
    Any,
    /// These, as browsers send them: `https://app.example`.
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
                "expected * alone, or a comma-separated list of origins as browsers send them, such \
                 as https://app.example or http://localhost:3000, not {origin:?}"
            )),
        });
        origins.collect::<Result<_, _>>().map(Self::These)
    }
}

/// Scheme, host and port of a URL, as browsers send an origin.
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

/// An address with a port.
pub fn bind_address(text: &str) -> Result<SocketAddr, String> {
    text.trim().parse().map_err(|_| {
        "expected an address and a port, such as 127.0.0.1:8000 or [::]:8000".to_owned()
    })
}
