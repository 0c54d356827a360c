//! What a request is charged, and what its client has left.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_graphql::ServerError;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Request};

use super::bucket::{Buckets, Exceeded, Key, Standing};
use super::client_address::{ClientAddress, FORWARDED_FOR};
use super::fields;
use crate::audit::Caller;
use crate::auth::Principal;
use crate::config::RateConfig;
use crate::graphql::Hooks;
use crate::graphql::errors::{RATE_LIMITED, coded};
use crate::http::observation::Observation;
use crate::http::request_log::request_id;
use crate::http::response::rejection::Rejection;

/// The limits over time, of this process.
#[derive(Debug, Default)]
pub struct RateLimits {
    address: Option<Buckets<ClientAddress>>,
    token: Option<Buckets<u64>>,
    cost: Option<Buckets<u64>>,
    /// Proxies in front of the server that append to `X-Forwarded-For`.
    trusted_hops: usize,
    /// Whether the log says that a proxy is not among them.
    is_proxy_logged: AtomicBool,
}

impl RateLimits {
    /// The configured limits, behind so many proxies.
    #[must_use]
    pub fn new(config: RateConfig, trusted_hops: usize) -> Self {
        Self {
            address: Buckets::per_minute(config.per_address),
            token: Buckets::per_minute(config.per_token),
            cost: Buckets::per_minute(config.cost_per_token),
            trusted_hops,
            is_proxy_logged: AtomicBool::new(false),
        }
    }

    /// The client of a request. A proxy on this machine that is not trusted makes all clients
    /// one, which the log says once.
    fn client(&self, peer: SocketAddr, headers: &HeaderMap) -> ClientAddress {
        let is_proxied = peer.ip().is_loopback() && headers.contains_key(FORWARDED_FOR);
        if self.trusted_hops == 0
            && is_proxied
            && self.address.is_some()
            && !self.is_proxy_logged.swap(true, Ordering::Relaxed)
        {
            tracing::warn!(
                "requests come through a proxy and all count as of its address: set http.trusted_hops"
            );
        }
        ClientAddress::of(peer, headers, self.trusted_hops)
    }
}

/// What a limit counts.
#[derive(Debug, Clone, Copy)]
enum Policy {
    Address,
    Token,
    Cost,
}

impl Policy {
    const ALL: [Self; 3] = [Self::Address, Self::Token, Self::Cost];

    const fn name(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Token => "token",
            Self::Cost => "cost",
        }
    }
}

/// The meter of a request, or of a WebSocket.
#[derive(Debug)]
pub(in crate::http) struct Meter {
    limits: Arc<RateLimits>,
    /// `None` without a connection, in tests of the router.
    address: Option<ClientAddress>,
    request_id: String,
    taken: Mutex<Taken>,
    /// What is known of the request.
    pub(in crate::http) observation: Arc<Observation>,
}

#[derive(Debug, Default)]
struct Taken {
    standings: [Option<Standing>; 3],
    /// Until the last refusal ends.
    retry_after: Option<Duration>,
}

/// A limit is used up.
#[derive(Debug)]
pub(in crate::http) struct UsedUp(String);

impl Meter {
    pub(super) fn of<B>(limits: Arc<RateLimits>, request: &Request<B>) -> Self {
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
        let headers = request.headers();
        let address = peer.map(|ConnectInfo(peer)| limits.client(*peer, headers));
        let request_id = request_id(headers).to_owned();
        let observation = request.extensions().get::<Arc<Observation>>();
        let (taken, observation) = (Mutex::default(), observation.cloned().unwrap_or_default());
        Self { limits, address, request_id, taken, observation }
    }

    /// The address that is counted.
    pub(in crate::http) fn address(&self) -> Option<ClientAddress> {
        self.address
    }

    /// Counts a request by its address.
    pub(super) fn count_address(&self, count: NonZeroU32) -> Result<(), UsedUp> {
        self.take(Policy::Address, self.limits.address.as_ref(), self.address, count)
    }

    /// Counts a request by its credential, if it has one.
    pub(in crate::http) fn count_token(&self, principal: &Principal) -> Result<(), UsedUp> {
        self.count_tokens(principal, NonZeroU32::MIN)
    }

    /// Counts more requests that came with the first one, or over its WebSocket.
    pub(in crate::http) fn count_more(
        &self,
        principal: &Principal,
        more: usize,
    ) -> Result<(), UsedUp> {
        let more = u32::try_from(more).unwrap_or(u32::MAX);
        let Some(more) = NonZeroU32::new(more) else { return Ok(()) };
        self.count_address(more)?;
        self.count_tokens(principal, more)
    }

