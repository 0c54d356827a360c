//! Small generated file sets, shared by all tests of the binary.

use std::path::Path;
use std::sync::OnceLock;

use salesgraph::sample::{OrderFiles, SampleOptions, Shape, generate};
use serde::Deserialize;

use super::TestApp;

/// The keys of the files, parents before children.
pub(crate) const PERSON: &str = "person/Person.Person.csv";
pub(crate) const PRODUCT: &str = "production/Production.Product.csv";
pub(crate) const CUSTOMER: &str = "sales/Sales.Customer.csv";
pub(crate) const OFFER: &str = "sales/Sales.SpecialOfferProduct.csv";
pub(crate) const HEADER: &str = "sales/Sales.SalesOrderHeader.csv";
pub(crate) const DETAIL: &str = "sales/Sales.SalesOrderDetail.csv";
pub(crate) const INVENTORY: &str = "production/Production.ProductInventory.csv";
pub(crate) const TERRITORY: &str = "sales/Sales.SalesTerritory.csv";
pub(crate) const STORE: &str = "sales/Sales.Store.csv";
pub(crate) const RATE: &str = "sales/Sales.CurrencyRate.csv";
/// The required ones.
pub(crate) const REQUIRED: [&str; 6] = [PERSON, PRODUCT, CUSTOMER, OFFER, HEADER, DETAIL];
/// The optional ones.
pub(crate) const OPTIONAL: [&str; 4] = [INVENTORY, TERRITORY, STORE, RATE];
pub(crate) const ALL: [&str; 10] =
    [PERSON, PRODUCT, CUSTOMER, OFFER, HEADER, DETAIL, INVENTORY, TERRITORY, STORE, RATE];

/// Generated files and their planted defects.
pub(crate) struct Sample {
    files: Vec<(&'static str, Vec<u8>)>,
    /// The planted bad rows, in no particular order.
    pub(crate) planted: Vec<Planted>,
}

/// A planted bad row as the generator lists it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Planted {
    pub(crate) file: String,
    pub(crate) line: u64,
    pub(crate) offset: usize,
    pub(crate) length: usize,
    pub(crate) column: String,
    pub(crate) reason: String,
}

/// Good rows only, some 6,000.
pub(crate) fn clean() -> &'static Sample {
    static CLEAN: OnceLock<Sample> = OnceLock::new();
    CLEAN.get_or_init(|| Sample::make(0.0))
}

/// The same good rows with one bad row for every twenty.
pub(crate) fn defective() -> &'static Sample {
    static DEFECTIVE: OnceLock<Sample> = OnceLock::new();
    DEFECTIVE.get_or_init(|| Sample::make(0.05))
}

impl Sample {
    fn make(defects: f64) -> Self {
        let dir = tempfile::tempdir().expect("a folder for the sample");
        let out = dir.path().to_owned();
        generate(
            &SampleOptions {
                out,
                scale: 0.02,
                seed: 7,
                defects,
                optional: true,
                orders: OrderFiles::Csv,
                shape: Shape::Plain,
            },
            &mut |_, _| {},
        )
        .expect("a sample is generated");
        let read = |key: &'static str| (key, std::fs::read(dir.path().join(key)).expect(key));
        Self { files: ALL.map(read).into(), planted: planted(&dir.path().join("defects.jsonl")) }
    }

    /// The bytes of a file.
    pub(crate) fn file(&self, key: &str) -> &[u8] {
        let found = self.files.iter().find(|(own, _)| *own == key);
        &found.expect("a file of the sample").1
    }

    /// The records of a file as text, without header and line ends.
    pub(crate) fn records(&self, key: &str) -> Vec<String> {
        let text = std::str::from_utf8(self.file(key)).expect("UTF-8");
        text.lines().skip(1).map(str::to_owned).collect()
    }

    /// How many records a file has.
    pub(crate) fn count(&self, key: &str) -> i64 {
        let lines = self.file(key).iter().filter(|byte| **byte == b'\n').count();
        i64::try_from(lines - 1).expect("few")
    }

    /// A file with its own header and these records.
    pub(crate) fn with_records(&self, key: &str, records: &[String]) -> Vec<u8> {
        let header = self.file(key).split_inclusive(|byte| *byte == b'\n').next().expect("header");
        let mut bytes = header.to_vec();
        for record in records {
            bytes.extend_from_slice(record.as_bytes());
            bytes.extend_from_slice(b"\r\n");
        }
        bytes
    }

    /// Puts these files of the sample.
    pub(crate) async fn put(&self, app: &TestApp, keys: &[&str]) {
        for key in keys {
            app.put(key, self.file(key)).await;
        }
    }
}

fn planted(list: &Path) -> Vec<Planted> {
    // A sample without bad rows has no manifest.
    let Ok(text) = std::fs::read_to_string(list) else { return Vec::new() };
    text.lines().map(|line| serde_json::from_str(line).expect("a planted row")).collect()
}
