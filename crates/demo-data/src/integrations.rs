//! What the companies have connected to the platform.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::calendar::days_between;
use crate::companies::{Company, Plan, Status};
use crate::noise::{Noise, Seed};

/// A connected service.
#[derive(Clone, Debug, PartialEq)]
pub struct Integration {
    /// Id of the row.
    pub id: Uuid,
    /// The company.
    pub tenant_id: Uuid,
    /// `email`, `whatsapp`, `crm` or `calendar`.
    pub kind: &'static str,
    /// What the company calls it.
    pub name: String,
    /// `active`, `inactive` or `error`.
    pub status: &'static str,
    /// Its settings.
    pub config: Value,
    /// When it was last in step.
    pub last_sync_at: Option<DateTime<Utc>>,
    /// Why it isn't.
    pub last_error: Option<&'static str>,
    /// When it was connected.
    pub created_at: DateTime<Utc>,
}

const KINDS: [(&str, &[&str], &[&str]); 4] = [
    (
        "email",
        &["E-mail comercial", "Caixa de suporte", "E-mail financeiro", "Boletim de novidades"],
        &[
            "Falha na autenticação IMAP: senha recusada pelo servidor",
            "Cota da caixa postal excedida; mensagens não enviadas",
            "Certificado TLS do servidor SMTP expirado",
        ],
    ),
    (
        "whatsapp",
        &["WhatsApp da matriz", "WhatsApp de vendas", "WhatsApp do SAC"],
        &[
            "Token de acesso expirado; é preciso autorizar novamente",
            "Número bloqueado por excesso de denúncias",
            "Modelo de mensagem rejeitado pela plataforma",
        ],
    ),
    (
        "crm",
        &["CRM de vendas", "Funil de oportunidades", "CRM de pós-venda"],
        &[
            "Limite de chamadas da API do CRM atingido (HTTP 429)",
            "Campo obrigatório «telefone» ausente em 37 contatos",
            "O CRM não respondeu em 30 s durante a sincronização",
        ],
    ),
    (
        "calendar",
        &["Agenda da equipe", "Agenda de visitas", "Agenda de plantões"],
        &[
            "Permissão revogada pelo proprietário da agenda",
            "Fuso horário da agenda não reconhecido: «Brasília (horário de verão)»",
        ],
    ),
];

/// Everybody's integrations.
#[must_use]
pub fn integrations(seed: Seed, now: DateTime<Utc>, companies: &[Company]) -> Vec<Integration> {
    companies.iter().flat_map(|company| integrations_of(seed, now, company)).collect()
}

fn integrations_of(seed: Seed, now: DateTime<Utc>, company: &Company) -> Vec<Integration> {
    let mut noise = seed.noise("integrations", &company.slug);
    let count = match company.plan() {
        Plan::Starter => noise.whole(1..=2),
        Plan::Professional => noise.whole(2..=5),
        Plan::Enterprise => noise.whole(4..=8),
    };
    let mut names: Vec<(usize, &str)> = KINDS
        .iter()
        .enumerate()
        .flat_map(|(kind, (_, names, _))| names.iter().map(move |name| (kind, *name)))
        .collect();
    noise.shuffle(&mut names);
    let names = names.into_iter().take(usize::try_from(count).unwrap_or(1));
    names.map(|(kind, name)| integration(seed, now, company, kind, name, &mut noise)).collect()
}

fn integration(
    seed: Seed,
    now: DateTime<Utc>,
    company: &Company,
    kind: usize,
    name: &str,
    noise: &mut Noise,
) -> Integration {
    let (kind, _, errors) = KINDS[kind];
    let until =
        company.history.last().filter(|(_, terms)| terms.status != Status::Active).map_or(now, |(at, _)| *at);
    let days_there = days_between(company.joined_at(), until);
    let created_at = company.joined_at() + TimeDelta::minutes(noise.whole(30..=(days_there * 700).max(60)));
    let gone = until < now;
    let (status, minutes_since_sync) = match noise.unit() {
        _ if gone => ("inactive", Some(noise.whole(1..=60))),
        part if part < 0.10 => ("error", Some(noise.whole(90..=8_000))),
        part if part < 0.17 => ("inactive", noise.chance(0.6).then(|| noise.whole(10_000..=90_000))),
        _ => ("active", Some(noise.whole(1..=55))),
    };
    Integration {
        id: seed.id("integration", &format!("{}/{name}", company.slug)),
        tenant_id: company.id,
        kind,
        name: name.to_owned(),
        status,
        config: config(kind, company, noise),
        last_sync_at: minutes_since_sync
            .map(|minutes| until - TimeDelta::minutes(minutes))
            .filter(|at| *at > created_at),
        last_error: (status == "error").then(|| noise.pick(errors)),
        created_at,
    }
}

fn config(kind: &str, company: &Company, noise: &mut Noise) -> Value {
    match kind {
        "email" => {
            json!({ "remetente": format!("contato@{}.example.com", company.slug), "assinatura": noise.chance(0.7) })
        }
        // 5550… is no Brazilian number.
        "whatsapp" => {
            json!({ "numero": format!("+55 11 5550-{:04}", noise.whole(0..=9_999)), "idioma": "pt-BR" })
        }
        "crm" => {
            json!({ "funil": noise.pick(&["Padrão", "Atacado", "Varejo"]), "intervalo_minutos": noise.pick(&[5, 15, 30, 60]) })
        }
        _ => {
            json!({ "fuso_horario": "America/Sao_Paulo", "antecedencia_minutos": noise.pick(&[10, 30, 60]) })
        }
    }
}
