//! Whose an answer is, and whether it is right.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::sync::Mutex;

use chrono::{Days, NaiveDate};
use serde_json::{Value, json};

use crate::asked::{Asking, Expected, Question};
use crate::rows::{SHARED, Tenant, owners_in, written};
use crate::say;

/// So many wrong answers are shown.
const SHOWN: usize = 10;

/// What answers told that later questions use.
#[derive(Default)]
pub(crate) struct Seen {
    /// By tenant and question.
    tags: Mutex<HashMap<(Tenant, String), String>>,
    /// A tenant's last cursor, and the position it leads to.
    cursors: Mutex<HashMap<Tenant, (String, usize)>>,
}

impl Seen {
    pub(crate) fn tag(&self, tenant: Tenant, question: &str) -> Option<String> {
        self.tags.lock().unwrap().get(&(tenant, question.to_owned())).cloned()
    }

    pub(crate) fn cursor(&self, tenant: Tenant) -> Option<(String, usize)> {
        self.cursors.lock().unwrap().get(&tenant).cloned()
    }
}

/// What came of all questions.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) responses: usize,
    /// Where something of another tenant stood, in status, headers or body.
    pub(crate) foreign: usize,
    pub(crate) unavailable: usize,
    unchanged: usize,
    tables: usize,
    refused: usize,
    by_cache: BTreeMap<String, usize>,
    pub(crate) wrong: Vec<String>,
    /// Whose rows who of the internal team was given.
    pub(crate) reads: BTreeSet<(String, String)>,
}

impl Tally {
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.responses += other.responses;
        self.foreign += other.foreign;
        self.unavailable += other.unavailable;
        self.unchanged += other.unchanged;
        self.tables += other.tables;
        self.refused += other.refused;
        for (served, count) in other.by_cache {
            *self.by_cache.entry(served).or_default() += count;
        }
        self.wrong.extend(other.wrong);
        self.reads.extend(other.reads);
        self
    }

    /// What has to have occurred.
    pub(crate) fn kinds(&self) -> Vec<(&str, usize)> {
        let by_cache = ["HIT", "MISS", "STALE", "BYPASS"];
        let mut kinds: Vec<_> =
            by_cache.iter().map(|it| (*it, self.by_cache.get(*it).copied().unwrap_or(0))).collect();
        kinds.extend([("304", self.unchanged), ("table", self.tables), ("refusal", self.refused)]);
        kinds
    }

    /// Asserts that every answer was right, and nothing in it another's.
    pub(crate) fn assert_right(&self) {
        for wrong in self.wrong.iter().take(SHOWN) {
            say(wrong);
        }
        assert_eq!((self.foreign, self.wrong.len()), (0, 0), "{self}");
    }

    /// Counts an answer, and what is wrong with it. It was made on one of these days.
    pub(crate) fn count(&mut self, asking: &Asking, answer: &Value, days: [NaiveDate; 2], seen: &Seen) {
        self.responses += 1;
        let (may_show, judged) = match &asking.expected {
            Expected::Refusal(status, code) => {
                self.refused += 1;
                (None, is_problem(answer, *status, code))
            }
            Expected::Rows(tenant, question) => {
                if asking.who.internal {
                    self.reads.insert((asking.who.sub.clone(), tenant.id()));
                }
                (Some(*tenant), self.judge_rows(asking, *tenant, question, answer, days, seen))
            }
        };
        // Whatever else may be wrong.
        let is_foreign = owners_in(&answer.to_string()).into_iter().any(|owner| Some(owner) != may_show);
        self.foreign += usize::from(is_foreign);
        let judged = judged.or_else(|wrong| {
            // What a trouble costs: nothing is known then, and nothing told.
            is_problem(answer, 503, "unavailable").map_err(|_| wrong).map(|()| self.unavailable += 1)
        });
        match judged {
            Err(wrong) => self.wrong.push(format!("{wrong}: {asking:?}: {answer}")),
            Ok(()) if is_foreign => self.wrong.push(format!("another's: {asking:?}: {answer}")),
            Ok(()) => {}
        }
    }

    fn judge_rows(
        &mut self,
        asking: &Asking,
        tenant: Tenant,
        question: &Question,
        answer: &Value,
        days: [NaiveDate; 2],
        seen: &Seen,
    ) -> Result<(), String> {
        let body = answer["body"].as_str().unwrap_or_default();
        let tag = header(answer, "etag").to_owned();
        let key = asking.key().unwrap();
        if answer["statusCode"] == 304 {
            // That it is what this tenant was given before, was seen before.
            let right =
                body.is_empty() && asking.known() == Some(&tag) && seen.tag(key.0, &key.1) == Some(tag);
            self.unchanged += 1;
            self.served(answer);
            return right.then_some(()).ok_or_else(|| "not what is known".into());
        }
        if answer["statusCode"] != 200 {
            return Err("no answer".into());
        }
        let [first, last] = days;
        question
            .judge(tenant, first, body)
            .or_else(|wrong| if first == last { Err(wrong) } else { question.judge(tenant, last, body) })?;
        self.served(answer);
        if asking.known() == Some(&tag) {
            return Err("sent though it is known".into());
        }
        match question {
            Question::UsageTable(_) | Question::IncidentsTable => self.tables += 1,
            Question::Incidents(limit, offset) => {
                let next = serde_json::from_str::<Value>(body).unwrap_or_default()["next_cursor"].take();
                let next = next.as_str().map(|cursor| (cursor.to_owned(), limit + offset));
                seen.cursors.lock().unwrap().extend(next.map(|next| (tenant, next)));
            }
            _ => {}
        }
        seen.tags.lock().unwrap().insert(key, tag);
        Ok(())
    }

    fn served(&mut self, answer: &Value) {
        *self.by_cache.entry(header(answer, "x-cache").to_owned()).or_default() += 1;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} responses", self.responses)?;
        for (kind, count) in self.kinds() {
            write!(f, ", {count} {kind}")?;
        }
        write!(f, ", {} unavailable, {} foreign, {} wrong", self.unavailable, self.foreign, self.wrong.len())
    }
}

