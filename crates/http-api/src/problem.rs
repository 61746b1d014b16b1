//! Errors as answers: RFC 9457 problem details.

use std::borrow::Cow;
use std::fmt::Display;

use auth_context::{Denied, TokenError};
use axum::response::{IntoResponse, Response};
use data::DataError;
use headers::{HeaderMapExt, RetryAfter};
use lambda_http::http::{HeaderValue, StatusCode, header};
use serde::Serialize;

/// How long to wait after a 503: what is down is rarely back sooner.
const RETRY_AFTER: std::time::Duration = std::time::Duration::from_secs(5);

/// A part of the request that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InvalidInput {
    /// The query or path parameter.
    pub parameter: Cow<'static, str>,
    /// What it should be.
    pub message: Cow<'static, str>,
}

/// A request that can't be answered as asked. Becomes `application/problem+json` once [`Api`](crate::Api) knows the
/// request's id.
///
/// `detail` is for the caller and tells nothing of the inside; `cause` is for the log and never leaves.
#[derive(Clone, Debug)]
pub struct Problem {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) error: Cow<'static, str>,
    pub(crate) detail: Cow<'static, str>,
    pub(crate) errors: Vec<InvalidInput>,
    pub(crate) cause: Option<String>,
}

#[derive(Serialize)]
struct Body<'a> {
    r#type: String,
    title: &'static str,
    status: u16,
    detail: &'a str,
    error: &'a str,
    code: &'static str,
    request_id: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [InvalidInput],
}

impl Problem {
    fn new(
        status: StatusCode,
        code: &'static str,
        error: impl Into<Cow<'static, str>>,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { status, code, error: error.into(), detail: detail.into(), errors: Vec::new(), cause: None }
    }

    fn caused_by(self, cause: &dyn Display) -> Self {
        Self { cause: Some(cause.to_string()), ..self }
    }

    /// 400: parameters that are not as they should be, all of them.
    #[must_use]
    pub fn invalid_parameters(errors: Vec<InvalidInput>) -> Self {
        let names: Vec<_> = errors.iter().map(|input| input.parameter.as_ref()).collect();
        let error = format!("Bad Request: {}", names.join(", "));
        let detail = "Some parameters of the request are not valid; see errors.";
        Self { errors, ..Self::new(StatusCode::BAD_REQUEST, "invalid_parameter", error, detail) }
    }

    /// 401: nobody we know.
    #[must_use]
    pub fn unauthorized(cause: impl Display) -> Self {
        let detail = "A valid ID token is required in the Authorization header.";
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "Unauthorized", detail).caused_by(&cause)
    }

    /// 404: what the request names does not exist, or never did.
    #[must_use]
    pub fn not_found(detail: &'static str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "Not Found", detail)
    }

    /// 405. The router adds `Allow`.
    #[must_use]
    pub fn method_not_allowed() -> Self {
        let detail = "The resource does not support this method; see Allow.";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "Method Not Allowed", detail)
    }

    /// 500: a defect of ours.
    #[must_use]
    pub fn internal(cause: impl Display) -> Self {
        let detail = "The request failed for a reason of ours. Quote request_id when you report it.";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Internal Server Error", detail)
            .caused_by(&cause)
    }

    /// 503: something the request needs is down or slow.
    #[must_use]
    pub fn unavailable(cause: impl Display) -> Self {
        let detail = "The service is temporarily unavailable. Try again later.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Service Unavailable", detail)
            .caused_by(&cause)
    }

    /// The answer, now that the request has an id.
    pub(crate) fn respond(&self, request_id: &str) -> Response {
        let body = Body {
            r#type: format!("urn:alquimista:problem:{}", self.code),
            title: self.status.canonical_reason().unwrap_or_default(),
            status: self.status.as_u16(),
            detail: &self.detail,
            error: &self.error,
            code: self.code,
            request_id,
            errors: &self.errors,
        };
        let json = serde_json::to_vec(&body).unwrap_or_default();
        let mut response = (self.status, json).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        match self.status {
            StatusCode::UNAUTHORIZED => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            StatusCode::SERVICE_UNAVAILABLE => headers.typed_insert(RetryAfter::delay(RETRY_AFTER)),
            _ => {}
        }
        response
    }
}

/// A status and the problem itself: the body is written where the request's id is known.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<TokenError> for Problem {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Invalid(_) => Self::unauthorized(error),
            TokenError::KeysUnavailable(_) => Self::unavailable(error),
        }
    }
}

impl From<Denied> for Problem {
    fn from(denied: Denied) -> Self {
        let forbidden = |code, error: &'static str, detail: &'static str| {
            Self::new(StatusCode::FORBIDDEN, code, error, detail)
        };
        match denied {
            Denied::NoGroup => {
                forbidden("no_group", "Forbidden: No group", "The user belongs to no group with rights.")
            }
            Denied::InternalRequired => forbidden(
                "internal_required",
                "Forbidden: Internal access required",
                "Only the internal team may do this.",
            ),
            Denied::RoleRequired => forbidden(
                "role_required",
                "Forbidden: Insufficient role",
                "None of the user's groups may do this.",
            ),
            Denied::TenantDenied => forbidden(
                "tenant_denied",
                "Forbidden: Tenant access denied",
                "The user may not see this tenant.",
            ),
            Denied::TenantRequired => Self {
                errors: vec![InvalidInput { parameter: "tenant_id".into(), message: "is required".into() }],
                ..Self::new(
                    StatusCode::BAD_REQUEST,
                    "tenant_required",
                    "Tenant ID required",
                    "An internal user names the tenant with tenant_id.",
                )
            },
        }
    }
}

impl From<DataError> for Problem {
    fn from(error: DataError) -> Self {
        if error.is_transient() { Self::unavailable(error) } else { Self::internal(error) }
    }
}
