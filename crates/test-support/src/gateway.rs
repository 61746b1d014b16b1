//! What API Gateway makes of a request.

use serde_json::{Map, Value, json};

/// The event of a `GET` that a REST API hands to a function, as the authorizer lets it pass: with the token, and with the
/// claims it found in it. `path_and_query` holds no escapes.
#[must_use]
pub fn gateway_event(path_and_query: &str, token: &str, claims: &Value) -> Value {
    let (path, query) = path_and_query.split_once('?').unwrap_or((path_and_query, ""));
    let pairs: Vec<_> = query.split('&').filter_map(|pair| pair.split_once('=')).collect();
    let single: Map<_, _> = pairs.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    let many: Map<_, _> = pairs.iter().map(|(name, value)| ((*name).to_owned(), json!([value]))).collect();
    let unless_empty = |map: Map<String, Value>| if map.is_empty() { Value::Null } else { map.into() };
    let headers = [
        ("Accept", "application/json"),
        ("Accept-Encoding", "gzip, deflate, br"),
        ("Authorization", &format!("Bearer {token}")),
        ("Host", "api.example.com"),
        (
            "User-Agent",
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140 Safari/537.36",
        ),
        ("X-Amzn-Trace-Id", "Root=1-6a1b2c3d-0123456789abcdef01234567"),
        ("X-Forwarded-For", "203.0.113.7"),
        ("X-Forwarded-Port", "443"),
        ("X-Forwarded-Proto", "https"),
    ];
    let claims: Map<_, _> = claims
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.clone(), as_text(value)))
        .collect();
    json!({
        "resource": path, "path": path, "httpMethod": "GET",
        "headers": headers.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect::<Map<_, _>>(),
        "multiValueHeaders":
            headers.iter().map(|(name, value)| ((*name).to_owned(), json!([value]))).collect::<Map<_, _>>(),
        "queryStringParameters": unless_empty(single),
        "multiValueQueryStringParameters": unless_empty(many),
        "pathParameters": null,
        "stageVariables": null,
        "requestContext": {
            "accountId": "000000000000", "apiId": "api", "authorizer": {"claims": claims},
            "domainName": "api.example.com", "domainPrefix": "api", "extendedRequestId": "extended",
            "httpMethod": "GET",
            "identity": {"sourceIp": "203.0.113.7", "userAgent": "Mozilla/5.0"},
            "path": format!("/stage{path}"), "protocol": "HTTP/1.1",
            "requestId": "6ad1b1f4-9a05-4a35-9c2c-0d2ac6a5c8f1",
            "requestTime": "25/Nov/2026:12:00:00 +0000", "requestTimeEpoch": 1_795_608_000_000_i64,
            "resourceId": "resource", "resourcePath": path, "stage": "stage",
        },
        "body": null,
        "isBase64Encoded": false,
    })
}

/// The gateway gives all claims as text, lists with commas.
fn as_text(claim: &Value) -> Value {
    match claim {
        Value::String(_) => claim.clone(),
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(",").into(),
        other => other.to_string().into(),
    }
}
