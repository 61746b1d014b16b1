//! The whole demo platform, in memory: what a seed and an instant make.

use chrono::{DateTime, DurationRound, NaiveDate, TimeDelta, Utc};

use crate::catalogue::{self, Agent};
use crate::companies::{self, Company, Status, Terms};
use crate::deployments::{self, Deployment};
use crate::incidents::{self, Event, Outage};
use crate::integrations::{self, Integration};
use crate::noise::Seed;
use crate::people::{self, Person};

/// Days of raw requests, today included.
pub const DAYS: i64 = 90;

/// A believable platform. Its requests are made a day at a time: see [`crate::traffic::requests_of`].
#[derive(Clone, Debug, PartialEq)]
pub struct Platform {
    /// What it follows from.
    pub seed: Seed,
    /// The end of its history, a whole minute.
    pub now: DateTime<Utc>,
    /// The catalogue.
    pub agents: Vec<Agent>,
    /// The tenants.
    pub companies: Vec<Company>,
    /// Who has which agents.
    pub deployments: Vec<Deployment>,
    /// The tenants' users.
    pub people: Vec<Person>,
    /// What they connected.
    pub integrations: Vec<Integration>,
    /// When agents worked badly.
    pub outages: Vec<Outage>,
    /// Incidents and maintenance.
    pub events: Vec<Event>,
}

