//! TLS by rustls, with a certificate that may be replaced while the server runs.

use std::fmt;
use std::fs::{self, File, Metadata};
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::task::spawn_blocking;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::config::http::{TLS_CERT, TLS_KEY};
use crate::error::{Code, Error, Result};

/// Most bytes of a file.
const FILE_BYTES: u64 = 1024 * 1024;
/// Time until files that could not be used are read again, though they have not changed.
const RETRY: Duration = Duration::from_secs(1);

/// A certificate and its key, from PEM files that are read again when they change.
pub struct Tls {
    cert: PathBuf,
    key: PathBuf,
    current: Mutex<Current>,
}

struct Current {
    config: Arc<ServerConfig>,
    /// Of the files that were read last, even if they are broken.
    stamps: Stamps,
    /// When to read them again, unless they are in use.
    retry: Option<Instant>,
}

/// What changes with a file; `None` if there is none.
type Stamps = [Option<(i64, i64, u64, u64)>; 2];

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("cert", &self.cert).finish_non_exhaustive()
    }
}

impl Tls {
    /// Reads the chain of certificates and the private key.
    ///
    /// # Errors
    /// `CONFIG` if a file cannot be read or they do not fit; the message names the file.
    pub fn open(cert: PathBuf, key: PathBuf) -> Result<Self> {
        let stamps = stamps(&cert, &key);
        let config = read(&cert, &key)?;
        Ok(Self { cert, key, current: Mutex::new(Current { config, stamps, retry: None }) })
    }

    /// The acceptor of a handshake now. Files that have changed are read; if they are broken
    /// the last ones stay in force, the log says so once, and they are tried again: it may have
    /// been a failure that passes.
    pub(super) async fn acceptor(self: &Arc<Self>) -> TlsAcceptor {
        let this = Arc::clone(self);
        // It reads files.
        let config = match spawn_blocking(move || this.refresh()).await {
            Ok(config) => config,
            Err(_) => Arc::clone(&self.current().config),
        };
        TlsAcceptor::from(config)
    }

    fn refresh(&self) -> Arc<ServerConfig> {
        let stamps = stamps(&self.cert, &self.key);
        let has_changed = {
            let (mut current, now) = (self.current(), Instant::now());
            let has_changed = current.stamps != stamps;
            if !has_changed && current.retry.is_none_or(|due| now < due) {
                return Arc::clone(&current.config);
            }
            current.stamps = stamps;
            // Handshakes at the same time need not read them, too.
            current.retry = Some(now + RETRY);
            has_changed
        };
        let read = read(&self.cert, &self.key);
        let mut current = self.current();
        match read {
            // Unless another handshake has found newer ones meanwhile.
            Ok(config) if current.stamps == stamps => {
                tracing::info!(certificate = %self.cert.display(), "the certificate was read again");
                current.config = config;
                current.retry = None;
            }
            Err(error) if has_changed => {
                let error = error.detail();
                tracing::error!(error, "the new certificate is not used, the last one stays");
            }
            Ok(_) | Err(_) => {}
        }
        Arc::clone(&current.config)
    }

    fn current(&self) -> MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn stamps(cert: &Path, key: &Path) -> Stamps {
    let stamp = |file: Metadata| (file.mtime(), file.mtime_nsec(), file.size(), file.ino());
    [cert, key].map(|path| fs::metadata(path).ok().map(stamp))
}

fn read(cert: &Path, key: &Path) -> Result<Arc<ServerConfig>> {
    let broken = |path: &Path, what: String| {
        let key = if path == cert { TLS_CERT } else { TLS_KEY };
        Error::new(Code::Config, format!("{key} = `{}`: {what}", path.display()))
    };
    let pem = |path: &Path| {
        let mut bytes = Vec::new();
        let file = File::open(path).and_then(|file| file.take(FILE_BYTES).read_to_end(&mut bytes));
        file.map_err(|error| broken(path, format!("the file cannot be read: {error}")))?;
        Ok::<_, Error>(bytes)
    };
    let chain: Vec<_> = CertificateDer::pem_slice_iter(&pem(cert)?)
        .collect::<Result<_, _>>()
        .map_err(|error| broken(cert, format!("not PEM: {error}")))?;
    if chain.is_empty() {
        return Err(broken(cert, "the file has no certificate in PEM".to_owned()));
    }
    let private = PrivateKeyDer::from_pem_slice(&pem(key)?).map_err(|_| {
        let expected = "the file has no private key in PEM (PKCS#8, PKCS#1 or SEC1, not encrypted)";
        broken(key, expected.to_owned())
    })?;
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, private))
        .map_err(|error| {
            let fits = format!("it does not fit the key in `{}`: {error}", key.display());
            broken(cert, fits)
        })?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
