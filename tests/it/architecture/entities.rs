//! The entities and the GraphQL types against the migrated database.

use std::collections::BTreeMap;

use salesgraph::catalog::Kind;
use salesgraph::dataset;
use salesgraph::graphql::model::{FieldValue, Shape};
use salesgraph::graphql::types;
use sea_orm::{ColumnTrait, ColumnType, EntityTrait, Iden, Iterable, PrimaryKeyToColumn};
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

async fn check<E: EntityTrait>(pool: &PgPool) -> String {
    let table = E::default().table_name().to_owned();
    let declared: Columns = E::Column::iter()
        .map(|column| {
            let definition = column.def();
            let ty = match definition.get_column_type() {
                // An enumeration is stored as its codes.
                ColumnType::Enum { .. } => panic!("{table} has a Postgres enum"),
                ty => postgres_type(ty),
            };
            (column.to_string(), (ty, definition.is_null()))
        })
        .collect();
    assert_eq!(declared, columns(pool, &table).await, "{table}");
    let key: Vec<String> = E::PrimaryKey::iter().map(|key| key.into_column().to_string()).collect();
    assert_eq!(key, primary_key(pool, &table).await, "{table}");
    table
}

#[tokio::test]
async fn entities_are_what_the_migrations_make() {
    let db = database().await;
    let mut checked = vec![
        check::<entity::currency_rate::Entity>(&db.pool).await,
        check::<entity::customer::Entity>(&db.pool).await,
        check::<entity::demand_forecast_date::Entity>(&db.pool).await,
        check::<entity::demand_forecast_span::Entity>(&db.pool).await,
        check::<entity::demand_forecast_stock::Entity>(&db.pool).await,
        check::<entity::load_checkpoint::Entity>(&db.pool).await,
        check::<entity::load_file::Entity>(&db.pool).await,
        check::<entity::load_parked::Entity>(&db.pool).await,
        check::<entity::load_reject::Entity>(&db.pool).await,
        check::<entity::load_run::Entity>(&db.pool).await,
        check::<entity::load_run_file::Entity>(&db.pool).await,
        check::<entity::load_step::Entity>(&db.pool).await,
        check::<entity::person::Entity>(&db.pool).await,
        check::<entity::product::Entity>(&db.pool).await,
        check::<entity::product_inventory::Entity>(&db.pool).await,
        check::<entity::sales_by_day::Entity>(&db.pool).await,
        check::<entity::sales_by_product_day::Entity>(&db.pool).await,
        check::<entity::sales_order::Entity>(&db.pool).await,
        check::<entity::sales_order_line::Entity>(&db.pool).await,
        check::<entity::special_offer_product::Entity>(&db.pool).await,
        check::<entity::store::Entity>(&db.pool).await,
        check::<entity::territory::Entity>(&db.pool).await,
    ];
    // Of no use to anyone as rows.
    let internal =
        ["data_change", "data_version", "derivation_due", "derivation_step", "seaql_migrations"];
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

fn kind_fits(kind: Kind, ty: &str) -> bool {
    match kind {
        Kind::Boolean => ty == "boolean",
        Kind::Small => ty == "smallint",
        Kind::Int => ty == "integer",
        Kind::Long => ty == "bigint",
        Kind::Text => ty == "text" || ty.starts_with("character varying"),
        Kind::Bytes => ty == "bytea",
        Kind::Decimal => ty.starts_with("numeric"),
        Kind::Uuid => ty == "uuid",
        Kind::Date => ty == "date",
        Kind::LocalDateTime => ty == "timestamp without time zone",
        Kind::DateTime => ty == "timestamp with time zone",
        Kind::IntList => ty == "integer[]",
    }
}

/// Columns a shape reads: name, kind, and whether null is allowed for; `None`
/// below a group that is null as a whole.
fn read_by(shape: &Shape, found: &mut Vec<(&'static str, Kind, Option<bool>)>) {
    for field in shape.fields {
        match &field.value {
            FieldValue::Column(column) | FieldValue::Code(column, _) if !column.is_computed() => {
                found.push((column.name, column.kind, Some(column.nullable)));
            }
            FieldValue::One(_, from) => found.extend(
                from.iter()
                    .filter(|column| !column.is_computed())
                    .map(|column| (column.name, column.kind, Some(column.nullable))),
            ),
            FieldValue::Group(group) => read_by(group, found),
            FieldValue::GroupUnlessNull(group, column) => {
                found.push((column.name, column.kind, Some(column.nullable)));
                let mut inner = Vec::new();
                read_by(group, &mut inner);
                found.extend(inner.into_iter().map(|(name, kind, _)| (name, kind, None)));
            }
            _ => {}
        }
    }
}

#[tokio::test]
async fn every_column_is_in_the_graphql_type_as_what_it_is() {
    let db = database().await;
    for entity in types::ALL {
        let table = entity.table.name;
        let actual = columns(&db.pool, table).await;
        let mut found = Vec::new();
        read_by(&entity.shape, &mut found);
        found.extend(entity.table.key.iter().map(|key| (key.name, key.kind, Some(key.nullable))));
        for (name, kind, nullable) in &found {
            let (ty, null) = actual.get(*name).unwrap_or_else(|| panic!("{table}.{name}"));
            assert!(kind_fits(*kind, ty), "{table}.{name} is {ty}");
            // Of a view's columns Postgres does not know it.
            let told = entity.table.is_view || nullable.is_none_or(|nullable| nullable == *null);
            assert!(told, "{table}.{name}");
        }
        for name in actual.keys().filter(|name| *name != "dialect") {
            assert!(found.iter().any(|(known, ..)| known == name), "{table}.{name} is not read");
        }
        // Pages go by the primary key, and lists below parents by real columns.
        if !entity.table.is_view {
            let key: Vec<&str> = entity.table.key.iter().map(|column| column.name).collect();
            assert_eq!(key, primary_key(&db.pool, table).await);
        }
        for field in entity.shape.fields {
            if let FieldValue::Many(of, by) = &field.value {
                let child = columns(&db.pool, of.table.name).await;
                for (column, parent) in by.iter().zip(entity.table.key) {
                    assert!(kind_fits(column.kind, &child[column.name].0), "{}", field.name);
                    assert_eq!(column.kind, parent.kind, "{}", field.name);
                }
                assert_eq!(by.len(), entity.table.key.len(), "{}", field.name);
            }
        }
    }
}

#[tokio::test]
async fn every_dataset_has_its_table_and_its_type() {
    let db = database().await;
    for dataset in dataset::ALL.iter() {
        let table = dataset.table;
        let entity = types::ALL.iter().find(|entity| entity.table.name == table);
        let entity = entity.unwrap_or_else(|| panic!("{table} has no GraphQL type"));
        let key: Vec<&str> = entity.table.key.iter().map(|column| column.name).collect();
        assert_eq!(key, dataset.key, "{table}");
        let actual = columns(&db.pool, table).await;
        for column in dataset.columns {
            let null = actual.get(column.name).map(|(_, null)| *null);
            assert_eq!(null, Some(!column.required), "{table}.{}", column.name);
        }
    }
}