    fn count_tokens(&self, principal: &Principal, count: NonZeroU32) -> Result<(), UsedUp> {
        self.take(Policy::Token, self.limits.token.as_ref(), principal.counted_as(), count)
    }

    fn take<K: Key>(
        &self,
        policy: Policy,
        buckets: Option<&Buckets<K>>,
        key: Option<K>,
        count: NonZeroU32,
    ) -> Result<(), UsedUp> {
        let (Some(buckets), Some(key)) = (buckets, key) else { return Ok(()) };
        let taken = buckets.take(key, count);
        let mut noted = self.taken();
        let (standing, wait) = match taken {
            Ok(standing) => (Some(standing), None),
            Err(Exceeded::Until(standing, wait)) => (Some(standing), Some(wait)),
            Err(Exceeded::Never) => (None, None),
        };
        let [address, token, cost] = &mut noted.standings;
        *match policy {
            Policy::Address => address,
            Policy::Token => token,
            Policy::Cost => cost,
        } = standing;
        if taken.is_ok() {
            return Ok(());
        }
        noted.retry_after = wait;
        drop(noted);
        let what = match policy {
            Policy::Address => "requests a minute from one address",
            Policy::Token => "requests a minute with one token",
            Policy::Cost => "as the cost of the operations of a minute with one token",
        };
        let advice = wait.map_or_else(
            || format!("{count} at once are too many, ask for less"),
            |wait| format!("try again in {} s", fields::seconds(wait).max(1)),
        );
        Err(UsedUp(format!("the limit is {} {what}: {advice}", buckets.quota())))
    }

    /// Adds what is left to the headers of a response, and when to retry if it is refused.
    pub(super) fn describe(&self, headers: &mut HeaderMap, is_refused: bool) {
        let noted = self.taken();
        let standings = Policy::ALL.iter().zip(&noted.standings);
        let known = standings.filter_map(|(policy, standing)| Some((policy.name(), (*standing)?)));
        fields::add(headers, known);
        if let (true, Some(wait)) = (is_refused, noted.retry_after) {
            fields::add_retry(headers, wait);
        }
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl From<UsedUp> for Rejection {
    fn from(UsedUp(message): UsedUp) -> Self {
        Self::rate_limited(message)
    }
}

/// The meter of one operation.
#[derive(Debug)]
pub(in crate::http) struct OperationMeter {
    meter: Arc<Meter>,
    principal: Arc<Principal>,
    is_charged: AtomicBool,
}

impl OperationMeter {
    pub(in crate::http) fn new(meter: &Arc<Meter>, principal: &Arc<Principal>) -> Self {
        let (meter, principal) = (Arc::clone(meter), Arc::clone(principal));
        Self { meter, principal, is_charged: AtomicBool::new(false) }
    }

    /// Charges the least that an operation costs: its response is known, or it is wrong.
    pub(in crate::http) fn charge_least(&self) -> Result<(), UsedUp> {
        self.take(1)
    }

    /// Charges the least unless the execution has charged its cost: another request may have
    /// executed the same.
    pub(in crate::http) fn settle(&self) {
        if !self.is_charged.load(Ordering::Relaxed) {
            // It is answered in any case.
            let _ = self.take(1);
        }
    }

    fn take(&self, cost: u64) -> Result<(), UsedUp> {
        self.is_charged.store(true, Ordering::Relaxed);
        let cost = u32::try_from(cost).unwrap_or(u32::MAX);
        let cost = NonZeroU32::new(cost).unwrap_or(NonZeroU32::MIN);
        let buckets = self.meter.limits.cost.as_ref();
        self.meter.take(Policy::Cost, buckets, self.principal.counted_as(), cost)
    }
}

impl Hooks for OperationMeter {
    fn charge(&self, cost: u64) -> Result<(), ServerError> {
        let error = |UsedUp(message)| coded(ServerError::new(message, None), RATE_LIMITED);
        self.take(cost).map_err(error)?;
        self.meter.observation.costs(cost);
        Ok(())
    }

    fn caller(&self) -> Caller {
        Caller {
            subject: self.principal.subject.clone(),
            org: self.principal.scope.org().map(str::to_owned),
            credential: self.principal.credential,
            request_id: self.meter.request_id.clone(),
        }
    }
}
