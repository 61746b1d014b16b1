//! What both HTTP functions share: routes behind the permission matrix, parameters, answers, errors, one log line a
//! request.

mod answer;
mod api;
mod format;
mod observe;
pub mod openapi;
mod page;
mod problem;
mod query;

pub use answer::{Answer, Instant};
pub use api::{Api, AuthSettings, Authorized, WebSettings};
pub use format::{Csv, Format};
pub use page::{ListKey, Page};
pub use problem::{InvalidInput, Problem};
pub use query::Query;
