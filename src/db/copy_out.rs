//! Reads many rows in Postgres' binary COPY format, all of one moment, over a connection of
//! their own: it takes long, and none of a pool's connections is to be missing meanwhile.

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, raw_sql};

use super::connections::Connections;
use super::data_version::Versions;
use super::numeric::Numeric;
use crate::error::{Error, Result};

/// Microseconds from the Unix epoch to Postgres' epoch, 2000-01-01.
const EPOCH_MICROS_FROM_UNIX: i64 = super::copy::EPOCH_DAYS_FROM_UNIX * 86_400_000_000;
/// The beginning of a stream, without what it says of itself.
const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";
/// Bytes before the first row: the signature, flags, and the length of what else is there.
const HEADER: usize = SIGNATURE.len() + 8;
/// Begins a transaction that sees one moment.
const BEGIN: &str =
    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = 0";

/// A transaction that sees one moment.
#[derive(Debug)]
pub struct CopyOut {
    connection: PgConnection,
}

/// The rows of a query, as they come.
pub struct Copied<'a> {
    stream: BoxStream<'a, sqlx::Result<Bytes>>,
    /// The beginning of a row of which the rest has not come.
    pending: Vec<u8>,
    is_begun: bool,
}

/// A row of a stream: its values one after the other.
#[derive(Debug, Clone, Copy)]
pub struct CopiedRow<'a>(&'a [u8]);

impl CopyOut {
    /// Sees all rows as they are now; gives the versions of the data at that moment, too.
    ///
    /// # Errors
    /// When Postgres does not answer, or the schema is another.
    pub async fn begin(connections: &Connections) -> Result<(Self, Versions)> {
        let options = connections.pool().connect_options();
        let mut connection = PgConnection::connect_with(&options).await?;
        connection.execute(raw_sql(BEGIN)).await?;
        // As the role that connected, which may read the version.
        let versions = Versions::read(&mut connection).await?;
        if let Some(role) = connections.row_security().switch_transaction(None) {
            connection.execute(raw_sql(AssertSqlSafe(role))).await?;
        }
        Ok((Self { connection }, versions))
    }

    /// Sees what a statement of another transaction saw, which is still open: `snapshot` is what
    /// `pg_export_snapshot` gave it.
    ///
    /// # Errors
    /// When Postgres does not answer, or that transaction has ended.
    pub async fn share(options: &PgConnectOptions, snapshot: &str) -> sqlx::Result<Self> {
        let mut connection = PgConnection::connect_with(options).await?;
        let snapshot = snapshot.replace('\'', "''");
        let begin = format!("{BEGIN}; SET TRANSACTION SNAPSHOT '{snapshot}'");
        connection.execute(raw_sql(AssertSqlSafe(begin))).await?;
        Ok(Self { connection })
    }

    /// Runs statements that return nothing, such as settings of the transaction.
    ///
    /// # Errors
    /// As any statement.
    pub async fn set(&mut self, statements: &'static str) -> sqlx::Result<()> {
        self.connection.execute(raw_sql(statements)).await?;
        Ok(())
    }

    /// How many rows these tables have.
    ///
    /// # Errors
    /// As any query.
    pub async fn counts<const N: usize>(&mut self, tables: [&'static str; N]) -> Result<[u64; N]> {
        let mut counts = [0; N];
        for (count, table) in counts.iter_mut().zip(tables) {
            let query = format!("SELECT count(*) FROM {table}");
            let found: i64 =
                sqlx::query_scalar(AssertSqlSafe(query)).fetch_one(&mut self.connection).await?;
            *count = found.unsigned_abs();
        }
        Ok(counts)
    }

    /// Gives each row of a query to `each`.
    ///
    /// # Errors
    /// Those of the query and of `each`.
    pub async fn rows(
        &mut self,
        query: &str,
        mut each: impl FnMut(CopiedRow<'_>) -> Result<()>,
    ) -> Result<()> {
        let mut copied = self.copy(query).await?;
        while copied.next(&mut each).await? {}
        Ok(())
    }

    /// Begins to read the rows of a query. Unless they are read to the end, nothing else can be
    /// read afterwards.
    ///
    /// # Errors
    /// Those of the query.
    pub async fn copy(&mut self, query: &str) -> sqlx::Result<Copied<'_>> {
        let copy = format!("COPY ({query}) TO STDOUT (FORMAT binary)");
        let stream = self.connection.copy_out_raw(&copy).await?;
        Ok(Copied { stream, pending: Vec::new(), is_begun: false })
    }

    /// Ends the transaction and closes the connection.
    pub async fn end(self) {
        // Nothing was written, so nothing depends on it.
        let _ = self.connection.close().await;
    }
}

impl Copied<'_> {
    /// Gives each of the rows that come next to `each`; false at the end.
    ///
    /// # Errors
    /// Those of the query and of `each`.
    pub async fn next<E: From<sqlx::Error>>(
        &mut self,
        each: &mut impl FnMut(CopiedRow<'_>) -> Result<(), E>,
    ) -> Result<bool, E> {
        let Some(bytes) = self.stream.next().await else {
            return if self.pending.is_empty() { Ok(false) } else { Err(broken(CUT).into()) };
        };
        let bytes = bytes?;
        // Nearly always the bytes are whole rows.
        if self.pending.is_empty() {
            let left = read(&bytes, &mut self.is_begun, each)?;
            self.pending.extend_from_slice(left);
        } else {
            self.pending.extend_from_slice(&bytes);
            let left = read(&self.pending, &mut self.is_begun, each)?.len();
            self.pending.drain(..self.pending.len() - left);
        }
        Ok(true)
    }
}

const CUT: &str = "a copied row ends too early";

/// What has come is no stream of rows.
fn broken(why: &str) -> sqlx::Error {
    sqlx::Error::Protocol(why.to_owned())
}

/// Reads whole rows, and returns what is left.
fn read<'a, E: From<sqlx::Error>>(
    mut bytes: &'a [u8],
    is_begun: &mut bool,
    each: &mut impl FnMut(CopiedRow<'_>) -> Result<(), E>,
) -> Result<&'a [u8], E> {
    if !*is_begun {
        let Some((header, rest)) = bytes.split_at_checked(HEADER) else { return Ok(bytes) };
        if !header.starts_with(SIGNATURE) {
            return Err(broken("rows have come in another format").into());
        }
        (*is_begun, bytes) = (true, rest);
    }
    loop {
        let Some((count, fields)) = bytes.split_first_chunk() else { return Ok(bytes) };
        let Ok(count) = usize::try_from(i16::from_be_bytes(*count)) else {
            // The end of the stream.
            return Ok(&[]);
        };
        let mut rest = fields;
        for _ in 0..count {
            match field(rest) {
                Some((_, after)) => rest = after,
                None => return Ok(bytes),
            }
        }
        let row = fields.get(..fields.len() - rest.len()).unwrap_or_default();
        each(CopiedRow(row))?;
        bytes = rest;
    }
}

