//! Builds a type from the entity of its table: an explicit list of what is shown.

use std::marker::PhantomData;

use sea_orm::{ColumnTrait, EntityTrait, RelationTrait};

use super::model::{
    Aggregate, Field, FieldValue, Inputs, Keyword, ObjectType, Path, Roots, SearchColumns, Type,
    TypeRef,
};
use crate::catalog::{self, Column, ToOne};
use crate::query::may_be_hidden;

/// A type while it is built.
pub(crate) struct TypeBuilder<E> {
    fields: Vec<Field>,
    roots: Roots,
    inputs: Inputs,
    over: PhantomData<E>,
}

impl Type {
    /// The type of this name over the rows of an entity's table.
    pub(crate) fn over<E: EntityTrait>(name: &'static str, build: fn(&mut TypeBuilder<E>)) -> Self {
        let table = catalog::table::<E>();
        let mut parts = TypeBuilder {
            fields: vec![Field::ID],
            roots: Roots::default(),
            inputs: Inputs::default(),
            over: PhantomData,
        };
        build(&mut parts);
        let TypeBuilder { fields, roots, inputs, .. } = parts;
        let shape = ObjectType { name, description: table.description(), fields: fields.leak() };
        Self { table, shape, roots, inputs }
    }
}

impl<E: EntityTrait> TypeBuilder<E> {
    /// A root field by the key.
    pub(crate) fn by_key(&mut self) {
        self.roots.by_key = true;
    }

    /// A root field that lists the rows; `all` says which.
    pub(crate) fn list(&mut self, name: &'static str, all: &str) {
        self.roots.list = Some((name, self.list_description(all, "")));
    }

    /// The same where the dataset need not be loaded.
    pub(crate) fn optional_list(&mut self, name: &'static str, all: &str) {
        let empty = "; empty while none are loaded";
        self.roots.list = Some((name, self.list_description(all, empty)));
    }

    fn list_description(&self, all: &str, empty: &str) -> String {
        let key: Vec<String> = catalog::table::<E>().key.iter().map(Column::api_name).collect();
        let key = key.join(" and ");
        format!("{all}, by default ordered by {key}{empty}. Null only together with an error.")
    }

    /// Columns under their own names and wordings.
    pub(crate) fn columns<const N: usize>(&mut self, columns: [E::Column; N]) {
        self.fields.extend(columns.map(|column| Field::column(catalog::column(column))));
    }

    /// A column under another name.
    pub(crate) fn column_as(&mut self, name: &'static str, column: E::Column) {
        self.field(Field::column_as(name, catalog::column(column)));
    }

    /// A value that SQL computes from the row.
    pub(crate) fn computed(&mut self, column: Column, description: &'static str) {
        self.computed_as(Box::leak(Box::new(column)), description);
    }

    /// The same of a column that others read, too.
    pub(crate) fn computed_as(&mut self, column: &'static Column, description: &'static str) {
        let value = FieldValue::Column(column);
        self.field(Field { name: column.api_name().leak(), description, value });
    }

    /// The row that this one refers to; null where a column of the reference is.
    pub(crate) fn one(
        &mut self,
        name: &'static str,
        to: TypeRef,
        relation: E::Relation,
        description: &'static str,
    ) {
        let ToOne { table, from } = catalog::to_one(relation);
        let (from, description) = if may_be_hidden(catalog::table::<E>(), table) {
            let from: Vec<Column> = from.iter().map(|column| column.nullable()).collect();
            let hidden = " Null, too, where the caller may not see it.";
            (&*from.leak(), &*format!("{description}{hidden}").leak())
        } else {
            (from, description)
        };
        self.field(Field { name, description, value: FieldValue::One(to, from) });
    }

    /// The rows that refer to this one by a relation of theirs.
    pub(crate) fn many(
        &mut self,
        name: &'static str,
        of: TypeRef,
        relation: impl RelationTrait,
        description: &'static str,
    ) {
        let value = FieldValue::Many(of, catalog::to_many(relation).by);
        self.field(Field { name, description, value });
    }

    /// Any field.
    pub(crate) fn field(&mut self, field: Field) {
        self.fields.push(field);
    }

    /// The name of its filter.
    pub(crate) fn filter(&mut self, name: &'static str) {
        self.inputs.filter = Some(name);
    }

    /// A filter and orders by a row that it refers to over others.
    pub(crate) fn path(&mut self, name: &'static str, to: TypeRef, through: &[ToOne]) {
        self.inputs.paths.push(Path { name, to, through: through.to_vec() });
    }

    /// A filter by words.
    pub(crate) fn keyword(&mut self, description: &'static str, searched: SearchColumns) {
        self.inputs.keyword = Some(Keyword { description, searched });
    }

    /// An order by the number of rows that refer to it.
    pub(crate) fn order_by_count(
        &mut self,
        name: &'static str,
        relation: impl RelationTrait,
        rows: &str,
    ) {
        let description = format!("By the number of its {rows}.");
        let of = catalog::to_many(relation);
        self.inputs.aggregates.push(Aggregate { name, description, of, sum: None });
    }

    /// An order by a sum over the rows that refer to it.
    pub(crate) fn order_by_sum(
        &mut self,
        name: &'static str,
        relation: impl RelationTrait,
        column: impl ColumnTrait,
        rows: &str,
    ) {
        let column = catalog::column(column);
        let what = column.api_name();
        let description = format!("By the sum of {what} of its {rows}; 0 without {rows}.");
        let of = catalog::to_many(relation);
        self.inputs.aggregates.push(Aggregate { name, description, of, sum: Some(column) });
    }
}
