//! What forms offer.

use auth_context::InternalScope;
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::database::read;
use crate::{DataError, Database};

/// A plan and what it allows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = PlanOption)]
pub struct Plan {
    /// Its name.
    #[schema(example = "professional")]
    pub name: String,
    /// Limit of agents.
    #[schema(example = 10)]
    pub max_agents: i32,
    /// Limit of users.
    #[schema(example = 20)]
    pub max_users: i32,
    /// Limit of requests in a UTC month.
    #[schema(example = 50_000)]
    pub max_requests_per_month: i32,
}

/// An agent of the catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = AgentOption)]
pub struct Agent {
    /// Its id.
    pub id: Uuid,
    /// Its name.
    #[schema(example = "Atendente Virtual")]
    pub name: String,
    /// Its segment.
    #[schema(required, example = "Atendimento")]
    pub segment: Option<String>,
}

/// What the database knows of choices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The plans, smallest first.
    pub plans: Vec<Plan>,
    /// Segments of tenants.
    pub segments: Vec<String>,
    /// Segments of agents.
    pub agent_segments: Vec<String>,
    /// The catalogue by name.
    pub agents: Vec<Agent>,
    /// Types of integrations.
    pub integration_types: Vec<String>,
}

/// The choices as they are now.
pub async fn options(database: &Database, scope: &InternalScope) -> Result<Options, DataError> {
    let row = read!(database, scope, |connection| {
        sqlx::query!(
            r#"
                SELECT
                    (SELECT coalesce(json_agg(p ORDER BY p.max_requests_per_month, p.name), '[]')
                        FROM alquimista_platform.plans AS p) AS "plans!: Json<Vec<Plan>>",
                    (SELECT coalesce(array_agg(segment ORDER BY segment), '{}') FROM (
                        SELECT segment FROM alquimista_platform.tenant_counts WHERE segment IS NOT NULL
                        GROUP BY segment HAVING sum(tenants) > 0
                    ) AS s) AS "segments!",
                    (SELECT coalesce(array_agg(DISTINCT segment ORDER BY segment), '{}')
                        FROM alquimista_platform.agents WHERE segment IS NOT NULL) AS "agent_segments!",
                    (SELECT coalesce(json_agg(json_build_object('id', id, 'name', name, 'segment', segment)
                            ORDER BY name_key, id), '[]')
                        FROM alquimista_platform.agents) AS "agents!: Json<Vec<Agent>>",
                    (SELECT coalesce(array_agg(DISTINCT integration_type ORDER BY integration_type), '{}')
                        FROM alquimista_platform.tenant_integrations) AS "integration_types!"
                "#
        )
        .fetch_one(connection)
    });
    Ok(Options {
        plans: row.plans.0,
        segments: row.segments,
        agent_segments: row.agent_segments,
        agents: row.agents.0,
        integration_types: row.integration_types,
    })
}

/// Whether there is a plan of this name.
pub async fn is_plan(database: &Database, scope: &InternalScope, name: &str) -> Result<bool, DataError> {
    let known = read!(database, scope, |connection| {
        sqlx::query_scalar!(
            r#"SELECT EXISTS (SELECT FROM alquimista_platform.plans WHERE name = $1) AS "known!""#,
            name,
        )
        .fetch_one(connection)
    });
    Ok(known)
}
