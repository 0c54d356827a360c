//! Sends rows in Postgres' binary COPY format.

use std::{iter, mem};

use sqlx::PgConnection;

use super::copy::CopyWriter;

/// Bytes sent at a time, by the last piece nearly twice as many: a connection's write buffer
/// keeps the size of the largest piece it ever held.
const PIECE: usize = 64 * 1024;

/// Runs `COPY … FROM STDIN` with the rows of several writers.
///
/// # Errors
/// As any statement.
pub(crate) async fn copy_in<'r>(
    connection: &mut PgConnection,
    statement: &str,
    rows: impl Iterator<Item = &'r [u8]>,
) -> sqlx::Result<()> {
    let mut copy = connection.copy_in_raw(statement).await?;
    // All rows are one stream, which has a beginning and an end.
    let parts = iter::once(CopyWriter::SIGNATURE).chain(rows).chain([CopyWriter::END]);
    let mut waiting = Vec::new();
    for piece in parts.flat_map(|part| part.chunks(PIECE)) {
        waiting.extend_from_slice(piece);
        // The last piece must not be small: what follows it would wait until the server's
        // kernel acknowledges it, which it does late (findings/sqlx-copy-nagle.sh).
        if waiting.len() >= 2 * PIECE {
            let rest = waiting.split_off(PIECE);
            copy.send(mem::replace(&mut waiting, rest)).await?;
        }
    }
    copy.send(waiting).await?;
    copy.finish().await?;
    Ok(())
}
