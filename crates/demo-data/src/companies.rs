//! The platform's customers and what became of them: when they joined, what they paid, when they left.

use chrono::{DateTime, TimeDelta, Utc};
use data::cnpj::Cnpj;
use rust_decimal::{Decimal, RoundingStrategy};
use uuid::Uuid;

use crate::calendar::office_instant;
use crate::noise::{Noise, Seed};
use crate::words::{BUSINESSES, COMPANY_NAMES, address_form};

/// Companies on the demo platform: with the fates below, 47 of them are active.
const COMPANIES: usize = 53;
/// The first of them, who joined before the year that the history tells of.
const FOUNDERS: usize = 24;
/// The company whose price was never entered.
const WITHOUT_PRICE: usize = 29;
/// Companies that never said what they do.
const WITHOUT_SEGMENT: [usize; 2] = [21, 37];

/// What a company pays for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plan {
    /// For the smallest.
    Starter,
    /// For most.
    Professional,
    /// For the largest.
    Enterprise,
}

impl Plan {
    /// As in `plans.name`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Starter => "starter",
            Self::Professional => "professional",
            Self::Enterprise => "enterprise",
        }
    }

    /// Agents it allows, as in `plans.max_agents`.
    #[must_use]
    pub fn max_agents(self) -> i32 {
        match self {
            Self::Starter => 3,
            Self::Professional => 10,
            Self::Enterprise => 50,
        }
    }

    /// Users it allows, as in `plans.max_users`.
    #[must_use]
    pub fn max_users(self) -> i32 {
        match self {
            Self::Starter => 5,
            Self::Professional => 20,
            Self::Enterprise => 100,
        }
    }

    /// Requests a month it allows, as in `plans.max_requests_per_month`.
    #[must_use]
    pub fn max_requests_per_month(self) -> i32 {
        match self {
            Self::Starter => 10_000,
            Self::Professional => 50_000,
            Self::Enterprise => 500_000,
        }
    }

    /// A price somebody on this plan may have agreed to.
    fn price(self, noise: &mut Noise) -> Decimal {
        let reais = match self {
            Self::Starter => noise.whole(149..=449),
            Self::Professional => noise.whole(69..=249) * 10,
            Self::Enterprise => noise.whole(52..=189) * 100,
        };
        let cents = noise.pick(&[0, 0, 0, 90, 90, 50, 75]);
        Decimal::new(reais * 100 + cents, 2)
    }
}

/// Whether a company, or an agent it has, is at work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// At work.
    Active,
    /// Left, or switched off.
    Inactive,
    /// Stopped by the platform.
    Suspended,
}

impl Status {
    /// As in the `status` columns.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Inactive => "inactive",
            Self::Suspended => "suspended",
        }
    }
}

/// What was agreed with a company at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Its plan.
    pub plan: Plan,
    /// Whether it may work.
    pub status: Status,
    /// What it pays a month.
    pub price: Option<Decimal>,
}

/// Limits of its own, where a company has other ones than its plan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Agents.
    pub agents: Option<i32>,
    /// Users.
    pub users: Option<i32>,
    /// Requests a month.
    pub requests: Option<i32>,
}

/// A company.
#[derive(Clone, Debug, PartialEq)]
pub struct Company {
    /// Its tenant id.
    pub id: Uuid,
    /// Its name in addresses.
    pub slug: String,
    /// Its registered name.
    pub name: String,
    /// Its registration number.
    pub cnpj: Cnpj,
    /// What it does.
    pub segment: Option<&'static str>,
    /// How busy its Saturdays are, where a working day is 1.2.
    pub weekends: f64,
    /// Its own limits.
    pub limits: Limits,
    /// What was agreed from when on, oldest first; never empty.
    pub history: Vec<(DateTime<Utc>, Terms)>,
    /// Requests expected in the last thirty days, if it was active in all of them.
    pub monthly_requests: f64,
}

impl Company {
    /// When it joined.
    #[must_use]
    pub fn joined_at(&self) -> DateTime<Utc> {
        self.history.first().map_or(DateTime::UNIX_EPOCH, |(at, _)| *at)
    }

    /// What was agreed at that instant; `None` before it joined.
    #[must_use]
    pub fn terms_at(&self, instant: DateTime<Utc>) -> Option<Terms> {
        let past = self.history.iter().rev().find(|(at, _)| *at <= instant);
        past.map(|(_, terms)| *terms)
    }

