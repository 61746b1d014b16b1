//! What fifty tenants have: every name, id and number tells whose it is.

use std::collections::BTreeSet;

use chrono::{DateTime, Days, NaiveDate, SecondsFormat, TimeDelta, Utc};
use data::cnpj::Cnpj;
use sqlx::{AssertSqlSafe, Executor};
use test_support::TestDatabase;

pub(crate) const TENANTS: i64 = 50;
/// An agent that everybody has.
pub(crate) const SHARED: &str = "00000000-0000-4000-8000-0000000000f1";
/// The longest period twice, a day more, and what clocks may be wrong by.
const DAYS: u64 = 181 + 2 * AHEAD;
/// Days after today that there is something of.
pub(crate) const AHEAD: u64 = 3;
/// Who uses an agent: two of its own, the shared one, none.
const USERS_OF_AGENTS: i64 = 4;

pub(crate) fn today() -> NaiveDate {
    Utc::now().date_naive()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Tenant(pub(crate) i64);

/// What an answer says of an incident.
pub(crate) struct Incident {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) scope: &'static str,
}

impl Tenant {
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        (0..TENANTS).map(Self)
    }

    fn uuid(self, kind: u16, number: i64) -> String {
        format!("d{:07}-0000-4000-8000-{kind:04x}{number:08x}", self.0)
    }

    pub(crate) fn id(self) -> String {
        self.uuid(0, 0)
    }

    /// A user's id in Cognito.
    pub(crate) fn sub(self, number: i64) -> String {
        self.uuid(1, number)
    }

    pub(crate) fn agent(self, number: i64) -> String {
        self.uuid(2, number)
    }

    pub(crate) fn integration(self, number: i64) -> String {
        self.uuid(3, number)
    }

    /// Stands in all of its texts.
    pub(crate) fn mark(self) -> String {
        format!("dono-{:02}", self.0)
    }

    pub(crate) fn cnpj(self) -> Cnpj {
        Cnpj::from_base(format!("DO{:03}ABC0001", self.0).into_bytes().try_into().unwrap()).unwrap()
    }

    pub(crate) const fn users(self) -> i64 {
        self.0 + 2
    }

    pub(crate) const fn integrations(self) -> i64 {
        2 + self.0 % 3
    }

    pub(crate) const fn response_time_ms(self) -> i64 {
        100 + self.0
    }

    const fn failed_a_day(self) -> i64 {
        self.0 + 1
    }

    /// Requests that one of the users of agents makes on a day.
    fn requests(self, user: i64, day: NaiveDate) -> i64 {
        (self.0 + 1) * 1_000 + user * 10 + (day - NaiveDate::default()).num_days() % 7
    }

    /// All requests, and those that failed, of one user of agents, or all, on these days.
    pub(crate) fn usage(self, user: Option<i64>, days: &[NaiveDate]) -> (i64, i64) {
        let users = || (0..USERS_OF_AGENTS).filter(|number| user.is_none_or(|user| user == *number));
        let total = days.iter().flat_map(|day| users().map(|user| self.requests(user, *day))).sum();
        let days_of_users = days.iter().flat_map(|_| users()).count();
        (total, self.failed_a_day() * i64::try_from(days_of_users).unwrap())
    }

    /// The users of agents: the agent's id and name, most requests first.
    pub(crate) fn users_of_agents(self) -> [(i64, Option<String>, String); 4] {
        [
            (3, None, "Sem agente".into()),
            (2, Some(SHARED.into()), "Todos".into()),
            (1, Some(self.agent(1)), format!("Agente 1 de {}", self.mark())),
            (0, Some(self.agent(0)), format!("Agente 0 de {}", self.mark())),
        ]
    }

    /// Its own incidents and everybody's, newest first.
    pub(crate) fn incidents(self) -> Vec<Incident> {
        let newest: DateTime<Utc> = "2026-01-02T00:00:00Z".parse().unwrap();
        let own = (0..self.0 + 3).map(|number| Incident {
            id: self.uuid(4, number),
            title: format!("Incidente {number} de {}", self.mark()),
            created_at: newest - TimeDelta::minutes(number),
            scope: "tenant",
        });
        let of_platform = (0..2).map(|number| Incident {
            id: format!("00000000-0000-4000-8000-00000000000{number}"),
            title: format!("Incidente {number} de todos"),
            created_at: newest - TimeDelta::seconds(90 * number + 30),
            scope: "platform",
        });
        let mut all: Vec<_> = own.chain(of_platform).collect();
        all.sort_by_key(|incident| std::cmp::Reverse(incident.created_at));
        all
    }

    /// The statements that insert all of it.
    fn insert(self, last: NaiveDate) -> String {
        let Self(number) = self;
        let (id, mark, cnpj) = (self.id(), self.mark(), self.cnpj());
        let (time, failed, users) = (self.response_time_ms(), self.failed_a_day(), self.users());
        let [one, two, suspended] = [0, 1, 2].map(|agent| self.agent(agent));
        let first = last - Days::new(DAYS);
        let status = ["active", "inactive", "suspended"][usize::try_from(number % 3).unwrap()];
        let rows = |rows: Vec<String>| rows.join(", ");
        let users = rows(
            (0..users)
                .map(|user| format!("('{id}', '{}', '{user}@{mark}', 'USER')", self.sub(user)))
                .collect(),
        );
        let integrations = (0..self.integrations()).map(|it| {
            format!(
                "('{}', '{id}', 'crm', 'Integração {it} de {mark}', 'erro de {mark}')",
                self.integration(it)
            )
        });
        let incidents = self.incidents().into_iter().filter(|incident| incident.scope == "tenant");
        let incidents = incidents.map(|incident| event(&incident, &format!("'{id}'"), &mark));
        format!(
            "INSERT INTO tenants (id, name, cnpj, segment, plan, status, mrr_estimate, max_agents, max_users,
                 max_requests_per_month)
             VALUES ('{id}', 'Empresa {mark}', '{}', 'Segmento de {mark}', 'starter', '{status}', 1000.07 + {number},
                 2000 + {number}, 1000 + {number}, 30000 + {number});
             INSERT INTO tenant_users (tenant_id, cognito_sub, email, role) VALUES {users};
             INSERT INTO agents (id, name, segment) SELECT a.id::uuid, 'Agente ' || a.number || ' de {mark}', '{mark}'
             FROM (VALUES (0, '{one}'), (1, '{two}'), (2, '{suspended}')) AS a (number, id);
             INSERT INTO tenant_agents (tenant_id, agent_id, status) VALUES ('{id}', '{one}', 'active'),
                 ('{id}', '{two}', 'active'), ('{id}', '{suspended}', 'suspended'), ('{id}', '{SHARED}', 'active');
             INSERT INTO tenant_integrations (id, tenant_id, integration_type, integration_name, last_error)
             VALUES {};
             INSERT INTO operational_events (id, event_type, severity, tenant_id, title, description, created_at)
             VALUES {};
             INSERT INTO tenant_usage_daily (tenant_id, agent_id, date, total_requests, successful_requests,
                 response_time_sum, response_time_count, response_time_buckets, response_time_counts, total_tokens_used,
                 last_request_at)
             SELECT '{id}', u.agent::uuid, d.day, r.requests, r.requests - {failed}, r.requests * {time}, r.requests,
                 ARRAY[response_time_bucket({time})], ARRAY[r.requests], r.requests * 7, now()
             FROM (VALUES (0, '{one}'), (1, '{two}'), (2, '{SHARED}'), (3, NULL)) AS u (number, agent),
                 LATERAL (SELECT day::date FROM generate_series('{first}'::date, '{last}', '1 day') AS day) AS d,
                 LATERAL (SELECT ({number} + 1) * 1000 + u.number * 10 + (d.day - '1970-01-01'::date) % 7) AS r (requests);",
            cnpj.as_str(),
            rows(integrations.collect()),
            rows(incidents.collect()),
        )
    }
}

