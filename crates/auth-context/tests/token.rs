//! Which tokens identify somebody, and which don't.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

use std::sync::OnceLock;
use std::time::Duration;

use auth_context::{Claims, Group, Groups, KeyStore, TokenError, TokenVerifier};
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use serde_json::{Value, json};
use test_support::{TestIssuer, fuzz, json_like, text_like};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

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

    for none in ["none", "None", "NONE", "nOnE", " none", "none\0"] {
        let message = TestIssuer::message(&header(none), &valid());
        assert_invalid(&verifier.verify(&format!("{message}.")).await, none);
        assert_invalid(&verifier.verify(&issuer.sign_with(&header(none), &valid())).await, none);
    }
    // The public key, known to everybody, used as a shared secret.
    let jwk = issuer.jwk();
    let modulus = jwk["n"].as_str().unwrap();
    for (alg, algorithm) in
        [("HS256", hmac::HMAC_SHA256), ("HS384", hmac::HMAC_SHA384), ("HS512", hmac::HMAC_SHA512)]
    {
        for secret in [
            issuer.public_key(),
            URL_SAFE_NO_PAD.decode(modulus).unwrap(),
            modulus.into(),
            jwk.to_string().into(),
            Vec::new(),
        ] {
            let message = TestIssuer::message(&header(alg), &valid());
            let signature = hmac::sign(&hmac::Key::new(algorithm, &secret), message.as_bytes());
            let token = format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature));
            assert_invalid(&verifier.verify(&token).await, "RS/HS confusion");
        }
    }
    for alg in ["RS384", "RS512", "PS256", "ES256", "EdDSA", "rs256", "RS256 ", ""] {
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
        json!({"jwk": attacker.jwk()}),
        json!({"jwk": attacker.jwk(), "kid": null}),
        json!({"x5c": ["MIIB"]}),
        json!({"kid": attacker.jwks_url()}),
        json!({"kid": "key-2"}),
        json!({"kid": "key-1\n"}),
        json!({"kid": "key-1\0"}),
        json!({"kid": "KEY-1"}),
        json!({"kid": "k".repeat(100_000)}),
        json!({"kid": ["key-1"]}),
        json!({"kid": 1}),
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
async fn a_signature_is_good_as_a_whole_and_in_one_spelling() {
    let issuer = TestIssuer::start().await;
    let verifier = verifier(&issuer);
    let token = issuer.sign(&valid());
    let (message, signature) = token.rsplit_once('.').unwrap();
    let bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
    for index in 0..bytes.len() {
        for bit in [1, 0x80] {
            let mut flipped = bytes.clone();
            flipped[index] ^= bit;
            let token = format!("{message}.{}", URL_SAFE_NO_PAD.encode(flipped));
            assert_invalid(&verifier.verify(&token).await, &format!("bit {bit} of byte {index}"));
        }
    }
    // Those whose bits beyond the last byte aren't zero, and other ways to write the same bytes.
    let (all_but_last, last) = signature.split_at(signature.len() - 1);
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for other in alphabet.chars().map(String::from).filter(|other| other != last) {
        assert_invalid(&verifier.verify(&format!("{message}.{all_but_last}{other}")).await, &other);
    }
    for spelling in [format!("{signature}=="), format!(" {signature}"), format!("{signature}\n")] {
        assert_invalid(&verifier.verify(&format!("{message}.{spelling}")).await, &spelling);
    }
    assert!(verifier.verify(&token).await.is_ok());
}

#[tokio::test]
async fn what_must_be_understood_and_is_not_makes_a_token_invalid() {
    let issuer = TestIssuer::start().await;
    let verifier = verifier(&issuer);
    for critical in
        [json!({"crit": ["exp"], "exp": 1}), json!({"crit": ["b64"], "b64": false}), json!({"crit": []})]
    {
        let mut header = issuer.header();
        header.as_object_mut().unwrap().extend(critical.as_object().unwrap().clone());
        assert_invalid(&verifier.verify(&issuer.sign_with(&header, &valid())).await, &critical.to_string());
    }
}

#[tokio::test]
async fn a_claim_is_made_once() {
    let issuer = TestIssuer::start().await;
    let verifier = verifier(&issuer);
    let signed = |claims: &str| {
        let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
        issuer.sign_message(&format!("{}.{}", part(&issuer.header().to_string()), part(claims)))
    };
    let claims = valid().to_string();
    assert!(verifier.verify(&signed(&claims)).await.is_ok());
    for (name, other) in [
        ("custom:tenant_id", json!("0190a1b2-c3d4-7e5f-8a9b-000000000000")),
        ("cognito:groups", json!(["INTERNAL_ADMIN"])),
        ("sub", json!("somebody else")),
        ("exp", json!(4_000_000_000_u64)),
        ("token_use", json!("id")),
        ("iss", json!(TestIssuer::ISSUER)),
        ("aud", json!(TestIssuer::CLIENT)),
    ] {
        let first = format!("{{\"{name}\":{other},{}", &claims[1..]);
        let last = format!("{},\"{name}\":{other}}}", &claims[..claims.len() - 1]);
        for twice in [first, last] {
            assert_invalid(&verifier.verify(&signed(&twice)).await, &twice);
        }
    }
    // A token in a token, and claims that are no object.
    for other in [json!(issuer.sign(&valid())), json!([valid()]), Value::Null, json!({"claims": valid()})] {
        assert_invalid(&verifier.verify(&signed(&other.to_string())).await, &other.to_string());
    }
}

#[tokio::test]
async fn a_key_set_that_is_none_lets_nobody_in() {
    let mut issuer = TestIssuer::start().await;
    let token = issuer.sign(&valid());
    let secret = json!({"kty": "oct", "alg": "HS256", "kid": "key-1", "k": URL_SAFE_NO_PAD.encode("secret")});
    let with = |name: &str, value: Value| {
        let mut key = issuer.jwk();
        key[name] = value;
        json!({"keys": [key]})
    };
    let documents = [
        Value::Null,
        json!([]),
        json!({}),
        json!({"keys": []}),
        json!({"keys": {}}),
        json!({"keys": [{}]}),
        json!({"keys": [null]}),
        json!({"keys": [{"kty": "RSA", "kid": "key-1"}]}),
        json!({"keys": [secret]}),
        with("kid", Value::Null),
        with("kid", json!("key-2")),
        with("n", json!("")),
        with("n", json!("AQ")),
        with("e", json!("")),
        with("e", json!("AA")),
    ];
    for document in documents {
        issuer.serve(document.clone());
        let verifier = verifier(&issuer);
        assert!(verifier.verify(&token).await.is_err(), "{document}");
        // Nor who knows the secret that such a document holds.
        let message = TestIssuer::message(&json!({"alg": "HS256", "kid": "key-1"}), &valid());
        let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, b"secret"), message.as_bytes());
        let forged = format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature));
        assert!(verifier.verify(&forged).await.is_err(), "{document}");
    }
    issuer.rotate();
    assert!(verifier(&issuer).verify(&issuer.sign(&valid())).await.is_ok());
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
async fn a_key_set_that_says_it_has_moved_is_not_followed() {
    let (issuer, attacker) = (TestIssuer::start().await, TestIssuer::start().await);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/jwks.json", listener.local_addr().unwrap());
    let moved =
        format!("HTTP/1.1 302 Found\r\nLocation: {}\r\nContent-Length: 0\r\n\r\n", attacker.jwks_url());
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            let _ = connection.read(&mut [0; 4096]).await;
            let _ = connection.write_all(moved.as_bytes()).await;
        }
    });
    for token in [issuer.sign(&valid()), attacker.sign(&valid())] {
        let outcome = verifier_at(url.clone()).verify(&token).await;
        assert!(matches!(outcome, Err(TokenError::KeysUnavailable(_))), "{outcome:?}");
    }
    assert_eq!(attacker.fetches(), 0);
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

