//! Every company, filtered, searched, sorted, page by page.

use auth_context::InternalScope;
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

use super::Status;
use crate::database::read;
use crate::list::{Order, Search, Slice, Window, instant, text};
use crate::{DataError, Database, DateRange, Money};

/// Which companies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(default = "active")]
pub enum StatusFilter {
    /// Those that are customers.
    Active,
    /// Those that no longer are.
    Inactive,
    /// Those that are suspended.
    Suspended,
    /// All of them.
    All,
}

impl StatusFilter {
    /// Every choice with its name in the API.
    pub const CHOICES: &[(&str, Self)] = &[
        ("active", Self::Active),
        ("inactive", Self::Inactive),
        ("suspended", Self::Suspended),
        ("all", Self::All),
    ];

    const fn status(self) -> Option<Status> {
        match self {
            Self::Active => Some(Status::Active),
            Self::Inactive => Some(Status::Inactive),
            Self::Suspended => Some(Status::Suspended),
            Self::All => None,
        }
    }
}

/// What companies are sorted by; the id breaks ties.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(default = "name")]
pub enum SortBy {
    /// The name, whatever its case and accents.
    Name,
    /// When they became tenants.
    CreatedAt,
    /// What they pay; those without a price last.
    MrrEstimate,
}

impl SortBy {
    /// Every choice with its name in the API.
    pub const CHOICES: &[(&str, Self)] =
        &[("name", Self::Name), ("created_at", Self::CreatedAt), ("mrr_estimate", Self::MrrEstimate)];

    const fn column(self) -> &'static str {
        match self {
            Self::Name => "name_key",
            Self::CreatedAt => "created_at",
            Self::MrrEstimate => "mrr_estimate",
        }
    }
}

/// What is listed, and in which order.
#[derive(Clone, Debug)]
pub struct TenantFilter {
    /// Which companies.
    pub status: StatusFilter,
    /// Those on this plan.
    pub plan: Option<String>,
    /// Those of this segment.
    pub segment: Option<String>,
    /// Those whose name contains this, or whose CNPJ does.
    pub search: Option<Search>,
    /// What they are sorted by.
    pub sort_by: SortBy,
    /// In which direction.
    pub order: Order,
}

/// A company in the list.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Its id.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// Its CNPJ as stored.
    pub cnpj: String,
    /// Its market segment.
    pub segment: Option<String>,
    /// Its plan's name.
    pub plan: String,
    /// `active`, `inactive` or `suspended`.
    pub status: String,
    /// What it is expected to pay a month.
    pub mrr_estimate: Option<Money>,
    /// When it became a tenant.
    pub created_at: DateTime<Utc>,
    /// Agents it has with status `active`.
    pub active_agents: i64,
    /// Users that are not disabled.
    pub active_users: i64,
    /// Its requests in the days asked for.
    pub requests: i64,
}

/// Where a page begins: behind the company with this value of what is sorted by, and this id.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Position(SortKey, Uuid);

