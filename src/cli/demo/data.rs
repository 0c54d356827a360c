//! The files that a demo loads: those of a folder, or generated ones.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use futures_util::{StreamExt as _, TryStreamExt as _};
use indicatif::{ProgressBar, ProgressStyle};
use sha2::{Digest as _, Sha256};

use super::super::sample::write;
use super::state::State;
use crate::embedded::private;
use crate::error::{Code, Error, Result};
use crate::load::LoadOptions;
use crate::sample::{OrderFiles, SampleOptions, Shape};
use crate::storage::{Bucket, S3Settings, Source, SourceUri};

/// The source of the files.
pub(super) enum Data {
    Folder { folder: PathBuf, mapping: Option<String> },
    Generated { scale: f64, orders: OrderFiles, shape: Shape },
}

/// The seed of generated files: the same in every demo.
const SEED: u64 = 1;
/// Files that are uploaded at once.
const UPLOADS: usize = 16;

/// The version of each uploaded file, from the listing of the folder.
type Uploaded = BTreeMap<String, String>;

impl Data {
    /// The files of a folder, as a mapping reads them.
    pub(super) fn folder(folder: &Path, mapping: Option<String>) -> Result<Self> {
        let folder = fs::canonicalize(folder).map_err(|error| unreadable(folder, error))?;
        Ok(Self::Folder { folder, mapping })
    }

    /// The name of the demo's database and bucket: different data do not mix.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Folder { folder, mapping } => {
                let mut hash = Sha256::new_with_prefix(folder.as_os_str().as_encoded_bytes());
                if let Some(mapping) = mapping {
                    // No path has this byte.
                    hash.update(b"\0");
                    hash.update(mapping);
                }
                let hash = hash.finalize();
                let hash: String = hash.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
                format!("demo-{hash}")
            }
            Self::Generated { scale, orders, shape } => {
                let scale = scale.to_string().replace('.', "-");
                let orders = match orders {
                    OrderFiles::Csv => "",
                    OrderFiles::Documents => "-documents",
                    OrderFiles::Ndjson => "-ndjson",
                    OrderFiles::Array => "-array",
                };
                let shape = shape.mapping().map(|name| format!("-{name}")).unwrap_or_default();
                format!("demo-scale-{scale}{orders}{shape}")
            }
        }
    }

    /// Uploads new and changed files into the bucket.
    pub(super) async fn upload(
        &self,
        state: &State,
        bucket: &Bucket,
        options: &LoadOptions,
    ) -> Result<()> {
        let list = state.dir().join(format!("{}.files.json", self.name()));
        let mut uploaded = read_list(&list);
        match self {
            Self::Folder { folder, .. } => {
                upload_folder(folder, bucket, options, &mut uploaded).await?;
            }
            Self::Generated { .. } if !uploaded.is_empty() => return Ok(()),
            Self::Generated { scale, orders, shape } => {
                let out = state.dir().join(format!("{}.sample", self.name()));
                private::dir(&out).map_err(|error| unreadable(&out, error))?;
                let sample = SampleOptions {
                    out: out.clone(),
                    scale: *scale,
                    seed: SEED,
                    defects: 0.0,
                    optional: true,
                    orders: *orders,
                    shape: *shape,
                };
                write(sample).await?;
                upload_folder(&out, bucket, options, &mut uploaded).await?;
                fs::remove_dir_all(&out).map_err(|error| unreadable(&out, error))?;
            }
        }
        write_list(&list, &uploaded)
    }
}

/// Uploads what a load would take, several files at once, with a bar on a terminal.
async fn upload_folder(
    folder: &Path,
    bucket: &Bucket,
    options: &LoadOptions,
    uploaded: &mut Uploaded,
) -> Result<()> {
    let uri = SourceUri::File { dir: folder.to_owned() };
    let mut listing = Source::connect(&uri, &S3Settings::default()).await?.list();
    let style = ProgressStyle::with_template("uploading {pos} files")
        .unwrap_or_else(|_| ProgressStyle::default_spinner());
    let bar = ProgressBar::new_spinner().with_style(style);
    // Documents are told by a folder of that name, which may be the one given.
    let is_orders = folder.file_name().is_some_and(|name| name.eq_ignore_ascii_case("orders"));
    let below = if is_orders { "incoming/orders" } else { "incoming" };
    let mut found = 0;
    while let Some(page) = listing.next_page().await? {
        let mut changed = Vec::new();
        for file in page {
            let path = PathBuf::from(&file.key);
            let key = path.strip_prefix(folder).unwrap_or(&path).to_string_lossy().into_owned();
            if !options.takes(&format!("{below}/{key}")) {
                continue;
            }
            found += 1;
            if uploaded.get(&key) != Some(&file.etag) {
                changed.push((path, key, file));
            }
        }
        let uploads = changed.into_iter().map(|(path, key, file)| async move {
            tracing::debug!(key, bytes = file.size, "uploading");
            bucket.put_file(&path, &format!("{below}/{key}")).await?;
            Ok::<_, Error>((key, file.etag))
        });
        let mut uploads = futures_util::stream::iter(uploads).buffer_unordered(UPLOADS);
        while let Some((key, etag)) = uploads.try_next().await? {
            uploaded.insert(key, etag);
            bar.inc(1);
        }
    }
    bar.finish_and_clear();
    if found == 0 {
        let names = options.names().join(", ");
        let message = format!("{} has none of the files {names}", folder.display());
        return Err(Error::new(Code::BadUserInput, message));
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
