//! Reads a table as it is, and writes the files of its changed partitions. Nobody sees them
//! until a snapshot has them.

use std::collections::BTreeSet;

use chrono::{Datelike as _, Months as AddMonths, NaiveDate};
use futures_util::TryStreamExt as _;
use sqlx::{AssertSqlSafe, PgConnection};
use tokio_util::sync::CancellationToken;

use super::catalogue;
use super::due::Months;
use super::failure::LakeResult;
use super::file::{FileSchema, FileWriter};
use super::place::{Place, Root};
use super::snapshot::{Changed, Entries};
use super::tables::LakeTable;
use crate::error::{Code, Error, Result};
use crate::lake::iceberg::manifest::{self, DataFile, Entry};
use crate::lake::iceberg::manifest_list;
use crate::lake::iceberg::metadata::TableMetadata;

/// A table as it is.
struct Before {
    metadata: TableMetadata,
    entries: Vec<Entry>,
    /// Whether all of it is to be written anew.
    is_foreign: bool,
}

/// Writes the files of a table's changed partitions. `connection` is in a transaction that sees
/// the rows, and the catalogue, as they were at one moment.
pub(super) async fn write(
    connection: &mut PgConnection,
    place: Place,
    table: &LakeTable,
    months: &Months,
    stop: &CancellationToken,
) -> LakeResult<Changed> {
    let old_metadata = catalogue::metadata_location(connection, table.name).await?;
    let before = match &old_metadata {
        Some(location) => before(&place, location).await?,
        None => None,
    };
    let is_new = before.is_none();
    let Before { mut metadata, entries, is_foreign } = before.unwrap_or_else(|| Before {
        metadata: TableMetadata::create(&place.location(), &table.wanted(), table.month_of()),
        entries: Vec::new(),
        is_foreign: false,
    });
    let fields = metadata.evolve(&table.wanted());
    let personal = table.columns.iter().map(|column| column.is_personal).collect();
    let schema = FileSchema::new(fields, personal);
    let is_all = is_new || is_foreign || *months == Months::All;
    let partitions = partitions(connection, table, months, is_all, &entries).await?;

    let mut added = Vec::new();
    for partition in &partitions {
        check(stop)?;
        added.extend(write_partition(connection, &place, table, &schema, *partition).await?);
    }
    let replaced: BTreeSet<i32> = partitions.iter().flatten().map(|day| month_of(*day)).collect();
    let is_replaced = |entry: &Entry| match entry.file.month {
        _ if is_all => true,
        Some(month) => replaced.contains(&month),
        // Of another program: this one's have a month where there are partitions.
        None => !replaced.is_empty(),
    };
    let (removed, kept): (Vec<_>, Vec<_>) = entries.into_iter().partition(is_replaced);
    let known = catalogue::known_snapshots(connection, table.name).await?;
    let entries = Entries { added, removed, kept };
    Ok(Changed { name: table.name, place, old_metadata, metadata, is_new, entries, known })
}

/// Ends early if that is wanted.
pub(super) fn check(stop: &CancellationToken) -> Result<()> {
    if stop.is_cancelled() {
        return Err(Error::new(Code::Conflict, "interrupted; the next run writes the lake"));
    }
    Ok(())
}

/// The table as the catalogue names it; `None` if it is in another lake, or so different that
/// a new one takes its place, or something of it is missing.
async fn before(place: &Place, location: &str) -> Result<Option<Before>> {
    if place.root().key_of(location).is_none() {
        return Ok(None);
    }
    let unusable = |error: &Error| {
        let error = error.detail();
        tracing::warn!(location, error, "a table of the lake cannot be read: it is made anew");
    };
    let Some(bytes) = place.root().find(location).await? else {
        unusable(&missing(location));
        return Ok(None);
    };
    let metadata = match TableMetadata::parse(&bytes, location) {
        Ok(metadata) => metadata,
        Err(error) => {
            unusable(&error);
            return Ok(None);
        }
    };
    if metadata.is_repartitioned() || metadata.location() != place.location() {
        return Ok(None);
    }
    match entries(place.root(), &metadata).await? {
        Ok((entries, is_foreign)) => Ok(Some(Before { metadata, entries, is_foreign })),
        Err(error) => {
            unusable(&error);
            Ok(None)
        }
    }
}

