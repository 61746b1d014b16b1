//! What can be asked for. A command is parsed once, from a caller's words or the table's: one that is not valid can't be
//! represented.

use std::borrow::Cow;

use data::parse_uuid;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// What a command does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CommandType {
    /// Moves messages from a queue's dead-letter queue back to it.
    ReprocessQueue,
    /// Makes an integration forget its tokens.
    ResetToken,
    /// Restarts a tenant's agent.
    RestartAgent,
    /// Asks the platform's parts whether they work.
    HealthCheck,
}

impl CommandType {
    /// Every type.
    pub const ALL: [Self; 4] =
        [Self::ReprocessQueue, Self::ResetToken, Self::RestartAgent, Self::HealthCheck];

    /// Every type with its name in the API.
    pub const CHOICES: &[(&str, Self)] = &[
        ("REPROCESS_QUEUE", Self::ReprocessQueue),
        ("RESET_TOKEN", Self::ResetToken),
        ("RESTART_AGENT", Self::RestartAgent),
        ("HEALTH_CHECK", Self::HealthCheck),
    ];

    /// Its name in the API and in the table.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ReprocessQueue => "REPROCESS_QUEUE",
            Self::ResetToken => "RESET_TOKEN",
            Self::RestartAgent => "RESTART_AGENT",
            Self::HealthCheck => "HEALTH_CHECK",
        }
    }

    /// The type of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// The name of a queue, as SQS takes it: up to 80 letters, digits, hyphens and underscores, `.fifo` at the end of some.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct QueueName(String);

impl QueueName {
    /// The longest name.
    pub const MAX_LENGTH: usize = 80;

    /// The name that this text is.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let plain = text.strip_suffix(".fifo").unwrap_or(text);
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let valid = !plain.is_empty() && text.len() <= Self::MAX_LENGTH && plain.bytes().all(allowed);
        valid.then(|| Self(text.to_owned()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// How many messages at most: 1 to 10,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaxMessages(u16);

impl MaxMessages {
    /// The most.
    pub const MAX: u16 = 10_000;
    /// Unless the caller says otherwise.
    pub const DEFAULT: Self = Self(1_000);

    /// So many, if that is allowed.
    #[must_use]
    pub fn new(number: u64) -> Option<Self> {
        u16::try_from(number).ok().filter(|number| (1..=Self::MAX).contains(number)).map(Self)
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0 as u32
    }
}

/// A part of the platform that a health check asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// PostgreSQL answers a query.
    Database,
    /// Redis answers a PING.
    Cache,
    /// The table of commands answers a read.
    CommandsTable,
    /// Secrets Manager answers.
    Secrets,
    /// The queues that may be reprocessed are there.
    Queues,
    /// No integration is in error.
    Integrations,
}

impl Check {
    /// Every check with its name in the API.
    pub const CHOICES: &[(&str, Self)] = &[
        ("database", Self::Database),
        ("cache", Self::Cache),
        ("commands_table", Self::CommandsTable),
        ("secrets", Self::Secrets),
        ("queues", Self::Queues),
        ("integrations", Self::Integrations),
    ];

    /// Its name in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Database => "database",
            Self::Cache => "cache",
            Self::CommandsTable => "commands_table",
            Self::Secrets => "secrets",
            Self::Queues => "queues",
            Self::Integrations => "integrations",
        }
    }
}

/// Which checks: at least one, each once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checks(Vec<Check>);

impl Checks {
    /// All of them.
    #[must_use]
    pub fn all() -> Self {
        Self(Check::CHOICES.iter().map(|(_, check)| *check).collect())
    }

    /// The checks.
    #[must_use]
    pub fn as_slice(&self) -> &[Check] {
        &self.0
    }
}

/// A command that can be executed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Moves messages from a queue's dead-letter queue back to it.
    ReprocessQueue {
        /// Whom it is done for, if for somebody.
        tenant_id: Option<Uuid>,
        /// Which queue.
        queue: QueueName,
        /// At most so many messages.
        max_messages: MaxMessages,
    },
    /// Makes an integration forget its tokens.
    ResetToken {
        /// Whose integration.
        tenant_id: Uuid,
        /// Which.
        integration_id: Uuid,
    },
    /// Restarts an agent.
    RestartAgent {
        /// Whose agent.
        tenant_id: Uuid,
        /// Which, by its id in the catalogue.
        agent_id: Uuid,
    },
    /// Asks the platform's parts whether they work.
    HealthCheck {
        /// Whose integrations are looked at; `None`: everybody's.
        tenant_id: Option<Uuid>,
        /// What is asked.
        checks: Checks,
    },
}

