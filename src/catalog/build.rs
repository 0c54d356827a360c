//! From SeaORM's entities to tables.

use std::collections::BTreeMap;

use entity::{Codes, Visitor};
use sea_orm::sea_query::TableRef;
use sea_orm::{
    ColumnTrait, ColumnType, DbBackend, EntityTrait, IdenStatic, Iterable, PrimaryKeyToColumn,
    RelationDef, Schema,
};

use super::{Column, Enumeration, Kind, Table, ToOne};

/// All that the entity crate lists.
pub(super) fn tables() -> BTreeMap<&'static str, Table> {
    let mut tables = Tables::default();
    entity::for_each(&mut tables);
    tables.0
}

#[derive(Default)]
struct Tables(BTreeMap<&'static str, Table>);

impl Visitor for Tables {
    fn table<E: EntityTrait>(
        &mut self,
        codes: &'static [(E::Column, &'static Codes)],
        personal: &'static [E::Column],
    ) {
        self.add::<E>(codes, personal, false);
    }

    fn view<E: EntityTrait>(&mut self) {
        self.add::<E>(&[], &[], true);
    }
}

impl Tables {
    fn add<E: EntityTrait>(
        &mut self,
        codes: &'static [(E::Column, &'static Codes)],
        personal: &'static [E::Column],
        is_view: bool,
    ) {
        // The only public way to the comment of a column.
        let create = Schema::new(DbBackend::Postgres).create_table_from_entity(E::default());
        let comments = create.get_columns().iter().map(|column| {
            column.get_column_spec().comment.clone().unwrap_or_default().leak() as &'static str
        });
        let columns = E::Column::iter().zip(comments).map(|(column, comment)| {
            let name = column.as_str();
            let codes = codes.iter().find(|(of, _)| of.as_str() == name);
            let codes = codes.map(|(_, codes)| &*Box::leak(Box::new(Enumeration::of(codes))));
            let definition = column.def();
            let kind = kind(definition.get_column_type());
            let digits = digits(definition.get_column_type());
            let is_personal = personal.iter().any(|of| of.as_str() == name);
            Column { comment, codes, is_personal, digits, ..Column::derived(name, kind) }
                .or_null(definition.is_null())
        });
        let columns: &'static [Column] = columns.collect::<Vec<_>>().leak();
        let key = E::PrimaryKey::iter().filter_map(|key| {
            let name = key.into_column();
            columns.iter().find(|column| column.name == name.as_str()).copied()
        });
        let key = key.collect::<Vec<_>>().leak();
        let name = E::default().table_name();
        let comment = E::default().comment().unwrap_or_default().to_owned().leak();
        self.0.insert(name, Table { name, key, columns, is_view, comment });
    }
}

/// As far as reading goes.
fn kind(ty: &ColumnType) -> Kind {
    match ty {
        ColumnType::Boolean => Kind::Boolean,
        ColumnType::SmallInteger => Kind::Small,
        ColumnType::Integer => Kind::Int,
        ColumnType::BigInteger => Kind::Long,
        ColumnType::Decimal(_) => Kind::Decimal,
        ColumnType::Uuid => Kind::Uuid,
        ColumnType::Date => Kind::Date,
        ColumnType::DateTime => Kind::LocalDateTime,
        ColumnType::TimestampWithTimeZone => Kind::DateTime,
        ColumnType::Array(_) => Kind::IntList,
        ColumnType::Blob | ColumnType::Binary(_) | ColumnType::VarBinary(_) => Kind::Bytes,
        _ => Kind::Text,
    }
}

/// The digits of decimal numbers.
fn digits(ty: &ColumnType) -> Option<(u8, u8)> {
    let ColumnType::Decimal(Some((precision, scale))) = ty else { return None };
    Some((u8::try_from(*precision).ok()?, u8::try_from(*scale).ok()?))
}

/// The reference that a relation of an entity is.
pub(super) fn reference(relation: &RelationDef, table: fn(&str) -> &'static Table) -> ToOne {
    let from = table(&name(&relation.from_tbl));
    let to = table(&name(&relation.to_tbl));
    // In the order of the key it refers to.
    let columns = to.key.iter().filter_map(|key| {
        let mut pairs = relation.to_col.iter().zip(relation.from_col.iter());
        let (_, column) = pairs.find(|(to, _)| to.to_string() == key.name)?;
        from.column(&column.to_string()).copied()
    });
    ToOne { table: to, from: columns.collect::<Vec<_>>().leak() }
}

/// The name of a table.
pub(super) fn name(table: &TableRef) -> String {
    table.sea_orm_table().to_string()
}
