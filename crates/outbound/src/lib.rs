//! How functions call other services over HTTP: one client for all of them, which costs a cold start next to nothing (ADR 12).

mod aws;

use std::sync::OnceLock;
use std::time::Duration;

use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, RootCertStore};

pub use aws::{AwsSettings, CallLimits};

/// The longest wait for a connection. How long an answer may take, each caller says.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

static CLIENT: OnceLock<reqwest::Client> = OnceLock::new();

/// The one client. It trusts the public authorities that it was built with: reading those of the system, again for each
/// client, takes a cold start several milliseconds.
pub fn client() -> Result<reqwest::Client, reqwest::Error> {
    if let Some(client) = CLIENT.get() {
        return Ok(client.clone());
    }
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    // A provider named here is one that nobody has to install first.
    let tls = ClientConfig::builder_with_provider(aws_lc_rs::default_provider().into())
        .with_safe_default_protocol_versions()
        .map(|versions| versions.with_root_certificates(roots).with_no_client_auth());
    let builder = reqwest::Client::builder().connect_timeout(CONNECT_TIMEOUT);
    let client = match tls {
        Ok(tls) => builder.tls_backend_preconfigured(tls),
        // Only of a provider without the usual cipher suites.
        Err(_) => builder,
    }
    .build()?;
    Ok(CLIENT.get_or_init(|| client).clone())
}
