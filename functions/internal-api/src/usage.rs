//! `GET /internal/usage/overview`

use axum::extract::State;
use chrono::NaiveDate;
use data::platform::{self, DeployedAgent, Overview, PlatformDay, TopAgent, TopTenant};
use data::usage::{Trend, Usage};
use data::{Percent, Period};
use http_api::{Answer, Authorized, Instant, Query, Stop};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// The platform in a period of UTC days that ends today.
#[derive(Serialize, ToSchema)]
pub(crate) struct UsageOverview {
    /// `7d`, `30d` or `90d`.
    #[schema(example = "30d")]
    period: &'static str,
    /// Its first day.
    from: NaiveDate,
    /// Its last day: today, in UTC.
    to: NaiveDate,
    /// Every request that had arrived by then is counted; null if nothing was ever aggregated.
    #[schema(required)]
    as_of: Option<Instant>,
    global_stats: GlobalStats,
    previous_period: PreviousPlatformPeriod,
    trend: PlatformTrend,
    /// Requests of the 24 hours, by the clock, up to `as_of`.
    #[schema(example = 45230)]
    requests_last_24_hours: i64,
    /// Requests of the 24 hours before these.
    #[schema(example = 41880)]
    requests_previous_24_hours: i64,
    /// Up to ten with most requests.
    top_tenants_by_usage: Vec<TopTenantByUsage>,
    /// Up to ten with most requests.
    top_agents_by_usage: Vec<TopAgentByUsage>,
    /// Up to ten that most active tenants have.
    top_agents_by_deployment: Vec<TopAgentByDeployment>,
    /// One entry a day, ascending.
    daily_trends: Vec<DailyTrend>,
}

/// The platform in numbers.
#[derive(Serialize, ToSchema)]
struct GlobalStats {
    /// Tenants of any status.
    #[schema(example = 53)]
    total_tenants: i64,
    /// Tenants with status `active`.
    #[schema(example = 47)]
    active_tenants: i64,
    /// Active agents of active tenants.
    #[schema(example = 312)]
    total_agents_deployed: i64,
    #[schema(example = 270_310)]
    total_requests: i64,
    #[schema(example = 266_105)]
    successful_requests: i64,
    #[schema(example = 4205)]
    failed_requests: i64,
    /// In percent, rounded half-up to 2 decimals; 0 without requests.
    global_success_rate: Percent,
    /// Rounded half-up; 0 without a valid time.
    #[schema(example = 842)]
    avg_response_time_ms: i64,
    #[schema(example = 160_331_204)]
    total_tokens_used: i64,
}

/// As many days just before the period.
#[derive(Serialize, ToSchema)]
struct PreviousPlatformPeriod {
    from: NaiveDate,
    to: NaiveDate,
    #[schema(example = 251_022)]
    total_requests: i64,
    #[schema(example = 247_005)]
    successful_requests: i64,
    #[schema(example = 4017)]
    failed_requests: i64,
    /// In percent, rounded half-up to 2 decimals; 0 without requests.
    success_rate: Percent,
    /// Rounded half-up; 0 without a valid time.
    #[schema(example = 861)]
    avg_response_time_ms: i64,
    #[schema(example = 150_020_118)]
    total_tokens_used: i64,
}

/// The last N complete days against the N before them; null where the base is 0.
#[derive(Serialize, ToSchema)]
struct PlatformTrend {
    #[serde(flatten)]
    usage: Trend,
    /// Active tenants at the end of yesterday, less those N days before.
    #[schema(required, example = 3)]
    active_tenants: Option<i64>,
    /// Deployed agents at the end of yesterday, less those N days before.
    #[schema(required, example = 12)]
    total_agents_deployed: Option<i64>,
}

/// A tenant and its requests.
#[derive(Serialize, ToSchema)]
struct TopTenantByUsage {
    tenant_id: Uuid,
    /// Null if the tenant was deleted.
    #[schema(required, example = "Padaria Pão Dourado")]
    tenant_name: Option<String>,
    #[schema(example = 12450)]
    total_requests: i64,
    /// In percent, rounded half-up to 2 decimals.
    success_rate: Percent,
}

/// An agent and its requests.
#[derive(Serialize, ToSchema)]
struct TopAgentByUsage {
    agent_id: Uuid,
    /// Null if the agent is gone from the catalogue.
    #[schema(required, example = "Atendente Virtual")]
    agent_name: Option<String>,
    #[schema(example = 31200)]
    total_requests: i64,
    /// In percent, rounded half-up to 2 decimals.
    success_rate: Percent,
    /// Active tenants where it is active.
    #[schema(example = 21)]
    deployed_count: i64,
}

