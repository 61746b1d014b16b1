"""Tokens that are none, and the check that nobody is let in by them."""

import base64
import hashlib
import hmac
import json
from typing import Any

from problems import INSIDE
from stack import Stack

ME = "/tenant/me"
# A route of each function that answers requests.
ROUTES = {"tenant": ME, "internal": "/internal/options"}


def in_base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def encoded(part: object) -> str:
    return in_base64(json.dumps(part).encode())


def decoded(part: str) -> Any:
    return json.loads(base64.urlsafe_b64decode(part + "=="))


def forged(token: str, **claims: object) -> str:
    """The token with other claims and the old signature."""
    header, payload, signature = token.split(".")
    return f"{header}.{encoded(decoded(payload) | claims)}.{signature}"


def without_algorithm(token: str, name: str = "none") -> str:
    _, payload, _ = token.split(".")
    return f"{encoded({'alg': name, 'typ': 'JWT'})}.{payload}."


def with_secret(header: dict[str, Any], claims: dict[str, Any], secret: bytes) -> str:
    """A token whose signature is made with a secret, by the hash that its header names."""
    message = f"{encoded(header)}.{encoded(claims)}"
    digest = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}[header["alg"]]
    return f"{message}.{in_base64(hmac.digest(secret, message.encode(), digest))}"


def assert_refused_twice(stack: Stack, token: str | None) -> None:
    """Through the gateway, and by each function alone, as if the API had been deployed without its authorizer."""
    for route in ROUTES.values():
        answer = stack.get(route, token)
        assert answer.status_code == 401, answer.text
        assert_tells_nothing(answer.text, token)
    assert_refused_by_functions(stack, token)


def assert_refused_by_functions(stack: Stack, token: str | None, **event: Any) -> None:
    for function, route in ROUTES.items():
        status, body = stack.invoke_api(function, route, token, **event)
        assert (status, body["code"], body["error"]) == (401, "unauthorized", "Unauthorized")
        # One sentence for all: what exactly was wrong would tell a forger how far he is.
        assert set(body) == {"type", "title", "status", "detail", "error", "code", "request_id"}
        assert body["detail"] == "A valid ID token is required in the Authorization header."
        assert_tells_nothing(json.dumps(body), token)


def assert_tells_nothing(text: str, token: str | None) -> None:
    assert not [inside for inside in INSIDE if inside in text.lower()], text
    assert not token or len(token) < 20 or token not in text
