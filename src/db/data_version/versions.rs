//! The version of all data with those of its tables.

use std::sync::{Arc, LazyLock};

use chrono::{DateTime, Utc};
use migration::{Migrator, MigratorTrait as _};
use sqlx::postgres::PgConnection;

use super::tables::{TableSet, WATCHED, index};
use super::version::DataVersion;

/// The newest migration that this program knows.
static NEWEST: LazyLock<String> = LazyLock::new(|| {
    Migrator::migrations().last().map(|newest| newest.name().to_owned()).unwrap_or_default()
});

/// A commit: its number and when it was made.
type Commit = (i64, DateTime<Utc>);

/// The version of all data, and which commit changed each table last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versions {
    /// The version of all data.
    pub all: DataVersion,
    /// In the order of [`WATCHED`].
    tables: Arc<[Commit; WATCHED.len()]>,
}

impl Versions {
    /// Versions of which nothing is known but that of all data.
    #[must_use]
    pub fn of_all(all: DataVersion) -> Self {
        Self { all, tables: Arc::new([(all.version, all.as_of); WATCHED.len()]) }
    }

    /// The version of the data when the newest of these tables was changed last: the same as
    /// long as none of them changes, and another then. While triggers are disabled, that of all
    /// data.
    #[must_use]
    pub fn of(&self, tables: TableSet) -> DataVersion {
        if tables.is_all() || tables.is_empty() || self.all.unwatched != 0 {
            return self.all;
        }
        let of_set = self.tables.iter().enumerate().filter(|(index, _)| tables.has(*index));
        let newest = of_set.map(|(_, commit)| *commit).max();
        newest.map_or(self.all, |(version, as_of)| DataVersion { version, as_of, unwatched: 0 })
    }

    /// The same tables, with another version of all data that is of the same commit.
    pub(super) fn with(&self, all: DataVersion) -> Self {
        Self { all, tables: Arc::clone(&self.tables) }
    }

    /// Those that the connection's snapshot has.
    ///
    /// In a later schema, views may be made of other tables than this program knows: then
    /// every change counts for all.
    pub(in crate::db) async fn read(connection: &mut PgConnection) -> sqlx::Result<Self> {
        let query = "SELECT version, as_of, unwatched, schema_version, table_names, \
                     table_versions, table_times FROM data_state";
        let (version, as_of, unwatched, schema, names, versions, times): (
            _,
            _,
            _,
            Option<String>,
            Vec<String>,
            _,
            _,
        ) = sqlx::query_as(query).fetch_one(connection).await?;
        let all = DataVersion { version, as_of, unwatched };
        if schema.is_some_and(|newest| newest > *NEWEST) {
            return Ok(Self::of_all(all));
        }
        Ok(Self::new(all, &names, versions, times))
    }

    /// A table that this program does not know may be what others are made of, in a later
    /// schema: its changes count for all. A table that is not there was last changed when any
    /// was. Numbers ahead of that of all data are of another count, as after a restore of some
    /// tables: they tell nothing.
    fn new(
        all: DataVersion,
        names: &[String],
        versions: Vec<i64>,
        times: Vec<DateTime<Utc>>,
    ) -> Self {
        let commits: Vec<Commit> = versions.into_iter().zip(times).collect();
        if commits.iter().any(|commit| *commit > (all.version, all.as_of)) {
            return Self::of_all(all);
        }
        let rows = || names.iter().zip(&commits);
        let of_any = rows().filter(|(name, _)| index(name).is_none());
        let Some(of_any) = of_any.map(|(_, commit)| *commit).max() else {
            return Self::of_all(all);
        };
        let mut tables = [of_any; WATCHED.len()];
        for (name, commit) in rows() {
            if let Some(of_table) = index(name).and_then(|index| tables.get_mut(index)) {
                *of_table = of_any.max(*commit);
            }
        }
        Self { all, tables: Arc::new(tables) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::data_version::tables::tables_of;

    fn at(version: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1000 + version, 0).unwrap()
    }

    fn versions(all: i64, rows: &[(&str, i64)]) -> Versions {
        let all = DataVersion { version: all, as_of: at(all), unwatched: 0 };
        let names: Vec<String> = rows.iter().map(|(name, _)| (*name).to_owned()).collect();
        let numbers: Vec<i64> = rows.iter().map(|(_, version)| *version).collect();
        let times = numbers.iter().map(|version| at(*version)).collect();
        Versions::new(all, &names, numbers, times)
    }

    fn of(versions: &Versions, sql: &str) -> i64 {
        versions.of(tables_of(sql).unwrap()).version
    }

    #[test]
    fn the_version_of_tables_is_that_of_the_newest_change_to_one_of_them() {
        let known = versions(9, &[("", 1), ("product", 4), ("sales_order", 9)]);
        assert_eq!(of(&known, "FROM product"), 4);
        assert_eq!(of(&known, "FROM sales_order, product"), 9);
        assert_eq!(of(&known, "FROM store"), 1, "it has not changed since");
        assert_eq!(of(&known, ""), 9, "nothing in particular");
        assert_eq!(of(&known, "FROM lake_behind"), 9);
    }

    #[test]
    fn what_may_have_changed_anything_counts_for_all() {
        let known = versions(9, &[("", 7), ("product", 4), ("sales_order", 9)]);
        assert_eq!(of(&known, "FROM product"), 7);
        let later = versions(9, &[("", 1), ("of_a_later_schema", 8), ("product", 4)]);
        assert_eq!(of(&later, "FROM product"), 8);
        assert_eq!(of(&versions(9, &[]), "FROM product"), 9, "nothing is known");
        let restored = versions(9, &[("", 1), ("product", 10), ("store", 4)]);
        assert_eq!(of(&restored, "FROM store"), 9, "another count");
        let mut disabled = versions(9, &[("", 1), ("product", 4)]);
        disabled.all.unwatched = 5;
        assert_eq!(disabled.of(tables_of("FROM product").unwrap()), disabled.all);
    }
}
