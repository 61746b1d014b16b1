//! `GET /internal/audit`

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use data::audit::{self, AuditEvent, AuditFilter, KINDS};
use http_api::{Answer, Authorized, Csv, Format, Instant, ListKey, Problem, Query};
use serde::Serialize;
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{DEFAULT_LIMIT, PageParameters};

/// The longest `sub` that a row can have.
const MAX_SUB: usize = 255;

/// A page of the audit log, newest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuditLog {
    events: Vec<Entry>,
    /// All that the filters mean, on every page.
    #[schema(example = 312)]
    total: i64,
    #[schema(example = 50)]
    limit: i64,
    #[schema(example = 0)]
    offset: i64,
    /// The `cursor` of the page behind this one; null on the last.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// What somebody did, read or was refused.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditEvent)]
struct Entry {
    id: Uuid,
    /// One of the kinds that the parameter `event_type` names.
    #[schema(example = "tenant_changed")]
    event_type: String,
    /// `info`, `warning`, `error` or `critical`.
    #[schema(example = "info")]
    severity: String,
    /// The tenant that it is about.
    #[schema(required)]
    tenant_id: Option<Uuid>,
    /// Null if it is about none, or the tenant was deleted.
    #[schema(required, example = "Padaria Pão Dourado")]
    tenant_name: Option<String>,
    /// The user's id in Cognito.
    #[schema(required, example = "93fcca1a-70c1-7042-1c3d-2f6a8f6f0001")]
    user_sub: Option<String>,
    #[schema(example = "Tenant alterado")]
    title: String,
    #[schema(required)]
    description: Option<String>,
    /// Its details; their members depend on the kind.
    #[schema(required, value_type = Option<Object>, additional_properties, example = json!({"before": {"plan": "starter"}, "after": {"plan": "professional"}}))]
    metadata: Option<Value>,
    created_at: Instant,
}

/// The fields of a row, in the order of the columns.
const COLUMNS: &[&str] = &[
    "id",
    "event_type",
    "severity",
    "tenant_id",
    "tenant_name",
    "user_sub",
    "title",
    "description",
    "metadata",
    "created_at",
];

/// Kinds of audit rows, for their documentation.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case", default = "all")]
#[expect(dead_code, reason = "documents what Query reads")]
enum EventType {
    CommandCreated,
    CommandStarted,
    CommandExecuted,
    TenantCreated,
    TenantChanged,
    TenantDataRead,
    AccessDenied,
    All,
}

/// The query, for its documentation; it is read by `Query`.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents what Query reads")]
struct Parameters {
    /// Rows of this user.
    #[param(min_length = 1, max_length = 255, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$")]
    user_sub: Option<String>,
    /// Rows about this tenant.
    tenant_id: Option<Uuid>,
    /// Rows of this kind.
    #[param(inline)]
    event_type: Option<EventType>,
    /// From this instant, or the beginning of this UTC day, on.
    #[param(example = "2026-11-01")]
    from: Option<String>,
    /// Before this instant, or the beginning of this UTC day.
    #[param(example = "2026-11-24T12:00:00Z")]
    to: Option<String>,
}

/// Who did, read and was refused what
///
/// As CSV: all of it, up to 10,000 rows or 5 MB; `X-Truncated: true` says that there is more.
#[utoipa::path(
    get,
    path = "/internal/audit",
    tag = "internal",
    params(Parameters, PageParameters),
    responses(
        (status = 200, description = "The audit log, newest first.",
            content((AuditLog = "application/json"), (String = "text/csv")),
            headers(("X-Truncated" = String, description = "true: the CSV leaves something out.")))
    )
)]
pub(crate) async fn get(
    State(api): State<crate::State>,
    caller: Authorized,
    format: Format,
    mut query: Query,
) -> Result<Response, Problem> {
    let kinds: Vec<_> = KINDS.iter().map(|kind| (*kind, Some(*kind))).chain([("all", None)]).collect();
    let filter = AuditFilter {
        user_sub: query.text("user_sub", MAX_SUB),
        tenant_id: query.uuid("tenant_id"),
        kind: query.choice("event_type", &kinds, None),
        from: query.instant("from"),
        to: query.instant("to"),
    };
    if filter.from.zip(filter.to).is_some_and(|(from, to)| from >= to) {
        query.refuse("to", "must be later than from");
    }
    let page = query.page(DEFAULT_LIMIT);
    query.finish()?;
    let scope = caller.internal_scope()?;

    let list = ListKey::new("/internal/audit", &filter);
    let window = match format {
        Format::Json => page.window(&list)?,
        Format::Csv => Csv::window(),
    };
    let mut found = audit::list(&api.database, &scope, &filter, &window).await?;
    Ok(match format {
        Format::Csv => Csv::of(COLUMNS, found.rows.into_iter().map(Entry::from))?.into_response(),
        Format::Json => {
            let next_cursor = page.cut(&list, &mut found, |event| (event.created_at, event.id));
            Answer(AuditLog {
                events: found.rows.into_iter().map(Entry::from).collect(),
                total: found.total,
                limit: page.limit,
                offset: page.offset,
                next_cursor,
            })
            .into_response()
        }
    })
}

impl From<AuditEvent> for Entry {
    fn from(event: AuditEvent) -> Self {
        Self {
            id: event.id,
            event_type: event.kind,
            severity: event.severity,
            tenant_id: event.tenant_id,
            tenant_name: event.tenant_name,
            user_sub: event.user_sub,
            title: event.title,
            description: event.description,
            metadata: event.metadata,
            created_at: Instant(event.created_at),
        }
    }
}
