//! AWS, as a function finds it.

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

/// What Lambda tells every function: where it is, and who it is for as long as its process lives.
#[derive(Clone, Debug, Deserialize)]
pub struct AwsSettings {
    /// `AWS_REGION`
    pub aws_region: String,
    /// `AWS_ACCESS_KEY_ID`
    pub aws_access_key_id: String,
    /// `AWS_SECRET_ACCESS_KEY`
    pub aws_secret_access_key: SecretString,
    /// `AWS_SESSION_TOKEN`. Lambda always sets it; an emulator may not.
    #[serde(default)]
    pub aws_session_token: Option<SecretString>,
    /// `AWS_ENDPOINT_URL`: where all services are, instead of where AWS has them. Optional.
    #[serde(default)]
    pub aws_endpoint_url: Option<String>,
}

impl AwsSettings {
    /// What clients are made from that call by this one, within these limits. Nothing is looked for: profiles, web
    /// identities and instance metadata, which the SDK's own loader gets ready for, are on no function's machine.
    #[must_use]
    pub fn config(&self, client: reqwest::Client, limits: CallLimits) -> SdkConfig {
        let credentials = Credentials::new(
            &self.aws_access_key_id,
            self.aws_secret_access_key.expose_secret(),
            self.aws_session_token.as_ref().map(|token| token.expose_secret().to_owned()),
            None,
            "Lambda",
        );
        let mut config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(self.aws_region.clone()))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(SharedHttpClient::new(Bridge(client)))
            .timeout_config(limits.into());
        config.set_endpoint_url(self.aws_endpoint_url.clone());
        config.build()
    }
}

/// The longest that an attempt of a call may take, connecting included, and a call with all that is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallLimits {
    /// An attempt.
    pub attempt: Duration,
    /// The call.
    pub call: Duration,
}

impl CallLimits {
    /// While somebody waits for an answer: half of what a request may take.
    pub const REQUEST: Self = Self { attempt: Duration::from_secs(2), call: Duration::from_secs(4) };
    /// While nobody does. Each is a small part of a command's lease.
    pub const BACKGROUND: Self = Self { attempt: Duration::from_secs(5), call: Duration::from_secs(12) };
}

impl From<CallLimits> for TimeoutConfig {
    fn from(limits: CallLimits) -> Self {
        Self::builder().operation_attempt_timeout(limits.attempt).operation_timeout(limits.call).build()
    }
}

/// A client as the AWS SDK wants it.
#[derive(Debug)]
struct Bridge(reqwest::Client);

impl HttpClient for Bridge {
    fn http_connector(&self, settings: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector { client: self.0.clone(), timeout: settings.read_timeout() })
    }
}

#[derive(Debug)]
struct Connector {
    client: reqwest::Client,
    /// Of an answer.
    timeout: Option<Duration>,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (client, timeout) = (self.client.clone(), self.timeout);
        HttpConnectorFuture::new(async move {
            let mut request = outgoing(request)?;
            *request.timeout_mut() = timeout;
            let answer = client.execute(request).await.map_err(failure)?;
            let (status, headers) = (answer.status(), answer.headers().clone());
            let body = answer.bytes().await.map_err(failure)?;
            let mut answer = http::Response::new(SdkBody::from(body));
            *answer.status_mut() = status;
            *answer.headers_mut() = headers;
            HttpResponse::try_from(answer).map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

/// What is asked, for reqwest. None of the services that we call takes a stream.
fn outgoing(request: HttpRequest) -> Result<reqwest::Request, ConnectorError> {
    let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
    let (head, body) = request.into_parts();
    let body = body.bytes().ok_or_else(|| ConnectorError::user("a body that is not in memory".into()))?;
    http::Request::from_parts(head, body.to_vec())
        .try_into()
        .map_err(|error: reqwest::Error| ConnectorError::user(error.into()))
}

/// What the SDK decides by whether to try again.
fn failure(error: reqwest::Error) -> ConnectorError {
    // What was asked for, and where, is for nobody's log.
    let error = error.without_url();
    if error.is_timeout() { ConnectorError::timeout(error.into()) } else { ConnectorError::io(error.into()) }
}
