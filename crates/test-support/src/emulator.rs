//! The AWS emulator of a running stack, and tables in it for one test.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType, StreamSpecification, StreamViewType,
};
use aws_types::SdkConfig;
use outbound::{AwsSettings, CallLimits};
use serde_json::Value;
use uuid::Uuid;

use crate::database::variable;

/// Where nobody listens.
const NOBODY: &str = "http://127.0.0.1:1";

/// The emulator of the stack that the file which `STACK_FILE` names describes.
#[derive(Clone, Debug)]
pub struct Emulator {
    stack: Value,
}

impl Emulator {
    /// The emulator.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "it reads a file")]
    pub fn new() -> Self {
        let file = variable("STACK_FILE").expect("STACK_FILE: run the tests with `make test-rust`");
        Self { stack: serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap() }
    }

    /// What the file says of the stack under this name.
    #[must_use]
    pub fn described(&self, name: &str) -> &str {
        self.stack[name].as_str().unwrap()
    }

    /// What clients of it are made from.
    #[must_use]
    pub fn config(&self) -> SdkConfig {
        self.config_at(self.endpoint())
    }

    /// What clients are made from for which nobody is there.
    #[must_use]
    pub fn unreachable_config(&self) -> SdkConfig {
        self.config_at(NOBODY)
    }

    /// What clients of another endpoint are made from: a proxy's, for example.
    #[must_use]
    pub fn config_at(&self, endpoint: &str) -> SdkConfig {
        config(self.described("region"), endpoint)
    }

    /// Where it is: `http://host:port`.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        self.described("aws_endpoint_url")
    }

    /// A name that nobody else uses.
    #[must_use]
    pub fn unique(prefix: &str) -> String {
        format!("{prefix}-{}", Uuid::now_v7().simple())
    }
}

/// What clients are made from that nothing is asked of.
#[must_use]
pub fn no_secrets() -> SdkConfig {
    config("sa-east-1", NOBODY)
}

fn config(region: &str, endpoint: &str) -> SdkConfig {
    let settings = AwsSettings {
        aws_region: region.to_owned(),
        aws_access_key_id: "local".into(),
        aws_secret_access_key: "local".into(),
        aws_session_token: None,
        aws_endpoint_url: Some(endpoint.to_owned()),
    };
    // Its own: connections belong to the runtime that made them, and each test has one.
    settings.config(outbound::client().unwrap(), CallLimits::BACKGROUND)
}

/// The table of commands and the one of its bookkeeping, with the template's keys, indexes and stream; deleted with this
/// value.
pub struct CommandTables {
    /// The table of commands.
    pub commands: String,
    /// Idempotency keys, counters and markers.
    pub bookkeeping: String,
    emulator: Emulator,
}

/// What every index has besides the keys. Never an index's own key: it would be projected twice.
const PROJECTED: [&str; 7] =
    ["command_type", "tenant_id", "status", "created_by", "started_at", "completed_at", "error_message"];

impl CommandTables {
    /// Makes both.
    pub async fn new(emulator: &Emulator) -> Self {
        let tables = Self {
            commands: Emulator::unique("test-commands"),
            bookkeeping: Emulator::unique("test-bookkeeping"),
            emulator: emulator.clone(),
        };
        let client = Client::new(&emulator.config());
        let stream = StreamSpecification::builder()
            .stream_enabled(true)
            .stream_view_type(StreamViewType::NewAndOldImages);
        let mut commands = client
            .create_table()
            .table_name(&tables.commands)
            .billing_mode(BillingMode::PayPerRequest)
            .set_key_schema(Some(keys("command_id", "created_at")))
            .attribute_definitions(attribute("command_id"))
            .attribute_definitions(attribute("created_at"))
            .stream_specification(stream.build().unwrap());
        for indexed in ["tenant_id", "status", "type_status", "tenant_type_status"] {
            let projected = PROJECTED.iter().filter(|name| **name != indexed).map(|name| (*name).to_owned());
            let projection = Projection::builder()
                .projection_type(ProjectionType::Include)
                .set_non_key_attributes(Some(projected.collect()));
            let index = GlobalSecondaryIndex::builder()
                .index_name(format!("{indexed}-created_at-index"))
                .set_key_schema(Some(keys(indexed, "created_at")))
                .projection(projection.build());
            commands = commands
                .attribute_definitions(attribute(indexed))
                .global_secondary_indexes(index.build().unwrap());
        }
        commands.send().await.unwrap();
        client
            .create_table()
            .table_name(&tables.bookkeeping)
            .billing_mode(BillingMode::PayPerRequest)
            .set_key_schema(Some(keys("pk", "sk")))
            .attribute_definitions(attribute("pk"))
            .attribute_definitions(attribute("sk"))
            .send()
            .await
            .unwrap();
        tables
    }
}

impl Drop for CommandTables {
    fn drop(&mut self) {
        let client = self.emulator.config();
        let names = [self.commands.clone(), self.bookkeeping.clone()];
        finally(async move {
            let client = Client::new(&client);
            for name in names {
                let _ = client.delete_table().table_name(name).send().await;
            }
        });
    }
}

/// Does this in a thread of its own, for ten seconds at most: what a test cleans up when it is over. What is left behind
/// is no reason to fail a test that passed. Clients have to be made anew for it: the connections of others wait for the
/// test's own thread, which waits for this one.
pub fn finally(cleaning: impl Future<Output = ()> + Send + 'static) {
    let thread = std::thread::spawn(move || {
        if let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() {
            let _ = runtime.block_on(async { tokio::time::timeout(Duration::from_secs(10), cleaning).await });
        }
    });
    let _ = thread.join();
}

fn keys(hash: &str, range: &str) -> Vec<KeySchemaElement> {
    [(hash, KeyType::Hash), (range, KeyType::Range)]
        .into_iter()
        .map(|(name, kind)| KeySchemaElement::builder().attribute_name(name).key_type(kind).build().unwrap())
        .collect()
}

fn attribute(name: &str) -> AttributeDefinition {
    AttributeDefinition::builder()
        .attribute_name(name)
        .attribute_type(ScalarAttributeType::S)
        .build()
        .unwrap()
}
