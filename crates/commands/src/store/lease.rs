//! Executing a command: who may, for how long, and how it ends. Every step is conditional on what was seen.

use std::time::Duration;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{
    AttributeValue, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
};
use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::create::refused;
use super::error::cancelled;
use super::{Item, Store, StoreError, key, names, number, read, tenant_type_status, text, type_status};
use crate::stored::{Progress, Status, StoredCommand, Timestamp};

/// How long an execution is its executor's alone.
#[derive(Clone, Copy, Debug)]
pub struct Leases {
    /// From each sign of life on.
    pub duration: Duration,
    /// How far two clocks may be apart: a lease is respected for so much longer.
    pub clock_skew: Duration,
}

/// What became of an attempt to begin.
#[derive(Debug)]
pub enum Start<'a> {
    /// It is ours to execute.
    Claimed(Box<Claim<'a>>),
    /// Somebody else executes it.
    Busy,
    /// There is nothing to do: it ended, or is gone.
    Over,
}

/// The right to execute a command, as long as the lease lasts.
#[derive(Debug)]
pub struct Claim<'a> {
    store: &'a Store,
    leases: Leases,
    command: StoredCommand,
    owner: Uuid,
}

/// How an execution ended.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// Well, with this output, a JSON text.
    Success(String),
    /// Not well; the message tells the operator what to do.
    Error(String),
}

impl Outcome {
    /// The longest output, in bytes (contract, section 5).
    pub const MAX_OUTPUT: usize = 16 * 1024;
    /// The longest message, in bytes.
    pub const MAX_MESSAGE: usize = 2 * 1024;

    pub(super) const fn status(&self) -> Status {
        match self {
            Self::Success(_) => Status::Success,
            Self::Error(_) => Status::Error,
        }
    }
}

impl Store {
    /// Begins to execute a command that is waiting, or takes over one whose executor was not heard of for longer than its
    /// lease. `seen` is the command as the stream told of it.
    pub async fn start(
        &self,
        leases: Leases,
        seen: &StoredCommand,
        now: DateTime<Utc>,
    ) -> Result<Start<'_>, StoreError> {
        let owner = Uuid::new_v4();
        // What the stream tells may be old. Of one that waits, the first failed condition says how it is now.
        let mut current = match seen.status {
            Status::Pending => seen.clone(),
            _ => match self.item(key(seen)).await?.map(read).transpose()? {
                Some(current) => current,
                None => return Ok(Start::Over),
            },
        };
        for _ in 0..2 {
            if current.status.is_final() {
                return Ok(Start::Over);
            }
            let claimed = Claim { store: self, leases, command: current.begun(owner, leases, now), owner };
            let found = match current.status {
                Status::Pending => self.begin(&current, &claimed.command).await?,
                _ if current.is_held(leases, now) => return Ok(Start::Busy),
                _ => self.take_over(&current, &claimed.command).await?,
            };
            match found {
                Write::Done => return Ok(Start::Claimed(Box::new(claimed))),
                Write::Refused(None) => return Ok(Start::Over),
                Write::Refused(Some(found)) => {
                    // An answer that was lost on its way: the write before was ours.
                    if found.lease_owner.as_deref() == Some(owner.to_string().as_str()) {
                        return Ok(Start::Claimed(Box::new(claimed)));
                    }
                    current = *found;
                }
            }
        }
        // It changed twice while we looked: somebody is at it.
        Ok(if current.status.is_final() { Start::Over } else { Start::Busy })
    }

    /// PENDING → RUNNING.
    async fn begin(&self, from: &StoredCommand, to: &StoredCommand) -> Result<Write, StoreError> {
        let update = self
            .step(from, to)
            .set_lease(to)
            .set("started_at", to.started_at.as_ref().map(|at| text(at.as_str())))
            .condition(counted_as_seen(from));
        self.transact(update, self.count(from, Some(Status::Pending), Some(Status::Running))?).await
    }

    /// RUNNING → RUNNING.
    async fn take_over(&self, from: &StoredCommand, to: &StoredCommand) -> Result<Write, StoreError> {
        let update = self
            .step(from, to)
            .set_lease(to)
            .set("started_at", to.started_at.as_ref().map(|at| text(at.as_str())))
            .condition(counted_as_seen(from))
            .unchanged("lease_owner", from.lease_owner.as_ref().map(text))
            // It may have been prolonged since.
            .unchanged("lease_until", from.lease_until.as_ref().map(|until| text(until.as_str())));
        self.transact(update, self.count(from, Some(Status::Running), Some(Status::Running))?).await
    }

    /// Ends a command that nobody executes any more.
    pub(super) async fn close(
        &self,
        from: &StoredCommand,
        message: &str,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let outcome = Outcome::Error(message.to_owned());
        let update = self
            .end(from, &outcome, now)
            .condition(counted_as_seen(from))
            .unchanged("lease_owner", from.lease_owner.as_ref().map(text))
            .unchanged("lease_until", from.lease_until.as_ref().map(|until| text(until.as_str())));
        let counts = self.count(from, Some(from.status), Some(Status::Error))?;
        Ok(matches!(self.transact(update, counts).await?, Write::Done))
    }

    /// A change of the status, conditional on the one that was seen.
    fn step(&self, from: &StoredCommand, to: &StoredCommand) -> Change {
        debug_assert!(from.status.may_become(to.status), "{:?} → {:?}", from.status, to.status);
        Change::new(&self.tables.commands_table, key(from))
            .set(names::STATUS, Some(text(to.status.as_str())))
            .set(names::TYPE_STATUS, Some(text(type_status(from, to.status))))
            .set(names::TENANT_TYPE_STATUS, tenant_type_status(from, to.status).map(text))
            .set("counted", Some(AttributeValue::Bool(true)))
            .remove("progress_only")
            .unchanged(names::STATUS, Some(text(from.status.as_str())))
    }

    fn end(&self, from: &StoredCommand, outcome: &Outcome, now: DateTime<Utc>) -> Change {
        let to = StoredCommand { status: outcome.status(), ..from.clone() };
        // A clock that is behind the one that started it must not end it before.
        let earliest = from.attempt_at.as_ref().unwrap_or(&from.created_at).at();
        let change = self
            .step(from, &to)
            .set("completed_at", Some(text(Timestamp::from(now.max(earliest)).as_str())))
            .remove("lease_owner")
            .remove("lease_until");
        match outcome {
            Outcome::Success(output) => {
                // Executors bound what they tell.
                debug_assert!(output.len() <= Outcome::MAX_OUTPUT, "{} bytes of output", output.len());
                change.set("output", Some(text(output)))
            }
            Outcome::Error(message) => change.set("error_message", Some(text(cut(message)))),
        }
    }

    async fn transact(&self, change: Change, counts: Vec<TransactWriteItem>) -> Result<Write, StoreError> {
        let update = TransactWriteItem::builder().update(change.build()?).build();
        let writes = [vec![update], counts].concat();
        match self.client.transact_write_items().set_transact_items(Some(writes)).send().await {
            Ok(_) => Ok(Write::Done),
            Err(error) => match cancelled(&error).and_then(<[_]>::first) {
                Some(reason) => Ok(Write::Refused(reason.item.clone().map(read).transpose()?.map(Box::new))),
                None => Err(error.into()),
            },
        }
    }
}

