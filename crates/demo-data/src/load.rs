//! Writes a platform into the database, all of it or nothing.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::postgres::PgConnection;
use sqlx::{Connection, Executor};
use uuid::Uuid;

use crate::catalogue::Agent;
use crate::companies::{Company, Status};
use crate::noise::Seed;
use crate::people::{SignedUpUser, demo_users};
use crate::platform::{Change, DAYS, Platform};
use crate::progress::Progress;
use crate::traffic::{Request, requests_of};

/// Why nothing was loaded. Everything happens in one transaction: a load that fails leaves no row behind.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The database refused something.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// The list of users isn't the one that this seed's `users` gave out.
    #[error(
        "{0} is no demo user of this seed: make the list again with `demo-data users` and the same --seed"
    )]
    UnknownUser(String),
    /// A platform for measuring is measured alone.
    #[error("the database has tenants already: a platform for measuring takes one without")]
    NotEmpty,
}

/// What a load came to.
#[derive(Debug)]
pub enum Outcome {
    /// The platform is there now.
    Loaded(Box<Loaded>),
    /// There were tenants already, and they stay as they are.
    AlreadyThere(Refreshed),
}

/// What became of the demo users in a database that had tenants already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Refreshed {
    /// Those who got another `sub`, the one that the user pool gave them.
    pub changed: i64,
    /// Those who aren't there: the tenants came from elsewhere, or from another seed.
    pub missing: i64,
}

/// What was written.
#[derive(Debug)]
pub struct Loaded {
    /// The platform, as it is in the database now.
    pub platform: Platform,
    /// Raw requests.
    pub requests: usize,
}

/// Loads the platform of this seed as of now, unless the database has tenants already. `users` are the demo users that
/// can sign in; the `sub` of everybody else is made up. The connection's login must be a member of `app_owner`.
pub async fn load(
    connection: &mut PgConnection,
    seed: Seed,
    users: &[SignedUpUser],
) -> Result<Outcome, LoadError> {
    check_users(seed, users)?;
    // From here on as the owner: it may date changes, and everybody's rows are its to write.
    connection.execute("SET ROLE app_owner; SET timezone = 'UTC'").await?;

    let mut tx = connection.begin().await?;
    // Two loads at once would both find an empty database.
    tx.execute("SELECT pg_advisory_xact_lock(hashtext('alquimista_platform.demo_data'))").await?;
    let (now, loaded): (DateTime<Utc>, bool) =
        sqlx::query_as("SELECT now(), EXISTS (SELECT FROM alquimista_platform.tenants)")
            .fetch_one(&mut *tx)
            .await?;
    if loaded {
        let refreshed = refresh_subs(&mut tx, users).await?;
        tx.commit().await?;
        return Ok(Outcome::AlreadyThere(refreshed));
    }

    let progress = Progress::new(DAYS.unsigned_abs(), "days", "requests");
    progress.says("companies, agents and their history");
    let platform = Platform::new(seed, now);
    insert_agents(&mut tx, &platform.agents).await?;
    replay_history(&mut tx, &platform).await?;
    insert_people(&mut tx, &platform, users).await?;
    insert_integrations(&mut tx, &platform).await?;
    insert_events(&mut tx, &platform).await?;
    let requests = load_days(&mut tx, &platform, &progress).await?;
    tx.commit().await?;

    progress.says("tidying up");
    tidy(connection).await?;
    progress.finish();
    Ok(Outcome::Loaded(Box::new(Loaded { platform, requests })))
}

/// A list made for another seed would give people's accounts to the wrong companies.
fn check_users(seed: Seed, users: &[SignedUpUser]) -> Result<(), LoadError> {
    let known = demo_users(seed);
    let unknown = users
        .iter()
        .find(|user| !known.iter().any(|k| k.email == user.email && k.tenant_id == user.tenant_id));
    unknown.map_or(Ok(()), |user| Err(LoadError::UnknownUser(user.email.clone())))
}

async fn refresh_subs(
    connection: &mut PgConnection,
    users: &[SignedUpUser],
) -> Result<Refreshed, sqlx::Error> {
    let mut refreshed = Refreshed::default();
    for user in users.iter().filter(|user| user.tenant_id.is_some()) {
        let (changed, missing): (i64, i64) = sqlx::query_as(
            "WITH changed AS (
                 UPDATE alquimista_platform.tenant_users SET cognito_sub = $3
                 WHERE tenant_id = $1 AND email = $2 AND cognito_sub <> $3 RETURNING id
             )
             SELECT (SELECT count(*) FROM changed), 1 - count(*)
             FROM alquimista_platform.tenant_users WHERE tenant_id = $1 AND email = $2",
        )
        .bind(user.tenant_id)
        .bind(&user.email)
        .bind(&user.sub)
        .fetch_one(&mut *connection)
        .await?;
        refreshed.changed += changed;
        refreshed.missing += missing;
    }
    Ok(refreshed)
}

