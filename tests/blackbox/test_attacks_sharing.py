"""Attacks by way of what is shared (OWASP API1, API6): answers that are kept, tags, cursors, keys of commands, tables that
spreadsheets open, logs that people read; and what an answer tells of what its reader may not know."""

import base64
import functools
import json
import re
import statistics
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from commands import QUICK, ROUTE, Commands, command
from limits import nothing_left
from openapi import Document
from problems import assert_problem
from stack import Stack, until
from tables import DANGEROUS, parsed
from temporary import Temporary, random_cnpj, steadily, temporary

ME = "/tenant/me"
OF_A_TENANT = ("/tenant/me", "/tenant/agents", "/tenant/incidents", "/tenant/integrations", "/tenant/usage")
COMPANIES = "/internal/tenants"
# Every other test asks for what is made anew.
KEPT = {"Cache-Control": "max-stale"}
ANEW = {"Cache-Control": "no-cache"}


@pytest.fixture(scope="module")
def rows(stack: Stack) -> Iterator[Temporary]:
    with temporary(stack) as rows:
        yield rows


# ------------------------------------------------------------------ answers that are kept

MARK = "evil.example"
# What answers don't depend on, and what some servers let into an answer nevertheless.
UNKEYED = {
    "X-Forwarded-Host": MARK, "X-Forwarded-Proto": "gopher", "X-Forwarded-Port": "1337", "X-Forwarded-For": "127.0.0.1",
    "X-Host": MARK, "Forwarded": f"host={MARK};proto=gopher", "X-Original-URL": "/internal/tenants",
    "X-Rewrite-URL": "/internal/tenants", "X-HTTP-Method-Override": "DELETE", "Accept-Language": f"en;q=0.1, {MARK}",
    "Origin": f"https://{MARK}", "Referer": f"https://{MARK}/", "User-Agent": MARK, "X-Amz-Cf-Id": MARK,
    "X-Request-Id": MARK, "X-Amzn-Trace-Id": f"Root={MARK}", "If-Match": '"x"',
    "If-Modified-Since": "Thu, 01 Jan 1970 00:00:00 GMT",
    "Range": "bytes=0-3", "Accept-Encoding": "identity;q=0", "Accept-Charset": "utf-7", "Expect": "", "Cookie": f"tenant={MARK}",
    "Pragma": MARK, "Via": MARK, "Max-Forwards": "0", "X-Cache": "MISS", "Vary": "*", "ETag": f'"{MARK}"',
}  # fmt: skip


@pytest.mark.parametrize("path", OF_A_TENANT)
def test_nothing_that_one_sends_is_in_what_another_gets(
    stack: Stack, token: Callable[..., str], rows: Temporary, path: str
) -> None:
    """The first asks in every strange way for what is then kept; the second, of the same rights, gets what he would have."""
    tenant = stack.user("TENANT_ADMIN", tenant=0)["tenant_id"]
    support = token("INTERNAL_SUPPORT")

    def ask(user: str = support, /, query: str = "", **headers: str) -> httpx.Response:
        return stack.get(f"{path}?tenant_id={tenant}{query}", user, **headers)

    def check() -> None:
        clean = ask(**ANEW)
        assert clean.status_code == 200
        for name, value in UNKEYED.items():
            poisoned = ask(**ANEW, **{name: value})
            assert poisoned.status_code == 200, (name, poisoned.text)
            assert MARK not in poisoned.text and MARK not in str(dict(poisoned.headers)), name
        # Where Redis was slow for a moment, it is asked again.
        kept = until(lambda: answer if (answer := ask(**KEPT)).headers["x-cache"] == "HIT" else None)
        assert kept.content == clean.content
        assert kept.headers["access-control-allow-origin"] == stack.description["web_url"]
        # In other words the same question; what is unknown in it is no part of it.
        for query in (f"&utm_source={MARK}", "&x=1&x=2", f"&callback={MARK}", "&_=1"):
            same = ask(query=query, **KEPT)
            assert (same.status_code, same.content) == (200, clean.content), query

    steadily(rows.database, check)


