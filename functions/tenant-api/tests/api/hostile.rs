//! Requests that nobody sends by accident: whatever they are, they are answered or refused, and are no defect of ours.

use http_api::ListKey;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::TestCaseResult;
use serde_json::json;
use test_support::{Answer, fuzz, json_like, text_like};

use crate::fixture::{A, B, Fixture};

/// Runs a property of what a tenant's user asks for: a path, and the pairs of a query.
fn fuzz_reads<S: Strategy>(
    target: &str,
    cases: u32,
    inputs: S,
    question: impl Fn(&S::Value) -> (String, Vec<(String, String)>),
    property: impl Fn(S::Value, Answer) -> TestCaseResult,
) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let fixture = runtime.block_on(Fixture::new());
    let token = fixture.token(&["TENANT_USER"], Some(A));
    fuzz(target, cases, inputs, |input| {
        let (path, pairs) = question(&input);
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
        property(input, runtime.block_on(fixture.get(&format!("{path}?{query}"), &token)))
    });
}

#[test]
fn a_cursor_with_any_position_is_read_or_refused() {
    let id = "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b";
    let instants = ["2026-03-14T10:00:00.123456Z", "+262142-12-31T23:59:59Z", "-9999-01-01T00:00:00Z"];
    let question = |position: &serde_json::Value| {
        let list = ListKey::new("/tenant/incidents", &A);
        ("/tenant/incidents".to_owned(), vec![("cursor".to_owned(), list.cursor(position))])
    };
    let valid = json!([instants[0], id]);
    fuzz_reads(
        "a tenant's cursors with any position",
        1_000,
        json_like(instants.map(|at| json!([at, id]))),
        question,
        |position, answer| {
            let status = answer.status.as_u16();
            prop_assert!(status == 200 || (status == 400 && position != valid), "{}: {}", position, status);
            Ok(())
        },
    );
}

#[test]
fn every_query_is_answered_or_refused_and_tells_nothing_of_others() {
    let paths = ["/tenant/me", "/tenant/agents", "/tenant/usage", "/tenant/incidents"];
    let names = ["tenant_id", "agent_id", "period", "status", "limit", "offset", "cursor", "x"];
    let values = [A, B, "00000000-0000-4000-8000-0000000000f1", "30d", "all", "inactive", "10", "0"];
    let value = prop_oneof![2 => select(values.to_vec()).prop_map(str::to_owned), 3 => text_like(values)];
    let inputs = (select(paths.to_vec()), vec((select(names.to_vec()), value), 0..6));
    let question = |(path, pairs): &(&str, Vec<(&str, String)>)| {
        let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        ((*path).to_owned(), pairs.collect())
    };
    fuzz_reads("a tenant's requests", 1_000, inputs, question, |(path, pairs), answer| {
        let status = answer.status.as_u16();
        prop_assert!([200, 400, 403, 404].contains(&status), "{} {:?}: {}", path, pairs, status);
        let body = String::from_utf8_lossy(&answer.body);
        prop_assert!(!body.contains(B) && !body.contains("11.222.333"), "{} {:?}: {}", path, pairs, body);
        // Whoever names another tenant is answered nothing at all.
        let other = pairs.iter().any(|(name, value)| *name == "tenant_id" && !value.eq_ignore_ascii_case(A));
        prop_assert!(status != 200 || !other, "{} {:?}", path, pairs);
        Ok(())
    });
}
