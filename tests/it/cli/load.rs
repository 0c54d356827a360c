//! `load`, `rejects` and `migrate` from outside: output and exit codes.

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::support::TestApp;
use crate::support::cut_proxy::{CutProxy, Fate};
use crate::support::process::send;
use crate::support::sample::{self, ALL, CUSTOMER, PERSON, PRODUCT};
use crate::support::servers::servers;

#[tokio::test]
async fn a_load_reports_by_a_table_and_its_exit_code() {
    let app = TestApp::start().await;
    app.run(&["load"]).await.expect(1); // There is nothing to load.
    let clean = sample::clean();
    clean.put(&app, &ALL).await;
    let lines = clean.count(sample::DETAIL);
    let lines = format!("{},{:03}", lines / 1000, lines % 1000);
    app.run(&["load"])
        .await
        .expect(0)
        .says(&["rows read", "inserted", "updated", "unchanged", "rejected", "parked", "seconds"])
        .says(&["Person.Person.csv", "Sales.SalesOrderDetail.csv", &lines, "\nsucceeded\n"]);
    app.run(&["load"]).await.expect(0).says(&["10 file(s) loaded before, skipped"]);

    sample::defective().put(&app, &[PERSON]).await;
    app.run(&["load"])
        .await
        .expect(3)
        .says(&["salesgraph rejects list", "\nsucceeded_with_rejects\n"]);
    app.put(PRODUCT, "ProductID;Name\r\n1;x\r\n").await;
    app.run(&["load"]).await.expect(1).says(&[
        "failed: incoming/production/Production.Product.csv: ",
        "lacks ProductNumber",
        "\nfailed\n",
    ]);

    let wrong = app.run(&["load", "--max-rejects", "half"]).await.expect(2);
    assert!(wrong.err.contains("expected a number of rows"), "{}", wrong.err);
    let unknown = app.run(&["load", "--source", "data"]).await.expect(2);
    assert!(unknown.err.contains("s3://bucket/prefix"), "{}", unknown.err);
    let mut nowhere = app.command();
    let nowhere = nowhere.env_remove("DATABASE_URL").arg("load").output().await.expect("starts");
    assert_eq!(nowhere.status.code(), Some(2));
    let said = String::from_utf8_lossy(&nowhere.stderr);
    assert!(said.contains("DATABASE_URL"), "{said}");
}

#[tokio::test]
async fn the_summary_as_json_agrees_with_the_ledger() {
    let app = TestApp::start().await;
    sample::defective().put(&app, &ALL).await;
    let ended = app.run(&["load", "--json"]).await.expect(3);
    let summary: Value = serde_json::from_str(&ended.out).expect("one JSON object");
    assert_eq!(summary["outcome"], "succeeded_with_rejects");
    assert_eq!(summary["files_found"], ALL.len());
    assert_eq!(summary["files"].as_array().expect("files").len(), ALL.len());
    let run: uuid::Uuid = app.value("SELECT id FROM load_run").await;
    assert_eq!(summary["run_id"], run.to_string());
    for name in ["read", "inserted", "updated", "unchanged", "rejected", "parked"] {
        let files: Vec<(String, i64)> = sqlx::query_as(sqlx::AssertSqlSafe(format!(
            "SELECT object_key, run.rows_{name} FROM load_run_file AS run \
             JOIN load_file ON id = file_id"
        )))
        .fetch_all(&app.pool)
        .await
        .expect("the ledger");
        let total: i64 = files.iter().map(|(_, count)| count).sum();
        assert_eq!(summary["totals"][name], total, "{name}");
        for (key, count) in files {
            let own = summary["files"]
                .as_array()
                .and_then(|files| files.iter().find(|file| file["key"] == key));
            assert_eq!(own.expect("in the summary")[name], count, "{name} of {key}");
        }
    }
    assert_eq!(summary["files"][0]["error"], Value::Null);

    let checked = app.run(&["load", "--check", "--json"]).await.expect(3);
    let checked: Value = serde_json::from_str(&checked.out).expect("one JSON object");
    assert_eq!(checked["run_id"], Value::Null);
    assert_eq!(checked["totals"]["rejected"], summary["totals"]["rejected"]);
    assert!(checked["files"][0]["samples"][0]["line"].is_u64(), "{checked}");
    let bad = sample::defective().planted.iter();
    let bad = bad.clone().find(|bad| bad.file == CUSTOMER && bad.reason == "invalid_integer");
    let line = format!("{CUSTOMER}:{}: TerritoryID: ", bad.expect("planted").line);
    app.run(&["load", "--check"]).await.expect(3).says(&[&line, "(invalid_integer)"]);
}

