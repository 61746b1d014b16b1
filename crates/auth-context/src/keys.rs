//! The user pool's public keys.

use std::collections::HashMap;
use std::time::Duration;

use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::JwkSet;
use tokio::sync::Mutex;
use tokio::time::Instant;
use tracing::Instrument;

/// How often an unknown `kid` may cause a fetch: anybody can send one.
const REFETCH_INTERVAL: Duration = Duration::from_mins(1);
/// How soon to try again while there is no key at all: every request waits for it.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);
const FETCH_TIMEOUT: Duration = Duration::from_secs(2);

/// The keys of a JWKS document: fetched at the first need, kept, and fetched again when a token names a key that is not
/// among them (Cognito rotates its keys), at most once a minute.
pub struct KeyStore {
    url: String,
    client: reqwest::Client,
    /// Held while fetching, so that many requests cause one fetch.
    cache: Mutex<Cache>,
}

#[derive(Default)]
struct Cache {
    by_id: HashMap<String, DecodingKey>,
    last_attempt: Option<Attempt>,
}

struct Attempt {
    at: Instant,
    succeeded: bool,
}

/// No key could be had: the caller can't be told from anybody else for now.
#[derive(Debug, thiserror::Error)]
pub enum KeyStoreError {
    /// The document could not be fetched.
    #[error("the key set could not be fetched: {0}")]
    Fetch(#[from] reqwest::Error),
    /// The document holds no key that can be used.
    #[error("the key set is empty")]
    Empty,
    /// The last fetch failed a moment ago; no new one was made.
    #[error("the key set could not be fetched a moment ago")]
    RecentFailure,
}

impl KeyStore {
    /// A store that fetches from this URL by this client. The URL is a setting apart from the issuer: the issuer names who
    /// signed, the URL says where to ask.
    #[must_use]
    pub fn new(url: String, client: reqwest::Client) -> Self {
        Self { url, client, cache: Mutex::default() }
    }

    /// Fetches the keys before the first request needs them. A failure costs nothing: that request tries again.
    pub async fn warm_up(&self) {
        if let Err(error) = self.key("").await {
            tracing::warn!(%error, "keys not fetched at start");
        }
    }

    /// The key of this id; `None` if the pool has no such key.
    pub async fn key(&self, id: &str) -> Result<Option<DecodingKey>, KeyStoreError> {
        let mut cache = self.cache.lock().await;
        if let Some(key) = cache.by_id.get(id) {
            return Ok(Some(key.clone()));
        }
        if let Some(attempt) = &cache.last_attempt {
            let interval = if cache.by_id.is_empty() { RETRY_INTERVAL } else { REFETCH_INTERVAL };
            if attempt.at.elapsed() < interval {
                return if attempt.succeeded { Ok(None) } else { Err(KeyStoreError::RecentFailure) };
            }
        }
        let fetched =
            self.fetch().instrument(tracing::debug_span!("keys", "peer.service" = "Cognito keys")).await;
        cache.last_attempt = Some(Attempt { at: Instant::now(), succeeded: fetched.is_ok() });
        cache.by_id = fetched?;
        Ok(cache.by_id.get(id).cloned())
    }

    async fn fetch(&self) -> Result<HashMap<String, DecodingKey>, KeyStoreError> {
        let response = self.client.get(&self.url).timeout(FETCH_TIMEOUT).send().await?.error_for_status()?;
        let set: JwkSet = response.json().await?;
        let usable = set.keys.iter().filter_map(|key| {
            // A key of a kind we don't use is no reason to refuse the others.
            Some((key.common.key_id.clone()?, DecodingKey::from_jwk(key).ok()?))
        });
        let by_id: HashMap<_, _> = usable.collect();
        if by_id.is_empty() { Err(KeyStoreError::Empty) } else { Ok(by_id) }
    }
}
