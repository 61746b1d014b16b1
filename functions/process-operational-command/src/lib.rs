//! The command processor: what the stream tells of the table of commands, put on record and done.
//!
//! A record may come twice, late, or beside one that can't be read; whatever an invocation leaves undone comes again.

mod batch;
mod record;
mod settings;
mod trail;

use std::time::{Duration, SystemTime};

use aws_lambda_events::streams::DynamoDbEventResponse;
use chrono::{DateTime, Utc};
use commands::{Executors, Leases, Reaped, Store, StoreError, StoredCommand};
use data::DataError;
use lambda_runtime::{Context, Diagnostic};
use serde::Serialize;
use serde_json::Value;
use tokio::time::Instant;
use tracing::Span;

pub use settings::Settings;

/// What executes commands.
pub struct Processor {
    /// Where commands are.
    pub store: Store,
    /// What does what they say.
    pub executors: Executors,
    /// How long an execution is its executor's alone.
    pub leases: Leases,
    /// For how long the stream tells of a command again.
    pub retry_window: Duration,
    /// The clock; a test sets its own.
    pub now: fn() -> DateTime<Utc>,
}

/// What an invocation answers.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// To a batch: the records that have to come again.
    Batch(DynamoDbEventResponse),
    /// To the reaper's schedule: what it ended.
    Reaped(Reaped),
}

/// An invocation that has to be repeated as a whole.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    /// It was asked for nothing that could be done.
    #[error("the event is neither a batch of records nor {{\"run\": \"reaper\"}}")]
    Event,
    /// Nothing could be put on record: the database is down.
    #[error("the audit log could not be written: {0}")]
    Audit(#[source] DataError),
    /// What nobody executes any more could not be ended.
    #[error(transparent)]
    Reaper(#[from] StoreError),
}

impl From<Failed> for Diagnostic {
    fn from(failed: Failed) -> Self {
        let name = match failed {
            Failed::Event => "InvalidEvent",
            Failed::Audit(_) => "Audit",
            Failed::Reaper(_) => "CommandsTable",
        };
        Self { error_type: name.to_owned(), error_message: failed.to_string() }
    }
}

/// The span of whatever is done about a command: its lines carry the request that caused it, and that request's trace.
fn about(command: &StoredCommand) -> Span {
    tracing::error_span!(
        "command",
        command_id = %command.command_id,
        command_type = command.command_type,
        tenant_id = command.tenant_id.map(tracing::field::display),
        request_id = command.request_id,
        trace_id = command.trace_id,
        attempt = command.attempt,
    )
}

impl Processor {
    /// Does what an event asks for: a batch of the table's stream, or the reaper's schedule.
    pub async fn handle(&self, event: Value, context: &Context) -> Result<Answer, Failed> {
        let left = context.deadline().duration_since(SystemTime::now()).unwrap_or_default();
        let result = match event {
            Value::Object(mut event) => match (event.remove("Records"), event.remove("run")) {
                (Some(Value::Array(records)), None) => {
                    let function = &context.env_config.function_name;
                    self.process(records, Instant::now() + left, function).await.map(Answer::Batch)
                }
                (None, Some(Value::String(run))) if run == "reaper" => self.reap().await.map(Answer::Reaped),
                _ => Err(Failed::Event),
            },
            _ => Err(Failed::Event),
        };
        if let Err(failed) = &result {
            tracing::error!(error = %failed, "invocation failed");
        }
        result
    }

    /// Ends what nobody will execute any more. That it ended is put on record as the stream tells of it.
    async fn reap(&self) -> Result<Reaped, Failed> {
        let reaped = self.store.reap(self.leases, self.retry_window, (self.now)()).await?;
        let Reaped { not_started, timed_out } = reaped;
        if reaped == Reaped::default() {
            tracing::info!(not_started, timed_out, "reaper");
        } else {
            tracing::warn!(not_started, timed_out, "reaper ended commands");
        }
        Ok(reaped)
    }
}
