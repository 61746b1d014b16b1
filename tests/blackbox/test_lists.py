"""Parameters, pages and cursors of the tenant routes."""

import datetime
import functools
import itertools
import random
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import reference
from commands import QUICK, Commands
from openapi import Document
from pages import edits, walk
from parameters import (
    assert_all_are_named_at_once,
    assert_bad_values_are_named,
    assert_messages_do_not_repeat_what_was_sent,
    assert_twice_is_named,
    bad_values,
)
from problems import assert_problem
from reference import DAY, UTC
from stack import PASSWORD, Stack
from temporary import Temporary, temporary

INCIDENTS = "/tenant/incidents"
START = datetime.datetime(2026, 5, 1, 12, 0, 0, 0, UTC)

# Which parameters each route knows, written down apart from the code.
PARAMETERS = {
    "/tenant/agents": ("status", "tenant_id"),
    "/tenant/integrations": ("tenant_id",),
    "/tenant/usage": ("agent_id", "period", "tenant_id"),
    INCIDENTS: ("cursor", "limit", "offset", "tenant_id"),
}
GOOD = {"limit": "5", "offset": "0", "period": "7d", "status": "all"}


@dataclass
class Lists:
    """Two tenants with incidents, and those of the platform."""

    rows: Temporary
    tenant: str
    other: str


@pytest.fixture(scope="module")
def lists(stack: Stack) -> Iterator[Lists]:
    """137 incidents in bursts: some at one instant, some apart by less than the answer shows."""
    with temporary(stack) as rows:
        tenant, other = rows.tenant("Temporário das listas"), rows.tenant("Temporário vizinho")
        instants = [
            START - burst * datetime.timedelta(hours=7) + datetime.timedelta(microseconds=1 if index % 5 == 0 else 0)
            for burst in range(17)
            for index in range(8)
        ]
        instants.append(datetime.datetime.combine(START.date(), datetime.time(0), UTC))
        for scope, part in ((tenant, instants[::2]), (None, instants[1::4]), (tenant, instants[3::4]), (other, instants)):
            rows.events(scope, [
                {"created_at": instant, "title": f"Incidente {index}",
                 "severity": ("info", "warning", "error", "critical")[index % 4],
                 "description": None if index % 3 else f"Linha 1\nLinha {index}",
                 "resolved_at": None if index % 2 else instant + DAY}
                for index, instant in enumerate(part)
            ])  # fmt: skip
        # Not incidents, and so nobody's to see here.
        rows.event(tenant, event_type="maintenance", title="Manutenção")
        rows.event(tenant, event_type="tenant_data_read", severity="info", title="Leitura")
        rows.event(tenant, event_type="tenant_changed", severity="info", title="Mudança")
        rows.integration(tenant, "Um")
        rows.integration(tenant, "Outra")
        rows.event(None, event_type="maintenance", title="Manutenção")
        yield Lists(rows, tenant, other)


@pytest.fixture(scope="module")
def ask(stack: Stack, token: Callable[..., str]) -> Callable[..., Any]:
    def of(tenant_id: str, path: str = INCIDENTS, **params: object) -> Any:
        answer = stack.get(path, token("INTERNAL_SUPPORT"), {"tenant_id": tenant_id} | params)
        assert answer.status_code == 200, (path, params, answer.text)
        return answer.json()

    return of


def expected_incidents(lists: Lists) -> list[dict[str, Any]]:
    return reference.all_incidents(reference.read(lists.rows.database, lists.tenant))


# ------------------------------------------------------------------ pages


def test_pages_by_offset(lists: Lists, ask: Callable[..., Any]) -> None:
    facts = reference.read(lists.rows.database, lists.tenant)
    total = len(facts.incidents)
    assert total > 137
    for limit, offset in [
        (20, 0), (1, 0), (100, 0), (100, 100), (7, 3), (1, total - 1), (20, total - 20), (20, total - 19),
        (20, total), (1, total + 1), (100, 10_000),
    ]:  # fmt: skip
        answer = ask(lists.tenant, limit=limit, offset=offset)
        assert not reference.differences(answer, reference.incidents(facts, limit, offset)), (limit, offset)
    assert not reference.differences(ask(lists.tenant), reference.incidents(facts)), "the defaults"
    assert {row["scope"] for row in ask(lists.tenant, limit=100)["incidents"]} == {"tenant", "platform"}


