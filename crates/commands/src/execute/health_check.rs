//! `HEALTH_CHECK`
use serde_json::{Value, json};
use uuid::Uuid;
use super::Executors;
use crate::command::Checks;
use crate::store::Store;
pub(super) async fn run(_: &Executors, _: &Store, _: Option<Uuid>, _: &Checks) -> Value { json!({}) }
