//! `saveQuery` and `deleteSavedQuery`: documents that answer at a URL.

use std::sync::LazyLock;

use entity::{saved_query, saved_query_deletion};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use crate::auth::Grant;
use crate::catalog::{column, table};
use crate::error::{Code, Error, Result};
use crate::graphql::execute::command::Command;
use crate::graphql::inputs::arguments::missing;
use crate::graphql::schema::model::{
    Argument, Field, FieldValue, Inputs, ObjectType, RootField, RootValue, Roots, Type,
};
use crate::graphql::types::SAVED_QUERY;
use crate::query::{Key, bad_argument};
use crate::report::saved_query::{MOST_BYTES, NAME, SaveQuery, delete, is_name, save};

pub(super) fn save_field() -> RootField {
    RootField {
        name: "saveQuery",
        description: "Saves a document under a name, or another under the same name. It then \
                      answers at /q/NAME.csv, .csv.gz, .ndjson, .json and .parquet: all rows of its \
                      list, with the rights of whoever asks; its variables are parameters of \
                      the URL. Null only together with an error, which is FORBIDDEN without the \
                      scopes reports:write and reports:read, or where the caller may not see \
                      what the document selects.",
        arguments: &[],
        value: RootValue::Command {
            needs: Grant::ReportsWrite,
            input: &SAVE,
            run: run_save,
            returns: &SAVED,
        },
    }
}

pub(super) fn delete_field() -> RootField {
    RootField {
        name: "deleteSavedQuery",
        description: "Deletes a saved query. Null only together with an error, which is \
                      NOT_FOUND when the caller's organisation has none of this name, and \
                      FORBIDDEN without the scopes reports:write and reports:read.",
        arguments: &[],
        value: RootValue::Command {
            needs: Grant::ReportsWrite,
            input: &DELETE,
            run: run_delete,
            returns: &DELETED,
        },
    }
}

static SAVE: [Argument; 3] = [
    Argument {
        name: "name",
        ty: "String!",
        description: "Its name: 1 to 63 lower-case letters of ASCII, digits, hyphens and \
                      underscores, of which the first is a letter or a digit.",
    },
    Argument {
        name: "document",
        ty: "String!",
        description: "A document with one list, such as \"query($min: Int) { products(filter: \
                      { productId: { gte: $min } }) { nodes { name } } }\".",
    },
    Argument {
        name: "operationName",
        ty: "String",
        description: "The operation of document, where it has several.",
    },
];

static DELETE: [Argument; 1] = [Argument { name: "name", ty: "String!", description: "Its name." }];

static SAVED: LazyLock<Type> = LazyLock::new(|| {
    let id = column(saved_query::Column::Id);
    let saved = Field {
        name: "savedQuery",
        description: "The saved query. Null only together with an error.",
        value: FieldValue::GroupUnlessNull(&SAVED_QUERY.shape, id),
    };
    payload(
        "SaveQueryPayload",
        "The result of saveQuery.",
        table::<saved_query::Entity>(),
        vec![saved],
    )
});

static DELETED: LazyLock<Type> = LazyLock::new(|| {
    use saved_query_deletion::Column;

    let fields =
        vec![Field::column(column(Column::Name)), Field::column(column(Column::DeletedAt))];
    let table = table::<saved_query_deletion::Entity>();
    payload("DeleteSavedQueryPayload", "The result of deleteSavedQuery.", table, fields)
});

fn payload(
    name: &'static str,
    description: &'static str,
    table: &'static crate::catalog::Table,
    fields: Vec<Field>,
) -> Type {
    let shape = ObjectType { name, description, fields: fields.leak() };
    Type { table, shape, roots: Roots::default(), inputs: Inputs::default() }
}

fn run_save(command: Command<'_>) -> BoxFuture<'_, Result<Key>> {
    async move {
        let name = named(command)?;
        let document = command.input.text("document")?.ok_or_else(|| missing("document"))?;
        if document.len() > MOST_BYTES {
            let message = format!("document: it may have {MOST_BYTES} bytes");
            return Err(bad_argument("document", message));
        }
        let operation = command.input.text("operationName")?;
        let checked = command.files.check_saved(&document, operation.as_deref(), command.scope);
        checked.await?;
        let query = SaveQuery { name: &name, document: &document, operation: operation.as_deref() };
        let by = command.caller.subject.as_str();
        Ok(Key::from(save(&command.commands.pool, query, command.scope, by).await?))
    }
    .boxed()
}

fn run_delete(command: Command<'_>) -> BoxFuture<'_, Result<Key>> {
    async move {
        let name = named(command)?;
        let by = command.caller.subject.as_str();
        let deleted = delete(&command.commands.pool, &name, command.scope, by).await?;
        let message = format!("name: there is no saved query {name}");
        deleted.map(Key::from).ok_or_else(|| Error::new(Code::NotFound, message))
    }
    .boxed()
}

fn named(command: Command<'_>) -> Result<String> {
    let name = command.input.text("name")?.ok_or_else(|| missing("name"))?;
    if is_name(&name) { Ok(name) } else { Err(bad_argument("name", format!("name: {NAME}"))) }
}
