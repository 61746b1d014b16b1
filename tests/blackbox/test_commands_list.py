"""The list of commands: every combination of filters, compared with the commands one by one."""

import functools
import itertools
import re
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from commands import FIELDS, QUICK, ROUTE, TYPES, Commands, command
from pages import walk
from problems import assert_problem
from stack import Stack
from tables import assert_equal_rows, cell, parsed

STATUSES = ("PENDING", "RUNNING", "SUCCESS", "ERROR")
COLUMNS = [field for field in FIELDS if field != "output"]
NOBODY = "00000000-0000-4000-8000-000000000000"


@dataclass
class Listed:
    """Commands of two tenants, of one that is gone, and of nobody; and how many there were before."""

    commands: Commands
    a: str
    b: str
    gone: str
    before: dict[tuple[str, str | None], int]
    # Newest first.
    rows: list[dict[str, Any]]

    def page(self, **params: object) -> dict[str, Any]:
        return self.commands.page(**params)

    def expected(self, status: str = "all", command_type: str | None = None, tenant_id: str | None = None) -> list[dict]:
        return [
            row
            for row in self.rows
            if status in ("all", row["status"])
            and command_type in (None, row["command_type"])
            and tenant_id in (None, row["tenant_id"])
        ]

    def all(self, **filters: str) -> list[dict[str, Any]]:
        return walk(functools.partial(self.page, **filters), "commands")


def given(**filters: str | None) -> dict[str, str]:
    return {name: value for name, value in filters.items() if value is not None}


def totals(commands: Commands) -> dict[tuple[str, str | None], int]:
    """Of all there are, whoever asked for them."""
    return {
        (status, kind): commands.page(**given(status=status, command_type=kind), limit=1)["total"]
        for status, kind in itertools.product((*STATUSES, "all"), (None, *TYPES))
    }


@pytest.fixture(scope="module")
def listed(commands: Commands) -> Iterator[Listed]:
    rows = commands.rows
    a, b, gone = (rows.tenant(name) for name in ("Temporário, =listado", "Temporário, listado", "Temporário, listado e ido"))
    agent_id = rows.agent("Agente listado")
    for tenant in (a, b, gone):
        rows.deployment(tenant, agent_id)
    wanted: list[tuple[str, dict[str, Any], str | None]] = []
    for tenant, times in ((a, 8), (b, 3), (gone, 2)):
        wanted += times * [
            ("HEALTH_CHECK", QUICK, tenant), ("RESTART_AGENT", {"agent_id": agent_id}, tenant),
            ("RESTART_AGENT", {"agent_id": NOBODY}, tenant), ("RESET_TOKEN", {"integration_id": NOBODY}, tenant),
        ]  # fmt: skip
    wanted += 4 * [("HEALTH_CHECK", QUICK, None), ("REPROCESS_QUEUE", {"queue": "nao-existe"}, None)]
    wanted += 3 * [("REPROCESS_QUEUE", {"queue": "nao-existe"}, a)]
    commands.catch_up()
    before = totals(commands)
    # Some of them in the same millisecond.
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda one: commands.create(*one), wanted))
    ended = [commands.ended(command_id, 120) for command_id in made]
    rows.database.execute("DELETE FROM tenants WHERE id = %s", [gone])
    shown = [{name: one[name] for name in FIELDS} for one in (commands.show(one["command_id"])["command"] for one in ended)]
    shown.sort(key=lambda row: (row["created_at"], row["command_id"]), reverse=True)
    yield Listed(commands, a, b, gone, before, shown)


def test_there_is_something_of_everything(listed: Listed) -> None:
    assert {row["status"] for row in listed.rows} == {"SUCCESS", "ERROR"}
    kinds = Counter((row["command_type"], row["status"]) for row in listed.rows)
    assert kinds["RESTART_AGENT", "SUCCESS"] and kinds["RESTART_AGENT", "ERROR"] and len({kind for kind, _ in kinds}) == 4


# ------------------------------------------------------------------ filters


@pytest.mark.parametrize("tenant", ["a", "b", "gone", "nobody"])
def test_filters_combine(listed: Listed, tenant: str) -> None:
    """Every status with every type, within a tenant: exactly these rows, and exactly so many."""
    tenant_id = str(uuid.uuid4()) if tenant == "nobody" else getattr(listed, tenant)

    def check(combination: tuple[str | None, str | None]) -> None:
        filters = given(status=combination[0], command_type=combination[1], tenant_id=tenant_id)
        expected = listed.expected(**filters)
        answer = listed.page(**filters, limit=100)
        assert answer == {
            "commands": expected, "total": len(expected), "limit": 100, "offset": 0, "next_cursor": None,
        }, filters  # fmt: skip

    with ThreadPoolExecutor(4) as pool:
        for _ in pool.map(check, itertools.product((None, *STATUSES, "all"), (None, *TYPES))):
            pass


