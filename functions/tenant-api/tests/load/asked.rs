//! Who asks for what.

use std::fmt;

use axum::body::Body;
use lambda_http::http::{Request, header};
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use serde_json::{Value, json};
use test_support::{TestIssuer, gateway_event};
use uuid::Uuid;

use crate::judge::Seen;
use crate::rows::{SHARED, TENANTS, Tenant};

/// Tokens outlive the longest run.
const TOKEN_SECONDS: u64 = 6 * 60 * 60;
const TABLE: (&str, &str) = ("Accept", "text/csv");

/// Somebody with a token.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) sub: String,
    /// Whose user this is; nobody's, of most of the internal team.
    pub(crate) own: Option<Tenant>,
    pub(crate) internal: bool,
    sees_integrations: bool,
    token: String,
    claims: Value,
}

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {:?}, {}", self.sub, self.own, self.claims["cognito:groups"])
    }
}

impl Person {
    fn new(issuer: &TestIssuer, sub: String, groups: &[&str], own: Option<Tenant>) -> Self {
        let mut claims = TestIssuer::claims(groups, own.map(Tenant::id).as_deref());
        claims["sub"] = json!(sub);
        claims["exp"] = json!(claims["iat"].as_u64().unwrap() + TOKEN_SECONDS);
        Self {
            sub,
            own,
            internal: groups.iter().any(|group| group.starts_with("INTERNAL")),
            sees_integrations: groups != ["TENANT_USER"],
            token: issuer.sign(&claims),
            claims,
        }
    }
}

/// Everybody: of each tenant an administrator, a user and one without a group; some of the internal team, one of whom is
/// a tenant's user as well.
pub(crate) struct People {
    members: Vec<Person>,
    outsiders: Vec<Person>,
    internal: Vec<Person>,
}

/// What is asked of one tenant's rows.
#[derive(Clone, Debug)]
pub(crate) enum Question {
    Me,
    Agents(&'static str),
    Integrations,
    /// A period in days, and one of the users of agents.
    Usage(usize, Option<i64>),
    /// At most so many, behind so many.
    Incidents(usize, usize),
    /// The days of a period.
    UsageTable(usize),
    IncidentsTable,
}

/// What has to come of it.
#[derive(Clone, Debug)]
pub(crate) enum Expected {
    /// The answer to this question about this tenant.
    Rows(Tenant, Question),
    /// This status and code.
    Refusal(u16, &'static str),
}

/// Somebody asks for something.
#[derive(Clone, Debug)]
pub(crate) struct Asking {
    pub(crate) who: Person,
    /// Path and query.
    target: String,
    headers: Vec<(&'static str, String)>,
    pub(crate) expected: Expected,
}

impl Question {
    fn any(random: &mut StdRng) -> Self {
        match random.random_range(0..12) {
            0 | 1 => Self::Me,
            2 | 3 => Self::Agents(["active", "inactive", "all"].choose(random).unwrap()),
            4 | 5 => Self::Integrations,
            6 | 7 => {
                let agent = random.random_bool(0.5).then(|| random.random_range(0..3));
                Self::Usage(*[7, 30, 90].choose(random).unwrap(), agent)
            }
            8 | 9 => Self::Incidents(*[1, 5, 20, 100].choose(random).unwrap(), random.random_range(0..4)),
            10 => Self::UsageTable(*[7, 30].choose(random).unwrap()),
            _ => Self::IncidentsTable,
        }
    }

    fn is_table(&self) -> bool {
        matches!(self, Self::UsageTable(_) | Self::IncidentsTable)
    }

    const fn path(&self) -> &'static str {
        match self {
            Self::Me => "/tenant/me",
            Self::Agents(_) => "/tenant/agents",
            Self::Integrations => "/tenant/integrations",
            Self::Usage(..) | Self::UsageTable(_) => "/tenant/usage",
            Self::Incidents(..) | Self::IncidentsTable => "/tenant/incidents",
        }
    }

