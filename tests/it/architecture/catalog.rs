//! The entities against the migrated database, and what is derived from them.

use std::collections::{BTreeMap, BTreeSet};

use entity::{Codes, Visitor};
use salesgraph::catalog;
use salesgraph::dataset;
use salesgraph::graphql::model::{FieldValue, ObjectType};
use salesgraph::graphql::types;
use sea_orm::{ColumnTrait, ColumnType, EntityTrait, IdenStatic, Iterable, PrimaryKeyToColumn};
use sqlx::{PgPool, Row as _};

use crate::support::database;

/// Type as `format_type` names it, and whether it may be null.
type Columns = BTreeMap<String, (String, bool)>;

async fn columns(pool: &PgPool, table: &str) -> Columns {
    sqlx::query(
        "SELECT attname::text, format_type(atttypid, atttypmod), NOT attnotnull
         FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped",
    )
    .bind(table)
    .fetch_all(pool)
    .await
    .unwrap()
    .iter()
    .map(|row| (row.get(0), (row.get(1), row.get(2))))
    .collect()
}

async fn primary_key(pool: &PgPool, table: &str) -> Vec<String> {
    sqlx::query_scalar(
        "SELECT attname::text FROM pg_index, unnest(indkey) WITH ORDINALITY AS key(number, place)
         JOIN pg_attribute ON attnum = number
         WHERE indrelid = $1::regclass AND attrelid = indrelid AND indisprimary ORDER BY place",
    )
    .bind(table)
    .fetch_all(pool)
    .await
    .unwrap()
}

fn postgres_type(ty: &ColumnType) -> String {
    match ty {
        ColumnType::Boolean => "boolean".into(),
        ColumnType::SmallInteger => "smallint".into(),
        ColumnType::Integer => "integer".into(),
        ColumnType::BigInteger => "bigint".into(),
        ColumnType::Text => "text".into(),
        ColumnType::String(sea_orm::sea_query::StringLen::N(length)) => {
            format!("character varying({length})")
        }
        ColumnType::Decimal(Some((precision, scale))) => format!("numeric({precision},{scale})"),
        ColumnType::Decimal(None) => "numeric".into(),
        ColumnType::Uuid => "uuid".into(),
        ColumnType::Date => "date".into(),
        ColumnType::DateTime => "timestamp without time zone".into(),
        ColumnType::TimestampWithTimeZone => "timestamp with time zone".into(),
        ColumnType::JsonBinary => "jsonb".into(),
        ColumnType::VarBinary(_) | ColumnType::Blob => "bytea".into(),
        ColumnType::Array(inner) => format!("{}[]", postgres_type(inner)),
        other => panic!("{other:?} is not expected"),
    }
}

/// What the entities declare.
#[derive(Default)]
struct Declared(Vec<Table>);

struct Table {
    name: String,
    is_view: bool,
    columns: Columns,
    key: Vec<String>,
    /// By column.
    codes: BTreeMap<String, BTreeSet<String>>,
}

impl Visitor for Declared {
    fn table<E: EntityTrait>(
        &mut self,
        codes: &'static [(E::Column, &'static Codes)],
        _: &'static [E::Column],
    ) {
        self.add::<E>(codes, false);
    }

    fn view<E: EntityTrait>(&mut self) {
        self.add::<E>(&[], true);
    }
}

impl Declared {
    fn all() -> Vec<Table> {
        let mut declared = Self::default();
        entity::for_each(&mut declared);
        declared.0
    }

