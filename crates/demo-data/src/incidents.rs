//! What went wrong, and what was planned: outages that show in the traffic, and the incidents told of them.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::calendar::{day_start, office_instant, working_day};
use crate::catalogue::Agent;
use crate::companies::Company;
use crate::noise::{Noise, Seed};

/// Hours in which an agent, or every one, worked badly.
#[derive(Clone, Debug, PartialEq)]
pub struct Outage {
    /// The agent, as an index of the catalogue; none: all of them.
    pub agent: Option<usize>,
    /// When it began.
    pub from: DateTime<Utc>,
    /// When it was over.
    pub until: DateTime<Utc>,
    /// Part of the requests that failed.
    pub failing: f64,
    /// How many times longer answers took.
    pub slower: f64,
}

/// An incident or a maintenance.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Id of the row.
    pub id: Uuid,
    /// `incident` or `maintenance`.
    pub kind: &'static str,
    /// `info`, `warning`, `error` or `critical`.
    pub severity: &'static str,
    /// The company; none: everybody.
    pub tenant_id: Option<Uuid>,
    /// What happened, in a line.
    pub title: String,
    /// What happened.
    pub description: &'static str,
    /// More of it.
    pub metadata: Value,
    /// When.
    pub created_at: DateTime<Utc>,
    /// Since when an incident is over.
    pub resolved_at: Option<DateTime<Utc>>,
}

/// An outage: days ago, UTC hour, hours, agent, failing, slower.
const OUTAGES: [(i64, i64, i64, Option<usize>, f64, f64); 7] = [
    (3, 12, 9, Some(14), 0.34, 2.6),
    (11, 13, 6, Some(0), 0.22, 3.2),
    (19, 17, 2, None, 0.38, 4.0),
    (34, 11, 11, Some(8), 0.41, 2.2),
    (47, 12, 8, Some(17), 0.55, 1.8),
    (62, 14, 3, None, 0.17, 2.4),
    (78, 12, 10, Some(25), 0.29, 3.0),
];

