//! The address of a client, by which requests are limited.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, HeaderName};

pub(super) const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The address of a client. Those of one /64 of IPv6 are one client, which can choose among
/// them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::http) enum ClientAddress {
    V4([u8; 4]),
    V6([u16; 4]),
}

impl ClientAddress {
    /// The address of a request from this peer. Behind `trusted_hops` proxies, each of which
    /// appends the address it sees to `X-Forwarded-For`, it is that many entries from the
    /// right: what a client itself writes is left of it. Where the header does not have it, it
    /// is the peer's.
    pub(super) fn of(peer: SocketAddr, headers: &HeaderMap, trusted_hops: usize) -> Self {
        let forwarded = match trusted_hops {
            0 => None,
            hops => forwarded(headers, hops),
        };
        Self::from(forwarded.unwrap_or(peer.ip()))
    }
}

impl From<IpAddr> for ClientAddress {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::V4(address.octets()),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                Self::V6([a, b, c, d])
            }
        }
    }
}

/// The entry so many from the right, over all lines of the header.
fn forwarded(headers: &HeaderMap, hops: usize) -> Option<IpAddr> {
    let lines = headers.get_all(FORWARDED_FOR).iter().rev();
    let mut entries = lines.flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
    let entry = std::str::from_utf8(entries.nth(hops - 1)?).ok()?.trim();
    address(entry)
}

/// An address with or without a port, as proxies write it.
fn address(entry: &str) -> Option<IpAddr> {
    let bare = entry.strip_prefix('[').and_then(|entry| entry.strip_suffix(']')).unwrap_or(entry);
    bare.parse().ok().or_else(|| Some(entry.parse::<SocketAddr>().ok()?.ip()))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn client(lines: &[&'static str], hops: usize) -> ClientAddress {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED_FOR, HeaderValue::from_static(line));
        }
        ClientAddress::of("192.0.2.1:1234".parse().unwrap(), &headers, hops)
    }

    const PEER: ClientAddress = ClientAddress::V4([192, 0, 2, 1]);

    #[test]
    fn invented_entries_are_left_of_the_one_that_counts() {
        assert_eq!(client(&["198.51.100.7"], 0), PEER);
        let real = ClientAddress::V4([198, 51, 100, 7]);
        for lines in [
            ["198.51.100.7"].as_slice(),
            &["203.0.113.9, 198.51.100.7"],
            &["203.0.113.9,,x,198.51.100.7:443"],
            &["203.0.113.9", "203.0.113.8, 198.51.100.7"],
            &["203.0.113.9", "::ffff:198.51.100.7"],
        ] {
            assert_eq!(client(lines, 1), real, "{lines:?}");
        }
        assert_eq!(client(&["203.0.113.9, 198.51.100.7, 10.0.0.1"], 2), real);
        assert_eq!(client(&["203.0.113.9, 198.51.100.7", "10.0.0.1"], 2), real);
    }

    #[test]
    fn a_header_without_the_entry_leaves_the_peer() {
        for (lines, hops) in [
            ([].as_slice(), 1),
            (&["198.51.100.7"], 2),
            (&["unknown"], 1),
            (&["198.51.100.7, "], 1),
            (&["198.51.100.7, localhost"], 1),
        ] {
            assert_eq!(client(lines, hops), PEER, "{lines:?}");
        }
    }

    #[test]
    fn a_network_of_ipv6_is_one_client() {
        let one = client(&["2001:db8:1:2::1"], 1);
        for other in ["2001:db8:1:2:ffff::2", "[2001:db8:1:2::3]", "[2001:db8:1:2::3]:443"] {
            assert_eq!(client(std::slice::from_ref(&other), 1), one, "{other}");
        }
        assert_ne!(client(&["2001:db8:1:3::1"], 1), one);
    }
}
