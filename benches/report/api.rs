//! Reports by the mutation, of a server with a worker.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::Result;
use crate::servers::Servers;

const LOOK: Duration = Duration::from_millis(2);

pub(crate) struct Server {
    process: Child,
    address: String,
}

impl Server {
    pub(crate) fn start(servers: &Servers) -> Result<Self> {
        let arguments = ["serve", "--with-worker", "--insecure-no-auth", "--bind", "127.0.0.1:0"];
        let mut process = servers.command(&arguments).stdout(Stdio::piped()).spawn()?;
        let stdout = process.stdout.take().ok_or("no output")?;
        let mut lines = BufReader::new(stdout).lines();
        let address = loop {
            let line = lines.next().ok_or("the server ended")??;
            if let Some((_, rest)) = line.split_once("http://") {
                break rest.split('/').next().unwrap_or_default().to_owned();
            }
        };
        // It must not wait for a reader of what it prints.
        std::thread::spawn(move || lines.for_each(drop));
        let server = Self { process, address };
        while server.ask("{ __typename }").is_err() {
            sleep(LOOK);
        }
        Ok(server)
    }

    /// Seconds from the mutation to the file of one month, by the number of the month.
    pub(crate) fn month(&self, number: u32) -> Result<f64> {
        let (year, month) = (2013 + number / 12, 1 + number % 12);
        let (next_year, next) = (2013 + (number + 1) / 12, 1 + (number + 1) % 12);
        let filter = format!(
            "{{order: {{orderDate: {{gte: \"{year}-{month:02}-01\", lt: \"{next_year}-{next:02}-01\"}}}}}}"
        );
        let begun = Instant::now();
        let id = self.request("month", &filter)?;
        self.wait(&id)?;
        Ok(begun.elapsed().as_secs_f64())
    }

    /// Seconds until reports of all lines are there, which are asked for at once.
    pub(crate) fn all(&self, projects: &[&str]) -> Result<f64> {
        let begun = Instant::now();
        let ids: Vec<String> =
            projects.iter().map(|project| self.request(project, "{}")).collect::<Result<_>>()?;
        ids.iter().try_for_each(|id| self.wait(id))?;
        Ok(begun.elapsed().as_secs_f64())
    }

    /// The most memory it held.
    pub(crate) fn peak_mib(&self) -> Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        Ok(peak.ok_or("no peak")?.trim().trim_end_matches(" kB").parse::<f64>()? / 1024.0)
    }

    fn request(&self, project: &str, filter: &str) -> Result<String> {
        let answer = self.ask(&format!(
            "mutation {{ requestReport(input: {{kind: SALES_LINES, project: {project:?}, \
             filter: {filter}}}) {{ report {{ id }} }} }}"
        ))?;
        let id = answer.pointer("/data/requestReport/report/id").and_then(Value::as_str);
        id.map(str::to_owned).ok_or_else(|| answer.to_string().into())
    }

    fn wait(&self, id: &str) -> Result<()> {
        loop {
            let answer =
                self.ask(&format!("{{ node(id: {id:?}) {{ ... on Report {{ state }} }} }}"))?;
            match answer.pointer("/data/node/state").and_then(Value::as_str) {
                Some("SUCCEEDED") => return Ok(()),
                Some("QUEUED" | "RUNNING") => sleep(LOOK),
                _ => return Err(answer.to_string().into()),
            }
        }
    }

    fn ask(&self, query: &str) -> Result<Value> {
        let body = json!({ "query": query }).to_string();
        let mut stream = TcpStream::connect(&self.address)?;
        write!(
            stream,
            "POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
             connection: close\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (_, json) = answer.split_once("\r\n\r\n").ok_or("no body")?;
        Ok(serde_json::from_str(json)?)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It ends with the benchmark in any case.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
