//! Query parameters, checked: unknown ones are ignored, bad ones are all named at once.

use std::borrow::Cow;
use std::convert::Infallible;
use std::fmt::Display;

use axum::extract::{FromRequestParts, RawPathParams};
use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, SubsecRound, TimeDelta, Utc};
use data::{Search, is_storable, parse_uuid};
use lambda_http::http::request::Parts;
use serde::Serialize;
use uuid::Uuid;

use crate::page::{Cursor, Page};
use crate::{InvalidInput, Problem};

/// The largest page and the furthest offset (contract, section 3).
const MAX_LIMIT: i64 = 100;
const MAX_OFFSET: i64 = 10_000;

/// The query of a request, to be asked for one parameter after the other and then to be [finished](Self::finish).
pub struct Query {
    pairs: Vec<(String, String)>,
    /// Parameters of the path.
    path: Vec<(String, String)>,
    errors: Vec<InvalidInput>,
    asked: Asked,
}

/// What a query asked for: the parameters that were read, defaults too, each written in one way alone.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Asked(Vec<(&'static str, String)>);

impl Asked {
    /// Without the one of this name.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.0.retain(|(given, _)| *given != name);
        self
    }
}

impl Query {
    fn parse(query: &str) -> Self {
        let pairs = form_urlencoded::parse(query.as_bytes())
            .map(|(name, value)| (name.into_owned(), value.into_owned()));
        Self { pairs: pairs.collect(), path: Vec::new(), errors: Vec::new(), asked: Asked::default() }
    }

    /// A UUID, hyphenated, in either case. Not given: `None`.
    pub fn uuid(&mut self, name: &'static str) -> Option<Uuid> {
        let value = self.single(name)?;
        let uuid = parse_uuid(&value);
        match uuid {
            Some(uuid) => self.note(name, uuid),
            None => self.refuse(name, "must be a UUID"),
        }
        uuid
    }

