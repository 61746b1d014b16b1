//! `RESET_TOKEN`: the tokens are gone for good, everything else of the secret stays, and nobody sees a value.

use std::collections::HashMap;
use std::io::Write;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use commands::{Command, CommandType, StoredCommand};
use runtime::Lines;
use serde_json::{Value, json};
use sqlx::Executor;
use test_support::{Emulator, finally};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use uuid::Uuid;

use crate::proxy::{Proxy, Verdict};
use crate::world::{OTHER_TENANT, TENANT, World, command, failure, no_database};

const INTEGRATION: Uuid = Uuid::from_u128(0xC1);
const SOMEBODY_ELSES: Uuid = Uuid::from_u128(0xC2);
const WITHOUT: Uuid = Uuid::from_u128(0xC3);

const CONTENTS: &str = r#"{"client_id": "client", "client_secret": "value-client", "access_token": "value-access",
    "refreshToken": "value-refresh", "expires_in": 3600.50, "scopes": ["mail"]}"#;

/// A secret, deleted with this value.
struct Secret {
    arn: String,
    emulator: Emulator,
}

impl Secret {
    async fn new(emulator: &Emulator, contents: &str) -> Self {
        let config = emulator.config();
        let secrets = aws_sdk_secretsmanager::Client::new(&config);
        let made = secrets.create_secret().name(Emulator::unique("test-integration")).secret_string(contents);
        Self { arn: made.send().await.unwrap().arn.unwrap(), emulator: emulator.clone() }
    }

    fn client(&self) -> aws_sdk_secretsmanager::Client {
        aws_sdk_secretsmanager::Client::new(&self.emulator.config())
    }

    /// Which version has which labels.
    async fn labels(&self) -> HashMap<String, Vec<String>> {
        let described = self.client().describe_secret().secret_id(&self.arn).send().await.unwrap();
        described.version_ids_to_stages.unwrap()
    }

    async fn current(&self) -> Value {
        let value = self.client().get_secret_value().secret_id(&self.arn).send().await.unwrap();
        serde_json::from_str(value.secret_string().unwrap()).unwrap()
    }

    async fn put(&self, contents: &str) {
        self.client().put_secret_value().secret_id(&self.arn).secret_string(contents).send().await.unwrap();
    }

    async fn delete(&self, for_good: bool) {
        let deletion = self.client().delete_secret().secret_id(&self.arn);
        let deletion = if for_good { deletion.force_delete_without_recovery(true) } else { deletion };
        deletion.send().await.unwrap();
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        let (client, arn) = (self.emulator.config(), self.arn.clone());
        finally(async move {
            let secrets = aws_sdk_secretsmanager::Client::new(&client);
            let _ = secrets.delete_secret().secret_id(arn).force_delete_without_recovery(true).send().await;
        });
    }
}

async fn world_with_integrations(contents: &str) -> (World, Secret) {
    let world = World::with_database().await;
    let secret = Secret::new(&world.emulator, contents).await;
    let mut owner = world.owner().await;
    for (id, tenant, arn) in [
        (INTEGRATION, TENANT, Some(&secret.arn)),
        (SOMEBODY_ELSES, OTHER_TENANT, Some(&secret.arn)),
        (WITHOUT, TENANT, None),
    ] {
        sqlx::query(
            "INSERT INTO tenant_integrations (id, tenant_id, integration_type, integration_name, credentials_secret_arn)
             VALUES ($1, $2, 'email', 'E-mail', $3)",
        )
        .bind(id)
        .bind(tenant)
        .bind(arn)
        .execute(&mut owner)
        .await
        .unwrap();
    }
    (world, secret)
}

fn reset(integration_id: Uuid) -> Command {
    command(CommandType::ResetToken, json!({"integration_id": integration_id}))
}

/// The integration's status, last error and last change.
async fn row(world: &World) -> (String, Option<String>, DateTime<Utc>) {
    sqlx::query_as("SELECT status, last_error, updated_at FROM tenant_integrations WHERE id = $1")
        .bind(INTEGRATION)
        .fetch_one(&mut world.owner().await)
        .await
        .unwrap()
}

/// That it is done, and done once.
async fn assert_reset(world: &World, secret: &Secret, accepted: &StoredCommand, output: &Value) {
    let version = accepted.command_id.to_string();
    assert_eq!(
        *output,
        json!({
            "integration_id": INTEGRATION, "integration_name": "E-mail",
            "blanked": ["access_token", "refreshToken"], "secret_version": version,
        })
    );
    assert_eq!(secret.labels().await, HashMap::from([(version, vec!["AWSCURRENT".to_owned()])]));
    let mut expected: Value = serde_json::from_str(CONTENTS).unwrap();
    expected["access_token"] = "".into();
    expected["refreshToken"] = "".into();
    assert_eq!(secret.current().await, expected);
    let previous = secret.client().get_secret_value().secret_id(&secret.arn).version_stage("AWSPREVIOUS");
    assert!(previous.send().await.is_err(), "the tokens can't be had by their label");
    let (status, last_error, _) = row(world).await;
    assert_eq!(status, "inactive");
    assert!(last_error.unwrap().contains("reautorização"));
}

