//! `POST /internal/tenants`, `GET` and `PATCH /internal/tenants/{id}`

use auth_context::InternalScope;
use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use cache::Space;
use data::audit::Actor;
use data::options;
use data::tenants::{self, Changed, NewTenant, Status, Tenant, TenantChange, TenantDetail};
use data::{Money, Percent, Period, cnpj};
use http_api::{
    Answer, Authorized, IfMatch, Instant, InvalidInput, Members, Problem, Query, RequestId, Stop, Version,
};
use lambda_http::http::StatusCode;
use lambda_http::http::header::LOCATION;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::NO_TENANT;

const MAX_NAME: usize = 255;
const MAX_SEGMENT: usize = 100;
const MAX_PLAN: usize = 50;

/// A company as its own row says.
#[derive(Serialize, ToSchema)]
struct TenantRecord {
    id: Uuid,
    #[schema(example = "Padaria Pão Dourado")]
    name: String,
    #[schema(example = "12.ABC.345/01DE-35")]
    cnpj: String,
    #[schema(required, example = "Varejo")]
    segment: Option<String>,
    #[schema(example = "professional")]
    plan: String,
    /// `active`, `inactive` or `suspended`.
    #[schema(example = "active")]
    status: String,
    /// Reais a month.
    #[schema(required)]
    mrr_estimate: Option<Money>,
    created_at: Instant,
    updated_at: Instant,
}

/// A company that was added or changed.
#[derive(Serialize, ToSchema)]
pub(crate) struct SavedTenant {
    tenant: TenantRecord,
}

/// A company with all that belongs to it.
#[derive(Serialize, ToSchema)]
pub(crate) struct TenantDetails {
    tenant: DetailedTenant,
    /// At most 100, by e-mail.
    users: Vec<User>,
    /// At most 100, by name.
    agents: Vec<Agent>,
    /// At most 100, by name.
    integrations: Vec<Integration>,
    usage_summary: UsageOfTenant,
    /// Its last ten, newest first; without the platform's.
    recent_incidents: Vec<RecentIncident>,
}

/// A company and what its plan, or an agreement of its own, allows.
#[derive(Serialize, ToSchema)]
struct DetailedTenant {
    #[serde(flatten)]
    record: TenantRecord,
    limits: TenantLimits,
}

/// What a company may use.
#[derive(Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "the API's names")]
struct TenantLimits {
    #[schema(example = 10)]
    max_agents: i32,
    #[schema(example = 20)]
    max_users: i32,
    /// In a UTC month.
    #[schema(example = 50_000)]
    max_requests_per_month: i32,
}

/// A person of a company.
#[derive(Serialize, ToSchema)]
#[schema(as = TenantUser)]
struct User {
    id: Uuid,
    #[schema(example = "gestora@example.com")]
    email: String,
    #[schema(required, example = "Maria da Silva")]
    full_name: Option<String>,
    /// `ADMIN` or `USER`.
    #[schema(example = "ADMIN")]
    role: String,
    #[schema(required)]
    last_login_at: Option<Instant>,
    /// Null as long as the user may sign in.
    #[schema(required)]
    disabled_at: Option<Instant>,
}

/// An agent of a company.
#[derive(Serialize, ToSchema)]
#[schema(as = AgentOfTenant)]
struct Agent {
    /// The agent's id in the catalogue.
    id: Uuid,
    #[schema(example = "Atendente Virtual")]
    name: String,
    /// `active`, `inactive` or `suspended`.
    #[schema(example = "active")]
    status: String,
    #[schema(required)]
    activated_at: Option<Instant>,
    usage_last_30_days: RequestsOfAgent,
}

/// Requests of an agent.
#[derive(Serialize, ToSchema)]
struct RequestsOfAgent {
    #[schema(example = 1840)]
    total_requests: i64,
    /// In percent, rounded half-up to 2 decimals; 0 without requests.
    success_rate: Percent,
}

