//! Texts that were loaded before are stored as they are loaded since: in Unicode's normalization
//! form C, in which an accent is part of its letter. A text that would be too long so stays as
//! it is.

migration!(UP, DOWN);

const UP: &str = "
DO $$
DECLARE
    text_column record;
BEGIN
    -- In no other encoding can Postgres tell.
    IF getdatabaseencoding() <> 'UTF8' THEN
        RETURN;
    END IF;
    FOR text_column IN
        SELECT attrelid::regclass AS of_table, attname AS name,
            CASE WHEN atttypmod > 4 THEN atttypmod - 4 END AS most
        FROM unnest(ARRAY['person', 'product', 'customer', 'special_offer_product', 'sales_order',
            'sales_order_line', 'product_inventory', 'territory', 'store', 'currency_rate']) AS loaded
        JOIN pg_attribute ON attrelid = loaded::regclass
        WHERE attnum > 0 AND NOT attisdropped AND attgenerated = ''
            AND atttypid IN ('text'::regtype, 'varchar'::regtype)
        ORDER BY attrelid::regclass::text, attnum
    LOOP
        EXECUTE format('UPDATE %1$s SET %2$I = normalize(%2$I, NFC) '
            'WHERE %2$I IS NOT NFC NORMALIZED '
            'AND ($1 IS NULL OR char_length(normalize(%2$I, NFC)) <= $1)',
            text_column.of_table, text_column.name) USING text_column.most;
    END LOOP;
END $$;
";

/// Both forms are the same text.
const DOWN: &str = "SELECT 1";
