//! `RESTART_AGENT`
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use uuid::Uuid;
use super::{Executors, Failure};
pub(super) async fn run(_: &Executors, _: Uuid, _: DateTime<Utc>, _: Uuid, _: Uuid) -> Result<Value, Failure> { Ok(json!({})) }
