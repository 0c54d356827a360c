//! Load runs as jobs: `request` queues them, `handler` runs them, `below` says which sources
//! may be asked for.

mod below;
mod handler;
mod request;
mod scheduled;
mod work;

pub use below::below;
pub use handler::Loads;
pub use request::{NewLoad, cancel, start_load, start_refresh, start_replay};
pub use scheduled::{ScheduledLoad, ScheduledRefresh};
