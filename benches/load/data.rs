//! The files to load: given ones, or generated ones that are kept between runs.

use std::fs;
use std::path::PathBuf;

use salesgraph::sample::{OrderFiles, Shape};

use crate::Result;
use crate::args::Args;
use crate::generated;
use crate::home::home;

/// Two folders with the same persons: one of so many files of one person each, and one of a
/// single file.
pub(crate) fn small_files(args: &Args, files: u32) -> Result<[PathBuf; 2]> {
    let all = fs::read_to_string(folder(args)?.join(PERSONS))?;
    let mut lines = all.split_inclusive('\n');
    let header = lines.next().ok_or("the generated file of persons is empty")?;
    let persons: Vec<&str> = lines.take(usize::try_from(files)?).collect();
    if persons.len() < usize::try_from(files)? {
        return Err(format!("there are {} persons; generate more by --scale", persons.len()).into());
    }
    let folders = ["many", "one"].map(|name| home().join(format!("small-files-{files}-{name}")));
    let [many, one] = &folders;
    for folder in &folders {
        fs::create_dir_all(folder)?;
    }
    for (number, person) in persons.iter().enumerate() {
        let file = many.join(format!("Person.Person-{number:06}.csv"));
        fs::write(file, format!("{header}{person}"))?;
    }
    fs::write(one.join("Person.Person.csv"), format!("{header}{}", persons.concat()))?;
    Ok(folders)
}

/// The file of persons in a generated folder.
const PERSONS: &str = "person/Person.Person.csv";

/// The folder to load, generated first where none was given.
pub(crate) fn folder(args: &Args) -> Result<PathBuf> {
    if let Some(given) = &args.data {
        let folder = given.canonicalize();
        return folder.map_err(|error| format!("--data {}: {error}", given.display()).into());
    }
    generated(args, Shape::Plain)
}

/// Generated files of a shape, which are kept.
pub(crate) fn generated(args: &Args, shape: Shape) -> Result<PathBuf> {
    let shown = shape.mapping().map(|name| format!("-{name}")).unwrap_or_default();
    let out = home().join(format!("scale-{}{shown}", args.scale));
    if !out.exists() {
        generated::write(&out, args.scale, OrderFiles::Csv, shape)?;
    }
    Ok(out)
}
