//! What nobody will execute any more: commands that were never begun, and those whose executor vanished.

use std::time::Duration;

use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use chrono::{DateTime, TimeDelta, Utc};

use super::create::refused;
use super::error::cancelled;
use super::{Leases, Store, StoreError, names, number, read, text};
use crate::stored::{Status, StoredCommand, Timestamp};

/// After so long a command that waits is not begun any more (contract, section 5).
const PATIENCE: TimeDelta = TimeDelta::minutes(5);
/// The most commands of one status that are looked at in a run; the next is a minute away.
const AT_ONCE: i32 = 500;
/// A stream tells of a deletion for a day; for so long it is remembered that it was counted.
const REMEMBERED: TimeDelta = TimeDelta::days(2);

const NOT_STARTED: &str = "not started: o comando esperou mais de 5 minutos sem ser iniciado e foi encerrado sem efeito. \
    Verifique os alarmes do processador de comandos e execute o comando novamente.";
const TIMED_OUT: &str = "timed out: a execução foi interrompida e não terminou a tempo; parte do efeito pode ter \
    acontecido. Confira o alvo e execute o comando novamente.";

/// What a run ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Reaped {
    /// Commands that were never begun.
    pub not_started: u32,
    /// Commands whose executor vanished.
    pub timed_out: u32,
}

impl Store {
    /// Ends what nobody will execute any more: what waits for too long, and what runs without a lease while its record is
    /// older than the stream's retries go on.
    pub async fn reap(
        &self,
        leases: Leases,
        retry_window: Duration,
        now: DateTime<Utc>,
    ) -> Result<Reaped, StoreError> {
        let mut reaped = Reaped::default();
        for command in self.oldest(Status::Pending, now - PATIENCE).await? {
            if command.status == Status::Pending && self.close(&command, NOT_STARTED, now).await? {
                reaped.not_started += 1;
            }
        }
        for command in self.oldest(Status::Running, now - retry_window).await? {
            let abandoned = command.status == Status::Running && !command.is_held(leases, now);
            if abandoned && self.close(&command, TIMED_OUT, now).await? {
                reaped.timed_out += 1;
            }
        }
        Ok(reaped)
    }

    /// The oldest commands of a status, from before an instant, as they are now.
    async fn oldest(&self, status: Status, before: DateTime<Utc>) -> Result<Vec<StoredCommand>, StoreError> {
        let found = self
            .client
            .query()
            .table_name(&self.tables.commands_table)
            .index_name(format!("{}-{}-index", names::STATUS, names::CREATED_AT))
            .key_condition_expression("#status = :status AND created_at < :before")
            .expression_attribute_names("#status", names::STATUS)
            .expression_attribute_values(":status", text(status.as_str()))
            .expression_attribute_values(":before", text(Timestamp::from(before).as_str()))
            .limit(AT_ONCE)
            .send()
            .await?;
        let mut commands = Vec::new();
        for item in found.items.unwrap_or_default() {
            let key = [names::COMMAND_ID, names::CREATED_AT];
            let key = key.iter().filter_map(|name| Some(((*name).to_owned(), item.get(*name)?.clone())));
            match self.item(key.collect()).await?.map(read).transpose() {
                Ok(command) => commands.extend(command),
                Err(error) => tracing::error!(%error, "a command can't be read"),
            }
        }
        Ok(commands)
    }

    /// Takes a command that was deleted out of the counters, once however often it is told.
    pub async fn uncount(&self, deleted: &StoredCommand, now: DateTime<Utc>) -> Result<(), StoreError> {
        if !deleted.counted {
            return Ok(());
        }
        let marker = Put::builder()
            .table_name(&self.tables.command_bookkeeping_table)
            .item(names::PK, text(format!("deleted#{}", deleted.command_id)))
            .item(names::SK, text(deleted.created_at.as_str()))
            .item(names::TTL, number((now + REMEMBERED).timestamp()))
            .condition_expression("attribute_not_exists(pk)")
            .build()
            .map_err(refused)?;
        let mut writes = vec![TransactWriteItem::builder().put(marker).build()];
        writes.extend(self.count(deleted, Some(deleted.status), None)?);
        match self.client.transact_write_items().set_transact_items(Some(writes)).send().await {
            Ok(_) => Ok(()),
            Err(error) if cancelled(&error).is_some() => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}
