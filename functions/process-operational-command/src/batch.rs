//! A batch of records: everything on record first, then what is new is executed.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use aws_lambda_events::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use commands::{
    Claim, Command, CommandType, ExecutionError, Failure, Leases, Outcome, Start, StoredCommand, Target,
};
use data::DataError;
use futures_util::{StreamExt, stream};
use runtime::metrics::millis;
use serde_json::Value;
use tokio::time::{Instant, timeout};
use tracing::{Instrument, Span};
use uuid::Uuid;

use crate::record::{Change, Told};
use crate::{Failed, Processor, about, trail};

/// Commands that are executed at once.
const AT_ONCE: usize = 8;
/// Kept free before the deadline, to end what was begun.
const MARGIN: Duration = Duration::from_secs(15);
/// What isn't begun with so much time left comes again.
const WORTHWHILE: Duration = Duration::from_secs(10);

/// The longest that a command may take. One that doesn't prolong its lease as it gets on has to end within it.
fn limit(command: &Command, leases: Leases) -> Duration {
    match command.kind() {
        CommandType::ReprocessQueue => Duration::from_mins(4),
        CommandType::ResetToken | CommandType::RestartAgent | CommandType::HealthCheck => {
            leases.duration.min(Duration::from_secs(30))
        }
    }
}

/// Records that have to come again.
type Again = BTreeSet<String>;

/// A command to execute, with the records that told of it.
struct Order {
    command: StoredCommand,
    records: Vec<String>,
}

impl Processor {
    /// Puts on record what a batch tells, executes what is new in it, and answers which records have to come again.
    pub async fn process(
        &self,
        records: Vec<Value>,
        deadline: Instant,
        function: &str,
    ) -> Result<DynamoDbEventResponse, Failed> {
        let mut again = Again::new();
        let mut told = Vec::new();
        for record in records {
            match Told::read(record) {
                Ok(record) => told.push(record),
                Err(unreadable) => {
                    tracing::error!(error = %unreadable, record = unreadable.sequence_number, "a record can't be read");
                    again.insert(unreadable.sequence_number);
                }
            }
        }
        let recorded = self.put_on_record(&told, &mut again, function).await;
        // What changes nothing need not be on record first: it is what says that the database is down.
        let may_execute = |command: &StoredCommand| {
            recorded.is_ok() || command.command_type == CommandType::HealthCheck.as_str()
        };
        self.uncount(&told, &mut again).await;
        self.execute(new_commands(&told, &again, may_execute), deadline, &mut again).await;
        recorded.map_err(Failed::Audit)?;

        let mut answer = DynamoDbEventResponse::default();
        answer.batch_item_failures = again.into_iter().map(item_failure).collect();
        Ok(answer)
    }

    /// All steps in one statement; if that is refused, record by record, so that the one at fault stands alone.
    async fn put_on_record(&self, told: &[Told], again: &mut Again, function: &str) -> Result<(), DataError> {
        let database = &self.executors.database;
        let steps: Vec<_> = told.iter().filter_map(|told| Some((told, told.step()?))).collect();
        let all: Vec<_> = steps.iter().map(|(_, command)| *command).collect();
        match trail::record(database, &all, function).await {
            Err(error) if !error.is_transient() && !steps.is_empty() => {
                tracing::error!(%error, "steps refused together: trying them one by one");
            }
            result => return result,
        }
        for (told, command) in steps {
            match trail::record(database, &[command], function).await {
                Ok(()) => {}
                Err(error) if error.is_transient() => return Err(error),
                Err(error) => {
                    about(command).in_scope(|| tracing::error!(%error, "a step can't be put on record"));
                    again.insert(told.sequence_number.clone());
                }
            }
        }
        Ok(())
    }

    async fn uncount(&self, told: &[Told], again: &mut Again) {
        for record in told {
            if let Change::Deleted(command) = &record.change {
                let span = about(command);
                if let Err(error) = self.store.uncount(command, (self.now)()).instrument(span.clone()).await {
                    span.in_scope(|| tracing::warn!(%error, "a deletion was not counted"));
                    again.insert(record.sequence_number.clone());
                }
            }
        }
    }

    /// Executes commands: those on one target one after the other, in the order they were accepted.
    async fn execute(&self, commands: Vec<Order>, deadline: Instant, again: &mut Again) {
        let lanes = stream::iter(lanes(commands));
        let left: Vec<_> =
            lanes.map(|lane| self.execute_lane(lane, deadline)).buffer_unordered(AT_ONCE).collect().await;
        again.extend(left.into_iter().flatten().flat_map(|told| told.records));
    }

    /// Executes a lane to its end, or to the first that has to come again: what is behind it must not overtake it.
    async fn execute_lane(&self, lane: Vec<Order>, deadline: Instant) -> Vec<Order> {
        let mut lane = lane.into_iter();
        while let Some(told) = lane.next() {
            let span = about(&told.command);
            if !self.execute_one(&told.command, deadline).instrument(span).await {
                return std::iter::once(told).chain(lane).collect();
            }
        }
        Vec::new()
    }