/// Something that happened to a tenant or to one of its agents.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Change<'a> {
    /// A company joined.
    Joined(&'a Company, Terms),
    /// Something else was agreed with it.
    Agreed(&'a Company, Terms),
    /// It took an agent.
    Deployed(&'a Deployment),
    /// The agent was stopped or started again.
    Switched(&'a Deployment, Status),
}

impl Platform {
    /// The platform of this seed as it is at this instant. Everything but the instants follows from the seed alone, the
    /// ids of tenants, agents and people among it.
    #[must_use]
    pub fn new(seed: Seed, now: DateTime<Utc>) -> Self {
        let now = now.duration_trunc(TimeDelta::minutes(1)).unwrap_or(now);
        let agents = catalogue::agents(seed, now);
        let companies = companies::companies(seed, now);
        let deployments = deployments::deployments(seed, now, &companies, &agents);
        let outages = incidents::outages(now.date_naive());
        Self {
            seed,
            now,
            people: people::people(seed, now, &companies),
            integrations: integrations::integrations(seed, now, &companies),
            events: incidents::events(seed, now, &companies, &agents, &outages),
            agents,
            companies,
            deployments,
            outages,
        }
    }

    /// The days of raw requests, oldest first.
    pub fn days(&self) -> impl Iterator<Item = NaiveDate> {
        let today = self.now.date_naive();
        (0..DAYS).rev().map(move |ago| today - TimeDelta::days(ago))
    }

    /// The history of tenants and their agents in the order in which it happened.
    #[must_use]
    pub fn changes(&self) -> Vec<(DateTime<Utc>, Change<'_>)> {
        let mut changes = Vec::new();
        for company in &self.companies {
            for (index, (at, terms)) in company.history.iter().enumerate() {
                let change = if index == 0 { Change::Joined } else { Change::Agreed };
                changes.push((*at, change(company, *terms)));
            }
        }
        for deployment in &self.deployments {
            for (index, (at, status)) in deployment.history.iter().enumerate() {
                let change = if index == 0 {
                    Change::Deployed(deployment)
                } else {
                    Change::Switched(deployment, *status)
                };
                changes.push((*at, change));
            }
        }
        // Stable: what happened to a tenant at an instant comes before what happened to its agents then.
        changes.sort_by_key(|(at, _)| *at);
        changes
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use data::cnpj::Cnpj;
    use proptest::prelude::*;
    use rust_decimal::Decimal;

    use super::*;
    use crate::people::demo_users;

    fn platform() -> Platform {
        Platform::new(Seed::DEFAULT, "2026-09-16T17:42:31Z".parse().unwrap())
    }

    /// m(t) as the billing page defines it.
    fn price_at(company: &Company, instant: DateTime<Utc>) -> Decimal {
        let terms = company.terms_at(instant).filter(|terms| terms.status == Status::Active);
        terms.and_then(|terms| terms.price).unwrap_or_default()
    }

    /// Whether there is a tenant with each kind of movement in this many days.
    fn movements(platform: &Platform, days: i64) -> [bool; 4] {
        let start = platform.now - TimeDelta::days(days);
        let prices: Vec<(Decimal, Decimal)> = platform
            .companies
            .iter()
            .map(|company| (price_at(company, start), price_at(company, platform.now)))
            .collect();
        let zero = Decimal::ZERO;
        [
            prices.iter().any(|(before, after)| *before == zero && *after > zero),
            prices.iter().any(|(before, after)| *before > zero && *after == zero),
            prices.iter().any(|(before, after)| *before > zero && after > before),
            prices.iter().any(|(before, after)| *after > zero && after < before),
        ]
    }

    #[test]
    fn is_as_large_as_promised() {
        let platform = platform();
        let status = |wanted| {
            let statuses = platform.companies.iter().map(|c| c.terms_at(platform.now).unwrap().status);
            statuses.filter(|status| *status == wanted).count()
        };
        assert_eq!((status(Status::Active), status(Status::Inactive), status(Status::Suspended)), (47, 4, 2));
        assert_eq!(platform.agents.len(), 32);
        let segments: HashSet<_> = platform.agents.iter().map(|agent| agent.segment).collect();
        assert_eq!(segments.len(), 8);
        assert!(platform.companies.iter().any(|company| company.segment.is_none()));
        assert!(platform.companies.iter().any(|company| company.history[0].1.price.is_none()));
        assert!(
            platform.companies.iter().any(|company| company.cnpj.as_str()[..8].contains(char::is_alphabetic))
        );
        assert!(platform.events.iter().any(|event| event.kind == "incident" && event.resolved_at.is_none()));
    }

    #[test]
    fn every_period_has_every_kind_of_movement() {
        for later in 0..60 {
            let platform = Platform::new(Seed::DEFAULT, platform().now + TimeDelta::days(later));
            for days in [7, 30, 90] {
                let now = platform.now;
                assert_eq!(
                    movements(&platform, days),
                    [true; 4],
                    "new, churned, more, less in {days} days to {now}"
                );
            }
        }
    }

    #[test]
    fn the_same_seed_and_minute_make_the_same_platform() {
        let later = platform().now + TimeDelta::seconds(17);
        assert_eq!(platform(), Platform::new(Seed::DEFAULT, later));
        let other = Platform::new(Seed(2), later);
        assert_ne!(platform().companies[5].cnpj, other.companies[5].cnpj);
    }

    #[test]
    fn ids_follow_from_the_seed_alone() {
        let (one, other) =
            (platform(), Platform::new(Seed::DEFAULT, "2027-01-01T00:00:00Z".parse().unwrap()));
        let ids =
            |platform: &Platform| platform.companies.iter().map(|company| company.id).collect::<Vec<_>>();
        assert_eq!(ids(&one), ids(&other));
        for user in demo_users(Seed::DEFAULT) {
            let found = one.people.iter().find(|person| person.email == user.email);
            assert_eq!(found.map(|person| person.tenant_id), user.tenant_id);
            assert!(found.is_none_or(|person| person.disabled_at.is_none()));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        /// What the database would refuse, and what couldn't have happened, for any seed and any instant.
        #[test]
        fn is_consistent(seed: u64, minute in 0_i64..3_000_000) {
            let now = "2026-01-01T00:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::minutes(minute);
            let platform = Platform::new(Seed(seed), now);
            check_companies(&platform)?;
            check_what_they_have(&platform)?;
            for event in &platform.events {
                prop_assert!(event.created_at <= now);
                prop_assert!(event.resolved_at.is_none_or(|at| at > event.created_at && at <= now));
                prop_assert!(event.kind == "incident" || event.resolved_at.is_none());
            }
            let changes = platform.changes();
            prop_assert!(changes.windows(2).all(|pair| pair[0].0 <= pair[1].0));
        }
    }

    fn check_companies(platform: &Platform) -> Result<(), TestCaseError> {
        let mut cnpjs = HashSet::new();
        let mut slugs = HashSet::new();
        let active = platform.companies.iter().filter(|company| company.is_active_at(platform.now)).count();
        prop_assert_eq!(active, 47);
        for company in &platform.companies {
            prop_assert!(cnpjs.insert(company.cnpj.as_str().to_owned()), "{} twice", company.cnpj);
            prop_assert_eq!(company.cnpj.as_str().parse::<Cnpj>(), Ok(company.cnpj));
            prop_assert!(slugs.insert(company.slug.clone()), "{} twice", company.slug);
            let history = &company.history;
            prop_assert_eq!(history[0].1.status, Status::Active);
            prop_assert!(history.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 != pair[1].1));
            prop_assert!(history.iter().all(|(at, _)| *at <= platform.now));
            let prices = history.iter().filter_map(|(_, terms)| terms.price);
            prop_assert!(prices.into_iter().all(|price| price > Decimal::ZERO && price.scale() <= 2));
        }
        Ok(())
    }

    fn check_what_they_have(platform: &Platform) -> Result<(), TestCaseError> {
        let now = platform.now;
        let mut pairs = HashSet::new();
        for deployment in &platform.deployments {
            let company = &platform.companies[deployment.company];
            prop_assert!(pairs.insert((deployment.company, deployment.agent)));
            prop_assert!(deployment.activated_at() >= company.joined_at());
            prop_assert!(deployment.activated_at() >= platform.agents[deployment.agent].created_at);
            let history = &deployment.history;
            prop_assert!(history.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 != pair[1].1));
            prop_assert!(history.iter().all(|(at, _)| *at <= now));
            let left = company.terms_at(now).is_some_and(|terms| terms.status == Status::Inactive);
            prop_assert!(!(left && deployment.is_active_at(now)), "{} left", company.name);
        }
        let mut addresses = HashSet::new();
        for person in &platform.people {
            prop_assert!(addresses.insert(&person.email), "{} twice", person.email);
            prop_assert!(person.created_at <= now);
            for at in [person.last_login_at, person.disabled_at].into_iter().flatten() {
                prop_assert!(at > person.created_at && at <= now);
            }
        }
        for integration in &platform.integrations {
            prop_assert_eq!(integration.last_error.is_some(), integration.status == "error");
            prop_assert!(integration.created_at <= now, "{:?}", integration);
            prop_assert!(integration.last_sync_at.is_none_or(|at| at >= integration.created_at && at <= now));
        }
        for (index, company) in platform.companies.iter().enumerate() {
            let people = platform.people.iter().filter(|person| person.tenant_id == company.id).count();
            prop_assert!(
                (1..=usize::try_from(company.max_users()).unwrap()).contains(&people),
                "{}",
                company.name
            );
            let agents = platform.deployments.iter().filter(|deployment| deployment.company == index).count();
            prop_assert!(agents <= usize::try_from(company.max_agents()).unwrap(), "{}", company.name);
        }
        Ok(())
    }
}
