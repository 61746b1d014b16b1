//! A function as Lambda runs it: its binary, in a process of its own, handed one invocation after the other.

use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use data::{DatabaseSettings, Tls};
use serde_json::Value;
use tokio::process::{Child, Command};
use tokio::sync::{mpsc, oneshot};

use crate::TestIssuer;

/// How much longer than its time an invocation may take before the test is over.
const GRACE: Duration = Duration::from_secs(5);

/// How an invocation ended.
#[derive(Debug)]
pub enum Invocation {
    /// With this answer.
    Answered(Value),
    /// With this error, as the function put it.
    Failed(Value),
    /// Not at all: the process is gone.
    Died,
}

/// An invocation, and how long the function had it.
#[derive(Debug)]
pub struct Timed {
    /// How it ended.
    pub invocation: Invocation,
    /// From when the event was handed over to when the answer had arrived.
    pub took: Duration,
    /// When the answer had arrived, since the process was started.
    pub since_start: Duration,
}

struct Pending {
    event: Bytes,
    deadline: SystemTime,
    answer: oneshot::Sender<Timed>,
}

/// What the function has in hand.
struct InHand {
    since: Instant,
    answer: oneshot::Sender<Timed>,
}

/// The service that functions ask for work.
struct Runtime {
    waiting: tokio::sync::Mutex<mpsc::Receiver<Pending>>,
    in_hand: Mutex<Option<InHand>>,
    started: Instant,
    first_asked: OnceLock<Duration>,
    has_extension: AtomicBool,
}

/// What a function of the API is told: where AWS answers, its database and the secret with its login, whose tokens it takes,
/// those of a [`TestIssuer`].
#[must_use]
pub fn api_environment(
    endpoint: &str,
    database: &DatabaseSettings,
    secret: &str,
    jwks_url: &str,
) -> Vec<(String, String)> {
    let tls = match database.database_tls {
        Tls::Disable => "disable",
        Tls::VerifyFull => "verify-full",
    };
    let authority =
        database.database_ca_file.as_ref().map(|file| ("DATABASE_CA_FILE", file.to_str().unwrap()));
    let told = [
        ("AWS_ENDPOINT_URL", endpoint),
        ("AWS_REGION", "sa-east-1"),
        ("AWS_ACCESS_KEY_ID", "local"),
        ("AWS_SECRET_ACCESS_KEY", "local"),
        ("DATABASE_HOST", &database.database_host),
        ("DATABASE_PORT", &database.database_port.to_string()),
        ("DATABASE_NAME", &database.database_name),
        ("DATABASE_TLS", tls),
        ("DATABASE_SECRET_ARN", secret),
        ("COGNITO_ISSUER", TestIssuer::ISSUER),
        ("COGNITO_JWKS_URL", jwks_url),
        ("COGNITO_CLIENT_IDS", TestIssuer::CLIENT),
        ("AWS_LAMBDA_HTTP_IGNORE_STAGE_IN_PATH", "true"),
    ];
    told.into_iter().chain(authority).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// A process of a function.
pub struct FunctionProcess {
    runtime: Arc<Runtime>,
    invocations: mpsc::Sender<Pending>,
    child: tokio::sync::Mutex<Child>,
    pid: u32,
    timeout: Duration,
}

impl FunctionProcess {
    /// Starts the binary with nothing but this environment, and Lambda's. Each invocation has so much time.
    pub async fn start(binary: &Path, environment: &[(String, String)], timeout: Duration) -> Self {
        let mut command = Command::new(binary);
        command.env_clear().envs(environment.iter().map(|(name, value)| (name, value)));
        Self::spawn(command, timeout).await
    }

    /// Starts this command, with Lambda's environment besides its own.
    pub async fn spawn(mut command: Command, timeout: Duration) -> Self {
        let (invocations, waiting) = mpsc::channel(1);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        command
            .env("AWS_LAMBDA_RUNTIME_API", address)
            .env("AWS_LAMBDA_FUNCTION_NAME", "function-under-test")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512")
            .env("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand")
            .env("AWS_LAMBDA_LOG_GROUP_NAME", "tests")
            .env("AWS_LAMBDA_LOG_STREAM_NAME", "tests")
            .stdout(Stdio::null())
            .kill_on_drop(true);

        let started = Instant::now();
        let child = command.spawn().unwrap();
        let runtime = Arc::new(Runtime {
            waiting: tokio::sync::Mutex::new(waiting),
            in_hand: Mutex::default(),
            started,
            first_asked: OnceLock::new(),
            has_extension: AtomicBool::default(),
        });
        let routes = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
            .route("/2020-01-01/extension/register", post(register))
            .route("/2020-01-01/extension/event/next", get(async || std::future::pending::<()>().await))
            .with_state(Arc::clone(&runtime));
        tokio::spawn(axum::serve(listener, routes).into_future());
        let pid = child.id().unwrap();
        Self { runtime, invocations, child: tokio::sync::Mutex::new(child), pid, timeout }
    }

    /// What the function makes of this event.
    pub async fn invoke(&self, event: Value) -> Invocation {
        self.invoke_timed(event.to_string().into()).await.invocation
    }

    /// What the function makes of this event, which is JSON, and how long it takes.
    pub async fn invoke_timed(&self, event: Bytes) -> Timed {
        let (answer, answered) = oneshot::channel();
        let deadline = SystemTime::now() + self.timeout;
        let mut child = self.child.lock().await;
        let asked = async {
            let pending = Pending { event, deadline, answer };
            if self.invocations.send(pending).await.is_err() {
                return self.died();
            }
            answered.await.unwrap_or_else(|_| self.died())
        };
        tokio::select! {
            timed = asked => timed,
            _ = child.wait() => self.died(),
            () = tokio::time::sleep(self.timeout + GRACE) => panic!("the function outlived its time"),
        }
    }

    /// Whether it has an extension, without which Lambda doesn't send SIGTERM.
    #[must_use]
    pub fn has_extension(&self) -> bool {
        self.runtime.has_extension.load(Ordering::SeqCst)
    }

    /// Sends SIGTERM, as Lambda does, and says how the process ended.
    pub async fn terminate(&self) -> ExitStatus {
        let pid = self.pid.to_string();
        std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap();
        let mut child = self.child.lock().await;
        tokio::time::timeout(GRACE, child.wait()).await.expect("the function outlived its end").unwrap()
    }

    fn died(&self) -> Timed {
        let since_start = self.runtime.started.elapsed();
        Timed { invocation: Invocation::Died, took: Duration::ZERO, since_start }
    }

    /// How long it took from its start to when it first asked for work: its initialisation.
    #[must_use]
    pub fn initialised(&self) -> Option<Duration> {
        self.runtime.first_asked.get().copied()
    }

    /// Its id, by which the system tells what it uses.
    #[must_use]
    pub const fn pid(&self) -> u32 {
        self.pid
    }

    /// Kills the process and waits for its end.
    pub async fn stop(self) {
        self.child.into_inner().kill().await.unwrap();
    }

    /// What kills the process, at once and without a word.
    pub fn killer(&self) -> impl Fn() + Send + Sync + 'static {
        let pid = self.pid.to_string();
        move || {
            std::process::Command::new("kill").args(["-9", &pid]).stderr(Stdio::null()).status().unwrap();
        }
    }
}

