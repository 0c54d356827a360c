//! Small files that are read by a mapping: they are loaded in groups, and what the mapping does
//! not take is named.

use salesgraph::load::{Counts, LeftOut, Outcome};

use super::mappings::{OFFER, OURS, texts};
use super::small_files::transactions;
use crate::support::TestApp;
use crate::support::sample::{self, PRODUCT};

/// Files of one row, and which of them have another that is bad, or that waits for its product.
const FILES: i64 = 40;
const BAD: i64 = 7;
const WAITING: i64 = 11;

async fn with_offers() -> TestApp {
    let app = TestApp::start().await;
    sample::clean().put(&app, &[PRODUCT]).await;
    app.load().await;
    let product: i32 = app.value("SELECT min(product_id) FROM product").await;
    for number in 0..FILES {
        let mut text = format!("{OFFER}{}~|~{product}~|~04/03/2011@@\n", number + 1);
        match number {
            BAD => text += &format!("900~|~{product}~|~31/02/2011@@\n"),
            WAITING => text += "901~|~1000000~|~04/03/2011@@\n",
            _ => {}
        }
        app.put(&format!("Angebote-{number:03}.txt"), text).await;
    }
    app
}

#[tokio::test]
async fn small_mapped_files_are_loaded_in_groups() {
    let app = with_offers().await;
    let before = transactions(&app).await;
    let summary = app.loader(texts(OURS, "ours.toml")).await.run().await.expect("the run ends");
    assert_eq!(summary.outcome, Outcome::SucceededWithRejects, "{summary:#?}");
    assert_eq!((summary.files.len(), summary.files_skipped), (40, 1));
    let totals =
        Counts { read: FILES + 2, inserted: FILES, rejected: 1, parked: 1, ..Counts::default() };
    assert_eq!(summary.totals, totals);
    let own = transactions(&app).await - before;
    assert!(own <= 2, "{own} transactions for {FILES} files");
    app.assert_ledger_holds("after mapped files").await;
    let of_mapping: (i64, i64) = sqlx::query_as(
        "SELECT count(*), count(DISTINCT mapping) FROM load_file \
         WHERE length(mapping) = 32 AND state = 'loaded' AND dialect ->> 'delimiter' = '~|~'",
    )
    .fetch_one(&app.pool)
    .await
    .expect("the ledger");
    assert_eq!(of_mapping, (FILES, 1));
    let raw: Vec<Vec<u8>> = sqlx::query_scalar(
        "SELECT raw FROM (SELECT raw, 1 AS n FROM load_reject \
           UNION ALL SELECT raw, 2 FROM load_parked) AS kept ORDER BY n",
    )
    .fetch_all(&app.pool)
    .await
    .expect("what was not loaded");
    let raw: Vec<String> =
        raw.into_iter().map(|raw| String::from_utf8(raw).expect("text")).collect();
    assert!(raw[0].starts_with("900~|~") && raw[0].ends_with("~|~31/02/2011"), "{raw:?}");
    assert_eq!(raw[1], "901~|~1000000~|~04/03/2011", "as it is in the file");

    let again = app.loader(texts(OURS, "ours.toml")).await.run().await.expect("the run ends");
    assert_eq!((again.files_skipped, again.totals.read), (41, 0), "{again:#?}");
    let other = OURS.replace("dd/MM", "MM/dd");
    let other = app.loader(texts(&other, "other.toml")).await.run().await.expect("the run ends");
    assert_eq!((other.files_skipped, other.totals.updated), (1, FILES), "another meaning");
    let day: String =
        app.value("SELECT max(modified_date)::date::text FROM special_offer_product").await;
    assert_eq!(day, "2011-04-03");
}

/// What waits is read as its file was, whatever the mapping of the load that brings the parent.
#[tokio::test]
async fn mapped_rows_that_wait_are_loaded_when_their_parent_comes() {
    let app = TestApp::start().await;
    let clean = sample::clean();
    let product: i32 = {
        let first = clean.records(PRODUCT).swap_remove(0);
        first.split(';').next().and_then(|id| id.parse().ok()).expect("its key")
    };
    // Rows without line ends.
    let days = ["04", "05", "06"];
    let rows = (1..).zip(days).map(|(id, day)| format!("{id}~|~{product}~|~{day}/03/2011@@"));
    let text = format!("{}{}", OFFER.trim_end(), rows.collect::<String>());
    app.put("Angebote.txt", text).await;
    let waiting = app.loader(texts(OURS, "ours.toml")).await.run().await.expect("the run ends");
    assert_eq!((waiting.totals.read, waiting.totals.parked), (3, 3), "{waiting:#?}");
    clean.put(&app, &[PRODUCT]).await;
    let resolved = app.loader(texts(OURS, "ours.toml")).await.run().await.expect("the run ends");
    assert_eq!(resolved.outcome, Outcome::Succeeded, "{resolved:#?}");
    let loaded: Vec<(i32, String, i64)> = sqlx::query_as(
        "SELECT special_offer_id, modified_date::date::text, source_line \
         FROM special_offer_product ORDER BY 1",
    )
    .fetch_all(&app.pool)
    .await
    .expect("the rows");
    let day = |id: i32, day: &str, line: i64| (id, format!("2011-03-{day}"), line);
    assert_eq!(loaded, [day(1, "04", 2), day(2, "05", 3), day(3, "06", 4)]);
    app.assert_ledger_holds("after the parent").await;
}

#[tokio::test]
async fn files_that_a_mapping_does_not_take_are_named() {
    let app = TestApp::start().await;
    sample::clean().put(&app, &[PRODUCT]).await;
    for name in ["Sales.SpecialOfferProduct.csv", "Production.Product (1).csv", "notes.txt"] {
        app.put(name, "x").await;
    }
    let check = app.loader(texts(OURS, "ours.toml")).await.check().await.expect("the check ends");
    let run = app.loader(texts(OURS, "ours.toml")).await.run().await.expect("the run ends");
    for summary in [check, run] {
        let left_out: Vec<(&str, &str)> = summary
            .left_out
            .iter()
            .map(|LeftOut { key, expected }| {
                (key.rsplit('/').next().unwrap_or_default(), expected.as_str())
            })
            .collect();
        let expected = [
            ("Production.Product (1).csv", "Production.Product*.csv"),
            ("Sales.SpecialOfferProduct.csv", "Angebote*.txt"),
        ];
        assert_eq!(left_out, expected, "{summary:#?}");
        assert_eq!((summary.files_left_out, summary.files_found), (2, 1));
    }
}
