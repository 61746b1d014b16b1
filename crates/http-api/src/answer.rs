//! Answers that are not errors.

use aws_lc_rs::digest;
use axum::Json;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, SecondsFormat, Utc};
use headers::{ETag, HeaderMapExt, IfNoneMatch};
use http_body_util::BodyExt;
use lambda_http::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

/// A JSON body with status 200.
pub struct Answer<T>(pub T);

impl<T: Serialize> IntoResponse for Answer<T> {
    fn into_response(self) -> Response {
        Json(self.0).into_response()
    }
}

/// An instant as the API writes it: RFC 3339 in UTC with `Z` and milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ToSchema)]
#[schema(value_type = String, format = DateTime, example = "2026-11-23T20:33:23.790Z")]
pub struct Instant(pub DateTime<Utc>);

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

/// Lets a client keep a 200 to a GET and ask whether it still holds: adds the headers, answers 304 where it does.
pub(crate) async fn revalidate(method: &Method, request: &HeaderMap, response: Response) -> Response {
    if response.status() != StatusCode::OK || !matches!(*method, Method::GET | Method::HEAD) {
        return response;
    }
    let (mut head, body) = response.into_parts();
    // Bodies are made in memory: collecting one neither waits nor fails.
    let bytes = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let tag = entity_tag(&bytes);
    let unchanged = request
        .typed_get::<IfNoneMatch>()
        .zip(tag.clone())
        .is_some_and(|(known, tag)| !known.precondition_passes(&tag));
    if let Some(tag) = tag {
        head.headers.typed_insert(tag);
    }
    head.headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    head.headers.insert(header::VARY, HeaderValue::from_static("Authorization, Accept"));
    if unchanged {
        head.status = StatusCode::NOT_MODIFIED;
        head.headers.remove(header::CONTENT_TYPE);
        head.headers.remove(header::CONTENT_LENGTH);
        return Response::from_parts(head, Body::empty());
    }
    Response::from_parts(head, Body::from(bytes))
}

/// Half a SHA-256: enough that two bodies of one resource don't share a tag.
fn entity_tag(body: &[u8]) -> Option<ETag> {
    let digest = digest::digest(&digest::SHA256, body);
    let (bytes, _) = digest.as_ref().split_first_chunk()?;
    format!("\"{:032x}\"", u128::from_be_bytes(*bytes)).parse().ok()
}
