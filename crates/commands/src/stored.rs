//! A command as the table keeps it, and its life: `PENDING → RUNNING → SUCCESS | ERROR`.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::command::{Command, CommandType, Invalid};

/// How far a command is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// Accepted.
    Pending,
    /// Being executed, or interrupted while it was.
    Running,
    /// Done.
    Success,
    /// Failed.
    Error,
}

impl Status {
    /// Every status, in the order of a command's life.
    pub const ALL: [Self; 4] = [Self::Pending, Self::Running, Self::Success, Self::Error];

    /// Its name in the API and in the table.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Running => "RUNNING",
            Self::Success => "SUCCESS",
            Self::Error => "ERROR",
        }
    }

    /// Whether the command's life is over.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Success | Self::Error)
    }

    /// Whether a command may go from here to there. An interrupted execution is taken over: it stays `RUNNING`.
    #[must_use]
    pub const fn may_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::Pending, Self::Running | Self::Error)
                | (Self::Running, Self::Running | Self::Success | Self::Error)
        )
    }
}

/// Far more attempts than a command's time allows.
const MAX_ATTEMPTS: u32 = 100;

/// An instant as the table keeps it: RFC 3339. Ours are in UTC with milliseconds and `Z`, so that they sort as text; what
/// is read keeps its words, which may be a part of the key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Timestamp {
    text: String,
    at: DateTime<Utc>,
}

impl Timestamp {
    /// The instant.
    #[must_use]
    pub const fn at(&self) -> DateTime<Utc> {
        self.at
    }

    /// The instant in words.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl From<DateTime<Utc>> for Timestamp {
    fn from(at: DateTime<Utc>) -> Self {
        let text = at.to_rfc3339_opts(SecondsFormat::Millis, true);
        // What is told of an instant is what is kept of it.
        let at = DateTime::from_timestamp_millis(at.timestamp_millis()).unwrap_or(at);
        Self { text, at }
    }
}

impl TryFrom<String> for Timestamp {
    type Error = chrono::ParseError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let at = DateTime::parse_from_rfc3339(&text)?.to_utc();
        Ok(Self { text, at })
    }
}

impl From<Timestamp> for String {
    fn from(timestamp: Timestamp) -> Self {
        timestamp.text
    }
}

/// What a command has achieved so far, kept so that another attempt goes on where this one was interrupted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = CommandProgress)]
pub struct Progress {
    /// Messages that an attempt has taken in hand, whatever became of them.
    #[schema(example = 120)]
    pub taken: u32,
    /// Messages that are known to be back in their queue.
    #[schema(example = 110)]
    pub moved: u32,
    /// Messages that could not be moved, and stay where they are.
    #[schema(example = 0)]
    pub skipped: u32,
}

/// A command in the table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoredCommand {
    /// Its id, the hash key.
    pub command_id: Uuid,
    /// When it was accepted, the sort key.
    pub created_at: Timestamp,
    /// Its type's name, which need not be one of ours.
    pub command_type: String,
    /// How far it is.
    pub status: Status,
    /// The tenant that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant_id: Option<Uuid>,
    /// Who wants it: a Cognito sub.
    pub created_by: String,
    /// Its parameters: a map, or one as JSON.
    #[serde(default)]
    pub parameters: Value,
    /// The id of the request that it came with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// X-Ray's trace of that request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
    /// When it is deleted, in seconds since 1970.
    #[serde(default)]
    pub ttl: i64,
    /// Whether the counters know it.
    #[serde(default)]
    pub counted: bool,
    /// How often its execution was begun.
    #[serde(default)]
    pub attempt: u32,
    /// When its first attempt began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When its last attempt began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt_at: Option<Timestamp>,
    /// Whose the last attempt is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease_owner: Option<String>,
    /// Until when nobody else may take it over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease_until: Option<Timestamp>,
    /// What it has achieved so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<Timestamp>,
    /// What came of it, as JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    /// Why it failed, and what to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
}

impl StoredCommand {
    /// What to execute; `None` if its type isn't one of ours.
    #[must_use]
    pub fn command(&self) -> Option<Result<Command, Vec<Invalid>>> {
        let kind = CommandType::named(&self.command_type)?;
        let not_an_object = || Invalid { pointer: "/parameters".into(), message: "must be an object".into() };
        let parameters = self.parameters().ok_or_else(|| vec![not_an_object()]);
        Some(parameters.and_then(|parameters| Command::parse(kind, self.tenant_id, &parameters)))
    }

