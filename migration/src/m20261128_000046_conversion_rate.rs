//! The rate of a currency on a day: the last that is known at its end. Of one day directly, else the
//! other way round, else by way of the euro, in which the European Central Bank quotes.

migration!(UP, DOWN);

const UP: &str = "
CREATE INDEX currency_rate_of_day
    ON currency_rate (from_currency_code, to_currency_code, currency_rate_date);

-- Exactly one row. A numerator and a denominator, so that nothing is rounded before an amount
-- is; NaN where no rate is known.
CREATE FUNCTION conversion_rate(currency text, day timestamp)
RETURNS TABLE (numerator numeric, denominator numeric, rate_date timestamp)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce(known.numerator, 'NaN'), coalesce(known.denominator, 1), known.rate_date
    FROM (VALUES (true)) AS one
    LEFT JOIN LATERAL (
        SELECT found.* FROM (
            SELECT 1::numeric AS numerator, 1::numeric AS denominator,
                NULL::timestamp AS rate_date, 0 AS place
            WHERE currency = 'USD'
            UNION ALL
            (SELECT coalesce(published_rate, end_of_day_rate), 1, currency_rate_date, 1
             FROM currency_rate
             WHERE from_currency_code = 'USD' AND to_currency_code = currency
                AND currency_rate_date < date_trunc('day', day) + interval '1 day'
             ORDER BY currency_rate_date DESC, currency_rate_id DESC LIMIT 1)
            UNION ALL
            (SELECT 1, coalesce(published_rate, end_of_day_rate), currency_rate_date, 2
             FROM currency_rate
             WHERE from_currency_code = currency AND to_currency_code = 'USD'
                AND currency_rate_date < date_trunc('day', day) + interval '1 day'
             ORDER BY currency_rate_date DESC, currency_rate_id DESC LIMIT 1)
            UNION ALL
            (SELECT coalesce(target.published_rate, target.end_of_day_rate),
                coalesce(stored.published_rate, stored.end_of_day_rate),
                target.currency_rate_date, 3
             FROM currency_rate AS target
             JOIN currency_rate AS stored
                ON stored.from_currency_code = 'EUR' AND stored.to_currency_code = 'USD'
                AND stored.currency_rate_date = target.currency_rate_date
             WHERE target.from_currency_code = 'EUR' AND target.to_currency_code = currency
                AND target.currency_rate_date < date_trunc('day', day) + interval '1 day'
             ORDER BY target.currency_rate_date DESC, target.currency_rate_id DESC,
                stored.currency_rate_id DESC LIMIT 1)
        ) AS found
        ORDER BY found.rate_date DESC NULLS FIRST, found.place LIMIT 1
    ) AS known ON true
$$;
COMMENT ON FUNCTION conversion_rate(text, timestamp) IS
    'What one US dollar was worth in a currency on a day.';
";

const DOWN: &str = "
DROP FUNCTION conversion_rate(text, timestamp);
DROP INDEX currency_rate_of_day;
";
