//! The readings of an object's version: an entry of the ledger for each format in which it was
//! read. What was read last holds: an earlier reading gives way to it, row by row, whatever
//! times it has read, and to read it as before is another reading again.

use std::collections::HashMap;

use sqlx::PgConnection;
use uuid::Uuid;

use crate::load::failure::LoadResult;
use crate::storage::ObjectVersion;

/// Between the fingerprint of a mapping and the number of the reading by it, from the second on.
const AGAIN: char = '+';
/// Characters of the fingerprint before that; `load_file.mapping` has room for 32.
const KEPT: usize = 24;

/// What the ledger knows of a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known {
    /// Nothing of it is loaded.
    New,
    /// A part of it is.
    Begun,
    /// All of it is.
    Loaded,
}

/// A reading of a version.
#[derive(Debug, Clone)]
struct Reading {
    /// `load_file.id`.
    id: i32,
    mapping: String,
    loaded: bool,
    /// Whether a part of it is loaded, or all of it.
    begun: bool,
    /// Whether it is to be followed by another one: it was loaded, and not by this run.
    is_past: bool,
}

/// Who reads versions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReadBy {
    /// The run.
    pub(crate) run: Uuid,
    /// Whether it loads again what earlier runs have loaded.
    pub(crate) again: bool,
}

/// The readings of a version, in the order in which they were begun.
#[derive(Debug, Clone, Default)]
pub(super) struct Readings(Vec<Reading>);

/// The entry for a reading.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// `load_file.mapping`.
    pub(super) mapping: String,
    /// The entries of earlier readings, whose rows give way.
    pub(super) superseded: Vec<i32>,
}

impl Readings {
    /// What is known of the version as a mapping with this fingerprint reads it.
    pub(super) fn known(&self, mapping: &str) -> Known {
        match self.last() {
            Some(last) if last.is_past => Known::New,
            Some(last) if last.is_by(mapping) && last.loaded => Known::Loaded,
            Some(last) if last.is_by(mapping) => Known::Begun,
            _ => Known::New,
        }
    }

    /// The entry for reading it by a mapping with this fingerprint: the one that goes on or is
    /// loaded, or one after all that have rows.
    pub(super) fn place(&self, mapping: &str) -> Place {
        let last = self.last().map(|last| last.id);
        let own = || self.0.iter().filter(|reading| reading.is_by(mapping));
        let current =
            own().rfind(|reading| !reading.is_past && last.is_none_or(|last| reading.id >= last));
        let before = self.0.iter().filter(|reading| {
            reading.begun && current.is_none_or(|current| reading.id < current.id)
        });
        Place {
            superseded: before.map(|reading| reading.id).collect(),
            mapping: match (current, own().count()) {
                (Some(current), _) => current.mapping.clone(),
                (None, 0) => mapping.to_owned(),
                (None, earlier) => format!("{}{AGAIN}{}", kept(mapping), earlier + 1),
            },
        }
    }

    fn last(&self) -> Option<&Reading> {
        self.0.iter().rfind(|reading| reading.begun)
    }
}

impl Reading {
    fn is_by(&self, mapping: &str) -> bool {
        match self.mapping.split_once(AGAIN) {
            Some((before, _)) => before == kept(mapping),
            None => self.mapping == mapping,
        }
    }
}

fn kept(mapping: &str) -> &str {
    mapping.get(..KEPT).unwrap_or(mapping)
}

