//! Builds the pages of `web/` with npm into `OUT_DIR/web`, from where they are
//! embedded in the binary. It never writes to the source tree.
//!
//! Where npm is missing, fails (no network) or is switched off
//! (`SALESGRAPH_SKIP_WEB=1`), a page that says so replaces them, and the build
//! continues with a warning.

use std::env;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

/// The longest that one step (install, bundle) may take.
const STEP_LIMIT: Duration = Duration::from_secs(300);
const SKIP: &str = "SALESGRAPH_SKIP_WEB";
/// The sources of the bundle, which `web/test` and `web/node_modules` are not.
const SOURCES: [&str; 6] =
    ["package.json", "package-lock.json", ".npmrc", "build.mjs", "build", "src"];
/// What the pages of the documentation are made of, beside `web/`.
const DOCUMENTED: [&str; 3] = ["schema.graphql", "docs", "README.md"];

/// Why the binary has no pages.
enum Without {
    Wanted,
    NoNpm,
    Failed(String),
}

impl Without {
    /// The reason in the page and in the warning.
    fn reason(&self) -> String {
        match self {
            Self::Wanted => format!("it was built with {SKIP} set"),
            Self::NoNpm => "npm was not found where it was built".to_owned(),
            Self::Failed(what) => what.clone(),
        }
    }

    /// The remedy, unless it was switched off.
    fn remedy(&self) -> Option<&'static str> {
        match self {
            Self::Wanted => None,
            Self::NoNpm => Some("Install Node.js with npm and build again"),
            Self::Failed(_) => Some("Build again once that is fixed"),
        }
    }
}

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=web/missing.html");
    println!("cargo::rerun-if-env-changed={SKIP}");
    for source in SOURCES {
        println!("cargo::rerun-if-changed=web/{source}");
    }
    for source in DOCUMENTED {
        println!("cargo::rerun-if-changed={source}");
    }
    let target = PathBuf::from(env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?);
    let pages = target.join("web");
    if let Err(without) = build_pages(&target.join("web-build"), &pages) {
        retry_later(&without);
        if let Some(remedy) = without.remedy() {
            println!(
                "cargo::warning=GraphiQL, the dashboard and the documentation are not in this build: {}. {remedy}, or set {SKIP}=1 to \
                 go without.",
                without.reason()
            );
        }
        write_missing_page(&pages, &without.reason())?;
    }
    Ok(())
}

fn build_pages(work: &Path, pages: &Path) -> Result<(), Without> {
    if env::var_os(SKIP).is_some_and(|value| !value.is_empty() && value != "0") {
        return Err(Without::Wanted);
    }
    if !on_path("npm") || !on_path("node") {
        return Err(Without::NoNpm);
    }
    copy_sources(work)
        .map_err(|error| format!("web/ could not be copied ({error})"))
        .and_then(|()| install(work))
        .and_then(|()| bundle(work, pages))
        .map_err(Without::Failed)
}

/// Makes cargo run this script again when the cause may be gone.
fn retry_later(without: &Without) {
    match without {
        Without::Wanted => {}
        Without::NoNpm => {
            println!("cargo::rerun-if-env-changed=PATH");
            for folder in path_folders().filter(|folder| folder.is_dir()) {
                println!("cargo::rerun-if-changed={}", folder.display());
            }
        }
        // A file that does not exist counts as changed in every build.
        Without::Failed(_) => println!("cargo::rerun-if-changed=web/.retry"),
    }
}

fn path_folders() -> impl Iterator<Item = PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).collect::<Vec<_>>().into_iter()
}

fn on_path(program: &str) -> bool {
    path_folders().any(|folder| folder.join(program).is_file())
}

fn copy_sources(work: &Path) -> io::Result<()> {
    fs::create_dir_all(work)?;
    for folder in ["build", "src", "docs"] {
        remove(&work.join(folder))?;
    }
    for source in SOURCES {
        copy(&Path::new("web").join(source), &work.join(source))?;
    }
    for source in DOCUMENTED {
        copy(Path::new(source), &work.join(source))?;
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    if !from.is_dir() {
        return fs::copy(from, to).map(drop);
    }
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        copy(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}

/// Runs `npm ci`, unless the installed packages are those of the lock file.
fn install(work: &Path) -> Result<(), String> {
    let lock = fs::read(work.join("package-lock.json")).map_err(|error| error.to_string())?;
    let stamp = work.join("installed-lock.json");
    if fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    remove(&stamp).map_err(|error| error.to_string())?;
    let mut npm = Command::new("npm");
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"])
        .args(["--fetch-retries=2", "--fetch-retry-mintimeout=1000"])
        .args(["--fetch-retry-maxtimeout=5000", "--omit=dev", "--loglevel=error"]);
    run(npm, "npm ci", work)?;
    fs::write(&stamp, lock).map_err(|error| error.to_string())
}

fn bundle(work: &Path, pages: &Path) -> Result<(), String> {
    let mut node = Command::new("node");
    node.arg("build.mjs").arg(pages);
    run(node, "the bundler", work)
}

/// Runs one step to its end or its time limit; its output goes to a log, of which
/// one line becomes part of the failure.
fn run(mut command: Command, name: &str, work: &Path) -> Result<(), String> {
    let log = work.join("build.log");
    let file = File::create(&log).map_err(|error| error.to_string())?;
    let copy = file.try_clone().map_err(|error| error.to_string())?;
    let mut child = command
        .current_dir(work)
        .stdin(std::process::Stdio::null())
        .stdout(file)
        .stderr(copy)
        .spawn()
        .map_err(|error| format!("{name} did not start ({error})"))?;
    let start = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(_)) => return Err(format!("{name} failed ({})", error_line(&log))),
            Ok(None) if start.elapsed() < STEP_LIMIT => thread::sleep(Duration::from_millis(50)),
            Ok(None) => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("{name} took more than {} seconds", STEP_LIMIT.as_secs()));
            }
            Err(error) => return Err(format!("{name} could not be waited for ({error})")),
        }
    }
}

/// The line of the error, for a warning: npm and Node.js print the error first and
/// its origin after it.
fn error_line(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let error = lines.clone().find(|line| line.contains("Error: ") || line.contains("✘"));
    error.or_else(|| lines.next_back()).unwrap_or("without output").to_owned()
}

fn write_missing_page(pages: &Path, reason: &str) -> io::Result<()> {
    remove(pages)?;
    fs::create_dir_all(pages)?;
    let escaped = reason.replace('&', "&amp;").replace('<', "&lt;");
    let page = fs::read_to_string("web/missing.html")?.replace("{{reason}}", &escaped);
    fs::write(pages.join("index.html"), page)
}

/// Removes a file or a folder; nothing there is fine.
fn remove(path: &Path) -> io::Result<()> {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
