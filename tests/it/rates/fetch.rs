//! From the mutation to rows, files and the API.

use salesgraph::embedded::rates::answer;
use salesgraph::job::Schedule;
use salesgraph::job::rates::ScheduledRates;
use serde_json::{Value as Json, json};

use crate::support::commands::ask;
use crate::support::rates::{RatesApp, config, status};

const REFRESH: &str = "mutation Refresh($input: RefreshCurrencyRatesInput!) {
    refreshCurrencyRates(input: $input) { job { jobId task state } } }";
const RATES: &str = "{ currencyRates(first: 100) { nodes { currencyRateId currencyRateDate
    fromCurrencyCode toCurrencyCode averageRate endOfDayRate publishedRate rateSource
    fetchedAt source { line } } } }";

/// Asks for rates, and waits until they are stored; gives the job's end.
async fn refresh(world: &RatesApp, input: Json) -> (String, i32, String) {
    let server = world.serve().await;
    let answer = ask(&server, REFRESH, json!({ "input": input })).await.json();
    let job = &answer["data"]["refreshCurrencyRates"]["job"];
    assert_eq!(
        (&job["task"], &job["state"]),
        (&json!("REFRESH_RATES"), &json!("QUEUED")),
        "{answer}"
    );
    let worker = world.work();
    let id = job["jobId"].as_str().expect("an id").parse().expect("a UUID");
    let ended = world.app.ended(id).await;
    world.app.wait_until("SELECT count(*) = 0 FROM job WHERE finished_at IS NULL").await;
    worker.stop().await;
    server.stop().await;
    ended
}

#[tokio::test]
async fn rates_of_both_dialects_are_kept_raw_and_become_rows_and_files() {
    let request = json!({ "currencies": ["USD", "GBP"], "from": "2024-01-01", "to": "2024-01-12" });
    let url = "/v1/2024-01-01..2024-01-12?base=EUR&symbols=USD,GBP";
    let published = answer(&url.parse().unwrap(), "2024-02-01".parse().unwrap()).body;
    let published: Json = serde_json::from_str(&published).unwrap();
    for (dialect, path, asked) in [
        ("ecb", "/stats/eurofxref", "/stats/eurofxref/eurofxref-hist.xml"),
        ("frankfurter", "/v1", "/v1/2024-01-01..2024-01-12?base=EUR&symbols=GBP,USD"),
    ] {
        let world = RatesApp::with(dialect, path, &[]).await;
        assert_eq!(
            refresh(&world, request.clone()).await,
            ("succeeded".to_owned(), 1, String::new())
        );
        assert_eq!(world.api.requests(), [asked]);
        let (raw, curated) = (world.keys("raw").await, world.keys("curated").await);
        assert_eq!((raw.len(), curated.len()), (1, 1), "{raw:?} {curated:?}");
        let name = |key: &str| key.split('/').skip(2).collect::<Vec<_>>().join("/");
        let stem = |key: &str| name(key).rsplit_once('.').expect("an ending").0.to_owned();
        assert_eq!(stem(&raw[0]), stem(&curated[0]), "the same hour and id");
        assert_eq!(world.failures().await, [] as [&str; 0]);

        let rows = world.rows().await;
        assert_eq!(rows.len(), 20, "ten working days: {rows:?}");
        for row in &rows {
            let [source, day, from, to, rate] = row.split(' ').collect::<Vec<_>>()[..] else {
                panic!("{row}")
            };
            assert_eq!((source, from), (dialect, "EUR"));
            assert_eq!(published["rates"][day][to].to_string(), rate, "{row}");
        }
        let server = world.serve().await;
        let shown = ask(&server, RATES, Json::Null).await.json();
        let nodes = shown["data"]["currencyRates"]["nodes"].as_array().expect("nodes").clone();
        assert_eq!(nodes.len(), 20);
        for node in &nodes {
            assert!(node["currencyRateId"].as_i64().expect("a number") < 0, "{node}");
            assert_eq!(node["rateSource"], dialect.to_uppercase(), "{node}");
            for absent in ["averageRate", "endOfDayRate", "source"] {
                assert_eq!(node[absent], Json::Null, "{absent} of {node}");
            }
            assert!(node["publishedRate"].is_string() && node["fetchedAt"].is_string(), "{node}");
        }
        server.stop().await;
    }
}

#[tokio::test]
async fn an_api_that_is_busy_is_asked_again_and_each_answer_is_kept() {
    let world = RatesApp::frankfurter().await;
    world.api.next([status(503, "retry-after", "0"), status(429, "retry-after", "0")]);
    let input = json!({ "currencies": ["USD"], "from": "2024-01-02", "to": "2024-01-02" });
    assert_eq!(refresh(&world, input).await, ("succeeded".to_owned(), 1, String::new()));
    assert_eq!(world.api.requests().len(), 3);
    assert_eq!(world.keys("raw").await.len(), 3);
    assert_eq!(world.keys("curated").await.len(), 1);
    assert_eq!(world.rows().await.len(), 1);
    assert_eq!(world.failures().await, [] as [&str; 0], "answers that were followed by another");
}

