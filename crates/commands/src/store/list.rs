//! Lists: newest first, by indexes alone. What a page costs depends on the page, not on how many commands there are.

use std::cmp::Reverse;

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use data::{Slice, Window};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::HashMap;
use uuid::Uuid;

use super::counters::buckets;
use super::{Item, Store, StoreError, names, text};
use crate::command::CommandType;
use crate::stored::{Status, Timestamp};

/// The most items of one `BatchGetItem`.
const BATCH: usize = 100;
/// The longest instant, in bytes; RFC 3339 knows no end of decimals.
const MAX_INSTANT: usize = 64;

/// Which commands.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct ListFilter {
    /// Those with this status.
    pub status: Option<Status>,
    /// Those of this type.
    pub kind: Option<CommandType>,
    /// Those about this tenant.
    pub tenant_id: Option<Uuid>,
}

impl ListFilter {
    pub(super) fn statuses(&self) -> Vec<Status> {
        self.status.map_or_else(|| Status::ALL.to_vec(), |status| vec![status])
    }

    /// The partitions that hold just these commands, in the order of a command's life: one that moves on meanwhile is
    /// seen twice rather than never.
    fn partitions(&self) -> Vec<Partition> {
        let of = |attribute, value: String| Partition { attribute, value };
        let statuses = self.statuses();
        match (self.tenant_id, self.kind, self.status) {
            (Some(tenant_id), None, None) => vec![of(names::TENANT_ID, tenant_id.to_string())],
            (None, None, _) => {
                statuses.iter().map(|status| of(names::STATUS, status.as_str().to_owned())).collect()
            }
            (tenant_id, kind, _) => {
                let attribute =
                    if tenant_id.is_some() { names::TENANT_TYPE_STATUS } else { names::TYPE_STATUS };
                let prefix = tenant_id.map(|tenant_id| format!("{tenant_id}#")).unwrap_or_default();
                statuses
                    .iter()
                    .flat_map(|status| {
                        let prefix = &prefix;
                        buckets(kind)
                            .into_iter()
                            .map(move |kind| of(attribute, format!("{prefix}{kind}#{}", status.as_str())))
                    })
                    .collect()
            }
        }
    }
}

/// A partition of an index, which is named after its key.
struct Partition {
    attribute: &'static str,
    value: String,
}

/// Where a page begins: behind the command of this instant, in the table's words, and id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Position(#[serde(deserialize_with = "instant")] pub String, pub Uuid);

/// Reads an instant of a position. A cursor may be anybody's: what no key of the table can be is no position.
fn instant<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let at = Timestamp::deserialize(deserializer)?;
    if at.as_str().len() <= MAX_INSTANT {
        Ok(at.into())
    } else {
        Err(D::Error::custom("not an instant's words"))
    }
}

/// A command as lists show it.
#[derive(Clone, Debug, Deserialize)]
pub struct ListedCommand {
    /// Its id.
    pub command_id: Uuid,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// Its type's name.
    pub command_type: String,
    /// How far it is.
    pub status: Status,
    /// The tenant that it is about.
    #[serde(default)]
    pub tenant_id: Option<Uuid>,
    /// Who wanted it.
    pub created_by: String,
    /// When its execution began.
    #[serde(default)]
    pub started_at: Option<Timestamp>,
    /// When it ended.
    #[serde(default)]
    pub completed_at: Option<Timestamp>,
    /// Why it failed.
    #[serde(default)]
    pub error_message: Option<String>,
}

impl ListedCommand {
    /// Where the page behind it begins.
    #[must_use]
    pub fn position(&self) -> Position {
        Position(self.created_at.as_str().to_owned(), self.command_id)
    }
}

