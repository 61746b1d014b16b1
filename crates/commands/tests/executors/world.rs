//! What executors work with, made for one test.

use std::sync::Arc;
use std::time::Duration;

use aws_types::SdkConfig;
use cache::{Cache, CacheSettings};
use chrono::{DateTime, TimeDelta, Utc};
use commands::{
    Claim, Command, CommandType, Created, ExecutionError, Executors, Failure, Leases, NewCommand, QueueName,
    Start, Store, StoreSettings, StoredCommand,
};
use data::{Credentials, Database, DatabaseSettings, Tls};
use serde_json::{Value, json};
use sqlx::{Executor, PgConnection};
use test_support::{CommandTables, Emulator, TestDatabase, finally};
use uuid::Uuid;

pub(crate) const TENANT: Uuid = Uuid::from_u128(0xA);
pub(crate) const OTHER_TENANT: Uuid = Uuid::from_u128(0xB);

/// Short, so that what a killed attempt had in its hands is soon seen again.
pub(crate) const LEASES: Leases =
    Leases { duration: Duration::from_secs(1), clock_skew: Duration::from_secs(0) };

pub(crate) struct World {
    pub(crate) emulator: Emulator,
    pub(crate) executors: Executors,
    pub(crate) store: Store,
    tables: CommandTables,
    database: Option<TestDatabase>,
}

impl World {
    /// Without a database: nobody is there.
    pub(crate) async fn new() -> Self {
        let emulator = Emulator::new();
        let tables = CommandTables::new(&emulator).await;
        let config = emulator.config();
        let secrets = aws_sdk_secretsmanager::Client::new(&config);
        let executors = Executors {
            database: Arc::new(no_database()),
            sqs: aws_sdk_sqs::Client::new(&config),
            queues: Vec::new(),
            secrets: secrets.clone(),
            database_secret_arn: "test-no-such-secret".into(),
            events: aws_sdk_eventbridge::Client::new(&config),
            event_bus: "default".into(),
            cache: Cache::new(CacheSettings::none(), secrets),
        };
        let store = store(&config, &tables);
        Self { emulator, executors, store, tables, database: None }
    }

    /// With a database of two tenants, as `app_commands`.
    pub(crate) async fn with_database() -> Self {
        let (mut world, database) = tokio::join!(Self::new(), TestDatabase::new());
        database
            .owner()
            .await
            .execute(sqlx::raw_sql(
                "INSERT INTO tenants (id, name, cnpj) VALUES
                     ('00000000-0000-0000-0000-00000000000a', 'A', '11222333000181'),
                     ('00000000-0000-0000-0000-00000000000b', 'B', '12ABC34501DE35')",
            ))
            .await
            .unwrap();
        world.executors.database = Arc::new(database.database("app_commands"));
        world.database = Some(database);
        world
    }

    /// Has the store's calls, and those of executors to AWS, go elsewhere.
    pub(crate) fn go_through(&mut self, config: &SdkConfig) {
        self.executors.sqs = aws_sdk_sqs::Client::new(config);
        self.executors.secrets = aws_sdk_secretsmanager::Client::new(config);
        self.executors.events = aws_sdk_eventbridge::Client::new(config);
        self.store = store(config, &self.tables);
    }

    pub(crate) async fn owner(&self) -> PgConnection {
        self.database.as_ref().unwrap().owner().await
    }

    /// An accepted command.
    pub(crate) async fn accept(&self, command: &Command) -> StoredCommand {
        let new = NewCommand {
            command,
            created_by: "sub",
            request_id: "request",
            trace_id: Some("1-5759e988-bd862e3fe1be46a994272793"),
            now: Utc::now(),
        };
        let Created::New(receipt) = self.store.create(&new, None).await.unwrap() else {
            panic!("there is no key");
        };
        self.store.get(receipt.command_id).await.unwrap().unwrap()
    }

