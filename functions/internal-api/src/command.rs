//! `POST /internal/operations/commands`, `GET /internal/operations/commands/{id}`

use ::commands::{
    Command, CommandType, Created, NewCommand, Progress, Receipt, Remembered, Status, StoreError,
    StoredCommand,
};
use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use data::audit::AuditEvent;
use data::commands as trail;
use http_api::{Answer, Authorized, IdempotencyKey, Instant, Members, Problem, Query, RequestId};
use lambda_http::http::header::LOCATION;
use lambda_http::http::{HeaderName, StatusCode};
use runtime::Trace;
use serde::Serialize;
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::NO_TENANT;

const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// That a command was accepted. What comes of it, its GET tells.
#[derive(Serialize, ToSchema)]
pub(crate) struct AcceptedCommand {
    command_id: Uuid,
    #[schema(inline, value_type = String, example = "PENDING")]
    status: Status,
    created_at: Instant,
    #[schema(example = "Comando criado com sucesso. Processamento iniciado.")]
    message: &'static str,
}

/// A command, and its trail.
#[derive(Serialize, ToSchema)]
pub(crate) struct CommandDetails {
    command: DetailedCommand,
    /// Its rows of the audit log, oldest first.
    audit: Vec<CommandEvent>,
}

/// A command with all that is known of it.
#[derive(Serialize, ToSchema)]
struct DetailedCommand {
    #[serde(flatten)]
    record: CommandRecord,
    /// Its parameters; their members depend on the type.
    #[schema(required, value_type = Option<Object>, additional_properties, example = json!({"queue": "mensagens", "max_messages": 1000}))]
    parameters: Option<Value>,
    /// How often its execution was begun: more than once if it was interrupted.
    #[schema(example = 1)]
    attempt: u32,
    /// What it has achieved so far, if its type tells.
    #[schema(required)]
    progress: Option<Progress>,
}

/// A command as the list shows it.
#[derive(Serialize, ToSchema)]
#[schema(as = Command)]
pub(crate) struct CommandRecord {
    pub(crate) command_id: Uuid,
    /// `REPROCESS_QUEUE`, `RESET_TOKEN`, `RESTART_AGENT` or `HEALTH_CHECK`.
    #[schema(example = "REPROCESS_QUEUE")]
    pub(crate) command_type: String,
    #[schema(inline)]
    pub(crate) status: Status,
    /// The tenant that it is about.
    #[schema(required)]
    pub(crate) tenant_id: Option<Uuid>,
    /// Null if it is about none, or the tenant was deleted.
    #[schema(required, example = "Padaria Pão Dourado")]
    pub(crate) tenant_name: Option<String>,
    /// The user's id in Cognito.
    #[schema(example = "93fcca1a-70c1-7042-1c3d-2f6a8f6f0001")]
    pub(crate) created_by: String,
    pub(crate) created_at: Instant,
    /// When its execution began, for the first time.
    #[schema(required)]
    pub(crate) started_at: Option<Instant>,
    #[schema(required)]
    pub(crate) completed_at: Option<Instant>,
    /// What came of it, as JSON; its members depend on the type.
    #[schema(required, example = r#"{"queue":"mensagens","moved":120,"left":0}"#)]
    pub(crate) output: Option<String>,
    /// Why it failed, in a word or two, and what to do.
    #[schema(required, example = "agent suspended: o agente está suspenso neste tenant.")]
    pub(crate) error_message: Option<String>,
}

/// A step of a command's life, as it was recorded.
#[derive(Serialize, ToSchema)]
struct CommandEvent {
    id: Uuid,
    /// `command_created`, `command_started` or `command_executed`.
    #[schema(example = "command_started")]
    event_type: String,
    /// `info` or `error`.
    #[schema(example = "info")]
    severity: String,
    /// Who wanted the command.
    #[schema(required)]
    user_sub: Option<String>,
    #[schema(example = "Comando iniciado")]
    title: String,
    #[schema(required)]
    description: Option<String>,
    #[schema(required, value_type = Option<Object>, additional_properties)]
    metadata: Option<Value>,
    created_at: Instant,
}

