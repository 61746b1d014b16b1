//! How a function ends.

use std::io;
use std::time::Duration;

use http::Request;
use lambda_runtime_api_client::body::Body;
use lambda_runtime_api_client::{BoxError, Client};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Lambda gives a function with an internal extension half a second between SIGTERM and SIGKILL (its developer guide,
/// "Shutdown phase").
const LETTING_GO: Duration = Duration::from_millis(400);
/// The service is on the same machine.
const REGISTERING: Duration = Duration::from_secs(1);
const NAME: &str = "let-go";

/// Waits for the end: lets go of what the function opened, so that a database doesn't keep sessions of environments that
/// are no more until it finds out for itself.
///
/// Lambda sends SIGTERM only to functions with an extension. Ours is internal, hears of no events, and costs a call of
/// a local service while the function initialises. Where none can be registered, SIGTERM means the same.
pub struct Stop {
    terminate: Signal,
    registering: JoinHandle<()>,
}

impl Stop {
    /// Begins to listen. Called within a runtime, before the function waits for anything else: registering goes on beside it.
    pub fn listen() -> io::Result<Self> {
        let terminate = signal(SignalKind::terminate())?;
        let registering = tokio::spawn(async {
            match timeout(REGISTERING, register()).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::debug!(%error, "no extension"),
                Err(_) => tracing::debug!("no extension in time"),
            }
        });
        Ok(Self { terminate, registering })
    }

    /// Runs the function until it ends by itself or is told to, and then lets go, for as long as there is time.
    pub fn or<E>(
        mut self,
        run: impl Future<Output = Result<(), E>>,
        let_go: impl Future<Output = ()>,
    ) -> impl Future<Output = Result<(), E>> {
        // All that an invocation may be is in it: it isn't moved about.
        let run = Box::pin(run);
        async move {
            // Extensions have to be registered before the function asks for its first invocation.
            let _ = self.registering.await;
            tokio::select! {
                ended = run => return ended,
                _ = self.terminate.recv() => {}
            }
            if timeout(LETTING_GO, let_go).await.is_err() {
                tracing::warn!("stopped before everything was let go");
            }
            Ok(())
        }
    }
}

/// Registers an extension for no events, and asks for the next of them: initialisation ends when all extensions have.
async fn register() -> Result<(), BoxError> {
    let client = Client::builder().build()?;
    let registration = Request::post("/2020-01-01/extension/register")
        .header("Lambda-Extension-Name", NAME)
        .body(Body::from(r#"{"events":[]}"#.to_owned()))?;
    let answer = client.call(registration).await?;
    let Some(id) =
        answer.headers().get("Lambda-Extension-Identifier").filter(|_| answer.status().is_success())
    else {
        return Err(format!("the service answered {}", answer.status()).into());
    };
    let next = Request::get("/2020-01-01/extension/event/next")
        .header("Lambda-Extension-Identifier", id)
        .body(Body::empty())?;
    // Answered never, or with the end, of which the signal tells.
    tokio::spawn(client.call(next));
    Ok(())
}
