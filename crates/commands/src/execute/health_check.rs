//! `HEALTH_CHECK`: all checks at once, none for long. What fails is a result; why it failed is for the log.

use std::time::{Duration, Instant};

use aws_sdk_sqs::error::DisplayErrorContext;
use cache::CacheError;
use futures_util::future::join_all;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::Executors;
use super::queues::{self, FindError};
use crate::command::{Check, Checks, QueueName};
use crate::store::Store;

/// The longest that a check may take (contract, section 5).
const LIMIT: Duration = Duration::from_secs(3);
/// So many queues that don't answer are named.
const NAMED: usize = 5;

/// What a check found, in words for people.
struct Finding {
    ok: bool,
    detail: String,
    /// Whether the detail leaves something out.
    truncated: bool,
}

impl Finding {
    fn well(detail: impl Into<String>) -> Self {
        Self { ok: true, detail: detail.into(), truncated: false }
    }

    fn ill(detail: impl Into<String>) -> Self {
        Self { ok: false, detail: detail.into(), truncated: false }
    }
}

pub(super) async fn run(
    executors: &Executors,
    store: &Store,
    tenant_id: Option<Uuid>,
    checks: &Checks,
) -> Value {
    let results = join_all(checks.as_slice().iter().map(async |check| {
        let began = Instant::now();
        let asked = tokio::time::timeout(LIMIT, ask(executors, store, tenant_id, *check)).await;
        let finding =
            asked.unwrap_or_else(|_| Finding::ill(format!("Sem resposta em {} segundos.", LIMIT.as_secs())));
        (*check, finding, began.elapsed())
    }))
    .await;

    let failed = |critical: bool| {
        results.iter().any(|(check, finding, _)| !finding.ok && is_critical(*check) == critical)
    };
    let status = match (failed(true), failed(false)) {
        (true, _) => "unhealthy",
        (false, true) => "degraded",
        (false, false) => "healthy",
    };
    let checks: Map<String, Value> = results
        .iter()
        .map(|(check, finding, took)| {
            let latency_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
            let mut result = json!({"ok": finding.ok, "latency_ms": latency_ms, "detail": finding.detail});
            if finding.truncated {
                result["truncated"] = true.into();
            }
            (check.as_str().to_owned(), result)
        })
        .collect();
    json!({"status": status, "checks": checks})
}

/// Whether nothing works without it.
const fn is_critical(check: Check) -> bool {
    matches!(check, Check::Database | Check::CommandsTable)
}

async fn ask(executors: &Executors, store: &Store, tenant_id: Option<Uuid>, check: Check) -> Finding {
    match check {
        Check::Database => match data::commands::ping(&executors.database).await {
            Ok(()) => Finding::well("O banco de dados respondeu."),
            Err(error) => {
                tracing::warn!(%error, "health check: database");
                Finding::ill("O banco de dados não respondeu.")
            }
        },
        Check::Cache => match executors.cache.ping().await {
            Ok(()) => Finding::well("O cache respondeu."),
            Err(CacheError::NotConfigured) => Finding::ill("Nenhum cache está configurado."),
            Err(error) => {
                tracing::warn!(%error, "health check: cache");
                Finding::ill("O cache não respondeu.")
            }
        },
        Check::CommandsTable => match store.ping().await {
            Ok(()) => Finding::well("A tabela de comandos respondeu."),
            Err(error) => {
                tracing::warn!(%error, "health check: commands table");
                Finding::ill("A tabela de comandos não respondeu.")
            }
        },
        Check::Secrets => {
            let own = executors.secrets.describe_secret().secret_id(&executors.database_secret_arn);
            match own.send().await {
                Ok(_) => Finding::well("O cofre de segredos respondeu."),
                Err(error) => {
                    tracing::warn!(error = %DisplayErrorContext(error), "health check: secrets");
                    Finding::ill("O cofre de segredos não respondeu ou recusou o acesso.")
                }
            }
        }
        Check::Queues => ask_queues(executors).await,
        Check::Integrations => ask_integrations(executors, tenant_id).await,
    }
}

async fn ask_integrations(executors: &Executors, tenant_id: Option<Uuid>) -> Finding {
    match data::commands::integrations_in_error(&executors.database, tenant_id).await {
        Ok((0, total)) => Finding::well(format!("Nenhuma das {total} integrações está em erro.")),
        Ok((in_error, total)) => Finding::ill(format!("{in_error} de {total} integrações em erro.")),
        Err(error) => {
            tracing::warn!(%error, "health check: integrations");
            Finding::ill("O banco de dados não respondeu.")
        }
    }
}

async fn ask_queues(executors: &Executors) -> Finding {
    let found =
        join_all(executors.queues.iter().map(async |name| (name, waiting(executors, name).await))).await;
    let failed: Vec<&str> =
        found.iter().filter(|(_, waiting)| waiting.is_err()).map(|(name, _)| name.as_str()).collect();
    if !failed.is_empty() {
        let truncated = failed.len() > NAMED;
        let names = failed[..failed.len().min(NAMED)].join(", ");
        let others = if truncated { format!(" e mais {}", failed.len() - NAMED) } else { String::new() };
        let detail = format!("Não responderam {} de {} filas: {names}{others}.", failed.len(), found.len());
        return Finding { ok: false, detail, truncated };
    }
    let waiting: u64 = found.iter().filter_map(|(_, waiting)| waiting.as_ref().ok()).sum();
    Finding::well(format!("Filas que responderam: {}; mensagens mortas à espera: {waiting}.", found.len()))
}

/// How many messages wait in a queue's dead-letter queue; one that has none has none waiting.
async fn waiting(executors: &Executors, name: &QueueName) -> Result<u64, ()> {
    let waiting = async {
        match queues::find(&executors.sqs, name).await {
            Ok(pair) => queues::depth(&executors.sqs, &pair.dead_letters_url).await,
            Err(FindError::NoDeadLetters) => Ok(0),
            Err(FindError::Unknown) => Err("there is no such queue".to_owned()),
            Err(FindError::Unavailable(cause)) => Err(cause),
        }
    };
    waiting.await.map_err(|error| tracing::warn!(queue = name.as_str(), error, "health check: queue"))
}
