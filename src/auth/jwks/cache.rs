//! The keys of an issuer, kept up to date. Keys that were read are used until others are:
//! also while the issuer does not answer.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, Weak};
use std::time::{Duration, SystemTime};

use jsonwebtoken::DecodingKey;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep};

use super::fetch::{Fetcher, MAX_BYTES};
use super::set::KeySet;
use crate::config::{JwksLocation, JwtAlgorithm};
use crate::error::{Code, Error, Result};

/// When keys are read again.
#[derive(Debug, Clone, Copy)]
pub struct RefreshTimes {
    /// Age at which keys of a URL are fetched again.
    pub age: Duration,
    /// Shortest time between two fetches for tokens of unknown keys.
    pub pause: Duration,
    /// Time from a failed fetch to the next.
    pub retry: Duration,
    /// Time between two looks at a file, and shortest time between them for a token of an
    /// unknown key.
    pub file: Duration,
    /// Fetches at the start before the API is served without the keys.
    pub attempts: u32,
    /// Time between them.
    pub attempt_pause: Duration,
}

impl Default for RefreshTimes {
    fn default() -> Self {
        Self {
            age: Duration::from_secs(5 * 60),
            pause: Duration::from_secs(10),
            retry: Duration::from_secs(10),
            file: Duration::from_secs(2),
            attempts: 3,
            attempt_pause: Duration::from_secs(1),
        }
    }
}

/// The keys of an issuer. Dropped, it is refreshed no longer.
pub(in crate::auth) struct KeyCache {
    source: Source,
    times: RefreshTimes,
    keys: RwLock<Arc<KeySet>>,
    /// Moves with every change of the keys.
    generation: AtomicU64,
    /// Held during a refresh: there is one at a time.
    refresh: Mutex<Refresh>,
}

enum Source {
    Url(Box<Fetcher>),
    File(PathBuf),
}

/// What is known of the last refresh.
#[derive(Default)]
struct Refresh {
    started: Option<Instant>,
    failed: bool,
    /// The version of the file that was read.
    version: Option<FileVersion>,
}

impl KeyCache {
    /// Reads the keys for the first time, and refreshes them from then on.
    ///
    /// # Errors
    /// `CONFIG` if a file cannot be read. A URL that cannot be fetched is no error: its issuer
    /// may be up later, and until then its tokens are refused.
    pub(in crate::auth) async fn start(
        location: &JwksLocation,
        times: RefreshTimes,
    ) -> Result<Arc<Self>> {
        let source = match location {
            JwksLocation::Url(url) => Source::Url(Box::new(Fetcher::new(url.clone())?)),
            JwksLocation::File(path) => Source::File(path.clone()),
        };
        let cache = Arc::new(Self {
            source,
            times,
            keys: RwLock::default(),
            generation: AtomicU64::new(0),
            refresh: Mutex::default(),
        });
        for attempt in 1..=times.attempts.max(1) {
            let Err(problem) = cache.read(&mut *cache.refresh.lock().await).await else { break };
            match location {
                JwksLocation::File(path) => {
                    let message = format!("jwt.jwks_file `{}`: {problem}", path.display());
                    return Err(Error::new(Code::Config, message));
                }
                JwksLocation::Url(url) if attempt == times.attempts => {
                    tracing::error!(%url, "the keys of an issuer cannot be fetched: its tokens are refused");
                }
                JwksLocation::Url(_) => sleep(times.attempt_pause).await,
            }
        }
        tokio::spawn(keep_fresh(Arc::downgrade(&cache)));
        Ok(cache)
    }

    /// Moves with every change of the keys: what a key has verified before may be verified by
    /// none now.
    pub(in crate::auth) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// A key, with the generation of the set it is in. For an unknown one the keys are read
    /// again first, unless they just were.
    pub(in crate::auth) async fn find(
        &self,
        algorithm: JwtAlgorithm,
        id: Option<&str>,
    ) -> Option<(DecodingKey, u64)> {
        let find = || {
            // Before the keys: a change in between makes what is remembered too old, not wrong.
            let generation = self.generation();
            self.keys().find(algorithm, id).map(|key| (key.clone(), generation))
        };
        if let Some(found) = find() {
            return Some(found);
        }
        let pause = match self.source {
            Source::Url(_) => self.times.pause,
            Source::File(_) => self.times.file,
        };
        let mut refresh = self.refresh.lock().await;
        // Another may have read them while this one waited.
        if let Some(found) = find() {
            return Some(found);
        }
        if refresh.started.is_some_and(|started| started.elapsed() < pause) {
            return None;
        }
        // The failure is logged, and the keys there were stay.
        let _ = self.read(&mut refresh).await;
        find()
    }

