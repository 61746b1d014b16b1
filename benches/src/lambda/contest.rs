//! Who is measured, and what everybody is given.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use clap::Args;
use serde_json::{Value, json};
use sqlx::postgres::PgConnectOptions;
use test_support::{FunctionProcess, Invocation, SecretsManager, TestIssuer, Timed, gateway_event};
use tokio::process::Command;
use uuid::Uuid;

use crate::server::login;

/// As the template has it.
const TIMEOUT: Duration = Duration::from_secs(10);
/// What Lambda's runtime of Node.js 24 tells V8 where a function has 512 MB: a 20th for what is young, nine tenths for the rest.
const OF_LAMBDA: [&str; 2] = ["--max-semi-space-size=25", "--max-old-space-size=460"];
/// Tokens outlive the longest run.
const TOKEN_SECONDS: u64 = 6 * 60 * 60;
/// An aggregation between two answers makes them differ; hardly ever twice.
const COMPARISONS: usize = 3;

/// What takes part, and where.
#[derive(Args, Clone, Debug)]
pub(crate) struct Contest {
    /// The tenant API, as it is deployed.
    #[arg(long)]
    function: PathBuf,
    /// The same, zipped.
    #[arg(long)]
    function_package: PathBuf,
    /// The function that does nothing.
    #[arg(long)]
    floor: PathBuf,
    /// The same, zipped.
    #[arg(long)]
    floor_package: PathBuf,
    /// Node.js.
    #[arg(long)]
    node: PathBuf,
    /// The bundle of what is compared.
    #[arg(long)]
    baseline: PathBuf,
    /// The same with the least of a client of the Runtime API.
    #[arg(long)]
    bare_baseline: PathBuf,
    /// The same, zipped.
    #[arg(long)]
    baseline_package: PathBuf,
    /// The database, as a superuser: whom row-level security doesn't bind.
    #[arg(long)]
    database_url: PgConnectOptions,
    /// The logins' passwords, in a file of libpq's format.
    #[arg(long)]
    passwords: PathBuf,
    /// PEM file of the authority that signed the database's certificate. Without one, connections aren't encrypted.
    #[arg(long)]
    authority: Option<PathBuf>,
    /// Whose data are asked for.
    #[arg(long)]
    tenant: Uuid,
    /// Fewer rounds: for trying things out, not for quoting.
    #[arg(long)]
    pub(crate) quick: bool,
    /// Invocations of a route that don't count, in which caches and compilers warm up.
    #[arg(long, default_value_t = 2000)]
    pub(crate) warm_up: usize,
    /// What the report says of the machine.
    #[arg(long, default_value = "unknown")]
    pub(crate) machine: String,
}

impl Contest {
    /// The number of rounds for this run, of those to quote and those to try things out.
    pub(crate) const fn choose(&self, (full, quick): (usize, usize)) -> usize {
        if self.quick { quick } else { full }
    }
}

/// One who takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Contestant {
    /// The tenant API.
    Ours,
    /// The same on Node.js.
    Node,
    /// The same on Node.js, with the least of a client of the Runtime API: what bounds don't speak of.
    Bare,
    /// A function that does nothing.
    Floor,
}

impl Contestant {
    pub(crate) const ALL: [Self; 4] = [Self::Ours, Self::Node, Self::Bare, Self::Floor];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Node => "Node.js",
            Self::Bare => "Node.js, bare",
            Self::Floor => "floor",
        }
    }
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// `GET /tenant/me`
    Me,
    /// `GET /tenant/usage`
    Usage,
}

impl Route {
    pub(crate) const ALL: [Self; 2] = [Self::Me, Self::Usage];

    pub(crate) const fn path(self) -> &'static str {
        match self {
            Self::Me => "/tenant/me",
            Self::Usage => "/tenant/usage",
        }
    }
}

/// One value for each of those who take part.
#[derive(Clone, Debug, Default)]
pub(crate) struct Each<T> {
    pub(crate) ours: T,
    pub(crate) node: T,
    pub(crate) bare: T,
    pub(crate) floor: T,
}

impl<T> Each<T> {
    pub(crate) const fn of(&self, contestant: Contestant) -> &T {
        match contestant {
            Contestant::Ours => &self.ours,
            Contestant::Node => &self.node,
            Contestant::Bare => &self.bare,
            Contestant::Floor => &self.floor,
        }
    }

    pub(crate) const fn of_mut(&mut self, contestant: Contestant) -> &mut T {
        match contestant {
            Contestant::Ours => &mut self.ours,
            Contestant::Node => &mut self.node,
            Contestant::Bare => &mut self.bare,
            Contestant::Floor => &mut self.floor,
        }
    }

    pub(crate) fn map<U>(&self, mut of: impl FnMut(&T) -> U) -> Each<U> {
        Each { ours: of(&self.ours), node: of(&self.node), bare: of(&self.bare), floor: of(&self.floor) }
    }
}

/// Everything that functions find around them: keys, secrets, the database. All answer at once, from this process.
pub(crate) struct Stage {
    contest: Contest,
    issuer: TestIssuer,
    secrets: SecretsManager,
    token: String,
    claims: Value,
    /// The packages' sizes in bytes.
    pub(crate) packages: Each<u64>,
}

