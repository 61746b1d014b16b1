//! An API as its callers see it: requests in, answers out.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::header::{self, HeaderName};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use serde_json::Value;
use tower::ServiceExt;

/// What a router answered.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The answer of this router to this request.
    pub async fn of(router: &Router, request: Request<Body>) -> Self {
        let response = router.clone().oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap().to_vec();
        Self { status: head.status, headers: head.headers, body }
    }

    /// The answer to somebody with this token who gets this.
    pub async fn to_get(router: &Router, path_and_query: &str, token: &str) -> Self {
        let request = Request::get(path_and_query).header(header::AUTHORIZATION, token);
        Self::of(router, request.body(Body::empty()).unwrap()).await
    }

    /// The answer to somebody with this token who sends this JSON, with these headers besides.
    pub async fn to_json(
        router: &Router,
        method: Method,
        path: &str,
        token: &str,
        headers: &[(HeaderName, &str)],
        body: &Value,
    ) -> Self {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::AUTHORIZATION, token)
            .header(header::CONTENT_TYPE, "application/json");
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        Self::of(router, request.body(Body::from(body.to_string())).unwrap()).await
    }

    /// The body as JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// A header's value; empty if it is not there.
    #[must_use]
    pub fn header(&self, name: HeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Asserts that this is the problem of that status and code, in the contract's shape.
    pub fn assert_problem(&self, status: StatusCode, code: &str) {
        let body = self.json();
        assert_eq!((self.status, body["code"].as_str()), (status, Some(code)), "{body}");
        assert_eq!(self.header(header::CONTENT_TYPE), "application/problem+json");
        assert_eq!(body["status"], status.as_u16());
        assert_eq!(self.headers["access-control-allow-origin"], "https://painel.example.com");
        assert_eq!(body["request_id"], self.headers["x-request-id"].to_str().unwrap());
        for field in ["type", "title", "detail", "error", "request_id"] {
            assert!(body[field].as_str().is_some_and(|text| !text.is_empty()), "{field}: {body}");
        }
    }
}
