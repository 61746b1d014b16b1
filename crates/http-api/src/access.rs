//! The audit of who read whose data and who was refused, once an hour each (contract, section 5).

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cache::Cache;
use chrono::{DateTime, Utc};
use data::audit::{Access, record_access};
use data::{DataError, Database};
use uuid::Uuid;

/// So many rows are remembered; then the memory starts anew, and the database says what it has already.
const REMEMBERED: usize = 10_000;
/// For how long a row is marked in the cache: longer than its hour.
const MARKED: Duration = Duration::from_mins(65);

/// Records accesses, and remembers which are on record, so that the next request of the same hour needs no writing, to
/// whichever instance it comes.
pub(crate) struct AccessLog {
    database: Arc<Database>,
    cache: Cache,
    now: fn() -> DateTime<Utc>,
    recorded: Mutex<HashSet<Uuid>>,
}

impl AccessLog {
    /// A log in this database, by this clock.
    pub(crate) fn new(database: Arc<Database>, cache: Cache, now: fn() -> DateTime<Utc>) -> Self {
        Self { database, cache, now, recorded: Mutex::default() }
    }

    /// Makes sure that this access is on record.
    pub(crate) async fn record(&self, access: &Access<'_>) -> Result<(), DataError> {
        let now = (self.now)();
        let id = access.event_id(now);
        if self.recorded().contains(&id) {
            return Ok(());
        }
        let name = format!("recorded:{id}");
        if !self.cache.is_marked(&name).await {
            if !record_access(&self.database, access, now).await? {
                return Ok(());
            }
            self.cache.mark(&name, MARKED).await;
        }
        let mut recorded = self.recorded();
        if recorded.len() >= REMEMBERED {
            recorded.clear();
        }
        recorded.insert(id);
        Ok(())
    }

    fn recorded(&self) -> MutexGuard<'_, HashSet<Uuid>> {
        self.recorded.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
