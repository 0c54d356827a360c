//! The curated files and the rows made again from the raw answers.

use chrono::{Days, Utc};
use salesgraph::error::Code;
use salesgraph::rates::{reprocess, store};
use sha2::{Digest as _, Sha256};
use tokio_util::sync::CancellationToken;

use crate::support::rates::{RatesApp, body, days};
use crate::support::write;

/// All that is curated or dead, with its hash.
async fn hashes(world: &RatesApp) -> Vec<(String, String)> {
    let mut hashes = Vec::new();
    for part in ["curated", "dead"] {
        for key in world.keys(part).await {
            let hash = format!("{:x}", Sha256::digest(world.bytes(&key).await));
            hashes.push((key, hash));
        }
    }
    hashes
}

#[tokio::test]
async fn they_are_bit_for_bit_the_same() {
    let world = RatesApp::frankfurter().await;
    world.api.next([
        body(r#"{"base":"EUR","date":"2024-01-02","rates":{"USD":1.1,"GBP":0}}"#),
        body(r#"{"base":"EUR","date":"2024-01-02","rates":{"USD":1.2}}"#),
    ]);
    let request = days("2024-01-01", "2024-03-31", &[]);
    for _ in 0..3 {
        let raw = world.fetch(&request).await.remove(0);
        store(&world.lake, &world.app.pool, &raw).await.unwrap();
    }
    let (before, rows) = (hashes(&world).await, world.rows().await);
    assert_eq!(before.len(), 4, "three files and a dead letter: {before:?}");
    assert!(rows.len() > 600, "{}", rows.len());
    for (key, _) in &before {
        world.app.bucket.delete(key).await.unwrap();
    }
    for table in ["DELETE FROM currency_rate", "DELETE FROM source_failure"] {
        write(&world.app.pool, table).await;
    }
    let today = Utc::now().date_naive();
    let (from, to) = (today - Days::new(1), today + Days::new(1));
    let run = async |from: String, to: String| {
        let output = world
            .app
            .command()
            .args(["reprocess", "currency-rates", "--from", &from, "--to", &to])
            .env("LAKE_URI", world.app.lake_uri())
            .output()
            .await
            .expect("the program starts");
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(0), "{error}");
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    let nothing = run("2020-01-01".to_owned(), "2020-01-02".to_owned()).await;
    assert!(nothing.starts_with("0 answers"), "{nothing}");
    let said = run(from.to_string(), to.to_string()).await;
    assert!(said.starts_with("3 answers"), "{said}");
    assert_eq!(hashes(&world).await, before);
    assert_eq!(world.rows().await, rows);
    let again = run(from.to_string(), to.to_string()).await;
    assert!(again.contains(" 0 rows changed"), "{again}");
}

#[tokio::test]
async fn one_that_cannot_be_read_keeps_none_of_the_others_from_it() {
    let world = RatesApp::frankfurter().await;
    for day in ["2024-01-02", "2024-01-03", "2024-01-04"] {
        world
            .api
            .next([body(&format!(r#"{{"base":"EUR","date":"{day}","rates":{{"USD":1.1}}}}"#))]);
        world.fetch(&days("2024-01-01", "2024-01-31", &[])).await;
    }
    let broken = world.keys("raw").await.remove(1);
    world.app.bucket.put_bytes(&broken, b"no Avro".to_vec()).await.unwrap();
    let today = Utc::now().date_naive();
    let days = (today - Days::new(1), today + Days::new(1));
    let stop = CancellationToken::new();
    let error = reprocess(&world.lake, &world.app.pool, days, &stop).await.expect_err("told");
    assert_eq!(error.code(), Code::Conflict);
    let message = error.message();
    assert!(message.contains(&broken) && message.contains("2 answers are stored"), "{message}");
    assert_eq!(world.rows().await.len(), 2);
}
