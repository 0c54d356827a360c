SELECT json_build_object('salesOrder', json_build_object(
    'salesOrderId', o.sales_order_id,
    'salesOrderNumber', o.sales_order_number,
    'orderDate', o.order_date,
    'totalDue', o.total_due::text,
    'customer', json_build_object(
        'customerId', c.customer_id,
        'accountNumber', c.account_number,
        'person', CASE WHEN p.business_entity_id IS NOT NULL THEN json_build_object(
            'businessEntityId', p.business_entity_id,
            'firstName', p.first_name,
            'lastName', p.last_name) END),
    'lines', json_build_object('nodes', (
        SELECT coalesce(json_agg(json_build_object(
            'salesOrderDetailId', l.sales_order_detail_id,
            'orderQuantity', l.order_quantity,
            'unitPrice', l.unit_price::text,
            'lineTotal', l.line_total::text,
            'product', json_build_object(
                'productId', q.product_id,
                'name', q.name,
                'productNumber', q.product_number)) ORDER BY l.sales_order_detail_id), '[]')
        FROM (SELECT * FROM sales_order_line WHERE sales_order_id = o.sales_order_id
              ORDER BY sales_order_detail_id LIMIT 20) AS l
        JOIN product AS q ON q.product_id = l.product_id))))::text
FROM sales_order AS o
JOIN customer AS c ON c.customer_id = o.customer_id
LEFT JOIN person AS p ON p.business_entity_id = c.person_id
WHERE o.sales_order_id = ($1::text)::integer
