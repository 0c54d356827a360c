//! Where answers are in the lake: raw, curated and dead, by the hour of fetching, in UTC.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use uuid::{NoContext, Timestamp, Uuid};

use crate::error::{Code, Error, Result};
use crate::lake::Lake;

/// The dataset, a folder of each part of the lake.
pub(super) const DATASET: &str = "currency_rates";
const RAW: &str = "raw/currency_rates/";

/// A raw answer in the lake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RawKey {
    /// `YYYY/MM/DD/HH`.
    hour: String,
    id: Uuid,
}

impl RawKey {
    /// A new one for an answer of that time.
    pub(super) fn new(fetched_at: DateTime<Utc>) -> Self {
        let seconds = u64::try_from(fetched_at.timestamp()).unwrap_or_default();
        let time = Timestamp::from_unix(NoContext, seconds, fetched_at.timestamp_subsec_nanos());
        Self { hour: hour_of(fetched_at), id: Uuid::new_v7(time) }
    }

    /// The key below the lake.
    pub(super) fn raw(&self) -> String {
        format!("{RAW}{}/{}.avro", self.hour, self.id)
    }

    /// The key of its curated file below the lake.
    pub(super) fn curated(&self) -> String {
        format!("curated/{DATASET}/{}/{}.parquet", self.hour, self.id)
    }

    /// The key of a dead letter of it below the lake.
    pub(super) fn dead(&self, failure: Uuid) -> String {
        format!("dead/{DATASET}/{}/{failure}.json", self.hour)
    }

    pub(super) const fn id(&self) -> Uuid {
        self.id
    }

    fn parse(key: &str) -> Option<Self> {
        let (hour, name) = key.strip_prefix(RAW)?.rsplit_once('/')?;
        let id = name.strip_suffix(".avro")?.parse().ok()?;
        let key = Self { hour: hour.to_owned(), id };
        let mut parts = hour.split('/').map(|part| (part.len(), part.parse::<u32>().ok()));
        let is_hour = matches!(
            [parts.next(), parts.next(), parts.next(), parts.next(), parts.next()],
            [
                Some((4, Some(_))),
                Some((2, Some(_))),
                Some((2, Some(_))),
                Some((2, Some(0..=23))),
                None
            ]
        );
        is_hour.then_some(key)
    }
}

fn hour_of(time: DateTime<Utc>) -> String {
    time.format("%Y/%m/%d/%H").to_string()
}

/// The raw answer that an address names.
///
/// # Errors
/// `BAD_USER_INPUT` if it is none of this lake.
pub(super) fn raw_key(lake: &Lake, uri: &str) -> Result<RawKey> {
    lake.key_of(uri).and_then(RawKey::parse).ok_or_else(|| {
        let uri: String = uri.chars().take(300).collect();
        let message = format!("`{uri}` is no raw answer of the lake {}", lake.uri());
        Error::new(Code::BadUserInput, message)
    })
}

/// The raw answers that were fetched on a day, the oldest first.
pub(super) async fn raw_of_day(lake: &Lake, day: NaiveDate) -> Result<Vec<RawKey>> {
    let day = hour_of(day.and_time(NaiveTime::MIN).and_utc());
    let day = day.rsplit_once('/').map_or(day.as_str(), |(day, _)| day);
    let keys = lake.keys(&format!("{RAW}{day}/")).await?;
    Ok(keys.iter().filter_map(|key| RawKey::parse(key)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_raw_key_is_read_as_it_was_written() {
        let time = "2026-11-28T07:59:59.5Z".parse().unwrap();
        let key = RawKey::new(time);
        let text = key.raw();
        assert!(text.starts_with("raw/currency_rates/2026/11/28/07/"), "{text}");
        assert_eq!(RawKey::parse(&text), Some(key.clone()));
        assert_eq!(key.id().get_version_num(), 7);
        let curated = format!("curated/currency_rates/2026/11/28/07/{}.parquet", key.id());
        assert_eq!(key.curated(), curated);
        let id = key.id();
        for bad in [
            format!("raw/currency_rates/2026/11/28/{id}.avro"),
            format!("raw/currency_rates/2026/11/28/24/{id}.avro"),
            format!("raw/currency_rates/../11/28/07/{id}.avro"),
            format!("raw/currency_rates/2026/11/28/07/x/{id}.avro"),
            format!("raw/currency_rates/2026/11/28/07/{id}.json"),
            "raw/currency_rates/2026/11/28/07/x.avro".to_owned(),
        ] {
            assert_eq!(RawKey::parse(&bad), None, "{bad}");
        }
    }
}
