//! Which tokens identify somebody, and which don't.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

use std::time::Duration;

use auth_context::{Claims, Group, Groups, KeyStore, TokenError, TokenVerifier};
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use test_support::TestIssuer;

const TENANT: &str = "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b";

fn verifier_at(url: String) -> TokenVerifier {
    let clients = ["another-client-of-ours".to_owned(), TestIssuer::CLIENT.to_owned()];
    TokenVerifier::new(KeyStore::new(url, outbound::client().unwrap()), TestIssuer::ISSUER, &clients)
}

fn verifier(issuer: &TestIssuer) -> TokenVerifier {
    verifier_at(issuer.jwks_url())
}

fn valid() -> Value {
    TestIssuer::claims(&["TENANT_ADMIN"], Some(TENANT))
}

/// Claims with one of them changed; null takes it away.
fn with(name: &str, value: impl Into<Value>) -> Value {
    let mut claims = valid();
    claims[name] = value.into();
    claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    claims
}

fn assert_invalid(outcome: &Result<Claims, TokenError>, why: &str) {
    assert!(matches!(outcome, Err(TokenError::Invalid(_))), "{why}: {outcome:?}");
}

#[tokio::test]
async fn a_valid_token_says_who_is_calling() {
    let issuer = TestIssuer::start().await;
    let claims = verifier(&issuer).verify(&issuer.sign(&valid())).await.unwrap();
    assert_eq!(claims.sub, valid()["sub"].as_str().unwrap());
    assert_eq!(claims.groups, Groups::of(&[Group::TenantAdmin]));
    assert_eq!(claims.tenant_id, Some(TENANT.parse().unwrap()));
}

#[tokio::test]
async fn a_claim_that_is_wrong_or_missing_makes_a_token_invalid() {
    let issuer = TestIssuer::start().await;
    let verifier = verifier(&issuer);
    let now = valid()["iat"].as_u64().unwrap();
    for (name, value) in [
        ("iss", json!("https://cognito-idp.sa-east-1.amazonaws.com/sa-east-1_Other")),
        ("iss", Value::Null),
        ("aud", json!("client-of-others")),
        ("aud", json!(["client-of-others"])),
        ("aud", Value::Null),
        ("exp", json!(now - 1)),
        ("exp", json!("tomorrow")),
        ("exp", Value::Null),
        ("nbf", json!(now + 600)),
        ("token_use", json!("access")),
        ("token_use", Value::Null),
        ("sub", json!("")),
        ("sub", Value::Null),
    ] {
        let token = issuer.sign(&with(name, value.clone()));
        assert_invalid(&verifier.verify(&token).await, &format!("{name}: {value}"));
    }
}

#[tokio::test]
async fn an_access_token_is_no_id_token() {
    let issuer = TestIssuer::start().await;
    let mut claims = with("aud", Value::Null);
    claims["token_use"] = json!("access");
    claims["client_id"] = json!(TestIssuer::CLIENT);
    assert_invalid(&verifier(&issuer).verify(&issuer.sign(&claims)).await, "an access token");
}

#[tokio::test]
async fn garbage_is_invalid() {
    let issuer = TestIssuer::start().await;
    let verifier = verifier(&issuer);
    let token = issuer.sign(&valid());
    let (message, signature) = token.rsplit_once('.').unwrap();
    for garbage in [
        String::new(),
        "x".into(),
        "..".into(),
        "a.b.c".into(),
        message.into(),
        format!("{message}."),
        format!("{message}.{}", signature.replace(|c: char| c.is_ascii_digit(), "A")),
        format!("{token}.x"),
        "é".repeat(1000),
        "A".repeat(100_000),
    ] {
        assert_invalid(&verifier.verify(&garbage).await, &garbage.chars().take(40).collect::<String>());
    }
}

#[tokio::test]
async fn a_changed_payload_is_invalid() {
    let issuer = TestIssuer::start().await;
    let token = issuer.sign(&valid());
    let signature = token.rsplit_once('.').unwrap().1;
    let forged = TestIssuer::message(&issuer.header(), &with("cognito:groups", json!(["INTERNAL_ADMIN"])));
    assert_invalid(&verifier(&issuer).verify(&format!("{forged}.{signature}")).await, "forged groups");
}

#[tokio::test]
async fn the_token_does_not_choose_the_algorithm() {
    let issuer = TestIssuer::start().await;
    let verifier = verifier(&issuer);
    let header = |alg: &str| json!({"alg": alg, "kid": issuer.header()["kid"], "typ": "JWT"});

    for none in ["none", "None", "NONE"] {
        let message = TestIssuer::message(&header(none), &valid());
        assert_invalid(&verifier.verify(&format!("{message}.")).await, none);
    }
    // The public key, known to everybody, used as a shared secret.
    let message = TestIssuer::message(&header("HS256"), &valid());
    let secret = hmac::Key::new(hmac::HMAC_SHA256, &issuer.public_key());
    let signature = URL_SAFE_NO_PAD.encode(hmac::sign(&secret, message.as_bytes()));
    assert_invalid(&verifier.verify(&format!("{message}.{signature}")).await, "RS/HS confusion");
    for alg in ["RS384", "RS512", "PS256", "ES256", "EdDSA", ""] {
        assert_invalid(&verifier.verify(&issuer.sign_with(&header(alg), &valid())).await, alg);
    }
}