// The body, for its documentation; it is read by `Members`.

/// A command to be.
#[derive(ToSchema)]
#[schema(as = NewCommand)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "documents what Members reads")]
pub(crate) struct NewCommandBody {
    #[schema(inline)]
    command_type: CommandType,
    /// The tenant that it is about. Required for `RESET_TOKEN` and `RESTART_AGENT`.
    #[schema(required = false)]
    tenant_id: Option<Uuid>,
    /// `REPROCESS_QUEUE`: `queue` (see `/internal/options`), `max_messages` (1 to 10,000; 1,000). `RESET_TOKEN`:
    /// `integration_id`. `RESTART_AGENT`: `agent_id`. `HEALTH_CHECK`: `checks` (see `/internal/options`; all).
    #[schema(value_type = Object, additional_properties, example = json!({"queue": "mensagens", "max_messages": 100}))]
    parameters: Value,
}

/// The headers, for their documentation; they are read by `IdempotencyKey`.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "documents what IdempotencyKey reads")]
pub(crate) struct CommandHeaders {
    /// The caller's own name for this request: repeated within 24 hours, it is the same command.
    #[param(rename = "Idempotency-Key", value_type = String, required = false, min_length = 1, max_length = 128,
        pattern = "^[!-~]([ -~]*[!-~])?$")]
    idempotency_key: Option<String>,
}

/// The path, for its documentation; it is read by `Query`.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "documents what Query reads")]
pub(crate) struct CommandPath {
    /// The command.
    id: Uuid,
}

/// Orders an operational command
///
/// It is executed once, soon, and apart from this request; see its GET. Agents, integrations and queues are looked up then:
/// what doesn't exist ends in `ERROR`.
#[utoipa::path(
    post,
    path = "/internal/operations/commands",
    tag = "internal",
    params(CommandHeaders),
    request_body = NewCommandBody,
    responses(
        (status = 201, description = "The command was accepted, now or when the same request came first.",
            body = AcceptedCommand,
            headers(("Location" = String, description = "Where it is."),
                ("Idempotency-Replayed" = String, description = "true: the same request came before.")),
            links(("command" = (operation_id = "command", parameters(("id" = "$response.body#/command_id")))))),
        (status = 404, description = "There is no such tenant."),
        (status = 409, description = "The key was used for another request."),
        (status = 413, description = "The body is larger than 64 KiB."),
        (status = 415, description = "The body is not said to be JSON.")
    )
)]
pub(crate) async fn post(
    State(api): State<crate::State>,
    caller: Authorized,
    request_id: RequestId,
    Extension(trace): Extension<Trace>,
    key: IdempotencyKey,
    body: Members,
) -> Result<Response, Problem> {
    let scope = caller.internal_scope()?;
    let key = key.0.map(|key| ::commands::IdempotencyKey::new(caller.sub(), &key, &body.whole()));
    let command = read_command(body)?;

    let now = (api.now)();
    // A repetition is answered as it was at first, whatever has become of the tenant.
    if let Some(key) = &key
        && let Some(known) = api.commands.remembered(key, now).await.map_err(problem)?
    {
        return replayed(known);
    }
    if let Some(tenant_id) = command.tenant_id()
        && !trail::tenant_exists(&api.database, &scope, tenant_id).await?
    {
        return Err(Problem::not_found(NO_TENANT));
    }
    let new = NewCommand {
        command: &command,
        created_by: caller.sub(),
        request_id: &request_id.0,
        trace_id: trace.id.as_deref(),
        now,
    };
    match api.commands.create(&new, key.as_ref()).await.map_err(problem)? {
        Created::New(receipt) => Ok(accepted(&receipt)),
        Created::Known(known) => replayed(known),
    }
}

