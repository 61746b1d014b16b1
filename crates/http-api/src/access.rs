//! What goes on record of who calls: whose data the internal team read and who was refused, once an hour each (contract,
//! section 5), and sign-ins, once each (section 4).

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use auth_context::SignIn;
use cache::Cache;
use chrono::{DateTime, Utc};
use data::audit::{Access, record_access};
use data::{DataError, Database, record_sign_in};
use uuid::Uuid;

/// So many rows are remembered; then the memory starts anew, and the database says what it has already.
const REMEMBERED: usize = 10_000;
/// For how long an access is marked in the cache: longer than its hour.
const ACCESS_MARKED: Duration = Duration::from_mins(65);
/// And a sign-in: longer than the dashboard's sessions last.
const SIGN_IN_MARKED: Duration = Duration::from_hours(13);
/// Of what ids of sign-ins are made.
const SIGN_INS: Uuid = Uuid::from_u128(0x5b0f_6a1d_93c4_4c83_8f5e_2d1a_7be0_94c6);

/// Records, and remembers what is on record, so that the next request needs no writing, to whichever instance it comes.
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

    /// Makes sure that this sign-in is on record. One that can't be recorded comes again, with the next request.
    pub(crate) async fn record_sign_in(&self, sign_in: &SignIn) {
        let id = Uuid::new_v5(&SIGN_INS, format!("{} {}", sign_in.user(), sign_in.at()).as_bytes());
        let write = async || record_sign_in(&self.database, sign_in).await.map(|()| true);
        if let Err(error) = self.once(id, SIGN_IN_MARKED, write).await {
            tracing::warn!(%error, "a sign-in could not be recorded");
        }
    }

    /// Makes sure that this access is on record.
    pub(crate) async fn record(&self, access: &Access<'_>) -> Result<(), DataError> {
        let now = (self.now)();
        let write = async || record_access(&self.database, access, now).await;
        self.once(access.event_id(now), ACCESS_MARKED, write).await
    }

    /// Writes what isn't known to be on record. `write` says whether it is then.
    async fn once(
        &self,
        id: Uuid,
        lifetime: Duration,
        write: impl AsyncFnOnce() -> Result<bool, DataError>,
    ) -> Result<(), DataError> {
        if self.recorded().contains(&id) {
            return Ok(());
        }
        let name = format!("recorded:{id}");
        if !self.cache.is_marked(&name).await {
            // Once an hour: not carried along by every request.
            if !Box::pin(write()).await? {
                return Ok(());
            }
            self.cache.mark(&name, lifetime).await;
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