def test_filters_combine_over_all_tenants(listed: Listed) -> None:
    """Among the commands of others, ours are in their order, and so many more than there were."""
    now = totals(listed.commands)
    own = {row["command_id"] for row in listed.rows}
    for (status, kind), total in now.items():
        filters = given(status=status, command_type=kind)
        expected = listed.expected(**filters)
        assert total - listed.before[status, kind] == len(expected), filters
        rows = listed.all(**filters)
        assert [row for row in rows if row["command_id"] in own] == expected, filters
        assert len({row["command_id"] for row in rows}) == len(rows)
        keys = [(row["created_at"], row["command_id"]) for row in rows]
        assert keys == sorted(keys, reverse=True), filters
    for kind in (None, *TYPES):
        assert sum(now[status, kind] for status in STATUSES) == now["all", kind]
    for status in (*STATUSES, "all"):
        assert sum(now[status, kind] for kind in TYPES) == now[status, None]


def test_what_is_left_out_is_all(listed: Listed) -> None:
    assert listed.page(tenant_id=listed.a) == listed.page(tenant_id=listed.a, status="all", limit=50, offset=0)
    assert listed.page(tenant_id=listed.a.upper()) == listed.page(tenant_id=listed.a), "UUIDs are compared as such"


def test_those_that_wait_are_listed_as_such(listed: Listed) -> None:
    commands = listed.commands
    tenant = commands.rows.tenant("Temporário à espera")

    def counts() -> dict[str, int]:
        return {status: listed.page(tenant_id=tenant, status=status)["total"] for status in (*STATUSES, "all")}

    with commands.mapping_off():
        made = [commands.create("HEALTH_CHECK", QUICK, tenant) for _ in range(5)]
        made += [commands.create("RESET_TOKEN", {"integration_id": NOBODY}, tenant) for _ in range(2)]
        waiting = listed.page(tenant_id=tenant, status="PENDING")
        assert [row["command_id"] for row in waiting["commands"]] == [
            row["command_id"] for row in sorted(waiting["commands"], key=lambda row: row["created_at"], reverse=True)
        ]
        assert {row["command_id"] for row in waiting["commands"]} == set(made)
        nothing = {"started_at": None, "completed_at": None, "output": None, "error_message": None, "status": "PENDING"}
        assert all(nothing.items() <= row.items() for row in waiting["commands"])
        assert counts() == {"PENDING": 7, "RUNNING": 0, "SUCCESS": 0, "ERROR": 0, "all": 7}
        assert listed.page(tenant_id=tenant, status="PENDING", command_type="RESET_TOKEN")["total"] == 2
    for command_id in made:
        commands.ended(command_id)
    assert counts() == {"PENDING": 0, "RUNNING": 0, "SUCCESS": 5, "ERROR": 2, "all": 7}


# ------------------------------------------------------------------ pages

COMBINATIONS: list[dict[str, str]] = [
    {}, {"status": "ERROR"}, {"command_type": "RESTART_AGENT"}, {"status": "SUCCESS", "command_type": "RESTART_AGENT"},
]  # fmt: skip


@pytest.mark.parametrize("filters", COMBINATIONS, ids=str)
def test_pages_are_the_list(listed: Listed, filters: dict[str, str]) -> None:
    """By offset and by cursor, whatever the pages' sizes."""
    own = filters | {"tenant_id": listed.a}
    rows = listed.expected(**own)
    assert len(rows) > 7
    by_offset = [row for offset in range(0, len(rows), 3) for row in listed.page(**own, limit=3, offset=offset)["commands"]]
    assert by_offset == rows
    for limits in ([1], [2, 5], [100], [len(rows)]):
        assert walk(functools.partial(listed.page, **own), "commands", itertools.cycle(limits)) == rows
    for offset in (len(rows) - 1, len(rows), 10_000):
        answer = listed.page(**own, limit=5, offset=offset)
        assert (answer["commands"], answer["total"], answer["next_cursor"]) == (rows[offset : offset + 5], len(rows), None)
    everywhere = listed.all(**filters)
    by_offset = [
        row
        for offset in range(0, min(len(everywhere), 10_000), 100)
        for row in listed.page(**filters, limit=100, offset=offset)["commands"]
    ]
    assert by_offset == everywhere[: len(by_offset)]


def test_a_walk_while_commands_arrive_and_end(listed: Listed) -> None:
    """Nothing that was there is missed or shown twice."""
    commands = listed.commands
    tenant = commands.rows.tenant("Temporário em movimento")
    for _ in range(12):
        commands.create("HEALTH_CHECK", QUICK, tenant)
    before = [row["command_id"] for row in listed.page(tenant_id=tenant)["commands"]]
    step = functools.partial(listed.page, tenant_id=tenant)
    arrive = functools.partial(commands.create, "HEALTH_CHECK", QUICK, tenant)
    seen = [row["command_id"] for row in walk(step, "commands", itertools.cycle([1, 3]), arrive)]
    assert [command_id for command_id in seen if command_id in before] == before
    assert len(set(seen)) == len(seen)


