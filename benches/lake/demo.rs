//! The database and the lake: those of a demo that runs, or of one that is started.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::Result;
use crate::args::Args;

/// What its settings file holds, by name.
pub(crate) struct Demo {
    settings: BTreeMap<String, String>,
    own: Option<Own>,
}

struct Own {
    child: Child,
    _state: TempDir,
}

/// What the demo prints once everything is loaded and served.
const READY: &str = "Ctrl-C stops everything";

impl Demo {
    /// Reads the settings of the named one, or starts one and waits until it has loaded.
    pub(crate) async fn start(args: &Args) -> Result<Self> {
        if let Some(state) = &args.demo {
            return Ok(Self { settings: settings(state)?, own: None });
        }
        // Passable for the unprivileged account of Postgres.
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        let state = tempfile::Builder::new().prefix("bench-").permissions(open).tempdir()?;
        println!("loading data of scale {}", args.scale);
        let mut child = Command::new(&args.bin)
            .args(["demo", "--scale", &args.scale.to_string(), "--bind", "127.0.0.1:0", "--state"])
            .arg(state.path())
            .env("RUST_LOG", "warn")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let mut lines = BufReader::new(child.stdout.take().ok_or("no output")?).lines();
        loop {
            match lines.next_line().await? {
                Some(line) if line.contains(READY) => break,
                Some(_) => {}
                None => return Err("the demo ended before it served".into()),
            }
        }
        // What it prints later must not fill the pipe.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(Self { settings: settings(state.path())?, own: Some(Own { child, _state: state }) })
    }

    /// A setting that every demo has.
    pub(crate) fn setting(&self, name: &str) -> Result<&str> {
        let found = self.settings.get(name).map(String::as_str);
        found.ok_or_else(|| format!("the demo's settings have no {name}").into())
    }

    pub(crate) async fn stop(self) -> Result<()> {
        let Some(mut own) = self.own else { return Ok(()) };
        let id = own.child.id().ok_or("the demo has ended")?;
        kill(Pid::from_raw(i32::try_from(id)?), Signal::SIGTERM)?;
        own.child.wait().await?;
        Ok(())
    }
}

fn settings(state: &Path) -> Result<BTreeMap<String, String>> {
    let file = state.join("demo.env");
    let text = std::fs::read_to_string(&file)
        .map_err(|error| format!("{}: {error}; does the demo run?", file.display()))?;
    let pair = |line: &str| {
        let (name, value) = line.split_once('=')?;
        Some((name.to_owned(), value.trim_matches('\'').to_owned()))
    };
    Ok(text.lines().filter_map(pair).collect())
}
