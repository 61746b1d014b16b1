//! How much anybody may ask for, and how answers say so.

use std::num::NonZeroU32;
use std::time::Duration;

use auth_context::{Claims, Groups, Permission};
use cache::{Cache, Limiter, Rate};
use lambda_http::http::{HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;

// As draft-ietf-httpapi-ratelimit-headers-11 has them: lists of structured fields (RFC 9651).
pub(crate) const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
pub(crate) const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// How much anybody may ask for. What a request costs, the permission matrix says.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "Numbers")]
pub struct LimitSettings {
    /// Each user.
    pub user: Rate,
    /// Each tenant, all of its users together.
    pub tenant: Rate,
}

#[derive(Deserialize)]
struct Numbers {
    /// `USER_LIMIT_PER_SECOND`: units that come back to a user each second. Optional: 10.
    #[serde(default = "ten")]
    user_limit_per_second: NonZeroU32,
    /// `USER_LIMIT_BURST`: units that a user has at most. Optional: 50.
    #[serde(default = "fifty")]
    user_limit_burst: NonZeroU32,
    /// `TENANT_LIMIT_PER_SECOND`: units that come back to a tenant each second. Optional: 50.
    #[serde(default = "fifty")]
    tenant_limit_per_second: NonZeroU32,
    /// `TENANT_LIMIT_BURST`: units that a tenant has at most. Optional: 200.
    #[serde(default = "two_hundred")]
    tenant_limit_burst: NonZeroU32,
}

const fn or_one(number: u32) -> NonZeroU32 {
    match NonZeroU32::new(number) {
        Some(number) => number,
        None => NonZeroU32::MIN,
    }
}

const fn ten() -> NonZeroU32 {
    or_one(10)
}

const fn fifty() -> NonZeroU32 {
    or_one(50)
}

const fn two_hundred() -> NonZeroU32 {
    or_one(200)
}

impl TryFrom<Numbers> for LimitSettings {
    type Error = String;

    fn try_from(numbers: Numbers) -> Result<Self, String> {
        let settings = Self {
            user: Rate { per_second: numbers.user_limit_per_second, burst: numbers.user_limit_burst },
            tenant: Rate { per_second: numbers.tenant_limit_per_second, burst: numbers.tenant_limit_burst },
        };
        if [settings.user, settings.tenant].iter().any(|rate| rate.burst.get() < Permission::MAX_COST) {
            let least = Permission::MAX_COST;
            return Err(format!("USER_LIMIT_BURST and TENANT_LIMIT_BURST have to be at least {least}"));
        }
        Ok(settings)
    }
}

/// The limits of a function.
pub(crate) struct Limits {
    limiter: Limiter,
    settings: LimitSettings,
}

/// Whether a request may go on, and what its answer says of the limits.
pub(crate) struct Admitted {
    /// How long to wait if it may not.
    pub(crate) wait: Option<Duration>,
    policy: String,
    state: String,
}

impl Limits {
    pub(crate) fn new(cache: Cache, settings: LimitSettings) -> Self {
        Self { limiter: Limiter::new(cache), settings }
    }

    /// Takes what a request costs from the limits of who makes it. The internal team works for all tenants and for none.
    pub(crate) async fn admit(&self, claims: &Claims, cost: u32) -> Admitted {
        let tenant = claims.tenant_id.filter(|_| !claims.groups.intersects(Groups::INTERNAL));
        let mut limits = vec![(format!("user:{}", claims.sub), self.settings.user)];
        limits.extend(tenant.map(|id| (format!("tenant:{id}"), self.settings.tenant)));
        let admission = self.limiter.admit(cost, &limits).await;

        let names = ["user", "tenant"];
        let policy = names.iter().zip(&limits).map(|(name, (_, rate))| {
            let (burst, window) = (rate.burst, rate.burst.get().div_ceil(rate.per_second.get()));
            format!("\"{name}\";q={burst};w={window}")
        });
        // A unit at least is back within a second; until then, there is no more than this.
        let state = names.iter().zip(&admission.left).map(|(name, left)| format!("\"{name}\";r={left};t=1"));
        Admitted {
            wait: admission.wait,
            policy: policy.collect::<Vec<_>>().join(", "),
            state: state.collect::<Vec<_>>().join(", "),
        }
    }
}

impl Admitted {
    /// Says it.
    pub(crate) fn tell(&self, headers: &mut HeaderMap) {
        for (name, text) in [(RATE_LIMIT_POLICY, &self.policy), (RATE_LIMIT, &self.state)] {
            if let Ok(value) = HeaderValue::from_str(text) {
                headers.insert(name, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(numbers: serde_json::Value) -> Result<(u32, u32, u32, u32), String> {
        let settings: LimitSettings = serde_json::from_value(numbers).map_err(|error| error.to_string())?;
        let LimitSettings { user, tenant } = settings;
        Ok((user.per_second.get(), user.burst.get(), tenant.per_second.get(), tenant.burst.get()))
    }

    #[test]
    fn without_settings_the_contract_holds() {
        assert_eq!(read(json!({})), Ok((10, 50, 50, 200)));
        assert_eq!(read(json!({"user_limit_burst": 10, "tenant_limit_per_second": 7})), Ok((10, 10, 7, 200)));
    }

    #[test]
    fn a_limit_lets_the_dearest_request_through() {
        assert!(read(json!({"tenant_limit_burst": 9})).unwrap_err().contains("at least 10"));
        assert!(read(json!({"user_limit_per_second": 0})).is_err());
    }
}
