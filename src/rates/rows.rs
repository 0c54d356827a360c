//! The rows of an answer in Postgres. The newest answer wins, in whatever order they are
//! stored; the same answer again writes nothing, so that the version of the data stays.

use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, PgConnection, Postgres, Row as _};
use uuid::Uuid;

use super::dead::DeadLetter;
use super::decode::{PublishedRate, shown};
use super::key::DATASET;
use super::raw::RawAnswer;
use crate::db::layout::Layout;
use crate::error::Result;

/// An answer whose rows are written.
pub(super) struct Written<'a> {
    /// The address of its raw object.
    pub(super) uri: &'a str,
    pub(super) raw: &'a RawAnswer,
    pub(super) rates: &'a [PublishedRate],
    pub(super) dead: &'a [DeadLetter],
}

/// $1 days, $2 base currencies, $3 target currencies, $4 rates, $5 the source, $6 when it was
/// fetched, $7 the raw object.
const GIVEN: &str = "
WITH given AS (
    SELECT day::timestamp AS day, base, target, rate::numeric(24, 12) AS rate
    FROM unnest($1::date[], $2::text[], $3::text[], $4::text[]) AS it (day, base, target, rate)
), matched AS (
    SELECT given.*, stored.currency_rate_id AS id, stored.published_rate, stored.fetched_at,
        stored.raw_uri
    FROM given LEFT JOIN currency_rate AS stored ON stored.source = $5 AND stored.source <> 'csv'
        AND (stored.from_currency_code, stored.to_currency_code, stored.currency_rate_date)
            = (base, target, day)
), due AS (
    SELECT * FROM matched WHERE id IS NULL OR ((fetched_at, raw_uri) <= ($6, $7)
        AND (published_rate, fetched_at, raw_uri) IS DISTINCT FROM (rate, $6, $7))
)";

const COUNT_DUE: &str = " SELECT count(*) FROM due";

/// In the order of their key, so that two writers wait for each other in the same order. Keys are
/// given apart: within the statement that writes them, Citus makes other numbers of a sequence.
const WRITE_DUE: &str = ", keyed AS MATERIALIZED (
    SELECT coalesce(id, nextval('currency_rate_published')::integer) AS id, day, base, target, rate
    FROM due ORDER BY base, target, day
)
INSERT INTO currency_rate AS stored (currency_rate_id, currency_rate_date, from_currency_code,
    to_currency_code, published_rate, modified_date, source, raw_uri, fetched_at, loaded_at)
SELECT id, day, base, target, rate, $6 AT TIME ZONE 'UTC', $5, $7, $6, now()
FROM keyed ORDER BY base, target, day
ON CONFLICT (source, from_currency_code, to_currency_code, currency_rate_date)
    WHERE source <> 'csv' DO UPDATE
SET published_rate = excluded.published_rate, modified_date = excluded.modified_date,
    raw_uri = excluded.raw_uri, fetched_at = excluded.fetched_at, loaded_at = excluded.loaded_at
WHERE (stored.fetched_at, stored.raw_uri) <= (excluded.fetched_at, excluded.raw_uri)";

/// Rows that the answer gave when it was read before, and no more. A rate that an older answer
/// has, too, is gone until that one is stored again: only its own row tells of it.
const COUNT_GONE: &str = "
SELECT count(*) FROM currency_rate AS stored WHERE raw_uri = $7 AND NOT EXISTS (
    SELECT FROM matched WHERE matched.id = stored.currency_rate_id)";

const DELETE_GONE: &str = "
DELETE FROM currency_rate AS stored WHERE raw_uri = $7 AND NOT EXISTS (
    SELECT FROM matched WHERE matched.id = stored.currency_rate_id)";

/// Tells, on a cluster, that rates have changed.
pub(super) const NOTE_CHANGE: &str = "SELECT note_change('currency_rate', '{}')";

