"""Every route of the OpenAPI document, asked by everybody, about every kind of tenant. A route without a case fails."""

import functools
import json
import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from commands import ONE, QUICK, ROUTE, Commands, command
from openapi import FILE, METHODS, Document
from problems import assert_problem
from samtranslator.yaml_helper import yaml_parse
from stack import Stack
from temporary import Temporary, random_cnpj, temporary

ROOT = Path(__file__).resolve().parents[2]

ALL = ("INTERNAL_ADMIN", "INTERNAL_SUPPORT", "TENANT_ADMIN", "TENANT_USER")
NO_TENANT_USERS = ("INTERNAL_ADMIN", "INTERNAL_SUPPORT", "TENANT_ADMIN")
INTERNAL = ("INTERNAL_ADMIN", "INTERNAL_SUPPORT")
ADMIN = ("INTERNAL_ADMIN",)

# Who may call what (contract, section 1), written down apart from the code.
ALLOWED = {
    ("GET", "/internal/agents"): INTERNAL,
    ("GET", "/internal/audit"): ADMIN,
    ("GET", "/internal/billing/overview"): ADMIN,
    ("GET", "/internal/incidents"): INTERNAL,
    ("GET", "/internal/integrations"): INTERNAL,
    ("GET", "/internal/operations/commands"): INTERNAL,
    ("GET", "/internal/operations/commands/{id}"): INTERNAL,
    ("GET", "/internal/options"): INTERNAL,
    ("GET", "/internal/tenants"): INTERNAL,
    ("GET", "/internal/tenants/{id}"): INTERNAL,
    ("GET", "/internal/tenants/{id}/agents"): INTERNAL,
    ("GET", "/internal/usage/overview"): INTERNAL,
    ("PATCH", "/internal/tenants/{id}"): ADMIN,
    ("POST", "/internal/operations/commands"): INTERNAL,
    ("POST", "/internal/tenants"): ADMIN,
    ("GET", "/tenant/agents"): ALL,
    ("GET", "/tenant/incidents"): ALL,
    ("GET", "/tenant/integrations"): NO_TENANT_USERS,
    ("GET", "/tenant/me"): ALL,
    ("GET", "/tenant/usage"): ALL,
}

# Lists that a tenant can be picked from; of all others under /internal only those with an id are about a tenant.
FILTERED = {("GET", f"/internal/{name}") for name in ("audit", "incidents", "integrations", "operations/commands")}
# What is asked for is a tenant's if its body says so; one of these is so by its id.
COMMAND, ONE_COMMAND = ("POST", ROUTE), ("GET", ONE)

# The groups of a persona, and which demo tenant it belongs to.
PERSONAS = {
    "INTERNAL_ADMIN": (("INTERNAL_ADMIN",), None),
    "INTERNAL_SUPPORT": (("INTERNAL_SUPPORT",), None),
    "TENANT_ADMIN of A": (("TENANT_ADMIN",), 0),
    "TENANT_USER of A": (("TENANT_USER",), 0),
    "TENANT_ADMIN of B": (("TENANT_ADMIN",), 1),
    "TENANT_USER of B": (("TENANT_USER",), 1),
    "nobody's member": ((), 0),
}


def routes() -> list[tuple[str, str]]:
    """Method and path of every operation of the document."""
    paths = json.loads(FILE.read_text())["paths"]
    return sorted((method.upper(), path) for path, item in paths.items() for method in item if method in METHODS)


def deployed_routes() -> list[tuple[str, str]]:
    """Method and path of every event of every function in the template: what isn't there nobody can reach."""
    template = yaml_parse((ROOT / "template.yaml").read_text())
    events = [
        event["Properties"]
        for resource in template["Resources"].values()
        for event in resource.get("Properties", {}).get("Events", {}).values()
        if event["Type"] == "Api"
    ]
    return sorted((event["Method"].upper(), event["Path"]) for event in events)


def test_every_route_has_a_case() -> None:
    assert routes() == deployed_routes() == sorted(ALLOWED)
    assert OF_ALL == {
        ("GET", "/internal/agents"), ("GET", "/internal/billing/overview"), ("GET", "/internal/options"),
        ("GET", "/internal/tenants"), ("GET", "/internal/usage/overview"), ("POST", "/internal/tenants"),
    }, "only these are about everybody"  # fmt: skip


def test_the_document_says_who_may_call(document: Document) -> None:
    for route, groups in ALLOWED.items():
        described = document.operations[route]["x-allowed-groups"]
        assert sorted(described) == sorted(groups), route


# ------------------------------------------------------------------ whose an answer is


@dataclass(frozen=True)
class Rows:
    """What a tenant's rows are known by."""

    id: str
    name: str
    # The active ones, and all of them.
    agents: frozenset[str]
    all_agents: frozenset[str]
    integrations: frozenset[str]
    incidents: frozenset[str]
    requests_by_day: dict[str, int]
    # Texts that stand in its rows: ids, names, titles, e-mails.
    texts: frozenset[str]


