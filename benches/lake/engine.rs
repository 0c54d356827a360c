//! An engine: a program in Python that answers one question after the other.

use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::Result;
use crate::demo::Demo;

/// Those of the tests.
const PROGRAMS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/support/engines");

pub(crate) struct Engine {
    child: Child,
    questions: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Engine {
    /// Starts it over a demo's lake, with so many workers if it has any.
    pub(crate) fn start(
        python: &Path,
        name: &str,
        workers: Option<u32>,
        demo: &Demo,
    ) -> Result<Self> {
        let mut command = Command::new(python);
        command.arg(format!("{PROGRAMS}/with_{name}.py")).args(workers.map(|it| it.to_string()));
        for name in ["AWS_ENDPOINT_URL", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]
        {
            command.env(name, demo.setting(name)?);
        }
        let url = demo.setting("DATABASE_URL")?.replacen("postgres://", "postgresql://", 1);
        let mut child = command
            .env("TEST_DATABASE", url)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let questions = child.stdin.take().ok_or("no input")?;
        let answers = BufReader::new(child.stdout.take().ok_or("no output")?).lines();
        Ok(Self { child, questions, answers })
    }

    /// Calls a function of the program.
    pub(crate) async fn ask(&mut self, question: &Value) -> Result<Value> {
        self.questions.write_all(format!("{question}\n").as_bytes()).await?;
        let answer = self.answers.next_line().await?;
        Ok(serde_json::from_str(&answer.ok_or("the engine ended; see above")?)?)
    }

    /// The data version of what it reads of a table.
    pub(crate) async fn version(&mut self, table: &str) -> Result<Value> {
        self.ask(&json!(["version", table])).await
    }

    /// Without more questions it ends, and its workers with it.
    pub(crate) async fn stop(mut self) -> Result<()> {
        drop(self.questions);
        self.child.wait().await?;
        Ok(())
    }
}
