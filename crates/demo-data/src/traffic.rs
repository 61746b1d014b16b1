//! The requests that companies make of their agents.
#![expect(
    clippy::float_arithmetic,
    reason = "expected volumes and answer times; no amount of money passes here"
)]

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use uuid::Uuid;

use crate::calendar::{day_start, days_between, hour_weight};
use crate::catalogue::Agent;
use crate::companies::Company;
use crate::deployments::Deployment;
use crate::incidents::Outage;
use crate::noise::{Noise, Seed, whole};
use crate::platform::Platform;

/// Part of the traffic that names no agent.
const UNATTRIBUTED: f64 = 0.035;
/// What a call without an agent looks like: the platform's own greeting.
const GREETING: (f64, f64, f64) = (260.0, 0.4, 0.015);
/// An agent that hasn't answered by then is given up.
const TIMEOUT_MS: i64 = 30_000;
/// Days in a month, as the plans count.
const MONTH: f64 = 30.4;

/// A row of `agent_requests`.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// Version 7, of the instant.
    pub id: Uuid,
    /// Who asked.
    pub tenant_id: Uuid,
    /// Which agent was asked, if any.
    pub agent_id: Option<Uuid>,
    /// `success`, `error` or `timeout`.
    pub status: &'static str,
    /// How long it took, where that was measured.
    pub response_time_ms: Option<i32>,
    /// What it took of the language model.
    pub tokens_used: Option<i32>,
    /// When.
    pub created_at: DateTime<Utc>,
}

/// Everybody's requests of a UTC day up to now, in order of time.
#[must_use]
pub fn requests_of(platform: &Platform, day: NaiveDate) -> Vec<Request> {
    let outages: Vec<&Outage> =
        platform.outages.iter().filter(|outage| outage.from.date_naive() == day).collect();
    let mut requests = Vec::new();
    for (index, company) in platform.companies.iter().enumerate() {
        let agents: Vec<(&Deployment, &Agent)> = platform
            .deployments
            .iter()
            .filter(|deployment| deployment.company == index)
            .map(|deployment| (deployment, &platform.agents[deployment.agent]))
            .collect();
        let mut noise = platform.seed.noise("requests", &format!("{}/{day}", company.slug));
        let volume = daily_volume(platform.seed, company, platform.now, day) * noise.lognormal(1.0, 0.12);

        for hour in (0..24).map(|hour| day_start(day) + TimeDelta::hours(hour)) {
            // What an agent that was switched off got goes to the others.
            let shares: Vec<f64> = agents
                .iter()
                .map(|(deployment, _)| if deployment.is_active_at(hour) { deployment.share } else { 0.0 })
                .collect();
            for _ in 0..noise.poisson(volume * hour_weight(hour, company.weekends)) {
                let at = hour + TimeDelta::milliseconds(noise.whole(0..=3_599_999));
                let agent = if noise.chance(UNATTRIBUTED) {
                    None
                } else {
                    let Some(chosen) = noise.weighted(&shares) else {
                        continue;
                    };
                    Some(agents[chosen])
                };
                let request = request(company, agent, at, &outages, &mut noise);
                let possible = company.is_active_at(at)
                    && agent.is_none_or(|(deployment, _)| deployment.is_active_at(at));
                if possible && at <= platform.now {
                    requests.push(request);
                }
            }
        }
    }
    requests.sort_by_key(|request| (request.created_at, request.id));
    requests
}

/// What to expect of a working day: growth over the months, and a slow start of those who just joined.
fn daily_volume(seed: Seed, company: &Company, now: DateTime<Utc>, day: NaiveDate) -> f64 {
    let days = |from, to| i32::try_from(days_between(from, to)).map_or(0.0, f64::from);
    let growth = seed.noise("growth", &company.slug).real(-0.2..=0.9);
    let ago = days(day_start(day), now);
    let since_joining = days(company.joined_at(), day_start(day)).max(0.0);
    let started = (0.25 + 0.75 * since_joining / 30.0).min(1.0);
    company.monthly_requests / MONTH * (-growth * ago / 90.0).exp() * started
}

