//! The two sides of the comparison: psql with clean CSVs, and the loader with the
//! files as they were delivered.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use salesgraph::dataset::{self, Dataset};

use crate::Result;
use crate::args::Args;
use crate::measure::{self, Usage};
use crate::servers::Input;

/// `salesgraph load`.
pub(crate) struct Loader {
    pub(crate) program: PathBuf,
    pub(crate) input: Input,
    pub(crate) batch_bytes: Option<String>,
    /// The mapping of the files, if they are not plain.
    pub(crate) mapping: Option<&'static str>,
}

/// The loader's exit codes for done, and done with rejects.
const DONE: &[i32] = &[0, 3];

impl Loader {
    /// A loader of plain files.
    pub(crate) fn plain(args: &Args, input: Input) -> Self {
        let (program, batch_bytes) = (args.loader.clone(), args.batch_bytes.clone());
        Self { program, input, batch_bytes, mapping: None }
    }

    /// Loads what is new into a database.
    pub(crate) fn load(&self, url: &str) -> Result<Usage> {
        let mut command = Command::new(&self.program);
        command.args(["load", "--source", &self.input.source]);
        command.env_remove("SALESGRAPH_CONFIG").env("DATABASE_URL", url);
        command.envs(self.input.environment.iter().map(|(name, value)| (name, value)));
        if let Some(bytes) = &self.batch_bytes {
            command.env("LOAD_BATCH_BYTES", bytes);
        }
        if let Some(mapping) = self.mapping {
            command.args(["--mapping", mapping]);
        }
        measure::run(&command, DONE)
    }
}

/// `psql` with one \copy for each table.
pub(crate) struct Psql {
    copy_in: PathBuf,
}

impl Psql {
    /// Writes the rows of a loaded database to CSVs in `folder`, in the order in
    /// which the files had them, with scripts that write and read them.
    pub(crate) fn prepare(folder: &Path, loaded: &str) -> Result<Self> {
        fs::create_dir_all(folder)?;
        let copy_out = folder.join("out.sql");
        fs::write(&copy_out, script(folder, copy_out_of))?;
        psql(loaded, &copy_out)?;
        let copy_in = folder.join("in.sql");
        fs::write(&copy_in, script(folder, copy_in_to))?;
        Ok(Self { copy_in })
    }

    /// Copies all CSVs into a database.
    pub(crate) fn load(&self, url: &str) -> Result<Usage> {
        psql(url, &self.copy_in)
    }
}

fn psql(url: &str, script: &Path) -> Result<Usage> {
    let mut command = Command::new("psql");
    command.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", url, "-f"]).arg(script);
    measure::run(&command, &[0])
}

fn script(folder: &Path, line: fn(&Dataset, &str) -> String) -> String {
    let lines = dataset::ALL.iter().map(|dataset| {
        let file = folder.join(format!("{}.csv", dataset.table));
        // A quote within psql's quotes is written twice.
        line(dataset, &file.display().to_string().replace('\'', "''"))
    });
    lines.collect()
}

fn copy_out_of(dataset: &Dataset, file: &str) -> String {
    let (table, columns) = (dataset.table, columns(dataset));
    format!(
        "\\copy (SELECT {columns} FROM {table} ORDER BY source_file_id, source_line) \
         TO '{file}' WITH (FORMAT csv, HEADER)\n"
    )
}

fn copy_in_to(dataset: &Dataset, file: &str) -> String {
    let (table, columns) = (dataset.table, columns(dataset));
    format!("\\copy {table} ({columns}) FROM '{file}' WITH (FORMAT csv, HEADER)\n")
}

fn columns(dataset: &Dataset) -> String {
    let names = dataset.columns.iter().map(|column| column.name);
    let names: Vec<&str> = names.chain(["source_file_id", "source_line"]).collect();
    names.join(", ")
}
