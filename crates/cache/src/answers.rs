//! Answers that are kept, and become void as soon as what they were made from changes.

use std::time::Duration;

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use redis::Cmd;
use tokio::time::sleep;
use uuid::Uuid;

use crate::{Cache, CacheError, Kept, PREFIX};

const FIND: &str = include_str!("find.lua");
const END: &str = include_str!("end.lua");

/// Longer than making an answer may take.
const MAKING: Duration = Duration::from_secs(10);
/// When those who have nothing ask again whether somebody else has made it. Altogether about as long as the slowest answer
/// takes: who waited in vain makes it, too.
const WAITS: [Duration; 7] = [
    Duration::from_millis(5),
    Duration::from_millis(10),
    Duration::from_millis(20),
    Duration::from_millis(40),
    Duration::from_millis(75),
    Duration::from_millis(150),
    Duration::from_millis(200),
];
/// Characters of a time in the scripts: milliseconds since 1970, until the year 2286.
const TIME: usize = 13;

/// What changes at once, and makes what was read of it void.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Space {
    /// What belongs to a tenant.
    Tenant(Uuid),
    /// What is read across tenants.
    Platform,
    /// What the aggregation writes.
    Rollups,
}

impl Space {
    fn key(self) -> String {
        match self {
            Self::Tenant(id) => format!("{PREFIX}version:tenant:{id}"),
            Self::Platform => format!("{PREFIX}version:platform"),
            Self::Rollups => format!("{PREFIX}version:rollups"),
        }
    }
}

/// Where an answer is kept.
#[derive(Clone, Debug)]
pub struct Place {
    key: String,
    spaces: Vec<Space>,
    ttl: Duration,
}

impl Place {
    /// The place of the answer to this question, which has to tell it from every other. It is made from these spaces, and
    /// fresh for so long.
    #[must_use]
    pub fn new(question: &[u8], spaces: &[Space], ttl: Duration) -> Self {
        let hash = URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, question));
        Self { key: format!("{PREFIX}answer:{hash}"), spaces: spaces.to_vec(), ttl }
    }

    /// A call of a script on its keys.
    fn call(&self, script: &str) -> Cmd {
        let mut call = redis::cmd("EVAL");
        call.arg(script).arg(2 + self.spaces.len()).arg(&self.key).arg(format!("{}:maker", self.key));
        for space in &self.spaces {
            call.arg(space.key());
        }
        call
    }
}

/// What there is of an answer.
#[derive(Debug)]
pub enum Found {
    /// It.
    Fresh(Kept),
    /// It, past its time, while somebody else makes it anew.
    Stale(Kept),
    /// Nothing: it is to be made, and the ticket handed in.
    Missing(Ticket),
    /// Redis can't say.
    Unavailable,
}

/// The right to put an answer into its place, if nothing changes until then. To be handed in either way.
#[derive(Debug)]
pub struct Ticket {
    place: Place,
    /// The version, as the scripts write it.
    head: String,
    /// When it was read.
    at: String,
    mine: String,
}

/// What the first script gives.
type Reply = (String, String, String, Vec<u8>);

impl Cache {
    /// Looks for an answer. Of many who look for one that is missing or past its time, one is to make it; the others get the
    /// stale one, or wait a little. `anew`: what is there isn't wanted.
    pub async fn find(&self, place: &Place, anew: bool) -> Found {
        let mut unwanted = anew;
        let mut waits = WAITS.iter();
        loop {
            let mine = Uuid::new_v4().simple().to_string();
            let mut call = place.call(FIND);
            call.arg(&mine).arg(millis(place.ttl)).arg(millis(MAKING)).arg(u8::from(unwanted));
            let Some((state, head, at, answer)) = self.ask::<Reply>(&call).await else {
                return Found::Unavailable;
            };
            let read = || Kept::read(&place.key, &head, answer.get(head.len() + TIME..)?);
            match (state.as_str(), waits.as_slice()) {
                ("fresh" | "stale", _) => match read() {
                    Some(kept) if state == "fresh" => return Found::Fresh(kept),
                    Some(kept) => return Found::Stale(kept),
                    // Nobody wrote that.
                    None => unwanted = true,
                },
                ("busy", [wait, ..]) if !anew => {
                    sleep(*wait).await;
                    waits.next();
                    unwanted = anew;
                }
                _ => return Found::Missing(Ticket { place: place.clone(), head, at, mine }),
            }
        }
    }

    /// Keeps an answer that was made, unless something changed meanwhile.
    pub async fn keep(&self, ticket: Ticket, answer: &Kept) {
        let written = answer.write(&ticket.place.key, &ticket.head).unwrap_or_default();
        self.end(ticket, &written).await;
    }

    /// There is no answer to keep.
    pub async fn give_up(&self, ticket: Ticket) {
        self.end(ticket, &[]).await;
    }

    async fn end(&self, Ticket { place, head, at, mine }: Ticket, answer: &[u8]) {
        let mut call = place.call(END);
        call.arg(head).arg(at).arg(mine).arg(millis(place.ttl * 2)).arg(answer);
        let _: Option<()> = self.ask(&call).await;
    }

    /// Makes void what was made from any of these. To be called when the change can be read; what was asked before that is
    /// void as well. Waits for Redis longer than a look-up does, and even if it just failed: this can't be said later.
    pub async fn forget(&self, spaces: &[Space]) {
        let mut delete = redis::cmd("DEL");
        for space in spaces {
            delete.arg(space.key());
        }
        match self.insist::<()>(&delete).await {
            Ok(()) | Err(CacheError::NotConfigured) => {}
            Err(error) => {
                tracing::error!(%error, "a change shows only when kept answers are past their time");
            }
        }
    }

    /// Makes void what shows something of a tenant, its own and everybody's.
    pub async fn forget_tenant(&self, id: Uuid) {
        self.forget(&[Space::Tenant(id), Space::Platform]).await;
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
