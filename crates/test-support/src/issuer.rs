//! A user pool's issuer: keys, a JWKS document over HTTP, and tokens, good and bad.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use axum::Json;
use axum::http::StatusCode;
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// An issuer with one key at a time, whose public half it serves on a loopback port.
pub struct TestIssuer {
    served: Arc<Served>,
    key: KeyPair,
    key_id: String,
    url: String,
}

#[derive(Default)]
struct Served {
    document: Mutex<Value>,
    failing: AtomicBool,
    fetches: AtomicUsize,
}

impl TestIssuer {
    /// The `iss` of its tokens.
    pub const ISSUER: &str = "https://cognito-idp.sa-east-1.amazonaws.com/sa-east-1_Test";
    /// The app client its tokens are for.
    pub const CLIENT: &str = "client-of-ours";

    /// Makes a key and starts to serve it.
    pub async fn start() -> Self {
        let served = Arc::new(Served::default());
        let handler = {
            let served = Arc::clone(&served);
            async move || {
                served.fetches.fetch_add(1, Ordering::SeqCst);
                if served.failing.load(Ordering::SeqCst) {
                    return Err(StatusCode::INTERNAL_SERVER_ERROR);
                }
                Ok(Json(served.document.lock().unwrap().clone()))
            }
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/jwks.json", listener.local_addr().unwrap());
        tokio::spawn(
            axum::serve(listener, axum::Router::new().route("/jwks.json", get(handler))).into_future(),
        );

        let issuer = Self { served, key: new_key(), key_id: "key-1".into(), url };
        issuer.publish();
        issuer
    }

    /// Where the key set is served.
    #[must_use]
    pub fn jwks_url(&self) -> String {
        self.url.clone()
    }

    /// Replaces the key by a new one.
    pub fn rotate(&mut self) {
        self.key = new_key();
        self.key_id.push('+');
        self.publish();
    }

    /// Answers 500 from now on, or no longer.
    pub fn fail(&self, failing: bool) {
        self.served.failing.store(failing, Ordering::SeqCst);
    }

    /// Serves this from now on in place of its key set.
    pub fn serve(&self, document: Value) {
        *self.served.document.lock().unwrap() = document;
    }

    /// How often the key set was asked for.
    #[must_use]
    pub fn fetches(&self) -> usize {
        self.served.fetches.load(Ordering::SeqCst)
    }

    /// The claims of a valid ID token of a user in these groups.
    #[must_use]
    pub fn claims(groups: &[&str], tenant_id: Option<&str>) -> Value {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let mut claims = json!({
            "iss": Self::ISSUER, "aud": Self::CLIENT, "token_use": "id", "sub": "11111111-2222-4333-8444-555555555555",
            "auth_time": now, "iat": now, "exp": now + 900, "email": "somebody@example.com",
        });
        if !groups.is_empty() {
            claims["cognito:groups"] = json!(groups);
        }
        if let Some(tenant_id) = tenant_id {
            claims["custom:tenant_id"] = json!(tenant_id);
        }
        claims
    }

    /// The header of its tokens.
    #[must_use]
    pub fn header(&self) -> Value {
        json!({"alg": "RS256", "kid": self.key_id, "typ": "JWT"})
    }

    /// A token with these claims.
    #[must_use]
    pub fn sign(&self, claims: &Value) -> String {
        self.sign_with(&self.header(), claims)
    }

    /// A token with these claims and this header, signed by the key whatever the header says.
    #[must_use]
    pub fn sign_with(&self, header: &Value, claims: &Value) -> String {
        self.sign_message(&Self::message(header, claims))
    }

    /// The token that is this and its signature.
    #[must_use]
    pub fn sign_message(&self, message: &str) -> String {
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message.as_bytes(), &mut signature).unwrap();
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// What of a token is signed.
    #[must_use]
    pub fn message(header: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}", part(header), part(claims))
    }

    /// The public key in DER, which an attacker may know.
    #[must_use]
    pub fn public_key(&self) -> Vec<u8> {
        self.key.public_key().as_der().unwrap().as_ref().to_vec()
    }

    /// The public key as a member of a key set.
    #[must_use]
    pub fn jwk(&self) -> Value {
        let public = self.key.public_key();
        let number = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        json!({
            "alg": "RS256", "kty": "RSA", "use": "sig", "kid": self.key_id,
            "n": number(public.modulus().big_endian_without_leading_zero()),
            "e": number(public.exponent().big_endian_without_leading_zero()),
        })
    }

    /// Serves its key set, as it does from the beginning.
    pub fn publish(&self) {
        self.serve(json!({"keys": [self.jwk()]}));
    }
}

fn new_key() -> KeyPair {
    KeyPair::generate(KeySize::Rsa2048).unwrap()
}
