//! What the tasks of a run share.

use std::sync::{Arc, OnceLock};

use super::bulk::Bulk;
use super::observe::Observer;
use super::session::Session;
use crate::config::{LoadMode, MaxRejects, MaxRemoved};
use crate::dataset::{self, Dataset};
use crate::load::decode::{BatchLimits, Format};
use crate::load::document::name;
use crate::load::file::merge::Manner;
use crate::load::ledger::ReadBy;
use crate::load::mapping::Mapping;
use crate::load::raw::RawOptions;
use crate::load::raw::keeper::Keeper;
use crate::storage::Source;

/// How to load.
#[derive(Debug, Clone)]
pub struct LoadOptions {
    /// Limits of batches and records.
    pub limits: BatchLimits,
    /// Independent files loaded concurrently.
    pub parallel_files: usize,
    /// Rejects after which a file fails.
    pub max_rejects: Option<MaxRejects>,
    /// What is done with the rows.
    pub mode: LoadMode,
    /// The largest share that a mirrored file may remove.
    pub max_removed: MaxRemoved,
    /// Loads each file in one transaction.
    pub atomic: bool,
    /// What the files are called and how they are written, where they are not plain.
    pub mapping: Option<Arc<Mapping>>,
    /// Where the files are kept, if they are.
    pub raw: Option<RawOptions>,
    /// Whether versions are loaded again that earlier runs have loaded.
    pub again: bool,
    /// The bytes of new files of an empty table, or nearly so, from which on foreign keys and
    /// indexes are set aside.
    pub bulk_bytes: u64,
}

impl LoadOptions {
    /// The dataset whose file this is, told by its key.
    pub(crate) fn dataset_of(&self, key: &str) -> Option<&'static Dataset> {
        match &self.mapping {
            Some(mapping) => mapping.dataset_of(key),
            None => dataset::by_object_key(key),
        }
    }

    /// Whether a file is loaded, told by its key.
    #[must_use]
    pub fn takes(&self, key: &str) -> bool {
        self.dataset_of(key).is_some() || name::layout(key).is_some()
    }

    /// What files are called that are loaded: patterns of names.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let rows = dataset::ALL.iter().flat_map(|dataset| self.names_of(dataset));
        rows.chain([name::NAMES.to_owned()]).collect()
    }

    /// The dataset that a file is likely meant for which is not loaded because of its name.
    pub(crate) fn nearly(&self, key: &str) -> Option<&'static Dataset> {
        dataset::by_object_key(key).or_else(|| dataset::nearly(key))
    }

    /// What the files of a dataset are called: patterns of names.
    pub(crate) fn names_of(&self, dataset: &Dataset) -> Vec<String> {
        match &self.mapping {
            Some(mapping) => mapping.names(dataset),
            None => vec![format!("{}*.csv", dataset.file_stem)],
        }
    }

    /// How the files of a dataset are written; `None` if like plain ones.
    pub(crate) fn format_of(&self, dataset: &Dataset) -> Option<Arc<Format>> {
        self.mapping.as_ref().and_then(|mapping| mapping.format_of(dataset))
    }

    /// What tells the format of a dataset's files in the ledger; empty if it is that of plain
    /// ones.
    pub(crate) fn fingerprint(&self, dataset: &Dataset) -> &str {
        self.mapping.as_ref().map_or("", |mapping| mapping.fingerprint(dataset))
    }
}

impl Context {
    /// How this run reads versions.
    pub(crate) fn reading(&self) -> ReadBy {
        ReadBy { run: self.session.run(), again: self.options.again }
    }
}

/// What the tasks of a run share.
pub(crate) struct Context {
    pub(crate) session: Session,
    pub(crate) source: Source,
    pub(crate) options: LoadOptions,
    pub(crate) observer: Arc<dyn Observer>,
    /// Keeps the files.
    pub(crate) keeper: Option<Arc<Keeper>>,
    /// What is set aside meanwhile, once the files are found.
    pub(super) bulk: OnceLock<Bulk>,
}

impl Context {
    /// How rows of a dataset are merged at first.
    pub(crate) fn manner(&self, dataset: &Dataset) -> Manner {
        let checked = Manner { find_orphans: false, only_new: false };
        self.bulk.get().map_or(checked, |bulk| bulk.manner(dataset))
    }

    /// A row of the dataset that was taken to be new is stored already.
    pub(crate) fn has_stored(&self, dataset: &Dataset) {
        self.bulk.get().into_iter().for_each(|bulk| bulk.has_stored(dataset));
    }
}
