//! `GET /internal/integrations`

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use data::Search;
use data::integrations::{self, Count, IntegrationFilter, PlatformIntegration, StatusFilter};
use http_api::{Answer, Authorized, Csv, Format, Instant, ListKey, Query, Stop};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{DEFAULT_LIMIT, MAX_TEXT, PageParameters};

/// A page of everybody's integrations, by name.
#[derive(Serialize, ToSchema)]
pub(crate) struct InternalIntegrations {
    integrations: Vec<Integration>,
    /// All that the filters mean, on every page.
    #[schema(example = 149)]
    total: i64,
    #[schema(example = 50)]
    limit: i64,
    #[schema(example = 0)]
    offset: i64,
    /// The `cursor` of the page behind this one; null on the last.
    #[schema(required)]
    next_cursor: Option<String>,
    /// All that the filters mean, counted by type and status.
    summary: Vec<IntegrationCount>,
}

/// An integration, and whose it is.
#[derive(Serialize, ToSchema)]
#[schema(as = InternalIntegration)]
struct Integration {
    id: Uuid,
    tenant_id: Uuid,
    #[schema(example = "Padaria Pão Dourado")]
    tenant_name: String,
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

/// Integrations of one type in one state.
#[derive(Serialize, ToSchema)]
struct IntegrationCount {
    #[schema(example = "whatsapp")]
    r#type: String,
    /// `active`, `inactive` or `error`.
    #[schema(example = "error")]
    status: String,
    #[schema(example = 3)]
    count: i64,
}

/// The fields of an integration, in the order of the columns.
const COLUMNS: &[&str] =
    &["id", "tenant_id", "tenant_name", "type", "name", "status", "last_sync_at", "last_error"];

/// The query, for its documentation; it is read by `Query`.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents what Query reads")]
struct Parameters {
    /// Those of this type: `email`, `whatsapp`, `crm`, `calendar` …
    #[param(min_length = 1, max_length = 100, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$")]
    r#type: Option<String>,
    /// Whether they work.
    #[param(inline)]
    status: Option<StatusFilter>,
    /// Those of this tenant.
    tenant_id: Option<Uuid>,
    /// Part of the name, or of the tenant's, whatever its case and accents.
    #[param(max_length = 200, pattern = r"^[^\x00]*$")]
    search: Option<String>,
}

/// Everybody's integrations
///
/// As CSV: all of them, up to 10,000 or 5 MB; `X-Truncated: true` says that there are more.
#[utoipa::path(
    get,
    path = "/internal/integrations",
    tag = "internal",
    params(Parameters, PageParameters),
    responses(
        (status = 200, description = "The integrations, by name.",
            content((InternalIntegrations = "application/json"), (String = "text/csv")),
            headers(("X-Truncated" = String, description = "true: the CSV leaves something out.")))
    )
)]
pub(crate) async fn get(
    State(api): State<crate::State>,
    caller: Authorized,
    format: Format,
    mut query: Query,
) -> Result<Response, Stop> {
    let filter = IntegrationFilter {
        integration_type: query.text("type", MAX_TEXT),
        status: query.choice("status", StatusFilter::CHOICES, StatusFilter::All),
        tenant_id: query.uuid("tenant_id"),
        search: query.search("search"),
    };
    let page = query.page(DEFAULT_LIMIT);
    let scope = caller.internal_read(query).await?;

    let search = filter.search.as_ref().map(Search::as_str);
    let filters = (&filter.integration_type, filter.status, filter.tenant_id, search);
    let list = ListKey::new("/internal/integrations", &filters);
    let window = match format {
        Format::Json => page.window(&list)?,
        Format::Csv => Csv::window(),
    };
    let mut found = integrations::of_all(&api.database, &scope, &filter, &window).await?;
    Ok(match format {
        Format::Csv => Csv::of(COLUMNS, found.slice.rows.into_iter().map(Integration::from))?.into_response(),
        Format::Json => {
            let next_cursor = page.cut(&list, &mut found.slice, PlatformIntegration::position);
            Answer(InternalIntegrations {
                integrations: found.slice.rows.into_iter().map(Integration::from).collect(),
                total: found.slice.total,
                limit: page.limit,
                offset: page.offset,
                next_cursor,
                summary: found.summary.into_iter().map(IntegrationCount::from).collect(),
            })
            .into_response()
        }
    })
}

impl From<PlatformIntegration> for Integration {
    fn from(found: PlatformIntegration) -> Self {
        let integration = found.integration;
        Self {
            id: integration.id,
            tenant_id: found.tenant_id,
            tenant_name: found.tenant_name,
            r#type: integration.integration_type,
            name: integration.name,
            status: integration.status,
            last_sync_at: integration.last_sync_at.map(Instant),
            last_error: integration.last_error,
        }
    }
}

impl From<Count> for IntegrationCount {
    fn from(count: Count) -> Self {
        Self { r#type: count.integration_type, status: count.status, count: count.count }
    }
}
