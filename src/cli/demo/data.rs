//! The files a demo loads: those of a folder, or generated ones.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use sha2::{Digest as _, Sha256};

use super::super::sample;
use super::state::State;
use crate::dataset;
use crate::error::{Code, Error, Result};
use crate::sample::SampleOptions;
use crate::storage::Bucket;

/// Where the rows come from.
pub(super) enum Data {
    Folder(PathBuf),
    Generated { scale: f64 },
}

/// Seed of generated files: every demo shows the same ones.
const SEED: u64 = 1;

/// Size and modification time of each file that is in the bucket.
type Known = BTreeMap<String, (u64, u128)>;

impl Data {
    pub(super) fn of(folder: Option<&Path>, scale: Option<f64>) -> Result<Self> {
        let Some(folder) = folder else {
            return Ok(Self::Generated { scale: scale.unwrap_or(1.0) });
        };
        let folder = fs::canonicalize(folder).map_err(|error| unreadable(folder, error))?;
        Ok(Self::Folder(folder))
    }

    /// Names the demo's database and bucket: rows of different files do not mix.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Folder(folder) => {
                let hash = Sha256::digest(folder.as_os_str().as_encoded_bytes());
                let hash: String = hash.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
                format!("demo-{hash}")
            }
            Self::Generated { scale } => {
                format!("demo-scale-{}", scale.to_string().replace('.', "-"))
            }
        }
    }

    /// Puts what is new or changed into the bucket.
    pub(super) async fn put(&self, state: &State, bucket: &Bucket) -> Result<()> {
        let list = state.dir().join(format!("{}.files.json", self.name()));
        let mut known = read_list(&list);
        match self {
            Self::Folder(folder) => {
                put_folder(folder, bucket, &mut known).await?;
            }
            Self::Generated { .. } if !known.is_empty() => return Ok(()),
            Self::Generated { scale } => {
                let out = state.dir().join(format!("{}.sample", self.name()));
                let options =
                    SampleOptions { out: out.clone(), scale: *scale, seed: SEED, defects: 0.0 };
                sample::write(options).await?;
                put_folder(&out, bucket, &mut known).await?;
                fs::remove_dir_all(&out).map_err(|error| unreadable(&out, error))?;
            }
        }
        write_list(&list, &known)
    }
}

async fn put_folder(folder: &Path, bucket: &Bucket, known: &mut Known) -> Result<()> {
    let mut found = 0;
    for path in csv_files(folder)? {
        found += 1;
        let key = path.strip_prefix(folder).unwrap_or(&path).to_string_lossy().into_owned();
        let version = version(&path)?;
        if known.get(&key) == Some(&version) {
            continue;
        }
        tracing::info!(key, bytes = version.0, "putting into the bucket");
        bucket.put_file(&path, &format!("incoming/{key}")).await?;
        known.insert(key, version);
    }
    if found == 0 {
        let names: Vec<String> =
            dataset::ALL.iter().map(|dataset| format!("{}.csv", dataset.file_stem)).collect();
        return Err(Error::new(
            Code::BadUserInput,
            format!("{} holds none of {}", folder.display(), names.join(", ")),
        ));
    }
    Ok(())
}

/// The files that bear a dataset's name, whatever folder they lie in.
fn csv_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).map_err(|error| unreadable(&folder, error))?;
        for entry in entries {
            let entry = entry.map_err(|error| unreadable(&folder, error))?;
            let kind = entry.file_type().map_err(|error| unreadable(&entry.path(), error))?;
            if kind.is_dir() {
                folders.push(entry.path());
            } else if dataset::by_object_key(&entry.file_name().to_string_lossy()).is_some() {
                files.push(entry.path());
            }
        }
    }
    files.sort();
    Ok(files)
}

fn version(path: &Path) -> Result<(u64, u128)> {
    let data = fs::metadata(path).map_err(|error| unreadable(path, error))?;
    let modified = data.modified().map_err(|error| unreadable(path, error))?;
    let since = modified.duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok((data.len(), since.as_nanos()))
}

/// A list that cannot be read only means that everything is put again.
fn read_list(path: &Path) -> Known {
    fs::read(path).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default()
}

fn write_list(path: &Path, known: &Known) -> Result<()> {
    let text = serde_json::to_vec(known)
        .map_err(|error| Error::internal("the list of files cannot be made").with_source(error))?;
    fs::write(path, text).map_err(|error| unreadable(path, error))
}

fn unreadable(path: &Path, error: std::io::Error) -> Error {
    let message = format!("{} cannot be used", path.display());
    Error::new(Code::BadUserInput, message).with_source(error)
}
