//! Requests that nobody sends by accident: whatever they are, they are answered or refused, and are no defect of ours.

use axum::body::Body;
use http_api::ListKey;
use lambda_http::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, IF_MATCH, IF_NONE_MATCH};
use lambda_http::http::{HeaderName, HeaderValue, Method, Request};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::TestCaseResult;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use sqlx::Executor;
use test_support::{Answer, bytes_like, fuzz, json_like, text_like, tokens};

use crate::fixture::{A, Fixture};

const ID: &str = "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b";

/// An administrator's requests to an API of their own.
struct Attacked {
    fixture: Fixture,
    token: String,
    runtime: tokio::runtime::Runtime,
}

impl Attacked {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let fixture = runtime.block_on(Fixture::new());
        let token = fixture.token(&["INTERNAL_ADMIN"]);
        Self { fixture, token, runtime }
    }

    fn execute(&self, sql: &'static str) {
        self.runtime.block_on(async {
            self.fixture.database.owner().await.execute(sqlx::raw_sql(sql)).await.unwrap()
        });
    }

    fn get(&self, path: &str, query: &[(impl AsRef<str>, impl AsRef<str>)]) -> Answer {
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
        self.runtime.block_on(self.fixture.get(&format!("{path}?{query}"), &self.token))
    }

    /// What is answered to these bytes, said to be JSON.
    fn send(
        &self,
        method: &Method,
        path: &str,
        headers: &[(HeaderName, HeaderValue)],
        body: Vec<u8>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path).body(Body::from(body)).unwrap();
        let all = request.headers_mut();
        all.insert(AUTHORIZATION, self.token.parse().unwrap());
        all.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, value) in headers {
            all.insert(name, value.clone());
        }
        self.runtime.block_on(Answer::of(&self.fixture.router, request))
    }
}

/// An answer, or a refusal that says what is wrong.
fn is_settled(answer: &Answer, statuses: &[u16]) -> TestCaseResult {
    let status = answer.status.as_u16();
    prop_assert!(statuses.contains(&status), "{}: {}", status, String::from_utf8_lossy(&answer.body));
    if status >= 400 {
        let problem = answer.json();
        prop_assert!(problem["status"] == status && problem["code"].is_string(), "{}", problem);
    }
    Ok(())
}

