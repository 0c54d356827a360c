//! The API through a real listener.

mod access;
mod audits;
mod batch;
mod browsers;
mod documents;
mod etag;
mod freshness;
pub(crate) mod graphiql;
mod limits;
mod requests;
mod response_cache;
mod subscription_access;
mod subscription_load;
mod subscription_protocol;
