//! What a record of the stream tells.

use aws_lambda_events::dynamodb::StreamRecord;
use commands::{Status, StoredCommand};
use serde_json::Value;

/// A record that can be read.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) sequence_number: String,
    pub(crate) change: Change,
}

/// What happened to a command.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    /// It is new, or it went a step further.
    Step {
        command: Box<StoredCommand>,
        /// Whether it is new.
        new: bool,
    },
    /// It was deleted.
    Deleted(Box<StoredCommand>),
    /// Nothing that matters here.
    Nothing,
}

/// A record that says nothing that could be done, however often it comes.
#[derive(Debug, thiserror::Error)]
#[error("{reason}")]
pub(crate) struct Unreadable {
    pub(crate) sequence_number: String,
    reason: String,
}

impl Told {
    pub(crate) fn read(record: Value) -> Result<Self, Unreadable> {
        // Known even of a record that can't be read any further.
        let sequence_number =
            record.pointer("/dynamodb/SequenceNumber").and_then(Value::as_str).unwrap_or_default().to_owned();
        match Self::change(record) {
            Ok(change) => Ok(Self { sequence_number, change }),
            Err(reason) => Err(Unreadable { sequence_number, reason }),
        }
    }

    fn change(mut record: Value) -> Result<Change, String> {
        let name = record["eventName"].as_str().unwrap_or_default().to_owned();
        let change = record.get_mut("dynamodb").map(Value::take).unwrap_or_default();
        let change: StreamRecord = serde_json::from_value(change).map_err(|error| error.to_string())?;
        let image = |image: serde_dynamo::Item| {
            (!image.is_empty())
                .then(|| {
                    serde_dynamo::from_item::<_, StoredCommand>(image).map_err(|error| error.to_string())
                })
                .transpose()
        };
        match name.as_str() {
            "INSERT" | "MODIFY" => {
                let command = image(change.new_image)?.ok_or("there is no image of the command")?;
                // What it was before only tells whether it moved: an old image that can't be read doesn't stand in the way.
                let before = image(change.old_image).ok().flatten();
                let new = name == "INSERT";
                if command.step_from(before.as_ref()).is_none() {
                    return Ok(Change::Nothing);
                }
                if new && command.status == Status::Pending {
                    // One of a type that isn't ours is executed: it ends in an error that says so.
                    if let Some(Err(invalid)) = command.command() {
                        let all: Vec<_> = invalid.iter().map(ToString::to_string).collect();
                        return Err(all.join("; "));
                    }
                }
                Ok(Change::Step { command: Box::new(command), new })
            }
            // What can't be read was never counted.
            "REMOVE" => Ok(image(change.old_image)
                .ok()
                .flatten()
                .map_or(Change::Nothing, |command| Change::Deleted(Box::new(command)))),
            other => Err(format!("{other:?} is not the name of an event")),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;
    use test_support::{fuzz, json_like};

    use super::*;

    fn image(status: &str, attempt: u32) -> Value {
        json!({
            "command_id": {"S": "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"}, "created_at": {"S": "2026-11-24T10:00:00.000Z"},
            "command_type": {"S": "REPROCESS_QUEUE"}, "status": {"S": status}, "created_by": {"S": "sub"},
            "parameters": {"M": {"queue": {"S": "mensagens"}, "max_messages": {"N": "100"}}},
            "ttl": {"N": "1803261600"}, "counted": {"BOOL": true}, "attempt": {"N": attempt.to_string()},
            "lease_until": {"NULL": true}, "progress": {"M": {"taken": {"N": "1"}, "moved": {"N": "1"}, "skipped": {"N": "0"}}},
        })
    }

    fn record(name: &str, old: Option<Value>, new: Option<Value>) -> Value {
        let mut change = json!({
            "ApproximateCreationDateTime": 1_795_485_601, "SequenceNumber": "100", "SizeBytes": 100,
            "StreamViewType": "NEW_AND_OLD_IMAGES", "Keys": {},
        });
        for (image, content) in [("OldImage", old), ("NewImage", new)] {
            if let Some(content) = content {
                change[image] = content;
            }
        }
        json!({"eventID": "1", "eventName": name, "eventSource": "aws:dynamodb", "dynamodb": change})
    }

    #[test]
    fn every_record_is_a_step_a_deletion_nothing_or_unreadable() {
        let valid = [
            record("INSERT", None, Some(image("PENDING", 0))),
            record("MODIFY", Some(image("PENDING", 0)), Some(image("RUNNING", 1))),
            record("MODIFY", Some(image("RUNNING", 1)), Some(image("RUNNING", u32::MAX))),
            record("REMOVE", Some(image("SUCCESS", 1)), None),
        ];
        fuzz("stream records", 5_000, json_like(valid), |record| {
            let sequence_number =
                record["dynamodb"]["SequenceNumber"].as_str().unwrap_or_default().to_owned();
            let name = record["eventName"].as_str().unwrap_or_default().to_owned();
            match Told::read(record.clone()) {
                Ok(told) => {
                    prop_assert_eq!(told.sequence_number, sequence_number);
                    match told.change {
                        Change::Step { command, new } => {
                            prop_assert!(["INSERT", "MODIFY"].contains(&name.as_str()), "{}", record);
                            prop_assert_eq!(new, name == "INSERT");
                            let image = &record["dynamodb"]["NewImage"];
                            prop_assert_eq!(image["status"]["S"].as_str(), Some(command.status.as_str()));
                            prop_assert!(command.steps().len() <= 102, "{}", record);
                            if new && command.status == Status::Pending {
                                prop_assert!(
                                    command.command().is_none_or(|command| command.is_ok()),
                                    "{}",
                                    record
                                );
                            }
                        }
                        Change::Deleted(_) => prop_assert_eq!(name, "REMOVE"),
                        Change::Nothing => {
                            prop_assert!(["INSERT", "MODIFY", "REMOVE"].contains(&name.as_str()));
                        }
                    }
                }
                Err(unreadable) => {
                    prop_assert_eq!(unreadable.sequence_number, sequence_number);
                    prop_assert!(!unreadable.reason.is_empty());
                }
            }
            Ok(())
        });
    }
}
