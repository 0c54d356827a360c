//! Finds the files of the datasets in the source.

use std::collections::BTreeMap;

use sqlx::PgConnection;

use super::context::LoadOptions;
use super::summary::LeftOut;
use crate::dataset::Dataset;
use crate::error::{Code, Error};
use crate::load::document::name;
use crate::load::failure::LoadResult;
use crate::load::ledger::{self, Known, ReadBy};
use crate::storage::{ObjectVersion, Source};

/// Files left out that are named.
const LEFT_OUT_NAMED: usize = 20;

/// Documents have so many times the bytes of a table's rows, and seldom more: each value has a name,
/// and lines and orders are in one.
const DOCUMENT_SHARE: u64 = 32;

/// A file to load.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) object: ObjectVersion,
    /// Whether an earlier run has loaded a part of it.
    pub(crate) begun: bool,
}

/// The files in the source.
#[derive(Debug, Default)]
pub(crate) struct Discovery {
    /// Files to load, by key.
    files: Vec<(&'static Dataset, Found)>,
    /// Files whose name is nearly that of a dataset's: the first of them, and their number.
    pub(crate) left_out: Vec<LeftOut>,
    pub(crate) files_left_out: usize,
    /// How many files each table has, with those loaded before.
    of_table: BTreeMap<&'static str, usize>,
    /// The number of versions loaded before.
    pub(crate) skipped: usize,
    /// The number of files of documents, loaded before or not: they may be very many.
    pub(crate) documents: usize,
    /// Their bytes.
    document_bytes: u64,
}

impl Discovery {
    /// Removes and returns the files of one dataset, in the order of their keys.
    pub(crate) fn take(&mut self, dataset: &Dataset) -> Vec<Found> {
        let own = self.files.extract_if(.., |(of, _)| of.table == dataset.table);
        own.map(|(_, file)| file).collect()
    }

    /// The bytes of the files to load of a table, as they are stored; of documents, of which it is
    /// not known here whether they are loaded, about those of their rows.
    pub(crate) fn bytes(&self, dataset: &Dataset) -> u64 {
        let own = self.files.iter().filter(|(of, _)| of.table == dataset.table);
        let rows: u64 = own.map(|(_, file)| file.object.size).sum();
        let of_documents = ["sales_order", "sales_order_line"].contains(&dataset.table);
        rows + if of_documents { self.document_bytes / DOCUMENT_SHARE } else { 0 }
    }

    fn leave_out(&mut self, key: String, options: &LoadOptions) {
        let expected = match options.nearly(&key) {
            Some(dataset) => options.names_of(dataset).join(" or "),
            None if name::nearly(&key) => name::NAMES.to_owned(),
            None => return,
        };
        self.files_left_out += 1;
        if self.left_out.len() < LEFT_OUT_NAMED {
            self.left_out.push(LeftOut { key, expected });
        }
    }

    /// The number of files of a dataset, with those loaded before.
    pub(crate) fn count(&self, dataset: &Dataset) -> usize {
        self.of_table.get(dataset.table).copied().unwrap_or_default()
    }

    /// The number of files whose name matches a dataset, or that of documents.
    pub(crate) fn found(&self) -> usize {
        self.files.len() + self.skipped + self.documents
    }
}

/// Lists the source; with a ledger, skips versions it has as loaded in the same format.
pub(crate) async fn discover(
    source: &Source,
    options: &LoadOptions,
    mut ledger: Option<(&mut PgConnection, ReadBy)>,
) -> LoadResult<Discovery> {
    let mut discovery = Discovery::default();
    let mut objects = 0_usize;
    let mut listing = source.list();
    while let Some(page) = listing.next_page().await? {
        objects += page.len();
        let (datasets, page): (Vec<_>, Vec<_>) = page
            .into_iter()
            .filter_map(|object| match options.dataset_of(&object.key) {
                Some(dataset) => Some((dataset, object)),
                None if name::layout(&object.key).is_some() => {
                    discovery.documents += 1;
                    discovery.document_bytes += object.size;
                    None
                }
                None => {
                    discovery.leave_out(object.key, options);
                    None
                }
            })
            .unzip();
        let known = match &mut ledger {
            Some((connection, by)) if !page.is_empty() => {
                let mappings: Vec<&str> =
                    datasets.iter().map(|dataset| options.fingerprint(dataset)).collect();
                ledger::known(connection, *by, &page, &mappings).await?
            }
            _ => vec![Known::New; page.len()],
        };
        for ((dataset, object), known) in datasets.into_iter().zip(page).zip(known) {
            *discovery.of_table.entry(dataset.table).or_default() += 1;
            if known == Known::Loaded {
                discovery.skipped += 1;
            } else {
                discovery.files.push((dataset, Found { object, begun: known == Known::Begun }));
            }
        }
    }
    if discovery.found() == 0 {
        return Err(nothing_found(source, options, objects, &discovery.left_out).into());
    }
    Ok(discovery)
}

fn nothing_found(
    source: &Source,
    options: &LoadOptions,
    objects: usize,
    left_out: &[LeftOut],
) -> Error {
    Error::new(
        Code::NotFound,
        format!(
            "no file to load among {objects} under {}; expected {} (or with .gz, .zst){}",
            source.uri(),
            options.names().join(", "),
            left_out.first().map_or_else(String::new, |file| format!(", found {}", file.key)),
        ),
    )
}
