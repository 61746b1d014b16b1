//! `GET /tenant/me`

use crate::{NO_TENANT, TenantParameter};
use axum::extract::State;
use data::Money;
use data::tenants::{self, TenantOverview};
use http_api::{Answer, Authorized, Instant, Problem, Query, Stop};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// The company that the request is about, what its plan allows and what it uses of it.
#[derive(Serialize, ToSchema)]
#[schema(as = TenantMe)]
pub(crate) struct Me {
    id: Uuid,
    #[schema(example = "Panificadora Pão Dourado Ltda")]
    name: String,
    /// Formatted: `12.ABC.345/01DE-35`.
    #[schema(example = "12.ABC.345/01DE-35")]
    cnpj: String,
    #[schema(required, example = "Alimentação")]
    segment: Option<String>,
    #[schema(example = "professional")]
    plan: String,
    /// `active`, `inactive` or `suspended`.
    #[schema(example = "active")]
    status: String,
    #[schema(required)]
    mrr_estimate: Option<Money>,
    created_at: Instant,
    limits: Limits,
    usage: Usage,
    /// Every request that had arrived by then is counted; null if nothing was ever aggregated.
    #[schema(required)]
    as_of: Option<Instant>,
}

/// The tenant's own limits, or else its plan's.
#[derive(Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "the names of the API")]
#[schema(as = TenantLimits)]
struct Limits {
    #[schema(example = 10)]
    max_agents: i32,
    #[schema(example = 20)]
    max_users: i32,
    #[schema(example = 50000)]
    max_requests_per_month: i32,
}

/// What counts against the limits.
#[derive(Serialize, ToSchema)]
#[schema(as = TenantUsageOfLimits)]
struct Usage {
    #[schema(example = 8)]
    active_agents: i64,
    #[schema(example = 6)]
    active_users: i64,
    /// In the UTC month to date.
    #[schema(example = 12450)]
    requests_this_month: i64,
}

/// The caller's company: its data, limits and use of them
#[utoipa::path(
    get,
    path = "/tenant/me",
    tag = "tenant",
    params(TenantParameter),
    responses(
        (status = 200, description = "The company.", body = Me),
        (status = 404, description = "There is no such tenant.")
    )
)]
pub(crate) async fn get(
    State(api): State<crate::State>,
    caller: Authorized,
    mut query: Query,
) -> Result<Answer<Me>, Stop> {
    let requested = query.uuid("tenant_id");
    let scope = caller.tenant_read(query, requested).await?;

    let overview = tenants::overview(&api.database, &scope, caller.today()).await?;
    let overview = overview.ok_or_else(|| Problem::not_found(NO_TENANT))?;
    Ok(Answer(overview.into()))
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
