//! Clients of AWS services: where their calls go, and how long these may take.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::timeout::TimeoutConfig;

/// The longest that connecting to a service may take, one attempt of a call, and a call with all that is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallLimits {
    /// Connecting.
    pub connect: Duration,
    /// An attempt.
    pub attempt: Duration,
    /// The call.
    pub call: Duration,
}

impl CallLimits {
    /// While somebody waits for an answer: half of what a request may take.
    pub const REQUEST: Self = Self {
        connect: Duration::from_secs(1),
        attempt: Duration::from_secs(2),
        call: Duration::from_secs(4),
    };
    /// While nobody does. Each is a small part of a command's lease.
    pub const BACKGROUND: Self = Self {
        connect: Duration::from_secs(2),
        attempt: Duration::from_secs(5),
        call: Duration::from_secs(12),
    };
}

impl From<CallLimits> for TimeoutConfig {
    fn from(limits: CallLimits) -> Self {
        Self::builder()
            .connect_timeout(limits.connect)
            .operation_attempt_timeout(limits.attempt)
            .operation_timeout(limits.call)
            .build()
    }
}

/// What clients are made from: region, credentials and endpoint as the environment has them, and these limits.
pub async fn config(limits: CallLimits) -> SdkConfig {
    aws_config::from_env().timeout_config(limits.into()).load().await
}
