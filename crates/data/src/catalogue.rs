//! The catalogue of agents and its use.

use auth_context::InternalScope;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

use crate::database::read;
use crate::list::{Order, Search, Slice, Window, text};
use crate::usage::Usage;
use crate::{DataError, Database, DateRange};

/// What agents are sorted by; name and id break ties.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(default = "name")]
pub enum SortBy {
    /// The name, whatever its case and accents.
    Name,
    /// How often they are deployed.
    DeployedCount,
    /// How often they are asked.
    TotalRequests,
    /// How often they succeed; those that are never asked as 0.
    SuccessRate,
}

impl SortBy {
    /// Every choice with its name in the API.
    pub const CHOICES: &[(&str, Self)] = &[
        ("name", Self::Name),
        ("deployed_count", Self::DeployedCount),
        ("total_requests", Self::TotalRequests),
        ("success_rate", Self::SuccessRate),
    ];

    /// What of the statement's columns is compared before name and id.
    const fn column(self) -> &'static str {
        match self {
            // Every agent has the same.
            Self::Name => "0::numeric",
            Self::DeployedCount => "deployed::numeric",
            Self::TotalRequests => "total::numeric",
            Self::SuccessRate => "coalesce(round(successful * 100 / nullif(total, 0)::numeric, 2), 0)",
        }
    }
}

/// What is listed, and in which order.
#[derive(Clone, Debug)]
pub struct AgentFilter {
    /// Agents of this segment.
    pub segment: Option<String>,
    /// Those whose name contains this.
    pub search: Option<Search>,
    /// What they are sorted by.
    pub sort_by: SortBy,
    /// In which direction.
    pub order: Order,
}

/// An agent and its use by everybody.
#[derive(Clone, Debug)]
pub struct CatalogueAgent {
    /// Its id.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// Its segment.
    pub segment: Option<String>,
    /// When it joined the catalogue.
    pub created_at: DateTime<Utc>,
    /// Active tenants where it is active.
    pub deployed: i64,
    /// Its use in the days asked for.
    pub usage: Usage,
    /// When it was last asked, as far as that is rolled up.
    pub last_request_at: Option<DateTime<Utc>>,
    position: Position,
}

/// Where a page begins: behind this value, name and id.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Position(rust_decimal::Decimal, #[serde(deserialize_with = "text")] String, Uuid);

impl CatalogueAgent {
    /// The position behind it.
    #[must_use]
    pub fn position(&self) -> Position {
        self.position.clone()
    }
}

/// Some agents, and up to when their use is counted.
#[derive(Clone, Debug)]
pub struct Catalogue {
    /// The page.
    pub slice: Slice<CatalogueAgent>,
    /// Every request that had arrived by then is counted.
    pub as_of: Option<DateTime<Utc>>,
}

#[derive(sqlx::FromRow)]
struct Row {
    total_agents: i64,
    as_of: Option<DateTime<Utc>>,
    // From here on NULL where the page is empty.
    id: Option<Uuid>,
    name: Option<String>,
    segment: Option<String>,
    created_at: Option<DateTime<Utc>>,
    deployed: Option<i64>,
    total: Option<i64>,
    successful: Option<i64>,
    tokens: Option<i64>,
    time_sum: Option<i64>,
    time_count: Option<i64>,
    buckets: Option<Vec<i16>>,
    counts: Option<Vec<i64>>,
    last_request_at: Option<DateTime<Utc>>,
    sort_key: Option<rust_decimal::Decimal>,
}

/// A page of the catalogue, with its use in these days.
pub async fn list(
    database: &Database,
    scope: &InternalScope,
    filter: &AgentFilter,
    window: &Window<Position>,
    range: DateRange,
) -> Result<Catalogue, DataError> {
    let rows: Vec<Row> = read!(database, scope, |connection| statement(filter, window, range)
        .build_query_as()
        .fetch_all(connection));
    let (total, as_of) = rows.first().map_or((0, None), |row| (row.total_agents, row.as_of));
    let agents = rows.into_iter().filter_map(|row| {
        let (id, mut usage) = (row.id?, Usage::default());
        usage.total = row.total?;
        usage.successful = row.successful?;
        usage.tokens = row.tokens?;
        usage.time_sum = row.time_sum?;
        usage.time_count = row.time_count?;
        usage.add_histogram(&row.buckets.unwrap_or_default(), &row.counts.unwrap_or_default());
        let name = row.name?;
        Some(CatalogueAgent {
            id,
            name: name.clone(),
            segment: row.segment,
            created_at: row.created_at?,
            deployed: row.deployed?,
            usage,
            last_request_at: row.last_request_at,
            // The name as it is written: folded, it can be too long for a cursor.
            position: Position(row.sort_key?, name, id),
        })
    });
    Ok(Catalogue { slice: Slice { rows: agents.collect(), total }, as_of })
}