impl Stage {
    /// Starts the services, and makes sure that both answer alike: otherwise there is nothing to compare.
    pub(crate) async fn set(contest: &Contest) -> anyhow::Result<Self> {
        let size = |file: &Path| {
            file.metadata().map(|data| data.len()).with_context(|| format!("{}", file.display()))
        };
        let superuser = contest.database_url.get_username();
        let secret =
            |role: &str| login(&contest.passwords, role).map(|login| SecretsManager::content(&login));
        let issuer = TestIssuer::start().await;
        let tenant = contest.tenant.to_string();
        let mut claims = TestIssuer::claims(&["TENANT_ADMIN"], Some(&tenant));
        claims["exp"] = json!(claims["iat"].as_u64().unwrap_or_default() + TOKEN_SECONDS);
        let stage = Self {
            secrets: SecretsManager::start(vec![
                ("ours".into(), secret("app_tenant")?),
                ("baseline".into(), secret(superuser)?),
            ])
            .await,
            token: issuer.sign(&claims),
            claims,
            packages: Each {
                ours: size(&contest.function_package)?,
                node: size(&contest.baseline_package)?,
                bare: size(&contest.baseline_package)?,
                floor: size(&contest.floor_package)?,
            },
            issuer,
            contest: contest.clone(),
        };
        stage.compare().await?;
        Ok(stage)
    }

    /// A new process.
    pub(crate) async fn start(&self, contestant: Contestant) -> FunctionProcess {
        let contest = &self.contest;
        let (program, bundle, secret) = match contestant {
            Contestant::Ours => (&contest.function, None, "ours"),
            Contestant::Node => (&contest.node, Some(&contest.baseline), "baseline"),
            Contestant::Bare => (&contest.node, Some(&contest.bare_baseline), "baseline"),
            // Another build of ours may stand in its place, to be compared with this one.
            Contestant::Floor => (&contest.floor, None, "ours"),
        };
        let mut command = Command::new(program);
        if let Some(bundle) = bundle {
            command.args(OF_LAMBDA).arg(bundle);
        }
        command.env_clear().envs([
            ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
            ("AWS_DEFAULT_REGION", "sa-east-1"),
            ("AWS_EXECUTION_ENV", "AWS_Lambda"),
            ("AWS_LAMBDA_HTTP_IGNORE_STAGE_IN_PATH", "true"),
            ("AWS_REGION", "sa-east-1"),
            ("AWS_SECRET_ACCESS_KEY", "example"),
            ("AWS_SESSION_TOKEN", "example"),
            ("COGNITO_CLIENT_IDS", TestIssuer::CLIENT),
            ("COGNITO_ISSUER", TestIssuer::ISSUER),
            ("DATABASE_HOST", contest.database_url.get_host()),
            ("DATABASE_NAME", contest.database_url.get_database().unwrap_or_default()),
            ("DATABASE_SECRET_ARN", secret),
            ("LANG", "en_US.UTF-8"),
            // Counted, as always, but reached by nobody.
            ("TENANT_LIMIT_BURST", "1000000"),
            ("TENANT_LIMIT_PER_SECOND", "1000000"),
            ("USER_LIMIT_BURST", "1000000"),
            ("USER_LIMIT_PER_SECOND", "1000000"),
            ("PATH", "/usr/local/bin:/usr/bin:/bin"),
            ("TZ", ":UTC"),
        ]);
        command.env("AWS_ENDPOINT_URL", self.secrets.url());
        command.env("COGNITO_JWKS_URL", self.issuer.jwks_url());
        command.env("DATABASE_PORT", contest.database_url.get_port().to_string());
        match &contest.authority {
            Some(file) => command.env("DATABASE_TLS", "verify-full").env("DATABASE_CA_FILE", file),
            None => command.env("DATABASE_TLS", "disable"),
        };
        FunctionProcess::spawn(command, TIMEOUT).await
    }

    /// What is asked, as a function gets it.
    pub(crate) fn event(&self, route: Route) -> Vec<u8> {
        gateway_event(route.path(), &self.token, &self.claims).to_string().into_bytes()
    }

    async fn compare(&self) -> anyhow::Result<()> {
        let (ours, node) = (self.start(Contestant::Ours).await, self.start(Contestant::Node).await);
        for route in Route::ALL {
            let mut bodies = (String::new(), String::new());
            for _ in 0..COMPARISONS {
                bodies = (self.body(&ours, route).await?, self.body(&node, route).await?);
                if bodies.0 == bodies.1 {
                    break;
                }
            }
            ensure!(bodies.0 == bodies.1, "{}: {}\nis not\n{}", route.path(), bodies.0, bodies.1);
        }
        ours.stop().await;
        node.stop().await;
        Ok(())
    }

    async fn body(&self, process: &FunctionProcess, route: Route) -> anyhow::Result<String> {
        let timed = process.invoke_timed(self.event(route).into()).await;
        let answer = answered(&timed)?;
        Ok(answer["body"].as_str().unwrap_or_default().to_owned())
    }
}

/// What the function answered, if it was what was asked for: an error is nobody's good time.
pub(crate) fn answered(timed: &Timed) -> anyhow::Result<&Value> {
    match &timed.invocation {
        Invocation::Answered(answer) if answer["statusCode"] == 200 => Ok(answer),
        other => bail!("the function answered {other:?}"),
    }
}
