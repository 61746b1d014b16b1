//! `HEALTH_CHECK`: what fails is a result, in words that tell nothing of the inside, and soon.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cache::{Cache, CacheSettings};
use commands::{Command, CommandType, QueueName};
use data::{Credentials, Database, Tls};
use serde_json::{Value, json};
use sqlx::Executor;
use test_support::{Emulator, TestDatabase, finally};
use tokio::net::TcpListener;

use crate::world::{QueuePair, World, command, no_database};

const ALL: [&str; 6] = ["database", "cache", "commands_table", "secrets", "queues", "integrations"];

fn check(checks: &[&str]) -> Command {
    command(CommandType::HealthCheck, json!({"checks": checks}))
}

/// A secret with Redis's password, deleted with this value.
struct PasswordSecret(Emulator, String);

impl PasswordSecret {
    async fn new(emulator: &Emulator, contents: &str) -> Self {
        let secrets = aws_sdk_secretsmanager::Client::new(&emulator.config());
        let made = secrets.create_secret().name(Emulator::unique("test-cache")).secret_string(contents);
        Self(emulator.clone(), made.send().await.unwrap().arn.unwrap())
    }
}

impl Drop for PasswordSecret {
    fn drop(&mut self) {
        let (config, arn) = (self.0.config(), self.1.clone());
        finally(async move {
            let secrets = aws_sdk_secretsmanager::Client::new(&config);
            let _ = secrets.delete_secret().secret_id(arn).force_delete_without_recovery(true).send().await;
        });
    }
}

/// The stack's Redis: host, port and password.
fn redis() -> (String, u16, String) {
    let emulator = Emulator::new();
    let url = emulator.described("redis_url");
    let (login, address) = url.strip_prefix("redis://").unwrap().split_once('@').unwrap();
    let (host, port) = address.split('/').next().unwrap().split_once(':').unwrap();
    (host.to_owned(), port.parse().unwrap(), login.trim_start_matches(':').to_owned())
}

/// A world in which everything works.
async fn healthy_world() -> (World, PasswordSecret, QueuePair) {
    let mut world = World::with_database().await;
    let (host, port, password) = redis();
    let secret = PasswordSecret::new(&world.emulator, &json!({"password": password}).to_string()).await;
    let pair = QueuePair::new(&world.emulator).await;
    world.executors.queues = vec![pair.name.clone()];
    world.executors.database_secret_arn.clone_from(&secret.1);
    let settings = CacheSettings {
        cache_host: Some(host),
        cache_port: port,
        cache_tls: Tls::Disable,
        cache_secret_arn: Some(secret.1.clone()),
    };
    world.executors.cache = Cache::new(settings, world.executors.secrets.clone());
    world
        .owner()
        .await
        .execute(sqlx::raw_sql(
            "INSERT INTO tenant_integrations (tenant_id, integration_type, integration_name, status) VALUES
                 ('00000000-0000-0000-0000-00000000000a', 'email', 'E-mail', 'active'),
                 ('00000000-0000-0000-0000-00000000000a', 'crm', 'CRM', 'inactive'),
                 ('00000000-0000-0000-0000-00000000000b', 'crm', 'CRM', 'error')",
        ))
        .await
        .unwrap();
    (world, secret, pair)
}

fn failed(output: &Value) -> Vec<&str> {
    let checks = output["checks"].as_object().unwrap();
    checks.iter().filter(|(_, check)| check["ok"] == false).map(|(name, _)| name.as_str()).collect()
}

#[tokio::test]
async fn everything_that_works_is_healthy() {
    let (world, _secret, pair) = healthy_world().await;
    for body in ["one", "two"] {
        let sent = world.executors.sqs.send_message().queue_url(&pair.dead_letters_url).message_body(body);
        sent.send().await.unwrap();
    }
    let output = world.execute(&check(&ALL)).await.unwrap();
    assert_eq!(output["status"], "healthy", "{output}");
    let checks = output["checks"].as_object().unwrap();
    assert_eq!(checks.len(), ALL.len());
    for name in ALL {
        assert_eq!(checks[name]["ok"], true, "{name}: {output}");
        assert!(checks[name]["latency_ms"].as_u64().unwrap() < 3000);
        assert!(checks[name]["detail"].as_str().unwrap().ends_with('.'));
    }
    assert!(checks["queues"]["detail"].as_str().unwrap().ends_with("à espera: 2."), "{output}");
    assert!(checks["integrations"]["detail"].as_str().unwrap().contains('2'), "of this tenant: {output}");

    // Everybody's, and only what is asked for.
    let Value::Object(parameters) = json!({"checks": ["integrations"]}) else { unreachable!() };
    let everybody_s = Command::parse(CommandType::HealthCheck, None, &parameters).unwrap();
    let output = world.execute(&everybody_s).await.unwrap();
    assert_eq!(output["status"], "degraded");
    assert_eq!(output["checks"]["integrations"]["detail"], "1 de 3 integrações em erro.");
    assert_eq!(output["checks"].as_object().unwrap().len(), 1);
    let output = world.execute(&check(&["database"])).await.unwrap();
    assert_eq!((&output["status"], output["checks"].as_object().unwrap().len()), (&json!("healthy"), 1));
}

