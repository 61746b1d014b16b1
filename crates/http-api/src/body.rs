//! JSON bodies, checked: everything that is wrong in one is named at once.

use std::borrow::Cow;
use std::fmt::Display;
use std::str::FromStr;

use axum::body::to_bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use data::{Money, parse_uuid};
use lambda_http::http::header::CONTENT_TYPE;
use lambda_http::http::request::Parts;
use lambda_http::http::{HeaderMap, HeaderName, Method};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::{InvalidInput, Place, Problem};

/// The largest body (contract, section 2).
const MAX_BYTES: usize = 64 * 1024;
/// What fits into the database's `DECIMAL(12, 2)`, in cents.
const MAX_CENTS: i64 = 999_999_999_999;

/// The members of a JSON object, to be asked for one after the other and then to be [finished](Self::finish). What was
/// not asked for is unknown.
pub struct Members {
    members: Map<String, Value>,
    errors: Vec<InvalidInput>,
}

impl Members {
    fn parse(body: &[u8]) -> Result<Self, Problem> {
        let invalid = |message: &'static str| Problem::invalid_body(vec![InvalidInput::pointer("", message)]);
        match serde_json::from_slice(body) {
            Ok(Value::Object(members)) => Ok(Self { members, errors: Vec::new() }),
            Ok(_) => Err(invalid("must be a JSON object")),
            Err(_) => Err(invalid("must be JSON")),
        }
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Whether something is refused already.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        !(self.errors.is_empty() && self.members.is_empty())
    }

    /// All of it, as it was given.
    #[must_use]
    pub fn whole(&self) -> Value {
        Value::Object(self.members.clone())
    }

    /// Refuses a member for a reason that only its reader knows.
    pub fn refuse_member(&mut self, name: &'static str, message: &'static str) {
        self.refuse_at(format!("/{name}"), message);
    }

    /// The same for what is anywhere in the body, by its JSON pointer; said once.
    pub fn refuse_at(&mut self, pointer: String, message: impl Into<Cow<'static, str>>) {
        if !self.is_refused(&pointer) {
            self.errors.push(InvalidInput::pointer(pointer, message));
        }
    }

    fn is_refused(&self, pointer: &str) -> bool {
        self.errors.iter().any(|error| matches!(&error.place, Place::Pointer(refused) if refused == pointer))
    }

    /// An object, whose members are somebody else's to check.
    pub fn object(&mut self, name: &'static str) -> Option<Map<String, Value>> {
        match self.members.remove(name)? {
            Value::Object(members) => Some(members),
            _ => self.refuse(name, "must be an object"),
        }
    }

    /// A UUID, hyphenated, in either case, or null.
    pub fn uuid_or_null(&mut self, name: &'static str) -> Option<Uuid> {
        let uuid = match self.members.remove(name)? {
            Value::Null => return None,
            Value::String(text) => parse_uuid(&text),
            _ => None,
        };
        uuid.or_else(|| self.refuse(name, "must be a UUID or null"))
    }

    /// Says that a member has to be there, unless it is or was refused.
    pub fn required<T>(&mut self, name: &'static str, member: Option<T>) -> Option<T> {
        if member.is_none() {
            self.refuse_at(format!("/{name}"), "is required");
        }
        member
    }

    /// A text of 1 to so many characters once the blanks around it are gone, none of which controls anything.
    pub fn text(&mut self, name: &'static str, max_characters: usize) -> Option<String> {
        match self.members.remove(name)? {
            Value::String(text) => self.bounded(name, &text, max_characters),
            _ => self.refuse(name, "must be a string"),
        }
    }

    /// The same, or null.
    pub fn text_or_null(&mut self, name: &'static str, max_characters: usize) -> Option<Option<String>> {
        match self.members.remove(name)? {
            Value::Null => Some(None),
            Value::String(text) => self.bounded(name, &text, max_characters).map(Some),
            _ => self.refuse(name, "must be a string or null"),
        }
    }

    fn bounded(&mut self, name: &'static str, text: &str, max_characters: usize) -> Option<String> {
        let text = text.trim();
        if text.is_empty() || text.chars().count() > max_characters {
            return self.refuse(name, format!("must have 1 to {max_characters} characters"));
        }
        if text.contains(char::is_control) {
            return self.refuse(name, "must not have control characters");
        }
        Some(text.to_owned())
    }

