//! How the binary starts.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use test_support::{
    FunctionProcess, Invocation, SecretsManager, TestDatabase, TestIssuer, api_environment, gateway_event,
};

use crate::fixture::{A, Fixture};

const SETTINGS: [(&str, &str); 11] = [
    ("AWS_REGION", "sa-east-1"),
    ("AWS_ACCESS_KEY_ID", "id"),
    ("AWS_SECRET_ACCESS_KEY", "key"),
    ("COGNITO_ISSUER", "https://issuer.example.com"),
    ("COGNITO_JWKS_URL", "https://issuer.example.com/jwks.json"),
    ("COGNITO_CLIENT_IDS", "client"),
    ("DATABASE_HOST", "localhost"),
    ("DATABASE_PORT", "5432"),
    ("DATABASE_NAME", "painel"),
    ("DATABASE_TLS", "disable"),
    ("DATABASE_SECRET_ARN", "secret"),
];

/// What the binary says when it is started with these settings, one of them changed; empty takes it away.
fn complaint(name: &str, value: &str) -> String {
    let settings = SETTINGS.map(|(setting, usual)| (setting, if setting == name { value } else { usual }));
    let output = Command::new(env!("CARGO_BIN_EXE_tenant-api")).env_clear().envs(settings).output().unwrap();
    assert!(!output.status.success());
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn a_setting_that_is_missing_or_wrong_stops_the_start_and_is_named() {
    for (name, _) in SETTINGS {
        let said = complaint(name, "");
        assert!(said.contains(&format!("the environment variable {name} is not set")), "{said}");
    }
    for (name, wrong) in [("DATABASE_PORT", "many"), ("DATABASE_TLS", "prefer")] {
        let said = complaint(name, wrong);
        assert!(said.contains("value that is not allowed") && said.contains(wrong), "{said}");
    }
}

#[tokio::test]
async fn as_lambda_starts_it_it_answers_events_by_encrypted_connections() {
    let fixture = Fixture::new().await;
    let login = SecretsManager::content(&TestDatabase::login("app_tenant"));
    let secrets = SecretsManager::start(vec![("login".into(), login)]).await;
    let database = fixture.database.settings_with_tls();
    let environment = api_environment(secrets.url(), &database, "login", &fixture.issuer.jwks_url());
    let binary = Path::new(env!("CARGO_BIN_EXE_tenant-api"));
    let function = FunctionProcess::start(binary, &environment, Duration::from_secs(10)).await;

    let claims = TestIssuer::claims(&["TENANT_USER"], Some(A));
    for path in ["/tenant/me", "/tenant/usage?period=7d"] {
        let event = gateway_event(path, &fixture.issuer.sign(&claims), &claims);
        let Invocation::Answered(answer) = function.invoke(event).await else { panic!("no answer") };
        assert_eq!(answer["statusCode"], 200, "{answer}");
        let body: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
        assert!(body["id"] == A || body["period"] == "7d", "{body}");
    }
    // All of it was got ready before the first event was asked for.
    assert_eq!(fixture.issuer.fetches(), 1);
    assert!(function.initialised().is_some());
    function.stop().await;
}