    /// Executes a command, and says whether that is settled: if not, its record has to come again.
    async fn execute_one(&self, seen: &StoredCommand, deadline: Instant) -> bool {
        let left = deadline.saturating_duration_since(Instant::now()).saturating_sub(MARGIN);
        if left < WORTHWHILE {
            tracing::info!("no time left to begin");
            return false;
        }
        let claim = match self.store.start(self.leases, seen, (self.now)()).await {
            Ok(Start::Claimed(claim)) => claim,
            Ok(Start::Over) => return true,
            Ok(Start::Busy) => {
                tracing::info!("somebody else executes it");
                return false;
            }
            Err(error) => {
                tracing::warn!(%error, "not begun");
                return false;
            }
        };
        Span::current().record("attempt", claim.command().attempt);
        let began = Instant::now();
        let outcome = match self.outcome(&claim, left).await {
            Ok(outcome) => outcome,
            Err(error) => {
                tracing::warn!(%error, "interrupted");
                return false;
            }
        };
        let ended = claim.finish(&outcome, (self.now)()).await;
        let (status, error) = match &outcome {
            Outcome::Success(_) => ("SUCCESS", None),
            Outcome::Error(message) => ("ERROR", message.split(':').next()),
        };
        tracing::info!(status, error, duration_ms = millis(began.elapsed()), "command executed");
        ended.inspect_err(|error| tracing::warn!(%error, "its end could not be written")).is_ok()
    }

    /// What comes of a command within its time.
    async fn outcome(&self, claim: &Claim<'_>, left: Duration) -> Result<Outcome, ExecutionError> {
        let stored = claim.command();
        let command = match stored.command() {
            Some(Ok(command)) => command,
            Some(Err(_)) => return Ok(Outcome::Error(invalid_parameters().to_string())),
            None => return Ok(Outcome::Error(unknown_type(&stored.command_type).to_string())),
        };
        let limit = limit(&command, self.leases).min(left);
        let executed = timeout(limit, self.executors.execute(claim, &command)).await;
        // Before the command has ended, so that who sees its end sees what it did; and whatever is said of it, for part of
        // it may have happened.
        if let Some(tenant_id) = command.changed_tenant() {
            self.executors.cache.forget_tenant(tenant_id).await;
        }
        match executed {
            Ok(Ok(output)) => Ok(Outcome::Success(output.to_string())),
            Ok(Err(ExecutionError::Failed(failure))) => Ok(Outcome::Error(failure.to_string())),
            Ok(Err(interrupted)) => Err(interrupted),
            Err(_) => Ok(Outcome::Error(out_of_time(limit).to_string())),
        }
    }
}

impl Told {
    /// The command, if the record tells of a step of its life.
    fn step(&self) -> Option<&StoredCommand> {
        match &self.change {
            Change::Step { command, .. } => Some(command),
            Change::Deleted(_) | Change::Nothing => None,
        }
    }
}

/// The commands that are new, each once, whichever number of records tell of it.
fn new_commands(told: &[Told], again: &Again, may_execute: impl Fn(&StoredCommand) -> bool) -> Vec<Order> {
    let mut commands: HashMap<Uuid, Order> = HashMap::new();
    for record in told {
        if let Change::Step { command, new: true } = &record.change
            && !command.status.is_final()
            && !again.contains(&record.sequence_number)
            && may_execute(command)
        {
            commands
                .entry(command.command_id)
                .or_insert_with(|| Order { command: (**command).clone(), records: Vec::new() })
                .records
                .push(record.sequence_number.clone());
        }
    }
    commands.into_values().collect()
}

/// The commands by target, each lane in the order in which they were accepted; what has no target is alone.
fn lanes(mut commands: Vec<Order>) -> Vec<Vec<Order>> {
    commands.sort_by_key(|told| (told.command.created_at.at(), told.command.command_id));
    let mut lanes: Vec<Vec<Order>> = Vec::new();
    let mut by_target: HashMap<Target, usize> = HashMap::new();
    for told in commands {
        let target = told.command.command().and_then(Result::ok).and_then(|command| command.target());
        let lane = target.map_or(lanes.len(), |target| *by_target.entry(target).or_insert(lanes.len()));
        if lane == lanes.len() {
            lanes.push(Vec::new());
        }
        lanes[lane].push(told);
    }
    lanes
}

fn item_failure(sequence_number: String) -> DynamoDbBatchItemFailure {
    let mut failure = DynamoDbBatchItemFailure::default();
    failure.item_identifier = Some(sequence_number);
    failure
}

fn unknown_type(command_type: &str) -> Failure {
    let message = format!(
        "o tipo {command_type:?} não existe. Use um destes: {}.",
        CommandType::ALL.map(CommandType::as_str).join(", ")
    );
    Failure::new("unknown type", message)
}

fn invalid_parameters() -> Failure {
    Failure::new(
        "invalid parameters",
        "os parâmetros não são válidos para este tipo. Crie o comando novamente pelo painel.",
    )
}

fn out_of_time(limit: Duration) -> Failure {
    let message = format!(
        "o comando não terminou em {} s; parte do efeito pode ter acontecido. Confira o alvo e execute o comando novamente.",
        limit.as_secs()
    );
    Failure::new("time limit", message)
}