impl Store {
    /// A part of the list, newest first; the id breaks ties.
    pub async fn list(
        &self,
        filter: &ListFilter,
        window: &Window<Position>,
    ) -> Result<Slice<ListedCommand>, StoreError> {
        let offset = usize::try_from(window.offset).unwrap_or_default();
        let limit = usize::try_from(window.limit).unwrap_or_default();
        let newest = async {
            let mut found: Vec<ListedCommand> = Vec::new();
            for partition in filter.partitions() {
                found.extend(self.newest(&partition, window.after.as_ref(), offset + limit).await?);
            }
            Ok(found)
        };
        let (total, mut found) = tokio::try_join!(self.total(filter), newest)?;
        found.sort_by_cached_key(|command| Reverse(command.position()));
        found.dedup_by_key(|command| command.command_id);
        Ok(Slice { rows: found.into_iter().skip(offset).take(limit).collect(), total })
    }

    /// What came of these commands, for those that ended well.
    pub async fn outputs(&self, commands: &[ListedCommand]) -> Result<HashMap<Uuid, String>, StoreError> {
        let ended: Vec<_> = commands.iter().filter(|command| command.status == Status::Success).collect();
        let mut outputs = HashMap::new();
        for batch in ended.chunks(BATCH) {
            let mut wanted: Vec<Item> = batch
                .iter()
                .map(|command| {
                    HashMap::from([
                        (names::COMMAND_ID.to_owned(), text(command.command_id)),
                        (names::CREATED_AT.to_owned(), text(command.created_at.as_str())),
                    ])
                })
                .collect();
            // An answer is 16 MB at most, and may say what it left out.
            while !wanted.is_empty() {
                let keys = KeysAndAttributes::builder()
                    .set_keys(Some(std::mem::take(&mut wanted)))
                    .projection_expression("command_id, #output")
                    .expression_attribute_names("#output", "output")
                    .build()
                    .map_err(super::create::refused)?;
                let table = &self.tables.commands_table;
                let answer = self.client.batch_get_item().request_items(table, keys).send().await?;
                for item in answer.responses.unwrap_or_default().remove(table).unwrap_or_default() {
                    if let (Some(id), Some(output)) =
                        (string(&item, names::COMMAND_ID), string(&item, "output"))
                        && let Ok(id) = id.parse()
                    {
                        outputs.insert(id, output.to_owned());
                    }
                }
                if let Some(left) = answer.unprocessed_keys.unwrap_or_default().remove(table) {
                    wanted = left.keys;
                }
            }
        }
        Ok(outputs)
    }

    /// The newest commands of a partition behind a position.
    async fn newest(
        &self,
        partition: &Partition,
        after: Option<&Position>,
        wanted: usize,
    ) -> Result<Vec<ListedCommand>, StoreError> {
        let mut found: Vec<ListedCommand> = Vec::new();
        let mut from = None;
        loop {
            let mut query = self
                .client
                .query()
                .table_name(&self.tables.commands_table)
                .index_name(format!("{}-{}-index", partition.attribute, names::CREATED_AT))
                .expression_attribute_names("#of", partition.attribute)
                .expression_attribute_values(":of", text(&partition.value))
                .scan_index_forward(false)
                .limit(i32::try_from(wanted + 1).unwrap_or(i32::MAX))
                .set_exclusive_start_key(from.take());
            query = match after {
                Some(Position(created_at, _)) => query
                    .key_condition_expression("#of = :of AND created_at <= :after")
                    .expression_attribute_values(":after", text(created_at)),
                None => query.key_condition_expression("#of = :of"),
            };
            let answer = query.send().await?;
            for item in answer.items.unwrap_or_default() {
                match serde_dynamo::from_item::<_, ListedCommand>(item) {
                    Ok(command) if after.is_none_or(|after| command.position() < *after) => {
                        found.push(command);
                    }
                    Ok(_) => {}
                    Err(error) => tracing::warn!(%error, "an item is not a command"),
                }
            }
            from = answer.last_evaluated_key;
            // Within an instant an index has an order of its own: the last instant has to be complete.
            let complete = found.len() > wanted
                && found.last().map(|last| &last.created_at)
                    != found.get(wanted - 1).map(|last| &last.created_at);
            if from.is_none() || complete || wanted == 0 {
                return Ok(found);
            }
        }
    }
}

fn string<'a>(item: &'a Item, name: &str) -> Option<&'a str> {
    item.get(name).and_then(|value: &AttributeValue| value.as_s().ok()).map(String::as_str)
}
