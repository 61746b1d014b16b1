//! Which company has which agents, since when, and with which settings.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::calendar::{day_start, days_between, office_instant};
use crate::catalogue::Agent;
use crate::companies::{Company, HOMES, Plan, Status};
use crate::noise::{Noise, Seed};

/// An agent that a company has.
#[derive(Clone, Debug, PartialEq)]
pub struct Deployment {
    /// Id of the row.
    pub id: Uuid,
    /// The company, as an index of the platform's companies.
    pub company: usize,
    /// The agent, as an index of the catalogue.
    pub agent: usize,
    /// Its settings.
    pub config: Option<Value>,
    /// Its status from when on, oldest first; begins as active.
    pub history: Vec<(DateTime<Utc>, Status)>,
    /// Its part of the company's traffic, against the company's other agents.
    pub share: f64,
}

impl Deployment {
    /// When it was activated first.
    #[must_use]
    pub fn activated_at(&self) -> DateTime<Utc> {
        self.history.first().map_or(DateTime::UNIX_EPOCH, |(at, _)| *at)
    }

    /// Whether it was active at that instant.
    #[must_use]
    pub fn is_active_at(&self, instant: DateTime<Utc>) -> bool {
        let past = self.history.iter().rev().find(|(at, _)| *at <= instant);
        past.is_some_and(|(_, status)| *status == Status::Active)
    }
}

/// Everybody's agents.
#[must_use]
pub fn deployments(
    seed: Seed,
    now: DateTime<Utc>,
    companies: &[Company],
    agents: &[Agent],
) -> Vec<Deployment> {
    let mut deployments = Vec::new();
    for (index, company) in companies.iter().enumerate() {
        let mut noise = seed.noise("deployments", &company.slug);
        let departures = departures(company);
        // What a company has, it had before it first left; one that is there still took nothing since midnight.
        let until = departures.first().map_or(day_start(now.date_naive()), |(at, _)| *at);
        for (rank, agent) in chosen_agents(company, until, agents, &mut noise).into_iter().enumerate() {
            let activated_at = activation(now, company, &agents[agent], until, &mut noise);
            let mut history = vec![(activated_at, Status::Active)];
            // The agents of a company that left, and maybe came back, did the same. Others are switched off at times,
            // but not the one that the company came for.
            history.extend(&departures);
            if departures.is_empty() && rank > 0 {
                let keeps_most = HOMES.get(index).is_some();
                history.extend(changes_of_mind(now, activated_at, keeps_most, &mut noise));
            }
            deployments.push(Deployment {
                id: seed.id("deployment", &format!("{}/{}", company.slug, agents[agent].name)),
                company: index,
                agent,
                config: config(&mut noise),
                history,
                share: noise.lognormal(agents[agent].profile.popularity, 0.6),
            });
        }
    }
    deployments
}

/// Some agents that were there early enough, the popular ones more often; as many as its limit allows, or fewer.
fn chosen_agents(company: &Company, until: DateTime<Utc>, agents: &[Agent], noise: &mut Noise) -> Vec<usize> {
    let most = i64::from(company.max_agents());
    let count = match company.plan() {
        Plan::Starter => noise.whole(1..=most.min(4)),
        Plan::Professional => noise.whole(4..=most.min(10)),
        Plan::Enterprise => noise.whole(11..=most.min(22)),
    };
    let mut weights: Vec<f64> = agents
        .iter()
        .map(
            |agent| {
                if agent.created_at + TimeDelta::days(10) < until { agent.profile.popularity } else { 0.0 }
            },
        )
        .collect();
    (0..count)
        .map_while(|_| {
            let chosen = noise.weighted(&weights)?;
            weights[chosen] = 0.0;
            Some(chosen)
        })
        .collect()
}

/// When a company took an agent: most are there from the start, others are tried later.
fn activation(
    now: DateTime<Utc>,
    company: &Company,
    agent: &Agent,
    until: DateTime<Utc>,
    noise: &mut Noise,
) -> DateTime<Utc> {
    let from = company.joined_at().max(agent.created_at);
    let days_there = days_between(from, until);
    let latest = if noise.chance(0.6) { days_there.min(6) } else { days_there };
    let days_ago = (days_between(from, now) - noise.whole(0..=latest)).max(1);
    office_instant(now.date_naive(), days_ago, noise)
        .clamp(from + TimeDelta::minutes(10), until - TimeDelta::minutes(10))
}

fn departures(company: &Company) -> Vec<(DateTime<Utc>, Status)> {
    let mut departures = Vec::new();
    for pair in company.history.windows(2) {
        let [(_, before), (at, after)] = pair else {
            continue;
        };
        match (before.status, after.status) {
            (Status::Active, Status::Inactive) => departures.push((*at, Status::Inactive)),
            (Status::Inactive, Status::Active) => departures.push((*at, Status::Active)),
            _ => {}
        }
    }
    departures
}

fn changes_of_mind(
    now: DateTime<Utc>,
    activated_at: DateTime<Utc>,
    keeps_most: bool,
    noise: &mut Noise,
) -> Vec<(DateTime<Utc>, Status)> {
    let today = now.date_naive();
    let days_there = days_between(activated_at, now);
    if days_there < 12 || noise.chance(if keeps_most { 0.88 } else { 0.8 }) {
        return Vec::new();
    }
    // Half of it lately, where the panel looks.
    let furthest = if noise.chance(0.5) { days_there.min(60) } else { days_there };
    let ago = noise.whole(2..=furthest - 5);
    let stopped = office_instant(today, ago, noise);
    let status = if noise.chance(0.65) { Status::Inactive } else { Status::Suspended };
    let again = ago - noise.whole(3..=30);
    if noise.chance(0.3) && again > 2 {
        // A weekend in between is moved to the Friday before.
        let restarted = office_instant(today, again, noise).max(stopped + TimeDelta::hours(2));
        return vec![(stopped, status), (restarted, Status::Active)];
    }
    vec![(stopped, status)]
}

fn config(noise: &mut Noise) -> Option<Value> {
    if noise.chance(0.12) {
        return None;
    }
    let mut config = json!({
        "idioma": "pt-BR",
        "tom": noise.pick(&["formal", "cordial", "descontraído"]),
        "horario_atendimento": noise.pick(&["08:00-18:00", "09:00-18:00", "07:00-22:00", "24h"]),
        "limite_diario": noise.whole(2..=40) * 50,
    });
    let extra = match noise.whole(0..=9) {
        // Something the panel has to mask. Clearly neither a key nor a secret.
        0 | 1 => ("api_key", json!("demo-nao-e-uma-chave-0000")),
        2 => (
            "webhook",
            json!({ "url": "https://hooks.example.com/demo", "webhook_secret": "demo-nao-e-um-segredo" }),
        ),
        3 => ("max_respostas", json!(noise.whole(1..=4))),
        _ => return Some(config),
    };
    config[extra.0] = extra.1;
    Some(config)
}
