//! What changes in a table, as a REST catalogue is told it.

use serde_json::{Value as Json, json};

use super::metadata::{MAIN, Snapshot, TableMetadata};

/// What must hold for a change, and what changes; `None` if nothing does. Columns, the current
/// snapshot, and which others there are: a program that writes a table changes no more.
pub(in crate::lake) fn between(
    old: &TableMetadata,
    new: &TableMetadata,
) -> Option<(Vec<Json>, Vec<Json>)> {
    let main = old.current().map(|snapshot| snapshot.snapshot_id);
    let spec = old.default_spec_id;
    let mut requirements = vec![
        json!({"type": "assert-table-uuid", "uuid": old.table_uuid}),
        json!({"type": "assert-default-spec-id", "default-spec-id": spec}),
        json!({"type": "assert-ref-snapshot-id", "ref": MAIN, "snapshot-id": main}),
    ];
    let mut updates = Vec::new();
    let is_known = |id: i32| old.schemas.iter().any(|schema| schema.schema_id == id);
    if new.current_schema_id != old.current_schema_id {
        let (id, last) = (old.current_schema_id, old.last_column_id);
        requirements.extend([
            json!({"type": "assert-current-schema-id", "current-schema-id": id}),
            json!({"type": "assert-last-assigned-field-id", "last-assigned-field-id": last}),
        ]);
        let mut current = new.current_schema_id;
        if !is_known(current) {
            let (schema, _) = new.schema();
            let last = new.last_column_id;
            updates.push(json!({"action": "add-schema", "schema": schema, "last-column-id": last}));
            // The one that was added last.
            current = -1;
        }
        updates.push(json!({"action": "set-current-schema", "schema-id": current}));
    }
    let has = |table: &TableMetadata, id: i64| {
        table.snapshots().iter().any(|snapshot| snapshot.snapshot_id == id)
    };
    for snapshot in new.snapshots().iter().filter(|one| !has(old, one.snapshot_id)) {
        updates.push(json!({"action": "add-snapshot", "snapshot": snapshot}));
        // How long a branch is kept is for whoever has said it.
        let mut named = old.refs.get(MAIN).cloned().unwrap_or_else(|| json!({"type": "branch"}));
        if let Some(named) = named.as_object_mut() {
            named.insert("action".to_owned(), json!("set-snapshot-ref"));
            named.insert("ref-name".to_owned(), json!(MAIN));
            named.insert("snapshot-id".to_owned(), json!(snapshot.snapshot_id));
        }
        updates.push(named);
    }
    let gone = old.snapshots().iter().map(|one| one.snapshot_id).filter(|id| !has(new, *id));
    let gone: Vec<i64> = gone.collect();
    if !gone.is_empty() {
        updates.push(json!({"action": "remove-snapshots", "snapshot-ids": gone}));
    }
    (!updates.is_empty()).then_some((requirements, updates))
}

/// The snapshots that the current one has come of since another, with the current one; `None` if
/// it has not come of that other. Without another, all that are still there.
pub(in crate::lake) fn since(table: &TableMetadata, id: Option<i64>) -> Option<Vec<&Snapshot>> {
    let mut found = Vec::new();
    let mut next = table.current();
    // As many steps as there are snapshots; the parent of the last may be there no longer.
    for _ in table.snapshots() {
        let Some(own) = next else { break };
        if Some(own.snapshot_id) == id {
            return Some(found);
        }
        found.push(own);
        if id.is_some() && own.parent_snapshot_id == id {
            return Some(found);
        }
        let mut all = table.snapshots().iter();
        next = all.find(|one| Some(one.snapshot_id) == own.parent_snapshot_id);
    }
    id.is_none().then_some(found)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::column::Type;
    use super::super::schema::Wanted;
    use super::*;

    fn wanted(name: &str) -> Wanted<'_> {
        Wanted { name, ty: Type::Int, required: true, is_key: false, doc: "" }
    }

    fn snapshot(id: i64) -> Snapshot {
        Snapshot {
            snapshot_id: id,
            parent_snapshot_id: None,
            sequence_number: id,
            timestamp_ms: id,
            manifest_list: "s3://b/list".to_owned(),
            summary: BTreeMap::new(),
            schema_id: Some(0),
        }
    }

    fn actions(old: &TableMetadata, new: &TableMetadata) -> Vec<Json> {
        let (_, updates) = between(old, new).unwrap_or_default();
        updates.iter().map(|update| update["action"].clone()).collect()
    }

    #[test]
    fn a_table_that_was_rolled_back_does_not_descend_from_what_is_gone() {
        let mut table = TableMetadata::create("s3://b/t", &[wanted("id")], None);
        let since = |table: &TableMetadata, id: i64| -> Option<Vec<i64>> {
            let found = since(table, Some(id))?;
            Some(found.iter().map(|one| one.snapshot_id).collect())
        };
        assert_eq!(since(&table, 1), None);
        for (id, parent) in [(1, None), (2, Some(1)), (3, Some(2))] {
            table.push(Snapshot { parent_snapshot_id: parent, ..snapshot(id) });
        }
        assert_eq!(since(&table, 1), Some(vec![3, 2]));
        assert_eq!((since(&table, 3), since(&table, 4)), (Some(Vec::new()), None));
        assert_eq!(super::since(&table, None).map(|found| found.len()), Some(3));
        table.expire(i64::MAX);
        assert_eq!(since(&table, 2), Some(vec![3]), "its child names it");
        assert_eq!(since(&table, 1), None);
        table.push(Snapshot { parent_snapshot_id: Some(2), ..snapshot(4) });
        assert_eq!(since(&table, 3), None, "the third is beside it");
    }

    #[test]
    fn what_differs_is_told() {
        let mut table = TableMetadata::create("s3://b/t", &[wanted("id")], None);
        assert!(between(&table, &table).is_none());
        let old = table.clone();
        table.push(snapshot(1));
        assert_eq!(actions(&old, &table), ["add-snapshot", "set-snapshot-ref"]);
        let (requirements, updates) = between(&old, &table).unwrap();
        assert_eq!(requirements[1]["default-spec-id"], 0);
        assert_eq!(requirements[2]["snapshot-id"], Json::Null, "there was none");
        let main = json!({"action": "set-snapshot-ref", "ref-name": "main", "type": "branch", "snapshot-id": 1});
        assert_eq!(updates[1], main);

        let mut old = table.clone();
        old.refs.insert(
            MAIN.to_owned(),
            json!({"type": "branch", "snapshot-id": 1, "max-ref-age-ms": 5}),
        );
        table.evolve(&[wanted("id"), wanted("size")]);
        table.push(snapshot(2));
        table.expire(i64::MAX);
        let all = [
            "add-schema", "set-current-schema", "add-snapshot", "set-snapshot-ref",
            "remove-snapshots",
        ];
        assert_eq!(actions(&old, &table), all);
        let (requirements, updates) = between(&old, &table).unwrap();
        assert_eq!(requirements[2]["snapshot-id"], 1);
        assert_eq!(
            (&updates[0]["last-column-id"], &updates[1]["schema-id"]),
            (&json!(2), &json!(-1))
        );
        assert_eq!(updates[3]["max-ref-age-ms"], 5);
        assert_eq!(updates[4]["snapshot-ids"], json!([1]));

        let with_both = table.clone();
        table.evolve(&[wanted("id")]);
        let (_, updates) = between(&with_both, &table).unwrap();
        assert_eq!(updates, [json!({"action": "set-current-schema", "schema-id": 0})]);
    }
}
