//! A store with tables of its own, and commands to put into it.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use chrono::{DateTime, Utc};
use commands::{
    Claim, Command, CommandType, Created, IdempotencyKey, Leases, NewCommand, Receipt, Start, Store,
    StoreSettings, StoredCommand, attribute,
};
use serde_json::{Map, Value, json};
use test_support::{CommandTables, Emulator};
use uuid::Uuid;

pub(crate) const LEASES: Leases =
    Leases { duration: Duration::from_mins(1), clock_skew: Duration::from_mins(1) };

pub(crate) struct Fixture {
    pub(crate) store: Store,
    pub(crate) client: Client,
    pub(crate) tables: CommandTables,
}

impl Fixture {
    pub(crate) async fn new() -> Self {
        let emulator = Emulator::new();
        let tables = CommandTables::new(&emulator).await;
        let client = Client::new(&emulator.config());
        let store = store_at(&client, &tables);
        Self { store, client, tables }
    }

    /// Accepts a command, now.
    pub(crate) async fn create(&self, command: &Command) -> StoredCommand {
        self.create_at(command, Utc::now()).await
    }

    pub(crate) async fn create_at(&self, command: &Command, now: DateTime<Utc>) -> StoredCommand {
        match self.store.create(&new(command, now), None).await.unwrap() {
            Created::New(receipt) => self.get(receipt.command_id).await,
            Created::Known(known) => panic!("{known:?}"),
        }
    }

    pub(crate) async fn get(&self, id: Uuid) -> StoredCommand {
        self.store.get(id).await.unwrap().unwrap()
    }

    pub(crate) async fn claim(&self, command: &StoredCommand) -> Box<Claim<'_>> {
        claimed(self.store.start(LEASES, command, Utc::now()).await.unwrap())
    }

    /// The item as the table has it.
    pub(crate) async fn item(&self, command: &StoredCommand) -> HashMap<String, AttributeValue> {
        let found = self
            .client
            .get_item()
            .table_name(&self.tables.commands)
            .key("command_id", AttributeValue::S(command.command_id.to_string()))
            .key("created_at", AttributeValue::S(command.created_at.as_str().to_owned()))
            .send();
        found.await.unwrap().item.unwrap()
    }

    /// Puts an item that nobody of ours made.
    pub(crate) async fn put(&self, item: Value) {
        let item = attribute(&item).as_m().unwrap().clone();
        self.client.put_item().table_name(&self.tables.commands).set_item(Some(item)).send().await.unwrap();
    }
}

pub(crate) fn store_at(client: &Client, tables: &CommandTables) -> Store {
    let settings = StoreSettings {
        commands_table: tables.commands.clone(),
        command_bookkeeping_table: tables.bookkeeping.clone(),
    };
    Store::new(client, settings)
}

pub(crate) fn claimed(start: Start<'_>) -> Box<Claim<'_>> {
    match start {
        Start::Claimed(claim) => claim,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn command(kind: CommandType, tenant_id: Option<Uuid>) -> Command {
    let parameters = match kind {
        CommandType::ReprocessQueue => json!({"queue": "mensagens"}),
        CommandType::ResetToken => json!({"integration_id": Uuid::from_u128(1)}),
        CommandType::RestartAgent => json!({"agent_id": Uuid::from_u128(2)}),
        CommandType::HealthCheck => json!({}),
    };
    let parameters: Map<String, Value> = serde_json::from_value(parameters).unwrap();
    Command::parse(kind, tenant_id, &parameters).unwrap()
}

pub(crate) fn health_check() -> Command {
    command(CommandType::HealthCheck, None)
}

pub(crate) fn new(command: &Command, now: DateTime<Utc>) -> NewCommand<'_> {
    NewCommand {
        command,
        created_by: "somebody",
        request_id: "request-1",
        trace_id: Some("1-5759e988-bd862e3fe1be46a994272793"),
        now,
    }
}

pub(crate) fn key(body: &Value) -> IdempotencyKey {
    IdempotencyKey::new("somebody", "key", body)
}

pub(crate) fn receipt(created: Created) -> Receipt {
    match created {
        Created::New(receipt) => receipt,
        Created::Known(known) => panic!("{known:?}"),
    }
}
