//! Finds the files of the datasets under the source.

use sqlx::PgConnection;

use crate::dataset::{self, Dataset};
use crate::error::{Code, Error};
use crate::load::failure::Step;
use crate::load::ledger;
use crate::storage::{ObjectVersion, Source};

/// A file whose name is that of a dataset.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) dataset: &'static Dataset,
    pub(crate) object: ObjectVersion,
}

/// What a look at the source found.
#[derive(Debug, Default)]
pub(crate) struct Discovery {
    /// To be loaded, by key.
    pub(crate) files: Vec<Found>,
    /// Versions that were loaded before.
    pub(crate) skipped: usize,
}

impl Discovery {
    /// Takes the files of one dataset out, in the order of their keys.
    pub(crate) fn take(&mut self, dataset: &Dataset) -> Vec<ObjectVersion> {
        let (own, others): (Vec<_>, Vec<_>) = std::mem::take(&mut self.files)
            .into_iter()
            .partition(|file| file.dataset.table == dataset.table);
        self.files = others;
        own.into_iter().map(|file| file.object).collect()
    }

    /// Files that bear a dataset's name.
    pub(crate) fn found(&self) -> usize {
        self.files.len() + self.skipped
    }
}

/// Looks for files; where a ledger is given, passes over versions it has as loaded.
pub(crate) async fn discover(
    source: &Source,
    mut ledger: Option<&mut PgConnection>,
) -> Step<Discovery> {
    let mut discovery = Discovery::default();
    let mut objects = 0_usize;
    let mut listing = source.list();
    while let Some(page) = listing.next_page().await? {
        objects += page.len();
        let (datasets, page): (Vec<_>, Vec<_>) = page
            .into_iter()
            .filter_map(|object| Some((dataset::by_object_key(&object.key)?, object)))
            .unzip();
        let loaded = match ledger.as_deref_mut() {
            Some(connection) if !page.is_empty() => ledger::loaded(connection, &page).await?,
            _ => vec![false; page.len()],
        };
        for ((dataset, object), loaded) in datasets.into_iter().zip(page).zip(loaded) {
            if loaded {
                discovery.skipped += 1;
            } else {
                discovery.files.push(Found { dataset, object });
            }
        }
    }
    if discovery.found() == 0 {
        return Err(nothing_found(source, objects).into());
    }
    Ok(discovery)
}

fn nothing_found(source: &Source, objects: usize) -> Error {
    let names: Vec<String> =
        dataset::ALL.iter().map(|dataset| format!("{}*.csv", dataset.file_stem)).collect();
    Error::new(
        Code::NotFound,
        format!(
            "no file to load among {objects} under {}; expected {} (or .csv.gz, .csv.zst)",
            source.uri(),
            names.join(", ")
        ),
    )
}
