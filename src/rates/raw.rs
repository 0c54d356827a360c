//! An answer as it is kept: an Avro object container file with one record.

use std::collections::HashMap;
use std::sync::LazyLock;

use apache_avro::types::Value;
use apache_avro::{Reader, Schema, Writer};
use chrono::{DateTime, NaiveDate, Utc};
use http::HeaderMap;

use super::client::Answer;
use super::request::RatesRequest;
use crate::config::RatesDialect;
use crate::error::{Error, Result};

/// Headers that tell how to read the body, how old it is, and whether to ask again.
const KEPT_HEADERS: [&str; 10] = [
    "age", "cache-control", "content-encoding", "content-length", "content-type", "date", "etag",
    "last-modified", "location", "retry-after",
];

/// Beside what was answered the record says what was asked, so that it can be read alone.
/// Headers are a list of records and not a map: not every reader knows maps.
const SCHEMA: &str = r#"{
    "type": "record", "name": "RatesAnswer", "namespace": "salesgraph",
    "doc": "What a public API of currency rates answered.",
    "fields": [
        {"name": "url", "type": "string", "doc": "Where it came from, after redirects."},
        {"name": "status", "type": "int", "doc": "Its HTTP status."},
        {"name": "headers", "type": {"type": "array", "items": {
            "type": "record", "name": "Header", "fields": [
                {"name": "name", "type": "string"}, {"name": "value", "type": "string"}]}}},
        {"name": "body", "type": "bytes", "doc": "Its body as it came."},
        {"name": "fetched_at", "type": {"type": "long", "logicalType": "timestamp-micros"}},
        {"name": "is_final", "type": "boolean", "doc": "Whether it was not asked for again."},
        {"name": "dialect", "type": "string", "doc": "ecb or frankfurter."},
        {"name": "base", "type": "string", "doc": "The currency that was asked for."},
        {"name": "currencies", "type": {"type": "array", "items": "string"}, "doc": "Those that were asked for; all if there are none."},
        {"name": "from_date", "type": {"type": "int", "logicalType": "date"}},
        {"name": "to_date", "type": {"type": "int", "logicalType": "date"}}
    ]
}"#;

static PARSED: LazyLock<Result<Schema, String>> =
    LazyLock::new(|| Schema::parse_str(SCHEMA).map_err(|error| error.to_string()));

/// An answer, and what was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RawAnswer {
    pub(super) url: String,
    pub(super) status: u16,
    /// Names and values of those that matter.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    pub(super) fetched_at: DateTime<Utc>,
    /// Whether it was not asked for again.
    pub(super) is_final: bool,
    pub(super) dialect: RatesDialect,
    pub(super) request: RatesRequest,
}

impl RawAnswer {
    pub(super) fn of(
        answer: Answer,
        fetched_at: DateTime<Utc>,
        is_final: bool,
        dialect: RatesDialect,
        request: RatesRequest,
    ) -> Self {
        Self {
            url: answer.url.to_string(),
            status: answer.status.as_u16(),
            headers: kept(&answer.headers),
            body: answer.body.into(),
            fetched_at,
            is_final,
            dialect,
            request,
        }
    }

    /// The bytes of its file.
    ///
    /// # Errors
    /// `INTERNAL` if the schema does not fit.
    pub(super) fn to_avro(&self) -> Result<Vec<u8>> {
        let failed = |error: String| {
            Error::internal("an answer cannot be written as Avro").with_source(error)
        };
        let schema = PARSED.as_ref().map_err(|error| failed(error.clone()))?;
        let text = |text: &str| Value::String(text.to_owned());
        let header = |(name, value): &(String, String)| {
            let fields = [("name", text(name)), ("value", text(value))];
            Value::Record(fields.map(|(name, value)| (name.to_owned(), value)).to_vec())
        };
        let headers = self.headers.iter().map(header);
        let currencies = self.request.currencies.iter().map(|code| text(code));
        let record = [
            ("url", text(&self.url)),
            ("status", Value::Int(self.status.into())),
            ("headers", Value::Array(headers.collect())),
            ("body", Value::Bytes(self.body.clone())),
            ("fetched_at", Value::TimestampMicros(self.fetched_at.timestamp_micros())),
            ("is_final", Value::Boolean(self.is_final)),
            ("dialect", text(self.dialect.as_str())),
            ("base", text(&self.request.base)),
            ("currencies", Value::Array(currencies.collect())),
            ("from_date", Value::Date(day_number(self.request.from))),
            ("to_date", Value::Date(day_number(self.request.to))),
        ];
        let record = record.map(|(name, value)| (name.to_owned(), value)).to_vec();
        let write = || -> apache_avro::AvroResult<Vec<u8>> {
            let mut writer = Writer::new(schema, Vec::new())?;
            writer.append_value(Value::Record(record))?;
            writer.into_inner()
        };
        write().map_err(|error| failed(error.to_string()))
    }

