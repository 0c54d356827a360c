//! How a catalogue knows this program.

use std::time::{Duration, Instant, SystemTime};

use aws_credential_types::provider::{ProvideCredentials as _, SharedCredentialsProvider};
use aws_sigv4::http_request::{
    PayloadChecksumKind, SignableBody, SignableRequest, SigningSettings, sign,
};
use aws_sigv4::sign::v4;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use http::{Request, StatusCode};
use http_body_util::Full;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use tokio::sync::Mutex;
use tokio::time::sleep;

use super::http::{FIRST_WAIT, Http, MOST_TRIES, NoAnswer};
use crate::config::{CatalogAccess, CatalogConfig, Secret};
use crate::error::{Code, Error, Result};
use crate::storage::{S3Settings, signing_keys};

/// A token is asked for anew this long before it expires, or a quarter of its life.
const BEFORE_EXPIRY: Duration = Duration::from_secs(60);

/// See the module.
pub(super) enum Access {
    Open,
    Token(Secret),
    Client { client: OauthClient, token: Mutex<Option<Token>> },
    Signed { keys: SharedCredentialsProvider, name: String, region: String },
}

pub(super) struct OauthClient {
    id: String,
    secret: Secret,
    server: String,
    scope: String,
}

pub(super) struct Token {
    text: Secret,
    until: Option<Instant>,
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    expires_in: Option<u64>,
}

impl Access {
    pub(super) async fn new(config: &CatalogConfig, settings: &S3Settings) -> Result<Self> {
        Ok(match &config.access {
            CatalogAccess::Open => Self::Open,
            CatalogAccess::Token(token) => Self::Token(token.clone()),
            CatalogAccess::Client { id, secret, server, scope } => {
                let server = server.clone();
                let server = server.unwrap_or_else(|| format!("{}/v1/oauth/tokens", config.uri));
                let (id, secret, scope) = (id.clone(), secret.clone(), scope.clone());
                let client = OauthClient { id, secret, server, scope };
                Self::Client { client, token: Mutex::new(None) }
            }
            CatalogAccess::Signed { name, region } => {
                let (keys, known) = signing_keys(settings).await?;
                let region = region.clone().or(known).ok_or_else(|| {
                    let message = "lake.catalog_signing_region (LAKE_CATALOG_SIGNING_REGION) is \
                                   not set, and the storage has no region";
                    Error::new(Code::Config, message)
                })?;
                Self::Signed { keys, name: name.clone(), region }
            }
        })
    }

    /// Whether another try may be let in after a refusal.
    pub(super) const fn is_renewable(&self) -> bool {
        matches!(self, Self::Client { .. })
    }

    /// Forgets a token that was refused.
    pub(super) async fn renew(&self) {
        if let Self::Client { token, .. } = self {
            *token.lock().await = None;
        }
    }

    /// Adds what lets a request in.
    pub(super) async fn allow(
        &self,
        http: &Http,
        request: &mut Request<Full<Bytes>>,
        body: &Bytes,
    ) -> Result<()> {
        match self {
            Self::Open => Ok(()),
            Self::Token(token) => bear(request, token),
            Self::Client { client, token } => {
                let mut token = token.lock().await;
                let is_over = |token: &Token| token.until.is_some_and(|it| it <= Instant::now());
                let known = match token.take().filter(|token| !is_over(token)) {
                    Some(known) => known,
                    None => client.ask(http).await?,
                };
                bear(request, &token.insert(known).text)
            }
            Self::Signed { keys, name, region } => {
                let keys = keys.provide_credentials().await.map_err(|error| {
                    let message = "the AWS credentials for the catalogue cannot be had";
                    Error::new(Code::Config, message).with_source(error)
                })?;
                let identity = keys.into();
                let mut settings = SigningSettings::default();
                settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
                let failed = |error: String| {
                    Error::internal("a request cannot be signed").with_source(error)
                };
                let parameters = v4::SigningParams::builder()
                    .identity(&identity)
                    .region(region)
                    .name(name)
                    .time(SystemTime::now())
                    .settings(settings)
                    .build()
                    .map_err(|error| failed(error.to_string()))?
                    .into();
                let url = request.uri().to_string();
                let headers = request.headers().iter();
                let headers =
                    headers.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
                let signable = SignableRequest::new(
                    request.method().as_str(),
                    url,
                    headers,
                    SignableBody::Bytes(body),
                );
                let signed = signable.and_then(|signable| sign(signable, &parameters));
                let (instructions, _) =
                    signed.map_err(|error| failed(error.to_string()))?.into_parts();
                instructions.apply_to_request_http1x(request);
                Ok(())
            }
        }
    }
}

