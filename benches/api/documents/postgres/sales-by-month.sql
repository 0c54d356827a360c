SELECT json_build_object('sales', json_build_object('nodes', json_agg(json_build_object(
    'key', json_build_object('orderMonth', t.month),
    'measures', json_build_object(
        'orderCount', t.orders,
        'orderQuantity', json_build_object('sum', t.quantity),
        'lineTotal', json_build_object('sum', t.total::text)))
    ORDER BY t.month)))::text
FROM (SELECT date_trunc('month', o.order_date)::date AS month,
          count(DISTINCT o.sales_order_id) AS orders, sum(l.order_quantity) AS quantity,
          sum(l.line_total) AS total
      FROM sales_order_line AS l JOIN sales_order AS o ON o.sales_order_id = l.sales_order_id
      GROUP BY 1) AS t