    /// Whether it could work at that instant.
    #[must_use]
    pub fn is_active_at(&self, instant: DateTime<Utc>) -> bool {
        self.terms_at(instant).is_some_and(|terms| terms.status == Status::Active)
    }

    /// When it left, if it didn't come back.
    #[must_use]
    pub fn left_at(&self) -> Option<DateTime<Utc>> {
        let (at, terms) = self.history.last()?;
        (terms.status == Status::Inactive).then_some(*at)
    }

    /// The agents it may have.
    #[must_use]
    pub fn max_agents(&self) -> i32 {
        self.limits.agents.unwrap_or(self.plan().max_agents())
    }

    /// The users it may have.
    #[must_use]
    pub fn max_users(&self) -> i32 {
        self.limits.users.unwrap_or(self.plan().max_users())
    }

    /// The requests it may make in a month.
    #[must_use]
    pub fn max_requests_per_month(&self) -> i32 {
        self.limits.requests.unwrap_or(self.plan().max_requests_per_month())
    }

    /// The plan it is on now.
    #[must_use]
    pub fn plan(&self) -> Plan {
        self.history.last().map_or(Plan::Starter, |(_, terms)| terms.plan)
    }
}

/// A company whose name is the same for every seed: demo users belong to it.
#[derive(Debug)]
pub struct Home {
    /// Its name in addresses.
    pub slug: &'static str,
    name: &'static str,
    /// Its line of business, as an index of [`BUSINESSES`].
    business: usize,
    plan: Plan,
    cents: i64,
    monthly_requests: f64,
    limits: Limits,
}

/// The companies of the demo users.
pub const HOMES: [Home; 2] = [
    Home {
        slug: "pao-dourado",
        name: "Panificadora Pão Dourado Ltda",
        business: 2,
        plan: Plan::Professional,
        cents: 129_090,
        monthly_requests: 14_000.0,
        limits: Limits { agents: None, users: None, requests: None },
    },
    Home {
        slug: "clinica-sao-lucas",
        name: "Clínica São Lucas S.A.",
        business: 0,
        plan: Plan::Enterprise,
        cents: 980_000,
        monthly_requests: 38_000.0,
        limits: Limits { agents: Some(24), users: Some(60), requests: Some(40_000) },
    },
];

/// What happens to a company besides changes of its price; in days ago.
#[derive(Clone, Copy)]
enum Fate {
    Leaves(i64),
    Suspended(i64),
    /// Suspended, later let in again.
    Paused(i64, i64),
    /// Left, later came back.
    Returned(i64, i64),
    Raised(i64),
    Lowered(i64),
}

/// Laid out so that each period of the billing page has something of every kind to show.
const FATES: [Fate; 13] = [
    Fate::Leaves(17),
    Fate::Suspended(4),
    Fate::Paused(52, 24),
    Fate::Raised(3),
    Fate::Lowered(4),
    Fate::Leaves(71),
    Fate::Returned(205, 12),
    Fate::Paused(118, 97),
    Fate::Leaves(149),
    Fate::Suspended(44),
    Fate::Raised(20),
    Fate::Lowered(33),
    Fate::Leaves(233),
];

#[derive(Clone, Copy)]
enum Move {
    /// To this many hundredths of the price before.
    Price(i64),
    Plan(Plan),
    Status(Status),
}

/// All companies; the homes of the demo users first.
#[must_use]
pub fn companies(seed: Seed, now: DateTime<Utc>) -> Vec<Company> {
    let mut noise = seed.noise("companies", "");
    let plans = plans(&mut noise);
    let mut names = COMPANY_NAMES;
    noise.shuffle(&mut names);
    let mut fates = FATES;
    noise.shuffle(&mut fates);
    let mut fates = fates.into_iter();
    let mut companies: Vec<Company> = plans
        .into_iter()
        .zip(names.into_iter().cycle())
        .enumerate()
        .map(|(index, (plan, name))| {
            let eventful = HOMES.get(index).is_none() && index < FOUNDERS && plan != Plan::Enterprise;
            let fate = if eventful { fates.next() } else { None };
            company(seed, now, (index, plan, name), fate)
        })
        .collect();
    set_usage(&mut companies, &mut noise);
    companies
}