    /// A string that is read as something else.
    pub fn parsed<T: FromStr<Err: Display>>(&mut self, name: &'static str) -> Option<T> {
        match self.members.remove(name)? {
            Value::String(text) => match text.parse() {
                Ok(parsed) => Some(parsed),
                Err(error) => self.refuse(name, error.to_string()),
            },
            _ => self.refuse(name, "must be a string"),
        }
    }

    /// One of these words.
    pub fn choice<T: Copy>(&mut self, name: &'static str, choices: &[(&'static str, T)]) -> Option<T> {
        let given = self.members.remove(name)?;
        if let Some((_, chosen)) = choices.iter().find(|(word, _)| given.as_str() == Some(*word)) {
            return Some(*chosen);
        }
        let words: Vec<_> = choices.iter().map(|(word, _)| *word).collect();
        self.refuse(name, format!("must be one of {}", words.join(", ")))
    }

    /// An amount of money that isn't negative and has whole cents, or null.
    pub fn money_or_null(&mut self, name: &'static str) -> Option<Option<Money>> {
        let amount = match self.members.remove(name)? {
            Value::Null => return Some(None),
            Value::Number(number) => Money::from_digits(&number.to_string(), MAX_CENTS),
            _ => return self.refuse(name, "must be a number or null"),
        };
        match amount {
            Some(amount) => Some(Some(amount)),
            None => self.refuse(name, "must be an amount from 0 to 9999999999.99 with at most 2 decimals"),
        }
    }

    /// The problem that names every member refused so far, and every one that nobody asked for.
    pub fn finish(mut self) -> Result<(), Problem> {
        let unknown = self.members.keys().map(|name| {
            let pointer = format!("/{}", name.replace('~', "~0").replace('/', "~1"));
            InvalidInput::pointer(pointer, "is not a member of this object")
        });
        self.errors.extend(unknown);
        if self.errors.is_empty() { Ok(()) } else { Err(Problem::invalid_body(self.errors)) }
    }

    fn refuse<T>(&mut self, name: &'static str, message: impl Into<Cow<'static, str>>) -> Option<T> {
        self.errors.push(InvalidInput::pointer(format!("/{name}"), message));
        None
    }
}

/// The caller's own name for this request: `Idempotency-Key`, 1 to 128 printable ASCII characters. An extractor.
#[derive(Clone, Debug)]
pub struct IdempotencyKey(pub Option<String>);

impl IdempotencyKey {
    /// The header's name.
    pub const HEADER: HeaderName = HeaderName::from_static("idempotency-key");
    const MAX_LENGTH: usize = 128;
}

impl<S: Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let mut given = parts.headers.get_all(Self::HEADER).iter();
        let (only, second) = (given.next(), given.next());
        let Some(only) = only else { return Ok(Self(None)) };
        let key = only.to_str().ok().filter(|key| {
            let printable = key.bytes().all(|byte| (b' '..=b'~').contains(&byte));
            second.is_none() && printable && (1..=Self::MAX_LENGTH).contains(&key.len())
        });
        let message = "must be given once, with 1 to 128 printable ASCII characters";
        key.map(|key| Self(Some(key.to_owned()))).ok_or_else(|| {
            Problem::invalid_parameters(vec![InvalidInput::parameter("Idempotency-Key", message)])
        })
    }
}

impl<S: Send + Sync> FromRequest<S> for Members {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        if !is_json(request.method(), request.headers()) {
            return Err(Problem::unsupported_media_type());
        }
        // The whole body is here already: all that can go wrong is that it is too much.
        let body = to_bytes(request.into_body(), MAX_BYTES).await.map_err(|_| Problem::too_large())?;
        Self::parse(&body)
    }
}

/// `application/json`, or for a PATCH the media type of a merge patch, with whatever parameters.
fn is_json(method: &Method, headers: &HeaderMap) -> bool {
    let mut given = headers.get_all(CONTENT_TYPE).iter();
    let (Some(only), None) = (given.next(), given.next()) else {
        return false;
    };
    let media_type = only.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim();
    media_type.eq_ignore_ascii_case("application/json")
        || (method == Method::PATCH && media_type.eq_ignore_ascii_case("application/merge-patch+json"))
}