/// An integration of a company.
#[derive(Serialize, ToSchema)]
#[schema(as = IntegrationOfTenant)]
struct Integration {
    id: Uuid,
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

/// A company's requests. All days are UTC days that end today.
#[derive(Serialize, ToSchema)]
struct UsageOfTenant {
    #[schema(example = 2905)]
    requests_last_7_days: i64,
    #[schema(example = 12450)]
    requests_last_30_days: i64,
    /// In percent, rounded half-up to 2 decimals; 0 without requests.
    success_rate_last_30_days: Percent,
    /// Every request that had arrived by then is counted; null if nothing was ever aggregated.
    #[schema(required)]
    as_of: Option<Instant>,
}

/// What went wrong at a company.
#[derive(Serialize, ToSchema)]
struct RecentIncident {
    id: Uuid,
    /// `info`, `warning`, `error` or `critical`.
    #[schema(example = "warning")]
    severity: String,
    #[schema(example = "Lentidão no envio de mensagens")]
    title: String,
    created_at: Instant,
    /// Null as long as it lasts.
    #[schema(required)]
    resolved_at: Option<Instant>,
}

// Bodies, for their documentation; they are read by `Members`.

/// A company to be: an active one, unless `status` says otherwise.
#[derive(ToSchema)]
#[schema(as = NewTenant)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "documents what Members reads")]
pub(crate) struct NewTenantBody {
    #[schema(min_length = 1, max_length = 255, example = "Padaria Pão Dourado")]
    name: String,
    /// With or without punctuation. Both check digits have to be right.
    #[schema(example = "12.ABC.345/01DE-35")]
    cnpj: String,
    #[schema(required = false, min_length = 1, max_length = 100, example = "Varejo")]
    segment: Option<String>,
    /// The name of a plan; see `/internal/options`.
    #[schema(min_length = 1, max_length = 50, example = "professional")]
    plan: String,
    #[schema(required = false, inline)]
    status: Status,
    /// Reais a month, at most 2 decimals.
    #[schema(required = false, value_type = Option<f64>, minimum = 0, maximum = 9_999_999_999.99, example = 1499.9)]
    mrr_estimate: Option<Money>,
}

/// What is to change of a company. What is left out stays as it is.
#[derive(ToSchema)]
#[schema(as = TenantChange, min_properties = 1)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "documents what Members reads")]
pub(crate) struct TenantChangeBody {
    #[schema(required = false, min_length = 1, max_length = 255, example = "Padaria Pão Dourado")]
    name: String,
    /// With or without punctuation. Both check digits have to be right.
    #[schema(required = false, example = "12.ABC.345/01DE-35")]
    cnpj: String,
    #[schema(required = false, min_length = 1, max_length = 100, example = "Varejo")]
    segment: Option<String>,
    /// The name of a plan; see `/internal/options`.
    #[schema(required = false, min_length = 1, max_length = 50, example = "professional")]
    plan: String,
    #[schema(required = false, inline)]
    status: Status,
    /// Reais a month, at most 2 decimals.
    #[schema(required = false, value_type = Option<f64>, minimum = 0, maximum = 9_999_999_999.99, example = 1499.9)]
    mrr_estimate: Option<Money>,
}

/// The path, for its documentation; it is read by `Query`.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "documents what Query reads")]
pub(crate) struct TenantPath {
    /// The company.
    id: Uuid,
}

/// Adds a company
#[utoipa::path(
    post,
    path = "/internal/tenants",
    tag = "internal",
    request_body = NewTenantBody,
    responses(
        (status = 201, description = "The company.", body = SavedTenant,
            headers(("Location" = String, description = "Where it is."), ("ETag" = String, description = "For If-Match.")),
            links(
                ("company" = (operation_id = "internalTenant", parameters(("id" = "$response.body#/tenant/id")))),
                ("change" = (operation_id = "changeTenant",
                    parameters(("id" = "$response.body#/tenant/id"), ("If-Match" = "$response.header.ETag"))))
            )),
        (status = 409, description = "Another company has this CNPJ."),
        (status = 413, description = "The body is larger than 64 KiB."),
        (status = 415, description = "The body is not said to be JSON.")
    )
)]
pub(crate) async fn post(
    State(api): State<crate::State>,
    caller: Authorized,
    request_id: RequestId,
    body: Members,
) -> Result<Response, Problem> {
    let scope = caller.internal_scope()?;
    let new = read_new(&api, &scope, body).await?;

    let actor = Actor { sub: caller.sub(), request_id: &request_id.0 };
    let created = tenants::create(&api.database, &scope, &actor, &new).await;
    // Whatever is said of it: an error may have come after the commit.
    api.cache.forget(&[Space::Platform]).await;
    let tenant = created?;
    let location = format!("/internal/tenants/{}", tenant.id);
    Ok((StatusCode::CREATED, [(LOCATION, location)], saved(tenant)).into_response())
}