/// Everybody's first plan: about half starter, a third professional, the rest enterprise.
fn plans(noise: &mut Noise) -> Vec<Plan> {
    let mut others: Vec<Plan> = (HOMES.len()..COMPANIES)
        .map(|index| match index % 7 {
            0 => Plan::Enterprise,
            1 | 3 | 5 => Plan::Professional,
            _ => Plan::Starter,
        })
        .collect();
    noise.shuffle(&mut others);
    HOMES.iter().map(|home| home.plan).chain(others).collect()
}

fn company(
    seed: Seed,
    now: DateTime<Utc>,
    (index, plan, name): (usize, Plan, &str),
    fate: Option<Fate>,
) -> Company {
    let mut noise = seed.noise("company", &index.to_string());
    let home = HOMES.get(index);
    let business = match home {
        Some(home) => &BUSINESSES[home.business],
        // Mostly in turn, so that each line of business is there.
        None if noise.chance(0.6) => &BUSINESSES[index * 7 % BUSINESSES.len()],
        None => noise.pick(&BUSINESSES.each_ref()),
    };
    let (slug, name) = if let Some(home) = home {
        (home.slug.to_owned(), home.name.to_owned())
    } else {
        let group = plan == Plan::Enterprise && !business.large;
        let pattern = if group { "Grupo *" } else { noise.pick(business.patterns) };
        let name = pattern.replace('*', name);
        (address_form(&name, '-'), format!("{name} {}", legal_form(plan, &mut noise)))
    };
    let joined_days_ago = joined_days_ago(index, &mut noise);
    let price = match home {
        Some(home) => Some(Decimal::new(home.cents, 2)),
        None if index == WITHOUT_PRICE => None,
        None => Some(plan.price(&mut noise)),
    };
    let history = history(now, joined_days_ago, plan, price, fate, home.is_none(), &mut noise);
    let plan = history.last().map_or(plan, |(_, terms)| terms.plan);
    Company {
        id: seed.id("tenant", &slug),
        cnpj: cnpj(seed, &slug, index >= FOUNDERS && index.is_multiple_of(4)),
        slug,
        name,
        segment: (!WITHOUT_SEGMENT.contains(&index)).then_some(business.segment),
        weekends: business.weekends,
        limits: home.map_or_else(|| own_limits(index, plan), |home| home.limits),
        history,
        monthly_requests: 0.0,
    }
}

fn legal_form(plan: Plan, noise: &mut Noise) -> &'static str {
    let forms: &[&'static str] = match plan {
        Plan::Starter => &["ME", "Ltda", "Ltda", "EPP", "ME"],
        Plan::Professional => &["Ltda", "Ltda", "Ltda", "S.A."],
        Plan::Enterprise => &["S.A.", "S.A.", "Ltda"],
    };
    noise.pick(forms)
}

/// A few negotiated their own limits.
fn own_limits(index: usize, plan: Plan) -> Limits {
    match (index % 11, plan) {
        (4, Plan::Starter) => Limits { agents: Some(5), ..Limits::default() },
        (4, Plan::Professional) => Limits { users: Some(35), requests: Some(80_000), ..Limits::default() },
        (4, Plan::Enterprise) => Limits { requests: Some(1_000_000), ..Limits::default() },
        _ => Limits::default(),
    }
}

fn joined_days_ago(index: usize, noise: &mut Noise) -> i64 {
    if index < FOUNDERS {
        return noise.whole(375..=1_050);
    }
    // Spread over the year, the last one some days ago.
    let later = i64::try_from(COMPANIES - 1 - index).unwrap_or(0);
    let steps = i64::try_from(COMPANIES - 1 - FOUNDERS).unwrap_or(1);
    4 + later * 350 / steps + noise.whole(0..=later.min(6))
}

