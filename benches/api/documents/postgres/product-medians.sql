SELECT json_build_object('sales', json_build_object('nodes', json_agg(json_build_object(
    'key', json_build_object('product', json_build_object('productId', t.product_id)),
    'measures', json_build_object('lineTotal', json_build_object('median',
        (trim_scale((t.middle[1] + t.middle[2]) * 0.5) + 0.000000)::text)))
    ORDER BY t.product_id)))::text
FROM (SELECT product_id,
          percentile_disc(ARRAY[0.5, 0.500000001]) WITHIN GROUP (ORDER BY line_total) AS middle
      FROM sales_order_line GROUP BY product_id) AS t
