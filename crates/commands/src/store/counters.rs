//! How many commands there are, by tenant, type and status: changed in the transaction that changes the command, so that a
//! list's total is exact and costs one read, however long the list is.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem, Update};
use uuid::Uuid;

use super::{ListFilter, Store, StoreError, names, text};
use crate::command::CommandType;
use crate::stored::{Status, StoredCommand};

/// Two commands in eight change the same counter, rather than all.
const SHARDS: u128 = 8;
/// What commands of no type of ours are counted as.
const OTHER: &str = "OTHER";

/// What a command of this type is counted as.
pub(super) fn bucket(command_type: &str) -> &'static str {
    CommandType::named(command_type).map_or(OTHER, CommandType::as_str)
}

/// Every bucket, or the one of this type.
pub(super) fn buckets(kind: Option<CommandType>) -> Vec<&'static str> {
    match kind {
        Some(kind) => vec![kind.as_str()],
        None => CommandType::ALL.iter().map(|kind| kind.as_str()).chain([OTHER]).collect(),
    }
}

impl Store {
    /// The writes that move a command from one status to another: of all commands' counter, and of its tenant's. What the
    /// counters don't know yet only comes in; what is deleted only goes out.
    pub(super) fn count(
        &self,
        command: &StoredCommand,
        from: Option<Status>,
        to: Option<Status>,
    ) -> Result<Vec<TransactWriteItem>, StoreError> {
        let from = from.filter(|_| command.counted);
        if from == to {
            return Ok(Vec::new());
        }
        let kind = bucket(&command.command_type);
        let shard = text(command.command_id.as_u128() % SHARDS);
        let owners = [None, command.tenant_id].into_iter().enumerate();
        owners
            .filter(|(place, owner)| *place == 0 || owner.is_some())
            .map(|(_, owner)| {
                let mut update = Update::builder()
                    .table_name(&self.tables.command_bookkeeping_table)
                    .key(names::PK, text(partition(owner)))
                    .key(names::SK, shard.clone());
                let mut changes = Vec::new();
                for (placeholder, status, by) in [("out", from, "-1"), ("in", to, "1")] {
                    let Some(status) = status else { continue };
                    update = update
                        .expression_attribute_names(format!("#{placeholder}"), attribute(kind, status))
                        .expression_attribute_values(format!(":{placeholder}"), AttributeValue::N(by.into()));
                    changes.push(format!("#{placeholder} :{placeholder}"));
                }
                let update = update.update_expression(format!("ADD {}", changes.join(", "))).build();
                let update = update.map_err(|error| StoreError::Refused(error.to_string()))?;
                Ok(TransactWriteItem::builder().update(update).build())
            })
            .collect()
    }

    /// How many commands these filters mean.
    pub(super) async fn total(&self, filter: &ListFilter) -> Result<i64, StoreError> {
        let shards = self
            .client
            .query()
            .table_name(&self.tables.command_bookkeeping_table)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", text(partition(filter.tenant_id)))
            .consistent_read(true)
            .send()
            .await?;
        let statuses = filter.statuses();
        let wanted: Vec<String> = buckets(filter.kind)
            .iter()
            .flat_map(|kind| statuses.iter().map(|status| attribute(kind, *status)))
            .collect();
        let sum = |shard: &HashMap<String, AttributeValue>| -> i64 {
            let counted = |name: &String| shard.get(name)?.as_n().ok()?.parse::<i64>().ok();
            wanted.iter().filter_map(counted).sum()
        };
        Ok(shards.items().iter().map(sum).sum())
    }
}

fn partition(owner: Option<Uuid>) -> String {
    owner.map_or_else(|| "count#all".to_owned(), |tenant_id| format!("count#{tenant_id}"))
}

fn attribute(kind: &str, status: Status) -> String {
    format!("{kind}#{}", status.as_str())
}
