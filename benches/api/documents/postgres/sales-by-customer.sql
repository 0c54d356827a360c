SELECT json_build_object('sales', json_build_object('nodes', json_agg(json_build_object(
    'key', json_build_object('customer', json_build_object('customerId', t.customer_id)),
    'measures', json_build_object('lineTotal', json_build_object('sum', t.total::text)))
    ORDER BY t.total DESC, t.customer_id)))::text
FROM (SELECT o.customer_id, sum(l.line_total) AS total
      FROM sales_order_line AS l JOIN sales_order AS o ON o.sales_order_id = l.sales_order_id
      GROUP BY o.customer_id ORDER BY total DESC, o.customer_id LIMIT 10) AS t
