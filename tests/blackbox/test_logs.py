"""One line a request, and nothing in it that should not be there."""

import json
import time
import uuid

from stack import Stack, until
from temporary import random_cnpj, temporary

ME = "/tenant/me"


def test_a_request_is_one_line_without_secrets_or_personal_data(stack: Stack) -> None:
    since = time.time() - 1
    user = stack.user("TENANT_ADMIN", tenant=0)
    support = stack.user("INTERNAL_SUPPORT")
    tokens = [stack.sign_in(person["email"], person["password"]).id for person in (user, support)]
    marker = f"marker{uuid.uuid4().hex}"
    answers = [
        stack.get(ME, tokens[0], {"ignored": marker}),
        stack.get(ME, tokens[1], {"tenant_id": user["tenant_id"]}),
        stack.get(ME, tokens[0], {"tenant_id": marker}),
        stack.get(ME, f"{tokens[0]}x"),
    ]
    ids = [answer.headers["x-request-id"] for answer in answers[:3]]

    def lines() -> list[str]:
        found = stack.function_log("tenant", since)
        return found if all(any(request_id in line for line in found) for request_id in ids) else []

    logged = until(lines)
    company = answers[0].json()
    for secret in (
        *tokens, *(token.split(".")[2] for token in tokens), marker, user["email"], support["email"],
        user["password"], company["cnpj"], company["name"],
    ):  # fmt: skip
        assert not [line for line in logged if secret in line], secret

    for answer, request_id, person, tenant_id in [
        (answers[0], ids[0], user, user["tenant_id"]),
        (answers[1], ids[1], support, user["tenant_id"]),
        (answers[2], ids[2], user, None),
    ]:
        (line,) = [line for line in logged if request_id in line]
        entry = json.loads(line)
        assert entry["status"] == answer.status_code
        assert entry["duration_ms"] >= 0
        span = entry["span"]
        assert (span["request_id"], span["route"], span["method"]) == (request_id, ME, "GET")
        assert span["sub"] == person["sub"]
        assert span.get("tenant_id") == tenant_id


def test_a_change_is_one_line_without_what_was_changed(stack: Stack) -> None:
    since = time.time() - 1
    admin = stack.user("INTERNAL_ADMIN")
    token = stack.sign_in(admin["email"], admin["password"]).id
    marker, cnpj = f"Marcador {uuid.uuid4().hex}", random_cnpj()
    tenants = "/internal/tenants"
    with temporary(stack) as rows:
        made = stack.send("POST", tenants, token, {"name": marker, "cnpj": cnpj, "plan": "starter"})
        tenant_id = rows.adopt(made.json()["tenant"]["id"])
        answers = [
            ("POST", tenants, made),
            ("POST", tenants, stack.send("POST", tenants, token, {"name": marker, "cnpj": cnpj, "plan": "starter"})),
            ("PATCH", f"{tenants}/{{id}}", stack.send(
                "PATCH", f"{tenants}/{tenant_id}", token, {"name": f"{marker} 2"}, **{"If-Match": made.headers["etag"]})),
            ("GET", tenants, stack.get(tenants, token, {"search": marker})),
        ]  # fmt: skip
    assert [answer.status_code for _, _, answer in answers] == [201, 409, 200, 200]
    ids = [answer.headers["x-request-id"] for _, _, answer in answers]

    def lines() -> list[str]:
        found = stack.function_log("internal", since)
        return found if all(any(request_id in line for line in found) for request_id in ids) else []

    logged = until(lines)
    for secret in (token, token.split(".")[2], marker, cnpj, made.json()["tenant"]["cnpj"], admin["email"]):
        assert not [line for line in logged if secret in line], secret
    for method, route, answer in answers:
        (line,) = [line for line in logged if answer.headers["x-request-id"] in line]
        entry = json.loads(line)
        assert entry["status"] == answer.status_code
        assert (entry["span"]["route"], entry["span"]["method"], entry["span"]["sub"]) == (route, method, admin["sub"])