impl Claim<'_> {
    /// The command's id.
    #[must_use]
    pub fn command_id(&self) -> Uuid {
        self.command.command_id
    }

    /// The command as it was claimed.
    #[must_use]
    pub fn command(&self) -> &StoredCommand {
        &self.command
    }

    /// When its first attempt began: the same for every attempt.
    #[must_use]
    pub fn started_at(&self) -> DateTime<Utc> {
        self.command.started_at.as_ref().unwrap_or(&self.command.created_at).at()
    }

    /// What the attempts before this one have achieved.
    #[must_use]
    pub fn progress(&self) -> Progress {
        self.command.progress.unwrap_or_default()
    }

    /// How long the lease lasts from each sign of life on.
    #[must_use]
    pub fn lease(&self) -> Duration {
        self.leases.duration
    }

    /// Where the command is kept.
    #[must_use]
    pub fn store(&self) -> &Store {
        self.store
    }

    /// Keeps what was achieved, and prolongs the lease. Fails if the command is somebody else's by now.
    pub async fn save_progress(&self, progress: Progress, now: DateTime<Utc>) -> Result<(), StoreError> {
        let kept: Item = serde_dynamo::to_item(progress).map_err(refused)?;
        let sent = self
            .store
            .client
            .update_item()
            .table_name(&self.store.tables.commands_table)
            .set_key(Some(key(&self.command)))
            .update_expression("SET progress = :progress, lease_until = :until, progress_only = :true")
            .condition_expression("#status = :running AND lease_owner = :owner")
            .expression_attribute_names("#status", names::STATUS)
            .expression_attribute_values(":progress", AttributeValue::M(kept))
            .expression_attribute_values(":until", text(lease_end(self.leases, now).as_str()))
            .expression_attribute_values(":true", AttributeValue::Bool(true))
            .expression_attribute_values(":running", text(Status::Running.as_str()))
            .expression_attribute_values(":owner", text(self.owner))
            .send()
            .await;
        sent.map(|_| ()).map_err(lost)
    }

    /// Ends the execution. Fails if the command is somebody else's by now.
    pub async fn finish(&self, outcome: &Outcome, now: DateTime<Utc>) -> Result<(), StoreError> {
        let change =
            self.store.end(&self.command, outcome, now).unchanged("lease_owner", Some(text(self.owner)));
        let counts = self.store.count(&self.command, Some(Status::Running), Some(outcome.status()))?;
        match self.store.transact(change, counts).await? {
            Write::Done => Ok(()),
            Write::Refused(_) => Err(StoreError::LeaseLost),
        }
    }
}