/// An operational command with its trail
#[utoipa::path(
    get,
    path = "/internal/operations/commands/{id}",
    tag = "internal",
    params(CommandPath),
    responses(
        (status = 200, description = "The command.", body = CommandDetails),
        (status = 404, description = "There is no such command.")
    )
)]
pub(crate) async fn get(
    State(api): State<crate::State>,
    caller: Authorized,
    mut query: Query,
) -> Result<Answer<CommandDetails>, Problem> {
    let id = query.path_uuid("id");
    query.finish()?;
    let scope = caller.internal_scope()?;

    let command = api.commands.get(id).await.map_err(problem)?;
    let command = command.ok_or_else(|| Problem::not_found("There is no such command."))?;
    let steps: Vec<_> = command.steps().into_iter().map(|(step, _)| command.step_id(step)).collect();
    let (events, tenant_name) = trail::audit_of(&api.database, &scope, &steps, command.tenant_id).await?;
    Ok(Answer(CommandDetails {
        command: DetailedCommand::of(command, tenant_name),
        audit: events.into_iter().map(CommandEvent::from).collect(),
    }))
}

fn read_command(mut body: Members) -> Result<Command, Problem> {
    let kind = body.choice("command_type", CommandType::CHOICES);
    let kind = body.required("command_type", kind);
    let tenant_id = body.uuid_or_null("tenant_id");
    let parameters = body.object("parameters");
    let parameters = body.required("parameters", parameters);
    let command = kind.zip(parameters).map(|(kind, parameters)| Command::parse(kind, tenant_id, &parameters));
    if let Some(Err(invalid)) = &command {
        for wrong in invalid {
            body.refuse_at(wrong.pointer.clone(), wrong.message.clone());
        }
    }
    body.finish()?;
    command.and_then(Result::ok).ok_or_else(|| Problem::internal("a command was neither read nor refused"))
}

fn accepted(receipt: &Receipt) -> Response {
    let location = format!("/internal/operations/commands/{}", receipt.command_id);
    let body = AcceptedCommand {
        command_id: receipt.command_id,
        status: Status::Pending,
        created_at: Instant(receipt.created_at.at()),
        message: "Comando criado com sucesso. Processamento iniciado.",
    };
    (StatusCode::CREATED, [(LOCATION, location)], Answer(body)).into_response()
}

fn replayed(known: Remembered) -> Result<Response, Problem> {
    match known {
        Remembered::Same(receipt) => Ok(([(REPLAYED, "true")], accepted(&receipt)).into_response()),
        Remembered::Other => Err(Problem::idempotency_conflict()),
    }
}

/// The problem that a failed read or write of the table is.
pub(crate) fn problem(error: StoreError) -> Problem {
    if error.is_transient() { Problem::unavailable(error) } else { Problem::internal(error) }
}

impl DetailedCommand {
    fn of(command: StoredCommand, tenant_name: Option<String>) -> Self {
        Self {
            parameters: command.parameters().map(Value::Object),
            attempt: command.attempt,
            progress: command.progress,
            record: CommandRecord {
                command_id: command.command_id,
                command_type: command.command_type,
                status: command.status,
                tenant_id: command.tenant_id,
                tenant_name,
                created_by: command.created_by,
                created_at: Instant(command.created_at.at()),
                started_at: command.started_at.map(|at| Instant(at.at())),
                completed_at: command.completed_at.map(|at| Instant(at.at())),
                output: command.output,
                error_message: command.error_message,
            },
        }
    }
}

impl From<AuditEvent> for CommandEvent {
    fn from(event: AuditEvent) -> Self {
        Self {
            id: event.id,
            event_type: event.kind,
            severity: event.severity,
            user_sub: event.user_sub,
            title: event.title,
            description: event.description,
            metadata: event.metadata,
            created_at: Instant(event.created_at),
        }
    }
}