def test_a_cursor_belongs_to_its_filters(listed: Listed) -> None:
    own = {"status": "ERROR", "command_type": "RESTART_AGENT", "tenant_id": listed.a}
    cursor = listed.page(**own, limit=1)["next_cursor"]
    assert cursor
    for change in (
        {"status": "SUCCESS"}, {"status": "all"}, {"command_type": "RESET_TOKEN"}, {"tenant_id": listed.b},
        {"tenant_id": str(uuid.uuid4())}, {"status": None}, {"command_type": None}, {"tenant_id": None},
    ):  # fmt: skip
        filters = given(**own | change) | {"cursor": cursor}
        assert_problem(listed.commands.stack.get(ROUTE, listed.commands.token, filters), 400, "invalid_parameter", "cursor")
    for path in ("/internal/audit", "/internal/incidents"):
        foreign = {"cursor": cursor, "tenant_id": listed.a}
        assert listed.commands.stack.get(path, listed.commands.token, foreign).status_code in (400, 403)
    assert listed.page(**own, cursor=cursor, limit=100)["commands"] == listed.expected(**own)[1:]
    other = listed.page(**own | {"tenant_id": listed.a.upper()}, cursor=cursor)
    assert other["commands"] == listed.expected(**own)[1:]


def test_a_cursor_tells_nothing_to_others(listed: Listed, token: Callable[..., str]) -> None:
    cursor = listed.page(tenant_id=listed.a, limit=1)["next_cursor"]
    asked = {"tenant_id": listed.a, "cursor": cursor, "limit": "100"}
    answer = listed.commands.stack.get(ROUTE, token("INTERNAL_ADMIN"), asked)
    assert answer.json()["commands"] == listed.expected(tenant_id=listed.a)[1:], "both of the internal team see the same"


# ------------------------------------------------------------------ CSV


@pytest.mark.parametrize("filters", [*COMBINATIONS, {"status": "PENDING"}], ids=str)
def test_csv_is_the_json_without_output(listed: Listed, filters: dict[str, str]) -> None:
    def get(**params: object) -> httpx.Response:
        own = filters | {"tenant_id": listed.a} | params
        return listed.commands.stack.get(ROUTE, listed.commands.token, own, Accept="text/csv")

    rows = [{name: row[name] for name in COLUMNS} for row in listed.expected(**filters, tenant_id=listed.a)]
    whole = get()
    assert_equal_rows(whole, COLUMNS, rows)
    assert "x-truncated" not in whole.headers
    assert get(limit=1, offset=2).content == whole.content, "paging is ignored"
    assert_problem(get(limit=0), 400, "invalid_parameter", "limit")
    for row in rows:
        assert row["tenant_name"] == "Temporário, =listado"


def test_csv_of_everything(listed: Listed, stack: Stack) -> None:
    rows = [{name: row[name] for name in COLUMNS} for row in listed.all()]
    answer = stack.get(ROUTE, listed.commands.token, Accept="text/csv")
    assert_equal_rows(answer, COLUMNS, rows)


def test_csv_runs_nothing(listed: Listed, stack: Stack) -> None:
    """A name that a spreadsheet would run."""
    rows = listed.commands.rows
    tenant = rows.tenant('=HYPERLINK("http://x")')
    listed.commands.run("HEALTH_CHECK", QUICK, tenant)
    answer = stack.get(ROUTE, listed.commands.token, {"tenant_id": tenant}, Accept="text/csv")
    (row,) = parsed(answer)[1:]
    assert row[COLUMNS.index("tenant_name")] == cell('=HYPERLINK("http://x")')


# ------------------------------------------------------------------ never from yesterday


def test_what_is_new_is_seen_at_once(listed: Listed) -> None:
    """The list follows every step, and an answer that is known is not sent again until then."""
    commands = listed.commands
    tenant = commands.rows.tenant("Temporário, seguido")
    params = {"tenant_id": tenant}
    tag = commands.stack.get(ROUTE, commands.token, params).headers["etag"]
    assert commands.stack.get(ROUTE, commands.token, params, **{"If-None-Match": tag}).status_code == 304
    answer = commands.post(command("HEALTH_CHECK", QUICK, tenant))
    known = commands.stack.get(ROUTE, commands.token, params, **{"If-None-Match": tag})
    assert known.status_code == 200 and known.json()["total"] == 1
    commands.ended(answer.json()["command_id"])
    ended = commands.stack.get(ROUTE, commands.token, params)
    assert ended.json()["commands"][0]["status"] == "SUCCESS"
    assert re.fullmatch(r'(W/)?"[^"]+"', ended.headers["etag"])
    rows = commands.rows.database
    rows.execute("UPDATE tenants SET name = 'Temporário, renomeado' WHERE id = %s", [tenant])
    renamed = commands.stack.get(ROUTE, commands.token, params, **{"If-None-Match": ended.headers["etag"]})
    assert renamed.json()["commands"][0]["tenant_name"] == "Temporário, renomeado"
