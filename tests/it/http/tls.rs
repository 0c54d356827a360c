//! TLS by the server itself.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use salesgraph::http::{RequestLimits, ServerOptions, Tls};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::support::database;
use crate::support::http::{TestServer, state};

/// The files of a certificate.
pub(super) struct Files {
    dir: TempDir,
}

impl Files {
    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Replaces both files, as tools do: by new ones. The certificate is returned.
    pub(super) fn replace(&self) -> CertificateDer<'static> {
        let CertifiedKey { cert, signing_key } = made();
        self.put("key.pem", &signing_key.serialize_pem());
        self.put("cert.pem", &cert.pem());
        cert.der().clone()
    }

    fn put(&self, name: &str, text: &str) {
        std::fs::write(self.path("new"), text).expect("a file");
        std::fs::rename(self.path("new"), self.path(name)).expect("the file is replaced");
    }

    pub(super) fn open(&self) -> salesgraph::error::Result<Tls> {
        Tls::open(self.path("cert.pem"), self.path("key.pem"))
    }
}

pub(super) fn files() -> Files {
    Files { dir: tempfile::tempdir().expect("a folder") }
}

fn made() -> CertifiedKey<KeyPair> {
    generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate")
}

/// A connection of a client that trusts this certificate only.
pub(super) async fn connect(
    server: &TestServer,
    trusted: &CertificateDer<'static>,
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).expect("a root");
    let mut config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let stream = TcpStream::connect(server.address).await.expect("connect");
    let name = "localhost".try_into().expect("a name");
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    Ok(stream)
}

/// Its response.
async fn get(
    server: &TestServer,
    trusted: &CertificateDer<'static>,
    host: &str,
) -> std::io::Result<Response<hyper::body::Incoming>> {
    let stream = connect(server, trusted).await?;
    let (mut client, connection) = http1::handshake(TokioIo::new(stream)).await.expect("handshake");
    tokio::spawn(connection);
    let request = Request::get("/health/live").header("host", host);
    let request = request.body(Empty::<bytes::Bytes>::new()).expect("a request");
    Ok(client.send_request(request).await.expect("a response"))
}

#[tokio::test]
async fn a_certificate_is_replaced_while_the_server_runs() {
    let db = database().await;
    let files = files();
    let first = files.replace();
    let tls = Some(Arc::new(files.open().expect("the files fit")));
    let options = ServerOptions { tls, ..ServerOptions::default() };
    let state = state(&db.pool, RequestLimits::default());
    let server = TestServer::serve_with(state, options).await;

    let response = get(&server, &first, "localhost").await.expect("a handshake");
    assert_eq!(response.status(), 200);
    assert!(!response.headers().contains_key("strict-transport-security"), "of all its servers");
    let response = get(&server, &first, "api.example").await.expect("a handshake");
    assert_eq!(response.headers()["strict-transport-security"], "max-age=31536000");

    let second = files.replace();
    get(&server, &second, "localhost").await.expect("the new one is presented");
    assert!(get(&server, &first, "localhost").await.is_err(), "the old one is not");

    for broken in ["", "no PEM", "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n"] {
        files.put("cert.pem", broken);
        get(&server, &second, "localhost").await.expect("the last one stays");
    }
    let third = files.replace();
    get(&server, &third, "localhost").await.expect("and is replaced again");
    server.stop().await;
}

#[tokio::test]
async fn files_that_could_not_be_used_are_tried_again_though_they_look_the_same() {
    let db = database().await;
    let files = files();
    files.replace();
    let tls = Some(Arc::new(files.open().expect("the files fit")));
    let options = ServerOptions { tls, ..ServerOptions::default() };
    let state = state(&db.pool, RequestLimits::default());
    let server = TestServer::serve_with(state, options).await;

    let second = files.replace();
    let good = std::fs::read(files.path("cert.pem")).expect("the certificate");
    files.put("cert.pem", &"x".repeat(good.len()));
    assert!(get(&server, &second, "localhost").await.is_err(), "it is broken");
    // In place and with the same times, as if only the reading had failed.
    let path = files.path("cert.pem");
    let modified = std::fs::metadata(&path).and_then(|file| file.modified()).expect("a time");
    let mut file = std::fs::File::options().write(true).open(path).expect("the file");
    file.write_all(&good).and_then(|()| file.set_modified(modified)).expect("written");
    let begun = Instant::now();
    while get(&server, &second, "localhost").await.is_err() {
        assert!(begun.elapsed() < Duration::from_secs(60), "it is never read again");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_client_without_tls_is_not_answered() {
    let db = database().await;
    let files = files();
    files.replace();
    let tls = Some(Arc::new(files.open().expect("the files fit")));
    let header_timeout = Duration::from_millis(50);
    let options = ServerOptions { tls, header_timeout, ..ServerOptions::default() };
    let state = state(&db.pool, RequestLimits::default());
    let server = TestServer::serve_with(state, options).await;
    for sent in ["", "GET /health/live HTTP/1.1\r\nhost: localhost\r\n\r\n"] {
        let mut client = TcpStream::connect(server.address).await.expect("connect");
        client.write_all(sent.as_bytes()).await.expect("sent");
        let mut answer = Vec::new();
        let _ = client.read_to_end(&mut answer).await;
        assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
    }
    server.stop().await;
}

#[test]
fn broken_files_are_named() {
    let files = files();
    let fails = |name: &str, what: &str| {
        let error = files.open().expect_err(what).to_string();
        let path = files.path(name);
        assert!(error.contains(&*path.to_string_lossy()), "{error}");
        assert!(error.contains(what), "{error}");
    };
    fails("cert.pem", "cannot be read");
    files.put("cert.pem", "text");
    fails("cert.pem", "no certificate");
    files.put("cert.pem", &made().cert.pem());
    fails("key.pem", "cannot be read");
    files.put("key.pem", "text");
    fails("key.pem", "no private key");
    files.put("key.pem", &made().signing_key.serialize_pem());
    fails("key.pem", "does not fit");
}