impl StoredCommand {
    /// The command with another attempt begun.
    fn begun(&self, owner: Uuid, leases: Leases, now: DateTime<Utc>) -> Self {
        let now = now.max(self.attempt_at.as_ref().unwrap_or(&self.created_at).at());
        Self {
            status: Status::Running,
            attempt: self.attempt.saturating_add(1),
            started_at: Some(self.started_at.clone().unwrap_or_else(|| now.into())),
            attempt_at: Some(now.into()),
            lease_owner: Some(owner.to_string()),
            lease_until: Some(lease_end(leases, now)),
            counted: true,
            ..self.clone()
        }
    }

    /// Whether somebody may be executing it. Another's clock may be behind ours.
    pub(super) fn is_held(&self, leases: Leases, now: DateTime<Utc>) -> bool {
        let skew = TimeDelta::from_std(leases.clock_skew).unwrap_or(TimeDelta::MAX);
        self.status == Status::Running
            && self.lease_until.as_ref().is_some_and(|until| until.at() + skew >= now)
    }
}

fn lease_end(leases: Leases, now: DateTime<Utc>) -> Timestamp {
    (now + leases.duration).into()
}

/// Whether the counters know it can't have changed since.
const fn counted_as_seen(seen: &StoredCommand) -> &'static str {
    if seen.counted { "attribute_exists(counted)" } else { "attribute_not_exists(counted)" }
}

fn lost(error: SdkError<UpdateItemError>) -> StoreError {
    match error.as_service_error() {
        Some(UpdateItemError::ConditionalCheckFailedException(_)) => StoreError::LeaseLost,
        _ => error.into(),
    }
}

/// The message, cut between two characters where it becomes too long.
fn cut(message: &str) -> &str {
    let end = message.floor_char_boundary(Outcome::MAX_MESSAGE);
    &message[..end]
}

/// What became of a conditional write.
enum Write {
    Done,
    /// The item is as it is; `None`: there is none.
    Refused(Option<Box<StoredCommand>>),
}

/// An update in the making: what is set and removed, and what has to be as it was seen.
struct Change {
    table: String,
    key: Item,
    set: Vec<(&'static str, AttributeValue)>,
    remove: Vec<&'static str>,
    unchanged: Vec<(&'static str, Option<AttributeValue>)>,
    condition: Option<&'static str>,
}

impl Change {
    fn new(table: &str, key: Item) -> Self {
        let table = table.to_owned();
        Self { table, key, set: Vec::new(), remove: Vec::new(), unchanged: Vec::new(), condition: None }
    }

    fn set(mut self, name: &'static str, value: Option<AttributeValue>) -> Self {
        self.set.extend(value.map(|value| (name, value)));
        self
    }

    fn set_lease(self, to: &StoredCommand) -> Self {
        self.set("attempt", Some(number(to.attempt)))
            .set("attempt_at", to.attempt_at.as_ref().map(|at| text(at.as_str())))
            .set("lease_owner", to.lease_owner.as_ref().map(text))
            .set("lease_until", to.lease_until.as_ref().map(|until| text(until.as_str())))
    }

    fn remove(mut self, name: &'static str) -> Self {
        self.remove.push(name);
        self
    }

    fn unchanged(mut self, name: &'static str, value: Option<AttributeValue>) -> Self {
        self.unchanged.push((name, value));
        self
    }

    fn condition(mut self, condition: &'static str) -> Self {
        self.condition = Some(condition);
        self
    }

    /// Every name through a placeholder: some are reserved words.
    fn build(self) -> Result<Update, StoreError> {
        let mut update = Update::builder()
            .table_name(self.table)
            .set_key(Some(self.key))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let mut sets = Vec::new();
        for (name, value) in self.set {
            sets.push(format!("#{name} = :{name}"));
            update = update
                .expression_attribute_names(format!("#{name}"), name)
                .expression_attribute_values(format!(":{name}"), value);
        }
        let mut removes = Vec::new();
        for name in self.remove {
            removes.push(format!("#{name}"));
            update = update.expression_attribute_names(format!("#{name}"), name);
        }
        let mut conditions: Vec<String> = self.condition.map(str::to_owned).into_iter().collect();
        for (name, value) in self.unchanged {
            update = update.expression_attribute_names(format!("#{name}"), name);
            match value {
                None => conditions.push(format!("attribute_not_exists(#{name})")),
                Some(value) => {
                    conditions.push(format!("#{name} = :seen_{name}"));
                    update = update.expression_attribute_values(format!(":seen_{name}"), value);
                }
            }
        }
        let remove =
            if removes.is_empty() { String::new() } else { format!(" REMOVE {}", removes.join(", ")) };
        let expression = format!("SET {}{remove}", sets.join(", "));
        update
            .update_expression(expression)
            .condition_expression(conditions.join(" AND "))
            .build()
            .map_err(refused)
    }
}
