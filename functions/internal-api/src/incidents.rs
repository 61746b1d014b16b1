//! `GET /internal/incidents`

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use data::incidents::{self, IncidentFilter, PlatformIncident, SeverityFilter, StateFilter};
use http_api::{Answer, Authorized, Csv, Format, Instant, ListKey, Query, Stop};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{DEFAULT_LIMIT, PageParameters};

/// A page of everybody's incidents, newest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct InternalIncidents {
    incidents: Vec<Incident>,
    /// All that the filters mean, on every page.
    #[schema(example = 80)]
    total: i64,
    #[schema(example = 50)]
    limit: i64,
    #[schema(example = 0)]
    offset: i64,
    /// The `cursor` of the page behind this one; null on the last.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// What went wrong, and for whom.
#[derive(Serialize, ToSchema)]
#[schema(as = InternalIncident)]
struct Incident {
    id: Uuid,
    /// `info`, `warning`, `error` or `critical`.
    #[schema(example = "warning")]
    severity: String,
    #[schema(example = "Lentidão no envio de mensagens")]
    title: String,
    #[schema(required, example = "Mensagens do WhatsApp demoraram até 5 minutos.")]
    description: Option<String>,
    created_at: Instant,
    /// Null as long as it lasts.
    #[schema(required)]
    resolved_at: Option<Instant>,
    /// `tenant`, or `platform` if it affected everybody.
    #[schema(example = "tenant")]
    scope: &'static str,
    /// Null if it affected everybody.
    #[schema(required)]
    tenant_id: Option<Uuid>,
    /// Null if it affected everybody, or the tenant was deleted.
    #[schema(required, example = "Padaria Pão Dourado")]
    tenant_name: Option<String>,
}

/// The fields of an incident, in the order of the columns.
const COLUMNS: &[&str] = &[
    "id",
    "severity",
    "title",
    "description",
    "created_at",
    "resolved_at",
    "scope",
    "tenant_id",
    "tenant_name",
];

/// The query, for its documentation; it is read by `Query`.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents what Query reads")]
struct Parameters {
    /// How bad.
    #[param(inline)]
    severity: Option<SeverityFilter>,
    /// Whether it lasts.
    #[param(inline)]
    state: Option<StateFilter>,
    /// Those of this tenant, without the platform's.
    tenant_id: Option<Uuid>,
}

/// Everybody's incidents
///
/// As CSV: all of them, up to 10,000 or 5 MB; `X-Truncated: true` says that there are more.
#[utoipa::path(
    get,
    path = "/internal/incidents",
    tag = "internal",
    params(Parameters, PageParameters),
    responses(
        (status = 200, description = "The incidents, newest first.",
            content((InternalIncidents = "application/json"), (String = "text/csv")),
            headers(("X-Truncated" = String, description = "true: the CSV leaves something out.")))
    )
)]
pub(crate) async fn get(
    State(api): State<crate::State>,
    caller: Authorized,
    format: Format,
    mut query: Query,
) -> Result<Response, Stop> {
    let filter = IncidentFilter {
        severity: query.choice("severity", SeverityFilter::CHOICES, SeverityFilter::All),
        state: query.choice("state", StateFilter::CHOICES, StateFilter::All),
        tenant_id: query.uuid("tenant_id"),
    };
    let page = query.page(DEFAULT_LIMIT);
    let scope = caller.internal_read(query).await?;

    let list = ListKey::new("/internal/incidents", &filter);
    let window = match format {
        Format::Json => page.window(&list)?,
        Format::Csv => Csv::window(),
    };
    let mut found = incidents::of_all(&api.database, &scope, &filter, &window).await?;
    Ok(match format {
        Format::Csv => Csv::of(COLUMNS, found.rows.into_iter().map(Incident::from))?.into_response(),
        Format::Json => {
            let next_cursor =
                page.cut(&list, &mut found, |found| (found.incident.created_at, found.incident.id));
            Answer(InternalIncidents {
                incidents: found.rows.into_iter().map(Incident::from).collect(),
                total: found.total,
                limit: page.limit,
                offset: page.offset,
                next_cursor,
            })
            .into_response()
        }
    })
}

impl From<PlatformIncident> for Incident {
    fn from(found: PlatformIncident) -> Self {
        let incident = found.incident;
        Self {
            id: incident.id,
            severity: incident.severity,
            title: incident.title,
            description: incident.description,
            created_at: Instant(incident.created_at),
            resolved_at: incident.resolved_at.map(Instant),
            scope: if incident.platform_wide { "platform" } else { "tenant" },
            tenant_id: found.tenant_id,
            tenant_name: found.tenant_name,
        }
    }
}
