//! `PostGraphile` 5, as `postgraphile/server.mjs` runs it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command as Plain;

use tokio::process::Command;

use crate::Result;
use crate::args::Args;
use crate::home::home;
use crate::program::Program;

const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/api/postgraphile");
const FILES: [&str; 4] = ["package.json", "package-lock.json", ".npmrc", "server.mjs"];

/// Installs what the lock file says, unless that is there, and starts it.
pub(crate) async fn start(args: &Args, database_url: &str) -> Result<Program> {
    let folder = home().join("postgraphile");
    install(&folder)?;
    let mut command = Command::new(folder.join(node()?));
    command
        .arg(folder.join("server.mjs"))
        .current_dir(&folder)
        .env_remove("NODE_OPTIONS")
        .env("NODE_ENV", "production")
        .env("GRAPHILE_ENV", "production")
        .env("DATABASE_URL", database_url)
        .env("POOL", args.pool.to_string())
        .env("PROCESSES", args.postgraphile_processes.to_string());
    Program::start("PostGraphile", &mut command).await
}

/// The Node.js that is installed with it, whatever the machine has.
fn node() -> Result<PathBuf> {
    let arch = match std::env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        other => {
            let message = format!("no Node.js 22 for {other} from npm; use --skip-postgraphile");
            return Err(message.into());
        }
    };
    Ok(Path::new("node_modules").join(format!("node-linux-{arch}")).join("bin/node"))
}

fn install(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    for file in FILES {
        fs::copy(Path::new(SOURCES).join(file), folder.join(file))?;
    }
    let lock = fs::read(folder.join("package-lock.json"))?;
    let stamp = folder.join("installed-lock.json");
    if fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    // What is installed is unknown from here on, until it succeeds.
    fs::write(&stamp, "")?;
    println!("installing PostGraphile into {} (some 480 MB)", folder.display());
    let way_out = "install it, or leave PostGraphile out by --skip-postgraphile";
    let output = Plain::new("npm")
        .args(["ci", "--ignore-scripts", "--prefer-offline", "--loglevel=error"])
        .current_dir(folder)
        .output()
        .map_err(|error| format!("npm cannot be run ({error}): {way_out}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("npm could not install PostGraphile:\n{said}").into());
    }
    Ok(fs::write(stamp, lock)?)
}
