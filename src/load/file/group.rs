//! Loads small files of one dataset in one transaction: their rows are staged and merged
//! together, and the ledger has an entry of each, as if they had come one after the other.

use std::time::Instant;

use sqlx::PgConnection;

use super::merge::{self, Manner, Target};
use crate::error::Error;
use crate::load::counts::{Counts, bigint};
use crate::load::decode::{Batch, WholeFile};
use crate::load::failure::LoadResult;
use crate::load::ledger::group::{Done, Entry};
use crate::load::ledger::{self, RunFile};
use crate::load::raw::keeper::Kept;
use crate::load::raw::record::Record;
use crate::load::run::context::Context;
use crate::storage::ObjectVersion;

/// A file of a group.
pub(crate) struct GroupFile {
    pub(crate) object: ObjectVersion,
    pub(crate) whole: WholeFile,
    /// Its copy in the lake.
    pub(crate) kept: Option<Kept>,
}

/// Loads files of which none was begun before; returns the counts of each. Either all of them
/// are loaded then, or nothing has happened.
pub(crate) async fn load_group(
    context: &Context,
    target: &Target,
    files: &[GroupFile],
    begun: Instant,
) -> LoadResult<Vec<Counts>> {
    let run = context.session.run();
    let mut connection = context.session.pool.acquire().await?;
    let mut transaction = merge::begin(&mut connection, target).await?;
    ledger::commit_to_disk(&mut transaction).await?;
    let objects: Vec<&ObjectVersion> = files.iter().map(|file| &file.object).collect();
    let mapping = context.options.fingerprint(target.dataset);
    let entries = ledger::group::enter(
        &mut transaction,
        context.reading(),
        target.dataset,
        &objects,
        mapping,
    )
    .await?;
    if entries.iter().any(|entry| entry.loaded) || entries.len() != files.len() {
        transaction.rollback().await?;
        return loaded_unnoticed(context, &mut connection, &entries).await;
    }
    let wholes = || files.iter().map(|file| &file.whole);
    let batches: Vec<&Batch> = wholes().map(|whole| &whole.batch).collect();
    merge::stage(&mut transaction, target, &batches).await?;
    let superseded: Vec<i32> =
        entries.iter().flat_map(|entry| &entry.superseded).copied().collect();
    let batches: Vec<(i32, &Batch)> =
        entries.iter().map(|entry| entry.id).zip(batches.iter().copied()).collect();
    let counts =
        merge::merge_all(&mut transaction, target, run, &batches, &superseded, Manner::ANY).await?;
    ledger::rejects::insert(&mut transaction, run, &batches).await?;
    let done = entries.iter().zip(wholes()).zip(&counts);
    let done: Vec<Done<'_>> = done
        .map(|((entry, whole), counts)| Done {
            id: entry.id,
            dialect: &whole.dialect,
            end_offset: whole.batch.to_offset,
            end_line: whole.batch.to_line,
            counts: *counts,
        })
        .collect();
    if let Some(keeper) = &context.keeper {
        let records: Vec<Record<'_>> = entries
            .iter()
            .zip(files)
            .map(|(entry, file)| Record {
                file: entry.id,
                dataset: target.dataset.table,
                kept: file.kept.as_slice(),
                page: None,
            })
            .collect();
        keeper.record(&mut transaction, &context.session, &records).await?;
    }
    ledger::group::commit(&mut transaction, run, &done, share_ms(begun, files.len())).await?;
    transaction.commit().await?;
    Ok(counts)
}

/// The counts of files that an attempt of this run has loaded, whose commit was not heard of.
async fn loaded_unnoticed(
    context: &Context,
    connection: &mut PgConnection,
    entries: &[Entry],
) -> LoadResult<Vec<Counts>> {
    if !entries.iter().all(|entry| entry.loaded) {
        return Err(Error::internal("a file of the group was loaded alone").into());
    }
    let run = context.session.run();
    let mut counts = Vec::with_capacity(entries.len());
    for entry in entries {
        counts.push(ledger::run_counts(connection, RunFile { run, file: entry.id }).await?);
    }
    Ok(counts)
}

/// The share of one file in the time since, in milliseconds.
fn share_ms(begun: Instant, files: usize) -> i64 {
    bigint(begun.elapsed().as_millis() / files.max(1) as u128)
}
