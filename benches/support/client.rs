//! A client that looks at the answers, before anything is measured.

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::Request;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{ACCEPT, CONTENT_TYPE, HOST};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

use crate::Result;

/// One connection to a server.
pub(crate) struct Client {
    sender: SendRequest<Full<Bytes>>,
    host: String,
    path: String,
}

impl Client {
    /// Connects to a URL such as `http://127.0.0.1:8000/graphql`.
    pub(crate) async fn connect(url: &str) -> Result<Self> {
        let rest = url.strip_prefix("http://").ok_or_else(|| format!("{url}: no plain HTTP"))?;
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let stream = TcpStream::connect(host).await?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self { sender, host: host.to_owned(), path: format!("/{path}") })
    }

    /// The data of the answer to one request, which must hold no errors.
    pub(crate) async fn data(&mut self, body: &str) -> Result<Value> {
        let request = Request::post(&self.path)
            .header(HOST, &self.host)
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "application/json")
            .body(Full::from(body.to_owned()))?;
        self.sender.ready().await?;
        let response = self.sender.send_request(request).await?;
        let status = response.status();
        let bytes = response.into_body().collect().await?.to_bytes();
        let mut answer: Value = serde_json::from_slice(&bytes)
            .map_err(|error| format!("HTTP {status}, and no JSON in it: {error}"))?;
        let data = answer.get_mut("data").map(Value::take).filter(|data| !data.is_null());
        match data {
            Some(data) if status.is_success() && answer.get("errors").is_none() => Ok(data),
            _ => Err(format!("HTTP {status}: {}", String::from_utf8_lossy(&bytes)).into()),
        }
    }
}
