//! Small files of persons and customers for tests of mirror mode, and loads in it.

use salesgraph::config::LoadMode;
use salesgraph::load::{Load, RunSummary};

use super::TestApp;
use super::sample;

const GUID: &str = "5B9A9BE4-61D8-4E3B-96C2-9A9F1F6B0A5E";

/// A record of the person file.
pub(crate) fn person(id: i32, name: &str, day: u32) -> String {
    format!("{id};IN;0;NULL;{name};NULL;L;NULL;0;NULL;NULL;{GUID};2014-01-{day:02} 00:00:00.000")
}

/// A record of the customer file; without a person it is a store.
pub(crate) fn customer(id: i32, of: Option<i32>, day: u32) -> String {
    let of = of.map_or("NULL".to_owned(), |person| person.to_string());
    format!("{id};{of};7;1;AW{id:08};{GUID};2014-01-{day:02} 00:00:00.000")
}

impl TestApp {
    /// Puts a file of these records.
    pub(crate) async fn put_records(&self, key: &str, records: &[String]) {
        self.put(key, sample::clean().with_records(key, records)).await;
    }

    /// Loads in mirror mode, in small batches, with this share.
    pub(crate) async fn mirror(&self, share: &str) -> RunSummary {
        self.mirroring(share).await.run().await.expect("the run ends")
    }

    /// A loader that does so.
    pub(crate) async fn mirroring(&self, share: &str) -> Load {
        let share = share.parse().expect("a percentage");
        self.loader(|options| {
            options.limits.rows = 20;
            options.mode = LoadMode::Mirror;
            options.max_removed = share;
        })
        .await
    }

    /// The ids of the stored persons.
    pub(crate) async fn persons(&self) -> Vec<i32> {
        sqlx::query_scalar("SELECT business_entity_id FROM person ORDER BY 1")
            .fetch_all(&self.pool)
            .await
            .expect("the persons")
    }

    /// The ids of the stored customers.
    pub(crate) async fn customers(&self) -> Vec<i32> {
        sqlx::query_scalar("SELECT customer_id FROM customer ORDER BY 1")
            .fetch_all(&self.pool)
            .await
            .expect("the customers")
    }
}