    fn parameters(&self, tenant: Tenant) -> Vec<(&'static str, String)> {
        match self {
            Self::Me | Self::Integrations | Self::IncidentsTable => vec![],
            Self::Agents(status) => vec![("status", (*status).into())],
            Self::UsageTable(days) | Self::Usage(days, None) => vec![("period", format!("{days}d"))],
            Self::Usage(days, Some(2)) => vec![("period", format!("{days}d")), ("agent_id", SHARED.into())],
            Self::Usage(days, Some(own)) => {
                vec![("period", format!("{days}d")), ("agent_id", tenant.agent(*own))]
            }
            Self::Incidents(limit, offset) => {
                vec![("limit", limit.to_string()), ("offset", offset.to_string())]
            }
        }
    }
}

impl Asking {
    fn new(who: &Person, path: &str, parameters: &[(&str, String)], expected: Expected) -> Self {
        let query: Vec<_> = parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let target = if query.is_empty() { path.to_owned() } else { format!("{path}?{}", query.join("&")) };
        Self { who: who.clone(), target, headers: vec![], expected }
    }

    /// The event, as the gateway makes it.
    pub(crate) fn event(&self) -> Value {
        let mut event = gateway_event(&self.target, &self.who.token, &self.who.claims);
        for (name, value) in &self.headers {
            event["headers"][name] = json!(value);
            event["multiValueHeaders"][name] = json!([value]);
        }
        event
    }

    /// The request, with no gateway in between.
    pub(crate) fn request(&self) -> Request<Body> {
        let token = format!("Bearer {}", self.who.token);
        let request = Request::get(&self.target).header(header::AUTHORIZATION, token);
        let request =
            self.headers.iter().fold(request, |request, (name, value)| request.header(*name, value));
        request.body(Body::empty()).unwrap()
    }

    /// What its tag and its cursor are remembered by: whoever asks, it is the same.
    pub(crate) fn key(&self) -> Option<(Tenant, String)> {
        match &self.expected {
            Expected::Rows(tenant, question) => Some((*tenant, format!("{question:?}"))),
            Expected::Refusal(..) => None,
        }
    }

    /// The tag of what the caller has already.
    pub(crate) fn known(&self) -> Option<&str> {
        self.headers.iter().find(|(name, _)| *name == "If-None-Match").map(|(_, tag)| tag.as_str())
    }
}

impl People {
    pub(crate) fn of(issuer: &TestIssuer) -> Self {
        let of_each = |groups: &[&str], number| {
            let members = Tenant::all().map(|it| Person::new(issuer, it.sub(number), groups, Some(it)));
            members.collect::<Vec<_>>()
        };
        let internal = |groups: &[&str], own| Person::new(issuer, Uuid::new_v4().to_string(), groups, own);
        Self {
            members: [of_each(&["TENANT_ADMIN"], 0), of_each(&["TENANT_USER"], 1)].concat(),
            outsiders: of_each(&[], 0),
            internal: vec![
                internal(&["INTERNAL_ADMIN"], None),
                internal(&["INTERNAL_SUPPORT"], None),
                internal(&["INTERNAL_SUPPORT"], None),
                internal(&["INTERNAL_SUPPORT", "TENANT_USER"], Some(Tenant(7))),
            ],
        }
    }

    /// Somebody asks for rows that they may see.
    pub(crate) fn wants_rows(&self, seen: &Seen, random: &mut StdRng) -> Asking {
        let who = if random.random_bool(0.2) { &self.internal } else { &self.members };
        let who = who.choose(random).unwrap();
        let mut question = Question::any(random);
        if matches!(question, Question::Integrations) && !who.sees_integrations {
            question = Question::Me;
        }
        let any = Tenant(random.random_range(0..TENANTS));
        let (tenant, named) = match who.own {
            Some(own) if who.internal && random.random_bool(0.5) => (own, false),
            Some(own) if !who.internal => (own, random.random_bool(0.2)),
            _ => (any, true),
        };
        let mut parameters = question.parameters(tenant);
        // The same page, by the cursor of the one before.
        if let Question::Incidents(limit, offset) = &mut question
            && let Some((cursor, position)) = seen.cursor(tenant).filter(|_| random.random_bool(0.5))
        {
            *offset = position;
            parameters = vec![("limit", limit.to_string()), ("cursor", cursor)];
        }
        if named {
            parameters.push(("tenant_id", tenant.id()));
        }
        let (path, table) = (question.path(), question.is_table());
        let mut asking = Asking::new(who, path, &parameters, Expected::Rows(tenant, question));
        if table {
            asking.headers.push((TABLE.0, TABLE.1.into()));
        }
        asking
    }