    /// The UUID in the path. Refused, the nil UUID stands in for it until [`finish`](Self::finish).
    pub fn path_uuid(&mut self, name: &'static str) -> Uuid {
        let given = self.path.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str());
        let uuid = given.and_then(parse_uuid).unwrap_or_else(|| {
            self.refuse(name, "must be a UUID");
            Uuid::nil()
        });
        self.note(name, uuid);
        uuid
    }

    /// A text of at most so many characters, none of which controls anything.
    pub fn text(&mut self, name: &'static str, max_characters: usize) -> Option<String> {
        let value = self.single(name)?;
        if value.chars().count() > max_characters {
            self.refuse(name, format!("must have at most {max_characters} characters"));
            return None;
        }
        if value.contains(char::is_control) {
            self.refuse(name, "must not have control characters");
            return None;
        }
        self.note(name, &value);
        Some(value)
    }

    /// What to search for. Blank counts as absent.
    pub fn search(&mut self, name: &'static str) -> Option<Search> {
        if self.pairs.iter().filter(|(given, _)| given == name).all(|(_, value)| value.is_empty()) {
            return None;
        }
        let value = self.single(name)?;
        let search = Search::new(&value)?;
        if search.as_str().chars().count() > Search::MAX_CHARACTERS {
            self.refuse(name, format!("must have at most {} characters", Search::MAX_CHARACTERS));
            return None;
        }
        if value.contains('\0') {
            self.refuse(name, "must not have NUL characters");
            return None;
        }
        self.note(name, search.as_str());
        Some(search)
    }

    /// An instant, or the beginning of a UTC day; parts of a microsecond, which the database doesn't know, are rounded up,
    /// so that what is before the instant stays before it.
    pub fn instant(&mut self, name: &'static str) -> Option<DateTime<Utc>> {
        let value = self.single(name)?;
        let instant = day(&value).map(|day| day.and_time(NaiveTime::MIN).and_utc()).or_else(|| {
            let given = DateTime::parse_from_rfc3339(&value).ok()?.to_utc();
            let instant = (given + TimeDelta::nanoseconds(999)).trunc_subsecs(6);
            is_storable(&instant).then_some(instant)
        });
        match instant {
            Some(instant) => self.note(name, instant),
            None => self.refuse(name, "must be a date (YYYY-MM-DD) or an instant (RFC 3339)"),
        }
        instant
    }

    /// One of these words. Not given: the default.
    pub fn choice<T: Copy + PartialEq>(
        &mut self,
        name: &'static str,
        choices: &[(&'static str, T)],
        default: T,
    ) -> T {
        let Some(value) = self.single(name) else {
            if let Some((word, _)) = choices.iter().find(|(_, choice)| *choice == default) {
                self.note(name, word);
            }
            return default;
        };
        if let Some((_, chosen)) = choices.iter().find(|(word, _)| *word == value) {
            self.note(name, value);
            return *chosen;
        }
        let words: Vec<_> = choices.iter().map(|(word, _)| *word).collect();
        self.refuse(name, format!("must be one of {}", words.join(", ")));
        default
    }

    /// `limit`, `offset` and `cursor` of a paged list.
    pub fn page(&mut self, default_limit: i64) -> Page {
        let limit = self.number("limit", 1, MAX_LIMIT).unwrap_or(default_limit);
        let offset = self.number("offset", 0, MAX_OFFSET).unwrap_or(0);
        let cursor = self.single("cursor").and_then(|text| {
            let cursor = Cursor::parse(&text);
            match cursor {
                Some(_) => self.note("cursor", &text),
                None => self.refuse("cursor", Cursor::UNREADABLE),
            }
            cursor
        });
        if cursor.is_some() && offset != 0 {
            self.refuse("cursor", "cannot be combined with an offset");
        }
        self.note("limit", limit);
        self.note("offset", offset);
        Page { limit, offset, cursor }
    }

    /// A whole number in decimal digits.
    fn number(&mut self, name: &'static str, min: i64, max: i64) -> Option<i64> {
        let value = self.single(name)?;
        // parse() would take a sign, too.
        let number = Some(&value).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
        let number = number.and_then(|text| text.parse().ok()).filter(|number| (min..=max).contains(number));
        if number.is_none() {
            self.refuse(name, format!("must be a whole number from {min} to {max}"));
        }
        number
    }

    /// What was asked for, or the problem that names every parameter refused so far.
    pub fn finish(self) -> Result<Asked, Problem> {
        if self.errors.is_empty() { Ok(self.asked) } else { Err(Problem::invalid_parameters(self.errors)) }
    }

    fn note(&mut self, name: &'static str, value: impl Display) {
        self.asked.0.push((name, value.to_string()));
    }

    /// The one value of a parameter; twice or empty is refused.
    fn single(&mut self, name: &'static str) -> Option<String> {
        let mut values = self.pairs.iter().filter(|(given, _)| given == name).map(|(_, value)| value);
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

    /// Refuses a parameter for a reason that only its reader knows.
    pub fn refuse(&mut self, name: &'static str, message: impl Into<Cow<'static, str>>) {
        self.errors.push(InvalidInput::parameter(name, message));
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let mut query = Self::parse(parts.uri.query().unwrap_or_default());
        // A path that can't be read has no parameters: they are refused where they are asked for.
        if let Ok(path) = RawPathParams::from_request_parts(parts, state).await {
            query.path = path.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        }
        Ok(query)
    }
}

/// `YYYY-MM-DD`, and nothing that only looks like it.
fn day(text: &str) -> Option<NaiveDate> {
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    (day.to_string() == text && (1..=9999).contains(&day.year())).then_some(day)
}

#[cfg(test)]
mod tests {
    use chrono::Timelike;
    use proptest::prelude::*;
    use test_support::{fuzz, text_like};

    use super::*;

    const ID: Uuid = Uuid::from_u128(0x0190_a1b2_c3d4_7e5f_8a9b_0c1d_2e3f_4a5b);

    fn uuid(query: &str) -> Result<Option<Uuid>, String> {
        let mut query = Query::parse(query);
        let value = query.uuid("id");
        query.finish().map(|_| value).map_err(|problem| problem.errors[0].message.to_string())
    }

    #[test]
    fn a_uuid_is_read_in_either_case() {
        assert_eq!(uuid(&format!("id={ID}")), Ok(Some(ID)));
        assert_eq!(uuid(&format!("x=1&id={}&y=", ID.to_string().to_uppercase())), Ok(Some(ID)));
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
            assert_eq!(uuid(&format!("id={text}")), Err("must be a UUID".into()), "{text}");
        }
        assert_eq!(uuid("id="), Err("must not be empty".into()));
        assert_eq!(uuid("id"), Err("must not be empty".into()));
        assert_eq!(uuid(&format!("id={ID}&id={ID}")), Err("must be given once".into()));
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

    #[test]
    fn a_page_has_bounds() {
        let read = |text: &str| {
            let mut query = Query::parse(text);
            let page = query.page(20);
            query.finish().map(|_| (page.limit, page.offset)).map_err(|problem| problem.error.into_owned())
        };
        assert_eq!(read(""), Ok((20, 0)));
        assert_eq!(read("limit=100&offset=10000"), Ok((100, 10_000)));
        assert_eq!(read("limit=007"), Ok((7, 0)));
        for limit in ["0", "101", "-1", "%2B5", "1e9", "abc", "1.0", "٣", "9".repeat(400).as_str()] {
            assert_eq!(read(&format!("limit={limit}")), Err("Bad Request: limit".into()), "{limit}");
        }
        assert_eq!(read("limit=x&offset=10001&cursor=!"), Err("Bad Request: limit, offset, cursor".into()));
    }

    #[test]
    fn a_choice_is_one_of_its_words() {
        let read = |text: &str| {
            let mut query = Query::parse(text);
            let chosen = query.choice("period", &[("7d", 7), ("30d", 30)], 30);
            query.finish().map(|_| chosen).map_err(|problem| problem.errors[0].message.to_string())
        };
        assert_eq!((read(""), read("period=7d")), (Ok(30), Ok(7)));
        for text in ["1d", "30D", "7d%20", "7d%00"] {
            assert_eq!(read(&format!("period={text}")), Err("must be one of 7d, 30d".into()));
        }
    }

    #[test]
    fn an_instant_may_be_a_day() {
        let read = |text: &str| {
            let mut query = Query::parse(text);
            let instant = query.instant("from");
            query
                .finish()
                .map(|_| instant.map(|at| at.to_rfc3339()))
                .map_err(|problem| problem.error.into_owned())
        };
        assert_eq!(read("from=2028-02-29"), Ok(Some("2028-02-29T00:00:00+00:00".into())));
        assert_eq!(
            read("from=2028-02-29T23:59:59.5-03:00"),
            Ok(Some("2028-03-01T02:59:59.500+00:00".into()))
        );
        assert_eq!(
            read("from=2028-03-01T00:00:00.0000001Z"),
            Ok(Some("2028-03-01T00:00:00.000001+00:00".into()))
        );
        assert_eq!(read("x=1"), Ok(None));
        for text in [
            "2027-02-29",
            "2028-2-9",
            "28-02-29",
            "2028-02-29T10:00:00",
            "now",
            "%2B12028-01-01",
            "12028-01-01",
        ] {
            assert_eq!(read(&format!("from={text}")), Err("Bad Request: from".into()), "{text}");
        }
    }

    #[test]
    fn a_blank_search_is_none() {
        let read = |text: &str| {
            let mut query = Query::parse(text);
            let search = query.search("search");
            query
                .finish()
                .map(|_| search.map(|search| search.as_str().to_owned()))
                .map_err(|problem| problem.error.into_owned())
        };
        for text in ["", "search=", "search", "search=+%09+"] {
            assert_eq!(read(text), Ok(None), "{text}");
        }
        assert_eq!(read("search=+S%C3%A3o+"), Ok(Some("São".into())));
        assert_eq!(read(&format!("search={}", "%F0%9F%92%A1".repeat(200))), Ok(Some("💡".repeat(200))));
        for text in
            ["search=a&search=b".to_owned(), "search=a%00".to_owned(), format!("search={}", "a".repeat(201))]
        {
            assert_eq!(read(&text), Err("Bad Request: search".into()), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_uuid_survives(bits: u128) {
            prop_assert_eq!(uuid(&format!("id={}", Uuid::from_u128(bits))), Ok(Some(Uuid::from_u128(bits))));
        }
    }

    /// Reads all kinds of parameters.
    fn read(text: &str) -> (Query, Option<String>, Option<Search>, Option<DateTime<Utc>>, Page) {
        let mut query = Query::parse(text);
        query.uuid("id");
        let text = query.text("text", 10);
        let search = query.search("search");
        let instant = query.instant("from");
        query.choice("period", &[("7d", 7), ("30d", 30)], 30);
        let page = query.page(20);
        (query, text, search, instant, page)
    }

    #[test]
    fn whatever_is_not_refused_is_within_bounds() {
        let valid = [
            format!("id={ID}&text=a+b&search=%C3%A9+50%25&limit=10&offset=100"),
            "from=2028-02-29T23:59:59.5-03:00&period=7d&cursor=AAAAAAAAAAAAAAAAMQ".to_owned(),
            "from=2028-02-29&search=1&search=&text=%F0%9F%92%A1".to_owned(),
            "search=a%00b".to_owned(),
            "limit=10".to_owned(),
            "offset=10000".to_owned(),
        ];
        fuzz("queries", 5_000, text_like(valid), |query| {
            let (query, text, search, instant, page) = read(&query);
            if query.finish().is_err() {
                return Ok(());
            }
            let text_holds =
                |text: String| (1..=10).contains(&text.chars().count()) && !text.contains(char::is_control);
            prop_assert!(text.is_none_or(text_holds));
            let search_holds = |search: Search| {
                let search = search.as_str();
                search.trim() == search
                    && (1..=200).contains(&search.chars().count())
                    && !search.contains('\0')
            };
            prop_assert!(search.is_none_or(search_holds));
            prop_assert!(
                instant.is_none_or(|at| (1..=9999).contains(&at.year()) && at.nanosecond() % 1_000 == 0)
            );
            prop_assert!((1..=MAX_LIMIT).contains(&page.limit) && (0..=MAX_OFFSET).contains(&page.offset));
            prop_assert!(page.cursor.is_none() || page.offset == 0);
            Ok(())
        });
    }
}