@pytest.mark.parametrize("path", OF_A_TENANT)
def test_a_tag_is_good_for_the_tenant_it_is_of(
    stack: Stack, token: Callable[..., str], rows: Temporary, path: str
) -> None:
    """Another tenant's tag gets the answer of one's own, and no 304; each of the two is told its own."""
    users = [token("TENANT_ADMIN", tenant=index) for index in (0, 1)]

    def check() -> None:
        first = [stack.get(path, user, **ANEW) for user in users]
        assert first[0].headers["etag"] != first[1].headers["etag"]
        for own, other, user in ((first[0], first[1], users[0]), (first[1], first[0], users[1])):
            for headers in (KEPT, ANEW):
                answer = stack.get(path, user, **headers, **{"If-None-Match": other.headers["etag"]})
                assert (answer.status_code, answer.content) == (200, own.content)

    steadily(rows.database, check)
    # Nor is it told whether there is such a thing at all.
    foreign = stack.user("TENANT_ADMIN", tenant=1)["tenant_id"]
    for tag in (stack.get(path, users[1], **KEPT).headers["etag"], "*", '"x"'):
        answer = stack.get(path, users[0], {"tenant_id": foreign}, **{"If-None-Match": tag})
        assert_problem(answer, 403, "tenant_denied")


def test_an_error_is_never_shown_to_who_asks_rightly(stack: Stack, token: Callable[..., str], rows: Temporary) -> None:
    """400, 403, 404 and 412 first, then the right question by everybody who may ask it."""
    tenant = rows.tenant("Temporário, depois do erro")
    support, path = token("INTERNAL_SUPPORT"), f"{COMPANIES}/{tenant}"
    assert_problem(stack.get(path, token("TENANT_ADMIN", tenant=0), **KEPT), 403, "internal_required")
    refused = stack.send("PATCH", path, token("INTERNAL_ADMIN"), {"name": "x"}, **{"If-Match": '"x"'})
    assert_problem(refused, 412, "precondition_failed")
    assert stack.get(path, support, **KEPT).json()["tenant"]["id"] == tenant
    # One that isn't there yet is not remembered as missing.
    later = str(uuid.uuid4())
    for asked in (f"{COMPANIES}/{later}", f"{COMPANIES}/{later}/agents", f"{ME}?tenant_id={later}"):
        assert_problem(stack.get(asked, support, **KEPT), 404, "not_found")
    rows.tenant("Temporário, que veio depois", id=later)
    for asked in (f"{COMPANIES}/{later}", f"{COMPANIES}/{later}/agents", f"{ME}?tenant_id={later}"):
        answer = stack.get(asked, support, **KEPT)
        assert (answer.status_code, "code" in answer.json()) == (200, False), asked
    user = token("TENANT_ADMIN", tenant=0)
    assert_problem(stack.get("/tenant/usage", user, {"period": "x"}, **KEPT), 400, "invalid_parameter", "period")
    answer = stack.get("/tenant/usage", user, **KEPT)
    assert (answer.status_code, "code" in answer.json()) == (200, False)


def test_what_is_kept_is_kept_for_one_tenant_and_right(stack: Stack, token: Callable[..., str], rows: Temporary) -> None:
    """Each persona by turns, so that each finds what the one before it had kept."""
    personas = [("TENANT_ADMIN", 0), ("TENANT_ADMIN", 1), ("TENANT_USER", 0), ("TENANT_USER", 1)]

    def check() -> None:
        anew = {persona: stack.get(ME, token(persona[0], tenant=persona[1]), **ANEW).json() for persona in personas}
        for persona in personas * 2:
            answer = stack.get(ME, token(persona[0], tenant=persona[1]), **KEPT)
            assert answer.json() == anew[persona]
            assert answer.json()["id"] == stack.user(persona[0], tenant=persona[1])["tenant_id"]

    steadily(rows.database, check)


def test_headers_alone_are_kept_for_nobody(stack: Stack, token: Callable[..., str]) -> None:
    """HEAD, made anew by the function alone, for the gateway doesn't let it through; then GET for what is kept."""
    user = token("TENANT_USER", tenant=0)
    context = {
        "resourcePath": ME, "httpMethod": "HEAD", "path": ME, "stage": "local", "identity": {}, "requestId": "x",
        "accountId": "x", "apiId": "x", "resourceId": "x",
    }  # fmt: skip
    headers = {"Authorization": [user]} | {name: [value] for name, value in ANEW.items()}
    answered = stack.invoke_api(
        "tenant", ME, None, httpMethod="HEAD", requestContext=context, headers={}, multiValueHeaders=headers
    )  # fmt: skip
    assert answered == (200, None)
    assert stack.get(ME, user, **KEPT).json()["id"] == stack.user("TENANT_USER", tenant=0)["tenant_id"]


