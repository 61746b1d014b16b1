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