#[tokio::test]
async fn tokens_are_blanked_once_and_the_rest_is_kept() {
    let (world, secret) = world_with_integrations(CONTENTS).await;
    let accepted = world.accept(&reset(INTEGRATION)).await;
    let output = world.attempt(&accepted).await.unwrap();
    assert_reset(&world, &secret, &accepted, &output).await;
    let after = row(&world).await;

    let output = world.attempt(&accepted).await.unwrap();
    assert_reset(&world, &secret, &accepted, &output).await;
    assert_eq!(row(&world).await, after, "another attempt changes nothing");
    let untouched: i64 =
        sqlx::query_scalar("SELECT count(*) FROM tenant_integrations WHERE status = 'active'")
            .fetch_one(&mut world.owner().await)
            .await
            .unwrap();
    assert_eq!(untouched, 2);
}

#[tokio::test]
async fn an_authorization_since_stands() {
    let (mut world, secret) = world_with_integrations(CONTENTS).await;
    let accepted = world.accept(&reset(INTEGRATION)).await;
    world.attempt(&accepted).await.unwrap();
    let authorize = async || {
        secret.put(r#"{"access_token": "value-new"}"#).await;
        let mut owner = world.owner().await;
        owner.execute("UPDATE tenant_integrations SET status = 'active', last_error = NULL").await.unwrap();
    };
    authorize().await;
    let (labels, before) = (secret.labels().await, row(&world).await);
    let output = world.attempt(&accepted).await.unwrap();
    assert_eq!(output["blanked"], json!(["access_token", "refreshToken"]));
    assert_eq!(secret.labels().await, labels);
    assert_eq!(secret.current().await["access_token"], "value-new");
    assert_eq!(row(&world).await, before);

    // After two of them the command's version has no label left. Secrets Manager knows it still.
    authorize().await;
    let proxy = Proxy::new(&world.emulator, |call| match call.action {
        "PutSecretValue" => Verdict::Answer(400, json!({"__type": "ResourceExistsException"})),
        _ => Verdict::Pass,
    })
    .await;
    let (labels, before) = (secret.labels().await, row(&world).await);
    world.go_through(&proxy.config(&world.emulator));
    world.attempt(&accepted).await.unwrap();
    assert!(proxy.calls().contains(&"PutSecretValue".to_owned()));
    assert!(!proxy.calls().contains(&"UpdateSecretVersionStage".to_owned()));
    assert_eq!(secret.labels().await, labels);
    assert_eq!(row(&world).await, before);
}

#[tokio::test]
async fn each_wrong_integration_has_its_reason() {
    let (world, secret) = world_with_integrations(CONTENTS).await;
    for (integration, code) in [
        (SOMEBODY_ELSES, "unknown integration"),
        (Uuid::from_u128(0xCF), "unknown integration"),
        (WITHOUT, "no credentials"),
    ] {
        assert_eq!(failure(world.execute(&reset(integration)).await).code, code, "{integration}");
    }
    assert_eq!(secret.current().await["access_token"], "value-access");

    for contents in ["value-of-no-json", r#""value-of-a-string""#, r#"["value-of-a-list"]"#] {
        secret.put(contents).await;
        let failed = failure(world.execute(&reset(INTEGRATION)).await);
        assert_eq!(failed.code, "secret unreadable");
        assert!(!failed.to_string().contains("value"), "{failed}");
    }
    secret.delete(false).await;
    assert_eq!(failure(world.execute(&reset(INTEGRATION)).await).code, "secret missing");
    secret.delete(true).await;
    assert_eq!(failure(world.execute(&reset(INTEGRATION)).await).code, "secret missing");
    assert_eq!(row(&world).await.0, "active");
}

#[tokio::test]
async fn what_is_down_is_named_and_comes_right_in_another_attempt() {
    let (mut world, secret) = world_with_integrations(CONTENTS).await;
    let accepted = world.accept(&reset(INTEGRATION)).await;
    let unreachable = world.emulator.unreachable_config();
    let secrets =
        std::mem::replace(&mut world.executors.secrets, aws_sdk_secretsmanager::Client::new(&unreachable));
    assert_eq!(failure(world.attempt(&accepted).await).code, "secrets unavailable");
    world.executors.secrets = secrets;

    let proxy = Proxy::new(&world.emulator, |call| match call.action {
        "UpdateSecretVersionStage" => Verdict::Answer(400, json!({"__type": "AccessDeniedException"})),
        _ => Verdict::Pass,
    })
    .await;
    world.go_through(&proxy.config(&world.emulator));
    assert_eq!(failure(world.attempt(&accepted).await).code, "secrets unavailable");
    assert_eq!(row(&world).await.0, "active");
    world.go_through(&world.emulator.config());

    let database = std::mem::replace(&mut world.executors.database, Arc::new(no_database()));
    assert_eq!(failure(world.attempt(&accepted).await).code, "database unavailable");
    world.executors.database = database;
    let output = world.attempt(&accepted).await.unwrap();
    assert_reset(&world, &secret, &accepted, &output).await;
}

#[tokio::test]
async fn a_label_that_moved_meanwhile_is_followed() {
    let (mut world, secret) = world_with_integrations(CONTENTS).await;
    let accepted = world.accept(&reset(INTEGRATION)).await;
    // The version that was read is not the one that the label is on, by the time it is removed.
    let read = Arc::new(Mutex::new(None));
    let judge = {
        let read = Arc::clone(&read);
        move |call: &crate::proxy::Call<'_>| match call.action {
            "UpdateSecretVersionStage" => {
                let mut read = read.lock().unwrap();
                match *read {
                    None => {
                        *read = Some(());
                        Verdict::Answer(
                            400,
                            json!({"__type": "InvalidParameterException", "message": "not attached"}),
                        )
                    }
                    Some(()) => Verdict::Pass,
                }
            }
            _ => Verdict::Pass,
        }
    };
    let proxy = Proxy::new(&world.emulator, judge).await;
    world.go_through(&proxy.config(&world.emulator));
    let output = world.attempt(&accepted).await.unwrap();
    assert_reset(&world, &secret, &accepted, &output).await;
}

