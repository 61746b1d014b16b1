"""Attacks on authentication (OWASP API2): tokens made by somebody who knows all that is public, and ways around the token.

What can only be signed with a key of the pool is tried in crates/auth-context/tests/token.rs.
"""

import base64
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from forgery import (
    ME,
    ROUTES,
    assert_refused_by_functions,
    assert_refused_twice,
    encoded,
    in_base64,
    with_secret,
    without_algorithm,
)
from stack import Stack, Tokens

# What the forger wants to be.
WANTED = {"cognito:groups": ["INTERNAL_ADMIN"], "sub": "forged"}


@dataclass
class Forger:
    """Has a key pair, and serves its public half to whoever asks."""

    url: str
    key: rsa.RSAPrivateKey
    jwk: dict[str, Any]
    asked: list[str] = field(default_factory=list)

    def sign(self, claims: dict[str, Any], **header: Any) -> str:
        """By its own key, whatever the header says."""
        message = f"{encoded({'alg': 'RS256', 'typ': 'JWT'} | header)}.{encoded(claims)}"
        return f"{message}.{in_base64(self.key.sign(message.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


@pytest.fixture(scope="module")
def forger() -> Iterator[Forger]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    jwk = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key())) | {"alg": "RS256", "use": "sig", "kid": "forged"}
    asked: list[str] = []

    class KeySet(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps({"keys": [jwk]}).encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), KeySet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Forger(f"http://127.0.0.1:{server.server_port}", key, jwk, asked)
    server.shutdown()


@pytest.fixture(scope="module")
def signed_in(stack: Stack) -> Tokens:
    user = stack.user("TENANT_ADMIN", tenant=0)
    return stack.sign_in(user["email"], user["password"])


@pytest.fixture(scope="module")
def header(signed_in: Tokens) -> dict[str, Any]:
    return jwt.get_unverified_header(signed_in.id)


@pytest.fixture(scope="module")
def claims(signed_in: Tokens) -> dict[str, Any]:
    return jwt.decode(signed_in.id, options={"verify_signature": False}) | WANTED


@pytest.fixture(scope="module")
def public_key(stack: Stack, header: dict[str, Any]) -> dict[str, Any]:
    """The pool's key as everybody may read it."""
    configured = stack.aws("lambda").get_function_configuration(FunctionName=stack.description["functions"]["tenant"])
    keys = httpx.get(configured["Environment"]["Variables"]["COGNITO_JWKS_URL"]).json()["keys"]
    (jwk,) = [key for key in keys if key["kid"] == header["kid"]]
    return jwk


@pytest.mark.parametrize("name", ["none", "None", "NONE", "nOnE", "", None, "HS256", "RS256", ["none"], {"alg": "none"}])
def test_a_token_without_a_signature(
    stack: Stack, claims: dict[str, Any], signed_in: Tokens, header: dict[str, Any], name: Any
) -> None:
    for token in (
        without_algorithm(signed_in.id, name), f"{encoded(header | {'alg': name})}.{encoded(claims)}.",
        f"{encoded(header | {'alg': name})}.{encoded(claims)}",
    ):  # fmt: skip
        assert_refused_twice(stack, token)


def test_the_public_key_is_no_secret(
    stack: Stack, public_key: dict[str, Any], header: dict[str, Any], claims: dict[str, Any]
) -> None:
    """RS256 turned into HS256: what everybody knows would then sign."""
    key = jwt.PyJWK(public_key).key
    forms = (serialization.Encoding.PEM, serialization.Encoding.DER)
    pem, der = (key.public_bytes(form, serialization.PublicFormat.SubjectPublicKeyInfo) for form in forms)
    of_rsa = [key.public_bytes(form, serialization.PublicFormat.PKCS1) for form in forms]
    modulus = public_key["n"]
    secrets = [
        pem, pem.strip(), pem.replace(b"\n", b"\r\n"), der, *of_rsa, modulus.encode(),
        base64.urlsafe_b64decode(modulus + "=="), json.dumps(public_key).encode(), b"", b"\0",
    ]  # fmt: skip
    for algorithm in ("HS256", "HS384", "HS512"):
        for secret in secrets if algorithm == "HS256" else secrets[:4]:
            assert_refused_twice(stack, with_secret(header | {"alg": algorithm}, claims, secret))


def key_ids(forger: Forger) -> dict[str, Any]:
    return {
        "its own": "forged", "empty": "", "none": None, "a path": "../../../../../../dev/null", "an address": forger.url,
        "SQL": "x' UNION SELECT 'secret' -- ", "a line break": "x\r\nX-Injected: 1", "NUL": "\0", "long": "k" * 3_000,
        "a list": ["forged"], "a number": 0, "an object": {"$ne": 1}, "true": True,
        "a template": "{{7*7}}${jndi:ldap://127.0.0.1/x}",
    }  # fmt: skip