    /// Reads the bytes of a file.
    ///
    /// # Errors
    /// What is wrong with them.
    pub(super) fn of_avro(bytes: &[u8]) -> Result<Self, String> {
        let mut reader = Reader::new(bytes).map_err(|error| error.to_string())?;
        let first = reader.next().ok_or("it has no record")?;
        let Value::Record(fields) = first.map_err(|error| error.to_string())? else {
            return Err("it holds no records".to_owned());
        };
        let mut fields: HashMap<String, Value> = fields.into_iter().collect();
        let mut take = |name: &str| fields.remove(name).ok_or(format!("it has no {name}"));
        let dialect = text(take("dialect")?)?;
        Ok(Self {
            url: text(take("url")?)?,
            status: match take("status")? {
                Value::Int(status) => u16::try_from(status).map_err(|error| error.to_string())?,
                _ => return Err("its status is no number".to_owned()),
            },
            headers: match take("headers")? {
                Value::Array(headers) => {
                    headers.into_iter().map(header).collect::<Result<_, String>>()?
                }
                _ => return Err("its headers are no list".to_owned()),
            },
            body: match take("body")? {
                Value::Bytes(bytes) => bytes,
                _ => return Err("its body is no bytes".to_owned()),
            },
            fetched_at: match take("fetched_at")? {
                Value::TimestampMicros(time) => {
                    DateTime::from_timestamp_micros(time).ok_or("its time is out of range")?
                }
                _ => return Err("its fetched_at is no time".to_owned()),
            },
            is_final: matches!(take("is_final")?, Value::Boolean(true)),
            dialect: RatesDialect::of(&dialect).ok_or(format!("unknown dialect {dialect}"))?,
            request: RatesRequest {
                base: text(take("base")?)?,
                currencies: match take("currencies")? {
                    Value::Array(codes) => codes.into_iter().map(text).collect::<Result<_, _>>()?,
                    _ => return Err("its currencies are no list".to_owned()),
                },
                from: date(&take("from_date")?)?,
                to: date(&take("to_date")?)?,
            },
        })
    }
}

fn kept(headers: &HeaderMap) -> Vec<(String, String)> {
    let value = |name: &&str| {
        let value = headers.get(*name)?;
        Some(((*name).to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
    };
    KEPT_HEADERS.iter().filter_map(value).collect()
}

fn header(value: Value) -> Result<(String, String), String> {
    let Value::Record(fields) = value else { return Err("a header is no record".to_owned()) };
    let mut fields = fields.into_iter().map(|(_, value)| text(value));
    match (fields.next(), fields.next()) {
        (Some(name), Some(value)) => Ok((name?, value?)),
        _ => Err("a header has no name and value".to_owned()),
    }
}

fn text(value: Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text),
        _ => Err("a field is no text".to_owned()),
    }
}

fn day_number(day: NaiveDate) -> i32 {
    day.to_epoch_days()
}

fn date(value: &Value) -> Result<NaiveDate, String> {
    match value {
        Value::Date(days) => {
            NaiveDate::from_epoch_days(*days).ok_or("its date is out of range".to_owned())
        }
        _ => Err("a field is no date".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_as_it_was_written() {
        let answer = RawAnswer {
            url: "https://h/p?q".to_owned(),
            status: 503,
            headers: vec![("retry-after".to_owned(), "7".to_owned())],
            body: vec![0, 255, 13, 10],
            fetched_at: "2026-11-28T10:00:00.123456Z".parse().unwrap(),
            is_final: false,
            dialect: RatesDialect::Frankfurter,
            request: RatesRequest {
                base: "USD".to_owned(),
                currencies: vec!["EUR".to_owned()],
                from: "2024-01-01".parse().unwrap(),
                to: "2024-01-31".parse().unwrap(),
            },
        };
        let bytes = answer.to_avro().unwrap();
        assert_eq!(RawAnswer::of_avro(&bytes), Ok(answer));
        assert!(RawAnswer::of_avro(&bytes[..bytes.len() - 20]).is_err(), "cut off");
        assert!(RawAnswer::of_avro(b"no Avro").is_err());
        assert!(RawAnswer::of_avro(b"").is_err());
    }

    #[test]
    fn only_headers_that_matter_are_kept() {
        let mut headers = HeaderMap::new();
        headers.insert("set-cookie", "secret".parse().unwrap());
        headers.insert("etag", "\"1\"".parse().unwrap());
        assert_eq!(kept(&headers), [("etag".to_owned(), "\"1\"".to_owned())]);
    }
}
