//! Rates of public APIs in `currency_rate`, beside those of files. Their keys are negative, as
//! those of files are positive. What an API published has its own column: it has more decimals
//! than the two columns of files, and is neither a day's average nor its end.

migration!(UP, DOWN);

const UP: &str = r"
CREATE SEQUENCE currency_rate_published AS integer INCREMENT -1 START -1
    MINVALUE -2147483648 MAXVALUE -1;
ALTER TABLE currency_rate
    ADD source varchar(16) NOT NULL DEFAULT 'csv'
        CHECK (source IN ('csv', 'ecb', 'frankfurter')),
    ADD published_rate numeric(24, 12) CHECK (published_rate > 0),
    ADD raw_uri text,
    ADD fetched_at timestamptz,
    ALTER average_rate DROP NOT NULL,
    ALTER end_of_day_rate DROP NOT NULL,
    ALTER source_file_id DROP NOT NULL,
    ALTER source_line DROP NOT NULL,
    ADD CONSTRAINT currency_rate_of_file CHECK (source <> 'csv' OR (average_rate IS NOT NULL
        AND end_of_day_rate IS NOT NULL AND source_file_id IS NOT NULL
        AND source_line IS NOT NULL AND published_rate IS NULL AND raw_uri IS NULL
        AND fetched_at IS NULL)),
    ADD CONSTRAINT currency_rate_of_api CHECK (source = 'csv' OR (average_rate IS NULL
        AND end_of_day_rate IS NULL AND source_file_id IS NULL AND source_line IS NULL
        AND published_rate IS NOT NULL AND raw_uri IS NOT NULL AND fetched_at IS NOT NULL));
CREATE UNIQUE INDEX currency_rate_published_day ON currency_rate
    (source, from_currency_code, to_currency_code, currency_rate_date) WHERE source <> 'csv';
CREATE INDEX currency_rate_raw_uri ON currency_rate (raw_uri) WHERE raw_uri IS NOT NULL;
";

const DOWN: &str = r"
DELETE FROM currency_rate WHERE source <> 'csv';
ALTER TABLE currency_rate
    DROP source, DROP published_rate, DROP raw_uri, DROP fetched_at,
    ALTER average_rate SET NOT NULL,
    ALTER end_of_day_rate SET NOT NULL,
    ALTER source_file_id SET NOT NULL,
    ALTER source_line SET NOT NULL;
DROP SEQUENCE currency_rate_published;
";