def test_a_key_id_leads_nowhere(stack: Stack, forger: Forger, header: dict[str, Any], claims: dict[str, Any]) -> None:
    for key_id in [*key_ids(forger).values(), header["kid"]]:
        assert_refused_twice(stack, forger.sign(claims, kid=key_id))
        # As if the key of that name were empty, as /dev/null is.
        assert_refused_twice(stack, with_secret({"alg": "HS256", "typ": "JWT", "kid": key_id}, claims, b""))
    assert forger.asked == []


def test_nobody_asks_where_a_token_points(
    stack: Stack, forger: Forger, header: dict[str, Any], claims: dict[str, Any]
) -> None:
    """SSRF by way of a token (OWASP API7): the forger's key set is there, and never asked for."""
    pointers = {
        "jku": f"{forger.url}/jwks.json", "x5u": f"{forger.url}/certificate.pem", "jwk": forger.jwk,
        "x5c": [base64.b64encode(forger.key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)).decode()],
    }  # fmt: skip
    for name, value in pointers.items():
        for key_id in ("forged", header["kid"]):
            assert_refused_twice(stack, forger.sign(claims, kid=key_id, **{name: value}))
    assert_refused_twice(stack, forger.sign(claims, kid="forged", **pointers))
    assert_refused_twice(stack, forger.sign(claims | {"iss": forger.url}, kid="forged"))
    assert_refused_twice(stack, forger.sign(claims | {"iss": f"{claims['iss']}@127.0.0.1"}, kid="forged"))
    assert forger.asked == []
    assert httpx.get(f"{forger.url}/jwks.json").json()["keys"] == [forger.jwk], "who had asked would have been seen"
    assert forger.asked.pop() == "/jwks.json"


@pytest.mark.parametrize(
    "more",
    [{"crit": ["exp"]}, {"crit": ["b64"], "b64": False}, {"zip": "DEF"}, {"cty": "JWT"}, {"typ": "at+jwt"}, {"enc": "A128GCM"}],
    ids=lambda more: next(iter(more)),
)
def test_headers_that_mean_something_elsewhere(
    stack: Stack, forger: Forger, header: dict[str, Any], claims: dict[str, Any], more: dict[str, Any]
) -> None:
    assert_refused_twice(stack, forger.sign(claims, kid=header["kid"], **more))
    assert_refused_twice(stack, with_secret(header | {"alg": "HS256"} | more, claims, b""))


def test_a_signature_is_good_for_its_message_alone(stack: Stack, signed_in: Tokens) -> None:
    """Cut, changed in its last bytes, or taken from another token of the same person."""
    message, _, signature = signed_in.id.rpartition(".")
    signed = base64.urlsafe_b64decode(signature + "==")
    changed = [signed[:index] + bytes([signed[index] ^ 1]) + signed[index + 1 :] for index in (0, *range(-8, 0))]
    others = [in_base64(signature) for signature in (*changed, signed[:-1], signed + b"\0", b"\0" * len(signed), signed[::-1])]
    for other in (*others, signed_in.access.rpartition(".")[2], signature[:-1], signature[1:], f"{signature}.{signature}"):
        assert_refused_twice(stack, f"{message}.{other}")


def test_a_token_in_a_token(stack: Stack, forger: Forger, signed_in: Tokens, header: dict[str, Any]) -> None:
    real = signed_in.id.split(".")
    for token in (
        f"{encoded({'alg': 'none', 'cty': 'JWT'})}.{in_base64(signed_in.id.encode())}.", forger.sign({"jwt": signed_in.id}),
        f"{signed_in.id}.{real[1]}.{real[2]}", ".".join([real[0], *real]), f"{real[0]}.{real[1]}.{real[2]}.", f".{signed_in.id}",
        json.dumps({"protected": real[0], "payload": real[1], "signature": real[2]}),
    ):  # fmt: skip
        assert_refused_twice(stack, token)


def test_a_huge_token(stack: Stack, forger: Forger, claims: dict[str, Any], header: dict[str, Any]) -> None:
    """Larger than a gateway lets through, so by the functions alone; and no more work than others."""
    user = stack.user("TENANT_ADMIN", tenant=0)
    real = stack.sign_in(user["email"], user["password"]).id
    for token in (
        forger.sign(claims | {"filler": "x" * 400_000}, kid=header["kid"]), forger.sign(claims, kid="k" * 300_000),
        "A" * 500_000, "." * 500_000, f"{real}{'=' * 500_000}",
    ):  # fmt: skip
        assert_refused_by_functions(stack, token)


def headers_of(*pairs: tuple[str, list[str]]) -> dict[str, Any]:
    """The headers of an event, as a gateway tells them: the last of each name, and all of them."""
    return {"headers": {name: values[-1] for name, values in pairs}, "multiValueHeaders": dict(pairs)}


