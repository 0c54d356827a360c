//! Mappings: how files of other shapes become rows of the datasets. A mapping names the files
//! of a dataset, and says how they are written where that is not detected. It is read and
//! checked at the start of a run. docs/mappings.md is the dictionary.

mod builtin;
mod keys;
mod read;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use toml::{Table, Value};

pub use self::builtin::{ALL as BUILTINS, Builtin};
use self::keys::{Keys, unknown};
use super::decode::{Format, fits};
use crate::dataset::{self, Dataset};
use crate::error::{Code, Error, Result};

/// Bytes of a mapping's file.
const LONGEST_FILE: u64 = 256 * 1024;
/// What a name may end with if it is compressed.
const COMPRESSED: [&str; 3] = ["", ".gz", ".zst"];

/// How the files of each dataset are called and written.
#[derive(Debug)]
pub struct Mapping {
    datasets: Vec<DatasetMapping>,
}

/// How the files of a dataset are called and written.
#[derive(Debug)]
struct DatasetMapping {
    dataset: &'static Dataset,
    /// Patterns of names; `None` is the usual name with one of the extensions.
    files: Option<Vec<String>>,
    extensions: Vec<String>,
    /// `None` if they are written like plain ones.
    format: Option<Arc<Format>>,
    fingerprint: String,
}

impl Mapping {
    /// A mapping that comes with the product, by its name, or that of a file.
    ///
    /// # Errors
    /// `Config`: the file cannot be read, or what is wrong in it and where.
    pub fn open(name: &str) -> Result<Self> {
        if let Some(builtin) = BUILTINS.iter().find(|builtin| builtin.name == name) {
            return Self::parse(name, builtin.text);
        }
        let unreadable = |error: std::io::Error| {
            let names: Vec<&str> = BUILTINS.iter().map(|builtin| builtin.name).collect();
            let message = format!(
                "the mapping {name} cannot be read; expected a TOML file or one of {}",
                names.join(", ")
            );
            Error::new(Code::Config, message).with_source(error)
        };
        let path = Path::new(name);
        let size = std::fs::metadata(path).map_err(unreadable)?.len();
        if size > LONGEST_FILE {
            let message =
                format!("the mapping {name} has {size} bytes, at most {LONGEST_FILE} are read");
            return Err(Error::new(Code::Config, message));
        }
        Self::parse(name, &std::fs::read_to_string(path).map_err(unreadable)?)
    }

    /// Reads a mapping; errors call it `name`.
    ///
    /// # Errors
    /// `Config`: what is wrong and where.
    pub fn parse(name: &str, text: &str) -> Result<Self> {
        let wrong = |why: String| {
            let message = format!("the mapping {name}: {why}; docs/mappings.md lists the keys");
            Error::new(Code::Config, message)
        };
        let table: Table = text.parse().map_err(|error: toml::de::Error| {
            let line = error.span().and_then(|span| text.get(..span.start));
            let line = line.map_or(1, |before| before.matches('\n').count() + 1);
            wrong(format!("line {line}: {}", error.message()))
        })?;
        Self::of_table(&table).map_err(wrong)
    }