/// A number of its own; since July 2026 the Receita Federal also gives out ones with letters.
fn cnpj(seed: Seed, slug: &str, letters: bool) -> Cnpj {
    let mut noise = seed.noise("cnpj", slug);
    let alphabet: &[u8] = if letters { b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ" } else { b"0123456789" };
    loop {
        let mut base = *b"000000000001";
        for character in &mut base[..8] {
            *character = noise.pick(alphabet);
        }
        // Refused only when all digits are the same: then another one.
        if let Some(cnpj) = Cnpj::from_base(base) {
            return cnpj;
        }
    }
}

fn history(
    now: DateTime<Utc>,
    joined_days_ago: i64,
    plan: Plan,
    price: Option<Decimal>,
    fate: Option<Fate>,
    may_change_plan: bool,
    noise: &mut Noise,
) -> Vec<(DateTime<Utc>, Terms)> {
    let today = now.date_naive();
    let mut moves = price_moves(joined_days_ago, plan, may_change_plan, noise);
    match fate {
        Some(Fate::Leaves(ago)) => moves.push((ago, Move::Status(Status::Inactive))),
        Some(Fate::Suspended(ago)) => moves.push((ago, Move::Status(Status::Suspended))),
        Some(Fate::Paused(from, to)) => {
            moves.extend([(from, Move::Status(Status::Suspended)), (to, Move::Status(Status::Active))]);
        }
        Some(Fate::Returned(from, to)) => {
            moves.extend([(from, Move::Status(Status::Inactive)), (to, Move::Status(Status::Active))]);
        }
        Some(Fate::Raised(ago)) => moves.push((ago, Move::Price(118))),
        Some(Fate::Lowered(ago)) => moves.push((ago, Move::Price(85))),
        None => {}
    }
    moves.sort_by_key(|(ago, _)| -ago);

    let mut terms = Terms { plan, status: Status::Active, price };
    let mut history = vec![(office_instant(today, joined_days_ago, noise), terms)];
    for (ago, change) in moves {
        let next = changed(terms, change, noise);
        if next == terms {
            continue;
        }
        // Weekends are moved to the Friday before, where something may have happened already.
        let last = history.last().map_or(now, |(at, _)| *at);
        let at = office_instant(today, ago, noise).max(last + TimeDelta::minutes(40));
        history.push((at, next));
        terms = next;
    }
    history
}

/// Every few months somebody talks about the price, and it mostly rises.
fn price_moves(
    joined_days_ago: i64,
    plan: Plan,
    may_change_plan: bool,
    noise: &mut Noise,
) -> Vec<(i64, Move)> {
    let mut moves = Vec::new();
    let mut ago = joined_days_ago - noise.whole(60..=150);
    while ago > 2 {
        let change = match (noise.whole(0..=99), plan) {
            (0..=12, Plan::Starter) if may_change_plan => Move::Plan(Plan::Professional),
            (0..=2, Plan::Professional) if may_change_plan => Move::Plan(Plan::Enterprise),
            (3..=8, Plan::Professional) if may_change_plan => Move::Plan(Plan::Starter),
            (13..=30, _) => Move::Price(noise.whole(78..=95)),
            _ => Move::Price(noise.whole(103..=113)),
        };
        moves.push((ago, change));
        ago -= noise.whole(90..=230);
    }
    moves
}

/// The terms after a change; the same ones if it doesn't apply.
fn changed(terms: Terms, change: Move, noise: &mut Noise) -> Terms {
    match change {
        Move::Status(status) => Terms { status, ..terms },
        _ if terms.status != Status::Active => terms,
        Move::Price(percent) => Terms { price: terms.price.map(|price| scaled(price, percent)), ..terms },
        Move::Plan(plan) if plan == terms.plan => terms,
        Move::Plan(plan) => Terms { plan, price: terms.price.map(|_| plan.price(noise)), ..terms },
    }
}

fn scaled(price: Decimal, percent: i64) -> Decimal {
    (price * Decimal::new(percent, 2)).round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero)
}

/// How much each uses its agents: most stay far below their limit, some come near it, one is over.
fn set_usage(companies: &mut [Company], noise: &mut Noise) {
    let mut near_starter_limit = [24_000.0, 15_000.0, 11_000.0].into_iter();
    let mut near_professional_limit = [72_000.0].into_iter();
    for (index, company) in companies.iter_mut().enumerate() {
        let steady = HOMES.get(index).is_none()
            && company.history.last().is_some_and(|(_, terms)| terms.status == Status::Active)
            && company.limits == Limits::default();
        let (median, spread, most) = match company.plan() {
            Plan::Starter => (2_400.0, 0.55, 7_800.0),
            Plan::Professional => (4_200.0, 0.5, 17_000.0),
            Plan::Enterprise => (9_500.0, 0.45, 24_000.0),
        };
        let usual = noise.lognormal(median, spread).min(most);
        let near_limit = match company.plan() {
            Plan::Starter if steady => near_starter_limit.next(),
            Plan::Professional if steady => near_professional_limit.next(),
            _ => None,
        };
        company.monthly_requests = match HOMES.get(index) {
            Some(home) => home.monthly_requests,
            None => near_limit.unwrap_or(usual),
        };
    }
}