@pytest.mark.parametrize("limit", [1, 8, 99, 100])
def test_a_walk_by_cursor_is_the_list(lists: Lists, ask: Callable[..., Any], limit: int) -> None:
    """Also where the page ends among rows of one instant."""
    expected = expected_incidents(lists)
    if limit == 1:
        # One at a time takes long: the last burst is enough.
        page = ask(lists.tenant, limit=100)
        page = ask(lists.tenant, limit=len(expected) - 112, cursor=page["next_cursor"])
        seen = []
        while page["next_cursor"]:
            page = ask(lists.tenant, limit=1, cursor=page["next_cursor"])
            seen += page["incidents"]
        assert seen == expected[-12:]
        return
    assert walk(functools.partial(ask, lists.tenant), "incidents", itertools.repeat(limit)) == expected


def test_a_walk_while_rows_arrive_and_limits_change(lists: Lists, ask: Callable[..., Any]) -> None:
    seed = random.SystemRandom().randrange(2**32)
    chance = random.Random(seed)
    expected = expected_incidents(lists)
    totals = []

    def another_arrives() -> None:
        lists.rows.event(chance.choice([lists.tenant, None, lists.other]), title="Acaba de chegar")
        totals.append(len(expected_incidents(lists)))

    limits = iter(lambda: chance.choice([1, 3, 10, 25, 40, 100]), None)
    rows = walk(functools.partial(ask, lists.tenant), "incidents", limits, another_arrives)
    assert rows == expected, f"seed {seed}"
    assert totals[-1] > len(expected)
    assert ask(lists.tenant, limit=1)["total"] == totals[-1], "total counts what is there now"


def test_a_cursor_goes_with_offset_zero(lists: Lists, ask: Callable[..., Any]) -> None:
    first = ask(lists.tenant, limit=3)
    by_cursor = ask(lists.tenant, limit=3, cursor=first["next_cursor"], offset=0)
    assert by_cursor["incidents"] == ask(lists.tenant, limit=3, offset=3)["incidents"]
    assert by_cursor["total"] == first["total"]


def test_a_page_that_ends_the_list_has_no_cursor(lists: Lists, ask: Callable[..., Any]) -> None:
    total = ask(lists.tenant, limit=1)["total"]
    assert ask(lists.tenant, limit=10, offset=total - 10)["next_cursor"] is None
    cursor = ask(lists.tenant, limit=10, offset=total - 20)["next_cursor"]
    last = ask(lists.tenant, limit=10, cursor=cursor)
    assert (len(last["incidents"]), last["next_cursor"]) == (10, None)


# ------------------------------------------------------------------ cursors that aren't


def test_an_edited_cursor_is_refused(lists: Lists, stack: Stack, token: Callable[..., str], ask: Callable[..., Any]) -> None:
    cursor = ask(lists.tenant, limit=5)["next_cursor"]
    for edited in dict.fromkeys(edits(cursor)):
        assert edited != cursor
        answer = stack.get(INCIDENTS, token("INTERNAL_SUPPORT"), {"tenant_id": lists.tenant, "cursor": edited})
        assert_problem(answer, 400, "invalid_parameter", "cursor")


def test_a_cursor_with_an_offset_is_refused(
    lists: Lists, stack: Stack, token: Callable[..., str], ask: Callable[..., Any]
) -> None:
    params = {"tenant_id": lists.tenant, "cursor": ask(lists.tenant, limit=5)["next_cursor"], "offset": "5"}
    answer = stack.get(INCIDENTS, token("INTERNAL_SUPPORT"), params)
    assert {error["parameter"] for error in answer.json()["errors"]} & {"cursor", "offset"}
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_parameter")


