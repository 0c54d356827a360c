//! What a scan of the wide table needs to know: whether it is current, its columns and files.

use sqlx::{PgPool, Row as _};

use super::tables::{self, SALES};
use super::{Curated, table};
use crate::error::{Code, Error, Result};
use crate::lake::iceberg::bound;
use crate::lake::iceberg::column::{Field, Type};
use crate::lake::iceberg::manifest::DataFile;
use crate::lake::iceberg::metadata::TableMetadata;
use crate::storage::Bucket;

/// The wide table as the catalogue has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SalesState {
    /// The URI of its metadata.
    pub metadata: String,
    /// The version of the data that it shows.
    pub lake_version: i64,
    /// The version of the data in Postgres.
    pub data_version: i64,
    /// Whether it lacks no change.
    pub is_current: bool,
    /// Whether it has the names of persons.
    pub persons: bool,
}

/// The wide table as its metadata describe it.
#[derive(Debug, Clone)]
pub struct SalesScan {
    /// Where its files are.
    pub bucket: Bucket,
    /// Names and types of its columns.
    pub columns: Vec<(String, Type)>,
    /// Its files.
    pub files: Vec<SalesFile>,
}

/// A file of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SalesFile {
    /// Its key in the bucket.
    pub key: String,
    /// Its size.
    pub bytes: u64,
    /// Its rows.
    pub rows: i64,
    /// The least and the greatest value of columns that have numbers, dates or times: as a whole
    /// number, a decimal without its point.
    pub bounds: Vec<(String, i128, i128)>,
}

/// The source of the error about a lake that lacks changes.
#[derive(Debug, thiserror::Error)]
#[error("the lake is at version {lake_version} and the data at {data_version}")]
pub struct Outdated {
    /// The version of the data that the lake shows.
    pub lake_version: i64,
    /// The version of the data.
    pub data_version: i64,
}

impl SalesState {
    /// Refuses a table that lacks changes.
    ///
    /// # Errors
    /// `LAKE_OUTDATED` with both versions.
    pub fn require_current(&self) -> Result<()> {
        if self.is_current {
            return Ok(());
        }
        let Self { lake_version, data_version, .. } = *self;
        let message = format!(
            "the lake has the data of version {lake_version}, and lacks changes up to version \
             {data_version}: the next load writes them, until then ask with engine: POSTGRES"
        );
        let source = Outdated { lake_version, data_version };
        Err(Error::new(Code::LakeOutdated, message).with_source(source))
    }

    /// Reads it; `None` if no lake has been written.
    ///
    /// # Errors
    /// `UNAVAILABLE` when Postgres does not answer.
    pub async fn read(pool: &PgPool) -> Result<Option<Self>> {
        let row = sqlx::query(
            "SELECT catalogue.metadata_location, \
                 coalesce((SELECT data_version FROM lake_snapshot WHERE table_id = lake_table.id \
                           ORDER BY id DESC LIMIT 1), 0) AS lake_version, \
                 (SELECT version FROM data_version) AS data_version, \
                 NOT EXISTS (SELECT FROM lake_behind WHERE lake_behind.name = $1) AS is_current, \
                 coalesce((SELECT persons FROM lake_watch), false) AS persons \
             FROM lake.iceberg_tables AS catalogue JOIN lake_table ON name = table_name \
             WHERE catalog_name = 'salesgraph' AND table_namespace = 'salesgraph' \
                 AND table_name = $1 AND catalogue.metadata_location IS NOT NULL",
        )
        .bind(SALES)
        .fetch_optional(pool)
        .await?;
        row.map(|row| {
            Ok(Self {
                metadata: row.try_get("metadata_location")?,
                lake_version: row.try_get("lake_version")?,
                data_version: row.try_get("data_version")?,
                is_current: row.try_get("is_current")?,
                persons: row.try_get("persons")?,
            })
        })
        .transpose()
    }
}

impl Curated {
    /// The wide table as these metadata have it.
    ///
    /// # Errors
    /// `CONFLICT` if they are not there, or of another lake, or files of other programs delete
    /// rows of theirs; those of S3.
    pub async fn scan_sales(&self, metadata: &str) -> Result<SalesScan> {
        if self.root.key_of(metadata).is_none() {
            let message = format!(
                "{metadata} is not below {}: this worker has another LAKE_URI than the one that \
                 wrote the lake",
                self.root.uri()
            );
            return Err(Error::new(Code::Conflict, message));
        }
        let bytes = self.root.find(metadata).await?.ok_or_else(|| table::missing(metadata))?;
        let table = TableMetadata::parse(&bytes, metadata)?;
        let (entries, is_foreign) = table::entries(&self.root, &table).await??;
        if is_foreign {
            let message = "another program has deleted rows of the lake's table sales: the next \
                           load that writes it replaces its files, until then ask Postgres";
            return Err(Error::new(Code::Conflict, message));
        }
        let all = tables::all(true);
        let sales = all.iter().find(|table| table.name == SALES);
        let sales = sales.ok_or_else(|| Error::internal("there is no wide table"))?;
        let fields = table.fields(&sales.wanted());
        let files = entries.into_iter().map(|entry| self.file(&entry.file, &fields));
        let files = files.collect::<Result<_>>()?;
        let columns = fields.into_iter().map(|field| (field.name, field.ty)).collect();
        Ok(SalesScan { bucket: self.root.bucket().clone(), columns, files })
    }

    fn file(&self, file: &DataFile, fields: &[Field]) -> Result<SalesFile> {
        let key = self.root.key_of(&file.path).ok_or_else(|| table::missing(&file.path))?;
        let of = |field: &Field| {
            let stats = file.columns.iter().find(|column| column.id == field.id)?;
            let least = bound::number(field.ty, stats.lower.as_deref()?)?;
            let greatest = bound::number(field.ty, stats.upper.as_deref()?)?;
            Some((field.name.clone(), least, greatest))
        };
        Ok(SalesFile {
            key,
            bytes: u64::try_from(file.bytes).unwrap_or_default(),
            rows: file.rows,
            bounds: fields.iter().filter_map(of).collect(),
        })
    }
}

impl SalesFile {
    /// The least and the greatest value of a column, as far as they are known.
    #[must_use]
    pub fn bounds_of(&self, column: &str) -> Option<(i128, i128)> {
        let found = self.bounds.iter().find(|(name, ..)| name == column);
        found.map(|(_, least, greatest)| (*least, *greatest))
    }

    /// Whether it may have lines of orders of this period, in microseconds, both inclusive.
    #[must_use]
    pub fn may_have(&self, from: Option<i64>, to: Option<i64>) -> bool {
        let Some((first, last)) = self.bounds_of("order_date") else { return true };
        from.is_none_or(|from| last >= from.into()) && to.is_none_or(|to| first <= to.into())
    }
}