/// An agent and how often it is deployed.
#[derive(Serialize, ToSchema)]
struct TopAgentByDeployment {
    agent_id: Uuid,
    #[schema(example = "Atendente Virtual")]
    agent_name: String,
    /// Active tenants where it is active.
    #[schema(example = 21)]
    deployed_count: i64,
}

/// The platform on one UTC day.
#[derive(Serialize, ToSchema)]
struct DailyTrend {
    date: NaiveDate,
    #[schema(example = 9010)]
    total_requests: i64,
    /// In percent, rounded half-up to 2 decimals; 0 without requests.
    success_rate: Percent,
    /// Tenants with at least one request.
    #[schema(example = 44)]
    active_tenants: i64,
}

/// The query, for its documentation; it is read by `Query`.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents what Query reads")]
pub(crate) struct PeriodParameter {
    /// That many UTC days ending today.
    #[param(inline)]
    period: Option<Period>,
}

/// The use of the whole platform
#[utoipa::path(
    get,
    path = "/internal/usage/overview",
    tag = "internal",
    params(PeriodParameter),
    responses((status = 200, description = "The platform.", body = UsageOverview))
)]
pub(crate) async fn get(
    State(api): State<crate::State>,
    caller: Authorized,
    mut query: Query,
) -> Result<Answer<UsageOverview>, Stop> {
    let period = query.choice("period", Period::CHOICES, Period::Month);
    let scope = caller.internal_read(query).await?;

    let overview = platform::overview(&api.database, &scope, period, caller.today()).await?;
    Ok(Answer(UsageOverview::new(period, overview)))
}

impl UsageOverview {
    fn new(period: Period, overview: Overview) -> Self {
        let previous = overview.range.previous();
        Self {
            period: period.name(),
            from: overview.range.from,
            to: overview.range.to,
            as_of: overview.as_of.map(Instant),
            global_stats: GlobalStats {
                total_tenants: overview.total_tenants,
                active_tenants: overview.active_tenants,
                total_agents_deployed: overview.agents_deployed,
                total_requests: overview.usage.total,
                successful_requests: overview.usage.successful,
                failed_requests: failed(&overview.usage),
                global_success_rate: overview.usage.success_rate(),
                avg_response_time_ms: overview.usage.average_ms(),
                total_tokens_used: overview.usage.tokens,
            },
            previous_period: PreviousPlatformPeriod {
                from: previous.from,
                to: previous.to,
                total_requests: overview.previous.total,
                successful_requests: overview.previous.successful,
                failed_requests: failed(&overview.previous),
                success_rate: overview.previous.success_rate(),
                avg_response_time_ms: overview.previous.average_ms(),
                total_tokens_used: overview.previous.tokens,
            },
            trend: PlatformTrend {
                usage: overview.trend,
                active_tenants: overview.active_tenants_trend,
                total_agents_deployed: overview.agents_deployed_trend,
            },
            requests_last_24_hours: overview.last_24_hours,
            requests_previous_24_hours: overview.previous_24_hours,
            top_tenants_by_usage: overview.top_tenants.into_iter().map(TopTenantByUsage::from).collect(),
            top_agents_by_usage: overview.top_agents.into_iter().map(TopAgentByUsage::from).collect(),
            top_agents_by_deployment: overview
                .most_deployed
                .into_iter()
                .map(TopAgentByDeployment::from)
                .collect(),
            daily_trends: overview.days.into_iter().map(DailyTrend::from).collect(),
        }
    }
}

const fn failed(usage: &Usage) -> i64 {
    usage.total - usage.successful
}

impl From<TopTenant> for TopTenantByUsage {
    fn from(tenant: TopTenant) -> Self {
        Self {
            tenant_id: tenant.id,
            total_requests: tenant.total_requests(),
            success_rate: tenant.success_rate(),
            tenant_name: tenant.name,
        }
    }
}

impl From<TopAgent> for TopAgentByUsage {
    fn from(agent: TopAgent) -> Self {
        Self {
            agent_id: agent.id,
            total_requests: agent.total_requests(),
            success_rate: agent.success_rate(),
            agent_name: agent.name,
            deployed_count: agent.deployed,
        }
    }
}

impl From<DeployedAgent> for TopAgentByDeployment {
    fn from(agent: DeployedAgent) -> Self {
        Self { agent_id: agent.id, agent_name: agent.name, deployed_count: agent.deployed }
    }
}

impl From<PlatformDay> for DailyTrend {
    fn from(day: PlatformDay) -> Self {
        Self {
            date: day.date,
            total_requests: day.usage.total,
            success_rate: day.usage.success_rate(),
            active_tenants: day.active_tenants,
        }
    }
}
