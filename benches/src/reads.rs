//! Every read of the API: the design's SQL, ours for the design's fields, and the function that answers in full.

use anyhow::Context;
use auth_context::{Caller, Claims, Group, Groups, Operation, TenantScope};
use data::agents::AgentStatus;
use data::{Database, Period, agents, incidents, integrations, tenants, usage};

use crate::sample::Sample;

/// Who asks, and so on which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Audience {
    /// A transaction that sees one tenant.
    Tenant,
    /// A statement that sees all of them.
    Internal,
}

/// One read.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) name: &'static str,
    pub(crate) audience: Audience,
    pub(crate) period: Period,
    pub(crate) naive: &'static str,
    pub(crate) design: &'static str,
    pub(crate) full: Full,
}

/// The function of `data` that answers with all that the contract asks for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Full {
    Me,
    Agents,
    Integrations,
    Usage,
    Incidents,
}

macro_rules! tenant_read {
    ($name:literal, $period:expr, $file:literal, $full:expr) => {
        Read {
            name: $name,
            audience: Audience::Tenant,
            period: $period,
            naive: include_str!(concat!("../sql/naive/", $file, ".sql")),
            design: include_str!(concat!("../sql/design/", $file, ".sql")),
            full: $full,
        }
    };
}

/// All of them, in the order of the report.
pub(crate) const READS: &[Read] = &[
    tenant_read!("tenant/me", Period::Month, "me", Full::Me),
    tenant_read!("tenant/agents", Period::Month, "agents", Full::Agents),
    tenant_read!("tenant/integrations", Period::Month, "integrations", Full::Integrations),
    tenant_read!("tenant/usage 7d", Period::Week, "usage", Full::Usage),
    tenant_read!("tenant/usage 30d", Period::Month, "usage", Full::Usage),
    tenant_read!("tenant/usage 90d", Period::Quarter, "usage", Full::Usage),
    tenant_read!("tenant/incidents", Period::Month, "incidents", Full::Incidents),
];

/// The pools that the functions of `data` take.
pub(crate) struct Pools {
    pub(crate) tenant: Database,
}

impl Read {
    /// Answers in full.
    pub(crate) async fn answer(&self, pools: &Pools, sample: &Sample, round: usize) -> anyhow::Result<()> {
        let scope = scope(sample, round)?;
        let (today, period) = (sample.today, self.period);
        let answered = match self.full {
            Full::Me => tenants::overview(&pools.tenant, &scope, today).await?.is_some(),
            Full::Agents => {
                let range = Period::Month.ending(today);
                agents::of_tenant(&pools.tenant, &scope, AgentStatus::Active, range).await?.is_some()
            }
            Full::Integrations => integrations::of_tenant(&pools.tenant, &scope).await?.is_some(),
            Full::Usage => usage::report(&pools.tenant, &scope, period, today, None).await?.is_some(),
            Full::Incidents => incidents::of_tenant(&pools.tenant, &scope, None, 0, 20).await?.is_some(),
        };
        anyhow::ensure!(answered, "{}: the tenant {} is gone", self.name, scope.tenant_id());
        Ok(())
    }
}

/// The right to see the tenant whose turn it is.
fn scope(sample: &Sample, round: usize) -> anyhow::Result<TenantScope> {
    let claims = Claims { sub: "bench".into(), groups: Groups::of(&[Group::InternalAdmin]), tenant_id: None };
    let caller = Caller::authorize(claims, Operation::TenantMe).ok().context("the permission matrix")?;
    caller.tenant_scope(Some(sample.tenant(round))).ok().context("the permission matrix")
}
