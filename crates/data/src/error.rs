//! What can go wrong below a handler.

use crate::credentials::CredentialsError;

/// A failed read or write. What a caller may learn is the variant; the source is for the log.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// The database, or the way to it, is down, overloaded or slow: the same request may succeed later.
    #[error("the database is unavailable: {0}")]
    Unavailable(#[source] sqlx::Error),
    /// The database's password could not be read.
    #[error("the database's credentials are unavailable: {0}")]
    Credentials(#[from] CredentialsError),
    /// What was to be written is at odds with what is there.
    #[error("the database refused a row: {0:?}")]
    Violation(Constraint),
    /// A defect of ours.
    #[error("the database refused a statement: {0}")]
    Statement(#[source] sqlx::Error),
}

/// A rule of the database that a caller's input can break, and no check before it can rule out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Constraint {
    /// No two tenants have the same CNPJ.
    CnpjIsTaken,
    /// A tenant's plan is one of `plans`.
    PlanExists,
}

impl Constraint {
    fn named(name: &str) -> Option<Self> {
        match name {
            "tenants_cnpj_unique" => Some(Self::CnpjIsTaken),
            "tenants_plan_fk" => Some(Self::PlanExists),
            _ => None,
        }
    }
}

impl DataError {
    /// Whether the same request may succeed later.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Credentials(_))
    }
}

impl From<sqlx::Error> for DataError {
    fn from(error: sqlx::Error) -> Self {
        if let sqlx::Error::Database(refusal) = &error
            && let Some(constraint) = refusal.constraint().and_then(Constraint::named)
        {
            return Self::Violation(constraint);
        }
        let transient = match &error {
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => true,
            sqlx::Error::Database(refusal) => refusal.code().is_some_and(|code| is_transient(&code)),
            _ => false,
        };
        if transient { Self::Unavailable(error) } else { Self::Statement(error) }
    }
}

/// The connection, or its session, is gone: nothing was answered, and a new one may work.
pub(crate) fn is_disconnection(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(refusal) => refusal
            .code()
            .is_some_and(|code| code.starts_with("08") || code.starts_with("57P") || code == "25P03"),
        _ => false,
    }
}

/// The database does not accept the password: it may have been rotated.
pub(crate) fn is_login_refusal(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Database(refusal) if refusal.code().is_some_and(|code| code.starts_with("28")))
}

/// SQLSTATEs that say "not now" (PostgreSQL, appendix A): connection exceptions, a refused login, insufficient
/// resources, operator intervention (57014 is a statement past its timeout), lock and idle timeouts, system errors.
fn is_transient(code: &str) -> bool {
    ["08", "28", "53", "57", "58"].iter().any(|class| code.starts_with(class))
        || matches!(code, "55P03" | "25P03")
}