#[test]
fn a_search_finds_what_contains_its_characters_and_nothing_else() {
    let attacked = Attacked::new();
    attacked.execute(
        r#"INSERT INTO tenants (name, cnpj)
          SELECT 'Empresa ' || name, base || cnpj_check_digit(base) || cnpj_check_digit(base || cnpj_check_digit(base))
          FROM unnest(ARRAY['100% Pão', '100 Pão', 'A_B', 'AxB', 'C\D', 'C\\D', 'cd', '％ ＿ ＼', 'fi ﬁ', 'Straße',
              'İstanbul', 'ıſ', 'é e', '💡', '''"";--', '%_\', '..', '[a-z]*', 'ﷺ', 'e' || chr(803)])
              WITH ORDINALITY AS names (name, i),
              lpad((500000 + i)::text, 12, 'A') AS base;
          INSERT INTO agents (name) SELECT name FROM tenants"#,
    );
    let names: Vec<String> = attacked.runtime.block_on(async {
        let mut owner = attacked.fixture.database.owner().await;
        sqlx::query_scalar("SELECT name FROM tenants UNION ALL SELECT cnpj FROM tenants")
            .fetch_all(&mut owner)
            .await
            .unwrap()
    });
    let owner = tokio::sync::Mutex::new(attacked.runtime.block_on(attacked.fixture.database.owner()));
    // A part of a name, one of its characters replaced.
    let part = (select(names.clone()), 0..9_usize, 1..4_usize, 0..4_usize, tokens()).prop_map(
        |(name, from, length, at, token)| {
            let part = name.chars().skip(from).take(length);
            part.enumerate()
                .map(|(i, c)| if i == at { token.clone() } else { c.to_string() })
                .collect::<String>()
        },
    );
    let texts = prop_oneof![2 => part, 1 => text_like(names), 1 => tokens()];
    fuzz("searches", 400, texts, |text| {
        let answers = ["/internal/tenants", "/internal/agents"]
            .map(|path| attacked.get(path, &[("status", "all"), ("search", text.as_str()), ("limit", "1")]));
        let trimmed = text.trim();
        if text.contains('\0') && !trimmed.is_empty() || trimmed.chars().count() > 200 {
            return answers.iter().try_for_each(|answer| is_settled(answer, &[400]));
        }
        let kept: String = trimmed.chars().filter(|c| c.is_alphanumeric()).collect();
        let of_cnpj = kept.chars().count() >= 4 && kept.contains(|c: char| c.is_ascii_digit());
        let expected: (i64, i64) = attacked.runtime.block_on(async {
            // No pattern is in this.
            sqlx::query_as(
                "SELECT (SELECT count(*) FROM tenants WHERE strpos(name_key, fold_name($1)) > 0 OR ($2 AND strpos(cnpj, $3) > 0)),
                    (SELECT count(*) FROM agents WHERE strpos(name_key, fold_name($1)) > 0)",
            )
            .bind(trimmed).bind(of_cnpj).bind(kept.to_ascii_uppercase()).fetch_one(&mut *owner.lock().await).await.unwrap()
        });
        for (answer, expected) in answers.iter().zip([expected.0, expected.1]) {
            is_settled(answer, &[200])?;
            prop_assert_eq!(&answer.json()["total"], &json!(expected), "{:?}", text);
        }
        Ok(())
    });
}

#[test]
fn folding_makes_no_wildcard_that_is_not_escaped() {
    let attacked = Attacked::new();
    let wildcards: Vec<String> = attacked.runtime.block_on(async {
        let mut owner = attacked.fixture.database.owner().await;
        sqlx::query_scalar(
            r"SELECT chr(c) FROM generate_series(1, 1114111) AS c
              WHERE c NOT BETWEEN 55296 AND 57343 AND fold_name(chr(c)) ~ '[%_\\]'",
        )
        .fetch_all(&mut owner)
        .await
        .unwrap()
    });
    assert!(wildcards.len() > 3, "{wildcards:?}");
    attacked.execute("UPDATE tenants SET name = 'xyz'");
    for wildcard in wildcards {
        for search in [format!("x{wildcard}z"), format!("x{wildcard}y"), wildcard.clone()] {
            let answer = attacked.get("/internal/tenants", &[("status", "all"), ("search", search.as_str())]);
            assert_eq!(answer.json()["total"], 0, "{search}");
        }
    }
}

/// Each list with the filters that it has when nothing is asked for, in its key's words, a query, and a position in it.
fn lists() -> Vec<(&'static str, &'static str, Value, Value)> {
    let at = "2026-11-24T10:00:00.123456Z";
    let mut lists = vec![
        (
            "/internal/incidents",
            r#"{"severity":"all","state":"all","tenant_id":null}"#,
            json!({}),
            json!([at, ID]),
        ),
        (
            "/internal/audit",
            r#"{"user_sub":null,"tenant_id":null,"kind":null,"from":null,"to":null}"#,
            json!({}),
            json!([at, ID]),
        ),
        ("/internal/integrations", r#"[null,"all",null,null]"#, json!({}), json!(["E-mail", ID])),
        (
            "/internal/operations/commands",
            r#"{"status":null,"kind":null,"tenant_id":null}"#,
            json!({}),
            json!([at, ID]),
        ),
        ("/internal/agents", r#"["30d",null,null,"name","asc"]"#, json!({}), json!(["0", "Um", ID])),
    ];
    let by = [
        ("name", r#"["active",null,null,null,"name","asc"]"#, json!([{"Name": "Padaria"}, ID])),
        ("created_at", r#"["active",null,null,null,"created_at","asc"]"#, json!([{"CreatedAt": at}, ID])),
        (
            "mrr_estimate",
            r#"["active",null,null,null,"mrr_estimate","asc"]"#,
            json!([{"MrrEstimate": "10.5"}, ID]),
        ),
    ];
    lists.extend(
        by.map(|(name, key, position)| ("/internal/tenants", key, json!({"sort_by": name}), position)),
    );
    lists
}

#[test]
fn a_cursor_with_any_position_is_read_or_refused() {
    let attacked = Attacked::new();
    let ask = |(path, key, query, _): &(&str, &str, Value, Value), position: &Value| {
        let key = ListKey::new(path, &RawValue::from_string((*key).to_owned()).unwrap());
        let cursor = key.cursor(position);
        let sort_by = query["sort_by"].as_str().map(|sort_by| ("sort_by", sort_by));
        attacked.get(path, &sort_by.into_iter().chain([("cursor", cursor.as_str())]).collect::<Vec<_>>())
    };
    // Whoever knows the code can make cursors.
    for list in lists() {
        assert_eq!(ask(&list, &list.3).status, 200, "{list:?}");
    }
    let instants = ["+262142-12-31T23:59:59Z", "-9999-01-01T00:00:00Z", "0000-01-01T00:00:00Z"];
    let mut positions: Vec<_> = lists().into_iter().map(|list| list.3).collect();
    positions.extend(instants.iter().flat_map(|at| [json!([at, ID]), json!([{"CreatedAt": at}, ID])]));
    positions.extend([
        json!([{"MrrEstimate": null}, ID]),
        json!([{"Name": "\0"}, ID]),
        json!(["1", "\0", ID]),
    ]);
    fuzz("cursors with any position", 1_000, (select(lists()), json_like(positions)), |(list, position)| {
        is_settled(&ask(&list, &position), &[200, 400])
    });
}

#[test]
fn a_name_of_any_characters_can_be_paged_behind() {
    let attacked = Attacked::new();
    let names = vec(
        prop_oneof![tokens(), Just("ﷺ".to_owned()), "[가-힣㌀-㍗]{20}", "[\u{10000}-\u{10ffff}]{20}"],
        1..40,
    );
    fuzz("names", 60, (names, "[A-Z0-9]{12}"), |(parts, base)| {
        let name: String =
            parts.concat().trim().chars().filter(|c| !c.is_control()).cycle().take(255).collect();
        let cnpj = data::cnpj::Cnpj::from_base(base.as_bytes().try_into().unwrap());
        let (false, Some(cnpj)) = (name.trim() != name, cnpj) else { return Ok(()) };
        let segment: String = name.chars().take(100).collect();
        let body = json!({"name": name, "cnpj": cnpj, "plan": "starter", "segment": segment.trim()});
        is_settled(
            &attacked.send(&Method::POST, "/internal/tenants", &[], body.to_string().into_bytes()),
            &[201, 400, 409],
        )
    });
    let (mut found, mut cursor) = (0, Value::Null);
    loop {
        let cursor_given = cursor.as_str().map(|cursor| ("cursor", cursor.to_owned()));
        let query = [("limit", "1".to_owned())].into_iter().chain(cursor_given).collect::<Vec<_>>();
        let answer = attacked.get("/internal/tenants", &query);
        assert_eq!(answer.status, 200, "{query:?}");
        let page = answer.json();
        found += page["tenants"].as_array().unwrap().len();
        cursor = page["next_cursor"].clone();
        if cursor.is_null() {
            assert_eq!(page["total"], found);
            return;
        }
    }
}

#[test]
fn every_query_is_answered_or_refused() {
    let attacked = Attacked::new();
    let paths = [
        "/internal/tenants",
        "/internal/agents",
        "/internal/integrations",
        "/internal/incidents",
        "/internal/audit",
        "/internal/operations/commands",
        "/internal/usage/overview",
        "/internal/billing/overview",
        "/internal/options",
    ];
    let of_tenant = format!("/internal/tenants/{A}");
    let paths =
        paths.iter().map(|path| (*path).to_owned()).chain([of_tenant.clone(), format!("{of_tenant}/agents")]);
    let names = [
        "tenant_id",
        "period",
        "status",
        "plan",
        "segment",
        "search",
        "sort_by",
        "sort_order",
        "limit",
        "offset",
        "cursor",
        "severity",
        "state",
        "type",
        "user_sub",
        "event_type",
        "from",
        "to",
        "command_type",
        "x",
    ];
    let values = [
        A,
        "30d",
        "all",
        "active",
        "starter",
        "Varejo",
        "padaria",
        "name",
        "created_at",
        "desc",
        "10",
        "0",
        "error",
        "open",
        "email",
        "sub",
        "access_denied",
        "2026-11-24",
        "2026-11-24T10:00:00.5-03:00",
        "HEALTH_CHECK",
        "SUCCESS",
    ];
    let value = prop_oneof![2 => select(values.to_vec()).prop_map(str::to_owned), 3 => text_like(values)];
    let pairs = vec((select(names.to_vec()), value), 0..6);
    fuzz("requests", 1_000, (select(paths.collect::<Vec<_>>()), pairs), |(path, pairs)| {
        is_settled(&attacked.get(&path, &pairs), &[200, 400])
    });
}

#[test]
fn every_path_and_header_is_answered_or_refused() {
    let attacked = Attacked::new();
    let names = [
        ACCEPT,
        AUTHORIZATION,
        IF_NONE_MATCH,
        IF_MATCH,
        CONTENT_TYPE,
        HeaderName::from_static("idempotency-key"),
        HeaderName::from_static("cache-control"),
        HeaderName::from_static("x-amzn-trace-id"),
    ];
    let values = [
        "text/csv;q=0.5",
        "Bearer a.b.c",
        "W/\"x\", *",
        "\"x.y\"",
        "application/json; charset=x",
        "no-cache",
        "Root=1-6a1b2c3d-0123456789abcdef01234567;Parent=53995c3f42cd8ad8;Sampled=1",
    ];
    let paths =
        ["/internal/tenants", "/internal/tenants/x", "/internal/operations/commands/%00", "/tenant/me", "/"];
    let methods = [Method::GET, Method::POST, Method::PATCH, Method::DELETE, Method::HEAD];
    let inputs =
        (select(methods.to_vec()), text_like(paths), vec((select(names.to_vec()), bytes_like(values)), 0..4));
    fuzz("paths and headers", 1_000, inputs, |(method, path, headers)| {
        let Ok(path) = path.parse::<lambda_http::http::Uri>() else { return Ok(()) };
        let headers: Vec<_> = headers
            .into_iter()
            .filter_map(|(name, value)| Some((name, HeaderValue::from_bytes(&value).ok()?)))
            .collect();
        let answer = attacked.send(&method, &path.to_string(), &headers, b"{}".to_vec());
        let status = answer.status.as_u16();
        prop_assert!(status < 500, "{} {}: {}", method, path, status);
        Ok(())
    });
}

#[test]
fn every_body_is_accepted_or_refused() {
    let attacked = Attacked::new();
    let tenant = json!({
        "name": "Padaria", "cnpj": "00.ABC.345/01DE-00", "segment": "Varejo", "plan": "starter", "status": "active",
        "mrr_estimate": 1499.90,
    });
    let command = |kind: &str, parameters: Value| json!({"command_type": kind, "tenant_id": A, "parameters": parameters});
    let commands = [
        command("HEALTH_CHECK", json!({"checks": ["database"]})),
        command("REPROCESS_QUEUE", json!({"queue": "mensagens", "max_messages": 10})),
        command("RESET_TOKEN", json!({"integration_id": ID})),
        command("RESTART_AGENT", json!({"agent_id": ID})),
    ];
    let change = json!({"name": "Padaria São João", "mrr_estimate": null, "segment": "Serviços"});
    let of = |path: &str, method: Method, valid: Vec<Value>| {
        let bytes = bytes_like(valid.iter().map(Value::to_string).collect::<Vec<_>>());
        let body =
            prop_oneof![3 => json_like(valid).prop_map(|value| value.to_string().into_bytes()), 2 => bytes];
        (Just(method), Just(path.to_owned()), body)
    };
    let inputs = prop_oneof![
        of("/internal/tenants", Method::POST, vec![tenant.clone()]),
        of(&format!("/internal/tenants/{A}"), Method::PATCH, vec![change, tenant]),
        of("/internal/operations/commands", Method::POST, commands.to_vec()),
    ];
    fuzz("requests with bodies", 600, inputs, |(method, path, body)| {
        let headers = [(IF_MATCH, HeaderValue::from_static("*"))];
        is_settled(&attacked.send(&method, &path, &headers, body), &[200, 201, 400, 404, 409, 413])
    });
}
