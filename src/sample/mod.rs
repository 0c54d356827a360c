//! A seeded generator of input files with the format, sizes and distributions of the
//! real ones, consistent with each other, at any scale, and optionally with known
//! invalid rows among the valid ones.
//!
//! A row depends only on the seed and its number: memory does not grow with the scale,
//! and a run is repeatable byte by byte. Scale 1 has the row counts of the real files.
//! Persons, customers, stores, orders and lines grow with the scale (exactly at whole
//! numbers, each group rounded separately at fractions); products (504),
//! special-offer products (538), their inventory (1,069) and territories (10) do not,
//! and currency rates (13,532) do not grow beyond scale 1.

mod assortment;
mod catalogue;
mod customers;
mod defects;
mod documents;
mod draw;
mod files;
mod inventory;
mod offers;
mod options;
mod orders;
mod output;
mod persons;
mod plan;
mod rates;
mod row;
mod schedule;
mod shape;
mod stores;
mod table;
mod target;
mod territories;

use serde_json::json;

use crate::error::Result;

pub use options::{OrderFiles, SampleOptions, SampleSummary, Shape};

use assortment::Assortment;
use catalogue::Catalogue;
use customers::Customers;
use defects::{FileSpec, Manifest};
use documents::Documents;
use inventory::{INVENTORY, Inventory};
use offers::Offers;
use orders::Orders;
use output::{Output, Run};
use persons::Persons;
use plan::Plan;
use rates::{RATE, Rates};
use row::Row;
use stores::{STORE, Stores};
use table::Table;
use target::Target;
use territories::{TERRITORY, Territories};

/// Generates a sample; `progress` gets the rows done and the rows in total.
///
/// The files get their names only once all are complete.
///
/// # Errors
/// If the scale or the share of defects is out of range, or the directory is neither
/// empty nor an earlier sample, or cannot be written.
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
    let inventory = Inventory { seed: plan.seed, catalogue: &catalogue };
    let territories = Territories { seed: plan.seed };
    let stores = Stores { plan };
    let rates = Rates { seed: plan.seed, rows: plan.rates };
    let optional: [(&'static FileSpec, &dyn Table); 4] =
        [(&INVENTORY, &inventory), (&TERRITORY, &territories), (&STORE, &stores), (&RATE, &rates)];
    let orders = Orders::new(plan, &offers, Assortment::new(&catalogue));

    let mut open =
        |spec: &'static FileSpec, rows| Output::open(&mut target, spec, rows, &plan, options.shape);
    let mut tables: Vec<(&dyn Table, Output)> = vec![
        (&persons, open(&files::PERSON, persons.rows())?),
        (&catalogue, open(&files::PRODUCT, catalogue.rows())?),
        (&customers, open(&files::CUSTOMER, customers.rows())?),
        (&offers, open(&files::OFFER, offers.rows())?),
    ];
    for (spec, table) in optional {
        if options.optional {
            tables.push((table, open(spec, table.rows())?));
        }
    }
    let csv = match options.orders {
        OrderFiles::Csv => Some((
            open(&files::HEADER, orders.order_count())?,
            open(&files::DETAIL, orders.line_count())?,
        )),
        _ => None,
    };
    let of_orders = csv.as_ref().map_or_else(
        || orders.order_count() + orders.line_count(),
        |(headers, lines)| headers.expected() + lines.expected(),
    );
    let all = tables.iter().map(|(_, output)| output.expected()).sum::<u64>() + of_orders;
    let manifest = Manifest::open(&mut target, plan.defects > 0)?;
    let mut run = Run { manifest, progress, done: 0, all };

    let mut files = Vec::new();
    for (table, output) in tables {
        files.push(write_table(table, output, &mut run)?);
    }
    match csv {
        Some((mut headers, mut lines)) => {
            orders.write(&mut headers, &mut lines, &mut run)?;
            files.push(headers.finish()?);
            files.push(lines.finish()?);
        }
        None => {
            let mut documents = Documents::open(&mut target, options.orders)?;
            orders.write_documents(&mut documents, &mut run)?;
            files.push(documents.finish()?);
        }
    }
    target.remove_others(documents::FOLDER)?;
    let planted = run.manifest.finish()?;
    if plan.defects == 0 {
        target.remove(defects::MANIFEST)?;
    }
    let of_orders = [&files::HEADER, &files::DETAIL];
    for spec in [&files::PERSON, &files::PRODUCT, &files::CUSTOMER, &files::OFFER]
        .into_iter()
        .chain(optional.map(|(spec, _)| spec))
        .chain(of_orders)
    {
        for path in Shape::ALL.map(|shape| shape.path(spec.path)) {
            if !files.iter().any(|(written, _, _)| *written == path) {
                target.remove(&path)?;
            }
        }
    }
    target.publish(&json!({
        "complete": true,
        "scale": options.scale,
        "seed": options.seed,
        "defects": options.defects,
        "optional": options.optional,
        "orders": format!("{:?}", options.orders).to_lowercase(),
        "mapping": options.shape.mapping(),
    }))?;
    Ok(SampleSummary { files, defects: planted })
}

fn write_table(
    table: &dyn Table,
    mut output: Output,
    run: &mut Run<'_>,
) -> Result<(String, u64, u64)> {
    let mut scratch = Row::default();
    for index in 0..table.rows() {
        while let Some(beyond) = output.due() {
            scratch.clear();
            table.row(table.rows() + beyond, &mut scratch);
            output.plant(&scratch, run)?;
        }
        table.row(index, output.next_row());
        output.end_row(run)?;
    }
    output.finish()
}

#[cfg(test)]
mod tests;
