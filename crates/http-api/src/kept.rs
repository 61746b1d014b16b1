//! Answers that are kept, as requests see them.

use auth_context::{Forms, Group, Groups, Operation, Permission};
use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use cache::{Cache, Found, Kept, Place, Space, Ticket};
use chrono::NaiveDate;
use http_body_util::BodyExt;
use lambda_http::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use lambda_http::http::{HeaderName, HeaderValue, Method, StatusCode};
use serde::Serialize;
use uuid::Uuid;

use crate::query::Asked;
use crate::{Format, Problem, Version};

/// How the cache served the answer, if it was asked.
pub(crate) const X_CACHE: HeaderName = HeaderName::from_static("x-cache");

/// Raised whenever answers change their shape or meaning: a release doesn't show what the one before it kept.
const SCHEMA: u32 = 1;

/// Why a handler goes no further.
pub enum Stop {
    /// The request can't be answered as asked.
    Refused(Problem),
    /// The answer is there already.
    Answered(Kept),
}

impl<E: Into<Problem>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Refused(error.into())
    }
}

impl IntoResponse for Stop {
    fn into_response(self) -> Response {
        match self {
            Self::Refused(problem) => problem.into_response(),
            Self::Answered(kept) => {
                let mut response = Body::from(kept.body).into_response();
                response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
                if let Some(version) = Version::read(kept.tag) {
                    response.extensions_mut().insert(version);
                }
                response
            }
        }
    }
}

/// How a request wants its answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wish {
    /// As a table.
    table: bool,
    /// Made anew.
    anew: bool,
    /// Its headers alone.
    head: bool,
}

impl Wish {
    pub(crate) fn of(request: &Request, permission: &Permission) -> Self {
        let directives = request.headers().get_all(CACHE_CONTROL).iter();
        let mut directives =
            directives.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
        Self {
            table: permission.forms == Forms::JsonOrCsv && Format::of(request.headers()) == Format::Csv,
            anew: directives.any(|directive| directive.trim().eq_ignore_ascii_case("no-cache")),
            head: request.method() == Method::HEAD,
        }
    }

    /// What the answer costs.
    pub(crate) fn cost(self, permission: &Permission) -> u32 {
        permission.cost(self.table, self.anew)
    }
}

/// What an answer depends on. No two different answers have the same of all of these.
#[derive(Serialize)]
pub(crate) struct Question<'a> {
    schema: u32,
    route: &'static str,
    rights: Vec<&'static str>,
    tenant: Option<Uuid>,
    /// Periods end today.
    today: NaiveDate,
    asked: &'a Asked,
}

impl<'a> Question<'a> {
    pub(crate) fn new(
        operation: Operation,
        groups: Groups,
        tenant: Option<Uuid>,
        today: NaiveDate,
        asked: &'a Asked,
    ) -> Self {
        let rights = groups.iter().map(Group::name).collect();
        Self { schema: SCHEMA, route: operation.permission().path, rights, tenant, today, asked }
    }
}

/// What became of looking for the answer to a request.
pub(crate) enum Looked {
    /// It was there.
    Hit,
    /// It was there, past its time.
    Stale,
    /// It wasn't; the one that is made is to be kept.
    Miss(Ticket),
    /// It was not looked for.
    Bypass,
}

/// Looks for the answer, if answers to such requests are kept.
pub(crate) async fn look_up(
    cache: &Cache,
    permission: &Permission,
    wish: Wish,
    question: &Question<'_>,
) -> Result<(Option<Looked>, Option<Kept>), Problem> {
    let Some(ttl) = permission.caching.ttl() else {
        return Ok((None, None));
    };
    if wish.table || wish.head {
        return Ok((Some(Looked::Bypass), None));
    }
    let bytes = serde_json::to_vec(question).map_err(Problem::internal)?;
    let space = question.tenant.map_or(Space::Platform, Space::Tenant);
    let (looked, kept) = match cache.find(&Place::new(&bytes, &[space, Space::Rollups], ttl), wish.anew).await
    {
        Found::Fresh(kept) => (Looked::Hit, Some(kept)),
        Found::Stale(kept) => (Looked::Stale, Some(kept)),
        Found::Missing(ticket) => (Looked::Miss(ticket), None),
        Found::Unavailable => (Looked::Bypass, None),
    };
    Ok((Some(looked), kept))
}

/// Keeps an answer that was made, and has each say where it comes from.
pub(crate) async fn settle(cache: &Cache, looked: Looked, response: Response) -> Response {
    let (told, mut response) = match looked {
        Looked::Hit => ("HIT", response),
        Looked::Stale => ("STALE", response),
        Looked::Miss(ticket) => ("MISS", keep(cache, ticket, response).await),
        Looked::Bypass => ("BYPASS", response),
    };
    if response.status() == StatusCode::OK {
        response.headers_mut().insert(X_CACHE, HeaderValue::from_static(told));
    }
    response
}

async fn keep(cache: &Cache, ticket: Ticket, response: Response) -> Response {
    if response.status() != StatusCode::OK {
        cache.give_up(ticket).await;
        return response;
    }
    let (head, body) = response.into_parts();
    // Bodies are made in memory: collecting one neither waits nor fails.
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let tag = head.extensions.get().map(Version::text).unwrap_or_default();
    cache.keep(ticket, &Kept { tag, body: body.to_vec() }).await;
    Response::from_parts(head, Body::from(body))
}
