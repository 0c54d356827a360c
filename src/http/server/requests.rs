//! The requests of one connection.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, Response, StatusCode};
use futures_util::future::BoxFuture;
use hyper::body::{Body as _, Incoming};
use tower::Service as _;

use super::activity::{Activity, Phase};
use super::body::{RequestBody, ResponseBody};
use crate::http::health_path::is_health;
use crate::http::observation::refused;
use crate::http::request::media::MediaType;
use crate::http::response::rejection::Rejection;
use crate::http::security_headers;

/// The requests of one connection.
pub(super) struct Requests {
    pub(super) router: Router,
    pub(super) peer: SocketAddr,
    pub(super) activity: Arc<Activity>,
    pub(super) is_reserve: bool,
}

/// The connection had to make room just when a request arrived.
#[derive(Debug, thiserror::Error)]
#[error("the connection had to make room for others")]
pub(super) struct MadeRoom;

impl hyper::service::Service<Request<Incoming>> for Requests {
    type Response = Response<ResponseBody>;
    type Error = MadeRoom;
    type Future = BoxFuture<'static, Result<Self::Response, MadeRoom>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let has_arrived = request.body().is_end_stream();
        let phase = if has_arrived { Phase::Answering } else { Phase::Receiving };
        if !self.activity.enter(phase) {
            return Box::pin(async { Err(MadeRoom) });
        }
        let activity = Arc::clone(&self.activity);
        if self.is_reserve && !is_health(request.uri().path()) {
            return Box::pin(async move {
                let rejection = Rejection::too_many_open("connections");
                let mut response = rejection.respond(MediaType::Json);
                security_headers::insert(response.headers_mut());
                refused(response.status());
                Ok(response.map(|body| ResponseBody::new(body, activity, false)))
            });
        }
        let mut request = request.map(|body| {
            if has_arrived {
                Body::empty()
            } else {
                Body::new(RequestBody { body, activity: Arc::clone(&self.activity) })
            }
        });
        request.extensions_mut().insert(ConnectInfo(self.peer));
        let response = self.router.clone().call(request);
        Box::pin(async move {
            let response = response.await.unwrap_or_else(|never| match never {});
            let is_upgrade = response.status() == StatusCode::SWITCHING_PROTOCOLS;
            Ok(response.map(|body| ResponseBody::new(body, activity, is_upgrade)))
        })
    }
}