fn event(incident: &Incident, tenant: &str, mark: &str) -> String {
    let Incident { id, title, created_at, .. } = incident;
    format!("('{id}', 'incident', 'warning', {tenant}, '{title}', 'Descrição de {mark}', '{created_at}')")
}

/// An instant as answers write it.
pub(crate) fn written(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Inserts what all of them have, until this day.
pub(crate) async fn insert(database: &TestDatabase, last: NaiveDate) {
    let mut owner = database.owner().await;
    let of_platform = Tenant(0).incidents().into_iter().filter(|incident| incident.scope == "platform");
    let of_platform = of_platform.map(|incident| event(&incident, "NULL", "todos")).collect::<Vec<_>>();
    let mut statements = format!(
        "INSERT INTO agents (id, name) VALUES ('{SHARED}', 'Todos');
         INSERT INTO operational_events (id, event_type, severity, tenant_id, title, description, created_at)
         VALUES {};
         INSERT INTO aggregated_days VALUES ('{last}', now(), 0, 0);",
        of_platform.join(", ")
    );
    statements.extend(Tenant::all().map(|tenant| tenant.insert(last)));
    owner.execute(sqlx::raw_sql(AssertSqlSafe(statements))).await.unwrap();
}

/// The tenants of whom something stands in a text: a name, an id, a CNPJ.
pub(crate) fn owners_in(text: &str) -> BTreeSet<Tenant> {
    let marks = [("dono-", 2), ("d00000", 2), ("DO.", 3)];
    let found = marks.into_iter().flat_map(|(mark, digits)| {
        text.match_indices(mark).filter_map(move |(at, _)| {
            let number = text.get(at + mark.len()..)?.get(..digits)?;
            number.parse().ok().map(Tenant)
        })
    });
    found.collect()
}
