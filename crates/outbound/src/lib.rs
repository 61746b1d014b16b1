//! How functions call other services over HTTP: one client for all of them, which costs a cold start next to nothing
//! (ADR 11).

mod aws;

use std::time::Duration;

use reqwest::redirect;
use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, RootCertStore};

pub use aws::{AwsSettings, CallLimits};
pub use reqwest::{Client, Error};

/// The longest wait for a connection. How long an answer may take, each caller says.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// A client. A process has one, for whatever it calls. It trusts the public authorities that it was built with: reading
/// those of the system takes a cold start several milliseconds.
pub fn client() -> Result<Client, Error> {
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    // A provider named here is one that nobody has to install first.
    let tls = ClientConfig::builder_with_provider(aws_lc_rs::default_provider().into())
        .with_safe_default_protocol_versions()
        .map(|versions| versions.with_root_certificates(roots).with_no_client_auth());
    // Nobody whom we call has moved; who says so isn't whom we call.
    let builder = Client::builder().connect_timeout(CONNECT_TIMEOUT).redirect(redirect::Policy::none());
    match tls {
        Ok(tls) => builder.tls_backend_preconfigured(tls),
        // Only of a provider without the usual cipher suites.
        Err(_) => builder,
    }
    .build()
}
