//! Measures every read of the API and the nightly job against the design's own SQL and against the floor, a `SELECT 1` on
//! the same way. See docs/PERFORMANCE.md.

mod job;
mod lambda;
mod measure;
mod naive;
mod ratios;
mod reads;
mod report;
mod sample;
mod server;
mod statement;

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, Parser, Subcommand};
use data::schema;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection};

use crate::lambda::Contest;
use crate::measure::{Effort, Stage};
use crate::report::Report;
use crate::server::{Scale, Server, login};

/// The benchmark. `make bench` makes its databases and runs it.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Migrate a database, as a login that owns it.
    Migrate {
        /// The database.
        #[arg(long)]
        database_url: PgConnectOptions,
        /// The roles' passwords, in a file of libpq's format.
        #[arg(long)]
        passwords: PathBuf,
    },
    /// Make the design's own tables in a loaded database, and fill them from ours.
    Naive {
        /// The database, as a login that owns it.
        #[arg(long)]
        database_url: PgConnectOptions,
    },
    /// Measure.
    Run(RunArguments),
    /// Measure cold starts of the tenant API, beside Node.js.
    Cold(Contest),
    /// Measure its invocations, memory and cost, beside Node.js.
    Warm(Contest),
}

#[derive(Args)]
struct RunArguments {
    #[command(flatten)]
    server: Server,
    /// At 20,000 tenants (with 1,000 beside it, for comparison), or at 1,000 alone.
    #[arg(long, value_enum, default_value = "l")]
    scale: Scale,
    /// Fewer rounds: for trying things out, not for quoting.
    #[arg(long)]
    quick: bool,
    /// Rounds of each read, 200 unless told; what takes long is asked less often.
    #[arg(long)]
    iterations: Option<usize>,
    /// Also write the results there.
    #[arg(long)]
    json: Option<PathBuf>,
    /// Only what has this in its name; `job` is the nightly job.
    #[arg(long)]
    only: Option<String>,
    /// What the report says of the machine.
    #[arg(long, default_value = "unknown")]
    machine: String,
    /// What the report says of the build.
    #[arg(long, default_value = "unknown")]
    profile: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    match Arguments::parse().command {
        Command::Migrate { database_url, passwords } => migrate(database_url, &passwords).await,
        Command::Naive { database_url } => naive::fill(database_url).await,
        Command::Run(arguments) => run(arguments).await,
        Command::Cold(contest) => lambda::cold(contest).await,
        Command::Warm(contest) => lambda::warm(contest).await,
    }
}

async fn migrate(options: PgConnectOptions, passwords: &std::path::Path) -> anyhow::Result<()> {
    let logins = ["app_tenant", "app_internal", "app_commands", "app_jobs"]
        .map(|role| login(passwords, role))
        .into_iter()
        .collect::<Result<Vec<_>, _>>()?;
    let mut connection = options.connect().await.context("the database can't be reached")?;
    schema::migrate(&mut connection, &logins).await?;
    Ok(connection.close().await?)
}

async fn run(arguments: RunArguments) -> anyhow::Result<()> {
    let wanted = |name: &str| arguments.only.as_deref().is_none_or(|only| name.contains(only));
    let effort = Effort::new(arguments.quick, arguments.iterations);
    let scales = if arguments.scale == Scale::L { vec![Scale::L, Scale::S] } else { vec![Scale::S] };
    let mut stages = Vec::new();
    for scale in scales {
        stages.push(Stage::open(&arguments.server, scale).await?);
    }

    let mut results = Vec::new();
    for read in reads::READS.iter().filter(|read| wanted(read.name)) {
        progress(read.name);
        results.push(measure::read(&mut stages, read, effort).await?);
    }
    let job = if wanted("job") {
        Some(job::measure(&arguments.server, arguments.scale, arguments.quick).await?)
    } else {
        None
    };

    let settings = stages[0].settings().await?;
    let report = Report {
        scale: arguments.scale,
        quick: arguments.quick,
        iterations: effort.rounds,
        machine: arguments.machine,
        profile: arguments.profile,
        settings,
        checks: ratios::checks(&results, job.as_ref()),
        reads: results,
        job,
    };
    writeln!(io::stdout(), "{report}")?;
    if let Some(file) = &arguments.json {
        fs::write(file, serde_json::to_string_pretty(&report)?)
            .with_context(|| format!("{} can't be written", file.display()))?;
        progress(&format!("the same as JSON is in {}", file.display()));
    }
    Ok(())
}

/// Says on standard error what is going on.
fn progress(message: &str) {
    // Progress nobody can read is no reason to fail.
    let _ = writeln!(io::stderr(), "bench: {message}");
}
