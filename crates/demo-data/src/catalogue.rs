//! The platform's agents: 32, four in each of eight sub-nuclei.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::calendar;
use crate::noise::Seed;

/// An agent companies can deploy.
#[derive(Clone, Debug, PartialEq)]
pub struct Agent {
    /// Its id.
    pub id: Uuid,
    /// What it is called.
    pub name: &'static str,
    /// The sub-nucleus it belongs to.
    pub segment: &'static str,
    /// When it was added to the catalogue.
    pub created_at: DateTime<Utc>,
    /// How it behaves.
    pub profile: &'static Profile,
}

/// How an agent behaves under traffic.
#[derive(Debug, PartialEq)]
pub struct Profile {
    name: &'static str,
    segment: &'static str,
    /// Half of its answers are faster.
    pub median_ms: f64,
    /// How far its answer times spread (sigma of a log-normal).
    pub spread: f64,
    /// Part of its requests that fail on a usual day.
    pub failing: f64,
    /// Median of the tokens an answer takes; 0: it asks no language model.
    pub tokens: f64,
    /// How often it is deployed and called, against the others.
    pub popularity: f64,
    /// Days since it was added to the catalogue.
    days_old: i64,
}

#[expect(clippy::too_many_arguments, reason = "a row of the table below")]
const fn profile(
    segment: &'static str,
    name: &'static str,
    median_ms: f64,
    spread: f64,
    failing: f64,
    tokens: f64,
    popularity: f64,
    days_old: i64,
) -> Profile {
    Profile { name, segment, median_ms, spread, failing, tokens, popularity, days_old }
}

#[rustfmt::skip]
const PROFILES: [Profile; 32] = [
    profile("Atendimento", "Atendente Virtual", 820.0, 0.55, 0.012, 620.0, 10.0, 1_290),
    profile("Atendimento", "Triagem de Chamados", 430.0, 0.45, 0.009, 240.0, 7.0, 1_290),
    profile("Atendimento", "Pós-venda Ativo", 1_150.0, 0.60, 0.018, 700.0, 4.0, 1_105),
    profile("Atendimento", "Pesquisa de Satisfação", 380.0, 0.40, 0.008, 180.0, 3.0, 870),
    profile("Vendas", "Qualificador de Leads", 940.0, 0.55, 0.014, 540.0, 8.0, 1_290),
    profile("Vendas", "Negociador de Propostas", 2_300.0, 0.65, 0.026, 1_650.0, 4.0, 1_010),
    profile("Vendas", "Agendador de Visitas", 610.0, 0.50, 0.016, 310.0, 5.0, 1_105),
    profile("Vendas", "Recuperador de Carrinhos", 720.0, 0.50, 0.013, 390.0, 3.0, 640),
    profile("Marketing", "Redator de Campanhas", 4_800.0, 0.60, 0.021, 2_900.0, 4.0, 1_180),
    profile("Marketing", "Gestor de Redes Sociais", 3_100.0, 0.65, 0.024, 1_800.0, 4.0, 930),
    profile("Marketing", "Otimizador de Anúncios", 1_900.0, 0.55, 0.019, 980.0, 2.5, 610),
    profile("Marketing", "Curador de Conteúdo", 2_600.0, 0.60, 0.017, 2_100.0, 2.0, 410),
    profile("Financeiro", "Conciliador Bancário", 1_400.0, 0.70, 0.022, 0.0, 5.0, 1_180),
    profile("Financeiro", "Cobrança Amigável", 880.0, 0.50, 0.015, 460.0, 5.0, 1_010),
    profile("Financeiro", "Emissor de Notas Fiscais", 2_050.0, 0.80, 0.038, 0.0, 4.5, 1_180),
    profile("Financeiro", "Previsor de Caixa", 3_600.0, 0.55, 0.012, 1_250.0, 2.0, 520),
    profile("Jurídico", "Revisor de Contratos", 7_400.0, 0.65, 0.020, 6_800.0, 2.5, 990),
    profile("Jurídico", "Monitor de Processos", 1_700.0, 0.85, 0.035, 350.0, 2.0, 990),
    profile("Jurídico", "Guardião da LGPD", 1_250.0, 0.50, 0.010, 820.0, 2.0, 700),
    profile("Jurídico", "Pesquisador de Jurisprudência", 9_200.0, 0.70, 0.031, 7_600.0, 1.2, 330),
    profile("RH", "Recrutador Digital", 1_850.0, 0.55, 0.016, 1_350.0, 3.0, 1_050),
    profile("RH", "Integração de Colaboradores", 990.0, 0.50, 0.011, 640.0, 2.0, 760),
    profile("RH", "Ponto e Escalas", 310.0, 0.45, 0.013, 0.0, 2.5, 760),
    profile("RH", "Ouvidoria Interna", 1_100.0, 0.55, 0.012, 720.0, 1.5, 290),
    profile("Operações", "Controlador de Estoque", 420.0, 0.60, 0.017, 0.0, 4.5, 1_120),
    profile("Operações", "Roteirizador de Entregas", 2_900.0, 0.75, 0.028, 0.0, 3.0, 1_120),
    profile("Operações", "Comprador Assistente", 1_600.0, 0.60, 0.019, 880.0, 2.0, 680),
    profile("Operações", "Inspetor de Qualidade", 2_200.0, 0.60, 0.023, 1_100.0, 1.5, 240),
    profile("Dados", "Analista de Indicadores", 3_300.0, 0.65, 0.015, 1_900.0, 3.5, 980),
    profile("Dados", "Extrator de Documentos", 5_600.0, 0.75, 0.033, 4_200.0, 4.0, 980),
    profile("Dados", "Detector de Anomalias", 760.0, 0.55, 0.010, 0.0, 2.0, 450),
    profile("Dados", "Previsão de Demanda", 4_100.0, 0.60, 0.018, 900.0, 1.5, 75),
];

/// All agents, in the order of the catalogue.
#[must_use]
pub fn agents(seed: Seed, now: DateTime<Utc>) -> Vec<Agent> {
    PROFILES
        .iter()
        .map(|profile| Agent {
            id: seed.id("agent", profile.name),
            name: profile.name,
            segment: profile.segment,
            created_at: calendar::day_start(now.date_naive()) - TimeDelta::days(profile.days_old)
                + TimeDelta::hours(13),
            profile,
        })
        .collect()
}
