//! The document of an order: the order with its lines, in the format in which the loader takes
//! orders as JSON.

use std::sync::LazyLock;

use super::{sales_order::COLUMNS as ORDER, sales_order_line::COLUMNS as LINE};
use crate::catalog::{Column, Kind, column};

/// The document, made by SQL from the row of an order.
pub(crate) static DOCUMENT: LazyLock<Column> = LazyLock::new(|| {
    let lines = LINE.into_iter().map(column).filter(|it| it.name != "sales_order_id");
    let order = ORDER.into_iter().map(column).map(|column| {
        let value = value("@", column);
        format!("'\"{}\":' || coalesce(to_json({value})::text, 'null')", column.api_name())
    });
    let lines: Vec<String> = lines
        .map(|column| format!("{} AS \"{}\"", value("line", column), column.api_name()))
        .collect();
    // Texts and rows, for `json_build_object` writes blanks around its colons. A cluster refuses a
    // subquery with a subquery that is of no table.
    let sql = format!(
        "('{{' || {order} || ',\"lines\":' || \
         (SELECT coalesce('[' || string_agg(row_to_json(shown)::text, ',' \
         ORDER BY shown.\"salesOrderDetailId\") || ']', '[]') FROM (SELECT {lines} \
         FROM sales_order_line AS line WHERE line.sales_order_id = @.sales_order_id) AS shown) \
         || '}}')",
        order = order.collect::<Vec<_>>().join(" || ',' || "),
        lines = lines.join(", "),
    );
    Column::computed("document", Kind::Json, sql.leak())
});

/// A value of a row, codes by their names in the API.
fn value(of: &str, column: &'static Column) -> String {
    let value = format!("{of}.{}", column.name);
    let Some(codes) = column.codes else { return value };
    let names = codes
        .values
        .iter()
        .map(|code| format!(" WHEN '{}' THEN '{}'", code.code.replace('\'', "''"), code.name));
    format!("CASE {value}::text{} END", names.collect::<String>())
}
