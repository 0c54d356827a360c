//! Fields and references that several types share.

use std::sync::LazyLock;

use entity::{customer, load_run, person, sales_order, sales_order_line};
use sea_orm::{ColumnTrait, EntityTrait};

use super::{LOAD_FILE, LOAD_RUN, SALES_MEASURES};
use crate::catalog::{Column, Kind, ToOne, column, columns, to_one};
use crate::graphql::schema::builder::TypeBuilder;
use crate::graphql::schema::model::{Field, FieldValue, ObjectType, Owner};

/// From an order line.
pub(super) fn line_to_order() -> ToOne {
    to_one(sales_order_line::Relation::SalesOrder)
}

/// From an order.
pub(super) fn order_to_customer() -> ToOne {
    to_one(sales_order::Relation::Customer)
}

/// From a customer.
pub(super) fn customer_to_person() -> ToOne {
    to_one(customer::Relation::Person)
}

/// Where a row came from: three columns that every dataset's table has.
pub(super) fn source<E: EntityTrait>(t: &mut TypeBuilder<E>) {
    t.field(Field::group("source", &SOURCE, "Where the row came from."));
}

/// The same for a table with rows that come from elsewhere.
pub(super) fn source_of_file<E: EntityTrait>(t: &mut TypeBuilder<E>, file: E::Column) {
    t.field(Field {
        name: "source",
        description: "Where the row came from; null if from no file.",
        value: FieldValue::GroupUnlessNull(&SOURCE, column(file)),
    });
}

/// Measures of the order lines that belong to a row: `path` leads from a line to the row
/// whose columns hold the key.
pub(super) fn sales<E: EntityTrait, C: ColumnTrait, const N: usize>(
    t: &mut TypeBuilder<E>,
    path: &[ToOne],
    key: [C; N],
    description: &'static str,
) {
    let owner = Owner { path: path.to_vec().leak(), columns: columns(key) };
    let value = FieldValue::Sales(&SALES_MEASURES, owner);
    t.field(Field { name: "sales", description, value });
}

/// The key of the object that a row of the ledger is from, whose file and line are in these
/// columns.
pub(super) fn object_key<E: EntityTrait>(t: &mut TypeBuilder<E>) {
    t.computed(
        OBJECT_KEY,
        "Key of the object it is from: of a page of documents, that of the document.",
    );
}

const OBJECT_KEY: Column =
    Column::computed("object_key", Kind::Text, "load_source_key(@.file_id, @.line)").nullable();

/// Why a load failed: two columns that runs and files have.
pub(super) fn error<E: EntityTrait>(t: &mut TypeBuilder<E>) {
    let code = column(load_run::Column::ErrorCode);
    let value = FieldValue::GroupUnlessNull(&ERROR, code);
    t.field(Field { name: "error", description: "Why it failed; null unless it did.", value });
}

static SOURCE: LazyLock<ObjectType> = LazyLock::new(|| {
    let file = [*column(person::Column::SourceFileId)].map(Column::nullable).to_vec().leak();
    let fields = vec![
        Field {
            name: "file",
            description: "The version of the file it was read from. Null, with the error FORBIDDEN, where the \
                          caller may not read loads.",
            value: FieldValue::One(&LOAD_FILE, file),
        },
        Field {
            name: "objectKey",
            description: "Key of the object it was read from: of a page of documents, that of the document. Null, \
                          with the error FORBIDDEN, where the caller may not read loads.",
            value: FieldValue::Column(&SOURCE_KEY),
        },
        Field::column_as("line", column(person::Column::SourceLine)),
        Field::column(column(person::Column::LoadedAt)),
        Field {
            name: "rawObject",
            description: "Address of the copy of that object that the lake keeps; null where it keeps none and, with \
                          the error FORBIDDEN, where the caller may not read loads.",
            value: FieldValue::Column(&RAW_OBJECT),
        },
        Field {
            name: "loadRun",
            description: "The run that wrote it; null if none did and, with the error FORBIDDEN, where the \
                          caller may not read loads.",
            value: FieldValue::One(&LOAD_RUN, &[RUN]),
        },
    ];
    ObjectType { name: "Source", description: "Where a row came from.", fields: fields.leak() }
});

const SOURCE_KEY: Column =
    Column::computed("source_key", Kind::Text, "load_source_key(@.source_file_id, @.source_line)")
        .nullable()
        .of_coordinator()
        .of_loads();

const RAW_OBJECT: Column =
    Column::computed("raw_object", Kind::Text, "load_raw_object(@.source_file_id, @.source_line)")
        .nullable()
        .of_coordinator()
        .of_loads();

/// Runs that write rows never overlap, so a row was written by the last that had begun by
/// then.
const RUN: Column = Column::computed(
    "load_run_id",
    Kind::Uuid,
    "(SELECT run.id FROM load_run run WHERE run.started_at <= @.loaded_at AND NOT run.is_check \
     ORDER BY run.started_at DESC, run.id DESC LIMIT 1)",
)
.nullable()
.of_coordinator();

static ERROR: LazyLock<ObjectType> = LazyLock::new(|| {
    let message = column(load_run::Column::ErrorMessage);
    error_type("LoadError", "Why a load run or a file failed.", message)
});

/// The type of an error: a code, and a message in that column.
pub(super) fn error_type(
    name: &'static str,
    description: &'static str,
    message: &'static Column,
) -> ObjectType {
    // Where there is an error, it has a code.
    let code = Column::derived("error_code", Kind::Text);
    let fields = vec![
        Field {
            name: "code",
            description: "Constant code.",
            value: FieldValue::Column(Box::leak(Box::new(code))),
        },
        Field {
            name: "message",
            description: "What happened; null when there is no more to say.",
            value: FieldValue::Column(message),
        },
    ];
    ObjectType { name, description, fields: fields.leak() }
}