    fn add<E: EntityTrait>(&mut self, codes: &[(E::Column, &'static Codes)], is_view: bool) {
        let columns = E::Column::iter().map(|column| {
            let definition = column.def();
            let ty = postgres_type(definition.get_column_type());
            (column.as_str().to_owned(), (ty, definition.is_null()))
        });
        let key = E::PrimaryKey::iter().map(|key| key.into_column().as_str().to_owned());
        let codes = codes.iter().map(|(column, codes)| {
            let values = codes.values.iter().map(|value| value.code.to_owned());
            (column.as_str().to_owned(), values.collect())
        });
        self.0.push(Table {
            name: E::default().table_name().to_owned(),
            is_view,
            columns: columns.collect(),
            key: key.collect(),
            codes: codes.collect(),
        });
    }
}

#[tokio::test]
async fn entities_are_what_the_migrations_make() {
    let db = database().await;
    let mut checked = Vec::new();
    for table in Declared::all() {
        let stored = columns(&db.pool, &table.name).await;
        if table.is_view {
            // Postgres does not know which columns of a view are null.
            let types = |columns: &Columns| -> BTreeMap<String, String> {
                columns.iter().map(|(name, (ty, _))| (name.clone(), ty.clone())).collect()
            };
            assert_eq!(types(&table.columns), types(&stored), "{}", table.name);
            continue;
        }
        assert_eq!(table.columns, stored, "{}", table.name);
        assert_eq!(table.key, primary_key(&db.pool, &table.name).await, "{}", table.name);
        checked.push(table.name);
    }
    // Of no use to anyone as rows.
    let internal = [
        "api_key", "data_change", "data_version", "derivation_due", "derivation_step",
        "lake_answer", "lake_answer_group", "lake_attempt", "lake_due", "lake_removal",
        "lake_watch", "load_document_page", "load_file_key", "load_raw", "load_raw_claim",
        "load_set_aside", "schedule", "seaql_migrations", "table_version",
    ];
    checked.extend(internal.map(str::to_owned));
    checked.sort();
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public' ORDER BY 1",
    )
    .fetch_all(&db.pool)
    .await
    .unwrap();
    assert_eq!(checked, tables);
}

#[tokio::test]
async fn foreign_keys_are_the_relations_of_the_entities() {
    let db = database().await;
    let stored: BTreeSet<(String, Vec<String>, String)> = sqlx::query(
        "SELECT conrelid::regclass::text, confrelid::regclass::text, ARRAY(
             SELECT attname::text FROM unnest(conkey) WITH ORDINALITY AS key (number, place)
             JOIN pg_attribute ON attrelid = conrelid AND attnum = number ORDER BY place)
         FROM pg_constraint WHERE contype = 'f' AND connamespace = 'public'::regnamespace",
    )
    .fetch_all(&db.pool)
    .await
    .unwrap()
    .iter()
    .map(|row| (row.get(0), row.get(2), row.get(1)))
    .filter(|(table, ..): &(String, Vec<String>, String)| {
        !matches!(table.as_str(), "derivation_due" | "lake_answer_group")
    })
    .collect();
    struct Relations(BTreeSet<(String, Vec<String>, String)>);
    impl Visitor for Relations {
        fn table<E: EntityTrait>(
            &mut self,
            _: &'static [(E::Column, &'static Codes)],
            _: &'static [E::Column],
        ) {
            use sea_orm::RelationTrait as _;
            for relation in E::Relation::iter().filter(|relation| !relation.def().skip_fk) {
                let to = catalog::to_one(relation);
                let from = to.from.iter().map(|column| column.name.to_owned()).collect();
                let table = E::default().table_name().to_owned();
                self.0.insert((table, from, to.table.name.to_owned()));
            }
        }

        fn view<E: EntityTrait>(&mut self) {}
    }
    let mut declared = Relations(BTreeSet::new());
    entity::for_each(&mut declared);
    assert_eq!(declared.0, stored);
}

#[tokio::test]
async fn codes_are_what_the_checks_allow() {
    let db = database().await;
    let rules = sqlx::query(
        "SELECT conrelid::regclass::text, attname::text, pg_get_constraintdef(c.oid)
         FROM pg_constraint c
         JOIN pg_attribute a ON attrelid = conrelid AND conkey = ARRAY[attnum]
         WHERE contype = 'c' AND connamespace = 'public'::regnamespace",
    )
    .fetch_all(&db.pool)
    .await
    .unwrap();
    let mut lists: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    let mut ranges = lists.clone();
    for rule in &rules {
        let column = (rule.get(0), rule.get(1));
        let text: String = rule.get(2);
        if text.contains("ARRAY[") || text.contains("= '") {
            lists.insert(column, text.split('\'').skip(1).step_by(2).map(str::to_owned).collect());
        } else if let [from, to] = text
            .split(|character: char| !character.is_ascii_digit())
            .filter_map(|number| number.parse::<i32>().ok())
            .collect::<Vec<_>>()[..]
        {
            ranges.insert(column, (from..=to).map(|code| code.to_string()).collect());
        }
    }
    let mut checked = 0;
    for table in Declared::all() {
        for (column, codes) in table.codes {
            let place = (table.name.clone(), column);
            let allowed = lists.remove(&place).or_else(|| ranges.remove(&place));
            assert_eq!(Some(codes), allowed, "{place:?}");
            checked += 1;
        }
    }
    // Of no entity.
    lists.remove(&("lake_answer".to_owned(), "state".to_owned()));
    lists.remove(&("load_set_aside".to_owned(), "kind".to_owned()));
    assert!(lists.is_empty(), "an entity has no codes for {lists:?}");
    assert_eq!(checked, 15);
}

