//! The line that a request leaves.

use lambda_http::Context;
use lambda_http::http::{Request, header};
use serde_json::{Value, json};
use test_support::Log;

use axum::body::Body;

use crate::fixture::{A, B, Fixture};

const TRACE: &str = "1-5759e988-bd862e3fe1be46a994272793";

/// A request as Lambda hands it over.
fn request(path: &str, token: &str) -> Request<Body> {
    let mut context = Context::default();
    "invocation-1".clone_into(&mut context.request_id);
    context.xray_trace_id = Some(format!("Root={TRACE};Parent=53995c3f42cd8ad8;Sampled=1"));
    let request = Request::get(path).header(header::AUTHORIZATION, token).extension(context);
    request.body(Body::empty()).unwrap()
}

#[tokio::test]
async fn a_request_is_one_line_that_can_be_followed_and_is_measured() {
    let log = Log::of_this_thread();
    let fixture = Fixture::new().await;
    let token = fixture.token(&["TENANT_USER"], Some(A));
    for (path, status, class, tenant) in [
        ("/tenant/me", 200, "2xx", json!(A)),
        (&format!("/tenant/me?tenant_id={B}"), 403, "4xx", Value::Null),
    ] {
        let before = log.said("request").len();
        assert_eq!(fixture.send(request(path, &token)).await.status, status);
        let [line] = &log.said("request")[before..] else { panic!("one line") };
        for (field, value) in [
            ("request_id", json!("invocation-1")),
            ("invocation", json!("invocation-1")),
            ("trace_id", json!(TRACE)),
            ("segment_id", json!("53995c3f42cd8ad8")),
            ("route", json!("/tenant/me")),
            ("method", json!("GET")),
            ("sub", json!("11111111-2222-4333-8444-555555555555")),
            ("tenant_id", tenant),
            ("status", json!(status)),
            ("Route", json!("GET /tenant/me")),
            ("StatusClass", json!(class)),
            ("Requests", json!(1)),
            ("ServerErrors", json!(0)),
            ("RateLimited", json!(0)),
        ] {
            assert_eq!(line.get(field).cloned().unwrap_or_default(), value, "{field}: {line}");
        }
        assert_measured(line);
    }
}

/// What the directive names is there, as the embedded metric format wants it; and a tenant or a person tells nothing apart.
fn assert_measured(line: &Value) {
    let directives = line["_aws"]["CloudWatchMetrics"].as_array().unwrap();
    assert!(!directives.is_empty());
    for directive in directives {
        assert_eq!(directive["Namespace"], "PainelAlquimista");
        for dimension in
            directive["Dimensions"].as_array().unwrap().iter().flat_map(|set| set.as_array().unwrap())
        {
            assert!(
                ["Route", "StatusClass", "FunctionName"].contains(&dimension.as_str().unwrap()),
                "{dimension}"
            );
            assert!(line[dimension.as_str().unwrap()].is_string(), "{dimension}: {line}");
        }
        for metric in directive["Metrics"].as_array().unwrap() {
            assert!(line[metric["Name"].as_str().unwrap()].is_u64(), "{metric}: {line}");
        }
    }
}
