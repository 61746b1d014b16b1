//! `GET /tenant/integrations`

use axum::extract::State;
use data::integrations::{self, TenantIntegration};
use http_api::{Answer, Authorized, Instant, Problem, Query, Stop};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{NO_TENANT, TenantParameter};

/// A company's integrations by name.
#[derive(Serialize, ToSchema)]
pub(crate) struct TenantIntegrations {
    integrations: Vec<Integration>,
}

/// An integration of the company with another system.
#[derive(Serialize, ToSchema)]
#[schema(as = TenantIntegration)]
struct Integration {
    id: Uuid,
    /// `email`, `whatsapp`, `crm`, `calendar` …
    #[schema(example = "whatsapp")]
    r#type: String,
    #[schema(example = "WhatsApp da loja")]
    name: String,
    /// `active`, `inactive` or `error`.
    #[schema(example = "active")]
    status: String,
    #[schema(required)]
    last_sync_at: Option<Instant>,
    #[schema(required, example = "Token expirado")]
    last_error: Option<String>,
}

/// The company's integrations
#[utoipa::path(
    get,
    path = "/tenant/integrations",
    tag = "tenant",
    params(TenantParameter),
    responses(
        (status = 200, description = "The integrations, at most 1,000, by name.", body = TenantIntegrations),
        (status = 404, description = "There is no such tenant.")
    )
)]
pub(crate) async fn get(
    State(api): State<crate::State>,
    caller: Authorized,
    mut query: Query,
) -> Result<Answer<TenantIntegrations>, Stop> {
    let requested = query.uuid("tenant_id");
    let scope = caller.tenant_read(query, requested).await?;

    let found = integrations::of_tenant(&api.database, &scope).await?;
    let found = found.ok_or_else(|| Problem::not_found(NO_TENANT))?;
    Ok(Answer(TenantIntegrations { integrations: found.into_iter().map(Integration::from).collect() }))
}

impl From<TenantIntegration> for Integration {
    fn from(integration: TenantIntegration) -> Self {
        Self {
            id: integration.id,
            r#type: integration.integration_type,
            name: integration.name,
            status: integration.status,
            last_sync_at: integration.last_sync_at.map(Instant),
            last_error: integration.last_error,
        }
    }
}