async fn next(State(runtime): State<Arc<Runtime>>) -> Response {
    runtime.first_asked.get_or_init(|| runtime.started.elapsed());
    let Some(pending) = runtime.waiting.lock().await.recv().await else {
        return StatusCode::GONE.into_response();
    };
    let deadline = pending.deadline.duration_since(UNIX_EPOCH).unwrap().as_millis().to_string();
    let id = uuid::Uuid::new_v4().to_string();
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("content-type", "application/json"),
        ("lambda-runtime-aws-request-id", id.as_str()),
        ("lambda-runtime-deadline-ms", deadline.as_str()),
        ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:sa-east-1:000000000000:function:tests"),
        (
            "lambda-runtime-trace-id",
            "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1",
        ),
    ] {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
    }
    *runtime.in_hand.lock().unwrap() = Some(InHand { since: Instant::now(), answer: pending.answer });
    (headers, pending.event).into_response()
}

async fn register(State(runtime): State<Arc<Runtime>>) -> impl IntoResponse {
    runtime.has_extension.store(true, Ordering::SeqCst);
    [("lambda-extension-identifier", "extension-1")]
}

// The runtime says of neither that it is JSON.
async fn response(State(runtime): State<Arc<Runtime>>, answer: Bytes) -> StatusCode {
    runtime.end(Instant::now(), Invocation::Answered(serde_json::from_slice(&answer).unwrap()))
}

async fn error(State(runtime): State<Arc<Runtime>>, error: Bytes) -> StatusCode {
    runtime.end(Instant::now(), Invocation::Failed(serde_json::from_slice(&error).unwrap()))
}

impl Runtime {
    fn end(&self, now: Instant, invocation: Invocation) -> StatusCode {
        if let Some(InHand { since, answer }) = self.in_hand.lock().unwrap().take() {
            let timed =
                Timed { invocation, took: now - since, since_start: now.duration_since(self.started) };
            // Nobody may be waiting any more.
            let _ = answer.send(timed);
        }
        StatusCode::ACCEPTED
    }
}
