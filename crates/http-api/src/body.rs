//! JSON bodies, checked: everything that is wrong in one is named at once.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

use axum::body::to_bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use data::{Money, parse_uuid};
use lambda_http::http::header::CONTENT_TYPE;
use lambda_http::http::request::Parts;
use lambda_http::http::{HeaderMap, HeaderName, Method};
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
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
        if serde_json::from_slice::<Unambiguous>(body).is_err() {
            return Err(invalid("must be JSON, with each member once"));
        }
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

/// JSON in which no object has a member twice: of two, one reader takes the first and another the last.
struct Unambiguous;

impl<'de> Deserialize<'de> for Unambiguous {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for Unambiguous {
    type Value = Self;

    fn expecting(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_unit<E: Error>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self, A::Error> {
        while elements.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    // A number that is no such integer comes as a map: of its digits.
    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self, A::Error> {
        let mut names = HashSet::new();
        while let Some((name, Self)) = members.next_entry::<String, Self>()? {
            if !names.insert(name) {
                return Err(A::Error::custom("a member twice"));
            }
        }
        Ok(self)
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;
    use test_support::{bytes_like, fuzz, json_like};

    use super::*;

    /// Reads a member of every kind, and gives what was read of them.
    fn read(mut body: Members) -> Result<[Value; 6], Problem> {
        let name = body.text("name", 10);
        let name = body.required("name", name);
        let segment = body.text_or_null("segment", 10).flatten();
        let id = body.uuid_or_null("id");
        let price = body.money_or_null("price").flatten();
        let number = body.parsed::<u8>("number");
        let status = body.choice("status", &[("active", 1), ("inactive", 2)]);
        let _ = body.object("parameters");
        body.finish()?;
        Ok([json!(name), json!(segment), json!(id), json!(price), json!(number), json!(status)])
    }

    fn valid() -> Value {
        json!({
            "name": "Padaria", "segment": null, "id": "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b", "price": 1499.90,
            "number": "7", "status": "active", "parameters": {"a": [1, {}]},
        })
    }

    #[test]
    fn every_member_is_read_or_refused_by_its_name() {
        let known = ["name", "segment", "id", "price", "number", "status", "parameters"];
        fuzz("bodies", 5_000, json_like([valid()]), |value| {
            let body = Members::parse(value.to_string().as_bytes());
            let Some(members) = value.as_object() else {
                prop_assert!(body.is_err(), "{}", value);
                return Ok(());
            };
            let Ok(body) = body else {
                // The names under which serde_json hides numbers from its own readers have no others' values.
                prop_assert!(value.to_string().contains("$serde_json::private"), "{}", value);
                return Ok(());
            };
            match read(body) {
                Ok([name, segment, ..]) => {
                    for text in [name, segment].iter().filter_map(Value::as_str) {
                        let length = text.chars().count();
                        prop_assert!((1..=10).contains(&length) && !text.contains(char::is_control));
                    }
                    prop_assert!(members.keys().all(|name| known.contains(&name.as_str())), "{}", value);
                }
                Err(problem) => {
                    prop_assert_eq!(problem.status.as_u16(), 400);
                    for error in &problem.errors {
                        let Place::Pointer(pointer) = &error.place else { panic!("{error:?}") };
                        let named = pointer == "/name" || value.pointer(pointer).is_some();
                        prop_assert!(named, "{} in {}", pointer, value);
                    }
                }
            }
            Ok(())
        });
    }

    #[test]
    fn no_bytes_make_a_body_panic() {
        fuzz("bodies as bytes", 5_000, bytes_like([valid().to_string()]), |bytes| {
            let _ = Members::parse(&bytes).and_then(read);
            Ok(())
        });
    }
}
