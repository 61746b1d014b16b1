//! When a tenant's users last signed in (contract, section 4).

use auth_context::SignIn;

use crate::database::Loan;
use crate::{DataError, Database};

/// Makes sure that a sign-in is on record, in one round trip. The commit doesn't wait for the disk: a crash may cost a date.
pub async fn record_sign_in(database: &Database, sign_in: &SignIn) -> Result<(), DataError> {
    // One message takes the simple protocol, which has no parameters: these are UUIDs, which display as hexadecimal digits
    // and hyphens, and a number.
    let statements = format!(
        "BEGIN READ WRITE; SET LOCAL synchronous_commit = off; SET LOCAL app.tenant_id = '{}'; \
         SELECT alquimista_platform.record_sign_in('{}', {}); COMMIT",
        sign_in.tenant_id(),
        sign_in.user(),
        sign_in.at(),
    );
    Loan::begin(database, &statements).await?.give_back();
    Ok(())
}
