//! Indexes for common reads that would otherwise go through all orders.
//!
//! Each costs the loader a little for every order, so there are only those that
//! serve a filter or an order that clients use all the time: the largest orders, an
//! order by its number, and the orders of a sales person.

migration!(UP, DOWN);

const UP: &str = r"
CREATE INDEX sales_order_total_due ON sales_order (total_due, sales_order_id);
CREATE INDEX sales_order_sales_order_number ON sales_order (sales_order_number);
CREATE INDEX sales_order_sales_person_id ON sales_order (sales_person_id, sales_order_id)
WHERE sales_person_id IS NOT NULL;
";

const DOWN: &str = r"
DROP INDEX sales_order_sales_person_id, sales_order_sales_order_number, sales_order_total_due;
";
