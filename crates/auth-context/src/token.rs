//! Verification of ID tokens.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::digest;
use jsonwebtoken::{Algorithm, Validation};
use serde::Deserialize;

use crate::claims::{Claims, lenient_seconds};
use crate::keys::{KeyStore, KeyStoreError};

/// How many tokens are known again. Beyond, all are looked at anew.
const KNOWN: usize = 1_000;

/// Why a token does not identify anybody.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The token is no proof of anything: a 401. The reason is for the log.
    #[error("{0}")]
    Invalid(String),
    /// It can't be told whether the token is valid: a 503.
    #[error(transparent)]
    KeysUnavailable(#[from] KeyStoreError),
}

/// Verifies ID tokens of one user pool, issued to our app clients.
pub struct TokenVerifier {
    keys: KeyStore,
    validation: Validation,
    /// Tokens whose signatures were good, by their SHA-256. The same comes with every request of a page, and a signature
    /// takes longer to check than all the rest of it.
    known: Mutex<HashMap<[u8; digest::SHA256_OUTPUT_LEN], Known>>,
}

/// What there is to know of a token whose signature is good.
#[derive(Clone)]
struct Known {
    key_id: String,
    /// In seconds since 1970.
    expires: i64,
    claims: Claims,
}

#[derive(Deserialize)]
struct IdToken {
    token_use: String,
    #[serde(default, deserialize_with = "lenient_seconds")]
    exp: Option<i64>,
    #[serde(flatten)]
    claims: Claims,
}

impl TokenVerifier {
    /// A verifier of tokens from `issuer` for any of `client_ids`.
    #[must_use]
    pub fn new(keys: KeyStore, issuer: &str, client_ids: &[String]) -> Self {
        // The algorithm is ours to choose, never the token's: that ends `alg: none` and RS/HS confusion.
        let mut validation = Validation::new(Algorithm::RS256);
        validation.leeway = 0;
        validation.validate_nbf = true;
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.set_issuer(&[issuer]);
        validation.set_audience(client_ids);
        Self { keys, validation, known: Mutex::default() }
    }

    /// The keys, to be fetched before the first request needs them.
    #[must_use]
    pub const fn keys(&self) -> &KeyStore {
        &self.keys
    }

    /// The claims of a token whose signature, issuer, audience, times and use are as they should be.
    pub async fn verify(&self, token: &str) -> Result<Claims, TokenError> {
        let mut hash = [0; digest::SHA256_OUTPUT_LEN];
        hash.copy_from_slice(digest::digest(&digest::SHA256, token.as_bytes()).as_ref());
        if let Some(claims) = self.known(&hash).await? {
            return Ok(claims);
        }
        let known = self.verify_anew(token).await?;
        let claims = known.claims.clone();
        let mut all = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= KNOWN {
            all.clear();
        }
        all.insert(hash, known);
        Ok(claims)
    }

    /// The claims of a token whose signature was good, if it still says something: its key is still one of the pool's, and
    /// its time isn't over.
    async fn known(&self, hash: &[u8; digest::SHA256_OUTPUT_LEN]) -> Result<Option<Claims>, TokenError> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(hash).cloned();
        let Some(Known { key_id, expires, claims }) = known else { return Ok(None) };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let in_time = u64::try_from(expires).is_ok_and(|expires| now <= expires);
        Ok((in_time && self.keys.key(&key_id).await?.is_some()).then_some(claims))
    }

    async fn verify_anew(&self, token: &str) -> Result<Known, TokenError> {
        let header = jsonwebtoken::decode_header(token).map_err(invalid)?;
        if header.alg != Algorithm::RS256 {
            return Err(TokenError::Invalid(format!("algorithm {:?}", header.alg)));
        }
        // What it wants understood (RFC 7515, 4.1.11), nobody here understands.
        if header.crit.is_some() {
            return Err(TokenError::Invalid("critical headers".into()));
        }
        // Where a token says its key can be found (jku, x5u, jwk) is ignored.
        let key_id = header.kid.ok_or_else(|| TokenError::Invalid("no key id".into()))?;
        let key =
            self.keys.key(&key_id).await?.ok_or_else(|| TokenError::Invalid("unknown key id".into()))?;
        let token = jsonwebtoken::decode::<IdToken>(token, &key, &self.validation).map_err(invalid)?.claims;
        if token.token_use != "id" {
            return Err(TokenError::Invalid("not an ID token".into()));
        }
        if token.claims.sub.is_empty() {
            return Err(TokenError::Invalid("an empty sub".into()));
        }
        // Tokens that expire at no whole second, which Cognito doesn't make, are looked at each time.
        Ok(Known { key_id, expires: token.exp.unwrap_or_default(), claims: token.claims })
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the signature that map_err wants")]
fn invalid(error: jsonwebtoken::errors::Error) -> TokenError {
    TokenError::Invalid(error.to_string())
}
