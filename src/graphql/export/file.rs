//! A list as a file: checked before anything is read, then read in one snapshot.

use std::sync::Arc;

use async_graphql::Pos;

use super::cells::Source;
use super::checked::{Checked, check, only_list};
use super::request::{ExportColumn, OpenOptions};
use super::rows::ExportRows;
use super::{choose, flatten};
use crate::auth::Scope;
use crate::db::data_version::DataVersion;
use crate::error::{Error, Result};
use crate::graphql::plan::Operation;
use crate::graphql::plan::bind::BoundOperation;
use crate::query::{Reader, is_volatile_table};
use crate::report::format::Column;
use crate::report::{Encoded, Encoding};

/// A list that may be exported: its document is valid and its caller may see all of it.
#[derive(Debug)]
pub struct Export {
    checked: Checked,
    reader: Reader,
    columns: Vec<Column>,
    cost: u64,
}

/// A plan with its values, before it is checked.
pub(in crate::graphql) struct Draft {
    pub(in crate::graphql) plan: Arc<Operation>,
    pub(in crate::graphql) bound: BoundOperation,
    pub(in crate::graphql) cost: u64,
}

impl Export {
    /// Checks a plan and makes columns of what it selects.
    pub(in crate::graphql) fn of(
        draft: Draft,
        chosen: Option<&[ExportColumn]>,
        reader: Reader,
        scope: &Scope,
    ) -> Result<Self, (Error, Pos)> {
        let Draft { plan, bound, cost } = draft;
        let position = plan.roots.first().map(|root| root.position).unwrap_or_default();
        let at = |error| (error, position);
        let BoundOperation { roots, bindings } = bound;
        roots.into_iter().try_for_each(|root| root.map(drop)).map_err(at)?;
        let connection = only_list(&plan).map_err(at)?;
        let all = flatten::columns(connection, scope).map_err(at)?;
        let (columns, sources) = choose::columns(all, chosen).map_err(at)?.into_iter().unzip();
        check(connection, &bindings, scope).map_err(at)?;
        let checked = Checked { plan, bindings, scope: scope.clone(), sources };
        Ok(Self { checked, reader, columns, cost })
    }

    /// The columns of the file.
    #[must_use]
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The estimated cost of the document with one page of the greatest size.
    #[must_use]
    pub const fn cost(&self) -> u64 {
        self.cost
    }

    /// Whether its rows may change while the version of the data does not.
    #[must_use]
    pub fn is_volatile(&self) -> bool {
        self.checked.connection().is_ok_and(|list| is_volatile_table(list.fetch.of.table))
    }

    /// Reads nothing older than this version of the data, if it is known.
    #[must_use]
    pub async fn at(self, version: Option<DataVersion>) -> Self {
        if self.is_volatile() {
            return self;
        }
        Self { reader: self.reader.at(version).await, ..self }
    }

    /// Begins to read, in a snapshot of now. Needs a runtime.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for a dialect that is none, or too many groups; `UNAVAILABLE` when
    /// Postgres does not answer.
    pub async fn open(self, encoding: Encoding, options: OpenOptions) -> Result<Encoded> {
        let Self { checked, reader, columns, .. } = self;
        let is_read_beside = checked.sources.iter().any(Source::is_beside);
        let limit = options.time_limit;
        let whole = reader.whole(&checked.scope, &checked.list()?, limit, is_read_beside).await?;
        let version = whole.version;
        Encoded::start(version, &columns, encoding, limit, ExportRows { checked, whole })
    }
}

/// Whether a plan can be a file, and the caller may see its columns.
pub(in crate::graphql) fn check_plan(plan: &Operation, scope: &Scope) -> Result<()> {
    let all = flatten::columns(only_list(plan)?, scope)?;
    choose::columns(all, None).map(drop)
}
