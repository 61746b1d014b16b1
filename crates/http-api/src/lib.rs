//! What both HTTP functions share: routes behind the permission matrix and the limits, parameters, answers and how long
//! they are kept, errors, one log line a request.

mod access;
mod answer;
mod api;
mod body;
mod format;
mod kept;
mod limits;
mod observe;
pub mod openapi;
mod page;
mod problem;
mod query;

pub use answer::{Answer, IfMatch, Instant, Version};
pub use api::{Api, AuthSettings, Authorized, Gate, RequestId, WebSettings};
pub use body::{IdempotencyKey, Members};
pub use format::{Csv, Format};
pub use kept::Stop;
pub use limits::LimitSettings;
pub use page::{ListKey, Page};
pub use problem::{InvalidInput, Place, Problem};
pub use query::{Asked, Query};