/// The first field, and what follows it.
fn field(bytes: &[u8]) -> Option<(Option<&[u8]>, &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    match usize::try_from(i32::from_be_bytes(*length)) {
        Ok(length) => rest.split_at_checked(length).map(|(value, rest)| (Some(value), rest)),
        // Null has no length.
        Err(_) => Some((None, rest)),
    }
}

impl<'a> CopiedRow<'a> {
    /// The next value; `None` if it is null.
    fn next(&mut self) -> Result<Option<&'a [u8]>> {
        let (value, rest) = field(self.0).ok_or_else(cut)?;
        self.0 = rest;
        Ok(value)
    }

    /// A whole number of any width, or 1 for true.
    ///
    /// # Errors
    /// `INTERNAL` if it is none.
    pub fn number(&mut self) -> Result<Option<i64>> {
        let Some(bytes) = self.next()? else { return Ok(None) };
        Ok(Some(match *bytes {
            [one] => i64::from(one),
            [a, b] => i64::from(i16::from_be_bytes([a, b])),
            [a, b, c, d] => i64::from(i32::from_be_bytes([a, b, c, d])),
            [a, b, c, d, e, f, g, h] => i64::from_be_bytes([a, b, c, d, e, f, g, h]),
            _ => return Err(Error::internal("a copied value is no number")),
        }))
    }

    /// A decimal number times ten to the power of `scale`.
    ///
    /// # Errors
    /// `INTERNAL` if that is no whole number of 64 bits.
    pub fn decimal(&mut self, scale: u8) -> Result<Option<i64>> {
        let Some(bytes) = self.next()? else { return Ok(None) };
        let scaled = Numeric::read(bytes)?.scaled(scale);
        let scaled = scaled.and_then(|scaled| i64::try_from(scaled).ok());
        scaled.map(Some).ok_or_else(|| Error::internal("a number has more digits than are held"))
    }

    /// A moment without a zone, in microseconds since 1970.
    ///
    /// # Errors
    /// `INTERNAL` if it is none.
    pub fn moment(&mut self) -> Result<Option<i64>> {
        let Some(micros) = self.number()? else { return Ok(None) };
        let moment = micros.checked_add(EPOCH_MICROS_FROM_UNIX);
        moment.map(Some).ok_or_else(|| Error::internal("a moment is beyond those that are held"))
    }

    /// A text.
    ///
    /// # Errors
    /// `INTERNAL` if it is none.
    pub fn text(&mut self) -> Result<Option<String>> {
        let Some(bytes) = self.next()? else { return Ok(None) };
        let text = std::str::from_utf8(bytes);
        text.map(|text| Some(text.to_owned()))
            .map_err(|error| Error::internal("a copied value is no text").with_source(error))
    }
}

fn cut() -> Error {
    Error::internal(CUT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::copy::CopyWriter;

    #[test]
    fn rows_are_read_however_they_are_cut() {
        let mut writer = CopyWriter::default();
        for number in [1, 300, -7] {
            writer.row(3);
            writer.int4(number);
            writer.null();
            writer.int2(5);
        }
        let bytes = [CopyWriter::SIGNATURE, &writer.finish(), CopyWriter::END].concat();
        for size in [1, 2, 7, 20, 41, bytes.len()] {
            let (mut found, mut is_begun, mut pending) = (Vec::new(), false, Vec::new());
            for chunk in bytes.chunks(size) {
                pending.extend_from_slice(chunk);
                let left = read(&pending, &mut is_begun, &mut |mut row| {
                    found.push((row.number()?, row.number()?, row.number()?));
                    assert!(row.number().is_err(), "there is no fourth");
                    Ok::<_, Error>(())
                });
                let left = left.unwrap().to_vec();
                pending = left;
            }
            assert!(pending.is_empty());
            let expected = [1, 300, -7].map(|number| (Some(number), None, Some(5)));
            assert_eq!(found, expected, "{size} bytes at a time");
        }
    }

    #[test]
    fn another_format_is_an_error() {
        let text = b"1\t2\n3\t4\n5\t6\n7\t8\n9\t10\n";
        assert!(read(text, &mut false, &mut |_| Ok::<_, Error>(())).is_err());
    }
}