#[derive(Clone, Debug, Serialize, Deserialize)]
enum SortKey {
    // As it is written: folded, it can be too long for a cursor.
    Name(#[serde(deserialize_with = "text")] String),
    CreatedAt(#[serde(deserialize_with = "instant")] DateTime<Utc>),
    MrrEstimate(Option<Decimal>),
}

impl Position {
    /// Whether it is one of the list in this order.
    #[must_use]
    pub const fn is_by(&self, sort_by: SortBy) -> bool {
        matches!(
            (&self.0, sort_by),
            (SortKey::Name(_), SortBy::Name)
                | (SortKey::CreatedAt(_), SortBy::CreatedAt)
                | (SortKey::MrrEstimate(_), SortBy::MrrEstimate)
        )
    }
}

impl Listed {
    /// The position behind it.
    #[must_use]
    pub fn position(&self, sort_by: SortBy) -> Position {
        let key = match sort_by {
            SortBy::Name => SortKey::Name(self.name.clone()),
            SortBy::CreatedAt => SortKey::CreatedAt(self.created_at),
            SortBy::MrrEstimate => SortKey::MrrEstimate(self.mrr_estimate.map(|money| money.0)),
        };
        Position(key, self.id)
    }
}

/// Some companies, and up to when their requests are counted.
#[derive(Clone, Debug)]
pub struct TenantList {
    /// The page.
    pub slice: Slice<Listed>,
    /// Every request that had arrived by then is counted.
    pub as_of: Option<DateTime<Utc>>,
}

#[derive(sqlx::FromRow)]
struct Row {
    total: i64,
    as_of: Option<DateTime<Utc>>,
    // From here on NULL where the page is empty.
    id: Option<Uuid>,
    name: Option<String>,
    cnpj: Option<String>,
    segment: Option<String>,
    plan: Option<String>,
    status: Option<String>,
    mrr_estimate: Option<Money>,
    created_at: Option<DateTime<Utc>>,
    active_agents: Option<i64>,
    active_users: Option<i64>,
    requests: Option<i64>,
}

/// A page of the companies that this filter means, with their requests in these days.
pub async fn list(
    database: &Database,
    scope: &InternalScope,
    filter: &TenantFilter,
    window: &Window<Position>,
    range: DateRange,
) -> Result<TenantList, DataError> {
    let rows: Vec<Row> = read!(database, scope, |connection| statement(filter, window, range)
        .build_query_as()
        .fetch_all(connection));
    let (total, as_of) = rows.first().map_or((0, None), |row| (row.total, row.as_of));
    let listed = rows.into_iter().filter_map(|row| {
        Some(Listed {
            id: row.id?,
            name: row.name?,
            cnpj: row.cnpj?,
            segment: row.segment,
            plan: row.plan?,
            status: row.status?,
            mrr_estimate: row.mrr_estimate,
            created_at: row.created_at?,
            active_agents: row.active_agents?,
            active_users: row.active_users?,
            requests: row.requests?,
        })
    });
    Ok(TenantList { slice: Slice { rows: listed.collect(), total }, as_of })
}

/// One statement: the page's ids from an index alone, then what is shown of these few.
fn statement(filter: &TenantFilter, window: &Window<Position>, range: DateRange) -> QueryBuilder<Postgres> {
    let mut sql = QueryBuilder::new("");
    if filter.search.is_some() {
        // Searched once, for the page and for the total.
        sql.push("WITH found AS MATERIALIZED (SELECT id, name_key, created_at, mrr_estimate FROM alquimista_platform.tenants WHERE ");
        push_filter(&mut sql, filter);
        sql.push(") ");
    }
    sql.push("SELECT head.total, head.as_of, page.* FROM (SELECT ");
    push_total(&mut sql, filter);
    sql.push(
        " AS total, (SELECT d.as_of FROM alquimista_platform.aggregated_days AS d ORDER BY d.date DESC LIMIT 1) AS as_of
        ) AS head
        LEFT JOIN LATERAL (
            SELECT t.id, t.name, t.cnpj, t.segment, t.plan, t.status, t.mrr_estimate, t.created_at, t.name_key,
                (SELECT count(*) FROM alquimista_platform.tenant_agents AS a
                    WHERE a.tenant_id = t.id AND a.status = 'active') AS active_agents,
                (SELECT count(*) FROM alquimista_platform.tenant_users AS u
                    WHERE u.tenant_id = t.id AND u.disabled_at IS NULL) AS active_users,
                (SELECT coalesce(sum(d.total_requests), 0) FROM alquimista_platform.tenant_requests_daily AS d
                    WHERE d.tenant_id = t.id AND d.date BETWEEN ",
    );
    sql.push_bind(range.from).push(" AND ").push_bind(range.to);
    sql.push(") AS requests FROM (");
    push_page(&mut sql, filter, window);
    sql.push(
        ") AS chosen JOIN alquimista_platform.tenants AS t ON t.id = chosen.id) AS page ON true ORDER BY ",
    );
    push_order(&mut sql, "page.", filter);
    sql
}

/// The conditions of the filter, joined by AND.
fn push_filter(sql: &mut QueryBuilder<Postgres>, filter: &TenantFilter) {
    let mut conditions = sql.separated(" AND ");
    conditions.push("true");
    if let Some(status) = filter.status.status() {
        conditions.push("status = ").push_bind_unseparated(status.as_str());
    }
    if let Some(plan) = &filter.plan {
        conditions.push("plan = ").push_bind_unseparated(plan.clone());
    }
    if let Some(segment) = &filter.segment {
        conditions.push("segment = ").push_bind_unseparated(segment.clone());
    }
    if let Some(search) = &filter.search {
        conditions.push("(name_key LIKE alquimista_platform.fold_name(");
        conditions.push_bind_unseparated(search.pattern()).push_unseparated(")");
        if let Some(pattern) = search.cnpj_pattern() {
            match search.whole_cnpj() {
                // All of one: its unique index is read once, that of parts for each three characters.
                Some(cnpj) => {
                    conditions.push_unseparated(" OR cnpj = ").push_bind_unseparated(cnpj);
                    conditions.push_unseparated("::bpchar");
                }
                None => {
                    conditions.push_unseparated(" OR cnpj::text LIKE ").push_bind_unseparated(pattern);
                }
            }
        }
        conditions.push_unseparated(")");
    }
}

/// How many companies the filter means: what was found, or what the counters say.
fn push_total(sql: &mut QueryBuilder<Postgres>, filter: &TenantFilter) {
    if filter.search.is_some() {
        sql.push("(SELECT count(*) FROM found)");
    } else {
        sql.push("(SELECT coalesce(sum(tenants), 0) FROM alquimista_platform.tenant_counts WHERE ");
        push_filter(sql, filter);
        sql.push(")");
    }
}

fn push_order(sql: &mut QueryBuilder<Postgres>, table: &str, filter: &TenantFilter) {
    let direction = filter.order.keyword();
    sql.push(table).push(filter.sort_by.column()).push(" ").push(direction);
    // Where there are no NULLs, saying where they go would keep an index from being read backwards.
    sql.push(if filter.sort_by == SortBy::MrrEstimate { " NULLS LAST, " } else { ", " });
    sql.push(table).push("id ").push(direction);
}

/// The ids of the page.
fn push_page(sql: &mut QueryBuilder<Postgres>, filter: &TenantFilter, window: &Window<Position>) {
    match &window.after {
        None => {
            push_rows(sql, filter, |_| {}, window.limit);
            sql.push(" OFFSET ").push_bind(window.offset);
        }
        Some(Position(SortKey::MrrEstimate(Some(price)), id)) => {
            // Two ranges of the index, because a comparison of rows leaves out those without a price.
            sql.push("(");
            push_rows(sql, filter, |sql| push_behind(sql, filter, *price, *id), window.limit);
            sql.push(") UNION ALL (");
            push_rows(sql, filter, without_price, window.limit);
            sql.push(") ORDER BY ");
            push_order(sql, "", filter);
            sql.push(" LIMIT ").push_bind(window.limit);
        }
        Some(Position(SortKey::MrrEstimate(None), id)) => {
            let behind = |sql: &mut QueryBuilder<Postgres>| {
                sql.push(" AND mrr_estimate IS NULL AND id").push(filter.order.comparison()).push_bind(*id);
            };
            push_rows(sql, filter, behind, window.limit);
        }
        Some(Position(SortKey::Name(name), id)) => {
            let behind = |sql: &mut QueryBuilder<Postgres>| {
                sql.push(" AND (name_key, id)").push(filter.order.comparison());
                sql.push("(alquimista_platform.fold_name(").push_bind(name.clone()).push("), ");
                sql.push_bind(*id).push(")");
            };
            push_rows(sql, filter, behind, window.limit);
        }
        Some(Position(SortKey::CreatedAt(at), id)) => {
            push_rows(sql, filter, |sql| push_behind(sql, filter, *at, *id), window.limit);
        }
    }
}

fn without_price(sql: &mut QueryBuilder<Postgres>) {
    sql.push(" AND mrr_estimate IS NULL");
}

fn push_rows(
    sql: &mut QueryBuilder<Postgres>,
    filter: &TenantFilter,
    behind: impl FnOnce(&mut QueryBuilder<Postgres>),
    limit: i64,
) {
    sql.push("SELECT id, ").push(filter.sort_by.column());
    if filter.search.is_some() {
        sql.push(" FROM found WHERE true");
    } else {
        sql.push(" FROM alquimista_platform.tenants WHERE ");
        push_filter(sql, filter);
    }
    behind(sql);
    sql.push(" ORDER BY ");
    push_order(sql, "", filter);
    sql.push(" LIMIT ").push_bind(limit);
}

fn push_behind<'a, T>(sql: &mut QueryBuilder<Postgres>, filter: &TenantFilter, key: T, id: Uuid)
where
    T: sqlx::Encode<'a, Postgres> + sqlx::Type<Postgres> + Send + 'a,
{
    sql.push(" AND (").push(filter.sort_by.column()).push(", id)").push(filter.order.comparison());
    sql.push("(").push_bind(key).push(", ").push_bind(id).push(")");
}