def test_a_cursor_of_another_tenant_is_refused(
    lists: Lists, stack: Stack, token: Callable[..., str], ask: Callable[..., Any]
) -> None:
    cursor = ask(lists.other, limit=5)["next_cursor"]
    answer = stack.get(INCIDENTS, token("INTERNAL_SUPPORT"), {"tenant_id": lists.tenant, "cursor": cursor})
    assert_problem(answer, 400, "invalid_parameter", "cursor")
    # It is the tenant that counts, not who asks.
    with stack.temporary_user("TENANT_USER", tenant=lists.other) as email:
        user = stack.sign_in(email, PASSWORD).id
        assert stack.get(INCIDENTS, user, {"cursor": cursor}).status_code == 200
    with stack.temporary_user("TENANT_USER", tenant=lists.tenant) as email:
        user = stack.sign_in(email, PASSWORD).id
        assert_problem(stack.get(INCIDENTS, user, {"cursor": cursor}), 400, "invalid_parameter", "cursor")


def test_a_cursor_of_another_list_is_refused(
    document: Document, lists: Lists, commands: Commands, stack: Stack, token: Callable[..., str]
) -> None:
    """Each paged list's cursor at each other paged list."""
    paged = [path for method, path in document.operations if "cursor" in document.parameters(method, path)]
    assert INCIDENTS in paged and len(paged) == 7
    for _ in range(2):
        commands.run("HEALTH_CHECK", QUICK, lists.tenant)
    admin = token("INTERNAL_ADMIN")
    tenant = {path: {"tenant_id": lists.tenant} if "tenant_id" in document.parameters("GET", path) else {} for path in paged}
    cursors = {path: stack.get(path, admin, tenant[path] | {"limit": 1}).json()["next_cursor"] for path in paged}
    for path, elsewhere in itertools.product(paged, paged):
        answer = stack.get(elsewhere, admin, tenant[elsewhere] | {"cursor": cursors[path]})
        if path == elsewhere:
            assert answer.status_code == 200, answer.text
        else:
            assert_problem(answer, 400, "invalid_parameter", "cursor")


# ------------------------------------------------------------------ parameters

def test_every_parameter_is_tried(document: Document) -> None:
    documented = {path: tuple(sorted(document.parameters("GET", path))) for path in PARAMETERS}
    assert documented == PARAMETERS


@pytest.fixture
def as_admin(stack: Stack, token: Callable[..., str]) -> Callable[..., httpx.Response]:
    """Asks as a tenant's administrator."""
    admin = token("TENANT_ADMIN", tenant=0)
    return lambda path, params: stack.get(path, admin, params)


def values_of(path: str) -> dict[str, list[str]]:
    # Of agents, what is suspended counts as inactive.
    more = {"status": ("suspended",)}
    return {name: bad_values(name, more.get(name, ())) for name in PARAMETERS[path]}


@pytest.mark.parametrize("path", PARAMETERS)
def test_a_bad_value_is_named(as_admin: Callable[..., httpx.Response], path: str) -> None:
    assert_bad_values_are_named(as_admin, path, values_of(path))


@pytest.mark.parametrize("path", PARAMETERS)
def test_a_parameter_given_twice_is_named(stack: Stack, as_admin: Callable[..., httpx.Response], path: str) -> None:
    user = stack.user("TENANT_ADMIN", tenant=0)
    with stack.database() as database:
        agent = database.execute("SELECT agent_id::text FROM tenant_agents WHERE tenant_id = %s", [user["tenant_id"]])
        values = GOOD | {"tenant_id": user["tenant_id"], "agent_id": agent.fetchone()[0]}
    values["cursor"] = as_admin(INCIDENTS, {"limit": "1"}).json()["next_cursor"]
    assert_twice_is_named(as_admin, path, {name: values[name] for name in PARAMETERS[path]})


@pytest.mark.parametrize("path", PARAMETERS)
def test_all_bad_parameters_are_named_at_once(as_admin: Callable[..., httpx.Response], path: str) -> None:
    assert_all_are_named_at_once(as_admin, path, values_of(path))


@pytest.mark.parametrize("path", PARAMETERS)
def test_messages_do_not_repeat_what_was_sent(as_admin: Callable[..., httpx.Response], path: str) -> None:
    assert_messages_do_not_repeat_what_was_sent(as_admin, path, PARAMETERS[path])


