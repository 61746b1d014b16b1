//! JSON, or CSV for a spreadsheet.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use data::Window;
use lambda_http::http::header::{ACCEPT, CONTENT_TYPE};
use lambda_http::http::request::Parts;
use lambda_http::http::{HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;
use serde_json::Value;

use crate::Problem;

const X_TRUNCATED: HeaderName = HeaderName::from_static("x-truncated");
/// Bytes of a CSV body; the gateway takes 10 MB and a function 6.
const MAX_BYTES: usize = 5_000_000;

/// What the caller wants to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `application/json`, unless CSV is preferred.
    Json,
    /// `text/csv`
    Csv,
}

impl Format {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let accept: Vec<_> = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
        let accept = accept.join(",");
        if quality(&accept, "text", "csv") > quality(&accept, "application", "json") {
            Self::Csv
        } else {
            Self::Json
        }
    }
}

/// How much a media type is wanted, in thousandths, by the most specific range that covers it (RFC 9110, 12.5.1).
fn quality(accept: &str, kind: &str, subtype: &str) -> u16 {
    let ranges = accept.split(',').filter_map(|entry| {
        let mut parts = entry.split(';').map(str::trim);
        let (range_kind, range_subtype) = parts.next()?.split_once('/')?;
        let specificity = match (range_kind, range_subtype) {
            ("*", "*") => 0_u8,
            (range, "*") if range.eq_ignore_ascii_case(kind) => 1,
            (range, sub) if range.eq_ignore_ascii_case(kind) && sub.eq_ignore_ascii_case(subtype) => 2,
            _ => return None,
        };
        let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        Some((specificity, weight.map_or(Some(1000), thousandths)?))
    });
    ranges.max_by_key(|(specificity, _)| *specificity).map_or(0, |(_, weight)| weight)
}

/// `0.5` is 500; `None` for what is no weight.
fn thousandths(weight: &str) -> Option<u16> {
    let (whole, fraction) = weight.split_once('.').unwrap_or((weight, ""));
    let digits = format!("{whole}{fraction:0<3}");
    let valid = whole.len() == 1 && fraction.len() <= 3 && digits.bytes().all(|digit| digit.is_ascii_digit());
    digits.parse().ok().filter(|weight| valid && *weight <= 1000)
}

impl<S: Sync> FromRequestParts<S> for Format {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.headers))
    }
}

/// A table as CSV (RFC 4180): UTF-8, header, CRLF; for spreadsheets that run what looks like a formula.
pub struct Csv {
    body: Vec<u8>,
    truncated: bool,
}

impl Csv {
    /// The most rows that a table has.
    pub const MAX_ROWS: usize = 10_000;

    /// The part of a list that a table holds, and one row more, which tells whether that was all.
    #[must_use]
    pub fn window<P>() -> Window<P> {
        Window::first(1 + i64::try_from(Self::MAX_ROWS).unwrap_or(i64::MAX - 1))
    }

    /// The table of these rows' fields of these names. Of more rows than [`MAX_ROWS`](Self::MAX_ROWS), or more bytes
    /// than 5 MB, the rest is left out, which a header says.
    pub fn of<T: Serialize>(columns: &[&str], rows: impl IntoIterator<Item = T>) -> Result<Self, Problem> {
        let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
        writer.write_record(columns).map_err(Problem::internal)?;
        let mut truncated = false;
        for (index, row) in rows.into_iter().enumerate() {
            let row = serde_json::to_value(row).map_err(Problem::internal)?;
            let cells = columns.iter().map(|column| cell(&row[*column]));
            writer.write_record(cells).map_err(Problem::internal)?;
            writer.flush().map_err(Problem::internal)?;
            if index == Self::MAX_ROWS || writer.get_ref().len() > MAX_BYTES {
                truncated = true;
                break;
            }
        }
        let mut body = writer.into_inner().map_err(Problem::internal)?;
        if truncated {
            // The row that was one too many.
            body.truncate(last_record(&body));
        }
        Ok(Self { body, truncated })
    }
}

/// Where the last record begins: behind the last line break that no quotes enclose.
fn last_record(body: &[u8]) -> usize {
    let mut quoted = false;
    let mut begins = 0;
    for (index, byte) in body.iter().enumerate().take(body.len().saturating_sub(2)) {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => begins = index + 1,
            _ => {}
        }
    }
    begins
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) => format!("'{text}"),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

