//! `GET /internal/billing/overview`

use axum::extract::State;
use chrono::NaiveDate;
use data::revenue::{self, Bridge, Part, Revenue};
use data::{DateRange, Money, Period};
use http_api::{Answer, Authorized, Query, Stop};
use serde::Serialize;
use utoipa::ToSchema;

use crate::usage::PeriodParameter;

/// Revenue now, and what moved it in a period of UTC days that ends today. All amounts are reais a month.
#[derive(Serialize, ToSchema)]
pub(crate) struct BillingOverview {
    /// `7d`, `30d` or `90d`.
    #[schema(example = "30d")]
    period: &'static str,
    /// Its first day.
    from: NaiveDate,
    /// Its last day: today, in UTC, up to now.
    to: NaiveDate,
    financial_summary: FinancialSummary,
    /// Plans with active tenants, most revenue first.
    by_plan: Vec<RevenueOfPlan>,
    /// Segments with active tenants, most revenue first.
    by_segment: Vec<RevenueOfSegment>,
    /// One entry a day, ascending.
    revenue_trend: Vec<RevenueDay>,
}

/// Revenue in numbers. Start + new + expansion − contraction − churned = end.
#[derive(Serialize, ToSchema)]
struct FinancialSummary {
    /// What active tenants pay a month.
    total_mrr: Money,
    /// Twelve times that.
    total_arr: Money,
    /// What an active tenant pays on average, rounded half-up to a cent; 0 without one.
    avg_mrr_per_tenant: Money,
    /// Just before the period.
    start_mrr: Money,
    /// Now.
    end_mrr: Money,
    /// Of tenants that paid nothing at the start and do now.
    new_mrr_this_period: Money,
    /// Of tenants that pay more.
    expansion_mrr_this_period: Money,
    /// Of tenants that pay less.
    contraction_mrr_this_period: Money,
    /// Of tenants that paid at the start and do no longer.
    churned_mrr_this_period: Money,
    #[schema(example = 4)]
    new_tenants: i64,
    #[schema(example = 1)]
    churned_tenants: i64,
}

/// Active tenants on a plan.
#[derive(Serialize, ToSchema)]
struct RevenueOfPlan {
    #[schema(example = "professional")]
    plan_name: String,
    #[schema(example = 18)]
    tenant_count: i64,
    total_mrr: Money,
}

/// Active tenants of a segment.
#[derive(Serialize, ToSchema)]
struct RevenueOfSegment {
    /// `Sem segmento` for tenants without one.
    #[schema(example = "Varejo")]
    segment: String,
    #[schema(example = 9)]
    tenant_count: i64,
    total_mrr: Money,
}

/// Revenue on one UTC day. Start + new + expansion − contraction − churned = mrr.
#[derive(Serialize, ToSchema)]
struct RevenueDay {
    date: NaiveDate,
    /// At the end of the day before.
    start_mrr: Money,
    new_mrr: Money,
    expansion_mrr: Money,
    contraction_mrr: Money,
    churned_mrr: Money,
    /// At the end of the day; today, now.
    mrr: Money,
    #[schema(example = 1)]
    new_tenants: i64,
    #[schema(example = 0)]
    churned_tenants: i64,
}

/// Revenue and what moved it
#[utoipa::path(
    get,
    path = "/internal/billing/overview",
    tag = "internal",
    params(PeriodParameter),
    responses((status = 200, description = "Revenue.", body = BillingOverview))
)]
pub(crate) async fn get(
    State(api): State<crate::State>,
    caller: Authorized,
    mut query: Query,
) -> Result<Answer<BillingOverview>, Stop> {
    let period = query.choice("period", Period::CHOICES, Period::Month);
    let scope = caller.internal_read(query).await?;

    let range = period.ending(caller.today());
    let revenue = revenue::overview(&api.database, &scope, range).await?;
    Ok(Answer(BillingOverview::new(period, range, revenue)))
}

impl BillingOverview {
    fn new(period: Period, range: DateRange, revenue: Revenue) -> Self {
        let bridge = &revenue.period;
        Self {
            period: period.name(),
            from: range.from,
            to: range.to,
            financial_summary: FinancialSummary {
                total_mrr: bridge.end_mrr(),
                total_arr: revenue.total_arr(),
                avg_mrr_per_tenant: revenue.average_mrr(),
                start_mrr: bridge.start_mrr(),
                end_mrr: bridge.end_mrr(),
                new_mrr_this_period: bridge.new_mrr(),
                expansion_mrr_this_period: bridge.expansion_mrr(),
                contraction_mrr_this_period: bridge.contraction_mrr(),
                churned_mrr_this_period: bridge.churned_mrr(),
                new_tenants: bridge.new_tenants,
                churned_tenants: bridge.churned_tenants,
            },
            by_plan: revenue.by_plan.into_iter().map(RevenueOfPlan::from).collect(),
            by_segment: revenue.by_segment.into_iter().map(RevenueOfSegment::from).collect(),
            revenue_trend: revenue.days.into_iter().map(RevenueDay::from).collect(),
        }
    }
}

impl From<Part> for RevenueOfPlan {
    fn from(part: Part) -> Self {
        let total_mrr = part.total_mrr();
        Self { plan_name: part.name, tenant_count: part.tenants, total_mrr }
    }
}

impl From<Part> for RevenueOfSegment {
    fn from(part: Part) -> Self {
        let total_mrr = part.total_mrr();
        Self { segment: part.name, tenant_count: part.tenants, total_mrr }
    }
}

impl From<(NaiveDate, Bridge)> for RevenueDay {
    fn from((date, bridge): (NaiveDate, Bridge)) -> Self {
        Self {
            date,
            start_mrr: bridge.start_mrr(),
            new_mrr: bridge.new_mrr(),
            expansion_mrr: bridge.expansion_mrr(),
            contraction_mrr: bridge.contraction_mrr(),
            churned_mrr: bridge.churned_mrr(),
            mrr: bridge.end_mrr(),
            new_tenants: bridge.new_tenants,
            churned_tenants: bridge.churned_tenants,
        }
    }
}
