//! Stands between an executor and the emulator, and lets a test decide what becomes of each call.

use std::sync::{Arc, Mutex};

use aws_config::SdkConfig;
use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use test_support::Emulator;
use tokio::sync::Notify;

/// What becomes of a call.
pub(crate) enum Verdict {
    /// It is made.
    Pass,
    /// It is not made; this is answered.
    Answer(StatusCode, Value),
    /// It is not made, and never answered.
    HangBefore,
    /// It is made, and never answered.
    HangAfter,
    /// It is made, and the way back breaks down.
    LoseAnswer,
}

/// A call: which it is since the proxy was made, `SendMessageBatch` or the like, and with what.
pub(crate) struct Call<'a> {
    pub(crate) number: usize,
    pub(crate) action: &'a str,
    pub(crate) body: &'a Value,
}

type Judge = Box<dyn FnMut(&Call<'_>) -> Verdict + Send>;

pub(crate) struct Proxy {
    url: String,
    shared: Arc<Shared>,
}

struct Shared {
    emulator: String,
    client: reqwest::Client,
    made: Mutex<Vec<String>>,
    judge: Mutex<Judge>,
    hung: Notify,
}

impl Proxy {
    /// A proxy that lets this function decide.
    pub(crate) async fn new(
        emulator: &Emulator,
        judge: impl FnMut(&Call<'_>) -> Verdict + Send + 'static,
    ) -> Self {
        let shared = Arc::new(Shared {
            emulator: emulator.endpoint().to_owned(),
            client: reqwest::Client::new(),
            made: Mutex::default(),
            judge: Mutex::new(Box::new(judge)),
            hung: Notify::new(),
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(forward).with_state(Arc::clone(&shared));
        tokio::spawn(axum::serve(listener, router).into_future());
        Self { url, shared }
    }

    /// What clients are made from that go through it.
    pub(crate) fn config(&self, emulator: &Emulator) -> SdkConfig {
        emulator.config_at(&self.url)
    }

    /// Waits until a call hangs.
    pub(crate) async fn hung(&self) {
        self.shared.hung.notified().await;
    }

    /// The calls so far, by action.
    pub(crate) fn calls(&self) -> Vec<String> {
        self.shared.made.lock().unwrap().clone()
    }
}

async fn forward(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let target = head.headers["x-amz-target"].to_str().unwrap();
    let action = target.rsplit('.').next().unwrap().to_owned();
    let number = {
        let mut made = shared.made.lock().unwrap();
        made.push(action.clone());
        made.len() - 1
    };
    // Not every body of DynamoDB is one for serde_json: a number it has written itself looks like nothing it knows.
    let parsed = serde_json::from_slice(&body).unwrap_or_default();
    let verdict = (shared.judge.lock().unwrap())(&Call { number, action: &action, body: &parsed });
    match verdict {
        Verdict::Pass => shared.pass(&head.headers, body).await,
        Verdict::Answer(status, body) => {
            (status, [("content-type", "application/x-amz-json-1.0")], body.to_string()).into_response()
        }
        Verdict::HangBefore => shared.hang().await,
        Verdict::HangAfter => {
            shared.pass(&head.headers, body).await;
            shared.hang().await
        }
        Verdict::LoseAnswer => {
            shared.pass(&head.headers, body).await;
            (StatusCode::BAD_GATEWAY, "the way back broke down").into_response()
        }
    }
}

impl Shared {
    async fn pass(&self, headers: &HeaderMap, body: Bytes) -> Response {
        let mut headers = headers.clone();
        headers.remove("host");
        let sent = self.client.post(&self.emulator).headers(headers).body(body).send().await.unwrap();
        let (status, mut headers) = (sent.status(), sent.headers().clone());
        for hop in ["transfer-encoding", "content-length", "connection"] {
            headers.remove(hop);
        }
        (status, headers, sent.bytes().await.unwrap()).into_response()
    }

    async fn hang(&self) -> Response {
        self.hung.notify_one();
        std::future::pending().await
    }
}