/// A company with all that belongs to it
///
/// Its `ETag` is what a change needs as If-Match.
#[utoipa::path(
    get,
    path = "/internal/tenants/{id}",
    tag = "internal",
    params(TenantPath),
    responses(
        (status = 200, description = "The company.", body = TenantDetails,
            links(
                ("change" = (operation_id = "changeTenant",
                    parameters(("id" = "$request.path.id"), ("If-Match" = "$response.header.ETag")))),
                ("agents" = (operation_id = "internalTenantAgents", parameters(("id" = "$request.path.id"))))
            )),
        (status = 404, description = "There is no such tenant.")
    )
)]
pub(crate) async fn get(
    State(api): State<crate::State>,
    caller: Authorized,
    mut query: Query,
) -> Result<Response, Stop> {
    let id = query.path_uuid("id");
    let tenant = caller.tenant_read(query, Some(id)).await?;
    let scope = caller.internal_scope()?;

    let (week, month) = (Period::Week.ending(caller.today()), Period::Month.ending(caller.today()));
    let found = tenants::detail(&api.database, &scope, &tenant, week, month).await?;
    let found = found.ok_or_else(|| Problem::not_found(NO_TENANT))?;
    let version = version(&found.tenant);
    Ok((Extension(version), Answer(TenantDetails::from(found))).into_response())
}

/// Changes a company
///
/// Members that are left out stay as they are. `If-Match` is the `ETag` that the company's GET, or its last change, gave: use
/// and users may have changed since, the company itself may not.
#[utoipa::path(
    patch,
    path = "/internal/tenants/{id}",
    tag = "internal",
    params(TenantPath, ("If-Match" = String, Header, description = "The company's ETag.")),
    request_body(
        content((TenantChangeBody = "application/json"), (TenantChangeBody = "application/merge-patch+json"))
    ),
    responses(
        (status = 200, description = "The company as it is now.", body = SavedTenant,
            headers(("ETag" = String, description = "For If-Match.")),
            links(
                ("company" = (operation_id = "internalTenant", parameters(("id" = "$request.path.id")))),
                ("change" = (operation_id = "changeTenant",
                    parameters(("id" = "$request.path.id"), ("If-Match" = "$response.header.ETag"))))
            )),
        (status = 404, description = "There is no such tenant."),
        (status = 409, description = "Another company has this CNPJ."),
        (status = 412, description = "Somebody changed the company since."),
        (status = 413, description = "The body is larger than 64 KiB."),
        (status = 415, description = "The body is not said to be JSON."),
        (status = 428, description = "If-Match is missing.")
    )
)]
pub(crate) async fn patch(
    State(api): State<crate::State>,
    caller: Authorized,
    request_id: RequestId,
    mut query: Query,
    if_match: IfMatch,
    body: Members,
) -> Result<Response, Problem> {
    let id = query.path_uuid("id");
    query.finish()?;
    let scope = caller.internal_scope()?;
    let change = read_change(&api, &scope, body).await?;

    let actor = Actor { sub: caller.sub(), request_id: &request_id.0 };
    let as_seen = |tenant: &Tenant| if_match.is_met_by(&version(tenant));
    let changed = tenants::change(&api.database, &scope, &actor, id, &change, as_seen).await;
    // Whatever is said of it: an error may have come after the commit.
    api.cache.forget_tenant(id).await;
    match changed? {
        Changed::Done(tenant) => Ok(saved(tenant)),
        Changed::Stale => Err(Problem::precondition_failed()),
        Changed::Unknown => Err(Problem::not_found(NO_TENANT)),
    }
}

async fn read_new(
    api: &crate::State,
    scope: &InternalScope,
    mut body: Members,
) -> Result<NewTenant, Problem> {
    let name = body.text("name", MAX_NAME);
    let name = body.required("name", name);
    let cnpj = body.parsed("cnpj");
    let cnpj = body.required("cnpj", cnpj);
    let segment = body.text_or_null("segment", MAX_SEGMENT).flatten();
    let plan = body.text("plan", MAX_PLAN);
    let plan = body.required("plan", plan);
    let status = body.choice("status", Status::CHOICES).unwrap_or(Status::Active);
    let mrr_estimate = body.money_or_null("mrr_estimate").flatten();
    name_unknown_plan(api, scope, &mut body, plan.as_deref()).await?;
    body.finish()?;
    let (Some(name), Some(cnpj), Some(plan)) = (name, cnpj, plan) else {
        return Err(Problem::internal("a required member was neither read nor refused"));
    };
    Ok(NewTenant { name, cnpj, segment, plan, status, mrr_estimate })
}

