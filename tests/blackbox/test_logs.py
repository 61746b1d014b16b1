"""One line a request, and nothing in it that should not be there."""

import json
import re
import time
import uuid
from typing import Any

from commands import ENDED, QUICK, Commands, command
from stack import Stack, until
from temporary import random_cnpj, temporary

ME = "/tenant/me"
TRACE = re.compile("1-[0-9a-f]{8}-[0-9a-f]{24}")
# What metrics are told apart by: never a tenant.
DIMENSIONS = {"Route", "StatusClass", "FunctionName"}


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
        assert (entry["request_id"], entry["route"], entry["method"]) == (request_id, ME, "GET")
        assert entry["sub"] == person["sub"]
        assert entry.get("tenant_id") == tenant_id
        assert TRACE.fullmatch(entry["trace_id"]) and entry["invocation"]
        # The same line is what the request is measured by.
        assert entry["Route"] == f"GET {ME}" and entry["StatusClass"] == f"{answer.status_code // 100}xx"
        for directive in entry["_aws"]["CloudWatchMetrics"]:
            assert {dimension for names in directive["Dimensions"] for dimension in names} <= DIMENSIONS
            assert all(isinstance(entry[metric["Name"]], int) for metric in directive["Metrics"])


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
        assert (entry["route"], entry["method"], entry["sub"]) == (route, method, admin["sub"])


def test_a_request_can_be_followed_to_its_audit_rows(stack: Stack, commands: Commands) -> None:
    """From the answer's header, by one id: the API's line, the processor's, the rows."""
    since = time.time() - 1
    answer = commands.post(command("HEALTH_CHECK", QUICK))
    command_id, request_id = answer.json()["command_id"], answer.headers["x-request-id"]
    assert commands.ended(command_id)["status"] in ENDED

    def about(function: str) -> list[dict[str, Any]]:
        lines = [line for line in stack.function_log(function, since) if line.startswith("{")]
        return [entry for entry in map(json.loads, lines) if entry.get("request_id") == request_id]

    (asked,) = until(lambda: about("internal"))
    assert (asked["status"], asked["route"], asked["sub"]) == (201, "/internal/operations/commands", commands.sub)
    # The executor's line, and that of the end, which comes with another invocation.
    executed = until(lambda: found if len(found := about("commands")) >= 2 else None)
    assert {"command executed", "command ended"} <= {entry["message"] for entry in executed}
    for entry in executed:
        assert entry["command_id"] == command_id
        assert (entry["command_type"], entry["attempt"]) == ("HEALTH_CHECK", 1)
        assert entry["trace_id"] == asked["trace_id"], "the trace of the request, wherever it is carried out"
        assert entry["invocation"] != asked["invocation"]
    rows = commands.audit(command_id)
    assert len(rows) == 3
    assert {row["metadata"]["request_id"] for row in rows} == {request_id}
