//! Between a client and an HTTP service: lets calls through, and does to some of them what networks and services do.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

/// A call on its way.
#[derive(Debug)]
pub struct Call {
    /// How many came before it.
    pub number: usize,
    /// What is asked of an AWS service: `DynamoDB_20120810.UpdateItem`.
    pub target: String,
    /// Its body.
    pub body: Bytes,
}

/// What becomes of a call.
pub enum Fate {
    /// It is answered.
    Pass,
    /// It is refused with this status and body, and never arrives.
    Refuse(u16, &'static str),
    /// It is answered with this status and body instead, and never arrives.
    Answer(u16, String),
    /// It arrives, and its answer is lost: a gateway says so.
    Lost,
    /// Something happens, and it never arrives.
    Before(Box<dyn Fn() + Send + Sync>),
    /// It arrives, something happens, and its answer is lost.
    After(Box<dyn Fn() + Send + Sync>),
    /// It is answered, but late.
    Late(Duration),
}

type Judge = dyn Fn(&Call) -> Fate + Send + Sync;

/// A proxy on a loopback port.
pub struct Interceptor {
    /// Where it listens.
    pub url: String,
    calls: Arc<AtomicUsize>,
}

struct Proxy {
    upstream: String,
    client: reqwest::Client,
    calls: Arc<AtomicUsize>,
    judge: Arc<Judge>,
}

impl Interceptor {
    /// Listens, and asks the judge about each call to the service behind.
    pub async fn start(upstream: &str, judge: impl Fn(&Call) -> Fate + Send + Sync + 'static) -> Self {
        let calls = Arc::new(AtomicUsize::new(0));
        let proxy = Proxy {
            upstream: upstream.to_owned(),
            client: reqwest::Client::new(),
            calls: Arc::clone(&calls),
            judge: Arc::new(judge),
        };
        let routes = Router::new().fallback(pass).with_state(Arc::new(proxy));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(axum::serve(listener, routes).into_future());
        Self { url, calls }
    }

    /// How many calls there were.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

async fn pass(State(proxy): State<Arc<Proxy>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let target = head.headers.get("x-amz-target").map_or("", |target| target.to_str().unwrap()).to_owned();
    let number = proxy.calls.fetch_add(1, Ordering::SeqCst);
    let call = Call { number, target, body };
    let fate = (proxy.judge)(&call);

    let forward = async {
        let url = format!("{}{}", proxy.upstream, head.uri);
        let mut headers = head.headers.clone();
        headers.remove(header::HOST);
        let sent = proxy.client.request(head.method.clone(), url).headers(headers).body(call.body.clone());
        let answer = sent.send().await.unwrap();
        let mut response = Response::builder().status(answer.status());
        let headers = response.headers_mut().unwrap();
        headers.extend(answer.headers().clone());
        headers.remove(header::TRANSFER_ENCODING);
        response.body(Body::from(answer.bytes().await.unwrap())).unwrap()
    };
    match fate {
        Fate::Pass => forward.await,
        Fate::Refuse(status, body) => json(status, body),
        Fate::Answer(status, body) => json(status, body),
        Fate::Lost => {
            forward.await;
            StatusCode::BAD_GATEWAY.into_response()
        }
        Fate::Before(happens) => {
            happens();
            std::future::pending().await
        }
        Fate::After(happens) => {
            forward.await;
            happens();
            std::future::pending().await
        }
        Fate::Late(by) => {
            let answer = forward.await;
            tokio::time::sleep(by).await;
            answer
        }
    }
}

fn json(status: u16, body: impl IntoResponse) -> Response {
    let headers = [(header::CONTENT_TYPE, "application/x-amz-json-1.0")];
    (StatusCode::from_u16(status).unwrap(), headers, body).into_response()
}