impl Written<'_> {
    /// Writes its rates; gives how many rows were inserted, updated or deleted.
    pub(super) async fn write_rates(
        &self,
        connection: &mut PgConnection,
        layout: Layout,
    ) -> Result<u64> {
        let mut changed = 0;
        for (count, write) in [(COUNT_GONE, DELETE_GONE), (COUNT_DUE, WRITE_DUE)] {
            let counting = AssertSqlSafe(format!("{GIVEN}{count}"));
            let counted = self.bind(sqlx::query(counting)).fetch_one(&mut *connection).await?;
            let due: i64 = counted.try_get(0)?;
            // A statement that changes no row would move the version of the data, too.
            if due > 0 {
                let writing = sqlx::query(AssertSqlSafe(format!("{GIVEN}{write}")));
                changed += self.bind(writing).execute(&mut *connection).await?.rows_affected();
            }
        }
        if changed > 0 && layout.is_distributed() {
            // Triggers see it on one machine only.
            sqlx::query(NOTE_CHANGE).execute(&mut *connection).await?;
        }
        Ok(changed)
    }

    fn bind<'q>(
        &self,
        query: Query<'q, Postgres, PgArguments>,
    ) -> Query<'q, Postgres, PgArguments> {
        let each = |of: fn(&PublishedRate) -> String| self.rates.iter().map(of).collect::<Vec<_>>();
        query
            .bind(self.rates.iter().map(|rate| rate.day).collect::<Vec<_>>())
            .bind(each(|rate| rate.from.clone()))
            .bind(each(|rate| rate.to.clone()))
            .bind(each(|rate| shown(rate.rate)))
            .bind(self.raw.dialect.as_str())
            .bind(self.raw.fetched_at)
            .bind(self.uri.to_owned())
    }

    /// The failures of the answer that are none any more, each with the address of its dead
    /// letter.
    pub(super) async fn resolved_failures(
        &self,
        connection: &mut PgConnection,
    ) -> Result<Vec<(Uuid, String)>> {
        let ids: Vec<Uuid> = self.dead.iter().map(|letter| letter.id).collect();
        let resolved = sqlx::query_as(
            "SELECT id, dead_uri FROM source_failure WHERE raw_uri = $1 AND id <> ALL ($2)",
        );
        Ok(resolved.bind(self.uri).bind(ids).fetch_all(connection).await?)
    }

    /// Writes the failures of the answer, without those that are resolved.
    pub(super) async fn write_failures(
        &self,
        connection: &mut PgConnection,
        resolved: Vec<(Uuid, String)>,
    ) -> Result<()> {
        let known: Vec<Uuid> =
            sqlx::query_scalar("SELECT id FROM source_failure WHERE raw_uri = $1")
                .bind(self.uri)
                .fetch_all(&mut *connection)
                .await?;
        if !resolved.is_empty() {
            let ids: Vec<Uuid> = resolved.into_iter().map(|(id, _)| id).collect();
            sqlx::query("DELETE FROM source_failure WHERE id = ANY ($1)")
                .bind(ids)
                .execute(&mut *connection)
                .await?;
        }
        for letter in self.dead.iter().filter(|letter| !known.contains(&letter.id)) {
            let misfit = &letter.misfit;
            sqlx::query(
                "INSERT INTO source_failure (id, dataset, source, url, status, raw_uri, dead_uri, \
                     item, reason, message, value, fetched_at) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) \
                 ON CONFLICT (id) DO NOTHING",
            )
            .bind(letter.id)
            .bind(DATASET)
            .bind(self.raw.dialect.as_str())
            .bind(&self.raw.url)
            .bind(i32::from(self.raw.status))
            .bind(self.uri)
            .bind(&letter.uri)
            .bind(&misfit.item)
            .bind(misfit.reason.as_str())
            .bind(&misfit.message)
            .bind(&misfit.value)
            .bind(self.raw.fetched_at)
            .execute(&mut *connection)
            .await?;
        }
        Ok(())
    }
}
