//! What a load with a lake holds of the files of a folder.

use std::fmt::Write as _;
use std::process::Stdio;
use std::time::Duration;

use uuid::Uuid;

use crate::support::TestApp;
use crate::support::sample::{self, ALL, PERSON};

/// Large files, each read by the load and uploaded beside it.
const FILES: usize = 2;
/// Bytes of such a file.
const BYTES: usize = 24 << 20;
/// Characters of its long column.
const LONG: usize = 24_000;
/// Most kilobytes that the process may ever have.
const MOST: u64 = 100 * 1024;

#[tokio::test]
async fn a_load_from_a_folder_stays_below_100_mib() {
    let app = TestApp::start().await;
    let source = tempfile::tempdir().expect("a folder");
    for key in ALL {
        let path = source.path().join(key);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, sample::clean().file(key)).expect("a file");
    }
    let long = "a".repeat(LONG);
    for file in 0..FILES {
        let mut records = Vec::new();
        for number in 0..BYTES / LONG {
            let mut record = String::new();
            let id = 1_000_000 + file * 100_000 + number;
            let rowguid = Uuid::from_u128(id as u128);
            write!(
                record,
                "{id};EM;0;NULL;Ana;NULL;Silva;NULL;0;NULL;\"<a>{long}</a>\";{rowguid};\
                 2009-04-10 00:00:00.000"
            )
            .expect("a text");
            records.push(record);
        }
        let path = source.path().join(format!("more{file}/{PERSON}"));
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, sample::clean().with_records(PERSON, &records)).expect("a file");
    }
    let mut loader = app
        .lake_command()
        .arg("load")
        .env("SOURCE_URI", format!("file://{}", source.path().display()))
        .stdout(Stdio::null())
        .spawn()
        .expect("the program starts");
    let status = format!("/proc/{}/status", loader.id().expect("a process"));
    let mut peak = 0;
    let code = loop {
        if let Some(code) = loader.try_wait().expect("a process") {
            break code;
        }
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let known = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
        peak = known.map_or(peak, |known: u64| known.max(peak));
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert!(code.success(), "{code}");
    let kept: i64 = app.value("SELECT count(*) FROM load_raw").await;
    assert_eq!(kept, i64::try_from(ALL.len() + FILES).expect("few"));
    assert!(peak > 20 * 1024, "{peak} kB: nothing was measured");
    assert!(peak < MOST, "the process had {peak} kB");
}
