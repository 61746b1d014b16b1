//! `GET /tenant/me`

use axum::extract::State;
use data::Money;
use data::tenants::{self, TenantOverview};
use http_api::{Answer, Authorized, Instant, Problem, Query};
use serde::Serialize;
use uuid::Uuid;

/// The company that the request is about, what its plan allows and what it uses of it.
#[derive(Serialize)]
pub(crate) struct Me {
    id: Uuid,
    name: String,
    /// Formatted: `12.ABC.345/01DE-35`.
    cnpj: String,
    segment: Option<String>,
    plan: String,
    status: String,
    mrr_estimate: Option<Money>,
    created_at: Instant,
    limits: Limits,
    usage: Usage,
    /// Every request that had arrived by then is counted; null if nothing was ever aggregated.
    as_of: Option<Instant>,
}

/// The tenant's own limits, or else its plan's.
#[derive(Serialize)]
#[expect(clippy::struct_field_names, reason = "the names of the API")]
struct Limits {
    max_agents: i32,
    max_users: i32,
    max_requests_per_month: i32,
}

/// What counts against the limits.
#[derive(Serialize)]
struct Usage {
    active_agents: i64,
    active_users: i64,
    /// In the UTC month to date.
    requests_this_month: i64,
}

pub(crate) async fn get(
    State(api): State<crate::State>,
    caller: Authorized,
    mut query: Query,
) -> Result<Answer<Me>, Problem> {
    let requested = query.uuid("tenant_id");
    query.finish()?;
    let scope = caller.tenant_scope(requested)?;

    let overview = tenants::overview(&api.database, &scope, (api.now)().date_naive()).await?;
    overview
        .map(|overview| Answer(overview.into()))
        .ok_or_else(|| Problem::not_found("There is no such tenant."))
}

impl From<TenantOverview> for Me {
    fn from(tenant: TenantOverview) -> Self {
        Self {
            id: tenant.id,
            name: tenant.name,
            cnpj: data::cnpj::format_stored(&tenant.cnpj),
            segment: tenant.segment,
            plan: tenant.plan,
            status: tenant.status,
            mrr_estimate: tenant.mrr_estimate,
            created_at: Instant(tenant.created_at),
            limits: Limits {
                max_agents: tenant.max_agents,
                max_users: tenant.max_users,
                max_requests_per_month: tenant.max_requests_per_month,
            },
            usage: Usage {
                active_agents: tenant.active_agents,
                active_users: tenant.active_users,
                requests_this_month: tenant.requests_this_month,
            },
            as_of: tenant.as_of.map(Instant),
        }
    }
}
