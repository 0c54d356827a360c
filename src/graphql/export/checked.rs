//! A list that its caller may read, with the values of its arguments.

use std::sync::Arc;

use async_graphql::parser::types::OperationType;

use super::cells::Source;
use crate::auth::Scope;
use crate::error::{Code, Error, Result};
use crate::graphql::plan::bind::Bindings;
use crate::graphql::plan::{Connection, Operation, RootStep};
use crate::query::List;
use crate::query::aggregate::Owners;

/// A list that its caller may read, and where the values of its columns come from.
#[derive(Debug)]
pub(super) struct Checked {
    pub(super) plan: Arc<Operation>,
    pub(super) bindings: Bindings,
    pub(super) scope: Scope,
    pub(super) sources: Vec<Source>,
}

impl Checked {
    pub(super) fn connection(&self) -> Result<&Connection> {
        only_list(&self.plan)
    }

    pub(super) fn list(&self) -> Result<List<'_>> {
        list(self.connection()?, &self.bindings)
    }
}

/// The list of a plan.
pub(super) fn only_list(plan: &Operation) -> Result<&Connection> {
    let refused = |message: &str| Error::new(Code::BadUserInput, message);
    if plan.kind != OperationType::Query {
        return Err(refused("a file is made of a query, and this operation is none"));
    }
    let mut found = None;
    for root in &plan.roots {
        match &root.step {
            RootStep::Typename(_) => {}
            RootStep::List { connection, .. } if found.is_none() => found = Some(&**connection),
            _ => {
                let message = format!(
                    "{}: a file is made of one list, such as salesOrderLines or salesAggregate, \
                     and of nothing else",
                    root.key.name
                );
                return Err(refused(&message));
            }
        }
    }
    found.ok_or_else(|| refused("a file is made of one list, and this document asks for none"))
}

fn list<'a>(connection: &'a Connection, bindings: &'a Bindings) -> Result<List<'a>> {
    let binding = bindings.list(connection.number)?;
    Ok(List {
        rows: binding.rows(),
        selection: &connection.fetch.selection,
        condition: &binding.condition,
        page: &binding.page,
        cursors: false,
    })
}

/// Whether the caller may see all that is read.
pub(super) fn check(connection: &Connection, bindings: &Bindings, scope: &Scope) -> Result<()> {
    list(connection, bindings)?.check(scope)?;
    for sales in &connection.fetch.sales {
        let (lines, measures) = bindings.sales(sales.number)?;
        let owners = Owners { path: sales.owner.path, columns: sales.owner.columns, keys: &[] };
        owners.check(scope, lines, measures)?;
    }
    Ok(())
}