fn statement(filter: &AgentFilter, window: &Window<Position>, range: DateRange) -> QueryBuilder<Postgres> {
    let mut sql = QueryBuilder::new(
        "WITH agent AS MATERIALIZED (
            SELECT id, name, name_key, segment, created_at, deployed, total, successful, tokens, time_sum, time_count, ",
    );
    sql.push(filter.sort_by.column());
    sql.push(
        " AS sort_key
            FROM (
                SELECT a.id, a.name, a.name_key, a.segment, a.created_at, coalesce(c.deployed, 0)::bigint AS deployed,
                    coalesce(u.total, 0)::bigint AS total, coalesce(u.successful, 0)::bigint AS successful,
                    coalesce(u.tokens, 0)::bigint AS tokens, coalesce(u.time_sum, 0)::bigint AS time_sum,
                    coalesce(u.time_count, 0)::bigint AS time_count
                FROM alquimista_platform.agents AS a
                LEFT JOIN (
                    SELECT agent_id, sum(deployed) AS deployed FROM alquimista_platform.deployment_counts
                    GROUP BY agent_id
                ) AS c ON c.agent_id = a.id
                LEFT JOIN (
                    SELECT agent_id, sum(total_requests) AS total, sum(successful_requests) AS successful,
                        sum(total_tokens_used) AS tokens, sum(response_time_sum) AS time_sum,
                        sum(response_time_count) AS time_count
                    FROM alquimista_platform.agent_usage_daily WHERE date BETWEEN ",
    );
    sql.push_bind(range.from).push(" AND ").push_bind(range.to);
    sql.push(" GROUP BY agent_id) AS u ON u.agent_id = a.id WHERE true");
    if let Some(segment) = &filter.segment {
        sql.push(" AND a.segment = ").push_bind(segment.clone());
    }
    if let Some(search) = &filter.search {
        sql.push(" AND a.name_key LIKE alquimista_platform.fold_name(").push_bind(search.pattern()).push(")");
    }
    sql.push(
        ") AS used)
        SELECT head.total_agents, head.as_of, page.*, l.last_request_at, h.buckets, h.counts
        FROM (
            SELECT (SELECT count(*) FROM agent) AS total_agents,
                (SELECT d.as_of FROM alquimista_platform.aggregated_days AS d ORDER BY d.date DESC LIMIT 1) AS as_of
        ) AS head
        LEFT JOIN LATERAL (SELECT * FROM agent",
    );
    if let Some(Position(value, name, id)) = &window.after {
        sql.push(" WHERE (sort_key, name_key, id)").push(filter.order.comparison());
        sql.push("(")
            .push_bind(*value)
            .push(", alquimista_platform.fold_name(")
            .push_bind(name.clone())
            .push("), ")
            .push_bind(*id)
            .push(")");
    }
    let direction = filter.order.keyword();
    let order = |table: &str| {
        format!("{table}sort_key {direction}, {table}name_key {direction}, {table}id {direction}")
    };
    sql.push(" ORDER BY ").push(order("")).push(" LIMIT ").push_bind(window.limit);
    sql.push(" OFFSET ").push_bind(window.offset);
    sql.push(
        ") AS page ON true
        LEFT JOIN LATERAL (
            SELECT d.last_request_at FROM alquimista_platform.agent_usage_daily AS d
            WHERE d.agent_id = page.id ORDER BY d.date DESC LIMIT 1
        ) AS l ON true
        LEFT JOIN LATERAL (
            SELECT array_agg(b.bucket) AS buckets, array_agg(b.count) AS counts
            FROM (
                SELECT pair.bucket, sum(pair.count)::bigint AS count
                FROM alquimista_platform.agent_usage_daily AS d,
                    unnest(d.response_time_buckets, d.response_time_counts) AS pair (bucket, count)
                WHERE d.agent_id = page.id AND d.date BETWEEN ",
    );
    sql.push_bind(range.from).push(" AND ").push_bind(range.to);
    sql.push(" GROUP BY pair.bucket) AS b) AS h ON true ORDER BY ").push(order("page."));
    sql
}
