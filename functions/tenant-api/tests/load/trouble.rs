//! What happens meanwhile to the cache and the database.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use cache::Space;
use rand::RngExt;
use rand::rngs::StdRng;
use sqlx::Executor;

use crate::platform::Platform;
use crate::rows::{TENANTS, Tenant};

/// Makes an eighth of what is kept, by the last argument, this many milliseconds older. When it was read stands behind two
/// versions.
const AGE: &str = "local now = redis.call('TIME')[1] * 1000 \
    for _, key in ipairs(redis.call('KEYS', '{painel}:answer:*')) do \
    if not string.find(key, ':maker') and string.byte(key, 20) % 8 == tonumber(ARGV[2]) then \
    redis.call('SETRANGE', key, 66, string.format('%013.0f', now - ARGV[1])) end end";

/// How often what happened.
#[derive(Default)]
pub(crate) struct Troubles(BTreeMap<&'static str, usize>);

impl fmt::Display for Troubles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told: Vec<_> = self.0.iter().map(|(what, count)| format!("{count} {what}")).collect();
        f.write_str(&told.join(", "))
    }
}

/// Makes trouble until it is done.
pub(crate) async fn make(platform: &Platform, done: &AtomicBool, mut random: StdRng) -> Troubles {
    let Platform { database, redis, .. } = platform;
    let (mut superuser, cache) = (database.superuser().await, redis.cache());
    let mut troubles = Troubles::default();
    while !done.load(Ordering::SeqCst) {
        tokio::time::sleep(Duration::from_millis(random.random_range(10..40))).await;
        let what = match random.random_range(0..100) {
            0..60 => {
                let minutes = if random.random_bool(0.8) { 6 } else { 11 };
                let part = random.random_range(0..8);
                let age = format!("EVAL \"{AGE}\" 0 {} {part}", minutes * 60_000);
                let said = redis.say(&age).await.unwrap();
                assert!(!said.starts_with('-'), "{said}");
                if minutes == 6 { "times past" } else { "times long past" }
            }
            60..85 => {
                let tenant = Tenant(random.random_range(0..TENANTS));
                cache.forget_tenant(tenant.id().parse().unwrap()).await;
                "tenants changed"
            }
            85..90 => {
                cache.forget(&[Space::Rollups]).await;
                "aggregations"
            }
            90..93 => {
                redis.say("FLUSHALL").await.unwrap();
                "flushes of Redis"
            }
            93..97 => {
                redis.say("CLIENT KILL TYPE normal").await;
                "cuts of Redis"
            }
            _ => {
                let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                           WHERE datname = current_database() AND usename = 'app_tenant'";
                superuser.execute(cut).await.unwrap();
                "cuts of PostgreSQL"
            }
        };
        *troubles.0.entry(what).or_default() += 1;
    }
    troubles
}