#[tokio::test]
async fn an_api_that_asks_for_too_long_a_pause_or_refuses_is_not_asked_again() {
    for (code, wait) in [(429, "3600"), (404, "0")] {
        let world = RatesApp::frankfurter().await;
        world.api.next([status(code, "retry-after", wait)]);
        let input = json!({ "from": "2024-01-02", "to": "2024-01-02" });
        let (state, attempts, error) = refresh(&world, input).await;
        assert_eq!((&*state, attempts), ("failed", 1), "{error}");
        assert!(error.contains(&code.to_string()), "{error}");
        assert_eq!(world.api.requests().len(), 1);
        assert_eq!(world.failures().await, ["status"]);
        let [dead] = &world.keys("dead").await[..] else { panic!("one dead letter") };
        let letter: Json = serde_json::from_slice(&world.bytes(dead).await).expect("JSON");
        assert_eq!(letter["status"], code);
        let raw = world.keys("raw").await;
        let uri = format!("s3://{}/{}", world.app.bucket_name(), raw[0]);
        assert_eq!(letter["rawUri"], uri, "{letter}");

        let server = world.serve().await;
        let query = "{ sourceFailures { nodes { dataset source url status item reason message
            value rawUri deadUri fetchedAt } } }";
        let listed = ask(&server, query, Json::Null).await.json();
        let failure = &listed["data"]["sourceFailures"]["nodes"][0];
        assert_eq!((&failure["reason"], &failure["status"]), (&json!("status"), &json!(code)));
        assert_eq!((&failure["rawUri"], &failure["item"]), (&json!(uri), &Json::Null), "{listed}");
        server.stop().await;
    }
}

#[tokio::test]
async fn a_redirect_is_followed_within_its_host_only() {
    let world = RatesApp::frankfurter().await;
    let target = "/v1/2024-01-02..2024-01-02?base=EUR&symbols=USD";
    world.api.next([status(302, "location", target)]);
    let input = json!({ "currencies": ["USD"], "from": "2024-01-02", "to": "2024-01-02" });
    assert_eq!(refresh(&world, input.clone()).await.0, "succeeded");
    assert_eq!(world.api.requests().len(), 2);
    assert_eq!(world.rows().await.len(), 1);

    let elsewhere = format!("http://localhost:{}{target}", world.api.address.port());
    world.api.next([status(307, "location", &elsewhere)]);
    assert_eq!(refresh(&world, input).await.0, "failed");
    assert_eq!(world.api.requests().len(), 3, "the other host is not asked");
    assert_eq!(world.failures().await, ["status"]);
}

#[tokio::test]
async fn the_command_line_fetches_and_stores_at_once() {
    let world = RatesApp::frankfurter().await;
    let run = async |arguments: &[&str]| {
        let url = format!("http://{}/v1", world.api.address);
        let mut command = world.app.command();
        command
            .args(["rates", "--from", "2024-01-02", "--to", "2024-01-03", "--base", "USD"])
            .args(arguments)
            .env("LAKE_URI", world.app.lake_uri())
            .env("RATES_DIALECT", "frankfurter")
            .env("RATES_URL", url)
            .env("RATES_ALLOW_PRIVATE", "true");
        let output = command.output().await.expect("the program starts");
        let text = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(text).expect("UTF-8"))
    };
    let (code, said) = run(&["--currencies", "EUR,GBP"]).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("4 rates, 4 rows changed, 0 do not fit"), "{said}");
    assert_eq!(world.rows().await.len(), 4);
    let (code, said) = run(&["--currencies", "EUR,XXX"]).await;
    assert_eq!(code, Some(3), "{said}");
    assert_eq!(world.failures().await, ["missing_currency: USD XXX"]);
    world.api.next([status(404, "etag", "x")]);
    let (code, said) = run(&[]).await;
    assert_eq!(code, Some(1), "{said}");
    assert_eq!(world.failures().await.len(), 2, "it is listed, too");
    assert_eq!(run(&["--currencies", "eur"]).await.0, Some(2));
}

#[tokio::test]
async fn the_same_request_while_one_waits_is_one_job() {
    let world = RatesApp::frankfurter().await;
    let server = world.serve().await;
    let mut jobs = Vec::new();
    for currencies in [["USD", "GBP"], ["GBP", "USD"], ["USD", "JPY"]] {
        let input = json!({ "currencies": currencies, "from": "2024-01-02", "to": "2024-01-02" });
        let answer = ask(&server, REFRESH, json!({ "input": input })).await.json();
        jobs.push(answer["data"]["refreshCurrencyRates"]["job"]["jobId"].to_string());
    }
    assert_eq!(jobs[0], jobs[1]);
    assert_ne!(jobs[0], jobs[2]);
    server.stop().await;
}

#[tokio::test]
async fn a_due_time_queues_the_last_days() {
    let world = RatesApp::frankfurter().await;
    let settings = [("RATES_SCHEDULE", "0 17 * * 1-5"), ("RATES_DAYS", "3")];
    let config = config(&settings);
    let times = config.schedule.clone().expect("a schedule");
    let schedule = Schedule::new("rates", times, std::sync::Arc::new(ScheduledRates(config)));
    let at = |text: &str| text.parse().expect("a time");
    assert!(!schedule.tick(&world.app.pool, at("2026-11-27T16:59:00Z")).await.unwrap());
    assert!(schedule.tick(&world.app.pool, at("2026-11-27T17:00:00Z")).await.unwrap());
    let days: i32 = world
        .app
        .value(
            "SELECT (payload->>'to')::date - (payload->>'from')::date FROM job \
             WHERE task = 'refresh_rates'",
        )
        .await;
    assert_eq!(days, 2);
}
