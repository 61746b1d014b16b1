//! `GET /internal/options`

use axum::extract::State;
use commands::Check;
use data::options::{self, Agent, Plan};
use http_api::{Answer, Authorized, Problem};
use serde::Serialize;
use utoipa::ToSchema;

/// What forms offer.
#[derive(Serialize, ToSchema)]
pub(crate) struct Options {
    /// Plans, smallest first.
    plans: Vec<Plan>,
    /// Segments that tenants have.
    #[schema(example = json!(["Saúde", "Varejo"]))]
    segments: Vec<String>,
    /// Segments that agents have.
    #[schema(example = json!(["Atendimento", "Vendas"]))]
    agent_segments: Vec<String>,
    /// The catalogue, by name.
    agents: Vec<Agent>,
    /// Types that integrations have.
    #[schema(example = json!(["crm", "whatsapp"]))]
    integration_types: Vec<String>,
    /// Queues that may be reprocessed.
    #[schema(example = json!(["mensagens"]))]
    queues: Vec<String>,
    /// What a health check can look at.
    #[schema(value_type = Vec<String>, example = json!(["database", "cache"]))]
    checks: Vec<Check>,
}

/// What forms offer
#[utoipa::path(
    get,
    path = "/internal/options",
    tag = "internal",
    responses((status = 200, description = "The choices.", body = Options))
)]
pub(crate) async fn get(
    State(api): State<crate::State>,
    caller: Authorized,
) -> Result<Answer<Options>, Problem> {
    let scope = caller.internal_scope()?;

    let found = options::options(&api.database, &scope).await?;
    Ok(Answer(Options {
        plans: found.plans,
        segments: found.segments,
        agent_segments: found.agent_segments,
        agents: found.agents,
        integration_types: found.integration_types,
        queues: api.queues.to_vec(),
        checks: Check::CHOICES.iter().map(|(_, check)| *check).collect(),
    }))
}