/// A record of the customer file: a store.
fn store(id: u32, territory: &str) -> String {
    let guid = "5B9A9BE4-61D8-4E3B-96C2-9A9F1F6B0A5E";
    format!("{id};NULL;7;{territory};AW{id:08};{guid};2014-01-01 00:00:00.000")
}

#[tokio::test]
async fn rejects_are_listed_shown_and_replayed() {
    let app = TestApp::start().await;
    app.run(&["rejects"]).await.expect(0).says(&["no rejects"]);
    let records = [store(1, "1"), store(2, "North"), store(3, "x"), store(4, "1")];
    app.put(CUSTOMER, sample::clean().with_records(CUSTOMER, &records)).await;
    app.run(&["load"]).await.expect(3);
    let file: i32 = app.value("SELECT id FROM load_file").await;
    let (north, x) = (format!("{file}:3"), format!("{file}:4"));

    app.run(&["rejects", "list"])
        .await
        .expect(0)
        .says(&[&north, &x, "TerritoryID", "invalid_integer", "found \"North\""]);
    let listed = app.run(&["rejects", "list", "--json", "--limit", "1"]).await.expect(0);
    let one: Value = serde_json::from_str(&listed.out).expect("one object, on one line");
    assert_eq!((&one["line"], &one["raw"]), (&Value::from(3), &Value::from(records[1].clone())));
    app.run(&["rejects", "list", "--file", "other.csv"]).await.expect(0).says(&["no rejects"]);
    app.run(&["rejects", "show", &north]).await.expect(0).says(&[&records[1], "TerritoryID"]);
    let missing = app.run(&["rejects", "show", "99:1"]).await.expect(1);
    assert!(missing.err.contains("there is no reject 99:1"), "{}", missing.err);

    let before = app.snapshot().await;
    app.run(&["rejects", "replay"]).await.expect(3);
    assert_eq!(app.snapshot().await, before, "rows that still fail stay rejected");
    let two = format!("{}\n{}", store(2, "1"), store(5, "1"));
    for text in ["", "\r\n", &two] {
        let refused = app.run(&["rejects", "replay", &north, "--raw", text]).await.expect(2);
        assert!(refused.err.contains("not exactly one record"), "{}", refused.err);
    }
    app.run(&["rejects", "replay", "--raw", &store(2, "1")]).await.expect(2);
    assert_eq!(app.snapshot().await, before, "nothing is lost by a wrong correction");
    app.assert_ledger_holds("after failed replays").await;

    app.run(&["rejects", "replay", &north, "--raw", &store(2, "6")]).await.expect(0);
    let territory: i32 = app.value("SELECT territory_id FROM customer WHERE customer_id = 2").await;
    assert_eq!(territory, 6);
    let origin: (i32, i64) =
        sqlx::query_as("SELECT source_file_id, source_line FROM customer WHERE customer_id = 2")
            .fetch_one(&app.pool)
            .await
            .expect("the row");
    assert_eq!(origin, (file, 3), "the row names its origin");
    let counts: (i64, i64, i64) =
        sqlx::query_as("SELECT rows_read, rows_inserted, rows_rejected FROM load_file")
            .fetch_one(&app.pool)
            .await
            .expect("the counts");
    assert_eq!(counts, (4, 3, 1), "read, inserted, rejected");
    app.assert_ledger_holds("after a replay").await;
    let left: Vec<i64> = sqlx::query_scalar("SELECT line FROM load_reject")
        .fetch_all(&app.pool)
        .await
        .expect("the rejects");
    assert_eq!(left, [4]);
    let gone = app.run(&["rejects", "replay", &north]).await.expect(1);
    assert!(gone.err.contains("there is no such reject"), "{}", gone.err);
    app.run(&["rejects", "replay", "--file", "other.csv"])
        .await
        .expect(0)
        .says(&["no reject matches"]);
}