/// Fills the catalogue.
pub(crate) async fn insert_agents(
    connection: &mut PgConnection,
    agents: &[Agent],
) -> Result<(), sqlx::Error> {
    for agent in agents {
        sqlx::query(
            "INSERT INTO alquimista_platform.agents (id, name, segment, created_at) VALUES ($1, $2, $3, $4)",
        )
        .bind(agent.id)
        .bind(agent.name)
        .bind(agent.segment)
        .bind(agent.created_at)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// Makes every change at its instant and leaves its record to the triggers.
async fn replay_history(connection: &mut PgConnection, platform: &Platform) -> Result<(), sqlx::Error> {
    for (at, change) in platform.changes() {
        date_changes(connection, Some(at)).await?;
        match change {
            Change::Joined(company, terms) => join(connection, company, at, terms).await?,
            Change::Agreed(company, terms) => {
                sqlx::query(
                    "UPDATE alquimista_platform.tenants SET plan = $2, status = $3, mrr_estimate = $4 WHERE id = $1",
                )
                .bind(company.id)
                .bind(terms.plan.as_str())
                .bind(terms.status.as_str())
                .bind(terms.price)
                .execute(&mut *connection)
                .await?;
            }
            Change::Deployed(deployment) => {
                sqlx::query(
                    "INSERT INTO alquimista_platform.tenant_agents
                         (id, tenant_id, agent_id, status, config, activated_at, created_at, updated_at)
                     VALUES ($1, $2, $3, 'active', $4, $5, $5, $5)",
                )
                .bind(deployment.id)
                .bind(platform.companies[deployment.company].id)
                .bind(platform.agents[deployment.agent].id)
                .bind(&deployment.config)
                .bind(at)
                .execute(&mut *connection)
                .await?;
            }
            Change::Switched(deployment, status) => {
                sqlx::query(
                    "UPDATE alquimista_platform.tenant_agents SET status = $2, deactivated_at = $3 WHERE id = $1",
                )
                .bind(deployment.id)
                .bind(status.as_str())
                .bind((status != Status::Active).then_some(at))
                .execute(&mut *connection)
                .await?;
            }
        }
    }
    date_changes(connection, None).await
}

/// From when on the next changes count; none: from now on.
async fn date_changes(connection: &mut PgConnection, at: Option<DateTime<Utc>>) -> Result<(), sqlx::Error> {
    sqlx::query("SELECT set_config('app.effective_at', $1, true)")
        .bind(at.map_or_else(String::new, |at| at.to_rfc3339()))
        .execute(connection)
        .await?;
    Ok(())
}

async fn join(
    connection: &mut PgConnection,
    company: &Company,
    at: DateTime<Utc>,
    terms: crate::companies::Terms,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO alquimista_platform.tenants
             (id, name, cnpj, segment, plan, status, mrr_estimate, max_agents, max_users, max_requests_per_month,
              created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)",
    )
    .bind(company.id)
    .bind(&company.name)
    .bind(company.cnpj.as_str())
    .bind(company.segment)
    .bind(terms.plan.as_str())
    .bind(terms.status.as_str())
    .bind(terms.price)
    .bind(company.limits.agents)
    .bind(company.limits.users)
    .bind(company.limits.requests)
    .bind(at)
    .execute(connection)
    .await?;
    Ok(())
}

async fn insert_people(
    connection: &mut PgConnection,
    platform: &Platform,
    users: &[SignedUpUser],
) -> Result<(), sqlx::Error> {
    for person in &platform.people {
        let signed_up = users.iter().find(|user| user.email == person.email);
        sqlx::query(
            "INSERT INTO alquimista_platform.tenant_users
                 (id, tenant_id, cognito_sub, email, full_name, role, created_at, updated_at, last_login_at, disabled_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, coalesce($9, $7), $8, $9)",
        )
        .bind(person.id)
        .bind(person.tenant_id)
        .bind(signed_up.map_or(&person.cognito_sub, |user| &user.sub))
        .bind(&person.email)
        .bind(&person.full_name)
        .bind(person.role)
        .bind(person.created_at)
        .bind(person.last_login_at)
        .bind(person.disabled_at)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

async fn insert_integrations(connection: &mut PgConnection, platform: &Platform) -> Result<(), sqlx::Error> {
    for integration in &platform.integrations {
        sqlx::query(
            "INSERT INTO alquimista_platform.tenant_integrations
                 (id, tenant_id, integration_type, integration_name, status, config, last_sync_at, last_error,
                  created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, coalesce($7, $9))",
        )
        .bind(integration.id)
        .bind(integration.tenant_id)
        .bind(integration.kind)
        .bind(&integration.name)
        .bind(integration.status)
        .bind(&integration.config)
        .bind(integration.last_sync_at)
        .bind(integration.last_error)
        .bind(integration.created_at)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

async fn insert_events(connection: &mut PgConnection, platform: &Platform) -> Result<(), sqlx::Error> {
    for event in &platform.events {
        sqlx::query(
            "INSERT INTO alquimista_platform.operational_events
                 (id, event_type, severity, tenant_id, title, description, metadata, created_at, resolved_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(event.id)
        .bind(event.kind)
        .bind(event.severity)
        .bind(event.tenant_id)
        .bind(&event.title)
        .bind(event.description)
        .bind(&event.metadata)
        .bind(event.created_at)
        .bind(event.resolved_at)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// Each day's requests, and their rollup.
async fn load_days(
    connection: &mut PgConnection,
    platform: &Platform,
    progress: &Progress,
) -> Result<usize, sqlx::Error> {
    sqlx::query("SELECT alquimista_platform.ensure_request_partitions($1, $2)")
        .bind(platform.days().next())
        .bind(i32::try_from(DAYS).unwrap_or(i32::MAX))
        .execute(&mut *connection)
        .await?;
    let mut loaded = 0;
    for day in platform.days() {
        let requests = requests_of(platform, day);
        loaded += requests.len();
        insert_requests(connection, requests).await?;
        aggregate(connection, day).await?;
        progress.step(loaded);
    }
    Ok(loaded)
}

/// One statement, arrays for columns: under row-level security, which binds the owner too, there is no COPY.
async fn insert_requests(connection: &mut PgConnection, requests: Vec<Request>) -> Result<(), sqlx::Error> {
    let ids: Vec<Uuid> = requests.iter().map(|request| request.id).collect();
    let tenants: Vec<Uuid> = requests.iter().map(|request| request.tenant_id).collect();
    let agents: Vec<Option<Uuid>> = requests.iter().map(|request| request.agent_id).collect();
    let statuses: Vec<&str> = requests.iter().map(|request| request.status).collect();
    let times: Vec<Option<i32>> = requests.iter().map(|request| request.response_time_ms).collect();
    let tokens: Vec<Option<i32>> = requests.iter().map(|request| request.tokens_used).collect();
    let instants: Vec<DateTime<Utc>> = requests.iter().map(|request| request.created_at).collect();
    sqlx::query(
        "INSERT INTO alquimista_platform.agent_requests
             (id, tenant_id, agent_id, status, response_time_ms, tokens_used, created_at)
         SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::int[], $6::int[], $7::timestamptz[])",
    )
    .bind(ids)
    .bind(tenants)
    .bind(agents)
    .bind(statuses)
    .bind(times)
    .bind(tokens)
    .bind(instants)
    .execute(connection)
    .await?;
    Ok(())
}

async fn aggregate(connection: &mut PgConnection, day: NaiveDate) -> Result<(), sqlx::Error> {
    sqlx::query("SELECT * FROM alquimista_platform.aggregate_day($1)").bind(day).execute(connection).await?;
    Ok(())
}

/// What autovacuum would get to in some minutes: the first reads should be as quick as all later ones.
async fn tidy(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    for statement in [
        "VACUUM (ANALYZE) alquimista_platform.tenants, alquimista_platform.tenant_users,
             alquimista_platform.tenant_agents, alquimista_platform.tenant_integrations,
             alquimista_platform.tenant_usage_daily, alquimista_platform.agent_usage_daily,
             alquimista_platform.platform_usage_daily, alquimista_platform.platform_usage_hourly,
             alquimista_platform.operational_events, alquimista_platform.tenant_mrr_changes,
             alquimista_platform.tenant_agent_changes, alquimista_platform.agents",
        "ANALYZE alquimista_platform.agent_requests",
        "RESET ROLE",
    ] {
        connection.execute(statement).await?;
    }
    Ok(())
}
