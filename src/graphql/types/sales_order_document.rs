//! The document of an order: the order with its lines, in the format in which the loader takes
//! orders as JSON.

use std::sync::LazyLock;

use super::{sales_order::COLUMNS as ORDER, sales_order_line::COLUMNS as LINE};
use crate::catalog::{Column, Kind, column};

/// The document, made by SQL from the row of an order.
pub(crate) static DOCUMENT: LazyLock<Column> = LazyLock::new(|| {
    let lines = LINE.into_iter().map(column).filter(|it| it.name != "sales_order_id");
    // As rows, for `json_build_object` writes blanks around its colons.
    let sql = format!(
        "(SELECT row_to_json(document)::text FROM (SELECT {order}, \
         (SELECT coalesce('[' || string_agg(row_to_json(shown)::text, ',' \
         ORDER BY shown.\"salesOrderDetailId\") || ']', '[]')::json FROM (SELECT {line} \
         FROM sales_order_line AS line WHERE line.sales_order_id = @.sales_order_id) AS shown) \
         AS lines) AS document)",
        order = members("@", ORDER.into_iter().map(column)),
        line = members("line", lines),
    );
    Column::computed("document", Kind::Json, sql.leak())
});

/// Values under their names in the API, codes by theirs.
fn members(of: &str, columns: impl Iterator<Item = &'static Column>) -> String {
    let member = |column: &'static Column| {
        let value = format!("{of}.{}", column.name);
        let value = match column.codes {
            Some(codes) => {
                let names = codes.values.iter().map(|code| {
                    format!(" WHEN '{}' THEN '{}'", code.code.replace('\'', "''"), code.name)
                });
                format!("CASE {value}::text{} END", names.collect::<String>())
            }
            None => value,
        };
        format!("{value} AS \"{}\"", column.api_name())
    };
    columns.map(member).collect::<Vec<_>>().join(", ")
}
