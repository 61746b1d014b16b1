//! The trail that commands leave: a row of the audit log for each step, however often it is told, and a metric for each end.

use chrono::Utc;
use commands::{CommandType, Status, Step, StoredCommand, Timestamp};
use data::commands::{AuditStep, record_steps};
use data::{DataError, Database};
use runtime::metrics::{self, Metrics, Unit, directive, millis};
use serde_json::json;

use crate::about;

/// What the end of a command is measured by: how it ended, how old it was then and, if it was ever begun, how old when that
/// happened.
const METRICS: [(&str, Unit); 4] = [
    ("CommandsSucceeded", Unit::Count),
    ("CommandsFailed", Unit::Count),
    ("CommandDuration", Unit::Milliseconds),
    ("CommandWait", Unit::Milliseconds),
];
const BY: &[&[&str]] = &[&["FunctionName"], &["FunctionName", "CommandType"]];

/// Puts these commands' steps on record, and measures those that are news.
pub(crate) async fn record(
    database: &Database,
    commands: &[&StoredCommand],
    function: &str,
) -> Result<(), DataError> {
    let told: Vec<_> = commands.iter().flat_map(|command| rows(command)).collect();
    let (steps, of): (Vec<AuditStep>, Vec<(&StoredCommand, Step)>) = told.into_iter().unzip();
    let news = record_steps(database, &steps).await?;
    for ((command, step), news) in of.into_iter().zip(news) {
        if news && matches!(step, Step::Executed { .. }) {
            measure(command, function);
        }
    }
    Ok(())
}

fn rows(command: &StoredCommand) -> impl Iterator<Item = (AuditStep, (&StoredCommand, Step))> {
    command.steps().into_iter().map(move |(step, at)| {
        let (kind, title, status, attempt) = match step {
            Step::Created => ("command_created", "Comando criado", Status::Pending, 0),
            Step::Started { attempt } => ("command_started", "Comando iniciado", Status::Running, attempt),
            Step::Executed { attempt } if command.status == Status::Error => {
                ("command_executed", "Comando encerrado com erro", Status::Error, attempt)
            }
            Step::Executed { attempt } => ("command_executed", "Comando concluído", Status::Success, attempt),
        };
        let failed = status == Status::Error;
        let mut metadata = json!({
            "command_id": command.command_id,
            "command_type": command.command_type,
            "status": status,
            "attempt": attempt,
            "request_id": command.request_id,
        });
        if failed {
            metadata["error_message"] = json!(command.error_message);
        }
        let row = AuditStep {
            id: command.step_id(step),
            kind,
            severity: if failed { "error" } else { "info" },
            tenant_id: command.tenant_id,
            actor: command.created_by.clone(),
            title: title.to_owned(),
            description: Some(command.command_type.clone()),
            metadata,
            at,
        };
        (row, (command, step))
    })
}

fn measure(command: &StoredCommand, function: &str) {
    let failed = command.status == Status::Error;
    let created_at = command.created_at.at();
    let age =
        |at: Option<&Timestamp>| at.map(|at| millis((at.at() - created_at).to_std().unwrap_or_default()));
    let wait = age(command.started_at.as_ref());
    let names = if wait.is_some() { &METRICS } else { &METRICS[..3] };
    about(command).in_scope(|| {
        tracing::info!(
            target: metrics::TARGET,
            emf = directive(Utc::now(), &[Metrics { by: BY, names }]),
            FunctionName = function,
            CommandType = CommandType::named(&command.command_type).map_or("OTHER", CommandType::as_str),
            CommandsSucceeded = u64::from(!failed),
            CommandsFailed = u64::from(failed),
            CommandDuration = age(command.completed_at.as_ref()).unwrap_or_default(),
            CommandWait = wait,
            status = command.status.as_str(),
            "command ended"
        );
    });
}
