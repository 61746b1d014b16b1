//! What is asked for: tenants, dates, names.

use chrono::{Datelike, NaiveDate, TimeDelta};
use data::Period;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::statement::{Value, Values};

/// So many tenants take turns.
const TENANTS: i64 = 64;

/// What the reads of one database ask for.
#[derive(Debug)]
pub(crate) struct Sample {
    /// The day that the data end on.
    pub(crate) today: NaiveDate,
    /// Active tenants with all of their five agents and requests on every day, in no particular order.
    pub(crate) tenants: Vec<Uuid>,
    /// The tenants' CNPJs.
    pub(crate) cnpjs: Vec<String>,
    /// Where a page far behind begins: half-way down the list of active tenants, at row 10,000 at most.
    pub(crate) deep: i64,
}

impl Sample {
    pub(crate) async fn take(connection: &mut PgConnection) -> anyhow::Result<Self> {
        let today = sqlx::query_scalar("SELECT max(date) FROM alquimista_platform.aggregated_days")
            .fetch_one(&mut *connection)
            .await?;
        let rows: Vec<(Uuid, String)> = sqlx::query_as(
            "SELECT t.id, t.cnpj::text
             FROM alquimista_platform.tenants AS t
             JOIN (
                 SELECT tenant_id FROM alquimista_platform.tenant_requests_daily WHERE date > $1 - 180
                 GROUP BY tenant_id HAVING count(*) = 180
             ) AS d ON d.tenant_id = t.id
             JOIN (
                 SELECT tenant_id FROM alquimista_platform.tenant_agents WHERE status = 'active'
                 GROUP BY tenant_id HAVING count(*) = 5
             ) AS a ON a.tenant_id = t.id
             WHERE t.status = 'active'
             ORDER BY md5(t.id::text) LIMIT $2",
        )
        .bind(today)
        .bind(TENANTS)
        .fetch_all(&mut *connection)
        .await?;
        anyhow::ensure!(!rows.is_empty(), "no tenant has requests on each of 180 days: load the data anew");
        let active: i64 =
            sqlx::query_scalar("SELECT count(*) FROM alquimista_platform.tenants WHERE status = 'active'")
                .fetch_one(&mut *connection)
                .await?;
        Ok(Self {
            today,
            tenants: rows.iter().map(|(id, _)| *id).collect(),
            cnpjs: rows.into_iter().map(|(_, cnpj)| cnpj).collect(),
            deep: (active / 2).min(10_000),
        })
    }

    /// The tenant whose turn it is.
    pub(crate) fn tenant(&self, round: usize) -> Uuid {
        self.tenants[round % self.tenants.len()]
    }

    /// Everything that a statement may ask for.
    pub(crate) fn values(&self, round: usize, period: Period) -> Values {
        let from = period.ending(self.today).from;
        let turn = round % self.tenants.len();
        Values::default()
            .with("tenant_id", Value::Uuid(self.tenants[turn]))
            .with("today", Value::Date(self.today))
            .with("month_begins", Value::Date(self.today.with_day(1).unwrap_or(self.today)))
            .with("month_from", Value::Date(Period::Month.ending(self.today).from))
            .with("week_from", Value::Date(Period::Week.ending(self.today).from))
            .with("from", Value::Date(from))
            // The design's periods begin that many days before today.
            .with("days", Value::Int((self.today - from + TimeDelta::days(1)).num_days()))
            .with("deep", Value::Int(self.deep))
    }
}
