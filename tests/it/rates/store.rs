//! Storing answers: once, the newest, and what fits of them.

use salesgraph::error::Code;
use salesgraph::rates::{RatesRequest, Stored, store};

use crate::support::rates::{RatesApp, body, days};

const ONE: &str = r#"{"amount":1.0,"base":"EUR","date":"2024-01-02","rates":{"USD":1.0956}}"#;
const OTHER: &str = r#"{"amount":1.0,"base":"EUR","date":"2024-01-02","rates":{"USD":1.1}}"#;

async fn version(world: &RatesApp) -> i64 {
    world.app.value("SELECT version FROM data_version").await
}

/// Fetches a chosen answer; gives its address.
async fn fetched(world: &RatesApp, answer: &str) -> String {
    world.api.next([body(answer)]);
    let answers = world.fetch(&days("2024-01-01", "2024-01-31", &[])).await;
    answers.into_iter().next().expect("an answer")
}

#[tokio::test]
async fn an_answer_that_comes_twice_changes_nothing() {
    let world = RatesApp::frankfurter().await;
    let raw = fetched(&world, ONE).await;
    let first = store(&world.lake, &world.app.pool, &raw).await.unwrap();
    assert_eq!(first, Stored { answers: 1, rates: 1, changed: 1, failures: 0 });
    let (before, curated) = (version(&world).await, world.keys("curated").await);
    let bytes = world.bytes(&curated[0]).await;
    let again = store(&world.lake, &world.app.pool, &raw).await.unwrap();
    assert_eq!(again, Stored { changed: 0, ..first });
    assert_eq!(version(&world).await, before);
    assert_eq!(world.bytes(&curated[0]).await, bytes);
    assert_eq!(world.rows().await, ["frankfurter 2024-01-02 EUR USD 1.0956"]);
}

#[tokio::test]
async fn side_by_side_it_is_stored_once() {
    let world = RatesApp::frankfurter().await;
    let raw = world.fetch(&days("2024-01-01", "2024-01-31", &[])).await.remove(0);
    let one = || store(&world.lake, &world.app.pool, &raw);
    let (a, b, c) = tokio::join!(one(), one(), one());
    for stored in [a, b, c] {
        assert_eq!(stored.unwrap().rates, 23 * 11);
    }
    assert_eq!(world.rows().await.len(), 23 * 11);
}

#[tokio::test]
async fn the_newest_answer_wins_in_whatever_order() {
    for newest_first in [false, true] {
        let world = RatesApp::frankfurter().await;
        let mut raws = vec![fetched(&world, ONE).await, fetched(&world, OTHER).await];
        if newest_first {
            raws.reverse();
        }
        for raw in &raws {
            store(&world.lake, &world.app.pool, raw).await.unwrap();
        }
        let rows = world.rows().await;
        assert_eq!(rows, ["frankfurter 2024-01-02 EUR USD 1.1"], "{newest_first}");
        assert_eq!(world.keys("curated").await.len(), 2);
    }
}

#[tokio::test]
async fn what_fits_of_an_answer_is_taken_and_the_rest_are_dead_letters() {
    let world = RatesApp::frankfurter().await;
    let raw = fetched(
        &world,
        r#"{"amount":1.0,"base":"EUR","rates":{"2024-01-02":{"USD":1.0956,"GBP":-1,"JPY":null,
        "CHF":0,"usd":1,"SEK":1e300,"DKK":"7.4","IDR":6.1e-5,"KRW":0.12345678901234},
        "2023-12-29":{"USD":1.1},"2999-01-01":{"USD":1},"2024-13-01":{"USD":1}}}"#,
    )
    .await;
    let stored = store(&world.lake, &world.app.pool, &raw).await.unwrap();
    assert_eq!((stored.rates, stored.failures), (2, 9));
    let rows = ["frankfurter 2024-01-02 EUR IDR 0.000061", "frankfurter 2024-01-02 EUR USD 1.0956"];
    assert_eq!(world.rows().await, rows);
    let failures = [
        "future_date: 2999-01-01",
        "invalid_currency: 2024-01-02 EUR usd",
        "invalid_date: 2024-13-01",
        "invalid_number: 2024-01-02 EUR DKK",
        "missing_rate: 2024-01-02 EUR JPY",
        "not_positive: 2024-01-02 EUR CHF",
        "not_positive: 2024-01-02 EUR GBP",
        "out_of_range: 2024-01-02 EUR SEK",
        "too_many_decimals: 2024-01-02 EUR KRW",
    ];
    assert_eq!(world.failures().await, failures);
    assert_eq!(world.keys("dead").await.len(), 9);
    let before = version(&world).await;
    store(&world.lake, &world.app.pool, &raw).await.unwrap();
    assert_eq!(world.keys("dead").await.len(), 9, "the same dead letters have the same names");
    assert_eq!(version(&world).await, before);
}