#[tokio::test]
async fn a_kill_at_any_call_leaves_one_reset() {
    let actions = ["DescribeSecret", "GetSecretValue", "PutSecretValue", "UpdateSecretVersionStage"];
    for action in actions {
        for hang in [|| Verdict::HangBefore, || Verdict::HangAfter] {
            let (mut world, secret) = world_with_integrations(CONTENTS).await;
            let proxy =
                Proxy::new(
                    &world.emulator,
                    move |call| {
                        if call.action == action { hang() } else { Verdict::Pass }
                    },
                )
                .await;
            world.go_through(&proxy.config(&world.emulator));
            let accepted = world.accept(&reset(INTEGRATION)).await;
            tokio::select! {
                result = world.attempt(&accepted) => panic!("{action}: {result:?}"),
                () = proxy.hung() => {}
            }
            world.go_through(&world.emulator.config());
            let output = world.attempt(&accepted).await.unwrap();
            assert_reset(&world, &secret, &accepted, &output).await;
        }
    }
}

/// What is logged, as a function logs it, in this thread.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn no_value_is_told_to_anybody() {
    let log = Log::default();
    let levels = Targets::new()
        .with_default(tracing::Level::DEBUG)
        .with_targets([("commands", tracing::Level::TRACE), ("data", tracing::Level::TRACE)]);
    let subscriber = tracing_subscriber::registry().with(levels).with(Lines::new(log.clone()));
    let _guard = tracing::subscriber::set_default(subscriber);

    let (mut world, secret) = world_with_integrations(CONTENTS).await;
    let mut told = Vec::new();
    told.push(format!("{:?}", world.execute(&reset(INTEGRATION)).await));
    secret.put(r#"{"access_token": "value-access" oops"#).await;
    told.push(format!("{:?}", world.execute(&reset(INTEGRATION)).await));
    secret.put(CONTENTS).await;
    let proxy = Proxy::new(&world.emulator, |call| match call.action {
        "PutSecretValue" => Verdict::Answer(400, json!({"__type": "LimitExceededException"})),
        _ => Verdict::Pass,
    })
    .await;
    world.go_through(&proxy.config(&world.emulator));
    told.push(format!("{:?}", world.execute(&reset(INTEGRATION)).await));
    let told = told.concat();
    assert!(told.contains("secrets unavailable") && told.contains("secret unreadable"), "{told}");

    let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(logged.contains("Secrets Manager is unavailable"), "{logged}");
    for value in ["value-client", "value-access", "value-refresh"] {
        assert!(!told.contains(value), "{told}");
        assert!(!logged.contains(value), "{value} is in the log");
    }
}
