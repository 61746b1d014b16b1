//! `GET /internal/tenants`

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use data::tenants::{self, Listed, Position, SortBy, StatusFilter, TenantFilter};
use data::{Money, Order, Period, cnpj};
use http_api::{Answer, Authorized, Csv, Format, Instant, ListKey, Query, Stop};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{DEFAULT_LIMIT, MAX_TEXT, PageParameters};

/// A page of companies.
#[derive(Serialize, ToSchema)]
#[schema(as = Tenants)]
pub(crate) struct TenantPage {
    tenants: Vec<ListedTenant>,
    /// All that the filters mean, on every page.
    #[schema(example = 47)]
    total: i64,
    #[schema(example = 50)]
    limit: i64,
    #[schema(example = 0)]
    offset: i64,
    /// The `cursor` of the page behind this one; null on the last.
    #[schema(required)]
    next_cursor: Option<String>,
    /// Every request that had arrived by then is counted; null if nothing was ever aggregated.
    #[schema(required)]
    as_of: Option<Instant>,
}

/// A company in the list.
#[derive(Serialize, ToSchema)]
struct ListedTenant {
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
    #[schema(example = 7)]
    active_agents: i64,
    /// Users that are not disabled.
    #[schema(example = 12)]
    active_users: i64,
    /// In the 30 UTC days that end today.
    #[schema(example = 12450)]
    requests_last_30_days: i64,
    created_at: Instant,
}

/// The fields of a company, in the order of the columns.
const COLUMNS: &[&str] = &[
    "id",
    "name",
    "cnpj",
    "segment",
    "plan",
    "status",
    "mrr_estimate",
    "active_agents",
    "active_users",
    "requests_last_30_days",
    "created_at",
];

/// The query, for its documentation; it is read by `Query`.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents what Query reads")]
struct Parameters {
    /// Which companies.
    #[param(inline)]
    status: Option<StatusFilter>,
    /// Those on this plan.
    #[param(min_length = 1, max_length = 100, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$")]
    plan: Option<String>,
    /// Those of this segment.
    #[param(min_length = 1, max_length = 100, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$")]
    segment: Option<String>,
    /// Part of the name, whatever its case and accents, or, from 4 letters and digits on, of the CNPJ.
    #[param(max_length = 200, pattern = r"^[^\x00]*$")]
    search: Option<String>,
    /// What they are sorted by. The id breaks ties; those without a price come last.
    #[param(inline)]
    sort_by: Option<SortBy>,
    /// In which direction.
    #[param(inline)]
    sort_order: Option<Order>,
}

/// Every company, filtered, searched and sorted
///
/// As CSV: all of them, up to 10,000 or 5 MB; `X-Truncated: true` says that there are more.
#[utoipa::path(
    get,
    path = "/internal/tenants",
    tag = "internal",
    params(Parameters, PageParameters),
    responses(
        (status = 200, description = "The companies.",
            content((TenantPage = "application/json"), (String = "text/csv")),
            headers(("X-Truncated" = String, description = "true: the CSV leaves something out.")),
            links(("company" = (operation_id = "internalTenant", parameters(("id" = "$response.body#/tenants/0/id"))))))
    )
)]
pub(crate) async fn get(
    State(api): State<crate::State>,
    caller: Authorized,
    format: Format,
    mut query: Query,
) -> Result<Response, Stop> {
    let filter = TenantFilter {
        status: query.choice("status", StatusFilter::CHOICES, StatusFilter::Active),
        plan: query.text("plan", MAX_TEXT),
        segment: query.text("segment", MAX_TEXT),
        search: query.search("search"),
        sort_by: query.choice("sort_by", SortBy::CHOICES, SortBy::Name),
        order: query.choice("sort_order", Order::CHOICES, Order::Asc),
    };
    let page = query.page(DEFAULT_LIMIT);
    let scope = caller.internal_read(query).await?;

    let list = key(&filter);
    let window = match format {
        Format::Json => page.window_where(&list, |position: &Position| position.is_by(filter.sort_by))?,
        Format::Csv => Csv::window(),
    };
    let range = Period::Month.ending(caller.today());
    let mut found = tenants::list(&api.database, &scope, &filter, &window, range).await?;
    Ok(match format {
        Format::Csv => {
            Csv::of(COLUMNS, found.slice.rows.into_iter().map(ListedTenant::from))?.into_response()
        }
        Format::Json => {
            let next_cursor = page.cut(&list, &mut found.slice, |tenant| tenant.position(filter.sort_by));
            Answer(TenantPage {
                tenants: found.slice.rows.into_iter().map(ListedTenant::from).collect(),
                total: found.slice.total,
                limit: page.limit,
                offset: page.offset,
                next_cursor,
                as_of: found.as_of.map(Instant),
            })
            .into_response()
        }
    })
}

fn key(filter: &TenantFilter) -> ListKey {
    let search = filter.search.as_ref().map(data::Search::as_str);
    let filters = (filter.status, &filter.plan, &filter.segment, search, filter.sort_by, filter.order);
    ListKey::new("/internal/tenants", &filters)
}

impl From<Listed> for ListedTenant {
    fn from(tenant: Listed) -> Self {
        Self {
            id: tenant.id,
            name: tenant.name,
            cnpj: cnpj::format_stored(&tenant.cnpj),
            segment: tenant.segment,
            plan: tenant.plan,
            status: tenant.status,
            mrr_estimate: tenant.mrr_estimate,
            active_agents: tenant.active_agents,
            active_users: tenant.active_users,
            requests_last_30_days: tenant.requests,
            created_at: Instant(tenant.created_at),
        }
    }
}