async fn read_change(
    api: &crate::State,
    scope: &InternalScope,
    mut body: Members,
) -> Result<TenantChange, Problem> {
    if body.is_empty() {
        return Err(Problem::invalid_body(vec![InvalidInput::pointer("", "must name at least one member")]));
    }
    let change = TenantChange {
        name: body.text("name", MAX_NAME),
        cnpj: body.parsed("cnpj"),
        segment: body.text_or_null("segment", MAX_SEGMENT),
        plan: body.text("plan", MAX_PLAN),
        status: body.choice("status", Status::CHOICES),
        mrr_estimate: body.money_or_null("mrr_estimate"),
    };
    name_unknown_plan(api, scope, &mut body, change.plan.as_deref()).await?;
    body.finish()?;
    Ok(change)
}

/// The database refuses a plan that doesn't exist. Where something else is refused before it is asked, this one is named
/// with the rest.
async fn name_unknown_plan(
    api: &crate::State,
    scope: &InternalScope,
    body: &mut Members,
    plan: Option<&str>,
) -> Result<(), Problem> {
    if let Some(plan) = plan
        && body.has_errors()
        && !options::is_plan(&api.database, scope, plan).await?
    {
        body.refuse_member("plan", Problem::UNKNOWN_PLAN);
    }
    Ok(())
}

/// What changes whenever the company's row does, and only then.
fn version(tenant: &Tenant) -> Version {
    Version::of(&(TenantRecord::from(tenant.clone()), tenant.updated_at))
}

fn saved(tenant: Tenant) -> Response {
    let tag = [version(&tenant).header()];
    (tag, Answer(SavedTenant { tenant: tenant.into() })).into_response()
}

impl From<Tenant> for TenantRecord {
    fn from(tenant: Tenant) -> Self {
        Self {
            id: tenant.id,
            name: tenant.name,
            cnpj: cnpj::format_stored(&tenant.cnpj),
            segment: tenant.segment,
            plan: tenant.plan,
            status: tenant.status,
            mrr_estimate: tenant.mrr_estimate,
            created_at: Instant(tenant.created_at),
            updated_at: Instant(tenant.updated_at),
        }
    }
}

impl From<TenantDetail> for TenantDetails {
    fn from(detail: TenantDetail) -> Self {
        Self {
            tenant: DetailedTenant {
                record: detail.tenant.into(),
                limits: TenantLimits {
                    max_agents: detail.max_agents,
                    max_users: detail.max_users,
                    max_requests_per_month: detail.max_requests_per_month,
                },
            },
            users: detail.users.into_iter().map(User::from).collect(),
            agents: detail.agents.into_iter().map(Agent::from).collect(),
            integrations: detail.integrations.into_iter().map(Integration::from).collect(),
            usage_summary: UsageOfTenant {
                requests_last_7_days: detail.last_week.total,
                requests_last_30_days: detail.last_month.total,
                success_rate_last_30_days: detail.last_month.success_rate(),
                as_of: detail.as_of.map(Instant),
            },
            recent_incidents: detail.incidents.into_iter().map(RecentIncident::from).collect(),
        }
    }
}

impl From<tenants::DetailUser> for User {
    fn from(user: tenants::DetailUser) -> Self {
        Self {
            id: user.id,
            email: user.email,
            full_name: user.full_name,
            role: user.role,
            last_login_at: user.last_login_at.map(Instant),
            disabled_at: user.disabled_at.map(Instant),
        }
    }
}

impl From<tenants::DetailAgent> for Agent {
    fn from(agent: tenants::DetailAgent) -> Self {
        Self {
            id: agent.id,
            name: agent.name,
            status: agent.status,
            activated_at: agent.activated_at.map(Instant),
            usage_last_30_days: RequestsOfAgent {
                total_requests: agent.total,
                success_rate: Percent::of(agent.successful, agent.total),
            },
        }
    }
}

impl From<tenants::DetailIntegration> for Integration {
    fn from(integration: tenants::DetailIntegration) -> Self {
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

impl From<tenants::DetailIncident> for RecentIncident {
    fn from(incident: tenants::DetailIncident) -> Self {
        Self {
            id: incident.id,
            severity: incident.severity,
            title: incident.title,
            created_at: Instant(incident.created_at),
            resolved_at: incident.resolved_at.map(Instant),
        }
    }
}
