//! `GET /tenant/incidents`

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use data::incidents;
use http_api::{Answer, Authorized, Csv, Format, Instant, ListKey, Problem, Query, Stop};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{NO_TENANT, TenantParameter};

const DEFAULT_LIMIT: i64 = 20;

/// A page of a company's incidents, newest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct TenantIncidents {
    incidents: Vec<Incident>,
    /// All that there are, on every page.
    #[schema(example = 7)]
    total: i64,
    #[schema(example = 20)]
    limit: i64,
    #[schema(example = 0)]
    offset: i64,
    /// The `cursor` of the page behind this one; null on the last.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// What went wrong.
#[derive(Serialize, ToSchema)]
#[schema(as = TenantIncident)]
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
}

/// The fields of an incident, in the order of the columns.
const COLUMNS: &[&str] = &["id", "severity", "title", "description", "created_at", "resolved_at", "scope"];

/// The query, for its documentation; it is read by `Query`.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents what Query reads")]
struct Parameters {
    /// At most so many.
    #[param(default = 20, minimum = 1, maximum = 100)]
    limit: Option<i64>,
    /// Behind so many.
    #[param(default = 0, minimum = 0, maximum = 10000)]
    offset: Option<i64>,
    /// The `next_cursor` of a page of this list; not with an offset.
    cursor: Option<String>,
}

/// The company's incidents and the platform's
///
/// As CSV: all of them, up to 10,000 or 5 MB; `X-Truncated: true` says that there are more.
#[utoipa::path(
    get,
    path = "/tenant/incidents",
    tag = "tenant",
    params(TenantParameter, Parameters),
    responses(
        (status = 200, description = "The incidents, newest first.",
            content((TenantIncidents = "application/json"), (String = "text/csv")),
            headers(("X-Truncated" = String, description = "true: the CSV leaves something out."))),
        (status = 404, description = "There is no such tenant.")
    )
)]
pub(crate) async fn get(
    State(api): State<crate::State>,
    caller: Authorized,
    format: Format,
    mut query: Query,
) -> Result<Response, Stop> {
    let requested = query.uuid("tenant_id");
    let page = query.page(DEFAULT_LIMIT);
    let scope = caller.tenant_read(query, requested).await?;

    let list = ListKey::new("/tenant/incidents", &scope.tenant_id());
    let window = match format {
        Format::Json => page.window(&list)?,
        Format::Csv => Csv::window(),
    };
    let found = incidents::of_tenant(&api.database, &scope, &window).await?;
    let mut found = found.ok_or_else(|| Problem::not_found(NO_TENANT))?;
    Ok(match format {
        Format::Csv => Csv::of(COLUMNS, found.rows.into_iter().map(Incident::from))?.into_response(),
        Format::Json => {
            let next_cursor = page.cut(&list, &mut found, |incident| (incident.created_at, incident.id));
            Answer(TenantIncidents {
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

impl From<incidents::Incident> for Incident {
    fn from(incident: incidents::Incident) -> Self {
        Self {
            id: incident.id,
            severity: incident.severity,
            title: incident.title,
            description: incident.description,
            created_at: Instant(incident.created_at),
            resolved_at: incident.resolved_at.map(Instant),
            scope: if incident.platform_wide { "platform" } else { "tenant" },
        }
    }
}