fn header<'a>(answer: &'a Value, name: &str) -> &'a str {
    answer["multiValueHeaders"][name][0].as_str().unwrap_or_default()
}

fn is_problem(answer: &Value, status: u16, code: &str) -> Result<(), String> {
    let body: Value = serde_json::from_str(answer["body"].as_str().unwrap_or_default()).unwrap_or_default();
    let right = answer["statusCode"] == status
        && body["code"] == code
        && header(answer, "content-type") == "application/problem+json"
        && (status != 503 || !header(answer, "retry-after").is_empty());
    right.then_some(()).ok_or_else(|| format!("not the problem {code}"))
}

/// Whether all of this stands in an answer, which may say more. What is a list is the same list.
fn says(answer: &Value, expected: &Value) -> Result<(), String> {
    match (answer, expected) {
        (Value::Object(answer), Value::Object(expected)) => {
            expected.iter().try_for_each(|(name, expected)| {
                let said = answer.get(name).ok_or_else(|| format!("no {name}"))?;
                says(said, expected).map_err(|wrong| format!("{name}: {wrong}"))
            })
        }
        (Value::Array(answer), Value::Array(expected)) if answer.len() == expected.len() => {
            answer.iter().zip(expected).try_for_each(|(answer, expected)| says(answer, expected))
        }
        _ if answer == expected => Ok(()),
        _ => Err(format!("{answer} is not {expected}")),
    }
}

impl Question {
    /// Whether this is the answer to it about this tenant on this day.
    fn judge(&self, tenant: Tenant, today: NaiveDate, body: &str) -> Result<(), String> {
        let expected = match self {
            Self::Me => me(tenant, today),
            Self::Agents(status) => agents(tenant, status, today),
            Self::Integrations => json!({
                "integrations": (0..tenant.integrations()).map(|number| json!({
                    "id": tenant.integration(number),
                    "name": format!("Integração {number} de {}", tenant.mark()),
                    "last_error": format!("erro de {}", tenant.mark()),
                })).collect::<Vec<_>>(),
            }),
            Self::Usage(days, agent) => usage(tenant, *days, *agent, today),
            Self::Incidents(limit, offset) => incidents(tenant, *limit, *offset),
            Self::UsageTable(days) => return usage_table(tenant, &period(*days, today), body),
            Self::IncidentsTable => return incidents_table(tenant, body),
        };
        says(&serde_json::from_str(body).map_err(|error| error.to_string())?, &expected)
    }
}

/// So many days, the last of which is this.
fn period(days: usize, last: NaiveDate) -> Vec<NaiveDate> {
    (0..u64::try_from(days).unwrap()).rev().map(|ago| last - Days::new(ago)).collect()
}

fn me(tenant: Tenant, today: NaiveDate) -> Value {
    let first = today.format("%Y-%m-01").to_string().parse().unwrap();
    let month: Vec<_> = NaiveDate::iter_days(&first).take_while(|day| *day <= today).collect();
    let Tenant(number) = tenant;
    json!({
        "id": tenant.id(), "name": format!("Empresa {}", tenant.mark()), "cnpj": tenant.cnpj().to_string(),
        "segment": format!("Segmento de {}", tenant.mark()),
        "limits": {
            "max_agents": 2_000 + number, "max_users": 1_000 + number, "max_requests_per_month": 30_000 + number,
        },
        "usage": {
            "active_agents": 3, "active_users": tenant.users(), "requests_this_month": tenant.usage(None, &month).0,
        },
    })
}

