//! Redis: answers that are kept for a while, limits that all instances of a function share, and marks of what is done.
//!
//! Nothing here is needed to be right. Without Redis, or with one that is slow, every question has an answer that says so,
//! at once, and the caller goes on without. What is kept, and how it becomes void, is in `docs/adr/0010-the-cache.md`.

mod answers;
mod breaker;
mod client;
mod entry;
mod limits;
mod marks;
mod settings;

pub use answers::{Found, Place, Space, Ticket};
pub use client::{Cache, CacheError, Patience};
pub use entry::Kept;
pub use limits::{Admission, Limiter, Rate};
pub use settings::CacheSettings;

/// What every key begins with. The braces keep all of them in one slot of a cluster, for a script may touch several.
const PREFIX: &str = "{painel}:";
