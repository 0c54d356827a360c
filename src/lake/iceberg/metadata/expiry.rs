//! Which snapshots and files of metadata a table still has.

use std::collections::BTreeMap;

use super::{LoggedMetadata, MAIN, Snapshot, TableMetadata};

impl TableMetadata {
    /// Whether each snapshot has come of the one before it, and all are of one branch: then a
    /// file that has gone never comes back.
    pub(in crate::lake) fn is_line(&self) -> bool {
        let pairs = self.snapshots.iter().zip(self.snapshots.iter().skip(1));
        self.refs.keys().all(|name| name == MAIN)
            && pairs.into_iter().all(|(one, next)| next.parent_snapshot_id == Some(one.snapshot_id))
    }

    /// Takes out the snapshots that were replaced before a time, except those that are still
    /// referred to. Their age does not count: a reader may have begun with the last one a
    /// moment before it was replaced.
    pub(in crate::lake) fn expire(&mut self, before_ms: i64) -> Vec<Snapshot> {
        let named: Vec<i64> =
            self.refs.values().filter_map(|named| named.get("snapshot-id")?.as_i64()).collect();
        let replaced = self.replaced_ms();
        let all = std::mem::take(&mut self.snapshots);
        let (kept, expired) = all.into_iter().partition(|snapshot: &Snapshot| {
            let id = snapshot.snapshot_id;
            named.contains(&id) || replaced.get(&id).is_none_or(|time| *time >= before_ms)
        });
        self.snapshots = kept;
        let is_kept = |id: i64| self.snapshots.iter().any(|snapshot| snapshot.snapshot_id == id);
        // As the specification has it: from the last that is not kept on.
        let first = self.snapshot_log.iter().rposition(|logged| !is_kept(logged.snapshot_id));
        self.snapshot_log.drain(..first.map_or(0, |last| last + 1));
        expired
    }

    /// When snapshots were replaced. The log tells it of those that have been current; of
    /// others the time of the next one is taken.
    fn replaced_ms(&self) -> BTreeMap<i64, i64> {
        let mut times: Vec<i64> = self.snapshots.iter().map(|one| one.timestamp_ms).collect();
        times.sort_unstable();
        let after = |time: i64| times.get(times.partition_point(|other| *other <= time)).copied();
        let by_time = |one: &Snapshot| Some((one.snapshot_id, after(one.timestamp_ms)?));
        let mut replaced: BTreeMap<i64, i64> = self.snapshots.iter().filter_map(by_time).collect();
        let next = self.snapshot_log.iter().skip(1);
        let logged = self.snapshot_log.iter().zip(next);
        replaced.extend(logged.map(|(one, next)| (one.snapshot_id, next.timestamp_ms)));
        if let Some(current) = self.current_snapshot_id {
            replaced.remove(&current);
        }
        replaced
    }

    /// Names the file that this one comes after, and tells those that are not named any more:
    /// they were replaced before a time.
    pub(in crate::lake) fn follow(
        &mut self,
        file: &str,
        its_time_ms: i64,
        before_ms: i64,
    ) -> Vec<String> {
        self.metadata_log
            .push(LoggedMetadata { timestamp_ms: its_time_ms, metadata_file: file.to_owned() });
        let next = self.metadata_log.iter().skip(1).map(|logged| logged.timestamp_ms);
        let replaced = next.chain([self.last_updated_ms]);
        let gone = replaced.take_while(|time| *time < before_ms).count();
        self.metadata_log.drain(..gone).map(|logged| logged.metadata_file).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::super::column::Type;
    use super::super::super::schema::Wanted;
    use super::super::LoggedSnapshot;
    use super::*;

    fn wanted(name: &str) -> Wanted<'_> {
        Wanted { name, ty: Type::Int, required: true, is_key: name == "id", doc: "" }
    }

    /// A table with snapshots of these times.
    fn table_of(times: &[i64]) -> TableMetadata {
        let mut table = TableMetadata::create("s3://b/t", &[wanted("id")], None);
        for (id, time) in (1..).zip(times) {
            table.push(Snapshot {
                snapshot_id: id,
                parent_snapshot_id: (id > 1).then_some(id - 1),
                sequence_number: table.next_sequence_number(),
                timestamp_ms: *time,
                manifest_list: String::new(),
                summary: BTreeMap::new(),
                schema_id: Some(0),
            });
        }
        table
    }

    fn expired(table: &mut TableMetadata, before: i64) -> Vec<i64> {
        table.expire(before).iter().map(|one| one.snapshot_id).collect()
    }

    #[test]
    fn snapshots_expire_a_term_after_they_were_replaced() {
        let mut table = table_of(&[10, 20, 500]);
        assert_eq!(expired(&mut table, 20), [0; 0], "the first one was current until 20");
        assert_eq!(expired(&mut table, 21), [1]);
        assert_eq!(table.snapshot_log.len(), 2);
        assert_eq!(expired(&mut table, 500), [0; 0], "the second one was current until 500");
        assert_eq!(expired(&mut table, i64::MAX), [2]);
        assert_eq!(table.current().map(|it| it.snapshot_id), Some(3));
        let bytes = table.to_bytes().unwrap();
        let read = TableMetadata::parse(&bytes, "here").unwrap();
        assert_eq!(read.to_bytes().unwrap(), bytes);
        assert!(TableMetadata::parse(b"{}", "here").is_err());
    }

    #[test]
    fn a_snapshot_that_was_current_again_was_replaced_later() {
        let mut table = table_of(&[10, 20, 30]);
        // Another program has rolled it back, and the next snapshot came of the first.
        table.snapshot_log.push(LoggedSnapshot { timestamp_ms: 40, snapshot_id: 1 });
        assert!(table.is_line());
        table.push(Snapshot {
            snapshot_id: 4,
            parent_snapshot_id: Some(1),
            timestamp_ms: 50,
            ..table.snapshots[0].clone()
        });
        assert!(!table.is_line());
        assert_eq!(expired(&mut table, 45), [2, 3]);
        table.refs.insert("tag".to_owned(), json!({"snapshot-id": 1, "type": "tag"}));
        assert_eq!(expired(&mut table, i64::MAX), [0; 0], "a tag keeps it");
        assert!(!table.is_line());
    }

    #[test]
    fn metadata_files_are_named_until_a_term_after_they_were_replaced() {
        let mut table = table_of(&[100]);
        assert_eq!(table.follow("a", 10, 100), [""; 0]);
        table.touch(200);
        assert_eq!(table.follow("b", 100, 100), [""; 0], "the first one was current until 100");
        table.touch(300);
        assert_eq!(table.follow("c", 200, 101), ["a"]);
        table.touch(400);
        assert_eq!(table.follow("d", 300, i64::MAX), ["b", "c", "d"]);
    }
}