fn agents(tenant: Tenant, status: &str, today: NaiveDate) -> Value {
    let days = period(30, today);
    let used = |user: i64| -> Value {
        let (total, _) = tenant.usage(Some(user), &days);
        let daily: Vec<_> = days.iter().map(|day| tenant.usage(Some(user), &[*day]).0).collect();
        json!({"total_requests": total, "avg_response_time_ms": tenant.response_time_ms(), "daily_requests": daily})
    };
    let own = |number: i64, status: &str, usage: Value| {
        json!({
            "id": tenant.agent(number), "name": format!("Agente {number} de {}", tenant.mark()),
            "segment": tenant.mark(), "status": status, "usage_last_30_days": usage,
        })
    };
    let none = json!({"total_requests": 0, "daily_requests": vec![0; days.len()]});
    let active = [own(0, "active", used(0)), own(1, "active", used(1))];
    let suspended = own(2, "suspended", none);
    let shared = json!({"id": SHARED, "name": "Todos", "status": "active", "usage_last_30_days": used(2)});
    let [first, second] = active;
    json!({"agents": match status {
        "active" => vec![first, second, shared],
        "inactive" => vec![suspended],
        _ => vec![first, second, suspended, shared],
    }})
}

fn summary(tenant: Tenant, user: Option<i64>, days: &[NaiveDate]) -> Value {
    let (total, failed) = tenant.usage(user, days);
    json!({
        "total_requests": total, "successful_requests": total - failed, "failed_requests": failed,
        "avg_response_time_ms": tenant.response_time_ms(), "total_tokens_used": total * 7,
    })
}

fn with(mut value: Value, name: &str, member: impl Into<Value>) -> Value {
    value[name] = member.into();
    value
}

fn usage(tenant: Tenant, days: usize, user: Option<i64>, today: NaiveDate) -> Value {
    let of = period(days, today);
    let before = period(days, of[0] - Days::new(1));
    let users =
        tenant.users_of_agents().into_iter().filter(|(number, ..)| user.is_none_or(|user| user == *number));
    json!({
        "period": format!("{days}d"), "from": of[0].to_string(), "to": today.to_string(),
        "summary": summary(tenant, user, &of),
        "previous_period": with(summary(tenant, user, &before), "from", before[0].to_string()),
        "daily_data": of.iter()
            .map(|day| with(summary(tenant, user, &[*day]), "date", day.to_string()))
            .collect::<Vec<_>>(),
        "by_agent": users
            .map(|(number, id, name)| {
                with(with(summary(tenant, Some(number), &of), "agent_id", id), "agent_name", name)
            })
            .collect::<Vec<_>>(),
    })
}

fn incidents(tenant: Tenant, limit: usize, offset: usize) -> Value {
    let all = tenant.incidents();
    let page = all.iter().skip(offset).take(limit).map(|incident| {
        json!({
            "id": incident.id, "title": incident.title, "created_at": written(incident.created_at),
            "scope": incident.scope,
        })
    });
    json!({"incidents": page.collect::<Vec<_>>(), "total": all.len(), "limit": limit})
}

/// The fields of each line below the header; nothing in them is quoted.
fn lines(table: &str) -> Vec<Vec<&str>> {
    table.lines().skip(1).map(|line| line.split(',').collect()).collect()
}

fn usage_table(tenant: Tenant, days: &[NaiveDate], body: &str) -> Result<(), String> {
    let expected: Vec<_> = days
        .iter()
        .map(|day| {
            let (total, failed) = tenant.usage(None, &[*day]);
            vec![day.to_string(), total.to_string(), (total - failed).to_string(), failed.to_string()]
        })
        .collect();
    let given: Vec<_> = lines(body).into_iter().map(|line| line[..line.len().min(4)].to_vec()).collect();
    if given == expected { Ok(()) } else { Err(format!("{given:?} is not {expected:?}")) }
}

fn incidents_table(tenant: Tenant, body: &str) -> Result<(), String> {
    let expected =
        tenant.incidents().into_iter().map(|incident| [incident.id, incident.title, incident.scope.into()]);
    let expected: Vec<_> = expected.collect();
    let given: Vec<_> = lines(body)
        .into_iter()
        .map(|line| [0, 2, 6].map(|column| line.get(column).copied().unwrap_or_default()))
        .collect();
    if given == expected { Ok(()) } else { Err(format!("{given:?} is not {expected:?}")) }
}
