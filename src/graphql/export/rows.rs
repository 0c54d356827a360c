//! The rows of an export, as they are read and written.

use std::pin::pin;

use futures_util::StreamExt as _;

use super::cells::{Beside, Source};
use super::checked::Checked;
use crate::db::numeric::Numeric;
use crate::error::{Error, Result};
use crate::graphql::execute::parents;
use crate::graphql::plan::Converted;
use crate::query::aggregate::{MeasureForm, Owners};
use crate::query::{Amount, Reader, Row, Whole};
use crate::report::{Output, Rows};

/// Rows whose sales are measured by one statement.
const BATCH: usize = 500;

/// An export in its snapshot.
#[derive(Debug)]
pub(super) struct ExportRows {
    pub(super) checked: Checked,
    pub(super) whole: Whole,
}

/// Measures, and the index of each row's.
type Measured = (Vec<Option<usize>>, Vec<Row>);

/// What was read beside some rows.
struct ReadBeside {
    /// For each of the fetch's sales.
    sales: Vec<Option<Measured>>,
    /// For each of the fetch's converted amounts, one for each row.
    converted: Vec<Vec<Row>>,
}

impl Rows for ExportRows {
    async fn write(self, out: &mut Output) -> Result<()> {
        let Self { checked, mut whole } = self;
        match whole.beside.clone() {
            None => {
                let mut rows = pin!(whole.rows(&checked.scope, &checked.list()?)?);
                while let Some(row) = rows.next().await {
                    let row = row?;
                    out.row(cells(&checked.sources, &row, |_| None))?;
                    if out.is_full() {
                        out.send().await?;
                    }
                }
            }
            Some(beside) => {
                let rows = whole.rows(&checked.scope, &checked.list()?)?;
                let mut batches = pin!(rows.chunks(BATCH));
                while let Some(batch) = batches.next().await {
                    let batch = batch.into_iter().collect::<Result<Vec<Row>>>()?;
                    batch_of(&checked, &beside, &batch, out).await?;
                }
            }
        }
        whole.end().await
    }
}

async fn batch_of(
    checked: &Checked,
    beside: &Reader,
    rows: &[Row],
    out: &mut Output,
) -> Result<()> {
    let read = read(checked, beside, rows).await?;
    for (index, row) in rows.iter().enumerate() {
        let beside = |of: Beside| match of {
            Beside::Sales(number) => {
                let (of, rows) = read.sales.get(number)?.as_ref()?;
                rows.get((*of.get(index)?)?)
            }
            Beside::Converted(number) => read.converted.get(number)?.get(index),
        };
        out.row(cells(&checked.sources, row, beside))?;
        if out.is_full() {
            out.send().await?;
        }
    }
    Ok(())
}

async fn read(checked: &Checked, beside: &Reader, rows: &[Row]) -> Result<ReadBeside> {
    let fetch = &checked.connection()?.fetch;
    let mut converted = Vec::with_capacity(fetch.converted.len());
    for one in &fetch.converted {
        let currency = checked.bindings.currency(one.number)?;
        let amounts = rows.iter().map(|row| amount(one, row)).collect::<Result<_>>()?;
        let form = MeasureForm::Number;
        converted.push(beside.convert(&checked.scope, amounts, currency, form).await?);
    }
    let mut measured = Vec::with_capacity(fetch.sales.len());
    for sales in &fetch.sales {
        if sales.measures.selected.is_empty() {
            measured.push(None);
            continue;
        }
        let (of, keys) = parents(rows, sales.columns, &sales.parent)?;
        let owners = Owners { path: sales.owner.path, columns: sales.owner.columns, keys: &keys };
        let (lines, measures) = checked.bindings.sales(sales.number)?;
        let form = MeasureForm::Number;
        let found = beside.measure(&checked.scope, lines, measures, owners, form).await?;
        if found.len() != keys.len() {
            return Err(Error::internal("measures do not fit their rows"));
        }
        measured.push(Some((of, found)));
    }
    Ok(ReadBeside { sales: measured, converted })
}

/// The amount of a row that is converted.
fn amount(converted: &Converted, row: &Row) -> Result<Amount> {
    let amount = row.bytes(converted.amount)?.map(Numeric::read).transpose()?;
    let amount = amount.map(|amount| {
        let mut digits = Vec::new();
        amount.write(&mut digits, b'.');
        String::from_utf8_lossy(&digits).into_owned()
    });
    Ok(Amount { amount, day: row.get(converted.day)? })
}

fn cells<'r>(
    sources: &'r [Source],
    row: &'r Row,
    beside: impl Fn(Beside) -> Option<&'r Row> + Copy + 'r,
) -> impl Iterator<Item = Result<crate::report::format::Cell<'r>>> {
    sources.iter().map(move |source| source.cell(row, beside))
}
