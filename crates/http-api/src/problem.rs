//! Errors as answers: RFC 9457 problem details.

use std::borrow::Cow;
use std::fmt::Display;
use std::time::Duration;

use auth_context::{Denied, TokenError};
use axum::response::{IntoResponse, Response};
use data::{Constraint, DataError};
use headers::{HeaderMapExt, RetryAfter};
use lambda_http::http::{HeaderValue, StatusCode, header};
use serde::Serialize;

/// How many seconds to wait after a 503: what is down is rarely back sooner.
const RETRY_AFTER: u16 = 5;

/// A part of the request that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InvalidInput {
    /// Which part.
    #[serde(flatten)]
    pub place: Place,
    /// What it should be.
    pub message: Cow<'static, str>,
}

/// A place in a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// A query or path parameter, or a header, by name.
    Parameter(Cow<'static, str>),
    /// A part of the body, as a JSON pointer (RFC 6901).
    Pointer(Cow<'static, str>),
}

impl InvalidInput {
    /// A parameter of this name should be something else.
    pub fn parameter(name: impl Into<Cow<'static, str>>, message: impl Into<Cow<'static, str>>) -> Self {
        Self { place: Place::Parameter(name.into()), message: message.into() }
    }

    /// The part of the body at this pointer should be something else.
    pub fn pointer(pointer: impl Into<Cow<'static, str>>, message: impl Into<Cow<'static, str>>) -> Self {
        Self { place: Place::Pointer(pointer.into()), message: message.into() }
    }

    /// The name or pointer.
    fn name(&self) -> &str {
        match &self.place {
            Place::Parameter(name) | Place::Pointer(name) => name,
        }
    }
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
    /// In seconds.
    retry_after: Option<u16>,
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
        Self {
            status,
            code,
            error: error.into(),
            detail: detail.into(),
            errors: Vec::new(),
            cause: None,
            retry_after: None,
        }
    }

    fn caused_by(self, cause: &dyn Display) -> Self {
        Self { cause: Some(cause.to_string()), ..self }
    }

    /// 400: parameters that are not as they should be, all of them.
    #[must_use]
    pub fn invalid_parameters(errors: Vec<InvalidInput>) -> Self {
        let detail = "Some parameters of the request are not valid; see errors.";
        Self::invalid("invalid_parameter", detail, errors)
    }

    /// 400: a body that is not as it should be, with all that is wrong in it.
    #[must_use]
    pub fn invalid_body(errors: Vec<InvalidInput>) -> Self {
        Self::invalid("invalid_body", "The body is not what this operation takes; see errors.", errors)
    }

    fn invalid(code: &'static str, detail: &'static str, errors: Vec<InvalidInput>) -> Self {
        let names: Vec<_> = errors.iter().map(InvalidInput::name).filter(|name| !name.is_empty()).collect();
        let about = if names.is_empty() { "invalid body".to_owned() } else { names.join(", ") };
        let error = format!("Bad Request: {about}");
        Self { errors, ..Self::new(StatusCode::BAD_REQUEST, code, error, detail) }
    }

    /// What is said of a plan that doesn't exist.
    pub const UNKNOWN_PLAN: &str = "must be the name of a plan";

    /// 409: at odds with what is there.
    #[must_use]
    pub fn conflict(detail: &'static str) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", "Conflict", detail)
    }

    /// 409: the key stands for another request.
    #[must_use]
    pub fn idempotency_conflict() -> Self {
        let detail = "This Idempotency-Key was used for another request within the last 24 hours.";
        Self::new(StatusCode::CONFLICT, "idempotency_conflict", "Conflict", detail)
    }

    /// 412: somebody changed it since the caller looked.
    #[must_use]
    pub fn precondition_failed() -> Self {
        let detail =
            "The resource has changed since its ETag was given out. Get it again and repeat the change.";
        Self::new(StatusCode::PRECONDITION_FAILED, "precondition_failed", "Precondition Failed", detail)
    }

    /// 413: a body over the limit.
    #[must_use]
    pub fn too_large() -> Self {
        let detail = "The body is larger than 64 KiB.";
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "Payload Too Large", detail)
    }

    /// 415: a body of another media type.
    #[must_use]
    pub fn unsupported_media_type() -> Self {
        let detail = "The body has to be JSON, and Content-Type has to say so.";
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "Unsupported Media Type",
            detail,
        )
    }

    /// 428: a change that doesn't say what it changes.
    #[must_use]
    pub fn precondition_required() -> Self {
        let detail = "A change needs If-Match with the ETag of what is to be changed.";
        Self::new(StatusCode::PRECONDITION_REQUIRED, "precondition_required", "Precondition Required", detail)
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

    /// 429: more than the limits allow. After so long, rounded up to seconds, there is enough again.
    #[must_use]
    pub fn rate_limited(wait: Duration) -> Self {
        let detail = "The user, or its tenant, makes too many requests. Try again after Retry-After seconds.";
        let wait = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        let wait = u16::try_from(wait).unwrap_or(u16::MAX);
        let problem = Self::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", "Too Many Requests", detail);
        Self { retry_after: Some(wait), ..problem }
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
        let problem =
            Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Service Unavailable", detail);
        Self { retry_after: Some(RETRY_AFTER), ..problem.caused_by(&cause) }
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
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(wait) = self.retry_after {
            headers.typed_insert(RetryAfter::delay(Duration::from_secs(wait.into())));
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
                errors: vec![InvalidInput::parameter("tenant_id", "is required")],
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
        match error {
            DataError::Violation(Constraint::CnpjIsTaken) => {
                Self::conflict("Another tenant has this CNPJ already.")
            }
            DataError::Violation(Constraint::PlanExists) => {
                Self::invalid_body(vec![InvalidInput::pointer("/plan", Self::UNKNOWN_PLAN)])
            }
            error if error.is_transient() => Self::unavailable(error),
            error => Self::internal(error),
        }
    }
}
