//! Every read of the API: the design's SQL, ours for the design's fields, and the function that answers in full.

use anyhow::Context;
use auth_context::{Caller, Claims, Group, Groups, InternalScope, Operation, TenantScope};
use data::agents::AgentStatus;
use data::tenants::{Position, SortBy, StatusFilter, TenantFilter};
use data::{
    Database, Order, Period, Search, Window, agents, incidents, integrations, platform, revenue, tenants,
    usage,
};

use crate::sample::Sample;
use crate::statement::{Value, Values};

/// Who asks, and so on which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Audience {
    /// A transaction that sees one tenant.
    Tenant,
    /// Statements that see all of them.
    Internal,
}

/// One read.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) name: &'static str,
    pub(crate) audience: Audience,
    pub(crate) period: Period,
    /// Empty: the design has no way.
    pub(crate) naive: &'static str,
    /// `None`: the function of `data` answers with the design's fields and hardly more.
    pub(crate) design: Option<&'static str>,
    /// `None`: part of another answer.
    pub(crate) full: Option<Full>,
}

/// What is looked for in the list of tenants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Listed {
    /// The first page.
    First,
    /// A page far behind, by offset.
    Deep,
    /// The same, by cursor.
    Behind,
    /// Whose CNPJ that is.
    Cnpj,
    /// One tenant in thirty.
    Broadly,
}

/// A word in the names of one tenant in thirty.
const BROAD: &str = "São";
/// The rows of a page, and the one that tells whether there are more.
const PAGE: i64 = 51;

/// The function of `data` that answers with all that the contract asks for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Full {
    Me,
    Agents,
    Integrations,
    Usage,
    Incidents,
    List(Listed),
    Detail,
    ManagedAgents,
    Overview,
    Billing,
}

macro_rules! tenant_read {
    ($name:literal, $period:expr, $file:literal, $full:expr) => {
        Read {
            name: $name,
            audience: Audience::Tenant,
            period: $period,
            naive: include_str!(concat!("../sql/naive/", $file, ".sql")),
            design: Some(include_str!(concat!("../sql/design/", $file, ".sql"))),
            full: Some($full),
        }
    };
}

/// A read whose design's fields need a statement of their own.
macro_rules! overview {
    ($name:literal, $period:expr) => {
        Read {
            name: $name,
            audience: Audience::Internal,
            period: $period,
            naive: include_str!("../sql/naive/overview.sql"),
            design: Some(include_str!("../sql/design/overview.sql")),
            full: Some(Full::Overview),
        }
    };
}

/// Any other read of the internal API.
macro_rules! internal_read {
    ($name:literal, $period:expr, $naive:expr, $design:expr, $full:expr) => {
        Read {
            name: $name,
            audience: Audience::Internal,
            period: $period,
            naive: $naive,
            design: $design,
            full: Some($full),
        }
    };
}

const NAIVE_LIST: &str = include_str!("../sql/naive/tenants.sql");
const LIST: &str = include_str!("../sql/design/tenants.sql");
const NAIVE_SEARCH: &str = include_str!("../sql/naive/search.sql");

/// All of them, in the order of the report.
pub(crate) const READS: &[Read] = &[
    tenant_read!("tenant/me", Period::Month, "me", Full::Me),
    tenant_read!("tenant/agents", Period::Month, "agents", Full::Agents),
    tenant_read!("tenant/integrations", Period::Month, "integrations", Full::Integrations),
    tenant_read!("tenant/usage 7d", Period::Week, "usage", Full::Usage),
    tenant_read!("tenant/usage 30d", Period::Month, "usage", Full::Usage),
    tenant_read!("tenant/usage 90d", Period::Quarter, "usage", Full::Usage),
    tenant_read!("tenant/incidents", Period::Month, "incidents", Full::Incidents),
    internal_read!("internal/tenants", Period::Month, NAIVE_LIST, Some(LIST), Full::List(Listed::First)),
    internal_read!(
        "internal/tenants, row 10,000 by offset",
        Period::Month,
        NAIVE_LIST,
        Some(LIST),
        Full::List(Listed::Deep)
    ),
    internal_read!(
        "internal/tenants, row 10,000 by cursor",
        Period::Month,
        "",
        None,
        Full::List(Listed::Behind)
    ),
    Read {
        name: "internal/tenants, total",
        audience: Audience::Internal,
        period: Period::Month,
        naive: include_str!("../sql/naive/total.sql"),
        design: Some(include_str!("../sql/design/total.sql")),
        full: None,
    },
    internal_read!(
        "internal/tenants, search a CNPJ",
        Period::Month,
        NAIVE_SEARCH,
        Some(include_str!("../sql/design/search_cnpj.sql")),
        Full::List(Listed::Cnpj)
    ),
    internal_read!(
        "internal/tenants, search broadly",
        Period::Month,
        NAIVE_SEARCH,
        Some(include_str!("../sql/design/search.sql")),
        Full::List(Listed::Broadly)
    ),
    internal_read!(
        "internal/tenants/{id}",
        Period::Month,
        include_str!("../sql/naive/detail.sql"),
        Some(include_str!("../sql/design/detail.sql")),
        Full::Detail
    ),
    internal_read!(
        "internal/tenants/{id}/agents",
        Period::Month,
        include_str!("../sql/naive/managed_agents.sql"),
        None,
        Full::ManagedAgents
    ),
    overview!("internal/usage/overview 7d", Period::Week),
    overview!("internal/usage/overview 30d", Period::Month),
    overview!("internal/usage/overview 90d", Period::Quarter),
    internal_read!(
        "internal/billing/overview 90d",
        Period::Quarter,
        include_str!("../sql/naive/billing.sql"),
        Some(include_str!("../sql/design/billing.sql")),
        Full::Billing
    ),
];