@pytest.mark.parametrize(
    ("path", "params"),
    [
        (INCIDENTS, {"limit": "1"}), (INCIDENTS, {"limit": "100", "offset": "10000"}), (INCIDENTS, {"offset": "0"}),
        ("/tenant/usage", {"period": "7d"}), ("/tenant/usage", {"period": "90d"}),
        ("/tenant/agents", {"status": "active"}), ("/tenant/agents", {"status": "all", "limit": "0", "x": ""}),
        ("/tenant/integrations", {"status": "foo", "period": "1d", "limit": "abc"}),
    ],
    ids=str,
)  # fmt: skip
def test_good_and_unknown_parameters(stack: Stack, token: Callable[..., str], path: str, params: dict) -> None:
    assert stack.get(path, token("TENANT_ADMIN", tenant=0), params).status_code == 200


# ------------------------------------------------------------------ the order of checks


def test_rights_come_before_syntax_and_syntax_before_the_tenant(stack: Stack, token: Callable[..., str]) -> None:
    other = stack.user("TENANT_ADMIN", tenant=1)["tenant_id"]
    nobody, user, admin = token(tenant=0), token("TENANT_USER", tenant=0), token("TENANT_ADMIN", tenant=0)
    assert_problem(stack.get(INCIDENTS, nobody, {"limit": "0"}), 403, "no_group")
    assert_problem(stack.get("/tenant/integrations", user, {"tenant_id": "x"}), 403, "role_required")
    assert_problem(stack.get(INCIDENTS, admin, {"limit": "0", "tenant_id": other}), 400, "invalid_parameter", "limit")
    assert_problem(stack.get("/tenant/usage", admin, {"period": "x"}), 400, "invalid_parameter", "period")
    unknown_agent = {"tenant_id": other, "agent_id": str(uuid.uuid4())}
    assert_problem(stack.get("/tenant/usage", admin, unknown_agent), 403, "tenant_denied")
    internal = token("INTERNAL_ADMIN")
    assert_problem(stack.get(INCIDENTS, internal, {"limit": "0"}), 400, "invalid_parameter", "limit")
    assert_problem(
        stack.get("/tenant/usage", internal, {"tenant_id": str(uuid.uuid4()), "period": "7 d"}),
        400, "invalid_parameter", "period",
    )  # fmt: skip


# ------------------------------------------------------------------ agents that are asked for


def test_whose_agent_it_is(lists: Lists, stack: Stack, ask: Callable[..., Any], token: Callable[..., str]) -> None:
    rows = lists.rows
    today = datetime.datetime.now(UTC)
    idle, foreign, past, long_past = (rows.agent(f"Agente {name}") for name in ("novo", "vizinho", "antigo", "de outrora"))
    rows.deployment(lists.tenant, idle)
    rows.deployment(lists.other, foreign)
    rows.requests([
        (lists.other, foreign, "success", 10, 1, today - DAY),
        # These the tenant once had: their usage is left.
        (lists.tenant, past, "success", 10, 1, today - DAY),
        (lists.tenant, long_past, "success", 10, 1, today - 100 * DAY),
    ])  # fmt: skip
    rows.roll_up()
    for agent_id, total, listed in [(past, 1, 1), (long_past, 0, 0), (idle, 0, 0)]:
        answer = ask(lists.tenant, "/tenant/usage", agent_id=agent_id)
        assert answer["summary"]["total_requests"] == total
        assert len(answer["by_agent"]) == listed
        assert len(answer["daily_data"]) == 30
        assert ask(lists.tenant, "/tenant/usage", agent_id=agent_id.upper()) == answer, "UUIDs are compared as such"
    internal = token("INTERNAL_SUPPORT")
    for agent_id in (foreign, str(uuid.uuid4()), str(uuid.UUID(int=0))):
        answer = stack.get("/tenant/usage", internal, {"tenant_id": lists.tenant, "agent_id": agent_id})
        assert_problem(answer, 404, "not_found")
    assert ask(lists.other, "/tenant/usage", agent_id=foreign)["summary"]["total_requests"] == 1
