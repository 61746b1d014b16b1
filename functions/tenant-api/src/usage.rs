//! `GET /tenant/usage`

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::NaiveDate;
use data::Period;
use data::usage::{self, ByAgent, Day, PreviousPeriod, Report, Summary, Trend};
use http_api::{Answer, Authorized, Csv, Format, Instant, Problem, Query, Stop};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::TenantParameter;

/// A company's use in a period of UTC days that ends today.
#[derive(Serialize, ToSchema)]
pub(crate) struct TenantUsage {
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
    summary: Summary,
    previous_period: PreviousPeriod,
    trend: Trend,
    /// One entry a day, ascending.
    daily_data: Vec<Day>,
    /// Agents with requests, most first. Their numbers add up to the summary's.
    by_agent: Vec<ByAgent>,
}

/// The fields of a day, in the order of the columns.
const COLUMNS: &[&str] = &[
    "date",
    "total_requests",
    "successful_requests",
    "failed_requests",
    "success_rate",
    "avg_response_time_ms",
    "p50_response_time_ms",
    "p95_response_time_ms",
    "total_tokens_used",
];

/// The query, for its documentation; it is read by `Query`.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents what Query reads")]
struct Parameters {
    /// That many UTC days ending today.
    #[param(inline)]
    period: Option<Period>,
    /// Restricts everything to one agent.
    agent_id: Option<Uuid>,
}

/// The company's use in a period, by day and by agent
///
/// As CSV: the days.
#[utoipa::path(
    get,
    path = "/tenant/usage",
    tag = "tenant",
    params(TenantParameter, Parameters),
    responses(
        (status = 200, description = "Use of the agents.", content((TenantUsage = "application/json"), (String = "text/csv"))),
        (status = 404, description = "There is no such tenant, or it never had this agent.")
    )
)]
pub(crate) async fn get(
    State(api): State<crate::State>,
    caller: Authorized,
    format: Format,
    mut query: Query,
) -> Result<Response, Stop> {
    let requested = query.uuid("tenant_id");
    let period = query.choice("period", Period::CHOICES, Period::Month);
    let agent_id = query.uuid("agent_id");
    let scope = caller.tenant_read(query, requested).await?;

    let report = usage::report(&api.database, &scope, period, caller.today(), agent_id).await?;
    let report =
        report.ok_or_else(|| Problem::not_found("There is no such tenant, or it never had this agent."))?;
    Ok(match format {
        Format::Json => Answer(TenantUsage::new(period, report)).into_response(),
        Format::Csv => Csv::of(COLUMNS, report.days)?.into_response(),
    })
}

impl TenantUsage {
    fn new(period: Period, report: Report) -> Self {
        Self {
            period: period.name(),
            from: report.range.from,
            to: report.range.to,
            as_of: report.as_of.map(Instant),
            summary: report.summary,
            previous_period: report.previous_period,
            trend: report.trend,
            daily_data: report.days,
            by_agent: report.by_agent,
        }
    }
}
