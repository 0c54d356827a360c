//! Failures are replayed after a fix.

use salesgraph::rates::store;
use serde_json::{Value as Json, json};

use crate::support::commands::ask;
use crate::support::rates::{RatesApp, body, days};
use crate::support::write;

const REPLAY: &str = "mutation Replay($input: ReplaySourceFailuresInput!) {
    replaySourceFailures(input: $input) { job { jobId task } } }";

#[tokio::test]
async fn what_fits_now_is_stored_and_what_does_not_stays() {
    let world = RatesApp::frankfurter().await;
    world.api.next([
        body(r#"{"base":"EUR","date":"2024-01-02","rates":{"USD":1.0956,"GBP":0}}"#),
        body(r#"{"base":"EUR","date":"2024-01-03","rates":{"USD":-1}}"#),
    ]);
    let request = days("2024-01-01", "2024-01-31", &[]);
    let mut raws = Vec::new();
    for _ in 0..2 {
        let raw = world.fetch(&request).await.remove(0);
        store(&world.lake, &world.app.pool, &raw).await.unwrap();
        raws.push(raw);
    }
    // As an older version would have left it, which did not know the dollar.
    write(&world.app.pool, "DELETE FROM currency_rate").await;
    sqlx::query(
        "INSERT INTO source_failure SELECT gen_random_uuid(), dataset, source, url, status, raw_uri,
             dead_uri || '.old', '2024-01-02 EUR USD', 'invalid_currency', message, value, fetched_at
         FROM source_failure WHERE raw_uri = $1",
    )
    .bind(&raws[0])
    .execute(&world.app.pool)
    .await
    .unwrap();
    let not_positive = ["not_positive: 2024-01-02 EUR GBP", "not_positive: 2024-01-03 EUR USD"];
    assert_eq!(world.failures().await.len(), 3);

    let server = world.serve().await;
    let worker = world.work();
    for (input, code) in [
        (json!({ "reason": "no_such" }), "NOT_FOUND"),
        (json!({ "failureId": "0199f3b2-0000-7000-8000-000000000000" }), "NOT_FOUND"),
    ] {
        assert_eq!(ask(&server, REPLAY, json!({ "input": input })).await.code(), code);
    }
    let listed =
        ask(&server, "{ sourceFailures { nodes { id reason } } }", Json::Null).await.json();
    let nodes = listed["data"]["sourceFailures"]["nodes"].as_array().expect("nodes").clone();
    let old = nodes.iter().find(|node| node["reason"] == "invalid_currency").expect("the old one");
    let answer = ask(&server, REPLAY, json!({ "input": { "failureId": old["id"] } })).await.json();
    let job = &answer["data"]["replaySourceFailures"]["job"];
    assert_eq!(job["task"], "STORE_RATES", "{answer}");
    let id = job["jobId"].as_str().expect("an id").parse().expect("a UUID");
    assert_eq!(world.app.ended(id).await.0, "succeeded");
    assert_eq!(world.rows().await, ["frankfurter 2024-01-02 EUR USD 1.0956"]);
    assert_eq!(world.failures().await, not_positive);

    // One answer is gone; the other is stored.
    let first = world.keys("raw").await.remove(0);
    world.app.bucket.delete(&first).await.unwrap();
    let answer = ask(&server, REPLAY, json!({ "input": {} })).await.json();
    let job = &answer["data"]["replaySourceFailures"]["job"]["jobId"];
    let id = job.as_str().expect("an id").parse().expect("a UUID");
    let (state, _, error) = world.app.ended(id).await;
    assert_eq!(state, "failed");
    assert!(error.contains(&first), "{error}");
    assert_eq!(world.failures().await, not_positive);
    assert_eq!(world.keys("dead").await.len(), 2);
    worker.stop().await;
    server.stop().await;
}
