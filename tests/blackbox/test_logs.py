"""One line a request, and nothing in it that should not be there."""

import json
import time
import uuid

from stack import Stack, until

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