fn bear(request: &mut Request<Full<Bytes>>, token: &Secret) -> Result<()> {
    let mut value = HeaderValue::try_from(format!("Bearer {}", token.expose()))
        .map_err(|_| Error::new(Code::Config, "the catalogue's token is not one line of ASCII"))?;
    value.set_sensitive(true);
    request.headers_mut().insert(AUTHORIZATION, value);
    Ok(())
}

impl OauthClient {
    async fn ask(&self, http: &Http) -> Result<Token> {
        let mut wait = FIRST_WAIT;
        for _ in 1..MOST_TRIES {
            match self.ask_once(http).await {
                Err(error) if error.code() == Code::Unavailable => {
                    tracing::debug!(error = error.detail(), "asking for a token again");
                    sleep(wait).await;
                    wait *= 2;
                }
                done => return done,
            }
        }
        self.ask_once(http).await
    }

    async fn ask_once(&self, http: &Http) -> Result<Token> {
        let server = &self.server;
        let failed = |code, what: String| {
            let message = format!("the catalogue's token server {server} gives no token: {what}");
            Error::new(code, message)
        };
        let pairs = [
            ("grant_type", "client_credentials"),
            ("client_id", self.id.as_str()),
            ("client_secret", self.secret.expose()),
            ("scope", self.scope.as_str()),
        ];
        let encoded = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
        let form = pairs.map(|(name, value)| format!("{name}={}", encoded(value))).join("&");
        let request = Request::post(server)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Full::from(form))
            .map_err(|error| failed(Code::Config, error.to_string()))?;
        let answer = http.send(request).await.map_err(|error| {
            let (NoAnswer::NotSent(what) | NoAnswer::Lost(what)) = error;
            failed(Code::Unavailable, what)
        })?;
        match answer.status {
            StatusCode::OK => {}
            status if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
                return Err(failed(Code::Unavailable, format!("it answers {status}")));
            }
            status => {
                let hint = "check lake.catalog_credential (LAKE_CATALOG_CREDENTIAL), \
                            lake.catalog_scope and lake.catalog_oauth2_server_uri";
                return Err(failed(Code::Config, format!("it answers {status}; {hint}")));
            }
        }
        // Its text may have the token.
        let granted: Granted = serde_json::from_slice(&answer.body)
            .map_err(|_| failed(Code::Config, "its answer is none of OAuth 2".to_owned()))?;
        let until = granted.expires_in.and_then(expiry);
        Ok(Token { text: Secret::new(granted.access_token), until })
    }
}

/// When a token of so many seconds is asked for anew; never if that is beyond all times.
fn expiry(seconds: u64) -> Option<Instant> {
    let life = Duration::from_secs(seconds);
    Instant::now().checked_add(life.saturating_sub(BEFORE_EXPIRY.min(life / 4)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_of_any_life_are_taken() {
        assert_eq!(expiry(u64::MAX), None);
        let in_an_hour = expiry(3_600).unwrap();
        let life = in_an_hour.duration_since(Instant::now()).as_secs();
        assert!((3_500..=3_540).contains(&life), "{life}");
        assert!(expiry(0).unwrap() <= Instant::now());
    }
}