/// The readings of each of these versions, in the order given.
pub(super) async fn readings(
    connection: &mut PgConnection,
    by: ReadBy,
    objects: &[&ObjectVersion],
) -> LoadResult<Vec<Readings>> {
    let column = |of: fn(&ObjectVersion) -> &str| -> Vec<&str> {
        objects.iter().map(|object| of(object)).collect()
    };
    let rows: Vec<(i64, i32, String, bool, bool, bool)> = sqlx::query_as(
        "SELECT position, file.id, file.mapping, file.state = 'loaded', \
           file.state = 'loaded' OR checkpoint.file_id IS NOT NULL, \
           $5 AND file.state = 'loaded' AND file.last_run_id <> $6 \
         FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) \
           WITH ORDINALITY AS found (bucket, key, etag, version_id, position) \
         JOIN load_file AS file ON file.bucket = found.bucket \
           AND file.object_key = found.key AND file.etag = found.etag \
           AND file.version_id = found.version_id \
         LEFT JOIN load_checkpoint AS checkpoint ON checkpoint.file_id = file.id \
         ORDER BY file.id",
    )
    .bind(column(|object| &object.bucket))
    .bind(column(|object| &object.key))
    .bind(column(|object| &object.etag))
    .bind(column(|object| object.version_id.as_deref().unwrap_or_default()))
    .bind(by.again)
    .bind(by.run)
    .fetch_all(connection)
    .await?;
    let mut of: HashMap<i64, Readings> = HashMap::new();
    for (position, id, mapping, loaded, begun, is_past) in rows {
        of.entry(position).or_default().0.push(Reading { id, mapping, loaded, begun, is_past });
    }
    Ok((1..).zip(objects).map(|(position, _)| of.remove(&position).unwrap_or_default()).collect())
}

/// What is known of each of these versions in the format of its mapping, in the order given.
pub(crate) async fn known(
    connection: &mut PgConnection,
    by: ReadBy,
    objects: &[ObjectVersion],
    mappings: &[&str],
) -> LoadResult<Vec<Known>> {
    let objects: Vec<&ObjectVersion> = objects.iter().collect();
    let readings = readings(connection, by, &objects).await?;
    Ok(readings.iter().zip(mappings).map(|(readings, mapping)| readings.known(mapping)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By id from 1: the mapping, and whether it is begun and loaded.
    fn of(readings: &[(&str, bool, bool)]) -> Readings {
        let reading = |(id, (mapping, begun, loaded)): (i32, &(&str, bool, bool))| Reading {
            id,
            mapping: (*mapping).to_owned(),
            loaded: *loaded,
            begun: *begun,
            is_past: false,
        };
        Readings((1..).zip(readings).map(reading).collect())
    }

    #[test]
    fn the_reading_begun_last_holds() {
        let (loaded, begun, entered) = ((true, true), (true, false), (false, false));
        let with = |mapping, (begun, loaded)| (mapping, begun, loaded);
        let place = |mapping: &str, superseded: &[i32]| Place {
            mapping: mapping.to_owned(),
            superseded: superseded.to_vec(),
        };
        for (readings, known, entry) in [
            (vec![], Known::New, place("a", &[])),
            (vec![with("a", loaded)], Known::Loaded, place("a", &[])),
            (vec![with("a", begun)], Known::Begun, place("a", &[])),
            (vec![with("a", entered)], Known::New, place("a", &[])),
            (vec![with("b", loaded)], Known::New, place("a", &[1])),
            (vec![with("b", loaded), with("a", loaded)], Known::Loaded, place("a", &[1])),
            (vec![with("a", loaded), with("b", entered)], Known::Loaded, place("a", &[])),
            (vec![with("a", loaded), with("b", begun)], Known::New, place("a+2", &[1, 2])),
            (vec![with("a", entered), with("b", loaded)], Known::New, place("a+2", &[2])),
            (
                vec![with("a", loaded), with("b", loaded), with("a+2", begun)],
                Known::Begun,
                place("a+2", &[1, 2]),
            ),
            (
                vec![
                    with("a", loaded),
                    with("b", loaded),
                    with("a+2", loaded),
                    with("b+2", loaded),
                ],
                Known::New,
                place("a+3", &[1, 2, 3, 4]),
            ),
        ] {
            let of = of(&readings);
            assert_eq!((of.known("a"), of.place("a")), (known, entry), "{readings:?}");
        }
        let plain = of(&[("", true, true), ("b", true, true)]);
        assert_eq!((plain.known(""), plain.place("")), (Known::New, place("+2", &[1, 2])));
        assert_eq!(plain.known("b"), Known::Loaded);
        let long = "0123456789abcdef".repeat(2);
        let readings = of(&[(&long, true, true), ("b", true, true)]);
        let again = readings.place(&long).mapping;
        assert!(again.len() <= 32, "{again}");
        let readings = of(&[(&long, true, true), ("b", true, true), (&again, true, true)]);
        assert_eq!(readings.known(&long), Known::Loaded);
        assert_eq!(readings.known(""), Known::New);
    }
}
