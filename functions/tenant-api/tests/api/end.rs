//! How the binary ends: within its time, whatever it waits for, and when it is told to.

use std::path::Path;
use std::time::{Duration, Instant};

use data::{DatabaseSettings, Tls};
use serde_json::{Value, json};
use test_support::{
    FunctionProcess, Invocation, SecretsManager, TestDatabase, TestIssuer, api_environment, gateway_event,
};
use tokio::net::TcpListener;

use crate::fixture::A;

/// The template's.
const TIMEOUT: Duration = Duration::from_secs(10);

async fn start(endpoint: &str, database: &DatabaseSettings, jwks_url: &str) -> FunctionProcess {
    let environment = api_environment(endpoint, database, "secret", jwks_url);
    FunctionProcess::start(Path::new(env!("CARGO_BIN_EXE_tenant-api")), &environment, TIMEOUT).await
}

/// Accepts connections and never says a word.
async fn black_hole() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

fn answered(invocation: Invocation) -> (Value, Value) {
    let Invocation::Answered(answer) = invocation else { panic!("{invocation:?}") };
    let body = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    (answer["statusCode"].clone(), body)
}

/// Whatever says nothing, the caller gets an answer, of ours, before the function's time is over.
#[tokio::test]
async fn a_service_that_says_nothing_is_unavailable_in_time() {
    let issuer = TestIssuer::start().await;
    let claims = TestIssuer::claims(&["TENANT_USER"], Some(A));
    let event = gateway_event("/tenant/me", &issuer.sign(&claims), &claims);
    let (_hole, port) = black_hole().await;
    let hole = format!("http://127.0.0.1:{port}");
    let database = DatabaseSettings {
        database_host: "127.0.0.1".into(),
        database_port: port,
        database_name: "painel".into(),
        database_tls: Tls::Disable,
        database_ca_file: None,
    };
    for (silent, jwks_url) in
        [("Secrets Manager", issuer.jwks_url()), ("Cognito", format!("{hole}/jwks.json"))]
    {
        let function = start(&hole, &database, &jwks_url).await;
        let started = Instant::now();
        let (status, body) = answered(function.invoke(event.clone()).await);
        assert_eq!((status, &body["code"]), (json!(503), &json!("unavailable")), "{silent}");
        // The start waited as well, beside it: so long that no invocation could be had before.
        assert!(started.elapsed() < 2 * TIMEOUT, "{silent}: {:?}", started.elapsed());
    }
}

/// Lambda tells a function of its end if it has an extension. Its sessions end with it, not when the server finds out.
#[tokio::test]
async fn told_to_end_it_lets_its_sessions_go() {
    let (issuer, database) = (TestIssuer::start().await, TestDatabase::new().await);
    let login = SecretsManager::content(&TestDatabase::login("app_tenant"));
    let secrets = SecretsManager::start(vec![("secret".into(), login)]).await;
    let function = start(secrets.url(), &database.settings(), &issuer.jwks_url()).await;
    let claims = TestIssuer::claims(&["TENANT_USER"], Some(A));
    let event = gateway_event("/tenant/me", &issuer.sign(&claims), &claims);
    let (status, _) = answered(function.invoke(event).await);
    assert_eq!(status, json!(404), "it asked the database");
    assert!(function.has_extension());

    let mut superuser = database.superuser().await;
    let sessions =
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'app_tenant'";
    let before: i64 = sqlx::query_scalar(sessions).fetch_one(&mut superuser).await.unwrap();
    assert!(before > 0);
    let ended = function.terminate().await;
    let after: i64 = sqlx::query_scalar(sessions).fetch_one(&mut superuser).await.unwrap();
    assert_eq!((ended.code(), after), (Some(0), 0));
}
