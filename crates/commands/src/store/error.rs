//! What can go wrong between us and the table.

use std::fmt::Debug;

use aws_sdk_dynamodb::config::retry::{ClassifyRetry, RetryAction};
use aws_sdk_dynamodb::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::CancellationReason;
use aws_sdk_dynamodb::types::error::TransactionCanceledException;

/// A failed read or write.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The table, or the way to it, is down, throttled or slow: the same call may succeed later.
    #[error("the table of commands is unavailable: {0}")]
    Unavailable(String),
    /// A defect of ours, or of the deployment.
    #[error("the table of commands refused a call: {0}")]
    Refused(String),
    /// An item is not a command.
    #[error("an item is not a command: {0}")]
    Unreadable(String),
    /// The execution belongs to somebody else, or is over.
    #[error("the lease is lost")]
    LeaseLost,
}

impl StoreError {
    /// Whether the same call may succeed later.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

/// Codes that say "not now".
const TRANSIENT: &[&str] = &[
    "InternalServerError",
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ServiceUnavailable",
    "ThrottlingException",
    "TransactionCanceledException", // with its conditions met: it met another
    "TransactionConflictException",
    "TransactionInProgressException",
];

impl<E> From<SdkError<E>> for StoreError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    fn from(error: SdkError<E>) -> Self {
        let transient = match &error {
            SdkError::ServiceError(refusal) => {
                refusal.raw().status().is_server_error()
                    || refusal.err().code().is_some_and(|code| TRANSIENT.contains(&code))
            }
            SdkError::ConstructionFailure(_) => false,
            _ => true,
        };
        let cause = DisplayErrorContext(&error).to_string();
        if transient { Self::Unavailable(cause) } else { Self::Refused(cause) }
    }
}

/// Why a transaction was not made, if it was for its conditions: a reason for each of its writes.
pub(super) fn cancelled<R: Debug>(
    error: &SdkError<TransactWriteItemsError, R>,
) -> Option<&[CancellationReason]> {
    match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
            let reasons = cancelled.cancellation_reasons();
            reasons.iter().any(is_condition).then_some(reasons)
        }
        _ => None,
    }
}

/// Whether this write's condition did not hold.
pub(super) fn is_condition(reason: &CancellationReason) -> bool {
    reason.code() == Some("ConditionalCheckFailed")
}

/// Lets the SDK try a transaction again that met another one.
#[derive(Debug)]
pub(super) struct TransactionConflicts;

impl ClassifyRetry for TransactionConflicts {
    fn classify_retry(
        &self,
        context: &aws_sdk_dynamodb::config::interceptors::InterceptorContext,
    ) -> RetryAction {
        let conflict = context
            .output_or_error()
            .and_then(Result::err)
            .and_then(|error| error.as_operation_error())
            .and_then(|error| error.downcast_ref::<TransactWriteItemsError>())
            .is_some_and(|error| match error {
                TransactWriteItemsError::TransactionCanceledException(cancelled) => met_another(cancelled),
                _ => false,
            });
        if conflict { RetryAction::transient_error() } else { RetryAction::NoActionIndicated }
    }

    fn name(&self) -> &'static str {
        "transaction conflicts"
    }
}

fn met_another(cancelled: &TransactionCanceledException) -> bool {
    let reasons = cancelled.cancellation_reasons();
    let conflict = |reason: &CancellationReason| {
        matches!(
            reason.code(),
            Some("TransactionConflict" | "ThrottlingError" | "ProvisionedThroughputExceeded")
        )
    };
    reasons.iter().any(conflict) && !reasons.iter().any(is_condition)
}
