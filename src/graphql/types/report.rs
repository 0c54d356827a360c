//! `Report`.

use std::sync::LazyLock;

use entity::report::{Column, Entity};

use super::common::error_type;
use crate::catalog::{Column as Value, Kind, column};
use crate::graphql::schema::model::{Field, FieldValue, ObjectType, Type};

/// Rows of a query as a file.
pub(crate) static REPORT: LazyLock<Type> = LazyLock::new(|| {
    use Column::*;

    Type::over::<Entity>("Report", |t| {
        t.list("reports", "The reports of the caller's organisation that show nothing else than the caller may see");
        t.columns([
            Kind, Project, Organization, Format, State, RequestedBy, RequestedAt, StartedAt,
            FinishedAt, Version, RowCount, ByteSize, Sha256, DataVersion, DataAsOf,
        ]);
        t.field(Field::group("progress", &PROGRESS, "How far it is."));
        t.computed(
            KEY,
            "Key of the file in the bucket of reports; null unless it can be downloaded.",
        );
        t.computed(
            CURRENT,
            "Whether the data are as the report shows them; false once anything has been loaded \
             or changed since. Null unless the report is complete.",
        );
        t.field(Field {
            name: "downloadUrl",
            description: "A link that downloads the file, for whoever has it, without a token, until \
                          it expires. Null unless the report can be downloaded.",
            value: FieldValue::Link(&KEY),
        });
        t.field(Field {
            name: "error",
            description: "Why it could not be made; null unless it failed.",
            value: FieldValue::GroupUnlessNull(&ERROR, column(ErrorCode)),
        });
    })
});

/// The file is whole only then.
const KEY: Value =
    Value::computed("key", Kind::Text, "(CASE WHEN @.state = 'succeeded' THEN @.object_key END)")
        .nullable();

const CURRENT: Value = Value::computed(
    "current",
    Kind::Boolean,
    "(SELECT now.version = @.data_version AND now.unwatched = 0 FROM data_state now)",
)
.nullable();

static PROGRESS: LazyLock<ObjectType> = LazyLock::new(|| {
    let fields = vec![
        Field::column_as("rows", column(Column::ProgressRows)),
        Field::column_as("bytes", column(Column::ProgressBytes)),
    ];
    let description = "How far a report is.";
    ObjectType { name: "ReportProgress", description, fields: fields.leak() }
});

static ERROR: LazyLock<ObjectType> = LazyLock::new(|| {
    error_type("ReportError", "Why a report could not be made.", column(Column::ErrorMessage))
});
