//! `GET /tenant/incidents`

use auth_context::TenantScope;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use data::incidents::{self, Incidents, Position};
use http_api::{Answer, Authorized, Csv, Format, Instant, ListKey, Page, Problem, Query};
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
) -> Result<Response, Problem> {
    let requested = query.uuid("tenant_id");
    let page = query.page(DEFAULT_LIMIT);
    query.finish()?;
    let scope = caller.tenant_scope(requested)?;

    match format {
        Format::Json => Ok(Answer(read_page(&api, &scope, &page).await?).into_response()),
        Format::Csv => {
            // One more than fits, to know whether that was all.
            let all = read(&api, &scope, None, 0, 1 + Csv::MAX_ROWS).await?;
            Ok(Csv::of(COLUMNS, all.page.into_iter().map(Incident::from))?.into_response())
        }
    }
}

async fn read_page(api: &crate::State, scope: &TenantScope, page: &Page) -> Result<TenantIncidents, Problem> {
    let list = ListKey::new("/tenant/incidents", &scope.tenant_id());
    let after = page.after::<Position>(&list)?;
    let limit = usize::try_from(page.limit).unwrap_or_default();

    let mut found = read(api, scope, after, page.offset, limit + 1).await?;
    let more = found.page.len() > limit;
    found.page.truncate(limit);
    let end = found.page.last().filter(|_| more);
    Ok(TenantIncidents {
        next_cursor: end.map(|end| list.cursor(&(end.created_at, end.id))),
        incidents: found.page.into_iter().map(Incident::from).collect(),
        total: found.total,
        limit: page.limit,
        offset: page.offset,
    })
}

async fn read(
    api: &crate::State,
    scope: &TenantScope,
    after: Option<Position>,
    offset: i64,
    limit: usize,
) -> Result<Incidents, Problem> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let found = incidents::of_tenant(&api.database, scope, after, offset, limit).await?;
    found.ok_or_else(|| Problem::not_found(NO_TENANT))
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
