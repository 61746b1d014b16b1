//! `GET /internal/tenants/{id}/agents`

use axum::extract::State;
use chrono::NaiveDate;
use data::agents::{self, ManagedAgent};
use data::{Percent, Period};
use http_api::{Answer, Authorized, Instant, Problem, Query, Stop};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::NO_TENANT;
use crate::tenant::TenantPath;

/// A company's agents by name.
#[derive(Serialize, ToSchema)]
pub(crate) struct ManagedAgents {
    agents: Vec<Agent>,
    /// The first of the 30 days in `usage_stats`.
    from: NaiveDate,
    /// The last of them: today, in UTC.
    to: NaiveDate,
    /// Every request that had arrived by then is counted; null if nothing was ever aggregated.
    #[schema(required)]
    as_of: Option<Instant>,
}

/// An agent of a company, to be managed.
#[derive(Serialize, ToSchema)]
#[schema(as = ManagedAgent)]
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
    /// The company's settings for it. What may be a secret is `***`.
    #[schema(required, value_type = Option<Object>, additional_properties, example = json!({"tone": "formal", "api_key": "***"}))]
    config: Option<Value>,
    #[schema(required)]
    activated_at: Option<Instant>,
    #[schema(required)]
    deactivated_at: Option<Instant>,
    #[schema(required)]
    restarted_at: Option<Instant>,
    usage_stats: AgentStats,
}

/// Use of an agent by a company in the 30 UTC days that end today.
#[derive(Serialize, ToSchema)]
struct AgentStats {
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
    /// The last that was ever counted.
    #[schema(required)]
    last_request_at: Option<Instant>,
}

/// A company's agents of any status
#[utoipa::path(
    get,
    path = "/internal/tenants/{id}/agents",
    tag = "internal",
    params(TenantPath),
    responses(
        (status = 200, description = "The agents, at most 1,000, by name.", body = ManagedAgents),
        (status = 404, description = "There is no such tenant.")
    )
)]
pub(crate) async fn get(
    State(api): State<crate::State>,
    caller: Authorized,
    mut query: Query,
) -> Result<Answer<ManagedAgents>, Stop> {
    let id = query.path_uuid("id");
    let tenant = caller.tenant_read(query, Some(id)).await?;
    let scope = caller.internal_scope()?;

    let range = Period::Month.ending(caller.today());
    let found = agents::managed(&api.database, &scope, &tenant, range).await?;
    let found = found.ok_or_else(|| Problem::not_found(NO_TENANT))?;
    Ok(Answer(ManagedAgents {
        agents: found.agents.into_iter().map(Agent::from).collect(),
        from: range.from,
        to: range.to,
        as_of: found.as_of.map(Instant),
    }))
}

impl From<ManagedAgent> for Agent {
    fn from(agent: ManagedAgent) -> Self {
        Self {
            id: agent.id,
            name: agent.name,
            segment: agent.segment,
            status: agent.status,
            // What is no object is no settings.
            config: agent.config.filter(Value::is_object).map(masked),
            activated_at: agent.activated_at.map(Instant),
            deactivated_at: agent.deactivated_at.map(Instant),
            restarted_at: agent.restarted_at.map(Instant),
            usage_stats: AgentStats {
                total_requests: agent.usage.total,
                success_rate: agent.usage.success_rate(),
                avg_response_time_ms: agent.usage.average_ms(),
                p95_response_time_ms: agent.usage.percentile_ms(95),
                last_request_at: agent.last_request_at.map(Instant),
            },
        }
    }
}

/// What a key of a secret's name has in it (contract, section 4).
const SECRET: &[&str] = &["secret", "token", "password", "key"];

/// The settings with every value that may be a secret replaced, at any depth.
fn masked(settings: Value) -> Value {
    match settings {
        Value::Object(members) => Value::Object(
            members
                .into_iter()
                .map(|(key, value)| {
                    let lower = key.to_lowercase();
                    let secret = SECRET.iter().any(|word| lower.contains(word));
                    (key, if secret { Value::from("***") } else { masked(value) })
                })
                .collect(),
        ),
        Value::Array(values) => Value::Array(values.into_iter().map(masked).collect()),
        plain => plain,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_may_be_a_secret_is_masked_at_any_depth() {
        let settings = json!({
            "tone": "formal", "API_KEY": "a", "nested": {"accessToken": {"x": 1}, "ok": [1, {"Password": null}]},
            "client_secret": ["b"], "hours": 8,
        });
        assert_eq!(
            masked(settings),
            json!({
                "tone": "formal", "API_KEY": "***", "nested": {"accessToken": "***", "ok": [1, {"Password": "***"}]},
                "client_secret": "***", "hours": 8,
            })
        );
        assert_eq!(masked(json!("token")), json!("token"));
    }
}