@pytest.fixture(scope="module")
def rows_of(stack: Stack) -> Callable[[str], Rows]:
    @functools.cache
    def of(tenant_id: str) -> Rows:
        with stack.database() as database:

            def rows(sql: str) -> list[tuple]:
                return database.execute(sql, [tenant_id]).fetchall()

            all_agents = rows(
                """SELECT a.id::text, a.name, t.status FROM tenant_agents AS t JOIN agents AS a ON a.id = t.agent_id
                   WHERE t.tenant_id = %s"""
            )
            agents = [row for row in all_agents if row[2] == "active"]
            integrations = rows("SELECT id::text, integration_name FROM tenant_integrations WHERE tenant_id = %s")
            incidents = rows(
                "SELECT id::text, title FROM operational_events WHERE tenant_id = %s AND event_type = 'incident'"
            )
            ((name, cnpj),) = rows("SELECT name, cnpj FROM tenants WHERE id = %s")
            requests = rows(
                """SELECT (created_at AT TIME ZONE 'UTC')::date::text, count(*) FROM agent_requests
                   WHERE tenant_id = %s GROUP BY 1"""
            )
            emails = {row[0] for row in rows("SELECT email FROM tenant_users WHERE tenant_id = %s")}
        named = (text for row in (*all_agents, *integrations, *incidents) for text in row[:2])
        texts = {tenant_id, name, cnpj, *emails, *named}
        return Rows(
            tenant_id, name,
            *(frozenset(row[0] for row in many) for many in (agents, all_agents, integrations, incidents)),
            dict(requests), frozenset(texts),
        )  # fmt: skip

    return of


def own_usage(body: dict[str, Any], own: Rows) -> bool:
    days = {day["date"]: day["total_requests"] for day in body["daily_data"]}
    return any(days.values()) and days == {day: own.requests_by_day.get(day, 0) for day in days}


def only_of(name: str, ids: str | None = None) -> Callable[[dict[str, Any], Rows], bool]:
    """The list has rows of the tenant alone; all of them, where their ids are known."""

    def check(body: dict[str, Any], own: Rows) -> bool:
        rows = body[name]
        whole = ids is None or {row["id"] for row in rows} == getattr(own, ids)
        return whole and {row["tenant_id"] for row in rows} <= {own.id}

    return check


# How each answer shows whose it is: its ids where it has any, its numbers where it has not.
OWN: dict[tuple[str, str], Callable[[dict[str, Any], Rows], bool]] = {
    ("GET", "/internal/audit"): only_of("events"),
    ("GET", "/internal/incidents"): only_of("incidents", "incidents"),
    ("GET", "/internal/integrations"): only_of("integrations", "integrations"),
    ("GET", "/internal/operations/commands"): only_of("commands"),
    ("GET", "/internal/operations/commands/{id}"): lambda body, own: body["command"]["tenant_id"] == own.id,
    ("GET", "/internal/tenants/{id}"): lambda body, own: body["tenant"]["id"] == own.id,
    ("GET", "/internal/tenants/{id}/agents"): lambda body, own: {row["id"] for row in body["agents"]} == own.all_agents,
    ("PATCH", "/internal/tenants/{id}"): lambda body, own: body["tenant"]["id"] == own.id,
    ("POST", "/internal/operations/commands"): lambda body, own: body["status"] == "PENDING",
    ("GET", "/tenant/agents"): lambda body, own: {row["id"] for row in body["agents"]} == own.agents,
    ("GET", "/tenant/incidents"): lambda body, own: (
        {row["id"] for row in body["incidents"] if row["scope"] == "tenant"} <= own.incidents
        and any(row["id"] in own.incidents for row in body["incidents"])
    ),
    ("GET", "/tenant/integrations"): lambda body, own: {row["id"] for row in body["integrations"]} == own.integrations,
    ("GET", "/tenant/me"): lambda body, own: body["id"] == own.id,
    ("GET", "/tenant/usage"): own_usage,
}
# These are about everybody, whichever tenant the query may name.
OF_ALL = {route for route in ALLOWED if route[1].startswith("/internal") and route not in OWN}


@pytest.fixture(scope="module")
def made(stack: Stack) -> Iterator[Temporary]:
    """Takes back the companies that are made here."""
    with temporary(stack) as rows:
        yield rows


@pytest.fixture(scope="module")
def command_of(commands: Commands, stack: Stack) -> dict[str, str]:
    """A command of each of the tenants that are asked about."""
    tenants = [stack.user("TENANT_ADMIN", tenant=index)["tenant_id"] for index in (0, 1)]
    return {tenant: commands.run("HEALTH_CHECK", QUICK, tenant)["command_id"] for tenant in tenants}