/// What is wrong with a command, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{pointer} {message}")]
pub struct Invalid {
    /// A JSON pointer into the command: `/tenant_id`, `/parameters/queue`.
    pub pointer: String,
    /// What is wrong with it.
    pub message: Cow<'static, str>,
}

impl Command {
    /// The command of this type for this tenant with these parameters, or everything that is wrong with it.
    pub fn parse(
        kind: CommandType,
        tenant_id: Option<Uuid>,
        parameters: &Map<String, Value>,
    ) -> Result<Self, Vec<Invalid>> {
        let mut reader = Reader { parameters: parameters.clone(), invalid: Vec::new() };
        let command = match kind {
            CommandType::ReprocessQueue => {
                let queue = reader.queue();
                let max_messages = reader.max_messages();
                queue.zip(max_messages).map(|(queue, max_messages)| Self::ReprocessQueue {
                    tenant_id,
                    queue,
                    max_messages,
                })
            }
            CommandType::ResetToken => {
                let tenant_id = reader.tenant(tenant_id);
                let integration_id = reader.uuid("integration_id");
                tenant_id
                    .zip(integration_id)
                    .map(|(tenant_id, integration_id)| Self::ResetToken { tenant_id, integration_id })
            }
            CommandType::RestartAgent => {
                let tenant_id = reader.tenant(tenant_id);
                let agent_id = reader.uuid("agent_id");
                tenant_id
                    .zip(agent_id)
                    .map(|(tenant_id, agent_id)| Self::RestartAgent { tenant_id, agent_id })
            }
            CommandType::HealthCheck => reader.checks().map(|checks| Self::HealthCheck { tenant_id, checks }),
        };
        reader.finish(command)
    }

    /// Its type.
    #[must_use]
    pub const fn kind(&self) -> CommandType {
        match self {
            Self::ReprocessQueue { .. } => CommandType::ReprocessQueue,
            Self::ResetToken { .. } => CommandType::ResetToken,
            Self::RestartAgent { .. } => CommandType::RestartAgent,
            Self::HealthCheck { .. } => CommandType::HealthCheck,
        }
    }

    /// The tenant that it is about.
    #[must_use]
    pub const fn tenant_id(&self) -> Option<Uuid> {
        match self {
            Self::ReprocessQueue { tenant_id, .. } | Self::HealthCheck { tenant_id, .. } => *tenant_id,
            Self::ResetToken { tenant_id, .. } | Self::RestartAgent { tenant_id, .. } => Some(*tenant_id),
        }
    }

    /// Its parameters, from which [`parse`](Self::parse) makes it again.
    #[must_use]
    pub fn parameters(&self) -> Value {
        match self {
            Self::ReprocessQueue { queue, max_messages, .. } => {
                json!({"queue": queue.as_str(), "max_messages": max_messages.get()})
            }
            Self::ResetToken { integration_id, .. } => json!({"integration_id": integration_id}),
            Self::RestartAgent { agent_id, .. } => json!({"agent_id": agent_id}),
            Self::HealthCheck { checks, .. } => json!({"checks": checks.as_slice()}),
        }
    }

    /// What it changes: commands on one target are executed one after the other. A health check changes nothing.
    #[must_use]
    pub fn target(&self) -> Option<Target> {
        match self {
            Self::ReprocessQueue { queue, .. } => Some(Target::Queue(queue.clone())),
            Self::ResetToken { integration_id, .. } => Some(Target::Integration(*integration_id)),
            Self::RestartAgent { tenant_id, agent_id } => Some(Target::Agent(*tenant_id, *agent_id)),
            Self::HealthCheck { .. } => None,
        }
    }

    /// The tenant whose data it changes.
    #[must_use]
    pub const fn changed_tenant(&self) -> Option<Uuid> {
        match self {
            Self::ResetToken { tenant_id, .. } | Self::RestartAgent { tenant_id, .. } => Some(*tenant_id),
            Self::ReprocessQueue { .. } | Self::HealthCheck { .. } => None,
        }
    }
}

/// What a command changes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// A queue.
    Queue(QueueName),
    /// An integration.
    Integration(Uuid),
    /// A tenant's agent.
    Agent(Uuid, Uuid),
}

/// Takes parameters one after the other, and what was not asked for as unknown.
struct Reader {
    parameters: Map<String, Value>,
    invalid: Vec<Invalid>,
}

impl Reader {
    fn queue(&mut self) -> Option<QueueName> {
        let given = self.required("queue")?;
        given
            .as_str()
            .and_then(QueueName::new)
            .or_else(|| self.refuse("/parameters/queue", "must be the name of a queue"))
    }

