SELECT json_build_object('sales', json_build_object('nodes', json_agg(json_build_object(
    'key', json_build_object('product', json_build_object('productId', t.product_id)),
    'measures', json_build_object(
        'orderCount', t.orders,
        'orderQuantity', json_build_object('sum', t.quantity),
        'lineTotal', json_build_object('sum', t.total::text)))
    ORDER BY t.product_id)))::text
FROM (SELECT product_id, count(DISTINCT sales_order_id) AS orders,
          sum(order_quantity) AS quantity, sum(line_total) AS total
      FROM sales_order_line GROUP BY product_id) AS t