#[tokio::test]
async fn a_dead_letter_is_gone_before_the_row_that_names_it() {
    let world = RatesApp::frankfurter().await;
    let raw = fetched(&world, ONE).await;
    // As an older version would have left it, which did not know the dollar.
    let old = "dead/currency_rates/2024/01/02/00/old.json";
    let key = format!("lake/{old}");
    world.app.bucket.put_bytes(&key, b"{}".to_vec()).await.unwrap();
    sqlx::query(
        "INSERT INTO source_failure (id, dataset, source, url, status, raw_uri, dead_uri, reason,
             message, fetched_at)
         VALUES (gen_random_uuid(), 'currency_rates', 'frankfurter', 'x', 200, $1, $2,
             'invalid_currency', 'x', now())",
    )
    .bind(&raw)
    .bind(format!("{}{old}", world.lake.uri()))
    .execute(&world.app.pool)
    .await
    .unwrap();
    // The tables cannot be written just then.
    for statement in [
        "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS
             'BEGIN RAISE ''no''; END'",
        "CREATE TRIGGER fail BEFORE DELETE ON source_failure
             FOR EACH STATEMENT EXECUTE FUNCTION fail()",
    ] {
        sqlx::query(statement).execute(&world.app.pool).await.unwrap();
    }
    store(&world.lake, &world.app.pool, &raw).await.expect_err("not written");
    assert_eq!(world.keys("dead").await, [] as [&str; 0]);
    assert_eq!(world.failures().await, ["invalid_currency"], "it is tried again by its row");
    sqlx::query("DROP TRIGGER fail ON source_failure").execute(&world.app.pool).await.unwrap();
    store(&world.lake, &world.app.pool, &raw).await.unwrap();
    assert_eq!(world.failures().await, [] as [&str; 0]);
    assert_eq!(world.rows().await.len(), 1);
}

#[tokio::test]
async fn of_an_answer_that_is_no_such_document_nothing_is_taken() {
    let frankfurter = RatesApp::frankfurter().await;
    let ecb = RatesApp::with("ecb", "/stats/eurofxref", &[]).await;
    let cut = "<Envelope><Cube><Cube time=\"2024-01-02\"><Cube currency=\"USD\" rate=\"1.1\"/>";
    for (world, answer, reason) in [
        (&frankfurter, "<html>", "not_parsable"),
        (&frankfurter, "", "not_parsable"),
        (&frankfurter, &ONE[..40], "not_parsable"),
        (&frankfurter, "{\"message\":\"not found\"}", "unexpected_shape"),
        (&frankfurter, "{\"base\":\"EUR\",\"rates\":[1]}", "unexpected_shape"),
        (&frankfurter, &ONE.replace("1.0,", "100,"), "unexpected_shape"),
        (&frankfurter, &ONE.replace("EUR", "USD"), "wrong_base"),
        (&ecb, cut, "not_parsable"),
        (&ecb, "{}", "unexpected_shape"),
        (&ecb, "<Envelope/>", "unexpected_shape"),
        (&ecb, "<!DOCTYPE x [<!ENTITY a \"b\">]><Envelope/>", "unexpected_shape"),
        (&ecb, "<html><Cube time=\"2024-01-02\"/></html>", "unexpected_shape"),
        (&ecb, "<Envelope><Cube time=\"2024-01-02\"></Envelope>", "not_parsable"),
    ] {
        let raw = fetched(world, answer).await;
        let stored = store(&world.lake, &world.app.pool, &raw).await.unwrap();
        assert_eq!((stored.rates, stored.failures), (0, 1), "{answer}");
        let newest: String = world
            .app
            .value("SELECT reason::text FROM source_failure ORDER BY fetched_at DESC LIMIT 1")
            .await;
        assert_eq!(newest, reason, "{answer}");
        assert_eq!(world.rows().await, [] as [&str; 0], "{answer}");
    }
}

#[tokio::test]
async fn what_is_no_raw_answer_of_the_lake_is_refused() {
    let world = RatesApp::frankfurter().await;
    for uri in ["", "s3://other/raw/currency_rates/x.avro", "file:///etc/passwd"] {
        let error = store(&world.lake, &world.app.pool, uri).await.expect_err("refused");
        assert_eq!(error.code(), Code::BadUserInput, "{uri}");
    }
    let raw = fetched(&world, ONE).await;
    let key = world.keys("raw").await.remove(0);
    world.app.bucket.put_bytes(&key, b"no Avro".to_vec()).await.unwrap();
    let error = store(&world.lake, &world.app.pool, &raw).await.expect_err("broken");
    assert_eq!(error.code(), Code::Conflict);
    world.app.bucket.delete(&key).await.unwrap();
    let error = store(&world.lake, &world.app.pool, &raw).await.expect_err("gone");
    assert_eq!(error.code(), Code::NotFound);
}

#[tokio::test]
async fn amounts_are_converted_by_published_rates_with_every_digit() {
    let world = RatesApp::frankfurter().await;
    let day = |base: &str, rates: &str| {
        format!(r#"{{"base":"{base}","date":"2024-01-05","rates":{{{rates}}}}}"#)
    };
    world.api.next([
        body(&day("USD", r#""EUR":0.91274193"#)),
        body(&day("EUR", r#""USD":1.0956,"JPY":157.33"#)),
    ]);
    for base in ["USD", "EUR"] {
        let request =
            RatesRequest { base: base.to_owned(), ..days("2024-01-05", "2024-01-05", &[]) };
        let raw = world.fetch(&request).await.remove(0);
        store(&world.lake, &world.app.pool, &raw).await.unwrap();
    }
    let converted: String = world
        .app
        .value(
            "SELECT string_agg(concat_ws(' ', currency, trim_scale(numerator), trim_scale(denominator),
                 rate_date::date), ', ' ORDER BY currency)
             FROM unnest(ARRAY['EUR', 'JPY']) AS currency, conversion_rate(currency, '2024-01-07')",
        )
        .await;
    assert_eq!(converted, "EUR 0.91274193 1 2024-01-05, JPY 157.33 1.0956 2024-01-05");
}