#[tokio::test]
async fn what_fails_besides_database_and_table_degrades() {
    let (mut world, secret, _pair) = healthy_world().await;
    let (host, port, _) = redis();
    let settings = CacheSettings {
        cache_host: Some(host),
        cache_port: port,
        cache_tls: Tls::Disable,
        cache_secret_arn: Some(secret.1.clone()),
    };
    let secrets = world.executors.secrets.clone();
    let wrong = PasswordSecret::new(&world.emulator, r#"{"password": "wrong"}"#).await;
    let none = PasswordSecret::new(&world.emulator, "password-in-plain").await;
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    for (settings, detail) in [
        (CacheSettings::none(), "Nenhum cache está configurado."),
        (CacheSettings { cache_port: 1, ..settings.clone() }, "O cache não respondeu."),
        (CacheSettings { cache_secret_arn: None, ..settings.clone() }, "O cache não respondeu."),
        (
            CacheSettings { cache_secret_arn: Some(wrong.1.clone()), ..settings.clone() },
            "O cache não respondeu.",
        ),
        (
            CacheSettings { cache_secret_arn: Some(none.1.clone()), ..settings.clone() },
            "O cache não respondeu.",
        ),
        // It doesn't speak TLS.
        (CacheSettings { cache_tls: Tls::VerifyFull, ..settings.clone() }, "O cache não respondeu."),
    ] {
        world.executors.cache = Cache::new(settings, secrets.clone());
        let output = world.execute(&check(&["cache", "database"])).await.unwrap();
        assert_eq!(output["status"], "degraded");
        assert_eq!(output["checks"]["cache"]["detail"], detail);
    }

    world.executors.queues.extend((0..7).map(|number| QueueName::new(&format!("missing-{number}")).unwrap()));
    world.executors.database_secret_arn = "test-no-such-secret".into();
    world
        .owner()
        .await
        .execute("UPDATE tenant_integrations SET status = 'error' WHERE integration_name = 'E-mail'")
        .await
        .unwrap();
    let output = world.execute(&check(&ALL)).await.unwrap();
    assert_eq!(output["status"], "degraded");
    assert_eq!(failed(&output), ["cache", "integrations", "queues", "secrets"]);
    let queues = &output["checks"]["queues"];
    assert_eq!(queues["truncated"], true);
    assert!(queues["detail"].as_str().unwrap().contains("7 de 8 filas: missing-0,"), "{queues}");
    assert!(queues["detail"].as_str().unwrap().contains("e mais 2"), "{queues}");
}

#[tokio::test]
async fn without_database_or_table_it_is_unhealthy() {
    let (mut world, _secret, _pair) = healthy_world().await;
    world.executors.database = Arc::new(no_database());
    let output = world.execute(&check(&ALL)).await.unwrap();
    assert_eq!(output["status"], "unhealthy");
    assert_eq!(failed(&output), ["database", "integrations"]);
    for word in ["127.0.0.1", "refused", "SELECT", "app_commands", "sqlx"] {
        assert!(!output.to_string().contains(word), "{output}");
    }
}

#[tokio::test]
async fn what_hangs_is_given_up_and_the_others_don_t_wait() {
    let world = World::new().await;
    let accepted = world.accept(&check(&ALL)).await;
    let claim = world.claim(&accepted).await;
    // Takes every connection, and never says a word.
    let silence = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = silence.local_addr().unwrap();
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((connection, _)) = silence.accept().await {
            held.push(connection);
        }
    });
    let silent = world.emulator.config_at(&format!("http://{address}"));
    let secrets = aws_sdk_secretsmanager::Client::new(&silent);
    let settings = data::DatabaseSettings {
        database_host: address.ip().to_string(),
        database_port: address.port(),
        database_name: "nothing".into(),
        database_tls: Tls::Disable,
        database_ca_file: None,
    };
    let executors = commands::Executors {
        database: Arc::new(Database::new(settings, Credentials::Fixed(TestDatabase::login("app_commands")))),
        sqs: aws_sdk_sqs::Client::new(&silent),
        queues: vec![QueueName::new("any").unwrap()],
        secrets: secrets.clone(),
        database_secret_arn: "any".into(),
        events: aws_sdk_eventbridge::Client::new(&silent),
        event_bus: "any".into(),
        cache: Cache::new(
            CacheSettings {
                cache_host: Some(address.ip().to_string()),
                cache_port: address.port(),
                cache_tls: Tls::Disable,
                cache_secret_arn: None,
            },
            secrets,
        ),
    };
    let began = Instant::now();
    let output = executors.execute(&claim, &accepted.command().unwrap().unwrap()).await.unwrap();
    assert!(began.elapsed() < Duration::from_millis(3500), "{:?}", began.elapsed());
    assert_eq!(output["status"], "unhealthy");
    assert_eq!(failed(&output), ["cache", "database", "integrations", "queues", "secrets"]);
    assert_eq!(output["checks"]["secrets"]["detail"], "Sem resposta em 3 segundos.");
}