#[tokio::test]
async fn a_load_requires_the_current_schema() {
    let app = TestApp::start().await;
    sample::clean().put(&app, &[PRODUCT]).await;
    let name = servers().create_empty_database().await;
    let url = servers().url(&name);
    let run = async |arguments: &[&str]| {
        let mut command = app.command();
        let output = command.env("DATABASE_URL", &url).args(arguments).output().await;
        let output = output.expect("the program starts");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    let count = |text: &str, word: &str| text.lines().filter(|line| line.starts_with(word)).count();

    let (code, _, refused) = run(&["load"]).await;
    assert_eq!(code, Some(2), "{refused}");
    for part in ["lacks", "migration", "salesgraph migrate up", "--migrate"] {
        assert!(refused.contains(part), "'{part}' is not in: {refused}");
    }
    let (_, before, _) = run(&["migrate", "status"]).await;
    let all = count(&before, "missing");
    assert!(all >= 7 && count(&before, "applied") == 0, "{before}");
    let (code, up, _) = run(&["migrate"]).await;
    assert_eq!((code, count(&up, "applied")), (Some(0), all), "{up}");
    let (_, again, _) = run(&["migrate", "up"]).await;
    assert!(again.contains("the schema is up to date"), "{again}");
    let (_, down, _) = run(&["migrate", "down"]).await;
    assert_eq!(count(&down, "reverted"), 1, "{down}");
    let (_, status, _) = run(&["migrate", "status"]).await;
    assert_eq!((count(&status, "missing"), count(&status, "applied")), (1, all - 1), "{status}");
    let (code, _, refused) = run(&["rejects"]).await;
    assert_eq!(code, Some(2), "{refused}");
    let steps = all.to_string();
    let (_, down, _) = run(&["migrate", "down", "--steps", &steps]).await;
    assert_eq!(count(&down, "reverted"), all - 1, "{down}");
    let (code, out, err) = run(&["load", "--migrate"]).await;
    assert_eq!(code, Some(0), "{out}{err}");
    let (_, status, _) = run(&["migrate", "status"]).await;
    assert_eq!(count(&status, "applied"), all, "{status}");
    servers().drop_in_the_end(&name);
}

#[tokio::test]
async fn an_interrupted_load_ends_cleanly_and_the_next_one_continues() {
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let clean = sample::clean();
        let app = TestApp::start().await;
        clean.put(&app, &[PERSON, CUSTOMER]).await;
        let half = clean.file(PERSON).len() / 2;
        let endpoint = app.s3().endpoint_url.as_deref().expect("an endpoint");
        let proxy = CutProxy::start(endpoint, move |_| Fate::Gate(half)).await;
        let loader = app.start_load_through(&proxy);
        app.wait_until("SELECT batches > 0 FROM load_checkpoint").await;
        send(&loader, signal);
        let ended = loader.wait_with_output().await.expect("it ends");
        let out = String::from_utf8_lossy(&ended.stdout);
        assert_eq!(ended.status.code(), Some(1), "{signal}: {out}");
        assert!(out.contains("interrupted; the next run continues"), "{signal}: {out}");
        assert!(out.contains("Sales.Customer.csv: interrupted"), "{signal}: {out}");

        let (state, why): (String, String) =
            sqlx::query_as("SELECT state, error_message FROM load_run")
                .fetch_one(&app.pool)
                .await
                .expect("the run");
        assert_eq!(state, "failed", "{signal}");
        assert!(why.starts_with("interrupted"), "{signal}: {why}");
        let files: Vec<(String, String)> = sqlx::query_as("SELECT dataset, state FROM load_file")
            .fetch_all(&app.pool)
            .await
            .expect("the files");
        assert_eq!(files, [("person".to_owned(), "loading".to_owned())], "{signal}");
        app.assert_ledger_holds("interrupted").await;

        app.run(&["load"]).await.expect(0);
        let undisturbed = TestApp::start().await;
        clean.put(&undisturbed, &[PERSON, CUSTOMER]).await;
        undisturbed.load_small().await;
        assert_eq!(app.snapshot().await, undisturbed.snapshot().await, "{signal}");
    }
}