#[tokio::test]
async fn comments_in_postgres_are_those_of_the_catalog() {
    let db = database().await;
    for table in catalog::tables() {
        let comment = |number: i32| {
            sqlx::query_scalar::<_, Option<String>>(
                "SELECT CASE $2 WHEN 0 THEN obj_description($1::regclass, 'pg_class')
                 ELSE col_description($1::regclass, $2) END",
            )
            .bind(table.name)
            .bind(number)
            .fetch_one(&db.pool)
        };
        assert_eq!(comment(0).await.unwrap().as_deref(), Some(table.description()));
        for column in table.columns {
            let number: i32 = sqlx::query_scalar(
                "SELECT attnum::integer FROM pg_attribute
                 WHERE attrelid = $1::regclass AND attname = $2",
            )
            .bind(table.name)
            .bind(column.name)
            .fetch_one(&db.pool)
            .await
            .unwrap();
            let place = format!("{}.{}", table.name, column.name);
            assert!(!column.sql_comment().contains(['{', '}']), "{place}");
            assert_eq!(comment(number).await.unwrap(), Some(column.sql_comment()), "{place}");
        }
    }
}

/// Columns of tables that the API does not show.
const NOT_SHOWN: [(&str, &str); 18] = [
    ("sales_order_line", "territory_id"),
    // A name of a bucket is for those who may read loads.
    ("currency_rate", "raw_uri"),
    ("load_run", "job_id"),
    ("load_run", "check_counts"),
    ("load_file", "mapping"),
    ("load_file", "dialect"),
    ("load_parked", "row_key"),
    ("job", "payload"),
    ("job", "delivery"),
    ("job", "runs"),
    ("job", "trace_context"),
    ("report", "request"),
    ("report", "fingerprint"),
    ("report", "grants"),
    ("report", "territories"),
    ("report", "attempt"),
    ("report", "object_key"),
    ("saved_query", "organization"),
];

/// The columns that a type reads.
fn read_by(object: &ObjectType, found: &mut BTreeSet<&'static str>) {
    for field in object.fields {
        match &field.value {
            FieldValue::Column(column) => {
                found.insert(column.name);
            }
            FieldValue::One(_, from) => found.extend(from.iter().map(|column| column.name)),
            FieldValue::Group(group) => read_by(group, found),
            FieldValue::GroupUnlessNull(group, column) => {
                found.insert(column.name);
                read_by(group, found);
            }
            _ => {}
        }
    }
}

#[test]
fn types_show_every_column_but_those_listed() {
    let mut hidden = Vec::new();
    for ty in types::ALL.iter() {
        let mut found: BTreeSet<_> = ty.table.key.iter().map(|column| column.name).collect();
        read_by(&ty.shape, &mut found);
        let columns = ty.table.columns.iter().map(|column| column.name);
        hidden.extend(columns.filter(|it| !found.contains(it)).map(|it| (ty.table.name, it)));
    }
    assert_eq!(hidden, NOT_SHOWN);
}

#[test]
fn every_dataset_has_its_type_and_says_where_its_rows_came_from() {
    for dataset in dataset::ALL.iter() {
        let ty = types::ALL.iter().find(|ty| ty.table.name == dataset.table);
        let ty = ty.unwrap_or_else(|| panic!("{} has no GraphQL type", dataset.table));
        for column in ["source_file_id", "source_line", "loaded_at", "modified_date"] {
            assert!(ty.table.column(column).is_some(), "{}.{column}", dataset.table);
        }
        assert!(ty.shape.field("source").is_some(), "{}", dataset.table);
    }
}
