//! stub
#![expect(missing_docs, unused_variables, clippy::unused_async, clippy::todo)]
use std::collections::HashMap;
use auth_context::InternalScope;
use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;
use crate::audit::AuditEvent;
use crate::{DataError, Database};
pub struct AuditStep { pub id: Uuid, pub kind: &'static str, pub severity: &'static str, pub tenant_id: Option<Uuid>, pub actor: String, pub title: &'static str, pub description: Option<String>, pub metadata: Value, pub at: DateTime<Utc> }
pub fn step_id(command_id: Uuid, status: &str, attempt: u32) -> Uuid { todo!() }
pub async fn record_steps(database: &Database, steps: &[AuditStep]) -> Result<Vec<bool>, DataError> { todo!() }
pub async fn names(database: &Database, scope: &InternalScope, ids: &[Uuid]) -> Result<HashMap<Uuid, String>, DataError> { todo!() }
pub async fn tenant_exists(database: &Database, scope: &InternalScope, id: Uuid) -> Result<bool, DataError> { todo!() }
pub async fn audit_of(database: &Database, scope: &InternalScope, ids: &[Uuid], tenant: Option<Uuid>) -> Result<(Vec<AuditEvent>, Option<String>), DataError> { todo!() }
