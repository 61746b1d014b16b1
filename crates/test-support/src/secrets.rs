//! Secrets Manager, as far as functions need it.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use data::Login;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

const READ: &str = "secretsmanager.GetSecretValue";

/// A service on a loopback port that hands out the secrets it was started with, by their ids, and knows nothing else.
pub struct SecretsManager {
    url: String,
}

impl SecretsManager {
    /// Starts to serve these ids and contents.
    pub async fn start(secrets: Vec<(String, Value)>) -> Self {
        let routes = Router::new().route("/", post(answer)).with_state(Arc::new(secrets));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(axum::serve(listener, routes).into_future());
        Self { url }
    }

    /// What a database's secret holds.
    #[must_use]
    pub fn content(login: &Login) -> Value {
        json!({"username": login.username, "password": login.password.expose_secret()})
    }

    /// Where it listens.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

async fn answer(
    State(secrets): State<Arc<Vec<(String, Value)>>>,
    headers: HeaderMap,
    body: axum::body::Bytes,
) -> Response {
    let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
    let reads = headers.get("x-amz-target").is_some_and(|target| target == READ);
    let found = secrets.iter().find(|(id, _)| reads && asked["SecretId"] == json!(id));
    let (status, answer) = match found {
        Some((id, content)) => (
            StatusCode::OK,
            json!({
                "ARN": id, "Name": id, "SecretString": content.to_string(), "CreatedDate": 0,
                "VersionId": "00000000-0000-4000-8000-000000000000", "VersionStages": ["AWSCURRENT"],
            }),
        ),
        None => (StatusCode::BAD_REQUEST, json!({"__type": "ResourceNotFoundException"})),
    };
    (status, [(header::CONTENT_TYPE, "application/x-amz-json-1.1")], answer.to_string()).into_response()
}