# ------------------------------------------------------------------ cursors and keys


def test_a_cursor_of_every_byte_changed_is_none(stack: Stack, token: Callable[..., str], rows: Temporary) -> None:
    """Each byte below its encoding, once; and what decodes to the same bytes but is spelled otherwise."""
    tenant = rows.tenant("Temporário, paginado")
    rows.events(tenant, [{"title": f"Incidente {index}"} for index in range(4)])
    support = token("INTERNAL_SUPPORT")
    ask = functools.partial(stack.get, "/tenant/incidents", support)
    cursor = ask({"tenant_id": tenant, "limit": 2}).json()["next_cursor"]
    bound = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    for index in range(len(bound)):
        changed = bound[:index] + bytes([bound[index] ^ (1 << index % 8)]) + bound[index + 1 :]
        edited = base64.urlsafe_b64encode(changed).rstrip(b"=").decode()
        assert_problem(ask({"tenant_id": tenant, "cursor": edited}), 400, "invalid_parameter", "cursor")
    for edited in (f"{cursor}=", f" {cursor}", f"{cursor}\n", f"{cursor}%00", cursor.swapcase(), cursor[::-1]):
        assert_problem(ask({"tenant_id": tenant, "cursor": edited}), 400, "invalid_parameter", "cursor")
    # By somebody who may not see the list, even a good one tells nothing.
    user = token("TENANT_USER", tenant=0)
    assert_problem(stack.get("/tenant/incidents", user, {"cursor": cursor}), 400, "invalid_parameter", "cursor")
    refused = stack.get("/tenant/incidents", user, {"cursor": cursor, "tenant_id": tenant})
    assert_problem(refused, 403, "tenant_denied")


def test_a_key_tells_nothing_to_who_did_not_choose_it(
    commands: Commands, stack: Stack, token: Callable[..., str], rows: Temporary
) -> None:
    """Neither who else used it nor for what: not to others, not on other routes, not by another spelling."""
    key = f"chave-{uuid.uuid4()}"
    tenant = rows.tenant("Temporário, com chave")
    body = command("HEALTH_CHECK", QUICK, tenant)
    first = commands.post(body, **{"Idempotency-Key": key})
    assert first.status_code == 201
    admin = token("INTERNAL_ADMIN")
    other = commands.post(body, admin, **{"Idempotency-Key": key})
    assert (other.status_code, other.headers.get("idempotency-replayed")) == (201, None)
    assert other.json()["command_id"] != first.json()["command_id"]
    for spelling in (key.upper(), f"{key}x", key[:-1]):
        again = commands.post(body, **{"Idempotency-Key": spelling})
        assert (again.status_code, again.headers.get("idempotency-replayed")) == (201, None), spelling
    # A tenant's user is refused before anybody looks.
    refused = commands.post(body, token("TENANT_ADMIN", tenant=0), **{"Idempotency-Key": key})
    assert_problem(refused, 403, "internal_required")
    # Where nothing is repeated by a key, it says nothing.
    name = {"name": "Temporário, sem chave", "cnpj": random_cnpj(), "plan": "starter"}
    made = stack.send("POST", COMPANIES, admin, name, **{"Idempotency-Key": key})
    assert made.status_code == 201
    rows.adopt(made.json()["tenant"]["id"])
    assert_problem(stack.send("POST", COMPANIES, admin, name, **{"Idempotency-Key": key}), 409, "conflict")


# ------------------------------------------------------------------ tables and logs

FORMULAS = [f"{first}cmd|'/c calc'!A1" for first in DANGEROUS]


