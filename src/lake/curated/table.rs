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
use super::snapshot::{Changed, Entries, Origin};
use super::tables::LakeTable;
use crate::error::{Code, Error, Result};
use crate::lake::iceberg::manifest::{self, DataFile, Entry};
use crate::lake::iceberg::manifest_list;
use crate::lake::iceberg::metadata::TableMetadata;

/// A table as it is.
pub(super) struct Base {
    pub(super) origin: Origin,
    before: Option<Before>,
}

struct Before {
    metadata: TableMetadata,
    entries: Vec<Entry>,
    /// Whether all of it is to be written anew.
    is_foreign: bool,
}

impl Base {
    /// As the catalogue in Postgres names it.
    pub(super) async fn of_sql(
        connection: &mut PgConnection,
        place: &Place,
        table: &str,
    ) -> LakeResult<Self> {
        let location = catalogue::metadata_location(connection, table).await?;
        let before = match &location {
            Some(location) => before(place, location).await?,
            None => None,
        };
        Ok(Self { origin: Origin::Sql(location), before })
    }

    /// As a catalogue of its own has it. Where its files cannot be read, all of it is written
    /// anew.
    pub(super) async fn of_rest(
        place: &Place,
        table: &LakeTable,
        metadata: &TableMetadata,
        is_managed: bool,
    ) -> Result<Self> {
        if !metadata.is_by_month_of(table.month_of()) {
            let message = format!(
                "another program has partitioned the table {} of the lake in another way; drop it \
                 in the catalogue, and the next run makes it anew",
                table.name
            );
            return Err(Error::new(Code::Conflict, message));
        }
        let (entries, is_foreign) = match entries(place.root(), metadata).await? {
            Ok(found) => found,
            Err(error) => {
                unusable(place.location(), &error);
                (Vec::new(), true)
            }
        };
        let before = Before { metadata: metadata.clone(), entries, is_foreign };
        let known = Box::new(metadata.clone());
        let origin = if is_managed { Origin::Managed(known) } else { Origin::Rest(known) };
        Ok(Self { origin, before: Some(before) })
    }
}

/// Writes the files of a table's changed partitions. `connection` is in a transaction that sees
/// the rows as they were at one moment, and the catalogue, if it is in Postgres. Another one was
/// read before: rows that it has are seen.
pub(super) async fn write(
    connection: &mut PgConnection,
    place: Place,
    table: &LakeTable,
    months: &Months,
    base: Base,
    stop: &CancellationToken,
) -> LakeResult<Changed> {
    let Base { origin, before } = base;
    let is_new = before.is_none();
    let Before { mut metadata, entries, is_foreign } = before.unwrap_or_else(|| Before {
        metadata: TableMetadata::create(place.location(), &table.wanted(), table.month_of()),
        entries: Vec::new(),
        is_foreign: false,
    });
    let fields = metadata.evolve(&table.wanted());
    let personal = table.columns.iter().map(|column| column.is_personal).collect();
    let schema = FileSchema::new(fields, personal);
    let is_all = is_new || is_foreign || *months == Months::All;
    let months = if is_all { Months::All } else { months.clone() };
    let partitions = partitions(connection, table, &months, is_all, &entries).await?;

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
    Ok(Changed { name: table.name, place, months, origin, metadata, is_new, entries, known })
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
    let Some(bytes) = place.root().find(location).await? else {
        unusable(location, &missing(location));
        return Ok(None);
    };
    let metadata = match TableMetadata::parse(&bytes, location) {
        Ok(metadata) => metadata,
        Err(error) => {
            unusable(location, &error);
            return Ok(None);
        }
    };
    if metadata.is_repartitioned() || metadata.location() != place.location() {
        return Ok(None);
    }
    match entries(place.root(), &metadata).await? {
        Ok((entries, is_foreign)) => Ok(Some(Before { metadata, entries, is_foreign })),
        Err(error) => {
            unusable(location, &error);
            Ok(None)
        }
    }
}

fn unusable(location: &str, error: &Error) {
    let error = error.detail();
    tracing::warn!(location, error, "a table of the lake cannot be read: it is made anew");
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
        // A manifest of another partitioning tells other partitions.
        is_foreign |= one.spec_id != i64::from(metadata.partition_fields().1);
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
        let (least, greatest) = orders_of(connection, first, end).await?;
        query = query.bind(first).bind(end).bind(least).bind(greatest);
    }
    let mut rows = query.fetch(connection);
    while let Some(row) = rows.try_next().await? {
        writer.push(&row).await?;
    }
    Ok(writer.finish().await?)
}

/// The least and the greatest key of the orders of a month. Keys mostly rise with time, and lines
/// have an index by them: without these bounds each month would read all lines.
async fn orders_of(
    connection: &mut PgConnection,
    first: NaiveDate,
    end: NaiveDate,
) -> LakeResult<(Option<i32>, Option<i32>)> {
    // OFFSET 0: else each extreme is looked for along the keys of all orders.
    let sql = "SELECT min(id), max(id) FROM (SELECT sales_order_id AS id FROM sales_order \
               WHERE order_date >= $1::date AND order_date < $2::date OFFSET 0) AS of_month";
    Ok(sqlx::query_as(sql).bind(first).bind(end).fetch_one(connection).await?)
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
