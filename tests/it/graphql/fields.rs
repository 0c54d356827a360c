//! Every field of every type gives what is in its column.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use salesgraph::catalog::Kind;
use salesgraph::graphql::model::{Field, FieldValue, ObjectType};
use salesgraph::graphql::types;
use serde_json::Value;
use sqlx::{AssertSqlSafe, Executor as _, PgPool, Row as _};

use crate::support::{Api, fixture};

/// Of each type over a table the key of a row; no two parts of one are equal.
pub(super) const ROWS: [(&str, &[&str]); 19] = [
    ("Person", &["7"]),
    ("Product", &["7"]),
    ("Customer", &["7"]),
    ("SpecialOfferProduct", &["2", "7"]),
    ("SalesOrder", &["7001"]),
    ("SalesOrderLine", &["7001", "2"]),
    ("ProductInventory", &["7", "1"]),
    ("Territory", &["7"]),
    ("Store", &["907"]),
    ("CurrencyRate", &["7"]),
    ("LoadRun", &[fixture::RUN]),
    ("LoadFile", &["1"]),
    ("LoadRunFile", &[fixture::RUN, "1"]),
    ("LoadStep", &["1"]),
    ("LoadReject", &["1", "7", "0"]),
    ("LoadParked", &["1", "9", "0"]),
    ("SourceFailure", &[fixture::RUN]),
    ("LakeTable", &["1"]),
    ("LakeSnapshot", &["1"]),
];

/// Their rows depend on each other's states; the tests of jobs, checks, reports and saved
/// queries compare their fields.
const OF_OTHER_TESTS: [&str; 4] = ["Job", "LoadFinding", "Report", "SavedQuery"];

#[tokio::test]
async fn every_field_gives_its_own_column() {
    let api = Api::start().await;
    allow_any_value(&api.db.pool).await;
    let names = |known: &mut dyn Iterator<Item = &str>| known.map(str::to_owned).collect();
    let stored = types::ALL.iter().filter(|it| !it.table.is_view);
    let stored = stored.filter(|it| !OF_OTHER_TESTS.contains(&it.shape.name));
    let of_types: BTreeSet<String> = names(&mut stored.map(|it| it.shape.name));
    assert_eq!(names(&mut ROWS.iter().map(|(name, _)| *name)), of_types, "a type is left out");
    let mut compared = 0;
    for (name, key) in ROWS {
        let entity = types::ALL.iter().find(|entity| entity.shape.name == name).unwrap();
        let row: Vec<String> = entity
            .table
            .key
            .iter()
            .zip(key)
            .map(|(column, value)| format!("{} = '{value}'", column.name))
            .collect();
        let row = row.join(" AND ");
        let keys: Vec<&str> = entity.table.key.iter().map(|column| column.name).collect();
        let set = distinct_values(&entity.shape, &keys);
        if !set.is_empty() {
            let sql = format!("UPDATE {} SET {} WHERE {row}", entity.table.name, set.join(", "));
            let done = api.db.pool.execute(AssertSqlSafe(sql)).await.unwrap();
            assert_eq!(done.rows_affected(), 1, "{name}");
        }
        let id = URL_SAFE_NO_PAD.encode(format!("{name}:{}", key.join(":")));
        let data = api
            .data(&format!(
                "{{ node(id: \"{id}\") {{ ... on {name} {{ {} }} }} }}",
                selection(&entity.shape)
            ))
            .await;
        assert_eq!(data["node"]["id"], id, "{name}");
        let stored = as_text(&api.db.pool, entity.table.name, &row).await;
        compared += compare(&entity.shape, &data["node"], &stored);
    }
    assert!(compared > 120, "{compared}");
}

/// What a run counts is the sum of what it did to its files, of which there is one.
#[tokio::test]
async fn a_run_counts_each_kind_of_rows() {
    let api = Api::start().await;
    allow_any_value(&api.db.pool).await;
    let counts = ["Read", "Inserted", "Updated", "Unchanged", "Rejected", "Parked"];
    for (number, count) in counts.iter().enumerate() {
        let sql = format!("UPDATE load_run_file SET rows_{} = {number}", count.to_lowercase());
        api.db.pool.execute(AssertSqlSafe(sql)).await.unwrap();
    }
    let fields: String = counts.iter().map(|count| format!("rows{count} ")).collect();
    let data = api.data(&format!("{{ loadRun(id: \"{}\") {{ {fields} }} }}", fixture::RUN)).await;
    for (number, count) in counts.iter().enumerate() {
        assert_eq!(data["loadRun"][format!("rows{count}")], number, "{count}");
    }
}

async fn allow_any_value(pool: &PgPool) {
    pool.execute(
        "DO $$ DECLARE rule record; BEGIN
            FOR rule IN SELECT conrelid::regclass AS owner, conname FROM pg_constraint
                        -- A coordinator hides there what is its piece of a table.
                        JOIN pg_class ON pg_class.oid = conrelid WHERE contype IN ('c', 'f') AND connamespace = 'public'::regnamespace
            LOOP EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', rule.owner, rule.conname);
            END LOOP; END $$",
    )
    .await
    .unwrap();
}

