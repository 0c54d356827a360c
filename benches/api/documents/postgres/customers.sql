SELECT json_build_object('customers', json_build_object('nodes', json_agg(json_build_object(
    'customerId', c.customer_id,
    'accountNumber', c.account_number,
    'person', CASE WHEN p.business_entity_id IS NOT NULL THEN json_build_object(
        'businessEntityId', p.business_entity_id,
        'firstName', p.first_name,
        'lastName', p.last_name) END) ORDER BY c.customer_id)))::text
FROM (SELECT * FROM customer WHERE customer_id >= ($1::text)::integer
      ORDER BY customer_id LIMIT 1000) AS c
LEFT JOIN person AS p ON p.business_entity_id = c.person_id
