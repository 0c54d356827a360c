//! Saved queries: what is saved, and how its parameters become variables.

use async_graphql::{ServerError, Variables};

use super::engine::Engine;
use super::export;
use super::response::errors::server_error;
use crate::auth::Scope;
use crate::catalog::column;
use crate::error::{Code, Error, Result};
use crate::graphql::types::SAVED_QUERY;
use crate::query::{Comparison, Condition, List, Order, Page, Rows, Selection, Value};

/// Parameters of a URL that are no variables.
pub const RESERVED: [&str; 3] = ["delimiter", "decimalSeparator", "bom"];

/// A saved query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedQuery {
    /// The document.
    pub document: String,
    /// Its operation; `None` for its only one.
    pub operation: Option<String>,
}

impl Engine {
    /// The saved query of this name of the caller's organisation.
    ///
    /// # Errors
    /// `FORBIDDEN` when the caller may not read reports; as any query.
    pub async fn saved_query(&self, name: &str, scope: &Scope) -> Result<Option<SavedQuery>> {
        use entity::saved_query::Column;

        let table = SAVED_QUERY.table;
        let mut selection = Selection::of(table);
        let document = selection.column(Selection::ROW, column(Column::Document));
        let operation = selection.column(Selection::ROW, column(Column::Operation));
        let condition = Condition::Compare {
            column: column(Column::Name),
            comparison: Comparison::Eq,
            value: Value::Text(name.to_owned()),
        };
        let page = Page::whole(table, Order::default())?;
        let (selection, condition, page) = (&selection, &condition, &page);
        let list = List { rows: Rows::Table, selection, condition, page, cursors: false };
        let found = self.reader().list(scope, &list).await?;
        let Some(row) = found.rows.first() else { return Ok(None) };
        let document = row.text(document)?.unwrap_or_default().to_owned();
        let operation = row.text(operation)?.map(str::to_owned);
        Ok(Some(SavedQuery { document, operation }))
    }

    /// The values of its variables, from the parameters of a URL.
    ///
    /// # Errors
    /// Those of the document; `BAD_USER_INPUT` naming a parameter that is no variable, or not of
    /// its type.
    pub fn parameters(
        &self,
        query: &SavedQuery,
        given: &[(String, String)],
    ) -> Result<Variables, Vec<ServerError>> {
        let document = self.document(&query.document)?;
        let operation = document.operation(query.operation.as_deref());
        let operation = operation.map_err(|error| vec![error])?;
        export::parameters::read(&operation.node.variable_definitions, self.types(), given)
            .map_err(|error| vec![server_error(error, operation.pos)])
    }

    /// Whether a document can be saved, whatever the values of its variables.
    pub(super) fn check_saved(
        &self,
        query: &SavedQuery,
        scope: &Scope,
    ) -> Result<(), Vec<ServerError>> {
        let document = self.document(&query.document)?;
        let name = query.operation.as_deref();
        let operation = document.operation(name).map_err(|error| vec![error])?;
        let at = |error| vec![server_error(error, operation.pos)];
        for variable in &operation.node.variable_definitions {
            let name = &variable.node.name.node;
            if RESERVED.contains(&name.as_str()) {
                let message = format!("the variable ${name} has the name of another parameter");
                return Err(at(Error::new(Code::BadUserInput, message)));
            }
        }
        let plan = document.plan(name, &Variables::default())?;
        export::check_plan(&plan, scope).map_err(at)
    }
}
