//! Accepting a command: once for each idempotency key.

use aws_lc_rs::digest;
use aws_sdk_dynamodb::types::{Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::error::{cancelled, is_condition};
use super::{Store, StoreError, attribute, names, number, tenant_type_status, text, type_status};
use crate::command::Command;
use crate::stored::{Status, StoredCommand, Timestamp};

/// For how long commands are kept.
const KEPT: TimeDelta = TimeDelta::days(90);
/// For how long a key is remembered.
const REMEMBERED: TimeDelta = TimeDelta::hours(24);

/// A command to be.
#[derive(Clone, Debug)]
pub struct NewCommand<'a> {
    /// What to do.
    pub command: &'a Command,
    /// Who wants it: a Cognito sub.
    pub created_by: &'a str,
    /// The request that it comes with.
    pub request_id: &'a str,
    /// X-Ray's trace of that request.
    pub trace_id: Option<&'a str>,
    /// Now.
    pub now: DateTime<Utc>,
}

/// A caller's own name for one request, so that its repetition isn't another command; with what was asked.
#[derive(Clone, Debug)]
pub struct IdempotencyKey {
    place: String,
    fingerprint: String,
}

impl IdempotencyKey {
    /// The key of this caller for this body. Bodies are the same if their JSON is, in whatever order and spacing.
    #[must_use]
    pub fn new(caller: &str, key: &str, body: &Value) -> Self {
        let name = serde_json::json!([caller, key]).to_string();
        Self { place: format!("key#{}", digest_of(&name)), fingerprint: digest_of(&body.to_string()) }
    }
}

fn digest_of(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, text.as_bytes()))
}

/// That a command was accepted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    /// Its id.
    pub command_id: Uuid,
    /// When.
    pub created_at: Timestamp,
}

/// What is known of an idempotency key.
#[derive(Clone, Debug, PartialEq)]
pub enum Remembered {
    /// It was used for the same request.
    Same(Receipt),
    /// It was used for another request.
    Other,
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Created {
    /// A new command.
    New(Receipt),
    /// Its key is known already.
    Known(Remembered),
}

/// What the bookkeeping keeps of a key.
#[derive(Deserialize)]
struct KeyItem {
    fingerprint: String,
    /// Deletion may take its time: what matters is this.
    expires_at: i64,
    #[serde(flatten)]
    receipt: Receipt,
}

impl KeyItem {
    fn told_to(self, key: &IdempotencyKey) -> Remembered {
        if self.fingerprint == key.fingerprint { Remembered::Same(self.receipt) } else { Remembered::Other }
    }
}

impl Store {
    /// What is known of this key.
    pub async fn remembered(
        &self,
        key: &IdempotencyKey,
        now: DateTime<Utc>,
    ) -> Result<Option<Remembered>, StoreError> {
        let found = self
            .client
            .get_item()
            .table_name(&self.tables.command_bookkeeping_table)
            .key(names::PK, text(&key.place))
            .key(names::SK, text("-"))
            .consistent_read(true)
            .send()
            .await?;
        let item: Option<KeyItem> = found
            .item
            .map(serde_dynamo::from_item)
            .transpose()
            .map_err(|error| StoreError::Unreadable(error.to_string()))?;
        Ok(item.filter(|item| item.expires_at > now.timestamp()).map(|item| item.told_to(key)))
    }

    /// Accepts a command, unless its key was used already: of several at one instant, one is accepted.
    pub async fn create(
        &self,
        new: &NewCommand<'_>,
        key: Option<&IdempotencyKey>,
    ) -> Result<Created, StoreError> {
        let command = stored(new);
        let receipt = Receipt { command_id: command.command_id, created_at: command.created_at.clone() };

        let mut writes = vec![self.put_command(&command)?];
        writes.extend(self.count(&command, None, Some(Status::Pending))?);
        if let Some(key) = key {
            writes.push(self.put_key(key, &receipt, new.now)?);
        }
        let sent = self.client.transact_write_items().set_transact_items(Some(writes)).send().await;
        match sent {
            Ok(_) => Ok(Created::New(receipt)),
            Err(error) => {
                let taken = cancelled(&error).and_then(<[_]>::last).is_some_and(is_condition);
                if let Some(key) = key.filter(|_| taken)
                    && let Some(known) = self.remembered(key, new.now).await?
                {
                    return Ok(Created::Known(known));
                }
                Err(error.into())
            }
        }
    }

    fn put_command(&self, command: &StoredCommand) -> Result<TransactWriteItem, StoreError> {
        let mut item: super::Item = serde_dynamo::to_item(command).map_err(refused)?;
        item.insert("parameters".into(), attribute(&command.parameters));
        item.insert(names::TYPE_STATUS.into(), text(type_status(command, command.status)));
        if let Some(value) = tenant_type_status(command, command.status) {
            item.insert(names::TENANT_TYPE_STATUS.into(), text(value));
        }
        let put = Put::builder()
            .table_name(&self.tables.commands_table)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(command_id)");
        Ok(TransactWriteItem::builder().put(put.build().map_err(refused)?).build())
    }

    fn put_key(
        &self,
        key: &IdempotencyKey,
        receipt: &Receipt,
        now: DateTime<Utc>,
    ) -> Result<TransactWriteItem, StoreError> {
        let expires_at = (now + REMEMBERED).timestamp();
        let put = Put::builder()
            .table_name(&self.tables.command_bookkeeping_table)
            .item(names::PK, text(&key.place))
            .item(names::SK, text("-"))
            .item("fingerprint", text(&key.fingerprint))
            .item(names::COMMAND_ID, text(receipt.command_id))
            .item(names::CREATED_AT, text(receipt.created_at.as_str()))
            .item("expires_at", number(expires_at))
            .item(names::TTL, number(expires_at))
            .condition_expression("attribute_not_exists(pk) OR expires_at <= :now")
            .expression_attribute_values(":now", number(now.timestamp()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::None);
        Ok(TransactWriteItem::builder().put(put.build().map_err(refused)?).build())
    }
}

fn stored(new: &NewCommand<'_>) -> StoredCommand {
    StoredCommand {
        command_id: Uuid::now_v7(),
        created_at: new.now.into(),
        command_type: new.command.kind().as_str().to_owned(),
        status: Status::Pending,
        tenant_id: new.command.tenant_id(),
        created_by: new.created_by.to_owned(),
        parameters: new.command.parameters(),
        request_id: Some(new.request_id.to_owned()),
        trace_id: new.trace_id.map(str::to_owned),
        ttl: (new.now + KEPT).timestamp(),
        counted: true,
        attempt: 0,
        started_at: None,
        attempt_at: None,
        lease_owner: None,
        lease_until: None,
        progress: None,
        completed_at: None,
        output: None,
        error_message: None,
    }
}

#[expect(clippy::needless_pass_by_value, reason = "maps errors")]
pub(super) fn refused(error: impl ToString) -> StoreError {
    StoreError::Refused(error.to_string())
}
