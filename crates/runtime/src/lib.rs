//! What every function does before anything else: read its settings, choose the crypto provider, set up its log; and how it
//! tells its metrics.

mod settings;

pub mod metrics;

use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

pub use settings::{Settings, SettingsError, read};

/// Chooses the crypto provider and sends the log to standard output, a JSON object a line. Called once, first.
pub fn start(settings: &Settings) {
    // Fails only if one was chosen before, which is then as good.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    // Libraries speak only of what is wrong: among them is the Lambda runtime, whose debug lines hold whole events.
    let own = tracing::Level::from(settings.log_level);
    let libraries = tracing::Level::WARN.min(own);
    let crates = [
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
    let filter = Targets::new().with_default(libraries).with_targets(crates.map(|name| (name, own)));
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .json()
        .flatten_event(true)
        .with_span_list(false)
        .with_target(false)
        .finish()
        .with(filter)
        .init();
}
