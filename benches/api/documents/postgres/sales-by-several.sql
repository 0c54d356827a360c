SELECT json_build_object('sales', json_build_object('nodes', json_agg(json_build_object(
    'key', json_build_object('territoryId', t.territory_id, 'productLine',
        CASE t.product_line WHEN 'R' THEN 'ROAD' WHEN 'M' THEN 'MOUNTAIN' WHEN 'T' THEN 'TOURING'
            WHEN 'S' THEN 'STANDARD' END,
        'orderYear', t.year, 'online', t.online_order_flag),
    'measures', json_build_object('orderCount', t.orders,
        'lineTotal', json_build_object('sum', t.total::text)))
    ORDER BY t.territory_id, t.product_line, t.year, t.online_order_flag)))::text
FROM (SELECT o.territory_id, p.product_line, extract(year FROM o.order_date)::integer AS year,
          o.online_order_flag, count(DISTINCT o.sales_order_id) AS orders, sum(l.line_total) AS total
      FROM sales_order_line AS l JOIN sales_order AS o ON o.sales_order_id = l.sales_order_id
      JOIN product AS p ON p.product_id = l.product_id
      GROUP BY 1, 2, 3, 4) AS t
