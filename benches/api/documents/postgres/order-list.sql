SELECT json_build_object('salesOrders', json_build_object('nodes', json_agg(json_build_object(
    'salesOrderId', o.sales_order_id,
    'salesOrderNumber', o.sales_order_number,
    'orderDate', o.order_date,
    'totalDue', o.total_due::text,
    'customer', json_build_object(
        'customerId', c.customer_id,
        'person', CASE WHEN p.business_entity_id IS NOT NULL THEN json_build_object(
            'businessEntityId', p.business_entity_id,
            'firstName', p.first_name,
            'lastName', p.last_name) END),
    'lines', json_build_object('nodes', l.nodes)) ORDER BY o.order_date DESC, o.sales_order_id)))::text
FROM (SELECT * FROM sales_order ORDER BY order_date DESC, sales_order_id LIMIT 50) AS o
JOIN customer AS c ON c.customer_id = o.customer_id
LEFT JOIN person AS p ON p.business_entity_id = c.person_id
CROSS JOIN LATERAL (
    SELECT coalesce(json_agg(json_build_object(
        'salesOrderDetailId', l.sales_order_detail_id,
        'orderQuantity', l.order_quantity,
        'lineTotal', l.line_total::text,
        'product', json_build_object('productId', q.product_id, 'name', q.name))
        ORDER BY l.sales_order_detail_id), '[]') AS nodes
    FROM (SELECT * FROM sales_order_line WHERE sales_order_id = o.sales_order_id
          ORDER BY sales_order_detail_id LIMIT 5) AS l
    JOIN product AS q ON q.product_id = l.product_id) AS l
