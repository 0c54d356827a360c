//! `cancelReport`: gives up a report before it is complete.

use std::sync::LazyLock;

use entity::report;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use crate::auth::Grant;
use crate::catalog::{column, table};
use crate::error::{Code, Error, Result};
use crate::graphql::execute::command::Command;
use crate::graphql::inputs::arguments::missing;
use crate::graphql::schema::global_id::key_of;
use crate::graphql::schema::model::{
    Argument, Field, FieldValue, Inputs, ObjectType, RootField, RootValue, Roots, Type,
};
use crate::graphql::types::REPORT;
use crate::job;
use crate::query::{Key, KeyPart, Selection};
use crate::report::cancel_report;

const REPORT_ID: &str = "reportId";

pub(super) fn field() -> RootField {
    RootField {
        name: "cancelReport",
        description: "Gives up a report that is queued or running. One that has ended stays as it \
                  is. Others of the organisation may be waiting for the same report. Null only \
                  together with an error, which is NOT_FOUND when there is no such report of \
                  the caller's, and FORBIDDEN without the scopes reports:write and reports:read.",
        arguments: &[],
        value: RootValue::Command {
            needs: Grant::ReportsWrite,
            input: &INPUT,
            run,
            returns: &PAYLOAD,
        },
    }
}

static INPUT: [Argument; 1] =
    [Argument { name: REPORT_ID, ty: "ID!", description: "Global id of the report, or its UUID." }];

static PAYLOAD: LazyLock<Type> = LazyLock::new(|| {
    let report = Field {
        name: "report",
        description: "The report: canceled, or as it had ended before. Null only together with an \
                      error.",
        value: FieldValue::GroupUnlessNull(&REPORT.shape, column(report::Column::Id)),
    };
    let shape = ObjectType {
        name: "CancelReportPayload",
        description: "The result of cancelReport.",
        fields: vec![report].leak(),
    };
    let table = table::<report::Entity>();
    Type { table, shape, roots: Roots::default(), inputs: Inputs::default() }
});

fn run(command: Command<'_>) -> BoxFuture<'_, Result<Key>> {
    async move {
        let id = command.input.text(REPORT_ID)?.ok_or_else(|| missing(REPORT_ID))?;
        let key = key_of(&id, &REPORT, REPORT_ID)?;
        let [KeyPart::Uuid(report)] = key.parts() else {
            return Err(Error::internal("a key does not fit its table"));
        };
        // Whoever may see it may cancel it.
        let mut selection = Selection::of(REPORT.table);
        selection.key(Selection::ROW);
        let reader = &command.commands.reader;
        let found = reader.by_keys(command.scope, &selection, std::slice::from_ref(&key)).await?;
        if found.is_empty() {
            return Err(Error::new(Code::NotFound, "reportId: there is no such report"));
        }
        let mut transaction = command.commands.pool.begin().await?;
        if cancel_report(&mut transaction, *report).await?
            && let Some(job) = job::open(&mut transaction, &format!("report:{report}")).await?
        {
            job::cancel(&mut transaction, job).await?;
        }
        transaction.commit().await?;
        Ok(key)
    }
    .boxed()
}
