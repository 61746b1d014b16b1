//! `GET /internal/agents`

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::NaiveDate;
use data::catalogue::{self, AgentFilter, CatalogueAgent, SortBy};
use data::{Order, Percent, Period, Search};
use http_api::{Answer, Authorized, Csv, Format, Instant, ListKey, Query, Stop};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{DEFAULT_LIMIT, MAX_TEXT, PageParameters};

/// A page of the catalogue, with its use in a period of UTC days that ends today.
#[derive(Serialize, ToSchema)]
pub(crate) struct InternalAgents {
    agents: Vec<Agent>,
    /// All that the filters mean, on every page.
    #[schema(example = 32)]
    total: i64,
    #[schema(example = 50)]
    limit: i64,
    #[schema(example = 0)]
    offset: i64,
    /// The `cursor` of the page behind this one; null on the last.
    #[schema(required)]
    next_cursor: Option<String>,
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
}

/// An agent of the catalogue, and its use by everybody.
#[derive(Serialize, ToSchema)]
#[schema(as = InternalAgent)]
struct Agent {
    id: Uuid,
    #[schema(example = "Atendente Virtual")]
    name: String,
    #[schema(required, example = "Atendimento")]
    segment: Option<String>,
    created_at: Instant,
    /// Active tenants where it is active.
    #[schema(example = 21)]
    deployed_count: i64,
    #[schema(example = 31200)]
    total_requests: i64,
    /// In percent, rounded half-up to 2 decimals; 0 without requests.
    success_rate: Percent,
    /// Rounded half-up; 0 without a valid time.
    #[schema(example = 842)]
    avg_response_time_ms: i64,
    /// To within 10 %; 0 without a valid time.
    #[schema(example = 2483)]
    p95_response_time_ms: i64,
    /// The last that was ever counted.
    #[schema(required)]
    last_request_at: Option<Instant>,
}

/// The fields of an agent, in the order of the columns.
const COLUMNS: &[&str] = &[
    "id",
    "name",
    "segment",
    "created_at",
    "deployed_count",
    "total_requests",
    "success_rate",
    "avg_response_time_ms",
    "p95_response_time_ms",
    "last_request_at",
];

/// The query, for its documentation; it is read by `Query`.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents what Query reads")]
struct Parameters {
    /// That many UTC days ending today.
    #[param(inline)]
    period: Option<Period>,
    /// Agents of this segment.
    #[param(min_length = 1, max_length = 100, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$")]
    segment: Option<String>,
    /// Part of the name, whatever its case and accents.
    #[param(max_length = 200, pattern = r"^[^\x00]*$")]
    search: Option<String>,
    /// What they are sorted by; name and id break ties.
    #[param(inline)]
    sort_by: Option<SortBy>,
    /// In which direction.
    #[param(inline)]
    sort_order: Option<Order>,
}

/// The catalogue of agents and its use
///
/// As CSV: all of them, up to 10,000 or 5 MB; `X-Truncated: true` says that there are more.
#[utoipa::path(
    get,
    path = "/internal/agents",
    tag = "internal",
    params(Parameters, PageParameters),
    responses(
        (status = 200, description = "The agents.",
            content((InternalAgents = "application/json"), (String = "text/csv")),
            headers(("X-Truncated" = String, description = "true: the CSV leaves something out.")))
    )
)]
pub(crate) async fn get(
    State(api): State<crate::State>,
    caller: Authorized,
    format: Format,
    mut query: Query,
) -> Result<Response, Stop> {
    let period = query.choice("period", Period::CHOICES, Period::Month);
    let filter = AgentFilter {
        segment: query.text("segment", MAX_TEXT),
        search: query.search("search"),
        sort_by: query.choice("sort_by", SortBy::CHOICES, SortBy::Name),
        order: query.choice("sort_order", Order::CHOICES, Order::Asc),
    };
    let page = query.page(DEFAULT_LIMIT);
    let scope = caller.internal_read(query).await?;

    let search = filter.search.as_ref().map(Search::as_str);
    let filters = (period.name(), &filter.segment, search, filter.sort_by, filter.order);
    let list = ListKey::new("/internal/agents", &filters);
    let window = match format {
        Format::Json => page.window(&list)?,
        Format::Csv => Csv::window(),
    };
    let range = period.ending(caller.today());
    let mut found = catalogue::list(&api.database, &scope, &filter, &window, range).await?;
    Ok(match format {
        Format::Csv => Csv::of(COLUMNS, found.slice.rows.into_iter().map(Agent::from))?.into_response(),
        Format::Json => {
            let next_cursor = page.cut(&list, &mut found.slice, CatalogueAgent::position);
            Answer(InternalAgents {
                agents: found.slice.rows.into_iter().map(Agent::from).collect(),
                total: found.slice.total,
                limit: page.limit,
                offset: page.offset,
                next_cursor,
                period: period.name(),
                from: range.from,
                to: range.to,
                as_of: found.as_of.map(Instant),
            })
            .into_response()
        }
    })
}

impl From<CatalogueAgent> for Agent {
    fn from(agent: CatalogueAgent) -> Self {
        Self {
            id: agent.id,
            name: agent.name,
            segment: agent.segment,
            created_at: Instant(agent.created_at),
            deployed_count: agent.deployed,
            total_requests: agent.usage.total,
            success_rate: agent.usage.success_rate(),
            avg_response_time_ms: agent.usage.average_ms(),
            p95_response_time_ms: agent.usage.percentile_ms(95),
            last_request_at: agent.last_request_at.map(Instant),
        }
    }
}
