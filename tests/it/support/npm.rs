//! The npm packages of `tests/clients`, installed once for all tests.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;
use std::{env, fs, io};

use tokio::process::Command;
use tokio::sync::OnceCell;
use tokio::time::timeout;

use crate::http::graphiql::on_path;

const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients");
const SCHEMA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/schema.graphql");
const MODULES: &str = "node_modules";
const LIMIT: Duration = Duration::from_secs(300);
/// npm's error codes for faults in our own files, not in the network.
const OUR_FAULTS: [&str; 3] = ["EUSAGE", "EINTEGRITY", "EJSONPARSE"];

/// A copy of `tests/clients` with `schema.graphql` and the installed packages.
#[derive(Debug)]
pub(crate) struct Clients {
    node: PathBuf,
    folder: PathBuf,
}

impl Clients {
    /// Installed by the first test that needs it. `None`, with a message, without the
    /// npm registry; likewise without Node.js and npm, except where `CI` is set.
    pub(crate) async fn installed(for_what: &str) -> Option<&'static Self> {
        static INSTALLED: OnceCell<Result<Clients, String>> = OnceCell::const_new();
        match INSTALLED.get_or_init(Self::install).await {
            Ok(clients) => Some(clients),
            Err(missing) => {
                eprintln!("SKIPPED: {for_what}: {missing}");
                None
            }
        }
    }

    async fn install() -> Result<Self, String> {
        let Some((node, npm)) = on_path("node").zip(on_path("npm")) else {
            let missing = "Node.js with npm (node, npm) is not on the PATH".to_owned();
            assert!(env::var_os("CI").is_none(), "{missing}");
            return Err(missing);
        };
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("clients");
        // Files generated earlier must not pass for new ones.
        remove_all_but_modules(&folder);
        copy(Path::new(SOURCES), &folder);
        fs::copy(SCHEMA, folder.join("schema.graphql")).unwrap();
        install(&npm, &folder).await.map_err(|said| format!("npm could not install: {said}"))?;
        Ok(Self { node, folder })
    }

    /// Runs a script, by its path in the folder, to its end.
    pub(crate) async fn run(&self, script: &str, arguments: &[&str]) -> Output {
        let mut command = self.command(script);
        command.args(arguments);
        run(command).await.unwrap_or_else(|error| panic!("{script} {arguments:?}: {error}"))
    }

    /// Runs a program of an installed package, which must succeed.
    pub(crate) async fn run_bin(&self, program: &str, arguments: &[&str]) {
        let output = self.run(&format!("{MODULES}/.bin/{program}"), arguments).await;
        assert!(output.status.success(), "{program}: {}", said(&output));
    }

    /// A command for a script, not started yet.
    pub(crate) fn command(&self, script: &str) -> Command {
        let mut command = Command::new(&self.node);
        command.arg(script).current_dir(&self.folder);
        command.stdin(Stdio::null()).kill_on_drop(true);
        command
    }

    /// Whether the folder has a file of this path.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.folder.join(path).is_file()
    }
}

fn remove_all_but_modules(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_file() && path.extension().is_none_or(|ending| ending != "lock") {
            fs::remove_file(path).unwrap();
        } else if path.is_dir() && !path.ends_with(MODULES) {
            fs::remove_dir_all(path).unwrap();
        }
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if path.is_file() {
            fs::copy(path, target).unwrap();
        } else if !path.ends_with(MODULES) {
            copy(&path, &target);
        }
    }
}

/// `npm ci`, unless the installed packages match the lock file already; fails with
/// npm's output if the cause may be the registry.
async fn install(npm: &Path, folder: &Path) -> Result<(), String> {
    let lock = fs::read(folder.join("package-lock.json")).unwrap();
    let stamp = folder.join("installed.lock");
    if fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    // The installed packages are unknown until this succeeds.
    fs::write(&stamp, "").unwrap();
    let mut ci = Command::new(npm);
    ci.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"])
        .args(["--fetch-retries=2", "--fetch-retry-mintimeout=1000"])
        .args(["--fetch-retry-maxtimeout=5000", "--loglevel=error"]);
    ci.current_dir(folder).stdin(Stdio::null()).kill_on_drop(true);
    let output = run(ci).await.map_err(|error| error.to_string())?;
    if !output.status.success() {
        let said = said(&output);
        let ours = OUR_FAULTS.iter().any(|code| said.contains(&format!("code {code}")));
        assert!(!ours, "tests/clients cannot be installed: {said}");
        return Err(said);
    }
    fs::write(stamp, lock).unwrap();
    Ok(())
}

async fn run(mut command: Command) -> io::Result<Output> {
    timeout(LIMIT, command.output()).await?
}

/// A program's whole output.
pub(crate) fn said(output: &Output) -> String {
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    text(&output.stdout) + &text(&output.stderr)
}
