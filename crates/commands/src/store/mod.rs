//! The table of commands. Every step of a command's life is a conditional write on its full key, and changes the counters
//! in the same transaction.

mod counters;
mod create;
mod error;
mod lease;
mod list;
mod reap;

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::types::AttributeValue;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use crate::stored::{Status, StoredCommand};

pub use create::{Created, IdempotencyKey, NewCommand, Receipt, Remembered};
pub use error::StoreError;
pub use lease::{Claim, Leases, Outcome, Start};
pub use list::{ListFilter, ListedCommand, Position};
pub use reap::Reaped;

type Item = HashMap<String, AttributeValue>;

/// The longest that one call may take, with all that is tried again.
const CALL: Duration = Duration::from_secs(5);
/// The longest that one attempt of a call may take.
const ATTEMPT: Duration = Duration::from_secs(2);
/// Two transactions may meet on a counter: then one of them comes again.
const ATTEMPTS: u32 = 6;

/// The hash key, the sort key, and what indexes and conditions name. `status` is a reserved word.
mod names {
    pub(super) const COMMAND_ID: &str = "command_id";
    pub(super) const CREATED_AT: &str = "created_at";
    pub(super) const TENANT_ID: &str = "tenant_id";
    pub(super) const STATUS: &str = "status";
    pub(super) const TYPE_STATUS: &str = "type_status";
    pub(super) const TENANT_TYPE_STATUS: &str = "tenant_type_status";
    /// The keys of the bookkeeping table.
    pub(super) const PK: &str = "pk";
    pub(super) const SK: &str = "sk";
    pub(super) const TTL: &str = "ttl";
}

/// Where commands are.
#[derive(Clone, Debug, Deserialize)]
pub struct StoreSettings {
    /// `COMMANDS_TABLE`: the table of commands.
    pub commands_table: String,
    /// `COMMAND_BOOKKEEPING_TABLE`: idempotency keys and counters, apart from the stream and the indexes.
    pub command_bookkeeping_table: String,
}

/// The table of commands, and the one of what is counted and remembered about them.
#[derive(Clone, Debug)]
pub struct Store {
    client: Client,
    tables: StoreSettings,
}

impl Store {
    /// The store in these tables, with bounds on how long a call may take.
    #[must_use]
    pub fn new(client: &Client, tables: StoreSettings) -> Self {
        let timeouts = TimeoutConfig::builder().operation_timeout(CALL).operation_attempt_timeout(ATTEMPT);
        let retries = RetryConfig::standard()
            .with_max_attempts(ATTEMPTS)
            .with_initial_backoff(Duration::from_millis(50))
            .with_max_backoff(Duration::from_secs(1));
        let config = client
            .config()
            .to_builder()
            .timeout_config(timeouts.build())
            .retry_config(retries)
            .retry_classifier(error::TransactionConflicts);
        Self { client: Client::from_conf(config.build()), tables }
    }

    /// The command of this id, as it is now.
    pub async fn get(&self, command_id: Uuid) -> Result<Option<StoredCommand>, StoreError> {
        let found = self
            .client
            .query()
            .table_name(&self.tables.commands_table)
            .consistent_read(true)
            .key_condition_expression("command_id = :id")
            .expression_attribute_values(":id", text(command_id))
            .scan_index_forward(false)
            .limit(1)
            .send()
            .await?;
        found.items.unwrap_or_default().into_iter().next().map(read).transpose()
    }

    /// The item of this full key, as it is now.
    async fn item(&self, key: Item) -> Result<Option<Item>, StoreError> {
        let found = self
            .client
            .get_item()
            .table_name(&self.tables.commands_table)
            .set_key(Some(key))
            .consistent_read(true)
            .send()
            .await?;
        Ok(found.item)
    }

    /// Asks the table for nothing in particular; fails if it doesn't answer.
    pub async fn ping(&self) -> Result<(), StoreError> {
        let nobody = text(Uuid::nil());
        let asked = self
            .client
            .get_item()
            .table_name(&self.tables.commands_table)
            .key(names::COMMAND_ID, nobody)
            .key(names::CREATED_AT, text("-"));
        asked.send().await?;
        Ok(())
    }
}

/// The full key of a command.
fn key(command: &StoredCommand) -> Item {
    HashMap::from([
        (names::COMMAND_ID.to_owned(), text(command.command_id)),
        (names::CREATED_AT.to_owned(), text(command.created_at.as_str())),
    ])
}

/// What the indexes of combined filters are keyed by, when the command has this status.
fn type_status(command: &StoredCommand, status: Status) -> String {
    format!("{}#{}", counters::bucket(&command.command_type), status.as_str())
}

fn tenant_type_status(command: &StoredCommand, status: Status) -> Option<String> {
    command.tenant_id.map(|tenant_id| format!("{tenant_id}#{}", type_status(command, status)))
}

/// JSON as an attribute. With numbers of any precision, as other crates have them, `serde_json` tells numbers as maps, which
/// `serde_dynamo` would keep as such.
#[must_use]
pub fn attribute(json: &Value) -> AttributeValue {
    match json {
        Value::Null => AttributeValue::Null(true),
        Value::Bool(value) => AttributeValue::Bool(*value),
        Value::Number(value) => number(value),
        Value::String(value) => text(value),
        Value::Array(values) => AttributeValue::L(values.iter().map(attribute).collect()),
        Value::Object(members) => {
            AttributeValue::M(members.iter().map(|(name, value)| (name.clone(), attribute(value))).collect())
        }
    }
}

fn read(item: Item) -> Result<StoredCommand, StoreError> {
    serde_dynamo::from_item(item).map_err(|error| StoreError::Unreadable(error.to_string()))
}

#[expect(clippy::needless_pass_by_value, reason = "values and references alike")]
fn text(value: impl ToString) -> AttributeValue {
    AttributeValue::S(value.to_string())
}

#[expect(clippy::needless_pass_by_value, reason = "values and references alike")]
fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}
