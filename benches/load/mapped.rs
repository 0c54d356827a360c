//! Plain files against the same rows in the shape of a mapping, pair by pair.

use std::fs;
use std::path::{Path, PathBuf};

use salesgraph::dataset::{self, Dataset, Kind};

use crate::Result;
use crate::args::{Args, Shape};
use crate::data::{self, Input};
use crate::database::{Server, content};
use crate::sides::Loader;

/// Runs all pairs and prints what came of them.
pub(crate) async fn compare(args: &Args, server: &mut Server, shape: Shape) -> Result<()> {
    let folder = data::folder(args)?;
    let shaped = tempfile::Builder::new().prefix("mapped-").tempdir_in(data::home())?;
    rewrite(&folder, shaped.path(), shape)?;
    let loader = |folder: &Path, mapping: Option<&'static str>| Loader {
        program: args.loader.clone(),
        input: Input::folder(folder),
        batch_bytes: args.batch_bytes.clone(),
        mapping,
    };
    let plain = loader(&folder, None);
    let mapped = loader(shaped.path(), Some(shape.name()));
    let mut shares = Vec::new();
    let mut expected = None;
    for number in 1..=args.runs {
        let mut seconds = [0.0; 2];
        // Each side goes first in every other pair.
        let order = if number % 2 == 1 { [0, 1] } else { [1, 0] };
        for at in order {
            let url = server.create("side").await?;
            let side = if at == 0 { &plain } else { &mapped };
            let usage = side.load(&url)?;
            if let Some(time) = seconds.get_mut(at) {
                *time = usage.seconds;
            }
            let found = content(&url).await?;
            match &expected {
                None => expected = Some(found),
                Some(rows) if *rows == found => {}
                Some(rows) => return Err(format!("{found:?} and {rows:?}").into()),
            }
            server.drop("side").await?;
        }
        let [plain, mapped] = seconds;
        shares.push(plain / mapped);
        println!(
            "pair {number}: plain {plain:.2} s, {} {mapped:.2} s, {:.2} of the speed",
            shape.name(),
            plain / mapped
        );
    }
    shares.sort_by(f64::total_cmp);
    let median = shares.get(shares.len() / 2).copied().unwrap_or_default();
    println!("\nmedian: a mapped file loads at {median:.2} of the speed of a plain one");
    Ok(())
}

/// Writes every plain file of a folder in another shape.
fn rewrite(from: &Path, to: &Path, shape: Shape) -> Result<()> {
    let mut folders: Vec<PathBuf> = vec![from.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let name = path.to_string_lossy().into_owned();
            if path.is_dir() {
                folders.push(path);
            } else if let Some(dataset) = dataset::by_object_key(&name) {
                let (name, text) = written(dataset, &path, shape)?;
                fs::write(to.join(name), text)?;
            }
        }
    }
    Ok(())
}

fn written(dataset: &Dataset, path: &Path, shape: Shape) -> Result<(String, Vec<u8>)> {
    let text = fs::read_to_string(path)?;
    let text = text.trim_start_matches('\u{feff}');
    let mut rows = csv::ReaderBuilder::new().delimiter(b';').from_reader(text.as_bytes());
    let header = rows.headers()?.clone();
    let kind = |name: &str| {
        dataset.columns.iter().find(|column| column.source == name).map(|column| column.kind)
    };
    let kinds: Vec<Option<Kind>> = header.iter().map(kind).collect();
    if shape == Shape::Adventureworks {
        let mut out = String::new();
        for row in rows.records() {
            let row = row?;
            let cells = row.iter().zip(&kinds).map(|(text, kind)| match kind {
                _ if text == "NULL" => String::new(),
                Some(Kind::Decimal { .. }) => text.replace(',', "."),
                _ => text.to_owned(),
            });
            out += &(cells.collect::<Vec<_>>().join("+|") + "&|\n");
        }
        let table = dataset.file_stem.split('.').next_back().unwrap_or(dataset.file_stem);
        return Ok((format!("{table}.csv"), out.into_bytes()));
    }
    let mut out = csv::WriterBuilder::new().delimiter(b';').from_writer("\u{feff}".into());
    out.write_record(&header)?;
    for row in rows.records() {
        let row = row?;
        let cells = row.iter().zip(&kinds).map(|(text, kind)| match kind {
            _ if text == "NULL" => String::new(),
            Some(Kind::Boolean) => (if text == "1" { "WAHR" } else { "FALSCH" }).to_owned(),
            Some(Kind::Decimal { .. }) => text.replace('.', ","),
            Some(Kind::Timestamp) => german(text),
            _ => text.to_owned(),
        });
        out.write_record(cells.collect::<Vec<_>>())?;
    }
    let out: Vec<u8> = out.into_inner().map_err(|error| error.to_string())?;
    Ok((format!("{}.csv", dataset.file_stem), out))
}

/// `2011-05-31 00:00:00.000` as `31.05.2011 00:00:00,000`.
fn german(text: &str) -> String {
    let (date, time) = text.split_once(' ').unwrap_or((text, ""));
    let parts: Vec<&str> = date.rsplit('-').collect();
    format!("{} {}", parts.join("."), time.replace('.', ","))
}