/// The pools that the functions of `data` take.
pub(crate) struct Pools {
    pub(crate) tenant: Database,
    pub(crate) internal: Database,
    /// Where the page far behind begins.
    pub(crate) behind: Option<Position>,
}

impl Pools {
    /// Finds where the page far behind begins.
    pub(crate) async fn look_ahead(&mut self, sample: &Sample) -> anyhow::Result<()> {
        let window = Window { after: None, offset: sample.deep - 1, limit: 1 };
        let range = Period::Month.ending(sample.today);
        let found = tenants::list(&self.internal, &internal_scope()?, &filter(None), &window, range).await?;
        self.behind = found.slice.rows.first().map(|tenant| tenant.position(SortBy::Name));
        Ok(())
    }
}

impl Read {
    /// Answers in full.
    pub(crate) async fn answer(&self, pools: &Pools, sample: &Sample, round: usize) -> anyhow::Result<()> {
        let (scope, internal) = (scope(sample, round)?, internal_scope()?);
        let (today, period) = (sample.today, self.period);
        let Some(full) = self.full else { return Ok(()) };
        let answered = match full {
            Full::Me => tenants::overview(&pools.tenant, &scope, today).await?.is_some(),
            Full::Agents => {
                let range = Period::Month.ending(today);
                agents::of_tenant(&pools.tenant, &scope, AgentStatus::Active, range).await?.is_some()
            }
            Full::Integrations => integrations::of_tenant(&pools.tenant, &scope).await?.is_some(),
            Full::Usage => usage::report(&pools.tenant, &scope, period, today, None).await?.is_some(),
            Full::Incidents => {
                incidents::of_tenant(&pools.tenant, &scope, &Window::first(20)).await?.is_some()
            }
            Full::List(listed) => {
                let search = match listed {
                    Listed::Cnpj => Search::new(&sample.cnpjs[round % sample.cnpjs.len()]),
                    Listed::Broadly => Search::new(BROAD),
                    _ => None,
                };
                let window = match listed {
                    Listed::Deep => Window { after: None, offset: sample.deep, limit: PAGE },
                    Listed::Behind => Window { after: pools.behind.clone(), offset: 0, limit: PAGE },
                    _ => Window::first(PAGE),
                };
                let range = Period::Month.ending(today);
                let found =
                    tenants::list(&pools.internal, &internal, &filter(search), &window, range).await?;
                !found.slice.rows.is_empty()
            }
            Full::Detail => {
                let (week, month) = (Period::Week.ending(today), Period::Month.ending(today));
                tenants::detail(&pools.internal, &internal, &scope, week, month).await?.is_some()
            }
            Full::ManagedAgents => {
                let range = Period::Month.ending(today);
                agents::managed(&pools.internal, &internal, &scope, range).await?.is_some()
            }
            Full::Overview => {
                platform::overview(&pools.internal, &internal, period, today).await?.total_tenants > 0
            }
            Full::Billing => {
                revenue::overview(&pools.internal, &internal, period.ending(today)).await?.active_tenants > 0
            }
        };
        anyhow::ensure!(answered, "{}: the tenant {} is gone", self.name, scope.tenant_id());
        Ok(())
    }
}

impl Read {
    /// What its statements ask for, besides what all do.
    pub(crate) fn values(&self, sample: &Sample, round: usize) -> Values {
        let (offset, search) = match self.full {
            Some(Full::List(Listed::Deep)) => (sample.deep, ""),
            Some(Full::List(Listed::Cnpj)) => (0, sample.cnpjs[round % sample.cnpjs.len()].as_str()),
            Some(Full::List(Listed::Broadly)) => (0, BROAD),
            _ => (0, ""),
        };
        sample
            .values(round, self.period)
            .with("offset", Value::Int(offset))
            .with("search", Value::Text(search.to_owned()))
    }
}

/// Active tenants by name.
fn filter(search: Option<Search>) -> TenantFilter {
    TenantFilter {
        status: StatusFilter::Active,
        plan: None,
        segment: None,
        search,
        sort_by: SortBy::Name,
        order: Order::Asc,
    }
}

fn caller() -> anyhow::Result<Caller> {
    let claims = Claims {
        sub: "bench".into(),
        groups: Groups::of(&[Group::InternalAdmin]),
        tenant_id: None,
        auth_time: None,
    };
    Caller::authorize(claims, Operation::TenantMe).ok().context("the permission matrix")
}

/// The right to see the tenant whose turn it is.
fn scope(sample: &Sample, round: usize) -> anyhow::Result<TenantScope> {
    caller()?.tenant_scope(Some(sample.tenant(round))).ok().context("the permission matrix")
}

fn internal_scope() -> anyhow::Result<InternalScope> {
    caller()?.internal_scope().ok().context("the permission matrix")
}
