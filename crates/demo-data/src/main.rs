//! Makes demo data for a migrated, empty database.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Instant;

use anyhow::Context;
use clap::{Parser, Subcommand, ValueEnum};
use demo_data::companies::Status;
use demo_data::{
    BulkScale, Loaded, Outcome, Refreshed, Seed, SignedUpUser, demo_users, load, load_bulk, load_requests,
};
use sqlx::{Connection, PgConnection};

/// Makes demo data: a believable platform that follows from a seed.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Print the demo users as JSON, for the user pool. Needs no database.
    Users {
        /// What everything follows from.
        #[arg(long, default_value_t = Seed::DEFAULT.0)]
        seed: u64,
    },
    /// Load a platform with its history into a migrated database. One that has tenants keeps them.
    Load {
        /// Where; without a password it is taken from PGPASSFILE. The login must be a member of `app_owner`.
        #[arg(long)]
        database_url: String,
        /// The demo users with the `sub` that the user pool gave each. Needed for the demo's scale only.
        #[arg(long)]
        users: Option<PathBuf>,
        /// What everything follows from.
        #[arg(long, default_value_t = Seed::DEFAULT.0)]
        seed: u64,
        /// How large a platform.
        #[arg(long, value_enum, default_value_t = Scale::Demo)]
        scale: Scale,
    },
    /// Make raw requests on yesterday's date for a platform of the scale `s` or `l`, and roll nothing up.
    Requests {
        /// Where; without a password it is taken from PGPASSFILE. The login must be a member of `app_owner`.
        #[arg(long)]
        database_url: String,
        /// How many.
        #[arg(long, default_value_t = 10_000_000)]
        rows: i64,
        /// What everything follows from.
        #[arg(long, default_value_t = Seed::DEFAULT.0)]
        seed: u64,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum Scale {
    /// 53 companies, 90 days of raw requests.
    Demo,
    /// For measuring: 1,000 companies, 180 days of rollups.
    S,
    /// For measuring: 20,000 companies, 180 days of rollups.
    L,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    match Arguments::parse().command {
        Command::Users { seed } => {
            serde_json::to_writer_pretty(&mut out, &demo_users(Seed(seed)))?;
            writeln!(out)?;
        }
        Command::Load { database_url, users, seed, scale: Scale::Demo } => {
            let started = Instant::now();
            let users = read_users(&users.context("the demo's scale needs --users")?)?;
            let mut connection = connect(&database_url).await?;
            let outcome = load(&mut connection, Seed(seed), &users).await?;
            connection.close().await?;
            match outcome {
                Outcome::Loaded(loaded) => write!(out, "{}", summary(&loaded, started))?,
                Outcome::AlreadyThere(Refreshed { changed, missing }) => {
                    writeln!(
                        out,
                        "The database has tenants already: nothing loaded, {changed} demo users updated."
                    )?;
                    if missing > 0 {
                        writeln!(
                            out,
                            "{missing} demo users are not in it: its tenants are others, or of another seed."
                        )?;
                    }
                }
            }
        }
        Command::Load { database_url, users: _, seed, scale: scale @ (Scale::S | Scale::L) } => {
            let started = Instant::now();
            let scale = if matches!(scale, Scale::S) { BulkScale::Small } else { BulkScale::Large };
            let mut connection = connect(&database_url).await?;
            let rows = load_bulk(&mut connection, Seed(seed), scale).await?;
            connection.close().await?;
            writeln!(
                out,
                "{} tenants with {rows} rows of usage loaded in {:.1} s (seed {seed}).",
                scale.tenants(),
                started.elapsed().as_secs_f64()
            )?;
        }
        Command::Requests { database_url, rows, seed } => {
            let started = Instant::now();
            let mut connection = connect(&database_url).await?;
            let day = load_requests(&mut connection, Seed(seed), rows).await?;
            connection.close().await?;
            writeln!(out, "{rows} requests made on {day} in {:.1} s.", started.elapsed().as_secs_f64())?;
        }
    }
    Ok(())
}

async fn connect(database_url: &str) -> anyhow::Result<PgConnection> {
    PgConnection::connect(database_url).await.context("the database can't be reached")
}

fn read_users(path: &PathBuf) -> anyhow::Result<Vec<SignedUpUser>> {
    let text = fs::read_to_string(path).with_context(|| format!("{} can't be read", path.display()))?;
    serde_json::from_str(&text)
        .with_context(|| format!("{} is no list of users with email, tenant_id and sub", path.display()))
}

fn summary(loaded: &Loaded, started: Instant) -> String {
    let platform = &loaded.platform;
    let active = platform.companies.iter().filter(|company| company.is_active_at(platform.now)).count();
    let deployed = platform
        .deployments
        .iter()
        .filter(|d| d.history.last().is_some_and(|(_, s)| *s == Status::Active))
        .count();
    let open = platform.events.iter().filter(|e| e.kind == "incident" && e.resolved_at.is_none()).count();
    format!(
        "Demo data loaded in {:.1} s (seed {}):\n\
         \x20 {} tenants, {active} of them active; {} users; {} integrations\n\
         \x20 {} agents in the catalogue, deployed {} times, {deployed} of them active\n\
         \x20 {} incidents and maintenances, {open} incidents open\n\
         \x20 {} requests of {} days up to {}, rolled up\n\
         Next: sign in as one of the users of `demo-data users`, and look at {} or {}.\n",
        started.elapsed().as_secs_f64(),
        platform.seed.0,
        platform.companies.len(),
        platform.people.len(),
        platform.integrations.len(),
        platform.agents.len(),
        platform.deployments.len(),
        platform.events.len(),
        loaded.requests,
        demo_data::platform::DAYS,
        platform.now.format("%Y-%m-%d %H:%M UTC"),
        platform.companies[0].name,
        platform.companies[1].name,
    )
}
