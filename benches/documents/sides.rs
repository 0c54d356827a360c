//! The two sides of the comparison: the loader, and the script.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Result;
use crate::measure::{self, Usage};
use crate::python::python;
use crate::servers::Input;

/// What the script needs.
const PACKAGES: [&str; 2] = ["boto3==1.44.8", "psycopg2-binary==2.9.13"];

/// `salesgraph load`.
pub(crate) fn load(program: &Path, input: &Input, url: &str) -> Result<Usage> {
    let mut command = Command::new(program);
    command.args(["load", "--source", &input.source]);
    command.env_remove("SALESGRAPH_CONFIG").env("DATABASE_URL", url);
    command.envs(input.environment.iter().map(|(name, value)| (name, value)));
    measure::run(&command, &[0])
}

/// `script.py`, with Python and what it needs.
pub(crate) struct Script {
    python: PathBuf,
}

impl Script {
    /// Installs what it needs, unless that is there.
    pub(crate) fn prepare() -> Result<Self> {
        Ok(Self { python: python("python", &PACKAGES)? })
    }

    /// Loads the documents of a bucket.
    pub(crate) fn load(&self, input: &Input, url: &str) -> Result<Usage> {
        let bucket = input.source.trim_start_matches("s3://");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/documents/script.py");
        let mut command = Command::new(&self.python);
        command.arg(script).args([bucket, url]);
        command.envs(input.environment.iter().map(|(name, value)| (name, value)));
        measure::run(&command, &[0])
    }
}