#[tokio::test]
async fn the_token_does_not_choose_the_key() {
    let (issuer, attacker) = (TestIssuer::start().await, TestIssuer::start().await);
    let verifier = verifier(&issuer);
    assert_invalid(&verifier.verify(&attacker.sign(&valid())).await, "our key id, their key");
    for injected in [
        json!({"jku": attacker.jwks_url()}),
        json!({"x5u": attacker.jwks_url()}),
        json!({"kid": "../../dev/null"}),
        json!({"kid": "key-1' OR '1'='1"}),
        json!({"kid": ""}),
        json!({"kid": null}),
    ] {
        let mut header = attacker.header();
        header.as_object_mut().unwrap().extend(injected.as_object().unwrap().clone());
        assert_invalid(&verifier.verify(&attacker.sign_with(&header, &valid())).await, &injected.to_string());
    }
    assert_eq!(attacker.fetches(), 0, "nobody asked where the token pointed");
}

#[tokio::test]
async fn keys_are_fetched_once_for_many_requests() {
    let issuer = TestIssuer::start().await;
    let verifier = verifier(&issuer);
    let token = issuer.sign(&valid());
    let (a, b, c) = tokio::join!(verifier.verify(&token), verifier.verify(&token), verifier.verify(&token));
    assert!(a.is_ok() && b.is_ok() && c.is_ok());
    assert_eq!(issuer.fetches(), 1);
}

#[tokio::test]
async fn an_unknown_key_is_looked_for_at_most_once_a_minute() {
    let mut issuer = TestIssuer::start().await;
    let verifier = verifier(&issuer);
    verifier.verify(&issuer.sign(&valid())).await.unwrap();
    issuer.rotate();
    let token = issuer.sign(&valid());
    for _ in 0..5 {
        assert_invalid(&verifier.verify(&token).await, "a key nobody knows yet");
    }
    assert_eq!(issuer.fetches(), 1, "the first fetch is less than a minute old");

    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(61)).await;
    tokio::time::resume();
    verifier.verify(&token).await.expect("the rotated key");
    assert_eq!(issuer.fetches(), 2);
}

#[tokio::test]
async fn without_keys_nobody_gets_in_and_nobody_is_sent_away() {
    let issuer = TestIssuer::start().await;
    let verifier = verifier(&issuer);
    issuer.fail(true);
    let token = issuer.sign(&valid());
    for _ in 0..3 {
        let outcome = verifier.verify(&token).await;
        assert!(matches!(outcome, Err(TokenError::KeysUnavailable(_))), "{outcome:?}");
    }
    assert_eq!(issuer.fetches(), 1, "a failure is not repeated for every request");

    issuer.fail(false);
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(2)).await;
    tokio::time::resume();
    verifier.verify(&token).await.expect("recovered without a restart");
}

#[tokio::test]
async fn an_unreachable_key_set_is_unavailable() {
    let issuer = TestIssuer::start().await;
    // A port that was just free.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let outcome = verifier_at(format!("http://{closed}/jwks.json")).verify(&issuer.sign(&valid())).await;
    assert!(matches!(outcome, Err(TokenError::KeysUnavailable(_))), "{outcome:?}");
}

#[tokio::test]
async fn known_keys_outlive_the_key_set() {
    let issuer = TestIssuer::start().await;
    let verifier = verifier(&issuer);
    let token = issuer.sign(&valid());
    verifier.verify(&token).await.unwrap();
    issuer.fail(true);
    verifier.verify(&token).await.expect("a key that is known needs no fetch");
}

#[tokio::test]
async fn a_token_that_is_known_is_valid_no_longer_than_it_says() {
    let issuer = TestIssuer::start().await;
    let verifier = verifier(&issuer);
    let token = issuer.sign(&with("exp", valid()["iat"].as_u64().unwrap() + 1));
    let claims = verifier.verify(&token).await.unwrap();
    assert_eq!(verifier.verify(&token).await.unwrap(), claims);
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    assert_invalid(&verifier.verify(&token).await, "it was valid a moment ago");
}

#[tokio::test]
async fn a_token_that_is_known_is_as_good_as_its_key() {
    let mut issuer = TestIssuer::start().await;
    let verifier = verifier(&issuer);
    let before = issuer.sign(&valid());
    verifier.verify(&before).await.unwrap();
    issuer.rotate();
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(61)).await;
    tokio::time::resume();
    verifier.verify(&issuer.sign(&valid())).await.expect("the rotated key");
    assert_invalid(&verifier.verify(&before).await, "its key is gone");
}
