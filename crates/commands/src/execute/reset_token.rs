//! `RESET_TOKEN`
use serde_json::{Value, json};
use uuid::Uuid;
use super::{Executors, Failure};
pub(super) async fn run(_: &Executors, _: Uuid, _: Uuid, _: Uuid) -> Result<Value, Failure> { Ok(json!({})) }
