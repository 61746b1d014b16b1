"""Every route of the OpenAPI document, asked by everybody, about every kind of tenant. A route without a case fails."""

import json
import os
import random
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from chance import seed_of_run
from commands import QUICK, Commands, command
from openapi import FILE, METHODS, Document
from owners import ALLOWED, COMMAND, ONE_COMMAND, OWN, Asker, Rows, rows_of_tenants, texts_in
from problems import assert_problem
from samtranslator.yaml_helper import yaml_parse
from stack import Stack
from temporary import Temporary, random_cnpj, temporary

ROOT = Path(__file__).resolve().parents[2]

# Lists that a tenant can be picked from; of all others under /internal only those with an id are about a tenant.
FILTERED = {("GET", f"/internal/{name}") for name in ("audit", "incidents", "integrations", "operations/commands")}
# How many questions, asked by how many at once.
MANY = 2_000 if os.environ.get("LONG") else 300
AT_ONCE = 6

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


@pytest.fixture(scope="module")
def rows_of(stack: Stack) -> Callable[[str], Rows]:
    return rows_of_tenants(stack)


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
        assert not texts_in(answer, others)


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


def test_many_at_once_get_what_is_theirs(stack: Stack, rows_of: Callable[[str], Rows], commands: Commands) -> None:
    """On the same warm functions, kept answers and new ones mixed."""
    seed = seed_of_run()
    tenants = sorted({user["tenant_id"] for user in stack.description["users"] if user["tenant_id"]})
    made = {tenant: commands.run("HEALTH_CHECK", QUICK, tenant)["command_id"] for tenant in tenants}
    asker = Asker(stack, {tenant: rows_of(tenant) for tenant in tenants}, made)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        outcomes = pool.map(lambda number: asker.ask(random.Random(seed + number)), range(MANY))
        counted = sum(outcomes, Counter())
    print(f"{MANY} answers to {len(asker.people)} people of {len(tenants)} tenants: {dict(counted)}, 0 foreign")
    assert counted["200"] + counted["304"] + counted["refused"] == MANY
    assert all(counted[kind] for kind in ("304", "refused", "HIT", "MISS", "BYPASS")), counted