    /// Its parameters, if they are an object, or the JSON of one.
    #[must_use]
    pub fn parameters(&self) -> Option<Map<String, Value>> {
        match &self.parameters {
            Value::Object(parameters) => Some(parameters.clone()),
            Value::String(json) => serde_json::from_str(json).ok(),
            _ => None,
        }
    }

    /// What a change of a command from `before` to this is, if it is a step of its life.
    #[must_use]
    pub fn step_from(&self, before: Option<&Self>) -> Option<Step> {
        match before {
            None => Some(self.last_step()),
            Some(before) => {
                let moved = (before.status, before.attempt) != (self.status, self.attempt);
                moved.then(|| self.last_step())
            }
        }
    }

    /// Its last step.
    #[must_use]
    pub fn last_step(&self) -> Step {
        match self.status {
            Status::Pending => Step::Created,
            Status::Running => Step::Started { attempt: self.attempt },
            Status::Success | Status::Error => Step::Executed { attempt: self.attempt },
        }
    }

    /// The id of a step's row in the audit log: the same however often the step is told.
    #[must_use]
    pub fn step_id(&self, step: Step) -> Uuid {
        match step {
            Step::Created => data::commands::step_id(self.command_id, Status::Pending.as_str(), 0),
            Step::Started { attempt } => {
                data::commands::step_id(self.command_id, Status::Running.as_str(), attempt)
            }
            Step::Executed { attempt } => {
                data::commands::step_id(self.command_id, self.status.as_str(), attempt)
            }
        }
    }

    /// All its steps so far, as far as the command itself tells, of attempts the last hundred. Whoever writes them down at
    /// each step makes up for one that was missed.
    #[must_use]
    pub fn steps(&self) -> Vec<(Step, DateTime<Utc>)> {
        let created_at = self.created_at.at();
        let started_at = self.started_at.as_ref().map_or(created_at, Timestamp::at);
        let mut steps = vec![(Step::Created, created_at)];
        for attempt in self.attempt.saturating_sub(MAX_ATTEMPTS - 1).max(1)..=self.attempt {
            let at = if attempt == self.attempt { self.attempt_at.as_ref() } else { None };
            steps.push((Step::Started { attempt }, at.map_or(started_at, Timestamp::at)));
        }
        if self.status.is_final() {
            let at = self.completed_at.as_ref().map_or(started_at, Timestamp::at);
            steps.push((Step::Executed { attempt: self.attempt }, at));
        }
        steps
    }
}

/// A step of a command's life, which leaves one row in the audit log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// It was accepted.
    Created,
    /// An execution began.
    Started {
        /// Which.
        attempt: u32,
    },
    /// It ended, well or not.
    Executed {
        /// How often it was begun.
        attempt: u32,
    },
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;
    use test_support::{fuzz, json_like, text_like};

    use super::*;

    fn stored(attempt: u32) -> Value {
        json!({
            "command_id": "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b", "created_at": "2026-11-24T10:00:00.000Z",
            "command_type": "HEALTH_CHECK", "status": "RUNNING", "created_by": "sub", "attempt": attempt,
            "tenant_id": "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5c", "parameters": "{\"checks\":[\"cache\"]}",
            "started_at": "2026-11-24T10:00:01Z", "attempt_at": "2026-11-24T07:05:01-03:00", "ttl": 1,
            "progress": {"taken": 1, "moved": 1, "skipped": 0},
        })
    }

    #[test]
    fn whatever_the_table_holds_has_as_many_steps_as_can_be_written() {
        let stored = [0, 1, 100, 100_000, u32::MAX].map(stored);
        fuzz("stored commands", 5_000, json_like(stored), |value| {
            let Ok(command) = serde_json::from_value::<StoredCommand>(value) else { return Ok(()) };
            let steps = command.steps();
            prop_assert!(steps.len() <= 102, "{} steps", steps.len());
            prop_assert_eq!(steps[0].0, Step::Created);
            let told = steps.iter().any(|(step, _)| *step == command.last_step());
            prop_assert!(told || command.attempt == 0, "{:?}", steps);
            // What it says is written as it was read.
            let written = serde_json::to_value(&command).unwrap();
            prop_assert_eq!(serde_json::from_value::<StoredCommand>(written).unwrap(), command);
            Ok(())
        });
    }

    #[test]
    fn an_instant_keeps_its_words() {
        let valid = ["2026-11-24T10:00:00.000Z", "2026-11-24t07:00:00-03:00"];
        fuzz("instants", 5_000, text_like(valid), |text| {
            if let Ok(at) = Timestamp::try_from(text.clone()) {
                prop_assert_eq!(at.as_str(), &text);
                prop_assert!(Timestamp::from(at.at()).as_str().ends_with('Z'));
            }
            Ok(())
        });
    }
}
