//! What both HTTP functions share: routes behind the permission matrix, parameters, answers, errors, one log line a
//! request.

mod access;
mod answer;
mod api;
mod body;
mod format;
mod observe;
pub mod openapi;
mod page;
mod problem;
mod query;

pub use access::AccessLog;
pub use answer::{Answer, IfMatch, Instant, Version};
pub use api::{Api, AuthSettings, Authorized, RequestId, WebSettings};
pub use body::{IdempotencyKey, Members};
pub use format::{Csv, Format};
pub use page::{ListKey, Page};
pub use problem::{InvalidInput, Place, Problem};
pub use query::Query;
