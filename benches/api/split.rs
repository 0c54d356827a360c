//! Files in two parts: what is there before, and the orders that come later.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use ::salesgraph::sample::{OrderFiles, Shape};

use crate::home::home;
use crate::{Result, generated};

/// The files of orders; each line begins with the number of an order, in ascending order.
const HEADERS: &str = "sales/Sales.SalesOrderHeader.csv";
const LINES: &str = "sales/Sales.SalesOrderDetail.csv";

/// Of so many orders one is there before.
const SHARE: usize = 10;

/// Two folders.
pub(crate) struct Split {
    pub(crate) before: PathBuf,
    pub(crate) later: PathBuf,
}

impl Split {
    /// Of generated files of this size, which are kept.
    pub(crate) fn of_scale(scale: u32) -> Result<Self> {
        let whole = home().join(format!("scale-{scale}"));
        if !whole.exists() {
            generated::write(&whole, f64::from(scale), OrderFiles::Csv, Shape::Plain)?;
        }
        let folder = home().join(format!("scale-{scale}-split"));
        let split = Self { before: folder.join("before"), later: folder.join("later") };
        let done = folder.join("done");
        if !done.exists() {
            split.write(&whole)?;
            fs::write(done, "")?;
        }
        Ok(split)
    }

    fn write(&self, whole: &Path) -> Result<()> {
        let orders = BufReader::new(File::open(whole.join(HEADERS))?).lines();
        let numbers = orders.skip(1).map(|line| number(&line?));
        let numbers: Vec<u64> = numbers.collect::<Result<_>>()?;
        let last = numbers.get(numbers.len() / SHARE).copied().ok_or("there are no orders")?;
        for folder in fs::read_dir(whole)? {
            let folder = folder?.path();
            if !folder.is_dir() {
                continue;
            }
            for file in fs::read_dir(&folder)? {
                let file = file?.path();
                let name = file.strip_prefix(whole)?;
                if [HEADERS, LINES].iter().any(|split| Path::new(split) == name) {
                    self.part(whole, name, last)?;
                } else {
                    fs::create_dir_all(self.before.join(name).parent().unwrap_or(&self.before))?;
                    fs::copy(&file, self.before.join(name))?;
                }
            }
        }
        Ok(())
    }

    /// Up to this order there, and the rest here.
    fn part(&self, whole: &Path, name: &Path, last: u64) -> Result<()> {
        let mut lines = BufReader::new(File::open(whole.join(name))?).lines();
        let header = lines.next().ok_or("a file without a header")??;
        let mut parts = Vec::new();
        for folder in [&self.before, &self.later] {
            let file = folder.join(name);
            fs::create_dir_all(file.parent().unwrap_or(folder))?;
            let mut part = BufWriter::new(File::create(file)?);
            writeln!(part, "{header}")?;
            parts.push(part);
        }
        for line in lines {
            let line = line?;
            let part = usize::from(number(&line)? > last);
            if let Some(part) = parts.get_mut(part) {
                writeln!(part, "{line}")?;
            }
        }
        parts.iter_mut().try_for_each(|part| Ok(part.flush()?))
    }
}

fn number(line: &str) -> Result<u64> {
    let number = line.split([';', ',', '\t']).next().unwrap_or_default();
    number.parse().map_err(|_| format!("no number of an order: {line}").into())
}
