SELECT json_build_object('sales', json_build_object('nodes', json_agg(json_build_object(
    'key', json_build_object('storeId', t.store_id),
    'measures', json_build_object('lineCount', t.lines,
        'lineTotal', json_build_object('sum', t.total::text)))
    ORDER BY t.total DESC, t.store_id)))::text
FROM (SELECT c.store_id, count(*) AS lines, sum(l.line_total) AS total
      FROM sales_order_line AS l JOIN sales_order AS o ON o.sales_order_id = l.sales_order_id
      JOIN customer AS c ON c.customer_id = o.customer_id
      WHERE o.sales_order_number LIKE '%7'
      GROUP BY c.store_id ORDER BY total DESC, c.store_id LIMIT 10) AS t