fn request(
    company: &Company,
    agent: Option<(&Deployment, &Agent)>,
    at: DateTime<Utc>,
    outages: &[&Outage],
    noise: &mut Noise,
) -> Request {
    let (median, spread, mut failing) = agent.map_or(GREETING, |(_, agent)| {
        (agent.profile.median_ms, agent.profile.spread, agent.profile.failing)
    });
    let mut slower = 1.0;
    for outage in outages {
        let hit = outage.agent.is_none_or(|hit| agent.is_some_and(|(deployment, _)| deployment.agent == hit));
        if hit && (outage.from..outage.until).contains(&at) {
            failing += outage.failing;
            slower *= outage.slower;
        }
    }
    // One in a hundred waits for something else besides.
    let stalled = if noise.chance(0.01) { noise.real(3.0..=8.0) } else { 1.0 };
    let took = whole(noise.lognormal(median, spread) * slower * stalled).clamp(4, 120_000);
    let failed = noise.chance(failing);

    let (status, milliseconds) = if took > TIMEOUT_MS || (failed && noise.chance(0.28)) {
        // Whoever gave up didn't always note when.
        ("timeout", (!noise.chance(0.4)).then(|| TIMEOUT_MS + noise.whole(0..=25)))
    } else if failed {
        ("error", (!noise.chance(0.2)).then(|| took / noise.whole(1..=6) + 3))
    } else {
        ("success", (!noise.chance(0.006)).then_some(took))
    };
    let tokens = agent.map_or(0.0, |(_, agent)| agent.profile.tokens);
    let tokens_used = match status {
        "success" if tokens > 0.0 => Some(whole(noise.lognormal(tokens, 0.5)).max(8)),
        // The question was read, the answer never came.
        "error" if tokens > 0.0 && noise.chance(0.5) => Some(whole(noise.lognormal(tokens, 0.5)) / 5),
        _ => None,
    };
    Request {
        id: noise.id_at(at.timestamp_millis()),
        tenant_id: company.id,
        agent_id: agent.map(|(_, agent)| agent.id),
        status,
        response_time_ms: milliseconds.and_then(|ms| i32::try_from(ms).ok()),
        tokens_used: tokens_used.and_then(|tokens| i32::try_from(tokens).ok()),
        created_at: at,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::companies::Plan;

    fn platform() -> Platform {
        Platform::new(Seed::DEFAULT, "2026-09-16T17:42:31Z".parse().unwrap())
    }

    #[test]
    fn happens_only_while_company_and_agent_are_active() {
        let platform = platform();
        let companies: HashMap<Uuid, usize> =
            platform.companies.iter().enumerate().map(|(index, company)| (company.id, index)).collect();
        for day in platform.days() {
            let mut before = day_start(day);
            for request in requests_of(&platform, day) {
                let index = companies[&request.tenant_id];
                assert!(platform.companies[index].is_active_at(request.created_at));
                assert!(request.agent_id.is_none_or(|agent| platform.deployments.iter().any(|deployment| {
                    deployment.company == index
                        && platform.agents[deployment.agent].id == agent
                        && deployment.is_active_at(request.created_at)
                })));
                assert!(request.created_at >= before && request.created_at <= platform.now);
                assert_eq!(request.created_at.date_naive(), day);
                assert!(
                    request.response_time_ms.is_none_or(|ms| (1..=TIMEOUT_MS + 25).contains(&i64::from(ms)))
                );
                before = request.created_at;
            }
        }
    }

    #[test]
    fn a_day_is_the_same_however_late_it_is_looked_at() {
        let (noon, evening) = (
            "2026-09-16T15:00:00Z".parse().unwrap(),
            "2026-09-16T22:30:00Z".parse::<DateTime<Utc>>().unwrap(),
        );
        let [early, late] = [noon, evening].map(|now| Platform::new(Seed::DEFAULT, now));
        assert_eq!((&early.companies, &early.deployments), (&late.companies, &late.deployments));
        let day = early.now.date_naive();
        let yesterday = day - TimeDelta::days(1);
        assert_eq!(requests_of(&early, yesterday), requests_of(&early, yesterday));
        let ids = |platform, day| {
            requests_of(platform, day).into_iter().map(|request| request.id).collect::<Vec<_>>()
        };
        let seen_early = ids(&early, day);
        assert!(!seen_early.is_empty() && ids(&late, day).starts_with(&seen_early));
    }

    #[test]
    fn volume_fits_the_plans() {
        let platform = platform();
        let mut by_company: HashMap<Uuid, usize> = HashMap::new();
        let (mut all, mut successful, mut unattributed) = (0, 0, 0);
        for day in platform.days() {
            for request in requests_of(&platform, day) {
                all += 1;
                successful += usize::from(request.status == "success");
                unattributed += usize::from(request.agent_id.is_none());
                if (platform.now - request.created_at).num_days() < 30 {
                    *by_company.entry(request.tenant_id).or_default() += 1;
                }
            }
        }
        assert!((600_000..=1_000_000).contains(&all), "{all}");
        assert!((95..=99).contains(&(successful * 100 / all)), "{successful}");
        assert!((2..=6).contains(&(unattributed * 100 / all)), "{unattributed}");

        let percent_of_limit = |company: &Company| {
            by_company
                .get(&company.id)
                .map_or(0, |count| count * 100 / usize::try_from(company.max_requests_per_month()).unwrap())
        };
        let active = || platform.companies.iter().filter(|company| company.is_active_at(platform.now));
        assert!(active().any(|company| percent_of_limit(company) > 100));
        assert!(active().any(|company| (75..=100).contains(&percent_of_limit(company))));
        let below_half = active().filter(|company| percent_of_limit(company) < 50).count();
        assert!(below_half > active().count() / 2, "{below_half}");
        let mean = |plan| {
            let counts: Vec<usize> = active()
                .filter(|company| company.plan() == plan)
                .map(|company| by_company.get(&company.id).copied().unwrap_or(0))
                .collect();
            counts.iter().sum::<usize>() / counts.len()
        };
        assert!(
            mean(Plan::Starter) < mean(Plan::Professional)
                && mean(Plan::Professional) < mean(Plan::Enterprise)
        );
    }

    #[test]
    fn bad_hours_show() {
        let platform = platform();
        let outage = platform.outages.iter().find(|outage| outage.agent.is_none()).unwrap();
        let requests = requests_of(&platform, outage.from.date_naive());
        let (during, else_): (Vec<&Request>, Vec<&Request>) =
            requests.iter().partition(|request| (outage.from..outage.until).contains(&request.created_at));
        let failing = |requests: &[&Request]| {
            requests.iter().filter(|request| request.status != "success").count() * 100 / requests.len()
        };
        assert!(failing(&during) > 10 && failing(&else_) < 5, "{} {}", failing(&during), failing(&else_));
    }
}
