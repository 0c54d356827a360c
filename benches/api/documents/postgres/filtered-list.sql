SELECT json_build_object('salesOrders', json_build_object('nodes', coalesce(json_agg(json_build_object(
    'salesOrderId', o.sales_order_id,
    'salesOrderNumber', o.sales_order_number,
    'orderDate', o.order_date,
    'totalDue', o.total_due::text) ORDER BY o.total_due DESC, o.sales_order_id), '[]')))::text
FROM (SELECT * FROM sales_order
      WHERE order_date >= '2011-09-01' AND order_date < '2011-10-01' AND total_due > ($1::text)::numeric
      ORDER BY total_due DESC, sales_order_id LIMIT 50) AS o
