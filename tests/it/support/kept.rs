//! The files that a lake in the bucket of a test keeps.

use salesgraph::lake::{Lake, Manifest};
use salesgraph::load::{Load, LoadOptions, RawOptions, RunSummary};
use sha2::{Digest as _, Sha256};

use super::TestApp;
use super::process::Ended;

impl TestApp {
    /// The lake.
    pub(crate) async fn lake(&self) -> Lake {
        Lake::connect(&self.lake_uri(), self.s3()).await.expect("a lake")
    }

    /// A loader that keeps what it loads.
    pub(crate) async fn keeping(&self, change: impl FnOnce(&mut LoadOptions)) -> Load {
        let raw = RawOptions { lake: self.lake().await, keep: None };
        self.loader(|options| {
            options.raw = Some(raw);
            change(options);
        })
        .await
    }

    /// Loads and keeps.
    pub(crate) async fn load_and_keep(&self) -> RunSummary {
        self.keeping(|_| {}).await.run().await.expect("the run ends")
    }

    /// The keys of the kept files and of their manifests.
    pub(crate) async fn kept(&self) -> (Vec<String>, Vec<String>) {
        let keys = self.lake().await.keys("raw/").await.expect("the keys");
        keys.into_iter().partition(|key| !key.ends_with(".manifest.json"))
    }

    /// What a manifest says.
    pub(crate) async fn manifest(&self, key: &str) -> Manifest {
        let read = Manifest::read(&self.lake().await, key).await;
        read.expect("a manifest").expect("a manifest is there")
    }

    /// Runs it to its end.
    pub(crate) async fn run_with_lake(&self, arguments: &[&str]) -> Ended {
        let output = self.lake_command().args(arguments).output().await.expect("the program");
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        Ended { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// Every kept file has the bytes that its manifests say, and every entry its manifest.
    pub(crate) async fn assert_kept_whole(&self) -> Vec<Manifest> {
        let lake = self.lake().await;
        let (files, manifests) = self.kept().await;
        let mut named = Vec::new();
        let mut all = Vec::new();
        for key in &manifests {
            let manifest = self.manifest(key).await;
            for object in &manifest.objects {
                let bytes = lake.get(&object.raw, 1 << 30).await.unwrap().expect(&object.raw);
                assert_eq!(
                    (bytes.len() as u64, sha256(&bytes)),
                    (object.bytes, object.sha256.clone())
                );
                named.push(object.raw.clone());
            }
            all.push(manifest);
        }
        named.sort();
        named.dedup();
        assert_eq!(named, files, "nothing but what manifests name");
        let unkept: i64 = self
            .value(
                "SELECT count(*) FROM load_file WHERE state = 'loaded' \
                    AND NOT EXISTS (SELECT FROM load_raw WHERE file_id = id)",
            )
            .await;
        let claims: i64 = self.value("SELECT count(*) FROM load_raw_claim").await;
        assert_eq!((unkept, claims), (0, 0));
        all
    }
}

/// The hex SHA-256 of these bytes.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}
