//! A seeded generator of input files: the shape, dialect, sizes and
//! distributions of the real ones, consistent in themselves, at any scale, and
//! on request with known bad rows among the good ones.
//!
//! Everything about a row follows from the seed and the row's number, so memory
//! does not grow with the scale and a run can be repeated byte by byte. Scale 1
//! has the real row counts. Persons, customers, orders and lines grow with the
//! scale (exactly at whole numbers, each kind rounded by itself at fractions), and
//! so do stores; products (504), special-offer products (538), their inventory
//! (1,069) and territories (10) stay as they are, and currency rates (13,532) do
//! not grow beyond the real ones.

mod assortment;
mod catalogue;
mod customers;
mod defects;
mod draw;
mod inventory;
mod kinds;
mod offers;
mod orders;
mod output;
mod persons;
mod plan;
mod rates;
mod row;
mod schedule;
mod stores;
mod territories;

use std::path::PathBuf;

use serde_json::json;

use crate::error::Result;

use assortment::Assortment;
use catalogue::Catalogue;
use customers::Customers;
use defects::{FileKind, Manifest};
use inventory::{INVENTORY, Inventory};
use offers::Offers;
use orders::Orders;
use output::{Output, Run, Target};
use persons::Persons;
use plan::Plan;
use rates::{RATE, Rates};
use stores::{STORE, Stores};
use territories::{TERRITORY, Territories};

/// What to generate, and where.
#[derive(Debug, Clone)]
pub struct SampleOptions {
    /// The directory; created if it does not exist.
    pub out: PathBuf,
    /// How many times the real size, from 0.0001 to 500; 1 is the real size.
    pub scale: f64,
    /// The same seed (with the same scale) gives the same bytes.
    pub seed: u64,
    /// Bad rows for each good one, from 0 (none) to 0.5; 0.001 is one in a
    /// thousand. Above 0, every file has at least one. The good rows stay those
    /// of a sample without bad ones.
    pub defects: f64,
    /// Whether there are also the files that a load can do without: inventory,
    /// territories, stores and currency rates. The others are the same either way.
    pub optional: bool,
}

/// What was generated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleSummary {
    /// The files, parents before children: path below the directory, rows
    /// (good and bad, without the header), bytes.
    pub files: Vec<(String, u64, u64)>,
    /// How many bad rows were planted, by reason code. `defects.jsonl` lists
    /// each with file, line, byte offset, column, reason and raw text.
    pub defects: Vec<(String, u64)>,
}

/// A table whose rows can be made one by one.
trait Table {
    /// How many good rows it has.
    fn rows(&self) -> u64;

    /// Writes a row without its line end. Rows from [`Table::rows`] on have keys
    /// that no good row has.
    fn row(&self, index: u64, out: &mut Vec<u8>);
}

/// Writes a sample; `progress` is told rows done and rows in all.
///
/// The files appear under their names only once all are complete.
///
/// # Errors
/// If scale or share of defects are out of range, if the directory holds
/// anything but an earlier sample, or if it cannot be written.
pub fn generate(
    options: &SampleOptions,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<SampleSummary> {
    let plan = Plan::new(options)?;
    let mut target = Target::prepare(&options.out)?;
    let catalogue = Catalogue::new(plan.seed)?;
    let offers = Offers::new(plan.seed, &catalogue);
    let persons = Persons::new(plan.seed, &plan.people);
    let customers = Customers::new(&plan);
    let inventory = Inventory::new(plan.seed, &catalogue);
    let territories = Territories::new(plan.seed);
    let stores = Stores::new(plan);
    let rates = Rates::new(&plan);
    let optional: [(&'static FileKind, &dyn Table); 4] =
        [(&INVENTORY, &inventory), (&TERRITORY, &territories), (&STORE, &stores), (&RATE, &rates)];
    let orders = Orders::new(plan, &offers, Assortment::new(&catalogue));

    let mut open = |kind: &'static FileKind, rows| Output::open(&mut target, kind, rows, &plan);
    let mut tables: Vec<(&dyn Table, Output)> = vec![
        (&persons, open(&kinds::PERSON, persons.rows())?),
        (&catalogue, open(&kinds::PRODUCT, catalogue.rows())?),
        (&customers, open(&kinds::CUSTOMER, customers.rows())?),
        (&offers, open(&kinds::OFFER, offers.rows())?),
    ];
    for (kind, table) in optional {
        if options.optional {
            tables.push((table, open(kind, table.rows())?));
        }
    }
    let mut headers = open(&kinds::HEADER, orders.order_count())?;
    let mut lines = open(&kinds::DETAIL, orders.line_count())?;
    let all = tables.iter().map(|(_, output)| output.expected()).sum::<u64>()
        + headers.expected()
        + lines.expected();
    let manifest = Manifest::open(&mut target, plan.defects > 0)?;
    let mut run = Run { manifest, progress, done: 0, all };

    let mut files = Vec::new();
    for (table, output) in tables {
        files.push(write_table(table, output, &mut run)?);
    }
    orders.write(&mut headers, &mut lines, &mut run)?;
    files.push(headers.finish()?);
    files.push(lines.finish()?);
    let planted = run.manifest.finish()?;
    if plan.defects == 0 {
        target.remove(defects::MANIFEST)?;
    }
    if !options.optional {
        optional.iter().try_for_each(|(kind, _)| target.remove(kind.path))?;
    }
    target.publish(&json!({
        "complete": true,
        "scale": options.scale,
        "seed": options.seed,
        "defects": options.defects,
        "optional": options.optional,
    }))?;
    Ok(SampleSummary { files, defects: planted })
}

fn write_table(
    table: &dyn Table,
    mut output: Output,
    run: &mut Run<'_>,
) -> Result<(String, u64, u64)> {
    let mut scratch = Vec::new();
    for index in 0..table.rows() {
        while let Some(beyond) = output.due() {
            scratch.clear();
            table.row(table.rows() + beyond, &mut scratch);
            output.plant(&scratch, run)?;
        }
        table.row(index, output.buffer());
        output.end_row(run)?;
    }
    output.finish()
}

#[cfg(test)]
mod tests;
