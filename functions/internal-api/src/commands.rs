//! `GET /internal/operations/commands`

use std::collections::HashMap;

use ::commands::{CommandType, ListFilter, ListedCommand, Status};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use data::commands as trail;
use http_api::{Answer, Authorized, Csv, Format, Instant, ListKey, Problem, Query};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::command::{CommandRecord, problem};
use crate::{DEFAULT_LIMIT, PageParameters};

/// A page of operational commands, newest first.
#[derive(Serialize, ToSchema)]
#[schema(as = Commands)]
pub(crate) struct CommandList {
    commands: Vec<CommandRecord>,
    /// All that the filters mean, on every page.
    #[schema(example = 134)]
    total: i64,
    #[schema(example = 50)]
    limit: i64,
    #[schema(example = 0)]
    offset: i64,
    /// The `cursor` of the page behind this one; null on the last.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// The fields of a command, in the order of the columns.
const COLUMNS: &[&str] = &[
    "command_id",
    "command_type",
    "status",
    "tenant_id",
    "tenant_name",
    "created_by",
    "created_at",
    "started_at",
    "completed_at",
    "error_message",
];

/// Statuses to choose from, each with its name in the API.
const STATUSES: &[(&str, Option<Status>)] = &[
    ("PENDING", Some(Status::Pending)),
    ("RUNNING", Some(Status::Running)),
    ("SUCCESS", Some(Status::Success)),
    ("ERROR", Some(Status::Error)),
    ("all", None),
];

/// How far a command is; for its documentation.
#[derive(ToSchema)]
#[schema(default = "all")]
#[expect(dead_code, reason = "documents what Query reads")]
enum CommandStatus {
    #[schema(rename = "PENDING")]
    Pending,
    #[schema(rename = "RUNNING")]
    Running,
    #[schema(rename = "SUCCESS")]
    Success,
    #[schema(rename = "ERROR")]
    Error,
    #[schema(rename = "all")]
    All,
}

/// The query, for its documentation; it is read by `Query`.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents what Query reads")]
struct Parameters {
    /// How far.
    #[param(inline)]
    status: Option<CommandStatus>,
    /// What they do.
    #[param(inline)]
    command_type: Option<CommandType>,
    /// Those about this tenant.
    tenant_id: Option<Uuid>,
}

/// Operational commands and what became of them
///
/// They are kept for 90 days. As CSV, without `output`: all of them, up to 10,000 or 5 MB; `X-Truncated: true` says that
/// there are more.
#[utoipa::path(
    get,
    path = "/internal/operations/commands",
    tag = "internal",
    params(Parameters, PageParameters),
    responses(
        (status = 200, description = "The commands, newest first.",
            content((CommandList = "application/json"), (String = "text/csv")),
            headers(("X-Truncated" = String, description = "true: the CSV leaves something out.")),
            links(("command" = (operation_id = "command", parameters(("id" = "$response.body#/commands/0/command_id"))))))
    )
)]
pub(crate) async fn get(
    State(api): State<crate::State>,
    caller: Authorized,
    format: Format,
    mut query: Query,
) -> Result<Response, Problem> {
    let types: Vec<_> = CommandType::CHOICES.iter().map(|(name, kind)| (*name, Some(*kind))).collect();
    let filter = ListFilter {
        status: query.choice("status", STATUSES, None),
        kind: query.choice("command_type", &types, None),
        tenant_id: query.uuid("tenant_id"),
    };
    let page = query.page(DEFAULT_LIMIT);
    query.finish()?;
    let scope = caller.internal_scope()?;

    let list = ListKey::new("/internal/operations/commands", &filter);
    let window = match format {
        Format::Json => page.window(&list)?,
        Format::Csv => Csv::window(),
    };
    let mut found = api.commands.list(&filter, &window).await.map_err(problem)?;
    let next_cursor = match format {
        Format::Json => page.cut(&list, &mut found, ListedCommand::position),
        Format::Csv => None,
    };
    let tenants: Vec<_> = found.rows.iter().filter_map(|command| command.tenant_id).collect();
    let names = trail::names(&api.database, &scope, &tenants);
    Ok(match format {
        Format::Csv => {
            let names = names.await?;
            let rows = found.rows.into_iter().map(|command| record(command, &names, None));
            Csv::of(COLUMNS, rows)?.into_response()
        }
        Format::Json => {
            let outputs = async { api.commands.outputs(&found.rows).await.map_err(problem) };
            let (names, mut outputs) = tokio::try_join!(async { Ok(names.await?) }, outputs)?;
            let rows = found.rows.into_iter().map(|command| {
                let output = outputs.remove(&command.command_id);
                record(command, &names, output)
            });
            Answer(CommandList {
                commands: rows.collect(),
                total: found.total,
                limit: page.limit,
                offset: page.offset,
                next_cursor,
            })
            .into_response()
        }
    })
}

fn record(command: ListedCommand, names: &HashMap<Uuid, String>, output: Option<String>) -> CommandRecord {
    CommandRecord {
        command_id: command.command_id,
        command_type: command.command_type,
        status: command.status,
        tenant_id: command.tenant_id,
        tenant_name: command.tenant_id.and_then(|tenant_id| names.get(&tenant_id).cloned()),
        created_by: command.created_by,
        created_at: Instant(command.created_at.at()),
        started_at: command.started_at.map(|at| Instant(at.at())),
        completed_at: command.completed_at.map(|at| Instant(at.at())),
        output,
        error_message: command.error_message,
    }
}