def test_no_text_of_any_table_is_a_formula(
    document: Document, stack: Stack, token: Callable[..., str], rows: Temporary, commands: Commands
) -> None:
    """Each text that somebody else may choose, beginning with each dangerous character, in every table that has it."""
    admin = token("INTERNAL_ADMIN")
    tables = {
        path
        for (method, path), operation in document.operations.items()
        if "text/csv" in document.resolved(operation["responses"].get("200", {})).get("content", {})
    }
    filled: dict[str, dict[str, Any]] = {path: {} for path in tables}
    tenants = [rows.tenant(formula, segment=formula[:50], plan="starter") for formula in FORMULAS]
    agents = [rows.agent(formula, segment=formula[:50]) for formula in FORMULAS]
    for tenant, agent, formula in zip(tenants, agents, FORMULAS, strict=True):
        rows.deployment(tenant, agent)
        rows.integration(tenant, formula, integration_type=formula[:20], status="error", last_error=formula)
        rows.event(tenant, title=formula, description=formula)
        rows.event(tenant, event_type="tenant_changed", title=formula, description=formula, user_sub=formula)
    ordered = [commands.create("HEALTH_CHECK", QUICK, tenant) for tenant in tenants]
    for command_id in ordered:
        commands.ended(command_id)
    filled["/tenant/incidents"] = {"tenant_id": tenants[0]}
    filled["/tenant/usage"] = {"tenant_id": tenants[0]}
    filled[COMPANIES] = {"status": "all"}
    seen: dict[str, set[str]] = {}
    for path, params in filled.items():
        cells = [cell for row in parsed(stack.get(path, admin, params, Accept="text/csv"))[1:] for cell in row]
        # A number may be negative, and nothing else may begin like one.
        free = [cell for cell in cells if cell.startswith(DANGEROUS) and not re.fullmatch(r"-\d+(\.\d+)?", cell)]
        assert free == [], path
        seen[path] = {cell for cell in cells if cell.startswith("'")}
    for path in (COMPANIES, "/internal/agents", "/internal/integrations", "/internal/incidents", ROUTE, "/internal/audit"):
        assert {f"'{formula}" for formula in FORMULAS} <= seen[path], path
    assert f"'{FORMULAS[0]}" in seen["/tenant/incidents"]


INJECTED = [
    'x"}\n{"level":"ERROR","message":"request","sub":"forged","status":200}', "x\r\n2026-01-01T00:00:00Z INFO forged",
    "\x1b[2J\x1b[31mforged\x1b[0m", "forged\u2028{}\u2029", "\x00forged", "forged\x08\x08\x08", "${jndi:ldap://127.0.0.1/forged}",
    "%0a{\"forged\":1}", "\u202eforged",
]  # fmt: skip


def test_a_line_of_the_log_is_written_by_nobody_else(stack: Stack, token: Callable[..., str], rows: Temporary) -> None:
    """Line breaks, escape sequences and JSON in headers, addresses, parameters and names: one line of JSON an event."""
    since = time.time() - 1
    admin, user = token("INTERNAL_ADMIN"), token("TENANT_USER", tenant=0)
    asked: dict[str, list[str]] = {"tenant": [], "internal": []}
    for text in INJECTED:
        for function, path, sent in (("tenant", ME, user), ("internal", COMPANIES, admin), ("tenant", f"/tenant/{text}", user)):
            request_id = str(uuid.uuid4())
            asked[function].append(request_id)
            context = {
                "resourcePath": path, "httpMethod": "GET", "path": path, "stage": "local", "requestId": request_id,
                "accountId": "x", "apiId": "x", "resourceId": "x", "identity": {"userAgent": text, "sourceIp": "127.0.0.1"},
            }  # fmt: skip
            headers = {"Authorization": [sent]}
            if text.isascii() and text.isprintable():
                headers |= dict.fromkeys(("User-Agent", "X-Request-Id", "X-Forwarded-For", "Idempotency-Key", "Referer"), [text])
            stack.invoke_api(
                function, path, None, requestContext=context, multiValueHeaders=headers, headers={},
                queryStringParameters={"search": text, text: "x"}, multiValueQueryStringParameters={"search": [text], text: ["x"]},
            )  # fmt: skip
        made = stack.send("POST", COMPANIES, admin, {"name": text, "cnpj": random_cnpj(), "plan": "starter"})
        if made.status_code == 201:
            rows.adopt(made.json()["tenant"]["id"])
        else:
            assert_problem(made, 400, "invalid_body", "/name")
    for function, ids in asked.items():

        def lines(function: str = function, ids: list[str] = ids) -> list[str]:
            found = stack.function_log(function, since)
            return found if all(any(request_id in line for line in found) for request_id in ids) else []

        for line in until(lines):
            assert "forged" not in line.lower() and "\x1b" not in line and "\u202e" not in line, line
            if line.startswith("{"):
                json.loads(line)
            assert len(line.strip().splitlines()) == 1, line