    fn max_messages(&mut self) -> Option<MaxMessages> {
        let Some(given) = self.parameters.remove("max_messages") else {
            return Some(MaxMessages::DEFAULT);
        };
        given.as_u64().and_then(MaxMessages::new).or_else(|| {
            let message = format!("must be a whole number from 1 to {}", MaxMessages::MAX);
            self.refuse("/parameters/max_messages", message)
        })
    }

    fn uuid(&mut self, name: &'static str) -> Option<Uuid> {
        let given = self.required(name)?;
        given
            .as_str()
            .and_then(parse_uuid)
            .or_else(|| self.refuse(format!("/parameters/{name}"), "must be a UUID"))
    }

    fn checks(&mut self) -> Option<Checks> {
        let Some(given) = self.parameters.remove("checks") else {
            return Some(Checks::all());
        };
        let find = |name: &Value| {
            Check::CHOICES.iter().find(|(known, _)| name.as_str() == Some(*known)).map(|(_, check)| *check)
        };
        let checks: Option<Vec<Check>> = given.as_array().and_then(|names| names.iter().map(find).collect());
        let distinct = |checks: &Vec<Check>| {
            let mut sorted = checks.clone();
            sorted.sort_unstable();
            sorted.dedup();
            !checks.is_empty() && sorted.len() == checks.len()
        };
        checks.filter(distinct).map(Checks).or_else(|| {
            let choices: Vec<_> = Check::CHOICES.iter().map(|(name, _)| *name).collect();
            let message = format!("must be a list of some of {}, each once", choices.join(", "));
            self.refuse("/parameters/checks", message)
        })
    }

    fn tenant(&mut self, given: Option<Uuid>) -> Option<Uuid> {
        given.or_else(|| self.refuse("/tenant_id", "is required for this type of command"))
    }

    fn required(&mut self, name: &'static str) -> Option<Value> {
        self.parameters.remove(name).or_else(|| self.refuse(format!("/parameters/{name}"), "is required"))
    }

    fn refuse<T>(&mut self, pointer: impl Into<String>, message: impl Into<Cow<'static, str>>) -> Option<T> {
        self.invalid.push(Invalid { pointer: pointer.into(), message: message.into() });
        None
    }

    fn finish(mut self, command: Option<Command>) -> Result<Command, Vec<Invalid>> {
        for name in std::mem::take(&mut self.parameters).keys() {
            let escaped = name.replace('~', "~0").replace('/', "~1");
            self.refuse::<()>(format!("/parameters/{escaped}"), "is not a parameter of this type of command");
        }
        match command {
            Some(command) if self.invalid.is_empty() => Ok(command),
            _ => Err(self.invalid),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use test_support::{fuzz, json_like};

    use super::*;

    #[test]
    fn whatever_is_parsed_can_be_written_and_parsed_again() {
        let id = "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b";
        let valid = [
            json!({"queue": "mensagens.fifo", "max_messages": 100}),
            json!({"integration_id": id}),
            json!({"agent_id": id}),
            json!({"checks": ["database", "queues"]}),
        ];
        let kinds = prop::sample::select(CommandType::ALL.to_vec());
        let tenants = prop_oneof![Just(None), Just(Some(Uuid::from_u128(1)))];
        fuzz("commands", 5_000, (kinds, tenants, json_like(valid)), |(kind, tenant_id, parameters)| {
            let Some(parameters) = parameters.as_object() else { return Ok(()) };
            match Command::parse(kind, tenant_id, parameters) {
                Ok(command) => {
                    prop_assert_eq!((command.kind(), command.tenant_id()), (kind, tenant_id));
                    if let Command::HealthCheck { checks, .. } = &command {
                        let distinct: std::collections::BTreeSet<_> = checks.as_slice().iter().collect();
                        prop_assert!(
                            !distinct.is_empty() && distinct.len() == checks.as_slice().len(),
                            "{:?}",
                            checks
                        );
                    }
                    let written = command.parameters();
                    let again = Command::parse(kind, tenant_id, written.as_object().unwrap());
                    prop_assert_eq!(again, Ok(command));
                }
                Err(invalid) => {
                    for Invalid { pointer, message } in invalid {
                        let missing = message.starts_with("is required");
                        let named = pointer
                            .strip_prefix("/parameters")
                            .is_some_and(|pointer| json!(parameters).pointer(pointer).is_some());
                        prop_assert!(missing || named, "{} {} in {:?}", pointer, message, parameters);
                    }
                }
            }
            Ok(())
        });
    }
}
