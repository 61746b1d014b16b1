//! The companies' people, and those who can sign in to the demo.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::calendar::{day_start, days_between, office_instant};
use crate::companies::{Company, HOMES, Plan};
use crate::noise::{Noise, Seed, whole};
use crate::words::{FAMILY_NAMES, GIVEN_NAMES, address_form};

/// Somebody who can sign in to the demo.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DemoUser {
    /// Under a domain that belongs to nobody.
    pub email: String,
    /// Their name.
    pub full_name: &'static str,
    /// Their groups in the user pool.
    pub groups: &'static [&'static str],
    /// The company they belong to; none: they work for the platform.
    pub tenant_id: Option<Uuid>,
}

/// A demo user as the user pool knows it.
#[derive(Clone, Debug, Deserialize)]
pub struct SignedUpUser {
    /// The address given out by [`demo_users`].
    pub email: String,
    /// The company given out by [`demo_users`].
    pub tenant_id: Option<Uuid>,
    /// What the user pool calls this user.
    pub sub: String,
}

/// A company's user.
#[derive(Clone, Debug, PartialEq)]
pub struct Person {
    /// Id of the row.
    pub id: Uuid,
    /// The company.
    pub tenant_id: Uuid,
    /// What the user pool calls them; made up unless they can sign in to the demo.
    pub cognito_sub: String,
    /// Their address.
    pub email: String,
    /// Their name.
    pub full_name: String,
    /// `ADMIN` or `USER`.
    pub role: &'static str,
    /// When they were added.
    pub created_at: DateTime<Utc>,
    /// When they last signed in.
    pub last_login_at: Option<DateTime<Utc>>,
    /// Since when they can't any more.
    pub disabled_at: Option<DateTime<Utc>>,
}

struct Seat {
    /// Index of the company in [`HOMES`].
    home: usize,
    mailbox: &'static str,
    full_name: &'static str,
    groups: &'static [&'static str],
}

const SEATS: [Seat; 5] = [
    Seat { home: 0, mailbox: "gestora", full_name: "Helena Vasconcelos", groups: &["TENANT_ADMIN"] },
    Seat { home: 0, mailbox: "balcao", full_name: "João Queirós", groups: &["TENANT_USER"] },
    Seat { home: 1, mailbox: "diretor", full_name: "Otávio Magalhães", groups: &["TENANT_ADMIN"] },
    Seat { home: 1, mailbox: "recepcao", full_name: "Inês Conceição", groups: &["TENANT_USER"] },
    Seat { home: 0, mailbox: "sem-grupo", full_name: "Caio Nogueira", groups: &[] },
];

/// Those who can sign in to the demo: known from the seed alone, before there is a database.
#[must_use]
pub fn demo_users(seed: Seed) -> Vec<DemoUser> {
    let internal = |mailbox: &str, full_name, groups| DemoUser {
        email: format!("{mailbox}@alquimista.example.com"),
        full_name,
        groups,
        tenant_id: None,
    };
    let mut users = vec![
        internal("admin", "Márcia Figueiredo", &["INTERNAL_ADMIN"]),
        internal("suporte", "Diego Araújo", &["INTERNAL_SUPPORT"]),
    ];
    users.extend(SEATS.iter().map(|seat| {
        let slug = HOMES[seat.home].slug;
        DemoUser {
            email: format!("{}@{slug}.example.com", seat.mailbox),
            full_name: seat.full_name,
            groups: seat.groups,
            tenant_id: Some(seed.id("tenant", slug)),
        }
    }));
    users
}

/// Everybody's people.
#[must_use]
pub fn people(seed: Seed, now: DateTime<Utc>, companies: &[Company]) -> Vec<Person> {
    let seats = demo_users(seed);
    companies.iter().flat_map(|company| people_of(seed, now, company, &seats)).collect()
}

fn people_of(seed: Seed, now: DateTime<Utc>, company: &Company, seats: &[DemoUser]) -> Vec<Person> {
    let mut noise = seed.noise("people", &company.slug);
    let most = i64::from(company.max_users());
    let count = match company.plan() {
        Plan::Starter => noise.whole(1..=most.min(5)),
        Plan::Professional => noise.whole(5..=most.min(19)),
        Plan::Enterprise => noise.whole(14..=most.min(48)),
    };
    let mut taken = HashSet::new();
    let mut people = Vec::new();
    for seat in seats.iter().filter(|seat| seat.tenant_id == Some(company.id)) {
        let mut person = person(seed, now, company, &seat.email, seat.full_name.to_owned(), &mut noise);
        person.role = if seat.groups.contains(&"TENANT_ADMIN") { "ADMIN" } else { "USER" };
        person.disabled_at = None;
        taken.insert(seat.email.clone());
        people.push(person);
    }
    while i64::try_from(people.len()).is_ok_and(|there| there < count) {
        let (given, family) = (noise.pick(&GIVEN_NAMES), noise.pick(&FAMILY_NAMES));
        let full_name = format!("{given} {family}");
        let email = format!("{}@{}.example.com", address_form(&full_name, '.'), company.slug);
        if !taken.insert(email.clone()) {
            continue;
        }
        let mut person = person(seed, now, company, &email, full_name, &mut noise);
        // Somebody has to be in charge.
        if people.is_empty() || noise.chance(0.14) {
            person.role = "ADMIN";
        }
        people.push(person);
    }
    people
}

fn person(
    seed: Seed,
    now: DateTime<Utc>,
    company: &Company,
    email: &str,
    full_name: String,
    noise: &mut Noise,
) -> Person {
    let today = now.date_naive();
    let joined_at = company.joined_at();
    // Nobody of a company that left signs in any more; nobody was added or disabled since midnight.
    let until = company.left_at().unwrap_or(day_start(today));
    let since_left = days_between(until, now);
    let created_days_ago = (since_left + noise.whole(0..=days_between(joined_at, until))).max(1);
    let created_at = office_instant(today, created_days_ago, noise).clamp(joined_at, until);

    let disabled_days_ago = since_left + noise.whole(0..=days_between(created_at, until));
    let disabled_at = Some(office_instant(today, disabled_days_ago, noise))
        .filter(|at| noise.chance(0.08) && *at > created_at && *at < until);

    // Most come every few days, some hardly ever, a few never did.
    let last_day = disabled_at.or(company.left_at()).unwrap_or(now);
    let days_ago = days_between(last_day, now) + whole(noise.lognormal(1.8, 1.4));
    // Not this afternoon, if it is still morning. Both are drawn, so that what follows is the same all day.
    let candidates = [days_ago, days_ago + 1].map(|days_ago| office_instant(today, days_ago, noise));
    let never = noise.chance(0.04);
    let last_login_at =
        candidates.into_iter().find(|at| *at <= last_day).filter(|at| !never && *at > created_at);
    Person {
        id: seed.id("user", email),
        tenant_id: company.id,
        cognito_sub: seed.id("sub", email).to_string(),
        email: email.to_owned(),
        full_name,
        role: "USER",
        created_at,
        last_login_at,
        disabled_at,
    }
}
