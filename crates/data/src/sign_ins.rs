//! When a tenant's users last signed in (contract, section 4).
//!
//! A sign-in is written once. It rides on the first transaction of its user, so that no request asks the database once more for
//! it; that it is written, the process remembers.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use auth_context::SignIn;
use uuid::Uuid;

use crate::database::Loan;
use crate::{DataError, Database};

/// So many users are remembered; then the memory starts anew, and the database says what it has already.
const REMEMBERED: usize = 10_000;

/// The newest sign-in of each user that is known to be on record.
#[derive(Default)]
pub(crate) struct SignIns(Mutex<HashMap<Uuid, i64>>);

impl SignIns {
    pub(crate) fn has(&self, sign_in: &SignIn) -> bool {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&sign_in.user()).is_some_and(|at| *at >= sign_in.at())
    }

    pub(crate) fn remember(&self, sign_in: &SignIn) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(sign_in.user(), sign_in.at());
    }
}

/// What begins a transaction that writes the sign-in. The simple protocol has no parameters: these are a UUID, which displays
/// as hexadecimal digits and hyphens, and a number. The commit doesn't wait for the disk: a crash may cost a date.
pub(crate) fn begin_with(sign_in: &SignIn) -> String {
    format!(
        "BEGIN READ WRITE; SET LOCAL synchronous_commit = off; SET LOCAL app.tenant_id = '{}'; \
         SELECT alquimista_platform.record_sign_in('{}', {})",
        sign_in.tenant_id(),
        sign_in.user(),
        sign_in.at(),
    )
}

/// Makes sure that a sign-in is on record when no transaction of its user was needed: one round trip, or none.
pub async fn record_sign_in(database: &Database, sign_in: &SignIn) -> Result<(), DataError> {
    if !database.sign_ins().has(sign_in) {
        let written = Loan::begin(database, &format!("{}; COMMIT", begin_with(sign_in))).await?;
        written.give_back();
        database.sign_ins().remember(sign_in);
    }
    Ok(())
}
