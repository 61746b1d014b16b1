//! Query parameters, checked: unknown ones are ignored, bad ones are all named at once.

use std::borrow::Cow;
use std::convert::Infallible;

use axum::extract::FromRequestParts;
use lambda_http::http::request::Parts;
use uuid::Uuid;

use crate::{InvalidInput, Problem};

/// The length of a UUID with its hyphens, the only form that is accepted.
const UUID_LENGTH: usize = 36;

/// The query of a request, to be asked for one parameter after the other and then to be [finished](Self::finish).
pub struct Query {
    pairs: Vec<(String, String)>,
    errors: Vec<InvalidInput>,
}

impl Query {
    fn parse(query: &str) -> Self {
        let pairs = form_urlencoded::parse(query.as_bytes())
            .map(|(name, value)| (name.into_owned(), value.into_owned()));
        Self {
            pairs: pairs.collect(),
            errors: Vec::new(),
        }
    }

    /// A UUID, hyphenated, in either case. Not given: `None`.
    pub fn uuid(&mut self, name: &'static str) -> Option<Uuid> {
        let value = self.single(name)?;
        let uuid = Some(&value)
            .filter(|text| text.len() == UUID_LENGTH)
            .and_then(|text| Uuid::try_parse(text).ok());
        if uuid.is_none() {
            self.refuse(name, "must be a UUID");
        }
        uuid
    }

    /// The problem that names every parameter refused so far, if any.
    pub fn finish(self) -> Result<(), Problem> {
        if self.errors.is_empty() {
            Ok(())
        } else {
            Err(Problem::invalid_parameters(self.errors))
        }
    }

    /// The one value of a parameter; twice or empty is refused.
    fn single(&mut self, name: &'static str) -> Option<String> {
        let mut values = self
            .pairs
            .iter()
            .filter(|(given, _)| given == name)
            .map(|(_, value)| value);
        let (first, second) = (values.next()?.clone(), values.next());
        if second.is_some() {
            self.refuse(name, "must be given once");
            return None;
        }
        if first.is_empty() {
            self.refuse(name, "must not be empty");
            return None;
        }
        Some(first)
    }

    fn refuse(&mut self, name: &'static str, message: &'static str) {
        self.errors.push(InvalidInput {
            parameter: Cow::Borrowed(name),
            message: Cow::Borrowed(message),
        });
    }
}

impl<S: Sync> FromRequestParts<S> for Query {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::parse(parts.uri.query().unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ID: Uuid = Uuid::from_u128(0x0190_a1b2_c3d4_7e5f_8a9b_0c1d_2e3f_4a5b);

    fn uuid(query: &str) -> Result<Option<Uuid>, String> {
        let mut query = Query::parse(query);
        let value = query.uuid("id");
        query
            .finish()
            .map(|()| value)
            .map_err(|problem| problem.errors[0].message.to_string())
    }

    #[test]
    fn a_uuid_is_read_in_either_case() {
        assert_eq!(uuid(&format!("id={ID}")), Ok(Some(ID)));
        assert_eq!(
            uuid(&format!("x=1&id={}&y=", ID.to_string().to_uppercase())),
            Ok(Some(ID))
        );
        assert_eq!(uuid("ID=x&other=1"), Ok(None));
        assert_eq!(uuid(""), Ok(None));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "x",
            "%00",
            "0190a1b2c3d47e5f8a9b0c1d2e3f4a5b",
            "urn:uuid:0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b",
            "{0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b}",
            "%200190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b",
            "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5%FF",
            "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b'--",
        ] {
            assert_eq!(
                uuid(&format!("id={text}")),
                Err("must be a UUID".into()),
                "{text}"
            );
        }
        assert_eq!(uuid("id="), Err("must not be empty".into()));
        assert_eq!(uuid("id"), Err("must not be empty".into()));
        assert_eq!(
            uuid(&format!("id={ID}&id={ID}")),
            Err("must be given once".into())
        );
    }

    #[test]
    fn all_bad_parameters_are_named_at_once() {
        let mut query = Query::parse("a=1&b=2");
        query.uuid("a");
        query.uuid("b");
        let problem = query.finish().unwrap_err();
        assert_eq!(problem.error, "Bad Request: a, b");
        assert_eq!(problem.errors.len(), 2);
    }

    proptest! {
        #[test]
        fn every_uuid_survives(bits: u128) {
            prop_assert_eq!(uuid(&format!("id={}", Uuid::from_u128(bits))), Ok(Some(Uuid::from_u128(bits))));
        }

        #[test]
        fn no_query_makes_it_panic(query in ".*") {
            let _ = uuid(&query);
        }
    }
}
