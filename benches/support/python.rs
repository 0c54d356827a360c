//! Python with packages, below cargo's target directory.

use std::path::PathBuf;
use std::process::Command;

use crate::Result;
use crate::home::home;

/// Its program. Installs the packages unless they are there, as these and no others.
pub(crate) fn python(name: &str, packages: &[&str]) -> Result<PathBuf> {
    let folder = home().join(name);
    let (python, done) = (folder.join("bin/python"), folder.join("installed"));
    let list = packages.join(" ");
    if std::fs::read_to_string(&done).is_ok_and(|known| known == list) {
        return Ok(python);
    }
    println!("installing {list}");
    run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    run(Command::new(&python).args(pip).args(packages))?;
    std::fs::write(done, list)?;
    Ok(python)
}

fn run(command: &mut Command) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command.status().map_err(|error| format!("{name} cannot be run: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{name} failed: {status}").into()) }
}
