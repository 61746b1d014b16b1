//! What commands really do: one module an executor.

mod health_check;
mod queues;
mod reprocess_queue;
mod reset_token;
mod restart_agent;

use std::sync::Arc;

use aws_sdk_eventbridge::Client as Events;
use aws_sdk_secretsmanager::Client as Secrets;
use aws_sdk_sqs::Client as Sqs;
use cache::Cache;
use data::{DataError, Database};
use serde_json::Value;

use crate::command::{Command, QueueName};
use crate::store::{Claim, StoreError};

/// What executors work with. A call of its clients may take a small part of a lease.
pub struct Executors {
    /// Connections as `app_commands`.
    pub database: Arc<Database>,
    /// The queues.
    pub sqs: Sqs,
    /// Which of them may be reprocessed.
    pub queues: Vec<QueueName>,
    /// Secrets of integrations, and the database's own.
    pub secrets: Secrets,
    /// The ARN of the database's own secret, which a health check asks for.
    pub database_secret_arn: String,
    /// The event bus.
    pub events: Events,
    /// Its name.
    pub event_bus: String,
    /// Redis, which a health check asks.
    pub cache: Cache,
}

/// Why a command failed: the code names the reason, the message tells the operator, in Portuguese, what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Failure {
    /// Short and stable.
    pub code: &'static str,
    /// For people.
    pub message: String,
}

impl Failure {
    /// A failure for this reason.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

/// Why an executor came to no result.
#[derive(Debug, thiserror::Error)]
pub enum ExecutionError {
    /// The command is over: it failed.
    #[error(transparent)]
    Failed(#[from] Failure),
    /// The command isn't ours any more, or the table could not be asked whether it is: nothing is known of its end.
    #[error(transparent)]
    Interrupted(#[from] StoreError),
}

impl Executors {
    /// Does what the command says, and returns its output, a JSON object. What is done already, by an attempt that was
    /// interrupted, is not done again.
    pub async fn execute(&self, claim: &Claim<'_>, command: &Command) -> Result<Value, ExecutionError> {
        match command {
            Command::ReprocessQueue { queue, max_messages, .. } => {
                reprocess_queue::run(self, claim, queue, *max_messages).await
            }
            Command::ResetToken { tenant_id, integration_id } => {
                Ok(reset_token::run(self, claim.command_id(), *tenant_id, *integration_id).await?)
            }
            Command::RestartAgent { tenant_id, agent_id } => {
                Ok(restart_agent::run(self, claim, *tenant_id, *agent_id).await?)
            }
            Command::HealthCheck { tenant_id, checks } => {
                Ok(health_check::run(self, claim.store(), *tenant_id, checks).await)
            }
        }
    }
}

/// Asks the database, and once more if it hung up: what executors ask of it changes nothing a second time, and a connection
/// that was cut is no reason to end a command.
async fn ask_database<T, F>(ask: impl Fn() -> F) -> Result<T, Failure>
where
    F: Future<Output = Result<T, DataError>>,
{
    let answer = match ask().await {
        Err(error @ DataError::Unavailable(_)) => {
            tracing::info!(%error, "asking the database again");
            ask().await
        }
        answer => answer,
    };
    answer.map_err(|error| {
        tracing::warn!(%error, "the database is unavailable");
        Failure::new(
            "database unavailable",
            "o banco de dados não respondeu. Execute o comando novamente; se o erro persistir, verifique o banco de dados.",
        )
    })
}
