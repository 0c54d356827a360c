//! Reads the event of an invocation.

use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::Value;

use crate::error::{Code, Error, Result};

/// How deep messages may lie in each other: a notification of S3, by SNS, in a queue.
const LEVELS: u8 = 3;

/// What an event asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Event {
    /// The new objects that it tells of; `None` for a schedule, which asks for the source.
    pub(super) objects: Option<Vec<Object>>,
    /// Whether it is a batch of messages of SQS.
    pub(super) is_batch: bool,
    /// The messages of the batch that cannot be read.
    pub(super) unread: Vec<String>,
}

/// An object that has been written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Object {
    pub(super) bucket: String,
    pub(super) key: String,
}

impl Event {
    /// # Errors
    /// `BAD_USER_INPUT` for an event of another service, or a batch without a readable message.
    pub(super) fn read(payload: &Value) -> Result<Self> {
        let mut reader = Reader::default();
        reader.read(payload, LEVELS)?;
        let Reader { objects, is_scheduled, messages, unread } = reader;
        if messages > 0 && unread.len() == messages {
            return Err(unknown());
        }
        let objects = if is_scheduled { None } else { Some(objects) };
        Ok(Self { objects, is_batch: messages > 0, unread })
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Message {
    /// Of S3, SQS or SNS.
    Records {
        #[serde(rename = "Records")]
        records: Vec<Record>,
    },
    /// Of EventBridge.
    Bridged {
        #[serde(rename = "detail-type")]
        detail_type: String,
        #[serde(default)]
        detail: Value,
    },
    /// Of SNS, in a queue.
    Published {
        #[serde(rename = "Message")]
        message: String,
    },
    /// By which S3 tries out where notifications go.
    Test {
        #[serde(rename = "Event")]
        event: String,
    },
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Record {
    S3 {
        #[serde(rename = "eventName")]
        event_name: String,
        s3: Changed,
    },
    Sqs {
        #[serde(rename = "messageId")]
        message_id: String,
        body: String,
    },
    Sns {
        #[serde(rename = "Sns")]
        sns: Published,
    },
}

#[derive(Deserialize)]
struct Published {
    #[serde(rename = "Message")]
    message: String,
}

/// S3 and EventBridge name an object alike.
#[derive(Deserialize)]
struct Changed {
    bucket: BucketName,
    object: ObjectKey,
}

#[derive(Deserialize)]
struct BucketName {
    name: String,
}

#[derive(Deserialize)]
struct ObjectKey {
    key: String,
}

#[derive(Default)]
struct Reader {
    objects: Vec<Object>,
    is_scheduled: bool,
    /// Of SQS, those that cannot be read among them.
    messages: usize,
    unread: Vec<String>,
}

impl Reader {
    fn read(&mut self, message: &Value, levels: u8) -> Result<()> {
        let is_empty = message.as_object().is_some_and(serde_json::Map::is_empty);
        if message.is_null() || is_empty {
            self.is_scheduled = true;
            return Ok(());
        }
        match Message::deserialize(message).map_err(|_| unknown())? {
            Message::Records { records } => {
                records.into_iter().try_for_each(|record| self.record(record, levels))
            }
            Message::Bridged { detail_type, detail } => self.bridged(&detail_type, &detail),
            Message::Published { message } => self.read_text(&message, levels),
            Message::Test { event } if event == "s3:TestEvent" => Ok(()),
            Message::Test { .. } => Err(unknown()),
        }
    }

    fn record(&mut self, record: Record, levels: u8) -> Result<()> {
        match record {
            Record::S3 { event_name, s3 } => {
                if event_name.starts_with("ObjectCreated:") {
                    let key = decoded(&s3.object.key)?;
                    self.objects.push(Object { bucket: s3.bucket.name, key });
                }
                Ok(())
            }
            Record::Sqs { message_id, body } => {
                self.message(message_id, &body, levels);
                Ok(())
            }
            Record::Sns { sns } => self.read_text(&sns.message, levels),
        }
    }

    /// By itself: one that cannot be read does not keep the others.
    fn message(&mut self, id: String, body: &str, levels: u8) {
        self.messages += 1;
        let mut message = Self::default();
        let read = message.read_text(body, levels);
        if read.is_err() || !message.unread.is_empty() {
            self.unread.push(id);
            return;
        }
        self.objects.append(&mut message.objects);
        self.is_scheduled |= message.is_scheduled;
    }

    fn bridged(&mut self, detail_type: &str, detail: &Value) -> Result<()> {
        match detail_type {
            "Scheduled Event" => self.is_scheduled = true,
            "Object Created" => {
                let Changed { bucket, object } =
                    Changed::deserialize(detail).map_err(|_| unknown())?;
                self.objects.push(Object { bucket: bucket.name, key: object.key });
            }
            _ => return Err(unknown()),
        }
        Ok(())
    }

    fn read_text(&mut self, text: &str, levels: u8) -> Result<()> {
        let levels = levels.checked_sub(1).ok_or_else(unknown)?;
        self.read(&serde_json::from_str(text).map_err(|_| unknown())?, levels)
    }
}

/// Notifications of S3 have keys as in a form: a space is a plus.
fn decoded(key: &str) -> Result<String> {
    let key = key.replace('+', " ");
    let key = percent_decode_str(&key).decode_utf8().map_err(|_| unknown())?;
    Ok(key.into_owned())
}

fn unknown() -> Error {
    let message = "the event is not known: expected a notification of S3 about created objects, \
                   by itself, by EventBridge, SNS or SQS, or a schedule of EventBridge, or {}";
    Error::new(Code::BadUserInput, message)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn created(key: &str) -> Value {
        json!({ "Records": [{
            "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "sa-east-1",
            "eventTime": "2026-11-29T03:00:00.000Z", "eventName": "ObjectCreated:Put",
            "s3": {
                "s3SchemaVersion": "1.0", "configurationId": "new",
                "bucket": { "name": "sales", "arn": "arn:aws:s3:::sales" },
                "object": { "key": key, "size": 10, "eTag": "d41d", "sequencer": "0055" },
            },
        }] })
    }

    fn sqs(bodies: &[Value]) -> Value {
        let records = bodies.iter().map(
            |body| json!({ "messageId": "1", "eventSource": "aws:sqs", "body": body.to_string() }),
        );
        json!({ "Records": records.collect::<Vec<_>>() })
    }

    fn objects(keys: &[&str]) -> Option<Vec<Object>> {
        let object = |key: &&str| Object { bucket: "sales".to_owned(), key: (*key).to_owned() };
        Some(keys.iter().map(object).collect())
    }

    fn read(payload: &Value) -> Event {
        Event::read(payload).unwrap_or_else(|error| panic!("{error}: {payload}"))
    }

    #[test]
    fn keys_of_s3_are_decoded() {
        let event = read(&created("in/Vendas+S%C3%A3o+Paulo/100%25%2B.csv"));
        assert_eq!(event.objects, objects(&["in/Vendas São Paulo/100%+.csv"]));
        assert!(!event.is_batch);
    }

    #[test]
    fn keys_of_eventbridge_are_as_they_are() {
        let event = read(&json!({
            "version": "0", "detail-type": "Object Created", "source": "aws.s3",
            "detail": { "bucket": { "name": "sales" }, "object": { "key": "in/a+b%20.csv" } },
        }));
        assert_eq!(event.objects, objects(&["in/a+b%20.csv"]));
    }

    #[test]
    fn notifications_are_found_in_queues_and_topics() {
        let published = |text: Value| json!({ "Type": "Notification", "Message": text });
        let in_topic = published(created("b").to_string().into());
        let event = read(&sqs(&[created("a"), in_topic.clone()]));
        let both = objects(&["a", "b"]);
        assert_eq!(event, Event { objects: both, is_batch: true, unread: Vec::new() });
        let event = read(&json!({ "Records": [{ "EventSource": "aws:sns", "Sns": in_topic }] }));
        assert_eq!(event.objects, objects(&["b"]));
    }

    #[test]
    fn a_schedule_asks_for_the_source() {
        let scheduled = json!({
            "version": "0", "detail-type": "Scheduled Event", "source": "aws.scheduler",
            "detail": {}, "resources": [],
        });
        for payload in [scheduled, json!({}), Value::Null] {
            let expected = Event { objects: None, is_batch: false, unread: Vec::new() };
            assert_eq!(read(&payload), expected);
        }
    }

    #[test]
    fn a_message_that_cannot_be_read_does_not_keep_the_others() {
        let mut event = sqs(&[created("a"), json!("text"), sqs(&[json!("text")]), created("b")]);
        for (number, record) in event["Records"].as_array_mut().unwrap().iter_mut().enumerate() {
            record["messageId"] = number.to_string().into();
        }
        let event = read(&event);
        assert_eq!(event.objects, objects(&["a", "b"]));
        assert_eq!(event.unread, ["1", "2"]);
    }

    #[test]
    fn what_is_not_a_new_object_asks_for_nothing() {
        let mut removed = created("a");
        removed["Records"][0]["eventName"] = "ObjectRemoved:Delete".into();
        let test = json!({ "Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "sales" });
        for payload in [removed, test.clone(), sqs(&[test])] {
            assert_eq!(read(&payload).objects, objects(&[]));
        }
    }

    #[test]
    fn other_events_are_refused() {
        let mut deep = created("a");
        for _ in 0..=LEVELS {
            deep = sqs(&[deep]);
        }
        let not_utf8 = created("%FF");
        for payload in [
            deep,
            not_utf8,
            json!({ "detail-type": "EC2 Instance State-change Notification", "detail": {} }),
            json!({ "Records": [{ "eventSource": "aws:dynamodb", "dynamodb": {} }] }),
            sqs(&[json!("text")]),
            json!({ "httpMethod": "GET", "path": "/" }),
            json!([1]),
            json!("now"),
        ] {
            let error = Event::read(&payload).expect_err("another event");
            assert_eq!(error.code(), Code::BadUserInput, "{payload}");
        }
    }
}
