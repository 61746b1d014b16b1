//! `RESTART_AGENT`: the agent's row, and an event for whoever runs the agent. The row changes once for each command, the
//! event may come again.

use std::time::Duration;

use aws_sdk_eventbridge::error::DisplayErrorContext;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use chrono::{DateTime, Utc};
use data::commands::{AgentRestart, RestartResult};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Executors, Failure, ask_database};
use crate::store::Claim;
use crate::stored::Timestamp;

const SOURCE: &str = "alquimista.painel";
const DETAIL_TYPE: &str = "AgentRestartRequested";
/// A bus may refuse an entry of a call that went well: then it is asked again.
const ATTEMPTS: u32 = 3;
const PAUSE: Duration = Duration::from_millis(200);

pub(super) async fn run(
    executors: &Executors,
    claim: &Claim<'_>,
    tenant_id: Uuid,
    agent_id: Uuid,
) -> Result<Value, Failure> {
    let restarted = ask_database(|| {
        data::commands::restart_agent(&executors.database, tenant_id, agent_id, claim.started_at())
    })
    .await?;
    let agent = match restarted {
        RestartResult::Restarted(agent) | RestartResult::AlreadyDone(agent) => agent,
        RestartResult::Unknown => {
            return Err(Failure::new(
                "unknown agent",
                "o tenant não tem este agente, ou ele não está no catálogo. Confira o tenant e o agente e execute um \
                 novo comando.",
            ));
        }
        RestartResult::Suspended(AgentRestart { agent_name, .. }) => {
            return Err(Failure::new(
                "agent suspended",
                format!(
                    "o agente \"{agent_name}\" está suspenso e não foi reiniciado. Remova a suspensão e execute um \
                     novo comando."
                ),
            ));
        }
    };
    let event = json!({
        "command_id": claim.command_id(),
        "tenant_id": tenant_id,
        "agent_id": agent_id,
        "requested_at": claim.command().created_at,
    });
    publish(executors, &event.to_string()).await?;
    Ok(json!({
        "agent_id": agent_id,
        "agent_name": agent.agent_name,
        "previous_status": agent.previous_status,
        "restarted_at": agent.restarted_at.map(|at: DateTime<Utc>| Timestamp::from(at)),
    }))
}

async fn publish(executors: &Executors, detail: &str) -> Result<(), Failure> {
    let entry = PutEventsRequestEntry::builder()
        .event_bus_name(&executors.event_bus)
        .source(SOURCE)
        .detail_type(DETAIL_TYPE)
        .detail(detail)
        .build();
    for attempt in 1..=ATTEMPTS {
        match executors.events.put_events().entries(entry.clone()).send().await {
            Ok(answer) if answer.failed_entry_count() == 0 => return Ok(()),
            Ok(answer) => {
                let code = answer.entries().iter().find_map(|entry| entry.error_code());
                tracing::warn!(code, attempt, "the event bus refused an event");
                if attempt < ATTEMPTS {
                    tokio::time::sleep(PAUSE).await;
                }
            }
            // The SDK has tried again already.
            Err(error) => {
                tracing::warn!(error = %DisplayErrorContext(error), "the event bus is unavailable");
                break;
            }
        }
    }
    Err(Failure::new(
        "event bus unavailable",
        "o agente foi marcado como reiniciado, mas o pedido de reinício não chegou ao barramento de eventos. Execute o \
         comando novamente; se o erro persistir, verifique o barramento de eventos da plataforma.",
    ))
}
