//! `REPROCESS_QUEUE`
use serde_json::{Value, json};
use super::{ExecutionError, Executors};
use crate::command::{MaxMessages, QueueName};
use crate::store::Claim;
pub(super) async fn run(_: &Executors, _: &Claim<'_>, _: &QueueName, _: MaxMessages) -> Result<Value, ExecutionError> { Ok(json!({})) }
