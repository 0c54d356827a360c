//! How a table is partitioned.

use serde::{Deserialize, Serialize};

/// The id of the only partition field.
pub(super) const PARTITION_FIELD_ID: i32 = 1_000;
/// The last id where there is none.
const NO_PARTITION_FIELD_ID: i32 = 999;

/// How a table is partitioned.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct PartitionSpec {
    pub(super) spec_id: i32,
    pub(super) fields: Vec<PartitionField>,
}

/// By what.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct PartitionField {
    source_id: i32,
    field_id: i32,
    pub(super) name: String,
    transform: String,
}

impl PartitionSpec {
    /// By the month of a column, which is told with its id, or not at all.
    pub(super) fn by_month(column: Option<(i32, &str)>) -> Self {
        let field = column.map(|(source_id, name)| PartitionField {
            source_id,
            field_id: PARTITION_FIELD_ID,
            name: format!("{name}_month"),
            transform: "month".to_owned(),
        });
        Self { spec_id: 0, fields: field.into_iter().collect() }
    }

    /// Whether it is by the month of that column alone, or has no field. Ids of fields are of the
    /// catalogue.
    pub(super) fn is_by_month(&self, column: Option<(i32, &str)>) -> bool {
        match (self.fields.as_slice(), column) {
            ([], None) => true,
            ([field], Some((source_id, name))) => {
                field.source_id == source_id
                    && field.transform == "month"
                    && field.name == format!("{name}_month")
            }
            _ => false,
        }
    }

    /// The last id of its fields.
    pub(super) fn last_id(&self) -> i32 {
        self.fields.last().map_or(NO_PARTITION_FIELD_ID, |field| field.field_id)
    }
}
