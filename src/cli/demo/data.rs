//! The files a demo loads: those of a folder, or generated ones.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::super::sample;
use super::state::State;
use crate::dataset;
use crate::error::{Code, Error, Result};
use crate::sample::SampleOptions;
use crate::storage::{Bucket, S3Settings, Source, SourceUri};

/// Where the rows come from.
pub(super) enum Data {
    Folder(PathBuf),
    Generated { scale: f64 },
}

/// Seed of generated files: every demo shows the same ones.
const SEED: u64 = 1;

/// The version of each file that is in the bucket, as a listing of the folder tells it.
type Known = BTreeMap<String, String>;

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
                let options = SampleOptions {
                    out: out.clone(),
                    scale: *scale,
                    seed: SEED,
                    defects: 0.0,
                    optional: true,
                };
                sample::write(options).await?;
                put_folder(&out, bucket, &mut known).await?;
                fs::remove_dir_all(&out).map_err(|error| unreadable(&out, error))?;
            }
        }
        write_list(&list, &known)
    }
}

async fn put_folder(folder: &Path, bucket: &Bucket, known: &mut Known) -> Result<()> {
    let uri = SourceUri::File { dir: folder.to_owned() };
    let mut listing = Source::connect(&uri, &S3Settings::default()).await?.list();
    let mut found = 0;
    while let Some(page) = listing.next_page().await? {
        for file in page.iter().filter(|file| dataset::by_object_key(&file.key).is_some()) {
            found += 1;
            let path = Path::new(&file.key);
            let key = path.strip_prefix(folder).unwrap_or(path).to_string_lossy().into_owned();
            if known.get(&key) == Some(&file.etag) {
                continue;
            }
            tracing::info!(key, bytes = file.size, "putting into the bucket");
            bucket.put_file(path, &format!("incoming/{key}")).await?;
            known.insert(key, file.etag.clone());
        }
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