/// Runs a property that waits for its verifier.
fn fuzz_tokens<S: Strategy>(
    target: &str,
    cases: u32,
    inputs: impl FnOnce(&TestIssuer) -> S,
    property: &impl AsyncFn(&TestIssuer, &TokenVerifier, S::Value) -> TestCaseResult,
) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (issuer, verifier) = runtime.block_on(async {
        let issuer = TestIssuer::start().await;
        let verifier = verifier(&issuer);
        verifier.keys().warm_up().await;
        (issuer, verifier)
    });
    let inputs = inputs(&issuer);
    fuzz(target, cases, inputs, |input| runtime.block_on(property(&issuer, &verifier, input)));
}

#[test]
fn of_all_bytes_only_the_token_itself_is_one() {
    let token = OnceLock::new();
    let inputs = |issuer: &TestIssuer| text_like([token.get_or_init(|| issuer.sign(&valid())).clone()]);
    fuzz_tokens("tokens", 3_000, inputs, &async |_, verifier, text| {
        let verified = verifier.verify(&text).await;
        match &verified {
            Ok(_) => prop_assert_eq!(Some(&text), token.get()),
            Err(error) => prop_assert!(matches!(error, TokenError::Invalid(_)), "{:?}: {}", error, text),
        }
        Ok(())
    });
}

#[test]
fn whatever_was_signed_identifies_somebody_only_if_every_claim_is_right() {
    let inputs = |issuer: &TestIssuer| json_like([json!({"header": issuer.header(), "claims": valid()})]);
    fuzz_tokens("signed tokens", 1_000, inputs, &async |issuer, verifier, input| {
        let (header, claims) = (&input["header"], &input["claims"]);
        match verifier.verify(&issuer.sign_with(header, claims)).await {
            Ok(verified) => {
                prop_assert!(
                    header["alg"] == "RS256" && header["kid"] == issuer.header()["kid"],
                    "{}",
                    input
                );
                for name in ["iss", "token_use"] {
                    prop_assert_eq!(&claims[name], &valid()[name], "{}", input);
                }
                let audience =
                    claims["aud"].as_array().map_or(std::slice::from_ref(&claims["aud"]), Vec::as_slice);
                prop_assert!(audience.contains(&json!(TestIssuer::CLIENT)), "{}", input);
                // In whatever form it was given: later than now.
                let expires = claims["exp"].as_f64().unwrap_or_default();
                prop_assert!(expires >= valid()["iat"].as_f64().unwrap(), "{}", input);
                prop_assert!(!verified.sub.is_empty() && claims["sub"] == verified.sub.as_str(), "{}", input);
            }
            Err(error) => prop_assert!(matches!(error, TokenError::Invalid(_)), "{:?}: {}", error, input),
        }
        Ok(())
    });
}
