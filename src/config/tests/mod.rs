//! Precedence of the sources, and the messages of invalid configurations.

mod jwt;
mod otel;

use std::collections::HashSet;
use std::io::Write as _;

use super::*;
use crate::error::{Code, Error};

/// The sources of one configuration.
struct Sources<'a> {
    env: &'a [(&'a str, &'a str)],
    file: &'a str,
    overrides: Overrides,
}

impl Sources<'_> {
    fn load(self) -> Result<Config> {
        let mut file = TempFile::new();
        file.write(self.file);
        Config::load(&ConfigSources {
            file: Some(file.path.clone()),
            overrides: self.overrides,
            env: |name: &str| {
                let found = self.env.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).to_owned())
            },
        })
    }

    fn error(self) -> Error {
        let error = self.load().expect_err("this configuration is wrong");
        assert_eq!(error.code(), Code::Config);
        error
    }
}

fn env<'a>(env: &'a [(&'a str, &'a str)]) -> Sources<'a> {
    Sources { env, file: "", overrides: Overrides::default() }
}

fn file(file: &str) -> Sources<'_> {
    Sources { env: &[], file, overrides: Overrides::default() }
}

struct TempFile {
    path: std::path::PathBuf,
}

impl TempFile {
    fn new() -> Self {
        let name = format!("salesgraph-{}.toml", uuid::Uuid::new_v4());
        Self { path: std::env::temp_dir().join(name) }
    }

