//! Dead letters: what does not fit, as JSON objects with the reason. A dead letter of the same
//! part of the same answer has the same name.

use chrono::SecondsFormat;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::decode::Misfit;
use super::key::{DATASET, RawKey};
use super::raw::RawAnswer;
use crate::lake::Lake;

/// A dead letter.
#[derive(Debug, Clone)]
pub(super) struct DeadLetter {
    pub(super) id: Uuid,
    pub(super) uri: String,
    /// Its key below the lake.
    pub(super) key: String,
    pub(super) misfit: Misfit,
}

impl DeadLetter {
    pub(super) fn of(lake: &Lake, raw: &RawKey, misfit: Misfit) -> Self {
        let id = id_of(raw.id(), &misfit);
        let key = raw.dead(id);
        Self { id, uri: lake.uri_of(&key), key, misfit }
    }

    /// The bytes of its object.
    pub(super) fn to_json(&self, lake: &Lake, key: &RawKey, raw: &RawAnswer) -> Vec<u8> {
        let Misfit { item, reason, message, value } = &self.misfit;
        let letter = json!({
            "id": self.id,
            "dataset": DATASET,
            "source": raw.dialect.as_str(),
            "item": item,
            "reason": reason.as_str(),
            "message": message,
            "value": value,
            "url": raw.url,
            "status": raw.status,
            "rawUri": lake.uri_of(&key.raw()),
            "fetchedAt": raw.fetched_at.to_rfc3339_opts(SecondsFormat::Micros, true),
        });
        letter.to_string().into_bytes()
    }
}

/// A UUID of version 7: the time of the answer's, then a hash of what does not fit.
fn id_of(raw: Uuid, misfit: &Misfit) -> Uuid {
    let mut hash = Sha256::new();
    hash.update(raw.as_bytes());
    for part in [misfit.item.as_deref(), Some(misfit.reason.as_str()), misfit.value.as_deref()] {
        // Of another length, no two lists of parts are the same bytes.
        hash.update(part.map_or(u64::MAX, |part| part.len() as u64).to_be_bytes());
        hash.update(part.unwrap_or_default());
    }
    let digest = hash.finalize();
    let mut random = [0; 10];
    for (place, byte) in random.iter_mut().zip(digest) {
        *place = byte;
    }
    let (seconds, nanos) = raw.get_timestamp().map_or((0, 0), |time| time.to_unix());
    let millis = seconds.saturating_mul(1000).saturating_add(u64::from(nanos) / 1_000_000);
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}
