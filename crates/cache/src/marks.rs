//! Marks: that something was done, for every instance to see.

use std::time::Duration;

use crate::{Cache, PREFIX};

impl Cache {
    /// Whether this was marked; not, if Redis can't say.
    pub async fn is_marked(&self, name: &str) -> bool {
        self.ask(redis::cmd("EXISTS").arg(key(name))).await.unwrap_or(false)
    }

    /// Marks this for so long. Nothing comes of it without Redis.
    pub async fn mark(&self, name: &str, lifetime: Duration) {
        let _: Option<()> =
            self.ask(redis::cmd("SET").arg(key(name)).arg(1).arg("EX").arg(lifetime.as_secs())).await;
    }
}

fn key(name: &str) -> String {
    format!("{PREFIX}mark:{name}")
}