    /// Somebody asks for something: for rows, for what has changed since, made anew, or for what they have no right to.
    pub(crate) fn wants_anything(&self, seen: &Seen, random: &mut StdRng) -> Asking {
        let mut asking = self.wants_rows(seen, random);
        match random.random_range(0..20) {
            0 | 1 => asking.headers.push(("Cache-Control", "no-cache".into())),
            2..=4 => {
                // Its own, or what another tenant got to the same question.
                let of = if random.random_bool(0.7) {
                    None
                } else {
                    Some(Tenant(random.random_range(0..TENANTS)))
                };
                let tag =
                    asking.key().and_then(|(tenant, question)| seen.tag(of.unwrap_or(tenant), &question));
                asking.headers.extend(tag.map(|tag| ("If-None-Match", tag)));
            }
            5 | 6 => asking = self.wants_too_much(seen, random),
            _ => {}
        }
        asking
    }

    fn wants_too_much(&self, seen: &Seen, random: &mut StdRng) -> Asking {
        let mut who = self.members.choose(random).unwrap().clone();
        let own = who.own.unwrap();
        let other = Tenant((own.0 + random.random_range(1..TENANTS)) % TENANTS);
        let support = &self.internal[1];
        let refused = |who: &Person, path, parameters: &[(&str, String)], status, code| {
            Asking::new(who, path, parameters, Expected::Refusal(status, code))
        };
        let of_other = [("tenant_id", other.id())];
        match random.random_range(0..11) {
            0 => refused(&who, "/tenant/me", &of_other, 403, "tenant_denied"),
            1 => refused(&who, "/tenant/usage", &of_other, 403, "tenant_denied"),
            2 => {
                let user =
                    self.members.iter().find(|it| it.own == Some(own) && !it.sees_integrations).unwrap();
                refused(user, "/tenant/integrations", &[], 403, "role_required")
            }
            3 => {
                let outsider = self.outsiders.choose(random).unwrap();
                refused(outsider, "/tenant/agents", &[], 403, "no_group")
            }
            4 => refused(support, "/tenant/me", &[], 400, "tenant_required"),
            5 => {
                let nobody = [("tenant_id", Uuid::new_v4().to_string())];
                refused(support, "/tenant/incidents", &nobody, 404, "not_found")
            }
            6 => refused(&who, "/tenant/usage", &[("period", "8d".into())], 400, "invalid_parameter"),
            7 => refused(&who, "/tenant/usage", &[("agent_id", other.agent(0))], 404, "not_found"),
            8 => match seen.cursor(other) {
                Some((cursor, _)) => {
                    refused(&who, "/tenant/incidents", &[("cursor", cursor)], 400, "invalid_parameter")
                }
                None => {
                    refused(&who, "/tenant/incidents", &[("limit", "0".into())], 400, "invalid_parameter")
                }
            },
            // What the gateway says of the caller is another's.
            9 => {
                let stranger = self.members.iter().find(|it| it.own == Some(other)).unwrap();
                who.claims = stranger.claims.clone();
                refused(&who, "/tenant/me", &[], 401, "unauthorized")
            }
            _ => self.forges(random),
        }
    }

    /// Somebody puts another's claims under the own signature.
    pub(crate) fn forges(&self, random: &mut StdRng) -> Asking {
        let (mut who, stranger) = (self.members.choose(random).unwrap().clone(), &self.internal[0]);
        let (_, signature) = who.token.rsplit_once('.').unwrap();
        let (message, _) = stranger.token.rsplit_once('.').unwrap();
        who.token = format!("{message}.{signature}");
        who.claims = stranger.claims.clone();
        Asking::new(
            &who,
            "/tenant/me",
            &[("tenant_id", Tenant(0).id())],
            Expected::Refusal(401, "unauthorized"),
        )
    }
}
