//! The columns of a table over time.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::column::{Field, Type};

/// A schema.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Schema {
    #[serde(rename = "type")]
    ty: String,
    pub(super) schema_id: i32,
    #[serde(default)]
    identifier_field_ids: Vec<i32>,
    pub(super) fields: Vec<SchemaField>,
}

/// A column of a schema.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct SchemaField {
    pub(super) id: i32,
    pub(super) name: String,
    required: bool,
    #[serde(rename = "type")]
    ty: Json,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    doc: Option<String>,
}

/// A column that a table is to have.
#[derive(Debug)]
pub(in crate::lake) struct Wanted<'a> {
    pub(in crate::lake) name: &'a str,
    pub(in crate::lake) ty: Type,
    pub(in crate::lake) required: bool,
    /// Whether it is of the key.
    pub(in crate::lake) is_key: bool,
    pub(in crate::lake) doc: &'a str,
}

impl Schema {
    /// The columns of which it was made, with their ids.
    pub(super) fn columns(&self, wanted: &[Wanted<'_>]) -> Vec<Field> {
        let field = |(column, field): (&Wanted<'_>, &SchemaField)| Field {
            id: field.id,
            name: field.name.clone(),
            ty: column.ty,
            required: field.required,
        };
        wanted.iter().zip(&self.fields).map(field).collect()
    }

    /// Those of these columns that it has.
    pub(super) fn present(&self, wanted: &[Wanted<'_>]) -> Vec<Field> {
        let field = |column: &Wanted<'_>| {
            let field = self.fields.iter().find(|field| field.name == column.name)?;
            let (id, name, required) = (field.id, field.name.clone(), field.required);
            Some(Field { id, name, ty: column.ty, required })
        };
        wanted.iter().filter_map(field).collect()
    }
}

/// The schema of a new table.
pub(super) fn first(columns: &[Wanted<'_>]) -> Schema {
    schema_of(columns, 0, |_| None, &mut 0, true)
}

/// The schema of a table that has had others, and the last id of a column. A column has the id
/// that one of its name and type has had before, a new one a new id. So a column that changes
/// its type is another one: files that have the former are never read as the latter.
pub(super) fn evolve(
    schemas: &[Schema],
    columns: &[Wanted<'_>],
    last_column_id: i32,
) -> (Schema, i32) {
    let known = |column: &Wanted<'_>| {
        let ty = Json::from(column.ty.name());
        let mut all = schemas.iter().rev().flat_map(|schema| &schema.fields);
        let found = all.find(|field| field.name == column.name && field.ty == ty)?;
        Some((found.id, found.required))
    };
    let mut last = last_column_id;
    let next_id = schemas.iter().map(|schema| schema.schema_id).max().unwrap_or(-1) + 1;
    let wanted = schema_of(columns, next_id, known, &mut last, false);
    match schemas.iter().find(|schema| schema.fields == wanted.fields) {
        Some(same) => (same.clone(), last_column_id),
        None => (wanted, last),
    }
}

/// A schema of these columns. A column that is added later may be null in older files.
fn schema_of(
    columns: &[Wanted<'_>],
    schema_id: i32,
    known: impl Fn(&Wanted<'_>) -> Option<(i32, bool)>,
    last: &mut i32,
    is_first: bool,
) -> Schema {
    let mut identifier_field_ids = Vec::new();
    let mut fields = Vec::new();
    for column in columns {
        let (id, required) = match known(column) {
            Some((id, was_required)) => (id, was_required && column.required),
            None => {
                *last += 1;
                (*last, column.required && is_first)
            }
        };
        if column.is_key && required {
            identifier_field_ids.push(id);
        }
        let doc = (!column.doc.is_empty()).then(|| column.doc.to_owned());
        let (name, ty) = (column.name.to_owned(), column.ty.name().into());
        fields.push(SchemaField { id, name, required, ty, doc });
    }
    Schema { ty: "struct".to_owned(), schema_id, identifier_field_ids, fields }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ids, and whether they are required, of columns with these names and types. Those that
    /// are named `id` are the key.
    fn evolved(schemas: &mut Vec<Schema>, columns: &[(&str, Type)]) -> (Vec<(i32, bool)>, i32) {
        let wanted: Vec<Wanted<'_>> = columns
            .iter()
            .map(|&(name, ty)| Wanted { name, ty, required: true, is_key: name == "id", doc: "" })
            .collect();
        let last = schemas.iter().flat_map(|it| &it.fields).map(|field| field.id).max();
        let schema = match last {
            None => first(&wanted),
            Some(last) => evolve(schemas, &wanted, last).0,
        };
        let found = schema.columns(&wanted).iter().map(|it| (it.id, it.required)).collect();
        let id = schema.schema_id;
        if schemas.iter().all(|known| known.schema_id != id) {
            schemas.push(schema);
        }
        (found, id)
    }

    const ID: (&str, Type) = ("id", Type::Int);
    const NAME: (&str, Type) = ("name", Type::String);

    #[test]
    fn a_column_keeps_its_id_when_it_goes_and_comes_back() {
        let mut schemas = Vec::new();
        let both = (vec![(1, true), (2, true)], 0);
        assert_eq!(evolved(&mut schemas, &[ID, NAME]), both);
        assert_eq!(evolved(&mut schemas, &[ID, NAME]), both, "nothing has changed");
        assert_eq!(evolved(&mut schemas, &[ID]), (vec![(1, true)], 1));
        let more = evolved(&mut schemas, &[ID, ("size", Type::Int), NAME]);
        assert_eq!(more, (vec![(1, true), (3, false), (2, true)], 2));
        assert_eq!(evolved(&mut schemas, &[ID]), (vec![(1, true)], 1));
    }

    #[test]
    fn a_column_of_another_type_is_another_column() {
        let mut schemas = Vec::new();
        let decimal = |scale| ("size", Type::Decimal { precision: 19, scale });
        assert_eq!(evolved(&mut schemas, &[ID, decimal(4)]).0, [(1, true), (2, true)]);
        assert_eq!(evolved(&mut schemas, &[ID, decimal(6)]).0, [(1, true), (3, false)]);
        let back = evolved(&mut schemas, &[ID, decimal(4)]);
        assert_eq!(back, (vec![(1, true), (2, true)], 0));
    }
}