/// The files of the current snapshot, and whether it has others that delete rows. The inner
/// error is of objects that are missing or unreadable, the outer one of S3.
pub(super) async fn entries(
    root: &Root,
    metadata: &TableMetadata,
) -> Result<Result<(Vec<Entry>, bool)>> {
    let (mut entries, mut is_foreign) = (Vec::new(), false);
    let Some(snapshot) = metadata.current() else { return Ok(Ok((entries, is_foreign))) };
    let Some(list) = root.find(&snapshot.manifest_list).await? else {
        return Ok(Err(missing(&snapshot.manifest_list)));
    };
    let list = match manifest_list::read(&list) {
        Ok(list) => list,
        Err(error) => return Ok(Err(error)),
    };
    for one in list {
        if one.has_deletes {
            // Rows that another program has deleted are in Postgres.
            is_foreign = true;
            continue;
        }
        let Some(bytes) = root.find(&one.path).await? else {
            return Ok(Err(missing(&one.path)));
        };
        let (snapshot, sequence) = (one.snapshot_id, one.sequence_number);
        match manifest::read(&bytes, metadata.partition(), snapshot, sequence) {
            Ok(found) => entries.extend(found),
            Err(error) => return Ok(Err(error)),
        }
    }
    Ok(Ok((entries, is_foreign)))
}

pub(super) fn missing(uri: &str) -> Error {
    Error::new(Code::Conflict, format!("there is no {uri}, which the catalogue or metadata name"))
}

/// The partitions to write: first days of months, or the only one.
async fn partitions(
    connection: &mut PgConnection,
    table: &LakeTable,
    months: &Months,
    is_all: bool,
    entries: &[Entry],
) -> LakeResult<Vec<Option<NaiveDate>>> {
    if let (Months::Some(months), false) = (months, is_all) {
        return Ok(months.iter().copied().map(Some).collect());
    }
    if !table.is_by_month {
        return Ok(vec![None]);
    }
    let found: Vec<NaiveDate> = sqlx::query_scalar(
        "SELECT DISTINCT date_trunc('month', order_date)::date FROM sales_order",
    )
    .fetch_all(connection)
    .await?;
    let mut all: BTreeSet<NaiveDate> = found.into_iter().collect();
    all.extend(entries.iter().filter_map(|entry| first_day(entry.file.month?)));
    Ok(all.into_iter().map(Some).collect())
}

async fn write_partition(
    connection: &mut PgConnection,
    place: &Place,
    table: &LakeTable,
    schema: &FileSchema,
    month: Option<NaiveDate>,
) -> LakeResult<Vec<DataFile>> {
    let (mut folder, mut end) = (String::new(), None);
    if let (Some(first), Some(column)) = (month, table.month_of()) {
        folder = format!("{column}_month={}/", first.format("%Y-%m"));
        end = Some(first.checked_add_months(AddMonths::new(1)).unwrap_or(NaiveDate::MAX));
    }
    let mut writer = FileWriter::new(place, schema, folder, month.map(month_of));
    // The text is made of names of this program.
    let mut query = sqlx::query(AssertSqlSafe(table.select()));
    if let (Some(first), Some(end)) = (month, end) {
        query = query.bind(first).bind(end);
    }
    let mut rows = query.fetch(connection);
    while let Some(row) = rows.try_next().await? {
        writer.push(&row).await?;
    }
    Ok(writer.finish().await?)
}

/// Months since January 1970.
fn month_of(day: NaiveDate) -> i32 {
    (day.year() - 1970) * 12 + i32::try_from(day.month0()).unwrap_or_default()
}

fn first_day(month: i32) -> Option<NaiveDate> {
    let month0 = u32::try_from(month.rem_euclid(12)).ok()?;
    NaiveDate::from_ymd_opt(1970 + month.div_euclid(12), month0 + 1, 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_counted_from_1970() {
        for (year, month, number) in [(1970, 1, 0), (1969, 12, -1), (2014, 6, 533), (1900, 2, -839)]
        {
            let day = NaiveDate::from_ymd_opt(year, month, 1).unwrap();
            assert_eq!(month_of(day), number);
            assert_eq!(first_day(number), Some(day));
        }
    }
}