    fn write(&mut self, text: &str) {
        let mut file = std::fs::File::create(&self.path).expect("a file");
        file.write_all(text.as_bytes()).expect("written");
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

#[test]
fn without_sources_the_defaults_apply() {
    let config = env(&[]).load().expect("the defaults are valid");
    assert_eq!(config.http.bind.to_string(), "127.0.0.1:8000");
    assert_eq!(config.database.max_connections, 10);
    assert_eq!(config.load.batch_rows, 20_000);
    assert_eq!(config.load.batch_bytes, 1 << 20);
    assert_eq!(config.load.record_max_bytes, 1 << 20);
    assert_eq!(config.load.bulk_bytes, 64 << 10);
    assert_eq!(config.load.max_rejects, None);
    assert_eq!(config.limits.request.concurrency_per_token, 32);
    assert_eq!(config.telemetry.log_format, LogFormat::Text);
    assert!(config.storage.credentials.is_none());
    let missing = config.database.require_url().expect_err("no URL was given").to_string();
    assert!(missing.contains("database.url") && missing.contains("DATABASE_URL"), "{missing}");
}

#[test]
fn flags_override_the_environment_which_overrides_the_file() {
    let toml = "[http]\nbind = \"127.0.0.1:1\"\n[load]\nbatch_rows = 1\nparallel_files = 3";
    let variables = [("HTTP_BIND", "127.0.0.1:2"), ("LOAD_BATCH_ROWS", "2")];
    let overrides = Overrides::default().with(&http::BIND, "--bind", Some("127.0.0.1:3"));
    let config = Sources { env: &variables, file: toml, overrides }.load().expect("valid");
    assert_eq!(config.http.bind.port(), 3);
    assert_eq!(config.load.batch_rows, 2);
    assert_eq!(config.load.parallel_files, 3);

    let origin = |key: &ConfigKey| {
        let entry = config.entries().iter().find(|entry| entry.key.env == key.env);
        entry.and_then(|entry| entry.origin.clone())
    };
    assert_eq!(origin(&http::BIND), Some(ValueOrigin::Flag("--bind")));
    assert_eq!(origin(&load::BATCH_ROWS), Some(ValueOrigin::Env("LOAD_BATCH_ROWS")));
    assert!(matches!(origin(&load::PARALLEL_FILES), Some(ValueOrigin::File(_))));
    assert_eq!(origin(&load::MODE), Some(ValueOrigin::Default));
    assert_eq!(origin(&load::MAX_REJECTS), None);
}

#[test]
fn an_empty_variable_counts_as_not_set() {
    let config = env(&[("HTTP_BIND", ""), ("DATABASE_URL", "")]).load().expect("valid");
    assert_eq!(config.http.bind.port(), 8000);
    assert!(config.database.url.is_none());
}

#[test]
fn the_environment_may_name_the_file() {
    let mut toml = TempFile::new();
    toml.write("[load]\nbatch_rows = 7");
    let path = toml.path.to_string_lossy().into_owned();
    let sources = ConfigSources {
        file: None,
        overrides: Overrides::default(),
        env: |name: &str| (name == FILE_ENV).then(|| path.clone()),
    };
    assert_eq!(Config::load(&sources).expect("valid").load.batch_rows, 7);

    let missing = ConfigSources {
        file: Some("/no/such/file.toml".into()),
        overrides: Overrides::default(),
        env: |_: &str| None,
    };
    let error = Config::load(&missing).expect_err("there is no such file");
    assert!(error.message().contains("/no/such/file.toml"), "{error}");
}

#[test]
fn an_unknown_key_is_rejected_with_a_list_of_keys() {
    let error = file("[load]\nbatch_row = 1").error().to_string();
    assert!(error.contains("unknown key `batch_row` in section [load]"), "{error}");
    assert!(error.contains("batch_rows, batch_bytes, parallel_files"), "{error}");

    let error = file("[loads]\nbatch_rows = 1").error().to_string();
    assert!(error.contains("unknown section [loads]"), "{error}");
    assert!(
        error.contains(
            "database, storage, http, graphql, mcp, auth, jwt, limits, cache, analytics, load, \
             reports, worker, lake, rates, webhook, telemetry"
        ),
        "{error}"
    );

    let error = file("load = 1").error().to_string();
    assert!(error.contains("write [load] on a line of its own"), "{error}");
}

#[test]
fn a_bad_value_names_key_origin_and_what_is_expected() {
    let error = env(&[("LOAD_BATCH_ROWS", "many")]).error().to_string();
    let expected = "load.batch_rows = `many` (environment LOAD_BATCH_ROWS): \
                    expected a whole number from 1 to 1000000";
    assert_eq!(error, expected);

    let error = file("[telemetry]\nlog_format = true").error().to_string();
    assert!(error.starts_with("telemetry.log_format = `true` (file "), "{error}");
    assert!(error.ends_with("expected text or json"), "{error}");

    let error = file("[load]\nmode = [\"merge\"]").error().to_string();
    assert!(error.contains("load.mode") && error.contains("a single value"), "{error}");

    let error = env(&[("LOAD_MODE", "replace")]).error().to_string();
    assert!(error.ends_with("expected merge or mirror"), "{error}");

    let error = env(&[("RUST_LOG", "salesgraph=loud")]).error().to_string();
    assert!(error.contains("telemetry.log"), "{error}");
}

#[test]
fn limits_allow_graphiql_and_are_consistent() {
    let limits = env(&[("LIMITS_DEPTH", "15"), ("LIMITS_EXECUTION_TIME", "500ms")]);
    let limits = limits.load().expect("valid").limits;
    assert_eq!(
        (limits.document.depth, limits.document.aliases, limits.document.cost),
        (15, 100, 500_000)
    );
    assert_eq!(limits.request.execution_time.as_millis(), 500);
    let error = env(&[("LIMITS_DEPTH", "14")]).error().to_string();
    assert!(error.ends_with("expected a whole number from 15 to 32"), "{error}");
    let error = env(&[("LIMITS_REPRESENTATIONS", "100001")]).error().to_string();
    assert!(error.ends_with("expected a whole number from 1 to 100000"), "{error}");
    let error = file("[limits]\npage_size_max = 49").error().to_string();
    let expected = "limits.page_size_default = `50` is more than limits.page_size_max = `49`";
    assert_eq!(error, expected);
}

#[test]
fn only_trusted_documents_needs_trusted_documents() {
    let error = env(&[("HTTP_ONLY_TRUSTED_DOCUMENTS", "true")]).error().to_string();
    assert!(error.contains("http.trusted_documents"), "{error}");
    let variables =
        [("HTTP_ONLY_TRUSTED_DOCUMENTS", "true"), ("HTTP_TRUSTED_DOCUMENTS", "/a.json")];
    let config = env(&variables).load().expect("valid").http;
    assert!(config.only_trusted_documents);
    assert_eq!(config.persisted_bytes, 8 << 20);
}

#[test]
fn origins_are_written_as_browsers_send_them() {
    let origins =
        |text: &str| env(&[("HTTP_CORS_ORIGINS", text)]).load().map(|c| c.http.cors_origins);
    assert_eq!(env(&[]).load().expect("valid").http.cors_origins, CorsOrigins::None);
    assert_eq!(origins(" * ").expect("valid"), CorsOrigins::Any);
    let these = ["https://app.example", "http://localhost:3000", "http://[::1]:3000"];
    let expected = CorsOrigins::These(these.map(str::to_owned).to_vec());
    assert_eq!(origins(&these.join(" , ")).expect("valid"), expected);
    for bad in [
        "app.example", "https://app.example/", "https://app.example/path", "https://App.example",
        "https://app.example:443", "https://user@app.example", "ftp://app.example",
        "https://app.example,*", "https://app.example,", "null",
    ] {
        let error = origins(bad).expect_err(bad).to_string();
        assert!(error.contains("https://app.example or http://localhost:3000"), "{error}");
    }
}

#[test]
fn an_address_has_a_port() {
    for bad in ["0.0.0.0", "localhost:8000", "8000"] {
        let error = env(&[("HTTP_BIND", bad)]).error().to_string();
        assert!(error.contains("an address and a port"), "{error}");
    }
    let config = env(&[("HTTP_BIND", "[::]:0")]).load().expect("valid");
    assert!(config.http.bind.is_ipv6());
}

#[test]
fn secrets_are_always_masked() {
    let variables = [
        ("DATABASE_URL", "postgres://u:hunter2@host/db"),
        ("AWS_ACCESS_KEY_ID", "AKIA"),
        ("AWS_SECRET_ACCESS_KEY", "hunter2"),
        ("AWS_SESSION_TOKEN", "hunter2"),
    ];
    let config = env(&variables).load().expect("valid");
    let shown = format!("{config:?}");
    assert!(!shown.contains("hunter2"), "{shown}");
    assert!(shown.contains("postgres://u:***@host/db"), "{shown}");
    let url = config.database.require_url().expect("given").expose();
    assert_eq!(url, "postgres://u:hunter2@host/db");

    let error = env(&[("DATABASE_URL", "mysql://u:hunter2@host/db")]).error().detail();
    assert!(error.contains("expected postgres://") && !error.contains("hunter2"), "{error}");

    let error = file("[storage]\nsecret_access_key = \"hunter2").error().detail();
    assert!(error.contains("line 2") && !error.contains("hunter2"), "{error}");
}

#[test]
fn static_credentials_come_in_pairs() {
    let error = env(&[("AWS_ACCESS_KEY_ID", "AKIA")]).error().to_string();
    assert!(error.contains("AWS_SECRET_ACCESS_KEY"), "{error}");
    let error = env(&[("AWS_SECRET_ACCESS_KEY", "s")]).error().to_string();
    assert!(error.contains("AWS_ACCESS_KEY_ID"), "{error}");
}

#[test]
fn a_certificate_and_its_key_come_in_pairs() {
    let (cert, key) = (("HTTP_TLS_CERT", "/c.pem"), ("HTTP_TLS_KEY", "/k.pem"));
    for only in [cert, key] {
        let error = env(&[only]).error().to_string();
        assert!(error.contains("http.tls_cert") && error.contains("http.tls_key"), "{error}");
    }
    let tls = env(&[cert, key]).load().expect("valid").http.tls;
    assert_eq!(tls, Some(("/c.pem".into(), "/k.pem".into())));
}

#[test]
fn a_budget_of_cost_has_room_for_every_operation() {
    let error = env(&[("LIMITS_COST_PER_TOKEN", "499999")]).error().to_string();
    assert!(error.contains("limits.cost_per_token") && error.contains("500000"), "{error}");
    for enough in ["500000", "0"] {
        assert!(env(&[("LIMITS_COST_PER_TOKEN", enough)]).load().is_ok(), "{enough}");
    }
}

#[test]
fn an_endpoint_url_may_be_set() {
    let own = ("AWS_ENDPOINT_URL", "http://127.0.0.1:9000/");
    let storage = env(&[own]).load().expect("valid").storage;
    assert_eq!(storage.endpoint_url.as_deref(), Some("http://127.0.0.1:9000"));
    assert_eq!(storage.force_path_style, None);
    let storage = env(&[own, ("S3_FORCE_PATH_STYLE", "false")]).load().expect("valid").storage;
    assert_eq!(storage.force_path_style, Some(false));
    assert_eq!(env(&[]).load().expect("valid").storage.force_path_style, None);
}

#[test]
fn keys_and_variables_are_unique() {
    let keys = || SECTIONS.iter().copied().flatten();
    let names: HashSet<_> = keys().map(|key| (key.section, key.name)).collect();
    let variables: HashSet<_> = keys().map(|key| key.env).collect();
    assert_eq!((names.len(), variables.len()), (keys().count(), keys().count()));
    for keys in SECTIONS {
        assert!(keys.iter().all(|key| key.section == keys[0].section && !key.doc.is_empty()));
    }
}

#[test]
fn a_token_may_have_half_of_the_concurrency_unless_told() {
    let per_token = |set: &[(&str, &str)]| {
        env(set).load().expect("it is valid").limits.request.concurrency_per_token
    };
    assert_eq!(per_token(&[("LIMITS_CONCURRENCY", "10")]), 5);
    assert_eq!(per_token(&[("LIMITS_CONCURRENCY", "1")]), 1);
    let told = [("LIMITS_CONCURRENCY", "10"), ("LIMITS_CONCURRENCY_PER_TOKEN", "7")];
    assert_eq!(per_token(&told), 7);
    let error = env(&[("LIMITS_CONCURRENCY_PER_TOKEN", "0")]).error().to_string();
    assert!(error.contains("limits.concurrency_per_token"), "{error}");
}

#[test]
fn schedules_have_a_zone_and_may_be_off() {
    let worker = |set: &[(&str, &str)]| env(set).load().map(|config| config.worker);
    let times = worker(&[]).expect("valid").load_schedule.expect("a schedule");
    assert_eq!(times.to_string(), "0 3 * * * UTC");
    let zone = ("LOAD_SCHEDULE_TIME_ZONE", "America/Sao_Paulo");
    let set = worker(&[("LOAD_SCHEDULE", "30 2 * * 1-5"), zone]).expect("valid");
    assert_eq!(set.load_schedule.expect("set").to_string(), "30 2 * * 1-5 America/Sao_Paulo");
    assert!(worker(&[("LOAD_SCHEDULE", "off")]).expect("valid").load_schedule.is_none());
    assert!(worker(&[]).expect("valid").forecast_schedule.is_none());
    for (variable, bad, expected) in [
        ("LOAD_SCHEDULE", "daily", "0 3 * * *"),
        ("LOAD_SCHEDULE_TIME_ZONE", "Mars", "America/Sao_Paulo"),
        ("WORKER_DEAD_AFTER", "10ms", "a second or more"),
        ("LAKE_SNAPSHOT_KEEP", "59m", "an hour at least"),
    ] {
        let error = env(&[(variable, bad)]).error().to_string();
        assert!(error.contains(variable) && error.contains(expected), "{error}");
    }
}

#[test]
fn a_catalogue_is_reached_in_one_way() {
    const URI: (&str, &str) = ("LAKE_CATALOG_URI", "https://catalog.example.com/api/");
    const TOKEN: (&str, &str) = ("LAKE_CATALOG_TOKEN", "hunter2");
    const CREDENTIAL: (&str, &str) = ("LAKE_CATALOG_CREDENTIAL", "id:hunter2");
    let access = |set: &[(&str, &str)]| {
        let config = env(set).load().expect("valid").lake.catalog.expect("a catalogue");
        format!("{:?}", config.access)
    };
    assert!(env(&[]).load().expect("valid").lake.catalog.is_none());
    assert_eq!(access(&[URI]), "Open");
    assert!(access(&[URI, TOKEN]).starts_with("Token"));
    assert!(access(&[URI, CREDENTIAL]).starts_with("Client"));
    let glue = ("LAKE_CATALOG_URI", "https://glue.eu-west-1.amazonaws.com/iceberg");
    let signed = access(&[glue]);
    assert!(signed.contains("glue") && signed.contains("eu-west-1"), "{signed}");
    assert!(access(&[glue, TOKEN]).starts_with("Token"), "it is told so");
    for set in [&[URI, TOKEN][..], &[URI, CREDENTIAL]] {
        let config = env(set).load().expect("valid");
        assert!(!format!("{config:?}").contains("hunter2"));
    }
    for (set, expected) in [
        (&[URI, TOKEN, CREDENTIAL][..], "set one of"),
        (&[TOKEN], "LAKE_CATALOG_URI"),
        (&[CREDENTIAL], "LAKE_CATALOG_URI"),
        (&[("LAKE_CATALOG_WAREHOUSE", "sales")], "LAKE_CATALOG_URI"),
        (&[("LAKE_CATALOG_URI", "https://me:hunter2@host")], "without a password"),
        (&[URI, ("LAKE_CATALOG_CREDENTIAL", "hunter2")], "a colon"),
        (&[URI, ("LAKE_CATALOG_NAMESPACE", "a.b")], "a to z"),
        (&[URI, ("LAKE_CATALOG_TIMEOUT", "1h")], "5 minutes"),
    ] {
        let error = env(set).error().to_string();
        assert!(error.contains(expected) && !error.contains("hunter2"), "{error}");
    }
}

#[test]
fn a_webhook_has_a_url_and_a_secret_which_are_masked() {
    let both = [("WEBHOOK_URL", "https://host/hunter2"), ("WEBHOOK_SECRET", "whsec_hunter2")];
    let config = env(&both).load().expect("valid");
    assert!(config.webhook.target.is_some());
    assert!(!format!("{config:?}").contains("hunter2"));
    for only in both {
        let error = env(&[only]).error().to_string();
        assert!(error.contains("webhook.url") && error.contains("webhook.secret"), "{error}");
    }
    let error = env(&[("WEBHOOK_URL", "ftp://hunter2"), both[1]]).error().to_string();
    assert!(error.contains("https://host/path") && !error.contains("hunter2"), "{error}");
}
