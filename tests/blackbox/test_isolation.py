"""Every route of the OpenAPI document, asked by everybody, about every kind of tenant. A route without a case fails."""

import functools
import json
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from openapi import FILE, METHODS, Document
from problems import assert_problem
from samtranslator.yaml_helper import yaml_parse
from stack import Stack

ROOT = Path(__file__).resolve().parents[2]

ALL = ("INTERNAL_ADMIN", "INTERNAL_SUPPORT", "TENANT_ADMIN", "TENANT_USER")
NO_TENANT_USERS = ("INTERNAL_ADMIN", "INTERNAL_SUPPORT", "TENANT_ADMIN")

# Who may call what (contract, section 1), written down apart from the code.
ALLOWED = {
    ("GET", "/tenant/agents"): ALL,
    ("GET", "/tenant/incidents"): ALL,
    ("GET", "/tenant/integrations"): NO_TENANT_USERS,
    ("GET", "/tenant/me"): ALL,
    ("GET", "/tenant/usage"): ALL,
}

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
    assert routes() == deployed_routes() == sorted(ALLOWED) == sorted(OWN)


def test_the_document_says_who_may_call(document: Document) -> None:
    for route, groups in ALLOWED.items():
        described = document.operations[route]["x-allowed-groups"]
        assert sorted(described) == sorted(groups), route


# ------------------------------------------------------------------ whose an answer is


@dataclass(frozen=True)
class Rows:
    """What a tenant's rows are known by."""

    id: str
    agents: frozenset[str]
    integrations: frozenset[str]
    incidents: frozenset[str]
    requests_by_day: dict[str, int]
    # Texts that stand in its rows: ids, names, titles.
    texts: frozenset[str]


@pytest.fixture(scope="module")
def rows_of(stack: Stack) -> Callable[[str], Rows]:
    @functools.cache
    def of(tenant_id: str) -> Rows:
        with stack.database() as database:

            def rows(sql: str) -> list[tuple]:
                return database.execute(sql, [tenant_id]).fetchall()

            agents = rows(
                """SELECT a.id::text, a.name FROM tenant_agents AS t JOIN agents AS a ON a.id = t.agent_id
                   WHERE t.tenant_id = %s AND t.status = 'active'"""
            )
            integrations = rows("SELECT id::text, integration_name FROM tenant_integrations WHERE tenant_id = %s")
            incidents = rows(
                "SELECT id::text, title FROM operational_events WHERE tenant_id = %s AND event_type = 'incident'"
            )
            ((name, cnpj),) = rows("SELECT name, cnpj FROM tenants WHERE id = %s")
            requests = rows(
                """SELECT (created_at AT TIME ZONE 'UTC')::date::text, count(*) FROM agent_requests
                   WHERE tenant_id = %s GROUP BY 1"""
            )
        texts = {tenant_id, name, cnpj, *(text for row in (*agents, *integrations, *incidents) for text in row)}
        return Rows(
            tenant_id, *(frozenset(row[0] for row in many) for many in (agents, integrations, incidents)),
            dict(requests), frozenset(texts),
        )  # fmt: skip

    return of


def own_usage(body: dict[str, Any], own: Rows) -> bool:
    days = {day["date"]: day["total_requests"] for day in body["daily_data"]}
    return any(days.values()) and days == {day: own.requests_by_day.get(day, 0) for day in days}


# How each answer shows whose it is: its ids where it has any, its numbers where it has not.
OWN: dict[tuple[str, str], Callable[[dict[str, Any], Rows], bool]] = {
    ("GET", "/tenant/agents"): lambda body, own: {row["id"] for row in body["agents"]} == own.agents,
    ("GET", "/tenant/incidents"): lambda body, own: (
        {row["id"] for row in body["incidents"] if row["scope"] == "tenant"} <= own.incidents
        and any(row["id"] in own.incidents for row in body["incidents"])
    ),
    ("GET", "/tenant/integrations"): lambda body, own: {row["id"] for row in body["integrations"]} == own.integrations,
    ("GET", "/tenant/me"): lambda body, own: body["id"] == own.id,
    ("GET", "/tenant/usage"): own_usage,
}


@pytest.mark.parametrize("asked", ["own", "other", "unknown", "malformed", "missing"])
@pytest.mark.parametrize("persona", PERSONAS)
@pytest.mark.parametrize("route", routes(), ids=" ".join)
def test_who_sees_which_tenant(
    stack: Stack,
    token: Callable[..., str],
    rows_of: Callable[[str], Rows],
    route: tuple[str, str],
    persona: str,
    asked: str,
) -> None:
    method, path = route
    assert method == "GET"
    groups, tenant = PERSONAS[persona]
    a, b = (stack.user("TENANT_ADMIN", tenant=index)["tenant_id"] for index in (0, 1))
    own, other = (b, a) if tenant == 1 else (a, b)
    named = {"own": own, "other": other, "unknown": str(uuid.uuid4()), "malformed": "not-a-uuid", "missing": None}[asked]
    answer = stack.get(path, token(*groups, tenant=tenant), {} if named is None else {"tenant_id": named})

    internal = any(group.startswith("INTERNAL") for group in groups)
    if not groups:
        assert_problem(answer, 403, "no_group")
    elif not set(groups) & set(ALLOWED[route]):
        assert_problem(answer, 403, "role_required")
    elif asked == "malformed":
        assert_problem(answer, 400, "invalid_parameter", "tenant_id")
    elif internal and asked == "missing":
        assert_problem(answer, 400, "tenant_required", "tenant_id")
    elif internal and asked == "unknown":
        assert_problem(answer, 404, "not_found")
    elif not internal and asked in ("other", "unknown"):
        assert_problem(answer, 403, "tenant_denied")
    else:
        assert answer.status_code == 200, answer.text
        expected = named or own
        assert OWN[route](answer.json(), rows_of(expected)), answer.text
    # Whatever the answer, it has nothing of a tenant that wasn't asked for, nor of one that was refused.
    shown = {named or own} if answer.status_code == 200 else set()
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