def test_of_two_tokens_none_is_chosen(stack: Stack, forger: Forger, signed_in: Tokens, claims: dict[str, Any]) -> None:
    """Of two, a gateway may check the one and a function read the other."""
    other, own = forger.sign(claims, kid="forged"), claims["custom:tenant_id"]
    for first, second in ((signed_in.id, other), (other, signed_in.id), (signed_in.id, signed_in.id), ("x", signed_in.id)):
        answer = stack.http.get(f"{stack.api_url}{ME}", headers=[("Authorization", first), ("Authorization", second)])
        assert answer.status_code == 401, answer.text
        for one in (f"{first}, {second}", f"Bearer {first} {second}", f"{first} {second}", f"Bearer {first}, Bearer {second}"):
            assert_refused_by_functions(stack, None, **headers_of(("Authorization", [one])))
        assert_refused_by_functions(stack, None, headers={}, multiValueHeaders={"Authorization": [first, second]})
        # Of an event that tells the last one apart, as a gateway's does, that one is read. It is verified as any other: the
        # good one opens what is its own.
        for event in (
            headers_of(("Authorization", [first, second])), headers_of(("Authorization", [first]), ("authorization", [second])),
        ):  # fmt: skip
            status, body = stack.invoke_api("tenant", ME, None, **event)
            assert (status, body.get("id")) in ((401, None), (200, own))
            status, body = stack.invoke_api("internal", ROUTES["internal"], None, **event)
            assert (status, body["code"]) in ((401, "unauthorized"), (403, "internal_required"))
        # Nor does it help to have the gateway check the one.
        context = {
            "resourcePath": ME, "httpMethod": "GET", "path": ME, "stage": "local", "requestId": "x", "accountId": "x", "apiId": "x",
            "resourceId": "x", "identity": {}, "authorizer": {"claims": WANTED | {"token_use": "id"}},
        }  # fmt: skip
        assert_refused_by_functions(stack, None, **headers_of(("Authorization", [first, second])), requestContext=context)


def test_a_token_is_taken_from_its_header_alone(stack: Stack, signed_in: Tokens) -> None:
    """Not from the address, which is logged, nor from what another site may send."""
    token = signed_in.id
    for params in ({"access_token": token}, {"id_token": token}, {"Authorization": token}, {"token": token}):
        assert stack.get(ME, None, params).status_code == 401
    for name in (
        "X-Authorization", "X-Amz-Security-Token", "Proxy-Authorization", "Authorization-Token", "X-Forwarded-User",
        "X-Amzn-Oidc-Data",
    ):  # fmt: skip
        assert stack.get(ME, None, **{name: token}).status_code == 401
    for cookie in (f"Authorization={token}", f"id_token={token}", f"painel_session={token}"):
        assert stack.get(ME, None, Cookie=cookie).status_code == 401
    for event in (
        headers_of(("Cookie", [f"Authorization={token}"])), {"queryStringParameters": {"Authorization": token}},
        {"stageVariables": {"Authorization": token}}, {"body": json.dumps({"Authorization": token})},
        {"authorizationToken": token, "type": "TOKEN"},
    ):  # fmt: skip
        assert_refused_by_functions(stack, None, **event)


def test_identities_that_others_would_have_checked_are_none(stack: Stack, claims: dict[str, Any]) -> None:
    """What an event says of its caller, in every form in which a gateway may say it, opens nothing."""
    told = {"sub": claims["sub"], "cognito:groups": "INTERNAL_ADMIN", "token_use": "id"}
    for authorizer in (
        {"claims": told}, {"jwt": {"claims": told}}, {"lambda": told}, told, {"principalId": "admin"},
        {"claims": json.dumps(told)},
    ):  # fmt: skip
        for function, route in ROUTES.items():
            context = {
                "resourcePath": route, "httpMethod": "GET", "path": route, "stage": "local", "requestId": "x", "accountId": "x",
                "apiId": "x", "resourceId": "x", "authorizer": authorizer,
                "identity": {"cognitoIdentityId": "x", "userArn": "arn:aws:iam::000000000000:root", "apiKey": "x"},
            }  # fmt: skip
            status, body = stack.invoke_api(function, route, None, requestContext=context)
            assert (status, body["code"]) == (401, "unauthorized"), authorizer


def test_all_who_are_refused_are_told_the_same(
    stack: Stack, forger: Forger, signed_in: Tokens, claims: dict[str, Any], header: dict[str, Any]
) -> None:
    """Whatever is wrong with a token, the answers differ in nothing but their ids."""
    tokens = [
        None, "x", without_algorithm(signed_in.id), forger.sign(claims, kid="forged"), forger.sign(claims, kid=header["kid"]),
        f"{signed_in.id}A", signed_in.access, forger.sign(claims | {"exp": int(time.time()) - 1}, kid=header["kid"]),
    ]  # fmt: skip
    for function, route in ROUTES.items():
        answers = [stack.invoke_api(function, route, token) for token in tokens]
        assert len({(status, json.dumps(body | {"request_id": None})) for status, body in answers}) == 1, answers
