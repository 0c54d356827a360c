//! The two sides: psql to a file, and a report to S3.

use crate::Result;
use crate::measure::{self, Usage};
use crate::servers::Servers;

/// What a report of SALES_LINES reads, in its order.
const SELECT: &str = "SELECT l.sales_order_id, l.sales_order_detail_id, o.sales_order_number,
    o.order_date, o.status, o.online_order_flag, o.territory_id, o.customer_id, p.first_name,
    p.last_name, s.name, l.product_id, t.product_number, t.name, l.special_offer_id,
    l.carrier_tracking_number, l.order_quantity, l.unit_price, l.unit_price_discount,
    l.line_total, l.modified_date
    FROM sales_order_line l JOIN sales_order o USING (sales_order_id)
    JOIN customer c USING (customer_id) LEFT JOIN person p ON p.business_entity_id = c.person_id
    LEFT JOIN store s ON s.business_entity_id = c.store_id JOIN product t USING (product_id)
    ORDER BY l.sales_order_id, l.sales_order_detail_id";

/// `\copy` of the rows to a file.
pub(crate) fn psql(servers: &Servers) -> Result<Usage> {
    let file = servers.folder().join("lines.csv");
    let select = SELECT.split_whitespace().collect::<Vec<_>>().join(" ");
    let copy = format!("\\copy ({select}) TO '{}' WITH (FORMAT csv, HEADER)", file.display());
    let usage = measure::run(&servers.psql(&copy), &[0])?;
    std::fs::remove_file(file)?;
    Ok(usage)
}

/// `salesgraph report` of the same rows.
pub(crate) fn report(servers: &Servers, project: &str) -> Result<Usage> {
    let arguments = ["report", "--kind", "SALES_LINES", "--project", project, "--json"];
    measure::run(&servers.command(&arguments), &[0])
}
