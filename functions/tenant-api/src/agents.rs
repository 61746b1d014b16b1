//! `GET /tenant/agents`

use axum::extract::State;
use chrono::NaiveDate;
use data::agents::{self, AgentStatus, TenantAgent};
use data::{Percent, Period};
use http_api::{Answer, Authorized, Instant, Problem, Query, Stop};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{NO_TENANT, TenantParameter};

/// A company's agents by name.
#[derive(Serialize, ToSchema)]
pub(crate) struct TenantAgents {
    agents: Vec<Agent>,
    /// The first of the 30 days in `usage_last_30_days`.
    from: NaiveDate,
    /// The last of them: today, in UTC.
    to: NaiveDate,
    /// Every request that had arrived by then is counted; null if nothing was ever aggregated.
    #[schema(required)]
    as_of: Option<Instant>,
}

/// An agent that the company has.
#[derive(Serialize, ToSchema)]
#[schema(as = TenantAgent)]
struct Agent {
    /// The agent's id in the catalogue.
    id: Uuid,
    #[schema(example = "Atendente Virtual")]
    name: String,
    #[schema(required, example = "Atendimento")]
    segment: Option<String>,
    /// `active`, `inactive` or `suspended`.
    #[schema(example = "active")]
    status: String,
    #[schema(required)]
    activated_at: Option<Instant>,
    usage_last_30_days: AgentUsage,
}

/// Use of an agent.
#[derive(Serialize, ToSchema)]
#[schema(as = TenantAgentUsage)]
struct AgentUsage {
    #[schema(example = 1840)]
    total_requests: i64,
    /// In percent, rounded half-up to 2 decimals; 0 without requests.
    success_rate: Percent,
    /// Rounded half-up; 0 without a valid time.
    #[schema(example = 842)]
    avg_response_time_ms: i64,
    /// To within 10 %; 0 without a valid time.
    #[schema(example = 2483)]
    p95_response_time_ms: i64,
    /// Requests on each of the 30 days, ascending from `from` to `to`; 0 on a day without any. They add up to
    /// `total_requests`.
    #[schema(min_items = 30, max_items = 30, example = json!([
        58, 71, 64, 12, 9, 66, 73, 69, 75, 61, 14, 0, 62, 70, 77, 68, 72, 15, 11, 74, 79, 81, 76, 83, 18, 13, 85, 88, 204, 92
    ]))]
    daily_requests: Vec<i64>,
}

/// The query, for its documentation; it is read by `Query`.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents what Query reads")]
struct Parameters {
    /// Which agents. Suspended ones are inactive.
    #[param(inline)]
    status: Option<AgentStatus>,
}

/// The company's agents and their use in the last 30 days
#[utoipa::path(
    get,
    path = "/tenant/agents",
    tag = "tenant",
    params(TenantParameter, Parameters),
    responses(
        (status = 200, description = "The agents, at most 1,000, by name.", body = TenantAgents,
            links(("usage" = (operation_id = "tenantUsage",
                parameters(("tenant_id" = "$request.query.tenant_id"), ("agent_id" = "$response.body#/agents/0/id")))))),
        (status = 404, description = "There is no such tenant.")
    )
)]
pub(crate) async fn get(
    State(api): State<crate::State>,
    caller: Authorized,
    mut query: Query,
) -> Result<Answer<TenantAgents>, Stop> {
    let requested = query.uuid("tenant_id");
    let status = query.choice("status", AgentStatus::CHOICES, AgentStatus::Active);
    let scope = caller.tenant_read(query, requested).await?;

    let range = Period::Month.ending(caller.today());
    let found = agents::of_tenant(&api.database, &scope, status, range).await?;
    let found = found.ok_or_else(|| Problem::not_found(NO_TENANT))?;
    Ok(Answer(TenantAgents {
        agents: found.agents.into_iter().map(Agent::from).collect(),
        from: range.from,
        to: range.to,
        as_of: found.as_of.map(Instant),
    }))
}

impl From<TenantAgent> for Agent {
    fn from(agent: TenantAgent) -> Self {
        Self {
            id: agent.id,
            name: agent.name,
            segment: agent.segment,
            status: agent.status,
            activated_at: agent.activated_at.map(Instant),
            usage_last_30_days: AgentUsage {
                total_requests: agent.usage.total,
                success_rate: agent.usage.success_rate(),
                avg_response_time_ms: agent.usage.average_ms(),
                p95_response_time_ms: agent.usage.percentile_ms(95),
                daily_requests: agent.daily_requests,
            },
        }
    }
}
