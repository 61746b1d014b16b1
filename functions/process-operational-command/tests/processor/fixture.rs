//! A small platform: a database, tables, a queue with dead letters, secrets, a bus that somebody listens to.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_eventbridge::types::Target;
use aws_sdk_sqs::types::{Message, MessageSystemAttributeName, QueueAttributeName};
use aws_types::SdkConfig;
use cache::{Cache, CacheSettings};
use chrono::Utc;
use commands::{
    Command, CommandType, Created, Executors, Leases, NewCommand, QueueName, Status, Store, StoreSettings,
    StoredCommand, attribute,
};
use data::Database;
use process_operational_command::Processor;
use serde_json::{Value, json};
use sqlx::{Connection, Executor};
use test_support::{CommandTables, Emulator, FunctionProcess, SecretsManager, TestDatabase};
use tokio::time::Instant;
use uuid::Uuid;

pub(crate) const TENANT: Uuid = Uuid::from_u128(0x0000_0000_0000_4000_8000_0000_0000_000a);
pub(crate) const LEASES: Leases = Leases { duration: Duration::from_secs(2), clock_skew: Duration::ZERO };
pub(crate) const RETRY_WINDOW: Duration = Duration::from_mins(1);
/// X-Ray's trace of the requests that commands come with.
pub(crate) const TRACE: &str = "1-5759e988-bd862e3fe1be46a994272793";
/// What a secret must never be seen as outside of it.
pub(crate) const TOKEN: &str = "ya29.a-token-that-nobody-may-see";

pub(crate) struct Platform {
    pub(crate) database: TestDatabase,
    pub(crate) emulator: Emulator,
    pub(crate) tables: CommandTables,
    pub(crate) store: Store,
    pub(crate) sqs: aws_sdk_sqs::Client,
    pub(crate) secrets: aws_sdk_secretsmanager::Client,
    pub(crate) dynamodb: aws_sdk_dynamodb::Client,
    pub(crate) queue: Queue,
    pub(crate) bus: String,
    /// Where the events of the bus arrive.
    pub(crate) heard: String,
    login: String,
}

/// A queue with its dead-letter queue.
#[derive(Clone, Debug)]
pub(crate) struct Queue {
    pub(crate) name: String,
    pub(crate) url: String,
    pub(crate) dead: String,
}

impl Platform {
    pub(crate) async fn new() -> Self {
        // What a processor in this process says, for whom a failed test makes wonder.
        let _ = tracing_subscriber::fmt().with_test_writer().with_max_level(tracing::Level::WARN).try_init();
        let emulator = Emulator::new();
        let (database, tables) = tokio::join!(TestDatabase::new(), CommandTables::new(&emulator));
        database
            .owner()
            .await
            .execute(sqlx::raw_sql(
                "INSERT INTO tenants (id, name, cnpj, plan) VALUES
                     ('00000000-0000-4000-8000-00000000000a', 'A', '12ABC34501DE35', 'starter'),
                     ('00000000-0000-4000-8000-00000000000b', 'B', '11222333000181', 'starter');",
            ))
            .await
            .unwrap();
        let config = emulator.config();
        let secrets = aws_sdk_secretsmanager::Client::new(&config);
        let login = TestDatabase::login("app_commands");
        let login = SecretsManager::content(&login);
        let login =
            secrets.create_secret().name(Emulator::unique("test-login")).secret_string(login.to_string());
        let login = login.send().await.unwrap().arn.unwrap();
        let sqs = aws_sdk_sqs::Client::new(&config);
        let events = aws_sdk_eventbridge::Client::new(&config);
        let dynamodb = aws_sdk_dynamodb::Client::new(&config);
        let (bus, heard) = bus(&events, &sqs).await;
        let settings = StoreSettings {
            commands_table: tables.commands.clone(),
            command_bookkeeping_table: tables.bookkeeping.clone(),
        };
        let store = Store::new(&dynamodb, settings);
        let queue = Queue::new(&sqs).await;
        Self { database, emulator, tables, store, sqs, secrets, dynamodb, queue, bus, heard, login }
    }

    /// A processor in this process.
    pub(crate) fn processor(&self) -> Processor {
        self.processor_of(&self.emulator.config(), self.database.database("app_commands"))
    }

