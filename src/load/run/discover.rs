//! Finds the files of the datasets in the source.

use sqlx::PgConnection;

use crate::dataset::{self, Dataset};
use crate::error::{Code, Error};
use crate::load::failure::LoadResult;
use crate::load::ledger;
use crate::storage::{ObjectVersion, Source};

/// The files in the source.
#[derive(Debug, Default)]
pub(crate) struct Discovery {
    /// Files to load, by key.
    files: Vec<(&'static Dataset, ObjectVersion)>,
    /// The number of versions loaded before.
    pub(crate) skipped: usize,
}

impl Discovery {
    /// Removes and returns the files of one dataset, in the order of their keys.
    pub(crate) fn take(&mut self, dataset: &Dataset) -> Vec<ObjectVersion> {
        let own = self.files.extract_if(.., |(of, _)| of.table == dataset.table);
        own.map(|(_, object)| object).collect()
    }

    /// The number of files whose name matches a dataset.
    pub(crate) fn found(&self) -> usize {
        self.files.len() + self.skipped
    }
}

/// Lists the source; with a ledger, skips versions it has as loaded.
pub(crate) async fn discover(
    source: &Source,
    mut ledger: Option<&mut PgConnection>,
) -> LoadResult<Discovery> {
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
                discovery.files.push((dataset, object));
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