def ask(
    commands: Commands, made: Temporary, token: str, route: tuple[str, str], named: str | None, name: str
) -> httpx.Response:  # fmt: skip
    """The request that names a tenant in the route's own way, and with which nothing is wrong but rights.

    `name` is what the tenant is called already: what is written changes nothing.
    """
    method, path = route
    stack = commands.stack
    if route == COMMAND:
        return commands.post(command("RESTART_AGENT", {"agent_id": str(uuid.uuid4())}, named), token)
    if "{id}" in path:
        path, params = path.replace("{id}", named or ""), {}
    else:
        params = {} if named is None else {"tenant_id": named}
    if method == "GET":
        return stack.get(path, token, params)
    if method == "PATCH":
        return stack.send(method, path, token, {"name": name}, params, **{"If-Match": "*"})
    answer = stack.send(method, path, token, {"name": "Temporário", "cnpj": random_cnpj(), "plan": "starter"}, params)
    if answer.status_code == 201:
        made.adopt(answer.json()["tenant"]["id"])
    return answer


QUESTIONS = [
    pytest.param(route, asked, id=f"{' '.join(route)} {asked}")
    for route in routes()
    for asked in ("own", "other", "unknown", "malformed", "missing")
    if not ("{id}" in route[1] and asked == "missing")
]


@pytest.mark.parametrize("persona", PERSONAS)
@pytest.mark.parametrize(("route", "asked"), QUESTIONS)
def test_who_sees_which_tenant(
    stack: Stack,
    token: Callable[..., str],
    rows_of: Callable[[str], Rows],
    made: Temporary,
    commands: Commands,
    command_of: dict[str, str],
    route: tuple[str, str],
    persona: str,
    asked: str,
) -> None:
    groups, tenant = PERSONAS[persona]
    a, b = (stack.user("TENANT_ADMIN", tenant=index)["tenant_id"] for index in (0, 1))
    own, other = (b, a) if tenant == 1 else (a, b)
    named = {"own": own, "other": other, "unknown": str(uuid.uuid4()), "malformed": "not-a-uuid", "missing": None}[asked]
    target = other if asked == "other" else own
    if route == ONE_COMMAND:
        named = command_of.get(named or "", named)
    answer = ask(commands, made, token(*groups, tenant=tenant), route, named, rows_of(target).name)

    internal = any(group.startswith("INTERNAL") for group in groups)
    if not groups:
        assert_problem(answer, 403, "no_group")
    elif not internal and route[1].startswith("/internal"):
        assert_problem(answer, 403, "internal_required")
    elif not set(groups) & set(ALLOWED[route]):
        assert_problem(answer, 403, "role_required")
    elif route in OF_ALL:
        assert answer.status_code == (201 if route[0] == "POST" else 200), answer.text
    elif route == COMMAND and asked in ("malformed", "missing"):
        assert_problem(answer, 400, "invalid_body", "/tenant_id")
    elif asked == "malformed":
        assert_problem(answer, 400, "invalid_parameter", "id" if "{id}" in route[1] else "tenant_id")
    elif route in FILTERED and asked in ("unknown", "missing"):
        assert answer.status_code == 200, answer.text
        assert (answer.json()["total"] == 0) == (asked == "unknown")
    elif internal and asked == "missing":
        assert_problem(answer, 400, "tenant_required", "tenant_id")
    elif internal and asked == "unknown":
        assert_problem(answer, 404, "not_found")
    elif not internal and asked in ("other", "unknown"):
        assert_problem(answer, 403, "tenant_denied")
    else:
        assert answer.status_code == (201 if route[0] == "POST" else 200), answer.text
        assert OWN[route](answer.json(), rows_of(target)), answer.text
    # Whatever the answer, it has nothing of a tenant that wasn't asked for, nor of one that was refused.
    if answer.status_code == 200 and (route in OF_ALL or (route in FILTERED and asked == "missing")):
        return
    shown = {target} if answer.is_success and asked != "unknown" else set()
    for foreign in {a, b} - shown:
        others = rows_of(foreign).texts.difference(*(rows_of(tenant_id).texts for tenant_id in shown))
        texts = set(re.findall(r'"((?:[^"\\]|\\.)*)"', answer.text))
        assert not texts & {json.dumps(text, ensure_ascii=False)[1:-1] for text in others}


def test_platform_incidents_are_everybodys(stack: Stack, token: Callable[..., str]) -> None:
    seen = [
        {row["id"] for row in answer.json()["incidents"] if row["scope"] == "platform"}
        for tenant in (0, 1)
        for answer in [stack.get("/tenant/incidents", token("TENANT_USER", tenant=tenant), {"limit": "100"})]
    ]
    with stack.database() as database:
        of_nobody = database.execute(
            "SELECT id::text FROM operational_events WHERE event_type = 'incident' AND tenant_id IS NULL"
        )
        assert seen[0] == seen[1] == {row[0] for row in of_nobody} != set()
