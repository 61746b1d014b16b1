//! Verification of ID tokens.

use jsonwebtoken::{Algorithm, Validation};
use serde::Deserialize;

use crate::claims::Claims;
use crate::keys::{KeyStore, KeyStoreError};

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
}

#[derive(Deserialize)]
struct IdToken {
    token_use: String,
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
        Self { keys, validation }
    }

    /// The keys, to be fetched before the first request needs them.
    #[must_use]
    pub const fn keys(&self) -> &KeyStore {
        &self.keys
    }

    /// The claims of a token whose signature, issuer, audience, times and use are as they should be.
    pub async fn verify(&self, token: &str) -> Result<Claims, TokenError> {
        let header = jsonwebtoken::decode_header(token).map_err(invalid)?;
        if header.alg != Algorithm::RS256 {
            return Err(TokenError::Invalid(format!("algorithm {:?}", header.alg)));
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
        Ok(token.claims)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the signature that map_err wants")]
fn invalid(error: jsonwebtoken::errors::Error) -> TokenError {
    TokenError::Invalid(error.to_string())
}
