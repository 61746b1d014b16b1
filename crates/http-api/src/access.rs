//! The audit of who read whose data and who was refused, once an hour each (contract, section 5).

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use auth_context::SignIn;
use chrono::{DateTime, Utc};
use data::audit::{Access, record_access};
use data::{DataError, Database, record_sign_in};
use uuid::Uuid;

/// So many rows are remembered; then the memory starts anew, and the database says what it has already.
const REMEMBERED: usize = 10_000;

/// Records accesses, and remembers which it recorded, so that the next request of the same hour needs no writing.
pub struct AccessLog {
    database: Arc<Database>,
    now: fn() -> DateTime<Utc>,
    recorded: Mutex<HashSet<Uuid>>,
}

impl AccessLog {
    /// A log in this database, by this clock.
    #[must_use]
    pub fn new(database: Arc<Database>, now: fn() -> DateTime<Utc>) -> Self {
        Self { database, now, recorded: Mutex::default() }
    }

    /// Makes sure that this sign-in is on record. One that can't be recorded comes again, with the next request.
    pub(crate) async fn record_sign_in(&self, sign_in: &SignIn) {
        if let Err(error) = record_sign_in(&self.database, sign_in).await {
            tracing::warn!(%error, "a sign-in could not be recorded");
        }
    }

    /// Makes sure that this access is on record.
    pub(crate) async fn record(&self, access: &Access<'_>) -> Result<(), DataError> {
        let now = (self.now)();
        let id = access.event_id(now);
        if self.recorded.lock().unwrap_or_else(PoisonError::into_inner).contains(&id) {
            return Ok(());
        }
        if record_access(&self.database, access, now).await? {
            let mut recorded = self.recorded.lock().unwrap_or_else(PoisonError::into_inner);
            if recorded.len() >= REMEMBERED {
                recorded.clear();
            }
            recorded.insert(id);
        }
        Ok(())
    }
}
