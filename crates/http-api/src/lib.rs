//! What both HTTP functions share: routes behind the permission matrix, parameters, answers, errors, one log line a
//! request.

mod answer;
mod api;
mod observe;
mod problem;
mod query;

pub use answer::{Answer, Instant};
pub use api::{Api, AuthSettings, Authorized};
pub use problem::{InvalidInput, Problem};
pub use query::Query;