# ------------------------------------------------------------------ what answers tell of what is there


def test_who_may_not_know_a_tenant_is_told_the_same_of_all(
    document: Document, stack: Stack, token: Callable[..., str], rows: Temporary
) -> None:
    """Status, headers and body of every route, of a tenant that exists and of one that doesn't, but for their ids.

    How many statements each costs, functions/tenant-api/tests/api/queries.rs counts.
    """
    suspended = rows.tenant("Temporário, suspenso", status="suspended")
    existing = [stack.user("TENANT_ADMIN", tenant=1)["tenant_id"], rows.tenant("Temporário, alheio"), suspended]
    for groups in (("TENANT_ADMIN",), ("TENANT_USER",)):
        user = token(*groups, tenant=0)
        for method, path in sorted(document.operations):
            told = set()
            for tenant in (*existing, str(uuid.uuid4()), "00000000-0000-0000-0000-000000000000"):
                params = {"tenant_id": tenant}
                asked = path.replace("{id}", tenant)
                answer = stack.send(method, asked, user, {"name": "x"} if method != "GET" else None, params, **{"If-Match": "*"})
                assert answer.status_code == 403, answer.text
                body = {name: value for name, value in answer.json().items() if name != "request_id"}
                headers = {name for name in answer.headers}
                told.add(json.dumps([body, sorted(headers), len(answer.content)]))
            assert len(told) == 1, (method, path, told)


def test_no_time_tells_whether_a_tenant_is_there(stack: Stack, token: Callable[..., str], rows: Temporary) -> None:
    """Medians of turns taken by turns: far closer than a question to the database would make them.

    The bound is coarse on purpose; that both cost the same is counted, not timed (functions/tenant-api/tests/api/queries.rs).
    """
    user = token("TENANT_USER", tenant=0)
    existing = [rows.tenant(f"Temporário {index}") for index in range(5)]
    took: dict[bool, list[float]] = {True: [], False: []}
    for turn in range(60):
        for there in (turn % 2 == 0, turn % 2 == 1):
            tenant = existing[turn % 5] if there else str(uuid.uuid4())
            began = time.perf_counter()
            answer = stack.get(ME, user, {"tenant_id": tenant}, **KEPT)
            took[there].append(time.perf_counter() - began)
            assert answer.status_code == 403
    medians = [statistics.median(times) for times in took.values()]
    assert abs(medians[0] - medians[1]) < max(0.5 * min(medians), 0.02), medians


def test_an_agent_of_others_is_as_unknown_as_none(stack: Stack, token: Callable[..., str], rows: Temporary) -> None:
    tenant, agent = rows.tenant("Temporário, com agente"), rows.agent("Temporário, alheio")
    rows.deployment(tenant, agent)
    user = token("TENANT_ADMIN", tenant=0)
    answers = [stack.get("/tenant/usage", user, {"agent_id": asked}) for asked in (agent, str(uuid.uuid4()), tenant)]
    bodies = [{name: value for name, value in answer.json().items() if name != "request_id"} for answer in answers]
    for answer in answers:
        assert_problem(answer, 404, "not_found")
    assert bodies[0] == bodies[1] == bodies[2]


# ------------------------------------------------------------------ too much of what is allowed


def test_commands_are_not_to_be_had_without_end(commands: Commands, stack: Stack, token: Callable[..., str]) -> None:
    """OWASP API6: each costs ten, refused ones too; who has nothing left changes nothing until he has again."""
    before = commands.count()
    with nothing_left(stack, commands.sub):
        for body in (command("HEALTH_CHECK", QUICK), {"x": 1}, b"{"):
            refused = commands.post(body, **{"Idempotency-Key": str(uuid.uuid4()), "Content-Type": "application/json"})
            assert_problem(refused, 429, "rate_limited")
            assert int(refused.headers["retry-after"]) >= 1
    assert commands.count() == before
    first = commands.post(command("HEALTH_CHECK", QUICK))
    second = commands.post({"x": 1})
    left = [int(re.findall(r'"user";r=(\d+)', answer.headers["ratelimit"])[0]) for answer in (first, second)]
    assert 7 <= left[0] - left[1] <= 10