    /// Begins it, whoever else may hold it.
    pub(crate) async fn claim(&self, accepted: &StoredCommand) -> Claim<'_> {
        let current = self.store.get(accepted.command_id).await.unwrap().unwrap();
        let held_until = current.lease_until.as_ref().map(|until| until.at() + TimeDelta::seconds(1));
        let now: DateTime<Utc> = Utc::now().max(held_until.unwrap_or_default());
        match self.store.start(LEASES, &current, now).await.unwrap() {
            Start::Claimed(claim) => *claim,
            other => panic!("{other:?}"),
        }
    }

    /// Another attempt at it.
    pub(crate) async fn attempt(&self, accepted: &StoredCommand) -> Result<Value, ExecutionError> {
        let command = accepted.command().unwrap().unwrap();
        self.executors.execute(&self.claim(accepted).await, &command).await
    }

    /// Executes a new command.
    pub(crate) async fn execute(&self, command: &Command) -> Result<Value, ExecutionError> {
        self.attempt(&self.accept(command).await).await
    }
}

/// Why it failed.
pub(crate) fn failure(result: Result<Value, ExecutionError>) -> Failure {
    match result {
        Err(ExecutionError::Failed(failure)) => {
            assert!(failure.message.contains(' '), "says what to do: {failure}");
            failure
        }
        other => panic!("{other:?}"),
    }
}

fn store(config: &SdkConfig, tables: &CommandTables) -> Store {
    let settings = StoreSettings {
        commands_table: tables.commands.clone(),
        command_bookkeeping_table: tables.bookkeeping.clone(),
    };
    Store::new(&aws_sdk_dynamodb::Client::new(config), settings)
}

/// Where nobody is.
pub(crate) fn no_database() -> Database {
    let settings = DatabaseSettings {
        database_host: "127.0.0.1".into(),
        database_port: 1,
        database_name: "nothing".into(),
        database_tls: Tls::Disable,
        database_ca_file: None,
    };
    Database::new(settings, Credentials::Fixed(TestDatabase::login("app_commands")))
}

pub(crate) fn reprocess(queue: &str, max_messages: u32) -> Command {
    command(CommandType::ReprocessQueue, json!({"queue": queue, "max_messages": max_messages}))
}

pub(crate) fn command(kind: CommandType, parameters: Value) -> Command {
    let Value::Object(parameters) = parameters else {
        panic!("parameters are an object");
    };
    Command::parse(kind, Some(TENANT), &parameters).unwrap()
}

/// A queue with its dead-letter queue, deleted with this value.
pub(crate) struct QueuePair {
    pub(crate) name: QueueName,
    pub(crate) url: String,
    pub(crate) dead_letters: String,
    pub(crate) dead_letters_url: String,
    emulator: Emulator,
}

impl QueuePair {
    pub(crate) async fn new(emulator: &Emulator) -> Self {
        Self::of_kind(emulator, "").await
    }

    pub(crate) async fn fifo(emulator: &Emulator) -> Self {
        Self::of_kind(emulator, ".fifo").await
    }

    async fn of_kind(emulator: &Emulator, suffix: &str) -> Self {
        let config = emulator.config();
        let sqs = aws_sdk_sqs::Client::new(&config);
        let dead_letters = Emulator::unique("test-dlq") + suffix;
        let name = Emulator::unique("test-queue") + suffix;
        let fifo = (!suffix.is_empty()).then(|| {
            [(aws_sdk_sqs::types::QueueAttributeName::FifoQueue, "true".to_owned())].into_iter().collect()
        });
        let made = sqs.create_queue().queue_name(&dead_letters).set_attributes(fifo.clone()).send().await;
        let dead_letters_url = made.unwrap().queue_url.unwrap();
        let redrive = json!({
            "deadLetterTargetArn": format!("arn:aws:sqs:sa-east-1:000000000000:{dead_letters}"),
            "maxReceiveCount": 3,
        });
        let made = sqs
            .create_queue()
            .queue_name(&name)
            .set_attributes(fifo)
            .attributes(aws_sdk_sqs::types::QueueAttributeName::RedrivePolicy, redrive.to_string());
        let url = made.send().await.unwrap().queue_url.unwrap();
        let name = QueueName::new(&name).unwrap();
        Self { name, url, dead_letters, dead_letters_url, emulator: emulator.clone() }
    }
}

impl Drop for QueuePair {
    fn drop(&mut self) {
        let (config, urls) = (self.emulator.config(), [self.url.clone(), self.dead_letters_url.clone()]);
        finally(async move {
            let sqs = aws_sdk_sqs::Client::new(&config);
            for url in urls {
                let _ = sqs.delete_queue().queue_url(url).send().await;
            }
        });
    }
}