/// Assignments of a value of its own to each column that is no key. Booleans and
/// codes have too few.
fn distinct_values(shape: &'static ObjectType, keys: &[&str]) -> Vec<String> {
    let mut set = Vec::new();
    each_column(shape, &mut |field| {
        let FieldValue::Column(column) = &field.value else { return };
        if column.is_computed() || column.codes.is_some() || keys.contains(&column.name) {
            return;
        }
        let number = set.len();
        let value = match column.kind {
            Kind::Boolean => (number % 2 == 0).to_string(),
            Kind::Small | Kind::Int | Kind::Long => format!("{}", 1000 + number),
            Kind::Decimal => format!("{}.25", 1000 + number),
            Kind::Text => {
                let letter = |n: usize| char::from(b'a' + u8::try_from(n % 26).unwrap());
                format!("'{}{}'", letter(number / 26), letter(number))
            }
            Kind::Bytes => format!("'raw {number}'"),
            Kind::Uuid => format!("'00000000-0000-4000-8000-{number:012}'"),
            Kind::Date => format!("date '2003-01-01' + {number}"),
            Kind::LocalDateTime => format!("timestamp '2001-01-01' + interval '{number} days'"),
            Kind::DateTime => format!("timestamptz '2002-01-01Z' + interval '{number} days'"),
            Kind::IntList => format!("'{{{number}, 1}}'"),
            Kind::Json => format!("'{number}'"),
        };
        set.push(format!("{} = {value}", column.name));
    });
    set.sort();
    set.dedup_by(|one, other| one.split(' ').next() == other.split(' ').next());
    set
}

fn each_column(shape: &'static ObjectType, visit: &mut impl FnMut(&'static Field)) {
    for field in shape.fields {
        match &field.value {
            FieldValue::Group(group) | FieldValue::GroupUnlessNull(group, _) => {
                each_column(group, visit);
            }
            _ => visit(field),
        }
    }
}

fn selection(shape: &'static ObjectType) -> String {
    let fields = shape.fields.iter().map(|field| match &field.value {
        FieldValue::Group(group) | FieldValue::GroupUnlessNull(group, _) => {
            format!("{} {{ {} }}", field.name, selection(group))
        }
        // What is related, and what is measured of it, is read in tests of its own.
        FieldValue::One(..)
        | FieldValue::Many(..)
        | FieldValue::Sales(..)
        | FieldValue::Converted(..) => "__typename".to_owned(),
        _ => field.name.to_owned(),
    });
    fields.collect::<Vec<_>>().join(" ")
}

async fn as_text(pool: &PgPool, table: &str, row: &str) -> BTreeMap<String, Option<String>> {
    let names: Vec<String> = sqlx::query_scalar(
        "SELECT attname::text FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0",
    )
    .bind(table)
    .fetch_all(pool)
    .await
    .unwrap();
    let values: Vec<String> = names.iter().map(|name| format!("{name}::text")).collect();
    let sql =
        format!("SET timezone = 'UTC'; SELECT {} FROM {table} WHERE {row}", values.join(", "));
    let row = pool.fetch_one(AssertSqlSafe(sql)).await.unwrap();
    names.into_iter().enumerate().map(|(index, name)| (name, row.get(index))).collect()
}

/// How many fields were compared, none with a value that another one of its kind has.
fn compare(
    shape: &'static ObjectType,
    answer: &Value,
    stored: &BTreeMap<String, Option<String>>,
) -> usize {
    let mut seen = BTreeSet::new();
    let mut compared = 0;
    let mut next = vec![(shape, answer)];
    while let Some((shape, answer)) = next.pop() {
        for field in shape.fields {
            let place = format!("{}.{}", shape.name, field.name);
            let given = &answer[field.name];
            match &field.value {
                FieldValue::Group(group) | FieldValue::GroupUnlessNull(group, _) => {
                    next.push((group, given));
                }
                FieldValue::Column(column) if !column.is_computed() => {
                    let stored = stored[column.name].as_deref().expect(&place);
                    compared += 1;
                    if let Some(codes) = column.codes {
                        assert_eq!(given, codes.value(stored).expect(&place).name, "{place}");
                        continue;
                    }
                    assert_eq!(shown(given, column.kind), stored, "{place}");
                    let is_new = seen.insert((column.kind as u8, stored.to_owned()));
                    assert!(is_new || column.kind == Kind::Boolean, "{place} could be another");
                }
                _ => {}
            }
        }
    }
    compared
}

/// A value of an answer as Postgres writes it.
fn shown(given: &Value, kind: Kind) -> String {
    let text = given.as_str().map_or_else(|| given.to_string(), str::to_owned);
    match kind {
        Kind::LocalDateTime => text.replace('T', " "),
        Kind::DateTime => text.replace('T', " ").replace('Z', "+00"),
        Kind::IntList => text.replace('[', "{").replace(']', "}"),
        Kind::Bytes => text.bytes().fold("\\x".to_owned(), |hex, byte| format!("{hex}{byte:02x}")),
        _ => text,
    }
}