    fn of_table(table: &Table) -> Result<Self, String> {
        let root = Keys::new(String::new(), vec![table]);
        root.only(&[read::SHARED, &["description", "dataset"]].concat())?;
        root.text("description")?;
        let none = Table::new();
        let own = match table.get("dataset") {
            None => &none,
            Some(Value::Table(own)) => own,
            Some(_) => return Err("dataset: expected tables such as [dataset.person]".to_owned()),
        };
        for name in own.keys() {
            if dataset_named(name).is_none() {
                let known: Vec<&str> = dataset::ALL.iter().map(|dataset| dataset.table).collect();
                return Err(format!("dataset.{name}: {}", unknown("dataset", name, &known)));
            }
        }
        let of = |dataset: &'static Dataset| {
            let mut sections = own.iter().filter(|(name, _)| {
                dataset_named(name).is_some_and(|named| named.table == dataset.table)
            });
            let section = sections.next();
            if let (Some((one, _)), Some((other, _))) = (section, sections.next()) {
                return Err(format!("dataset.{other}: dataset.{one} is the same dataset"));
            }
            let (path, tables) = match section {
                Some((name, Value::Table(section))) => {
                    (format!("dataset.{name}."), vec![section, table])
                }
                Some((name, _)) => return Err(format!("dataset.{name}: expected a table")),
                None => (format!("dataset.{}.", dataset.table), vec![&none, table]),
            };
            let keys = Keys::new(path, tables);
            keys.only(&[read::SHARED, read::OWN].concat())?;
            DatasetMapping::read(dataset, &keys)
        };
        let datasets: Vec<DatasetMapping> =
            dataset::ALL.iter().copied().map(of).collect::<Result<_, _>>()?;
        check_patterns(&datasets)?;
        Ok(Self { datasets })
    }

    /// The dataset whose file this is, told by the last part of its key. Where several have
    /// such names, it is the one that names it most exactly.
    #[must_use]
    pub fn dataset_of(&self, key: &str) -> Option<&'static Dataset> {
        let name = key.rsplit('/').next().unwrap_or(key);
        let fitting = self.datasets.iter().filter_map(|of| Some((of.fit(name)?, of.dataset)));
        fitting.max_by_key(|(exactness, _)| *exactness).map(|(_, dataset)| dataset)
    }

    /// How the files of a dataset are written; `None` if like plain ones.
    #[must_use]
    pub fn format_of(&self, dataset: &Dataset) -> Option<Arc<Format>> {
        self.of(dataset).and_then(|of| of.format.clone())
    }

    /// What tells the format of a dataset's files from another one; empty if it is that of
    /// plain files. Names and comments do not change it.
    #[must_use]
    pub fn fingerprint(&self, dataset: &Dataset) -> &str {
        self.of(dataset).map_or("", |of| of.fingerprint.as_str())
    }

    /// What the files of a dataset are called: patterns of names.
    #[must_use]
    pub fn names(&self, dataset: &Dataset) -> Vec<String> {
        let Some(of) = self.of(dataset) else { return Vec::new() };
        match &of.files {
            Some(patterns) => patterns.clone(),
            None => {
                of.extensions.iter().map(|end| format!("{}*.{end}", of.dataset.file_stem)).collect()
            }
        }
    }

    fn of(&self, dataset: &Dataset) -> Option<&DatasetMapping> {
        self.datasets.iter().find(|of| of.dataset.table == dataset.table)
    }
}

impl DatasetMapping {
    fn read(dataset: &'static Dataset, keys: &Keys<'_>) -> Result<Self, String> {
        let format = read::format(dataset, keys)?;
        let files = keys.texts("files")?;
        if files.as_ref().is_some_and(|files| files.iter().any(|file| file.contains('/'))) {
            return Err(keys.wrong("files", "a pattern is that of a name, without folders"));
        }
        let extensions = keys.texts("extensions")?.unwrap_or_else(|| vec!["csv".to_owned()]);
        let format = (format != Format::default()).then(|| Arc::new(format));
        let fingerprint = match &format {
            Some(format) => fingerprint(format).map_err(|why| keys.wrong("format", why))?,
            None => String::new(),
        };
        Ok(Self { dataset, files, extensions, format, fingerprint })
    }

    /// How exactly a name is that of a file of the dataset; `None` if it is not.
    fn fit(&self, name: &str) -> Option<usize> {
        let lower = name.to_lowercase();
        COMPRESSED
            .iter()
            .filter_map(|end| lower.strip_suffix(end))
            .filter_map(|name| self.fit_of(name))
            .max()
    }

    fn fit_of(&self, name: &str) -> Option<usize> {
        let Some(patterns) = &self.files else {
            let base = self
                .extensions
                .iter()
                .find_map(|end| name.strip_suffix(&end.to_lowercase())?.strip_suffix('.'))?;
            return dataset::is_named(self.dataset, base).then_some(self.dataset.file_stem.len());
        };
        let letters = |pattern: &String| pattern.chars().filter(|letter| *letter != '*').count();
        patterns.iter().filter(|pattern| fits(pattern, name)).map(letters).max()
    }
}

/// Refuses a pattern of two datasets: a file would be of either.
fn check_patterns(datasets: &[DatasetMapping]) -> Result<(), String> {
    let mut known: BTreeMap<String, &Dataset> = BTreeMap::new();
    for of in datasets {
        for pattern in of.files.iter().flatten() {
            let before = known.insert(pattern.to_lowercase(), of.dataset);
            if let Some(before) = before.filter(|before| before.table != of.dataset.table) {
                let (one, other) = (before.table, of.dataset.table);
                return Err(format!(
                    "dataset.{other}.files: dataset.{one} has {pattern:?} too; a file is of one \
                     dataset"
                ));
            }
        }
    }
    Ok(())
}

fn dataset_named(name: &str) -> Option<&'static Dataset> {
    dataset::ALL.iter().copied().find(|dataset| {
        dataset.table.eq_ignore_ascii_case(name) || dataset.file_stem.eq_ignore_ascii_case(name)
    })
}

fn fingerprint(format: &Format) -> Result<String, serde_json::Error> {
    let mut text = String::new();
    for byte in Sha256::digest(serde_json::to_vec(format)?).iter().take(16) {
        // A string takes all that is written.
        let _ = write!(text, "{byte:02x}");
    }
    Ok(text)
}

#[cfg(test)]
mod tests;
