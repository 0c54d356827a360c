//! The files that a demo loads: those of a folder, or generated ones.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::super::sample;
use super::state::State;
use crate::dataset;
use crate::embedded::private;
use crate::error::{Code, Error, Result};
use crate::sample::{OrderFiles, SampleOptions};
use crate::storage::{Bucket, S3Settings, Source, SourceUri};

/// The source of the files.
pub(super) enum Data {
    Folder(PathBuf),
    Generated { scale: f64 },
}

/// The seed of generated files: the same in every demo.
const SEED: u64 = 1;

/// The version of each uploaded file, from the listing of the folder.
type Uploaded = BTreeMap<String, String>;

impl Data {
    pub(super) fn of(folder: Option<&Path>, scale: Option<f64>) -> Result<Self> {
        let Some(folder) = folder else {
            return Ok(Self::Generated { scale: scale.unwrap_or(1.0) });
        };
        let folder = fs::canonicalize(folder).map_err(|error| unreadable(folder, error))?;
        Ok(Self::Folder(folder))
    }

    /// The name of the demo's database and bucket: different data do not mix.
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

    /// Uploads new and changed files into the bucket.
    pub(super) async fn upload(&self, state: &State, bucket: &Bucket) -> Result<()> {
        let list = state.dir().join(format!("{}.files.json", self.name()));
        let mut uploaded = read_list(&list);
        match self {
            Self::Folder(folder) => {
                upload_folder(folder, bucket, &mut uploaded).await?;
            }
            Self::Generated { .. } if !uploaded.is_empty() => return Ok(()),
            Self::Generated { scale } => {
                let out = state.dir().join(format!("{}.sample", self.name()));
                private::dir(&out).map_err(|error| unreadable(&out, error))?;
                let options = SampleOptions {
                    out: out.clone(),
                    scale: *scale,
                    seed: SEED,
                    defects: 0.0,
                    optional: true,
                    orders: OrderFiles::Csv,
                };
                sample::write(options).await?;
                upload_folder(&out, bucket, &mut uploaded).await?;
                fs::remove_dir_all(&out).map_err(|error| unreadable(&out, error))?;
            }
        }
        write_list(&list, &uploaded)
    }
}

async fn upload_folder(folder: &Path, bucket: &Bucket, uploaded: &mut Uploaded) -> Result<()> {
    let uri = SourceUri::File { dir: folder.to_owned() };
    let mut listing = Source::connect(&uri, &S3Settings::default()).await?.list();
    let mut found = 0;
    while let Some(page) = listing.next_page().await? {
        for file in page.iter().filter(|file| dataset::by_object_key(&file.key).is_some()) {
            found += 1;
            let path = Path::new(&file.key);
            let key = path.strip_prefix(folder).unwrap_or(path).to_string_lossy().into_owned();
            if uploaded.get(&key) == Some(&file.etag) {
                continue;
            }
            tracing::info!(key, bytes = file.size, "uploading");
            bucket.put_file(path, &format!("incoming/{key}")).await?;
            uploaded.insert(key, file.etag.clone());
        }
    }
    if found == 0 {
        let names: Vec<String> =
            dataset::ALL.iter().map(|dataset| format!("{}.csv", dataset.file_stem)).collect();
        return Err(Error::new(
            Code::BadUserInput,
            format!("{} has none of the files {}", folder.display(), names.join(", ")),
        ));
    }
    Ok(())
}

/// If the list cannot be read, everything is uploaded again.
fn read_list(path: &Path) -> Uploaded {
    fs::read(path).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default()
}

fn write_list(path: &Path, uploaded: &Uploaded) -> Result<()> {
    let text = serde_json::to_vec(uploaded).map_err(|error| {
        Error::internal("the list of files cannot be written").with_source(error)
    })?;
    let written = private::file(path).and_then(|mut file| file.write_all(&text));
    written.map_err(|error| unreadable(path, error))
}

fn unreadable(path: &Path, error: std::io::Error) -> Error {
    let message = format!("{} cannot be used", path.display());
    Error::new(Code::BadUserInput, message).with_source(error)
}
