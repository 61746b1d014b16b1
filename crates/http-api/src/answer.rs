//! Answers that are not errors.

use aws_lc_rs::digest;
use axum::Json;
use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, SecondsFormat, Utc};
use headers::{ETag, HeaderMapExt, IfNoneMatch};
use http_body_util::BodyExt;
use lambda_http::http::request::Parts;
use lambda_http::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use crate::Problem;

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

/// What goes before the dot in the entity tag of an answer: the version of what a change may be conditional on, while the
/// rest of the tag is that of the whole content. An extension of the response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version(String);

impl Version {
    /// The version of what this says.
    #[must_use]
    pub fn of(content: &impl Serialize) -> Self {
        let json = serde_json::to_vec(content).unwrap_or_default();
        let digest = digest::digest(&digest::SHA256, &json);
        let bytes = digest.as_ref().first_chunk().copied().unwrap_or_default();
        Self(format!("{:016x}", u64::from_be_bytes(bytes)))
    }

    /// What it is kept as.
    pub(crate) fn text(&self) -> String {
        self.0.clone()
    }

    /// What it was kept as; empty is none.
    pub(crate) fn read(text: String) -> Option<Self> {
        (!text.is_empty()).then_some(Self(text))
    }

    /// The header of an answer to a change, good for the next.
    #[must_use]
    pub fn header(&self) -> (header::HeaderName, String) {
        (header::ETAG, format!("\"{}\"", self.0))
    }
}

/// What a change is conditional on: `If-Match`.
#[derive(Clone, Debug)]
pub struct IfMatch(String);

impl IfMatch {
    /// Whether this version is one of those that the caller saw. Weak tags never are (RFC 9110, 13.1.1).
    #[must_use]
    pub fn is_met_by(&self, version: &Version) -> bool {
        self.0.split(',').map(str::trim).any(|tag| {
            let seen = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"'));
            tag == "*" || seen.is_some_and(|seen| seen.split('.').next() == Some(&version.0))
        })
    }
}

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let given = parts.headers.get_all(header::IF_MATCH).iter().filter_map(|value| value.to_str().ok());
        let given = given.collect::<Vec<_>>().join(",");
        if given.trim().is_empty() { Err(Problem::precondition_required()) } else { Ok(Self(given)) }
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
    let tag = entity_tag(head.extensions.get::<Version>(), &bytes);
    let unchanged =
        known(request).zip(tag.clone()).is_some_and(|(known, tag)| !known.precondition_passes(&tag));
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

/// The tags of what the client has. None of ours has a blank within, nor may another's (RFC 9110, section 8.8.3): the crate takes
/// that for impossible, and panics where debug assertions are on.
fn known(request: &HeaderMap) -> Option<IfNoneMatch> {
    let blank_within = |value: &HeaderValue| {
        let mut within = value.as_bytes().split(|&byte| byte == b'"').skip(1).step_by(2);
        within.any(|tag| tag.iter().any(u8::is_ascii_whitespace))
    };
    if request.get_all(header::IF_NONE_MATCH).iter().any(blank_within) { None } else { request.typed_get() }
}

/// Half a SHA-256: enough that two bodies of one resource don't share a tag.
fn entity_tag(version: Option<&Version>, body: &[u8]) -> Option<ETag> {
    let digest = digest::digest(&digest::SHA256, body);
    let (bytes, _) = digest.as_ref().split_first_chunk()?;
    let content = u128::from_be_bytes(*bytes);
    match version {
        Some(Version(version)) => format!("\"{version}.{content:032x}\""),
        None => format!("\"{content:032x}\""),
    }
    .parse()
    .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_conditional_on_the_version_alone() {
        let version = Version::of(&"now");
        let (_, tag) = version.header();
        let whole = entity_tag(Some(&version), b"content");
        let mut headers = HeaderMap::new();
        headers.typed_insert(whole.unwrap());
        let whole = headers[header::ETAG].to_str().unwrap();
        assert!(whole.len() > tag.len() && whole.starts_with(tag.trim_end_matches('"')));

        let met = |tags: &str| IfMatch(tags.to_owned()).is_met_by(&version);
        for tags in [tag.as_str(), whole, "*", &format!("\"x\", {whole}")] {
            assert!(met(tags), "{tags}");
        }
        let (_, other) = Version::of(&"before").header();
        for tags in [other.as_str(), &format!("W/{tag}"), tag.trim_matches('"'), "", "\"\"", "x"] {
            assert!(!met(tags), "{tags}");
        }
    }
    #[test]
    fn a_tag_with_a_blank_is_none() {
        let known = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::IF_NONE_MATCH, HeaderValue::from_bytes(value.as_bytes()).unwrap());
            known(&headers).is_some_and(|tags| !tags.precondition_passes(&"\"x.y\"".parse().unwrap()))
        };
        for one_of_them in ["\"x.y\"", "W/\"x.y\" , \"z\"", "\"z\",\t\"x.y\"", "*"] {
            assert!(known(one_of_them), "{one_of_them}");
        }
        for none in ["\"\tx.y\"", "\"x y\"", "W/\" \"", "\"z\", \"x.y \"", "\"x.y", "x.y", "\" "] {
            assert!(!known(none), "{none}");
        }
    }
}
