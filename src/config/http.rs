//! `[http]`: the API's door.

use std::net::SocketAddr;

use super::key::Key;
use super::values::Values;
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

/// The keys of the section.
pub const KEYS: &[Key] = &[BIND];

/// The section's values.
#[derive(Debug, Clone)]
pub struct HttpConfig {
    /// Where the API listens.
    pub bind: SocketAddr,
}

impl HttpConfig {
    pub(super) fn read(values: &Values) -> Result<Self> {
        Ok(Self { bind: values.required(&BIND, bind_address)? })
    }
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