impl IntoResponse for Csv {
    fn into_response(self) -> Response {
        let mut response = self.body.into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
        if self.truncated {
            headers.insert(X_TRUNCATED, HeaderValue::from_static("true"));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;
    use test_support::{any_json, bytes_like, fuzz, tokens};

    use super::*;

    fn format(accept: &'static str) -> Format {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static(accept));
        Format::of(&headers)
    }

    #[test]
    fn json_unless_csv_is_preferred() {
        assert_eq!(Format::of(&HeaderMap::new()), Format::Json);
        for accept in [
            "",
            "*/*",
            "application/json",
            "text/csv;q=0.5, application/json",
            "text/csv, application/json",
            "text/html",
            "text/csv;q=0",
            "text/*;q=0.5, */*",
            "text/csv;q=nan",
            "text/csv;q=2",
            "text/csv;q=0.1234",
            "csv",
            ";;,,/",
        ] {
            assert_eq!(format(accept), Format::Json, "{accept}");
        }
        for accept in [
            "text/csv",
            "TEXT/CSV",
            "text/*",
            "text/csv, application/json;q=0.5",
            "text/csv, */*;q=0.9",
            "application/json;q=0.2, text/csv; header=present; q=0.3",
            "text/csv;q=1.000,*/*;q=0",
        ] {
            assert_eq!(format(accept), Format::Csv, "{accept}");
        }
    }

    #[test]
    fn what_looks_like_a_formula_is_text() {
        let rows = ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "\nx", "a=1", ""]
            .map(|text| json!({"a": text, "b": -1}));
        let body = String::from_utf8(Csv::of(&["a", "b"], rows).unwrap().body).unwrap();
        assert!(body.starts_with("a,b\r\n'=1+1,-1\r\n'+1,-1\r\n'-1,-1\r\n'@x,-1\r\n"), "{body}");
        assert!(body.contains("\"'\rx\",-1\r\n") && body.contains("a=1,-1\r\n"), "{body}");
    }

    #[test]
    fn too_many_rows_or_bytes_are_cut_between_rows() {
        let csv = |rows: usize, text: &str| {
            let csv = Csv::of(&["n", "t"], (0..rows).map(|n| json!({"n": n, "t": text}))).unwrap();
            let mut reader = csv::Reader::from_reader(csv.body.as_slice());
            (reader.records().map(Result::unwrap).count(), csv.truncated, csv.body.len())
        };
        assert_eq!(csv(10_000, "x"), (10_000, false, csv(10_000, "x").2));
        assert_eq!(csv(10_001, "x\r\n\"y\"").0, 10_000);
        assert!(csv(10_001, "x").1);
        let (rows, truncated, bytes) = csv(10_000, &"é\"\r\n".repeat(200));
        assert!(truncated && bytes <= MAX_BYTES && rows > 1_000, "{rows} rows, {bytes} bytes");
    }

    /// What a reader of the cell that this was written into finds.
    fn expected(value: &Value) -> String {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        match (value, text.chars().next()) {
            (Value::Null, _) => String::new(),
            (Value::String(_), Some('=' | '+' | '-' | '@' | '\t' | '\r' | '\n')) => format!("'{text}"),
            _ => text,
        }
    }

    #[test]
    fn parses_back_to_what_it_was_made_of() {
        let cell = || prop_oneof![tokens().prop_map(Value::from), any_json()];
        let rows = proptest::collection::vec((cell(), cell()), 0..20);
        fuzz("tables", 1_000, rows, |rows| {
            let made = rows.iter().map(|(a, b)| json!({"a": a, "b": b, "c": null, "not shown": a}));
            let body = Csv::of(&["a", "b", "c"], made).unwrap().body;
            let mut reader = csv::Reader::from_reader(body.as_slice());
            prop_assert_eq!(reader.headers().unwrap(), &csv::StringRecord::from(vec!["a", "b", "c"]));
            let read: Vec<_> = reader.records().map(Result::unwrap).collect();
            prop_assert_eq!(read.len(), rows.len());
            for (record, (a, b)) in read.iter().zip(&rows) {
                let cells: Vec<_> = record.iter().map(str::to_owned).collect();
                prop_assert_eq!(cells, [expected(a), expected(b), String::new()]);
            }
            Ok(())
        });
    }

    #[test]
    fn no_header_makes_it_panic() {
        let valid = ["text/csv, application/json;q=0.5", "text/csv;q=1.000,*/*;q=0"];
        fuzz("accepted media types", 5_000, bytes_like(valid), |bytes| {
            let mut headers = HeaderMap::new();
            if let Ok(value) = HeaderValue::from_bytes(&bytes) {
                headers.insert(ACCEPT, value);
            }
            if Format::of(&headers) == Format::Csv {
                let accept = String::from_utf8_lossy(&bytes).to_lowercase();
                prop_assert!(accept.contains("text/") || accept.contains("*/*"), "{}", accept);
            }
            Ok(())
        });
    }
}
