//! What every function does before anything else, and last: reads its settings, chooses the crypto provider, sets up its log,
//! its traces and its AWS clients, and lets go of what it opened when it is stopped.

mod log;
mod settings;
mod stop;
mod trace;
mod xray;

pub mod metrics;

use tracing::Span;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

pub use log::Lines;
pub use settings::{Daemon, LogLevel, Settings, SettingsError, read};
pub use stop::Stop;
pub use trace::Trace;
pub use xray::{Segments, Waits};

/// Measured beside the C library's: ADR 11.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The crates whose words are ours.
const OWN: [&str; 11] = [
    "aggregate_daily_metrics",
    "auth_context",
    "cache",
    "commands",
    "data",
    "http_api",
    "internal_api",
    "migrate",
    "process_operational_command",
    "runtime",
    "tenant_api",
];

/// Chooses the crypto provider, and sends the log to standard output and traces to X-Ray's daemon, where there is one. Called
/// once, first.
pub fn start(settings: &Settings) {
    // Fails only if one was chosen before, which is then as good.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let lines = Lines::new(std::io::stdout()).with_filter(spoken(settings.log_level));
    let (segments, failure) =
        match settings.aws_xray_daemon_address.map(|Daemon(address)| Segments::to(address)) {
            Some(Ok(segments)) => (Some(segments.with_filter(Waits)), None),
            Some(Err(error)) => (None, Some(error)),
            None => (None, None),
        };
    tracing_subscriber::registry().with(lines).with(segments).init();
    if let Some(error) = failure {
        tracing::warn!(%error, "no way to the tracing daemon");
    }
}

/// What is written to the log at this level. Libraries speak only of what is wrong: among them is the Lambda runtime, whose
/// debug lines hold whole events.
#[must_use]
pub fn spoken(level: LogLevel) -> Targets {
    let own = tracing::Level::from(level);
    let libraries = tracing::Level::WARN.min(own);
    Targets::new()
        .with_default(libraries)
        .with_targets(OWN.map(|name| (name, own)))
        // However little is said, what is measured is written: alarms depend on it.
        .with_target(metrics::TARGET, tracing::Level::INFO)
}

/// The span of an invocation that no request of the API caused: of what it says, `invocation` is Lambda's id and `trace_id`
/// X-Ray's. `trace` is X-Ray's header, as the invocation's context has it.
///
/// Spans that carry ids are of the level that no setting turns off: an error's line needs them most.
#[must_use]
pub fn invocation(id: &str, trace: Option<&str>) -> Span {
    let trace = trace.and_then(Trace::parse).unwrap_or_default();
    tracing::error_span!("invocation", invocation = id, trace_id = trace.id, segment_id = trace.segment)
}