    pub(crate) fn processor_of(&self, config: &SdkConfig, database: Database) -> Processor {
        let secrets = aws_sdk_secretsmanager::Client::new(config);
        let settings = StoreSettings {
            commands_table: self.tables.commands.clone(),
            command_bookkeeping_table: self.tables.bookkeeping.clone(),
        };
        Processor {
            store: Store::new(&aws_sdk_dynamodb::Client::new(config), settings),
            executors: Executors {
                database: Arc::new(database),
                sqs: aws_sdk_sqs::Client::new(config),
                queues: vec![QueueName::new(&self.queue.name).unwrap()],
                secrets: secrets.clone(),
                database_secret_arn: self.login.clone(),
                events: aws_sdk_eventbridge::Client::new(config),
                event_bus: self.bus.clone(),
                cache: Cache::new(CacheSettings::none(), secrets),
            },
            leases: LEASES,
            retry_window: RETRY_WINDOW,
            now: Utc::now,
        }
    }

    /// A processor in this process, with a cache.
    pub(crate) fn processor_with(&self, cache: Cache) -> Processor {
        let mut processor = self.processor();
        processor.executors.cache = cache;
        processor
    }

    /// A processor in a process of its own, which reaches AWS through this endpoint.
    pub(crate) async fn process(&self, endpoint: &str) -> FunctionProcess {
        let settings = self.database.settings();
        let environment = [
            ("AWS_ENDPOINT_URL", endpoint),
            ("AWS_REGION", "sa-east-1"),
            ("AWS_ACCESS_KEY_ID", "local"),
            ("AWS_SECRET_ACCESS_KEY", "local"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
            ("DATABASE_HOST", &settings.database_host),
            ("DATABASE_PORT", &settings.database_port.to_string()),
            ("DATABASE_NAME", &settings.database_name),
            ("DATABASE_TLS", "disable"),
            ("DATABASE_SECRET_ARN", &self.login),
            ("COMMANDS_TABLE", &self.tables.commands),
            ("COMMAND_BOOKKEEPING_TABLE", &self.tables.bookkeeping),
            ("OPERATION_QUEUES", &self.queue.name),
            ("EVENT_BUS_NAME", &self.bus),
            ("COMMAND_LEASE_SECONDS", "2"),
            ("COMMAND_CLOCK_SKEW_SECONDS", "0"),
            ("COMMAND_RETRY_WINDOW_SECONDS", "60"),
            ("LOG_LEVEL", "error"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let binary = Path::new(env!("CARGO_BIN_EXE_process-operational-command"));
        FunctionProcess::start(binary, &environment, Duration::from_mins(1)).await
    }

    // ---------------------------------------------------------------- what commands act on

    /// An agent of the tenant that is inactive.
    pub(crate) async fn agent(&self, status: &'static str) -> Uuid {
        let id = Uuid::new_v4();
        let mut owner = self.database.owner().await;
        sqlx::query("INSERT INTO agents (id, name) VALUES ($1, 'Atendente ' || $1)")
            .bind(id)
            .execute(&mut owner)
            .await
            .unwrap();
        sqlx::query(
            "INSERT INTO tenant_agents (tenant_id, agent_id, status, deactivated_at) VALUES ($1, $2, $3, now())",
        )
        .bind(TENANT)
        .bind(id)
        .bind(status)
        .execute(&mut owner)
        .await
        .unwrap();
        owner.close().await.unwrap();
        id
    }

    /// An active integration of the tenant with tokens, and its secret's ARN.
    pub(crate) async fn integration(&self) -> (Uuid, String) {
        let id = Uuid::new_v4();
        let value = json!({"client_id": "client-1", "access_token": TOKEN, "refresh_token": TOKEN});
        let secret = self.secrets.create_secret().name(Emulator::unique("test-integration"));
        let arn = secret.secret_string(value.to_string()).send().await.unwrap().arn.unwrap();
        let mut owner = self.database.owner().await;
        sqlx::query(
            "INSERT INTO tenant_integrations
                 (id, tenant_id, integration_type, integration_name, status, credentials_secret_arn)
             VALUES ($1, $2, 'crm', 'CRM ' || $1, 'active', $3)",
        )
        .bind(id)
        .bind(TENANT)
        .bind(&arn)
        .execute(&mut owner)
        .await
        .unwrap();
        owner.close().await.unwrap();
        (id, arn)
    }

    // ---------------------------------------------------------------- commands

    pub(crate) async fn create(&self, kind: CommandType, parameters: Value) -> StoredCommand {
        let parameters = serde_json::from_value(parameters).unwrap();
        let command = Command::parse(kind, Some(TENANT), &parameters).unwrap();
        let new = NewCommand {
            command: &command,
            created_by: "somebody",
            request_id: "request-1",
            trace_id: Some(TRACE),
            now: Utc::now(),
        };
        match self.store.create(&new, None).await.unwrap() {
            Created::New(receipt) => self.get(receipt.command_id).await,
            Created::Known(known) => panic!("{known:?}"),
        }
    }

    pub(crate) async fn health_check(&self) -> StoredCommand {
        self.create(CommandType::HealthCheck, json!({"checks": ["commands_table"]})).await
    }

    pub(crate) async fn reprocess(&self, max_messages: u32) -> StoredCommand {
        let parameters = json!({"queue": self.queue.name, "max_messages": max_messages});
        self.create(CommandType::ReprocessQueue, parameters).await
    }

    pub(crate) async fn restart(&self, agent_id: Uuid) -> StoredCommand {
        self.create(CommandType::RestartAgent, json!({"agent_id": agent_id})).await
    }

    pub(crate) async fn reset(&self, integration_id: Uuid) -> StoredCommand {
        self.create(CommandType::ResetToken, json!({"integration_id": integration_id})).await
    }

    pub(crate) async fn get(&self, id: Uuid) -> StoredCommand {
        self.store.get(id).await.unwrap().unwrap()
    }

    /// Puts an item that nobody of ours made.
    pub(crate) async fn put(&self, item: &Value) {
        let item = attribute(item).as_m().unwrap().clone();
        self.dynamodb.put_item().table_name(&self.tables.commands).set_item(Some(item)).send().await.unwrap();
    }

    /// What a processor in this process makes of these records, with all the time it wants.
    pub(crate) async fn process_here(&self, records: Vec<Value>) -> Vec<String> {
        let deadline = Instant::now() + Duration::from_mins(5);
        let answer = self.processor().process(records, deadline, "tests").await.unwrap();
        answer.batch_item_failures.into_iter().filter_map(|failure| failure.item_identifier).collect()
    }

    // ---------------------------------------------------------------- what came of them

    /// The audit rows of a command: kind, severity and attempt, as they happened.
    pub(crate) async fn audit(&self, id: Uuid) -> Vec<(String, String, i64)> {
        let mut owner = self.database.owner().await;
        let rows = sqlx::query_as(
            "SELECT event_type, severity, (metadata ->> 'attempt')::bigint FROM operational_events
             WHERE metadata ->> 'command_id' = $1::text
             ORDER BY created_at, array_position(ARRAY['command_created', 'command_started', 'command_executed'],
                 event_type::text), 3",
        )
        .bind(id.to_string())
        .fetch_all(&mut owner)
        .await
        .unwrap();
        owner.close().await.unwrap();
        rows
    }

    /// Asserts that a command left one row for each step of its life.
    pub(crate) async fn assert_trail(&self, command: &StoredCommand) {
        let severity = if command.status == Status::Error { "error" } else { "info" };
        let mut expected = vec![("command_created".to_owned(), "info".to_owned(), 0)];
        for attempt in 1..=command.attempt {
            expected.push(("command_started".into(), "info".into(), attempt.into()));
        }
        if command.status.is_final() {
            expected.push(("command_executed".into(), severity.into(), command.attempt.into()));
        }
        assert_eq!(self.audit(command.command_id).await, expected, "{command:?}");
    }

    /// All audit rows there are.
    pub(crate) async fn audit_rows(&self) -> i64 {
        let mut owner = self.database.owner().await;
        sqlx::query_scalar("SELECT count(*) FROM operational_events").fetch_one(&mut owner).await.unwrap()
    }

    /// An agent's status, and when it was restarted.
    pub(crate) async fn agent_row(&self, agent: Uuid) -> (String, Option<chrono::DateTime<Utc>>, bool, i64) {
        let mut owner = self.database.owner().await;
        sqlx::query_as(
            "SELECT status, restarted_at, deactivated_at IS NULL,
                 (SELECT count(*) FROM tenant_agent_changes AS c WHERE c.agent_id = t.agent_id)
             FROM tenant_agents AS t WHERE agent_id = $1",
        )
        .bind(agent)
        .fetch_one(&mut owner)
        .await
        .unwrap()
    }

    /// Asserts that an integration's tokens were forgotten by this command, once.
    pub(crate) async fn assert_reset(&self, integration: Uuid, arn: &str, command: &StoredCommand) {
        let secret = self.secrets.get_secret_value().secret_id(arn).send().await.unwrap();
        let value: Value = serde_json::from_str(secret.secret_string().unwrap()).unwrap();
        assert_eq!(value, json!({"client_id": "client-1", "access_token": "", "refresh_token": ""}));
        assert_eq!(secret.version_id(), Some(command.command_id.to_string().as_str()));
        let described = self.secrets.describe_secret().secret_id(arn).send().await.unwrap();
        let labels: Vec<_> =
            described.version_ids_to_stages.unwrap_or_default().into_values().flatten().collect();
        assert_eq!(labels, ["AWSCURRENT"]);
        let mut owner = self.database.owner().await;
        let (status, last_error): (String, Option<String>) =
            sqlx::query_as("SELECT status, last_error FROM tenant_integrations WHERE id = $1")
                .bind(integration)
                .fetch_one(&mut owner)
                .await
                .unwrap();
        assert_eq!(status, "inactive");
        assert!(last_error.unwrap().contains("reautorização"));
    }

    /// The commands that the bus was told of, since it was last asked, with how often.
    pub(crate) async fn restarts_heard(&self) -> HashMap<String, usize> {
        let mut heard = HashMap::new();
        for message in drain(&self.sqs, &self.heard).await {
            let event: Value = serde_json::from_str(message.body().unwrap()).unwrap();
            assert_eq!(event["detail-type"], "AgentRestartRequested");
            *heard.entry(event["detail"]["command_id"].as_str().unwrap().to_owned()).or_default() += 1;
        }
        heard
    }
}

impl Queue {
    pub(crate) async fn new(sqs: &aws_sdk_sqs::Client) -> Self {
        let name = Emulator::unique("test-queue");
        let dead =
            sqs.create_queue().queue_name(format!("{name}-dead")).send().await.unwrap().queue_url.unwrap();
        let redrive = json!({"deadLetterTargetArn": arn(sqs, &dead).await, "maxReceiveCount": 3}).to_string();
        let queue =
            sqs.create_queue().queue_name(&name).attributes(QueueAttributeName::RedrivePolicy, redrive);
        let url = queue.send().await.unwrap().queue_url.unwrap();
        Self { name, url, dead }
    }

    /// Puts so many messages among the dead letters; returns their ids.
    pub(crate) async fn bury(&self, sqs: &aws_sdk_sqs::Client, many: usize) -> Vec<String> {
        let mut ids = Vec::new();
        for number in 0..many {
            let sent = sqs.send_message().queue_url(&self.dead).message_body(format!("message {number}"));
            ids.push(sent.send().await.unwrap().message_id.unwrap());
        }
        ids
    }

    /// What is in the queue by now: of each buried message, how many copies. It is taken out.
    pub(crate) async fn revived(&self, sqs: &aws_sdk_sqs::Client) -> HashMap<String, usize> {
        let mut copies = HashMap::new();
        for message in drain(sqs, &self.url).await {
            let original = &message.message_attributes.unwrap()["original_message_id"];
            *copies.entry(original.string_value().unwrap().to_owned()).or_default() += 1;
        }
        copies
    }

    /// The ids of what is still among the dead letters. It is taken out.
    pub(crate) async fn buried(&self, sqs: &aws_sdk_sqs::Client) -> Vec<String> {
        drain(sqs, &self.dead).await.into_iter().map(|message| message.message_id.unwrap()).collect()
    }
}

/// Takes all messages out of a queue, also those that somebody who died had in hand.
async fn drain(sqs: &aws_sdk_sqs::Client, url: &str) -> Vec<Message> {
    let mut all = Vec::new();
    loop {
        let received = sqs
            .receive_message()
            .queue_url(url)
            .max_number_of_messages(10)
            .wait_time_seconds(hidden(sqs, url).await.into())
            .message_attribute_names("All")
            .message_system_attribute_names(MessageSystemAttributeName::All)
            .send()
            .await
            .unwrap();
        let messages = received.messages.unwrap_or_default();
        if messages.is_empty() && !hidden(sqs, url).await {
            return all;
        }
        for message in messages {
            let receipt = message.receipt_handle().unwrap();
            sqs.delete_message().queue_url(url).receipt_handle(receipt).send().await.unwrap();
            all.push(message);
        }
    }
}

async fn hidden(sqs: &aws_sdk_sqs::Client, url: &str) -> bool {
    let name = QueueAttributeName::ApproximateNumberOfMessagesNotVisible;
    let asked = sqs.get_queue_attributes().queue_url(url).attribute_names(name.clone()).send().await.unwrap();
    asked.attributes.unwrap()[&name] != "0"
}

async fn arn(sqs: &aws_sdk_sqs::Client, url: &str) -> String {
    let name = QueueAttributeName::QueueArn;
    let asked = sqs.get_queue_attributes().queue_url(url).attribute_names(name.clone()).send().await.unwrap();
    asked.attributes.unwrap().remove(&name).unwrap()
}

/// A bus, and the queue where its events arrive.
async fn bus(events: &aws_sdk_eventbridge::Client, sqs: &aws_sdk_sqs::Client) -> (String, String) {
    let name = Emulator::unique("test-bus");
    events.create_event_bus().name(&name).send().await.unwrap();
    let queue =
        sqs.create_queue().queue_name(format!("{name}-heard")).send().await.unwrap().queue_url.unwrap();
    let pattern = json!({"source": ["alquimista.painel"]}).to_string();
    let rule = events.put_rule().name(&name).event_bus_name(&name).event_pattern(pattern);
    rule.send().await.unwrap();
    let target = Target::builder().id("queue").arn(arn(sqs, &queue).await).build().unwrap();
    events.put_targets().rule(&name).event_bus_name(&name).targets(target).send().await.unwrap();
    (name, queue)
}

/// A record that tells of a command for the first time.
pub(crate) fn inserted(command: &StoredCommand, sequence_number: &str) -> Value {
    record("INSERT", None, Some(&serde_json::to_value(command).unwrap()), sequence_number)
}

/// A record as a stream has it.
pub(crate) fn record(name: &str, old: Option<&Value>, new: Option<&Value>, sequence_number: &str) -> Value {
    let image = |item: &Value| wire(&attribute(item))["M"].clone();
    let mut change = json!({
        "ApproximateCreationDateTime": 1_795_485_601,
        "SequenceNumber": sequence_number,
        "SizeBytes": 100,
        "StreamViewType": "NEW_AND_OLD_IMAGES",
        "Keys": {},
    });
    if let Some(old) = old {
        change["OldImage"] = image(old);
    }
    if let Some(new) = new {
        change["NewImage"] = image(new);
    }
    json!({
        "eventID": format!("event-{sequence_number}"), "eventName": name, "eventVersion": "1.1",
        "eventSource": "aws:dynamodb", "awsRegion": "sa-east-1", "dynamodb": change,
        "eventSourceARN": "arn:aws:dynamodb:sa-east-1:000000000000:table/commands/stream/1",
    })
}

fn wire(value: &AttributeValue) -> Value {
    match value {
        AttributeValue::S(text) => json!({"S": text}),
        AttributeValue::N(number) => json!({"N": number}),
        AttributeValue::Bool(flag) => json!({"BOOL": flag}),
        AttributeValue::Null(_) => json!({"NULL": true}),
        AttributeValue::M(map) => {
            json!({"M": map.iter().map(|(name, value)| (name.clone(), wire(value))).collect::<serde_json::Map<_, _>>()})
        }
        AttributeValue::L(list) => json!({"L": list.iter().map(wire).collect::<Vec<_>>()}),
        other => panic!("{other:?}"),
    }
}