    fn keys(&self) -> Arc<KeySet> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the keys, and keeps those there were if that fails.
    async fn read(&self, refresh: &mut Refresh) -> Result<(), String> {
        refresh.started = Some(Instant::now());
        let read = match &self.source {
            Source::Url(fetcher) => fetcher.fetch().await.map(|body| Some((None, body.to_vec()))),
            Source::File(path) => {
                let (path, known) = (path.clone(), refresh.version);
                let read = tokio::task::spawn_blocking(move || read_if_changed(&path, known));
                let read = read.await.unwrap_or_else(|error| Err(error.to_string()));
                read.map(|changed| changed.map(|(version, text)| (Some(version), text)))
            }
        };
        let read = read.and_then(|changed| {
            let parse = |(version, text): (_, Vec<u8>)| Ok((version, KeySet::parse(&text)?));
            changed.map(parse).transpose()
        });
        refresh.failed = read.is_err();
        match read {
            Ok(None) => Ok(()),
            Ok(Some((version, keys))) => {
                // Not before: a file that is no set has not been read.
                refresh.version = version;
                self.replace(keys);
                Ok(())
            }
            Err(problem) => {
                let from = self.source.name();
                tracing::warn!(from, problem, "the keys of an issuer cannot be read");
                Err(problem)
            }
        }
    }

    /// The time to the next refresh by age.
    async fn next_read(&self) -> Duration {
        match self.source {
            Source::File(_) => self.times.file,
            Source::Url(_) if self.refresh.lock().await.failed => self.times.retry,
            Source::Url(_) => self.times.age,
        }
    }

    fn replace(&self, keys: KeySet) {
        let mut held = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        if **held == keys {
            return;
        }
        let (from, count) = (self.source.name(), keys.len());
        if count == 0 {
            tracing::warn!(from, "an issuer has no usable key: its tokens are refused");
        } else {
            tracing::info!(from, keys = count, "the keys of an issuer were read");
        }
        *held = Arc::new(keys);
        self.generation.fetch_add(1, Ordering::AcqRel);
    }
}

impl Source {
    fn name(&self) -> String {
        match self {
            Self::Url(fetcher) => fetcher.url.to_string(),
            Self::File(path) => path.display().to_string(),
        }
    }
}

/// Time of the last change, and bytes.
type FileVersion = (SystemTime, u64);

/// A file's version and content, unless it is the known version.
fn read_if_changed(
    path: &Path,
    known: Option<FileVersion>,
) -> Result<Option<(FileVersion, Vec<u8>)>, String> {
    let metadata = fs::metadata(path).map_err(|error| error.to_string())?;
    let modified = metadata.modified().map_err(|error| error.to_string())?;
    let version = (modified, metadata.len());
    if known == Some(version) {
        return Ok(None);
    }
    if metadata.len() > MAX_BYTES as u64 {
        return Err(format!("it has more than {MAX_BYTES} bytes"));
    }
    let text = fs::read(path).map_err(|error| error.to_string())?;
    Ok(Some((version, text)))
}

/// Reads the keys again and again, as long as there is a cache. Whoever is verified from
/// memory never asks for a key, so this is what makes removed keys disappear.
async fn keep_fresh(cache: Weak<KeyCache>) {
    loop {
        let Some(held) = cache.upgrade() else { return };
        let pause = held.next_read().await;
        drop(held);
        sleep(pause).await;
        let Some(cache) = cache.upgrade() else { return };
        let mut refresh = cache.refresh.lock().await;
        let _ = cache.read(&mut refresh).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_that_is_no_set_has_not_been_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("jwks.json");
        fs::write(&path, r#"{"keys":[]}"#).unwrap();
        let hour = Duration::from_secs(3_600);
        let times = RefreshTimes { file: hour, ..RefreshTimes::default() };
        let cache = KeyCache::start(&JwksLocation::File(path.clone()), times).await.unwrap();
        let mut refresh = cache.refresh.lock().await;
        cache.read(&mut refresh).await.unwrap();
        fs::write(&path, r#"{"keys":[}"#).unwrap();
        for look in ["first", "second"] {
            assert!(cache.read(&mut refresh).await.is_err() && refresh.failed, "{look}");
        }
        fs::write(&path, r#"{"keys":[],"more":1}"#).unwrap();
        cache.read(&mut refresh).await.unwrap();
        assert!(!refresh.failed);
    }
}
