//! Connections of this program to the servers of others.

use http::Uri;
use hyper_rustls::{ConfigBuilderExt as _, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::{ClientConfig, RootCertStore};

use crate::error::{Code, Error, Result};

/// Connects by HTTP, or by HTTPS with the root certificates of the machine. It uses no proxy.
pub(crate) type Connector = HttpsConnector<HttpConnector>;

/// A connector for one URL.
///
/// # Errors
/// `CONFIG` if the URL is `https` and the machine has no root certificates.
pub(crate) fn connector(url: &Uri) -> Result<Connector> {
    connector_over(url, HttpConnector::new())
}

/// The same, over a connector that resolves names in its own way.
///
/// # Errors
/// As [`connector`].
pub(crate) fn connector_over<R>(
    url: &Uri,
    mut http: HttpConnector<R>,
) -> Result<HttpsConnector<HttpConnector<R>>> {
    // The connector of HTTPS looks at the scheme.
    http.enforce_http(false);
    let failed = |problem: &str| Error::new(Code::Config, problem);
    let builder = ClientConfig::builder_with_provider(default_provider().into())
        .with_safe_default_protocol_versions()
        .map_err(|error| failed("TLS cannot be set up").with_source(error))?;
    let builder = match url.scheme_str() {
        Some("https") => builder.with_native_roots().map_err(|error| {
            let problem = "this machine has no root certificates: install ca-certificates, or \
                           name a file of them in SSL_CERT_FILE";
            failed(problem).with_source(error)
        })?,
        // A redirect may lead to `https`.
        _ => match builder.clone().with_native_roots() {
            Ok(builder) => builder,
            Err(_) => builder.with_root_certificates(RootCertStore::empty()),
        },
    };
    Ok(HttpsConnectorBuilder::new()
        .with_tls_config(builder.with_no_client_auth())
        .https_or_http()
        .enable_http1()
        .wrap_connector(http))
}

/// The message of a client's error, which by itself does not name the cause.
pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(&format!(": {cause}"));
        next = cause.source();
    }
    text
}
