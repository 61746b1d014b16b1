//! The SDK over our client: what it asks arrives, and what goes wrong is what it takes it for.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::SdkError;
use outbound::{AwsSettings, CallLimits};
use serde_json::json;
use test_support::SecretsManager;

fn client(endpoint: &str) -> Client {
    let settings = AwsSettings {
        aws_region: "sa-east-1".into(),
        aws_access_key_id: "id".into(),
        aws_secret_access_key: "key".into(),
        aws_session_token: Some("token".into()),
        aws_endpoint_url: Some(endpoint.into()),
    };
    Client::new(&settings.config(outbound::client().unwrap(), CallLimits::REQUEST))
}

#[tokio::test]
async fn a_call_is_answered_and_a_refusal_is_the_services() {
    let service = SecretsManager::start(vec![("known".into(), json!({"password": "x"}))]).await;
    let client = client(service.url());
    let read = client.get_secret_value().secret_id("known").send().await.unwrap();
    assert_eq!(read.secret_string(), Some(r#"{"password":"x"}"#));

    let refusal = client.get_secret_value().secret_id("unknown").send().await.unwrap_err();
    assert!(refusal.into_service_error().is_resource_not_found_exception());
}

#[tokio::test]
async fn where_nobody_listens_nothing_is_dispatched() {
    let error = client("http://127.0.0.1:1").get_secret_value().secret_id("known").send().await.unwrap_err();
    assert!(matches!(&error, SdkError::DispatchFailure(failure) if failure.is_io()), "{error:?}");
}
