//! The API through a real listener.

mod access;
mod audit_log;
mod audits;
mod batch;
mod browsers;
mod connections;
mod documents;
mod etag;
mod freshness;
pub(crate) mod graphiql;
mod introspection;
mod limits;
mod pages;
mod parked;
mod rate_limits;
mod recovery;
mod replicas;
mod replication;
mod requests;
mod response_cache;
mod security_headers;
mod subscription_access;
mod subscription_load;
mod subscription_protocol;
mod table_versions;
mod tls;
