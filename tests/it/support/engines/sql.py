"""The questions in SQL that DuckDB and Spark both read, over the tables `sales`, `sales_order` and
`sales_order_line`."""

MONTHS = """
    SELECT {month} AS month, count(*) AS lines, sum(line_total) AS total FROM sales GROUP BY 1
"""

PRODUCTS = """
    SELECT product_id, count(*) AS lines, sum(line_total) AS total FROM sales GROUP BY 1 ORDER BY 1
"""

ORDERS_WITH = """
    SELECT count(*) FROM (
        SELECT sales_order_id FROM sales_order_line GROUP BY sales_order_id
        HAVING count(*) >= {lines}
    ) AS long
"""

TOP_PRODUCTS = """
    SELECT days, product_id, name, pieces FROM (
        SELECT *, row_number() OVER (PARTITION BY days ORDER BY pieces DESC, product_id) AS place
        FROM (
            SELECT product_days_to_manufacture AS days, product_id, product_name AS name,
                sum(order_quantity) AS pieces
            FROM sales GROUP BY 1, 2, 3
        ) AS sold
    ) AS placed
    WHERE place <= {first} ORDER BY days, pieces DESC, product_id
"""

MOST_ORDERS = """
    SELECT customer_id, count(DISTINCT sales_order_id) AS orders FROM sales GROUP BY customer_id
    ORDER BY orders DESC, customer_id LIMIT {first}
"""

PIECES_BY_DAY = """
    SELECT product_id, CAST(order_date AS date) AS day, sum(order_quantity) AS pieces FROM sales
    GROUP BY 1, 2 ORDER BY 1, 2
"""

LARGEST_ORDERS = """
    SELECT sales_order_number, total_due FROM sales_order
    WHERE order_date >= TIMESTAMP '{begin} 00:00:00' AND order_date < TIMESTAMP '{end} 00:00:00'
        AND total_due > CAST({over} AS decimal(19, 4))
    ORDER BY total_due DESC, sales_order_id
"""