/// Severity, title, description, and the most hours until it is resolved.
type Template = (&'static str, &'static str, &'static str, i64);

const TENANT_INCIDENTS: [Template; 12] = [
    (
        "warning",
        "Lentidão nas respostas do atendimento",
        "Clientes relatam espera acima do normal no horário de pico. A fila foi redistribuída.",
        6,
    ),
    (
        "error",
        "Integração com WhatsApp fora do ar",
        "O provedor recusou o token de acesso. As mensagens ficaram em fila até a nova autorização.",
        20,
    ),
    (
        "error",
        "Falha na sincronização do CRM",
        "Contatos criados durante a falha foram reprocessados depois da correção do mapeamento de campos.",
        18,
    ),
    (
        "warning",
        "Consumo próximo do limite do plano",
        "O volume do mês passou de 90 % do contratado. O cliente foi avisado por e-mail.",
        72,
    ),
    (
        "critical",
        "Nenhum agente responde",
        "Todas as chamadas da empresa terminaram em erro. Causa: credencial do modelo revogada por engano.",
        3,
    ),
    (
        "warning",
        "Taxa de erros acima de 5 %",
        "Erros concentrados em documentos digitalizados com baixa resolução.",
        12,
    ),
    (
        "error",
        "Notas fiscais rejeitadas pela prefeitura",
        "O município alterou o esquema do XML sem aviso. Emissões foram refeitas em contingência.",
        30,
    ),
    (
        "info",
        "Ajuste de horário de atendimento",
        "Os agentes responderam fora do horário configurado depois da troca de fuso.",
        5,
    ),
    (
        "warning",
        "Respostas fora do tom da marca",
        "A configuração de tom foi sobrescrita em uma importação. Versão anterior restaurada.",
        9,
    ),
    (
        "error",
        "Agenda com compromissos duplicados",
        "Dois agentes gravaram a mesma visita. Os 14 compromissos repetidos foram removidos.",
        8,
    ),
    (
        "warning",
        "Relatório diário não enviado",
        "A caixa postal de destino estava cheia. O relatório foi reenviado.",
        24,
    ),
    (
        "critical",
        "Suspeita de acesso indevido",
        "Muitas tentativas de acesso a partir de um mesmo endereço. Senhas trocadas; nada foi exposto.",
        7,
    ),
];

const PLATFORM_INCIDENTS: [Template; 3] = [
    (
        "info",
        "Atraso nas métricas do painel",
        "A consolidação dos números do dia atrasou cerca de 40 minutos. Nenhum dado foi perdido.",
        2,
    ),
    ("warning", "Fila de mensagens com atraso", "Mensagens foram entregues com até 15 minutos de atraso.", 3),
    (
        "error",
        "Provedor do modelo com erros intermitentes",
        "O provedor confirmou a falha e aplicou a correção. Novas tentativas absorveram parte dos erros.",
        5,
    ),
];

const MAINTENANCE: [(&str, &str); 6] = [
    (
        "Atualização do banco de dados",
        "Janela de 30 minutos na madrugada de domingo, sem interrupção prevista.",
    ),
    ("Troca dos certificados TLS", "Troca programada dos certificados de todas as integrações."),
    ("Nova versão do Atendente Virtual", "Publicação gradual da nova versão, empresa por empresa."),
    ("Ampliação da capacidade das filas", "Capacidade dobrada antes das campanhas de fim de ano."),
    ("Rotação de credenciais", "Rotação semestral das credenciais internas da plataforma."),
    ("Teste de recuperação de desastres", "Exercício de restauração em ambiente separado."),
];

/// The bad hours of the last ninety days.
#[must_use]
pub fn outages(today: NaiveDate) -> Vec<Outage> {
    OUTAGES
        .iter()
        .map(|(days_ago, hour, hours, agent, failing, slower)| {
            let from = day_start(working_day(today, *days_ago)) + TimeDelta::hours(*hour);
            Outage {
                agent: *agent,
                from,
                until: from + TimeDelta::hours(*hours),
                failing: *failing,
                slower: *slower,
            }
        })
        .collect()
}

/// Everything that is told of the last months.
#[must_use]
pub fn events(
    seed: Seed,
    now: DateTime<Utc>,
    companies: &[Company],
    agents: &[Agent],
    outages: &[Outage],
) -> Vec<Event> {
    let mut noise = seed.noise("events", "");
    let everybody: Vec<&Company> = companies.iter().collect();
    let mut events: Vec<Event> =
        outages.iter().map(|outage| told(seed, outage, agents, &mut noise)).collect();
    let templates =
        |list: &'static [Template], count: i64| list.iter().cycle().take(usize::try_from(count).unwrap_or(0));

    for (number, template) in templates(&PLATFORM_INCIDENTS, 6).enumerate() {
        let ago = noise.whole(1..=150);
        let id = seed.id("event", &format!("platform/{number}"));
        events.push(incident(
            id,
            None,
            template,
            office_instant(now.date_naive(), ago, &mut noise),
            &mut noise,
        ));
    }
    for (number, template) in templates(&TENANT_INCIDENTS, 60).enumerate() {
        let ago = noise.whole(1..=150);
        let at = office_instant(now.date_naive(), ago, &mut noise);
        // Those of the demo users have something to look at; the others as it comes.
        let company = match number % 8 {
            0 => everybody[number / 8 % 2],
            _ => noise.pick(&everybody),
        };
        if company.is_active_at(at) {
            let id = seed.id("event", &format!("tenant/{number}"));
            events.push(incident(id, Some(company.id), template, at, &mut noise));
        }
    }
    events.extend(open_incidents(seed, now, companies));
    events.extend(MAINTENANCE.iter().enumerate().map(|(number, (title, description))| Event {
        id: seed.id("event", &format!("maintenance/{number}")),
        kind: "maintenance",
        severity: "info",
        tenant_id: None,
        title: (*title).to_owned(),
        description,
        metadata: json!({ "duracao_minutos": noise.whole(2..=24) * 5 }),
        created_at: office_instant(now.date_naive(), noise.whole(5..=170), &mut noise),
        resolved_at: None,
    }));
    // Nothing is resolved in the future: it is still open.
    for event in &mut events {
        event.resolved_at = event.resolved_at.filter(|at| *at <= now);
    }
    events.sort_by_key(|event| (event.created_at, event.id));
    events
}

/// The incident that an outage became; noticed some minutes after it began.
fn told(seed: Seed, outage: &Outage, agents: &[Agent], noise: &mut Noise) -> Event {
    let agent = outage.agent.and_then(|agent| agents.get(agent));
    let (severity, title, description) = match agent {
        Some(agent) => (
            "error",
            format!("{} com falhas e lentidão", agent.name),
            "Parte das chamadas terminou em erro e as demais ficaram mais lentas, em todas as empresas que usam o agente.",
        ),
        None => (
            "critical",
            "Instabilidade geral da plataforma".to_owned(),
            "O provedor de nuvem relatou falhas de rede na região. Todos os agentes foram afetados.",
        ),
    };
    Event {
        id: seed.id("event", &format!("outage/{}", outage.from.timestamp())),
        kind: "incident",
        severity,
        tenant_id: None,
        title,
        description,
        metadata: json!({ "agent_id": agent.map(|agent| agent.id), "componente": "agentes" }),
        created_at: outage.from + TimeDelta::minutes(noise.whole(4..=18)),
        resolved_at: Some(outage.until + TimeDelta::minutes(noise.whole(5..=25))),
    }
}

fn incident(
    id: Uuid,
    tenant_id: Option<Uuid>,
    template: &Template,
    created_at: DateTime<Utc>,
    noise: &mut Noise,
) -> Event {
    let (severity, title, description, hours) = template;
    Event {
        id,
        kind: "incident",
        severity,
        tenant_id,
        title: (*title).to_owned(),
        description,
        metadata: json!({ "canal": noise.pick(&["monitoramento", "chamado", "telefone"]) }),
        created_at,
        resolved_at: Some(created_at + TimeDelta::minutes(noise.whole(12..=hours * 60))),
    }
}

/// What nobody has dealt with yet.
fn open_incidents(seed: Seed, now: DateTime<Utc>, companies: &[Company]) -> Vec<Event> {
    let steady = |skip: usize| {
        companies
            .iter()
            .filter(|company| company.is_active_at(now - TimeDelta::days(3)))
            .nth(skip)
            .map(|c| c.id)
    };
    let open = [
        (35, steady(0), &TENANT_INCIDENTS[1]),
        (50, None, &PLATFORM_INCIDENTS[1]),
        (190, steady(6), &TENANT_INCIDENTS[5]),
        (1_300, steady(11), &TENANT_INCIDENTS[2]),
        (2_900, steady(1), &TENANT_INCIDENTS[3]),
    ];
    open.into_iter()
        .map(|(minutes_ago, tenant_id, (severity, title, _, _))| Event {
            id: seed.id("event", &format!("open/{minutes_ago}")),
            kind: "incident",
            severity,
            tenant_id,
            title: (*title).to_owned(),
            description: "Em análise pela equipe de operações.",
            metadata: json!({ "canal": "monitoramento" }),
            created_at: now - TimeDelta::minutes(minutes_ago),
            resolved_at: None,
        })
        .collect()
}
