SELECT json_build_object('salesAggregate', json_build_object('nodes', json_agg(json_build_object(
    'key', json_build_object('product', json_build_object('productId', t.product_id)),
    'measures', json_build_object('orderQuantity', json_build_object('sum', t.quantity)))
    ORDER BY t.quantity DESC, t.product_id)))::text
FROM (SELECT product_id, sum(order_quantity) AS quantity FROM sales_order_line
      GROUP BY product_id ORDER BY quantity DESC, product_id LIMIT 10) AS t
