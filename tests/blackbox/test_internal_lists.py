"""The internal lists and overviews: parameters, filters, pages, CSV, and what none of them ever shows."""

import datetime
import functools
import itertools
import json
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import commands
import httpx
import pytest
from commands import QUICK, Commands
from openapi import Document
from pages import edits, walk
from parameters import (
    FREE,
    assert_all_are_named_at_once,
    assert_bad_values_are_named,
    assert_messages_do_not_repeat_what_was_sent,
    assert_twice_is_named,
    bad_values,
)
from problems import assert_problem
from psycopg.rows import dict_row
from reference import DAY, UTC, fold, instant
from stack import Stack
from tables import assert_equal_rows, parsed
from temporary import Temporary, temporary

TENANTS, TENANT = "/internal/tenants", "/internal/tenants/{id}"
INCIDENTS, AGENTS, INTEGRATIONS = "/internal/incidents", "/internal/agents", "/internal/integrations"
AUDIT, OPTIONS = "/internal/audit", "/internal/options"
COMMANDS, COMMAND = commands.ROUTE, commands.ONE
OVERVIEW, BILLING = "/internal/usage/overview", "/internal/billing/overview"

# Which parameters each route knows, written down apart from the code.
PARAMETERS = {
    TENANTS: ("cursor", "limit", "offset", "plan", "search", "segment", "sort_by", "sort_order", "status"),
    TENANT: (),
    f"{TENANT}/agents": (),
    OVERVIEW: ("period",),
    BILLING: ("period",),
    INCIDENTS: ("cursor", "limit", "offset", "severity", "state", "tenant_id"),
    AGENTS: ("cursor", "limit", "offset", "period", "search", "segment", "sort_by", "sort_order"),
    INTEGRATIONS: ("cursor", "limit", "offset", "search", "status", "tenant_id", "type"),
    AUDIT: ("cursor", "event_type", "from", "limit", "offset", "tenant_id", "to", "user_sub"),
    OPTIONS: (),
    COMMANDS: ("command_type", "cursor", "limit", "offset", "status", "tenant_id"),
    COMMAND: (),
}
WITH_PARAMETERS = [path for path, known in PARAMETERS.items() if known]
# What is bad here and good elsewhere.
ALSO_BAD = {
    (TENANTS, "status"): ("error",), (INTEGRATIONS, "status"): ("suspended",),
    (COMMANDS, "status"): ("active", "running", "SUCCESSO", "PENDING,RUNNING", "ended"),
    (TENANTS, "sort_by"): ("total_requests", "deployed_count"), (AGENTS, "sort_by"): ("created_at", "mrr_estimate"),
}  # fmt: skip
GOOD = {
    "limit": "5", "offset": "0", "period": "7d", "status": "all", "plan": "starter", "segment": "Varejo", "search": "a",
    "sort_by": "name", "sort_order": "desc", "severity": "all", "state": "open", "type": "crm", "event_type": "all",
    "user_sub": "x", "from": "2026-05-01", "to": "2026-05-02", "tenant_id": str(uuid.uuid4()),
    "command_type": "HEALTH_CHECK",
}  # fmt: skip

# The columns of the lists' CSV.
FIELDS = {
    "tenants": ["id", "name", "cnpj", "segment", "plan", "status", "mrr_estimate", "active_agents", "active_users",
                "requests_last_30_days", "created_at"],
    "incidents": ["id", "severity", "title", "description", "created_at", "resolved_at", "scope", "tenant_id",
                  "tenant_name"],
    "agents": ["id", "name", "segment", "created_at", "deployed_count", "total_requests", "success_rate",
               "avg_response_time_ms", "p95_response_time_ms", "last_request_at"],
    "integrations": ["id", "tenant_id", "tenant_name", "type", "name", "status", "last_sync_at", "last_error"],
    "events": ["id", "event_type", "severity", "tenant_id", "tenant_name", "user_sub", "title", "description",
               "metadata", "created_at"],
    "commands": [field for field in commands.FIELDS if field != "output"],
}  # fmt: skip
LISTS = {
    TENANTS: "tenants", INCIDENTS: "incidents", AGENTS: "agents", INTEGRATIONS: "integrations", AUDIT: "events",
    COMMANDS: "commands",
}  # fmt: skip
AUDIT_TYPES = [
    "command_created", "command_started", "command_executed", "tenant_created", "tenant_changed", "tenant_data_read",
    "access_denied",
]  # fmt: skip
START = datetime.datetime(2026, 5, 1, 12, 0, 0, 0, UTC)
# What must never leave, wherever it is stored.
SECRET = "guardado-a-sete-chaves"
MICROSECOND = datetime.timedelta(microseconds=1)


@dataclass
class Lists:
    """Two tenants with rows of every kind, one of which is deleted afterwards."""

    rows: Temporary
    stack: Stack
    admin: str
    tenant: str
    deleted: str
    users: list[str]
    # One of the tenant's.
    command: str

    def get(self, path: str, params: Any = None, **headers: str) -> httpx.Response:
        return self.stack.get(self.one(path), self.admin, params, **headers)

    def one(self, path: str) -> str:
        return path.replace("{id}", self.command if path == COMMAND else self.tenant)

    def page(self, path: str, **params: object) -> dict[str, Any]:
        answer = self.get(path, params)
        assert answer.status_code == 200, (path, params, answer.text)
        return answer.json()

    def all(self, path: str, **params: object) -> list[dict[str, Any]]:
        return walk(functools.partial(self.page, path, **params), LISTS[path])

    def stored(self, sql: str) -> list[dict[str, Any]]:
        with self.rows.database.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(sql).fetchall()


@pytest.fixture(scope="module")
def lists(stack: Stack, token: Callable[..., str]) -> Iterator[Lists]:
    with temporary(stack) as rows:
        made = Commands(stack, token("INTERNAL_SUPPORT"), rows)
        tenant, deleted = rows.tenant("Temporário da lista"), rows.tenant("Temporário que se foi")
        users = [str(uuid.uuid4()) for _ in range(3)]
        for scope, count in ((tenant, 60), (deleted, 30), (None, 20)):
            rows.events(scope, [
                {"created_at": START + index // 4 * MICROSECOND, "title": f"Incidente {index}",
                 "severity": ("info", "warning", "error", "critical")[index % 4],
                 "description": None if index % 3 else "=1+1\nlinha", "resolved_at": START + DAY if index % 5 < 2 else None}
                for index in range(count)
            ])  # fmt: skip
        for scope, count in ((tenant, 50), (deleted, 25)):
            rows.events(scope, [
                {"event_type": AUDIT_TYPES[index % 7], "severity": "info", "title": f"-Registro {index}",
                 "user_sub": None if index % 11 == 10 else users[index % 3], "created_at": START + index // 3 * DAY / 2,
                 "metadata": None if index % 2 else json.dumps({"método": "GET", "n": [1, None, "=x"]})}
                for index in range(count)
            ])  # fmt: skip
        rows.event(tenant, event_type="maintenance", title="Manutenção")
        secrets = {"nota": "visível", "Api_Key": SECRET, "lista": [{"password": [SECRET]}, {"tokens": {"a": SECRET}}]}
        for index, name in enumerate(["Água", "agua", "CRM", "crm 2", "Zebra", "100%", "É", "e"] * 5):
            rows.integration(
                tenant, name, integration_type=["crm", "email", "outro tipo"][index % 3],
                status=["active", "inactive", "error"][index // 3 % 3],
                credentials_secret_arn=f"arn:aws:secretsmanager:sa-east-1:0:secret:{SECRET}", config=json.dumps(secrets),
                last_sync_at=None if index % 2 else START, last_error=None if index % 4 else "@erro",
            )  # fmt: skip
        rows.deployment(tenant, rows.agent("Com segredos"), config=json.dumps(secrets))
        for kind, parameters in (("HEALTH_CHECK", QUICK), ("REPROCESS_QUEUE", {"queue": "nao-existe"})):
            for scope, count in ((tenant, 20), (deleted, 5)):
                for _ in range(count):
                    made.create(kind, parameters, scope)
        made.settle()
        rows.database.execute("DELETE FROM tenants WHERE id = %s", [deleted])
        yield Lists(rows, stack, token("INTERNAL_ADMIN"), tenant, deleted, users, made.made[0])


# ------------------------------------------------------------------ parameters


def test_every_parameter_is_tried(document: Document) -> None:
    documented = {
        path: tuple(sorted(document.parameters(method, path)))
        for method, path in document.operations
        if method == "GET" and path.startswith("/internal")
    }
    assert documented == PARAMETERS


def values_of(path: str) -> dict[str, list[str]]:
    return {name: bad_values(name, ALSO_BAD.get((path, name), ())) for name in PARAMETERS[path]}


@pytest.mark.parametrize("path", WITH_PARAMETERS)
def test_a_bad_value_is_named(lists: Lists, path: str) -> None:
    assert_bad_values_are_named(lists.get, path, values_of(path))


@pytest.mark.parametrize("path", WITH_PARAMETERS)
def test_a_parameter_given_twice_is_named(lists: Lists, path: str) -> None:
    values = dict(GOOD)
    if "cursor" in PARAMETERS[path]:
        values["cursor"] = lists.page(path, limit=1)["next_cursor"]
    assert_twice_is_named(lists.get, path, {name: values[name] for name in PARAMETERS[path]})


@pytest.mark.parametrize("path", WITH_PARAMETERS)
def test_all_bad_parameters_are_named_at_once(lists: Lists, path: str) -> None:
    assert_all_are_named_at_once(lists.get, path, values_of(path))


@pytest.mark.parametrize("path", WITH_PARAMETERS)
def test_messages_do_not_repeat_what_was_sent(lists: Lists, path: str) -> None:
    assert_messages_do_not_repeat_what_was_sent(lists.get, path, PARAMETERS[path])


@pytest.mark.parametrize("path", PARAMETERS)
def test_unknown_parameters_are_ignored(lists: Lists, path: str) -> None:
    unknown = {name: "?" for name in {*GOOD, "cursor", "x"} - set(PARAMETERS[path])}
    assert lists.get(path, unknown).content == lists.get(path).content


FREE_TEXTS = [(path, name) for path, known in PARAMETERS.items() for name in known if name in FREE]


@pytest.mark.parametrize(("path", "parameter"), FREE_TEXTS)
def test_texts_of_any_kind_find_nothing(lists: Lists, path: str, parameter: str) -> None:
    for text in ("não há", "'; DROP TABLE tenants; --", "%%%", "😀😀", "\\\\", "null", "\u200b\u200d"):
        answer = lists.page(path, **{parameter: text})
        assert (answer[LISTS[path]], answer["total"], answer["next_cursor"]) == ([], 0, None), text


@pytest.mark.parametrize(("path", "parameter"), FREE_TEXTS)
def test_what_no_text_can_have_breaks_nothing(lists: Lists, path: str, parameter: str) -> None:
    answer = lists.get(path, {parameter: "a\x00b"})
    if parameter == "search" or answer.status_code != 200:
        assert_problem(answer, 400, "invalid_parameter", parameter)
    else:
        assert answer.json()["total"] == 0


@pytest.mark.parametrize("path", LISTS)
def test_the_defaults(lists: Lists, path: str) -> None:
    defaults = {
        "limit": "50", "offset": "0", "status": "active" if path == TENANTS else "all", "sort_by": "name",
        "sort_order": "asc", "severity": "all", "state": "all", "event_type": "all", "period": "30d", "search": "",
    }  # fmt: skip
    explicit = {name: value for name, value in defaults.items() if name in PARAMETERS[path]}
    answer = lists.get(path)
    assert lists.get(path, explicit).content == answer.content
    assert (answer.json()["limit"], answer.json()["offset"]) == (50, 0)


# ------------------------------------------------------------------ pages


@pytest.mark.parametrize("path", LISTS)
def test_pages_are_the_list(lists: Lists, path: str) -> None:
    name = LISTS[path]
    params = {"tenant_id": lists.tenant} if "tenant_id" in PARAMETERS[path] else {}
    rows = lists.all(path, **params)
    total = len(rows)
    assert total > 30 and len({row[FIELDS[name][0]] for row in rows}) == total
    for limit, offset in [(50, 0), (1, 0), (7, 3), (20, total - 20), (20, total - 19), (1, total), (100, 10_000)]:
        answer = lists.page(path, limit=limit, offset=offset, **params)
        assert answer[name] == rows[offset : offset + limit], (limit, offset)
        assert (answer["total"], answer["limit"], answer["offset"]) == (total, limit, offset)
        assert (answer["next_cursor"] is not None) == (offset + limit < total)
    step = functools.partial(lists.page, path, **params)
    assert walk(step, name, itertools.cycle([1, 2, 10])) == rows, "whatever the pages' sizes"


@pytest.mark.parametrize("path", LISTS)
def test_an_edited_cursor_is_refused(lists: Lists, path: str) -> None:
    cursor = lists.page(path, limit=2)["next_cursor"]

    def check(edited: str) -> None:
        assert_problem(lists.get(path, {"cursor": edited}), 400, "invalid_parameter", "cursor")

    with ThreadPoolExecutor(4) as pool:
        for _ in pool.map(check, dict.fromkeys(edits(cursor))):
            pass
    with_offset = lists.get(path, {"cursor": cursor, "offset": "2"})
    assert {error["parameter"] for error in with_offset.json()["errors"]} & {"cursor", "offset"}
    assert (with_offset.status_code, with_offset.json()["code"]) == (400, "invalid_parameter")
    assert lists.page(path, cursor=cursor, offset=0)[LISTS[path]] == lists.page(path, offset=2)[LISTS[path]]


@pytest.mark.parametrize("path", LISTS)
def test_a_cursor_belongs_to_its_filters(lists: Lists, path: str) -> None:
    cursor = lists.page(path, limit=1)["next_cursor"]
    others = {
        "status": "inactive", "plan": "starter", "segment": "Varejo", "search": "a", "severity": "info", "state": "open",
        "tenant_id": lists.tenant, "type": "crm", "user_sub": lists.users[0], "event_type": "tenant_changed",
        "from": "2026-05-01", "to": "2030-01-01", "sort_order": "desc", "period": "7d",
        "sort_by": "deployed_count" if path == AGENTS else "created_at", "command_type": "HEALTH_CHECK",
    } | ({"status": "SUCCESS"} if path == COMMANDS else {})  # fmt: skip
    changed = [name for name in PARAMETERS[path] if name in others]
    assert changed
    for name in changed:
        answer = lists.get(path, {"cursor": cursor, name: others[name]})
        assert_problem(answer, 400, "invalid_parameter", "cursor")


def test_a_walk_while_rows_arrive(lists: Lists) -> None:
    """Of each list that grows at its beginning, and of one that grows in its midst."""
    arrivals = {
        INCIDENTS: lambda: lists.rows.event(lists.tenant, title="Acaba de chegar"),
        AUDIT: lambda: lists.rows.event(lists.tenant, event_type="tenant_changed", title="Acaba de chegar"),
        INTEGRATIONS: lambda: lists.rows.integration(lists.tenant, "Dia"),
    }
    for path, arrive in arrivals.items():
        params = {"tenant_id": lists.tenant}
        before = lists.all(path, **params)
        seen = walk(functools.partial(lists.page, path, **params), LISTS[path], itertools.cycle([3, 11]), arrive)
        ids = [row["id"] for row in seen]
        known = {row["id"] for row in before}
        assert [row for row in seen if row["id"] in known] == before
        assert len(set(ids)) == len(ids)
        assert lists.page(path, **params)["total"] > len(before)


# ------------------------------------------------------------------ what each list has


def names(lists: Lists) -> dict[str, str]:
    return {row["id"]: row["name"] for row in lists.stored("SELECT id::text, name FROM tenants")}


def expected_incidents(lists: Lists) -> list[dict[str, Any]]:
    tenant_names = names(lists)
    return [
        {
            "id": row["id"], "severity": row["severity"], "title": row["title"], "description": row["description"],
            "created_at": instant(row["created_at"]), "resolved_at": instant(row["resolved_at"]),
            "scope": "tenant" if row["tenant_id"] else "platform", "tenant_id": row["tenant_id"],
            "tenant_name": tenant_names.get(row["tenant_id"]),
        }
        for row in sorted(
            lists.stored("SELECT *, id::text, tenant_id::text FROM operational_events WHERE event_type = 'incident'"),
            key=lambda row: (row["created_at"], row["id"]), reverse=True,
        )
    ]  # fmt: skip


def test_incidents(lists: Lists) -> None:
    everything = expected_incidents(lists)
    assert lists.all(INCIDENTS) == everything
    assert {(row["scope"], row["tenant_name"] is None) for row in everything} == {
        ("platform", True), ("tenant", True), ("tenant", False),
    }  # fmt: skip
    for severity, state, tenant_id in itertools.product(
        ("info", "critical", "all"), ("open", "resolved", "all"), (None, lists.tenant, lists.deleted, str(uuid.uuid4()))
    ):
        expected = [
            row
            for row in everything
            if severity in ("all", row["severity"])
            and state in ("all", "resolved" if row["resolved_at"] else "open")
            and tenant_id in (None, row["tenant_id"])
        ]
        filters = {"severity": severity, "state": state} | ({} if tenant_id is None else {"tenant_id": tenant_id})
        answer = lists.page(INCIDENTS, limit=100, **filters)
        assert (answer["incidents"], answer["total"]) == (expected[:100], len(expected)), filters
    own = lists.page(INCIDENTS, tenant_id=lists.tenant)
    assert lists.page(INCIDENTS, tenant_id=lists.tenant.upper()) == own, "UUIDs are compared as such"


def test_integrations(lists: Lists) -> None:
    tenant_names = names(lists)
    everything = [
        {
            "id": row["id"], "tenant_id": row["tenant_id"], "tenant_name": tenant_names[row["tenant_id"]],
            "type": row["integration_type"], "name": row["integration_name"], "status": row["status"],
            "last_sync_at": instant(row["last_sync_at"]), "last_error": row["last_error"],
        }
        for row in sorted(
            lists.stored("SELECT *, id::text, tenant_id::text FROM tenant_integrations"),
            key=lambda row: (fold(row["integration_name"]), row["id"]),
        )
    ]  # fmt: skip
    for kind, status, tenant_id, search in [
        *itertools.product((None, "crm"), ("all", "error"), (None, lists.tenant), (None, "AGUA", "da lista")),
        *[(None, "all", None, search) for search in ("%", "100%", "_", "é", " zebra ", "a" * 200, "crm 2", "1")],
        ("outro tipo", "active", None, None), ("CRM", "all", None, None), ("x", "all", None, None),
        (None, "inactive", str(uuid.uuid4()), None), (None, "all", lists.deleted, None),
    ]:  # fmt: skip
        expected = [
            row
            for row in everything
            if kind in (None, row["type"])
            and status in ("all", row["status"])
            and tenant_id in (None, row["tenant_id"])
            and any(fold((search or "").strip()) in fold(row[name]) for name in ("name", "tenant_name"))
        ]
        given = {"type": kind, "status": status, "tenant_id": tenant_id, "search": search}
        filters = {name: value for name, value in given.items() if value is not None}
        assert lists.all(INTEGRATIONS, **filters) == expected, filters
        counts = Counter((row["type"], row["status"]) for row in expected)
        for paging in ({}, {"limit": 1, "offset": 5}):
            answer = lists.page(INTEGRATIONS, **filters, **paging)
            assert answer["total"] == len(expected)
            assert answer["summary"] == [
                {"type": type_, "status": status_, "count": count} for (type_, status_), count in sorted(counts.items())
            ], filters


def expected_events(lists: Lists) -> list[dict[str, Any]]:
    tenant_names = names(lists)
    return [
        {
            "id": row["id"], "event_type": row["event_type"], "severity": row["severity"], "tenant_id": row["tenant_id"],
            "tenant_name": tenant_names.get(row["tenant_id"]), "user_sub": row["user_sub"], "title": row["title"],
            "description": row["description"], "metadata": row["metadata"], "created_at": row["created_at"],
        }
        for row in sorted(
            lists.stored(
                """SELECT *, id::text, tenant_id::text FROM operational_events
                   WHERE event_type NOT IN ('incident', 'maintenance')"""
            ),
            key=lambda row: (row["created_at"], row["id"]), reverse=True,
        )
    ]  # fmt: skip


def shown(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [event | {"created_at": instant(event["created_at"])} for event in events]


def test_audit(lists: Lists) -> None:
    everything = expected_events(lists)
    assert lists.all(AUDIT) == shown(everything)
    for user_sub, tenant_id, event_type in itertools.product(
        (None, lists.users[0], "nobody"), (None, lists.tenant, lists.deleted, str(uuid.uuid4())), (None, *AUDIT_TYPES, "all")
    ):
        expected = [
            event
            for event in everything
            if user_sub in (None, event["user_sub"])
            and tenant_id in (None, event["tenant_id"])
            and event_type in (None, "all", event["event_type"])
        ]
        given = {"user_sub": user_sub, "tenant_id": tenant_id, "event_type": event_type}
        filters = {name: value for name, value in given.items() if value is not None}
        answer = lists.page(AUDIT, limit=100, **filters)
        assert (answer["events"], answer["total"]) == (shown(expected[:100]), len(expected)), filters


@pytest.mark.parametrize(
    ("first", "end"),
    [
        ("2026-05-02", None), (None, "2026-05-02"), ("2026-05-02", "2026-05-03"), ("2026-05-02", "2026-05-02T12:00:00Z"),
        ("2026-05-02T12:00:00Z", "2026-05-02T12:00:00.001Z"), ("2026-05-02T12:00:00.000001Z", "2026-05-04"),
        ("2026-05-02T09:00:00-03:00", "2026-05-02T15:00:01+03:00"), ("2026-05-01T12:00:00.000Z", "2026-05-09T00:00:00.5Z"),
        ("1970-01-01", "2026-05-01"), ("2026-05-05", "2099-12-31T23:59:59.999999Z"), ("2028-02-29", None),
    ],
)  # fmt: skip
def test_audit_of_some_time(lists: Lists, first: str | None, end: str | None) -> None:
    """The beginning belongs to it, the end doesn't; a date is its midnight in UTC."""

    def at(text: str | None, otherwise: datetime.datetime) -> datetime.datetime:
        if text is None:
            return otherwise
        value = datetime.datetime.fromisoformat(text)
        return value if value.tzinfo else value.replace(tzinfo=UTC)

    begins, ends = at(first, datetime.datetime.min.replace(tzinfo=UTC)), at(end, datetime.datetime.max.replace(tzinfo=UTC))
    own = [event for event in expected_events(lists) if event["tenant_id"] == lists.tenant]
    expected = [event for event in own if begins <= event["created_at"] < ends]
    given = {"tenant_id": lists.tenant, "from": first, "to": end}
    assert lists.all(AUDIT, **{name: value for name, value in given.items() if value is not None}) == shown(expected)
    assert len(expected) < len(own)


@pytest.mark.parametrize(
    ("first", "end"),
    [("2026-05-02", "2026-05-02"), ("2026-05-02", "2026-05-01"), ("2026-05-02T12:00:00Z", "2026-05-02"),
     ("2026-05-02T12:00:00Z", "2026-05-02T09:00:00-03:00"), ("2026-05-02T12:00:00.001Z", "2026-05-02T12:00:00Z")],
)  # fmt: skip
def test_a_time_that_ends_before_it_begins(lists: Lists, first: str, end: str) -> None:
    assert_problem(lists.get(AUDIT, {"from": first, "to": end}), 400, "invalid_parameter", "to")


def test_options(lists: Lists) -> None:
    answer = lists.page(OPTIONS)
    plans = {row["name"]: row for row in lists.stored("SELECT * FROM plans")}
    assert {plan["name"]: plan for plan in answer["plans"]} == plans and len(answer["plans"]) == len(plans)
    for name, table in (("segments", "tenants"), ("agent_segments", "agents")):
        segments = {row["segment"] for row in lists.stored(f"SELECT segment FROM {table} WHERE segment IS NOT NULL")}
        assert answer[name] == sorted(segments, key=lambda segment: (fold(segment), segment)), name
    agents = lists.stored("SELECT id::text, name, segment FROM agents")
    assert answer["agents"] == sorted(agents, key=lambda agent: (fold(agent["name"]), agent["id"]))
    assert answer["checks"] == ["database", "cache", "commands_table", "secrets", "queues", "integrations"]
    assert isinstance(answer["queues"], list) and all(isinstance(queue, str) for queue in answer["queues"])


# ------------------------------------------------------------------ CSV


def columns(path: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What of the rows a table has: all but what commands gave."""
    return [{name: row[name] for name in row if (path, name) != (COMMANDS, "output")} for row in rows]


@pytest.mark.parametrize("path", LISTS)
def test_csv_is_the_json(lists: Lists, path: str) -> None:
    """The whole list and a filtered one; paging is checked and then ignored."""
    name = LISTS[path]
    assert_equal_rows(lists.get(path, Accept="text/csv"), FIELDS[name], columns(path, lists.all(path)))
    filters = {
        TENANTS: {"status": "all", "sort_by": "mrr_estimate", "sort_order": "desc"}, AGENTS: {"sort_by": "success_rate"},
        INCIDENTS: {"state": "open", "tenant_id": lists.tenant}, INTEGRATIONS: {"type": "crm", "search": "agua"},
        AUDIT: {"tenant_id": lists.tenant, "from": "2026-05-02"},
        COMMANDS: {"tenant_id": lists.tenant, "status": "ERROR"},
    }[path]  # fmt: skip
    expected = columns(path, lists.all(path, **filters))
    assert len(expected) > 1
    whole = lists.get(path, filters, Accept="text/csv")
    assert_equal_rows(whole, FIELDS[name], expected)
    assert "x-truncated" not in whole.headers
    assert lists.get(path, filters | {"limit": "1", "offset": "1"}, Accept="text/csv").content == whole.content
    cursor = lists.page(path, **filters, limit=1)["next_cursor"]
    assert lists.get(path, filters | {"cursor": cursor}, Accept="text/csv").content == whole.content
    assert_problem(lists.get(path, filters | {"limit": "0"}, Accept="text/csv"), 400, "invalid_parameter", "limit")
    tag = whole.headers["etag"]
    again = lists.get(path, filters, Accept="text/csv", **{"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    assert tag != lists.get(path, filters).headers["etag"]


@pytest.mark.parametrize("path", [path for path in PARAMETERS if path not in LISTS])
def test_what_is_no_list_has_no_csv(lists: Lists, path: str) -> None:
    answer = lists.get(path, Accept="text/csv")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")


@pytest.mark.parametrize("path", [INCIDENTS, AUDIT, INTEGRATIONS])
def test_ten_thousand_rows_and_no_more(lists: Lists, path: str) -> None:
    tenant = lists.rows.tenant("Temporário com muitas linhas")
    if path == INTEGRATIONS:
        with lists.rows.database.cursor() as cursor:
            cursor.execute(
                """INSERT INTO tenant_integrations (tenant_id, integration_type, integration_name)
                   SELECT %s, 'crm', 'Integração ' || i FROM generate_series(1, 10050) AS i""",
                [tenant],
            )
    else:
        event_type = "incident" if path == INCIDENTS else "tenant_changed"
        lists.rows.events(tenant, [{"title": f"Linha {index}", "event_type": event_type} for index in range(10_050)])
    answer = lists.get(path, {"tenant_id": tenant}, Accept="text/csv")
    assert answer.headers["x-truncated"] == "true"
    rows = parsed(answer)[1:]
    assert len(rows) == 10_000
    last = lists.page(path, tenant_id=tenant, offset=10_000, limit=100)
    assert (last["total"], len(last[LISTS[path]])) == (10_050, 50)
    assert not {row[0] for row in rows} & {row["id"] for row in last[LISTS[path]]}
    before = lists.page(path, tenant_id=tenant, offset=9_999, limit=1)
    assert rows[-1][0] == before[LISTS[path]][0]["id"]


def test_a_thousand_agents_and_no_more(lists: Lists) -> None:
    tenant = lists.rows.tenant("Temporário com mil agentes")
    agents = [lists.rows.agent(f"Agente {index:04}") for index in range(1_003)]
    for agent_id in agents:
        lists.rows.deployment(tenant, agent_id)
    for path, params in ((f"{TENANTS}/{tenant}/agents", {}), ("/tenant/agents", {"tenant_id": tenant})):
        assert [agent["id"] for agent in lists.page(path, **params)["agents"]] == agents[:1_000], path


# ------------------------------------------------------------------ what is never shown


def test_secrets_never_leave(lists: Lists) -> None:
    for path in PARAMETERS:
        wide = {"limit": "100"} if path in LISTS else {}
        tenant = {"tenant_id": lists.tenant} if "tenant_id" in PARAMETERS[path] else {}
        for accept in ("application/json", "text/csv"):
            for params in (wide, wide | tenant):
                text = lists.get(path, params, Accept=accept).text
                assert SECRET not in text and "secretsmanager" not in text and "credentials_secret" not in text, path


def test_a_configuration_is_shown_without_its_secrets(lists: Lists) -> None:
    config = {
        "key": 1, "KEY": None, "apiKey": "x", "chave": "visível", "Monkey": {"a": 1}, "accessToken": ["x"], "token_ttl": 5,
        "senha": "visível", "PassWord": "x", "client-secret": {"b": {"c": 1}}, "": "vazio", "n": 1.50, "nulo": None,
        "dentro": {"lista": [[{"secretária": 1, "b": [True, {"My_Passwords": 0}]}], "token"], "tokens": []},
        "ção": "password", "vazio": {}, "nada": [],
    }  # fmt: skip
    expected = {
        "key": "***", "KEY": "***", "apiKey": "***", "chave": "visível", "Monkey": "***", "accessToken": "***",
        "token_ttl": "***", "senha": "visível", "PassWord": "***", "client-secret": "***", "": "vazio", "n": 1.5,
        "nulo": None,
        "dentro": {"lista": [[{"secretária": "***", "b": [True, {"My_Passwords": "***"}]}], "token"], "tokens": "***"},
        "ção": "password", "vazio": {}, "nada": [],
    }  # fmt: skip
    tenant = lists.rows.tenant("Temporário configurado")
    lists.rows.deployment(tenant, lists.rows.agent("Configurado"), config=json.dumps(config))
    lists.rows.deployment(tenant, lists.rows.agent("Sem configuração"), config=None)
    answer = lists.stack.get(f"{TENANTS}/{tenant}/agents", lists.admin)
    assert [agent["config"] for agent in answer.json()["agents"]] == [expected, None]


def test_support_is_refused_what_is_the_administrators(lists: Lists, token: Callable[..., str]) -> None:
    support = token("INTERNAL_SUPPORT")
    for path in PARAMETERS:
        answer = lists.stack.get(lists.one(path), support)
        if path in (BILLING, AUDIT):
            assert_problem(answer, 403, "role_required")
            # Before anything that is wrong with the request.
            assert_problem(lists.stack.get(path, support, {"period": "x", "limit": "0"}), 403, "role_required")
        else:
            assert answer.status_code == 200, path
            assert answer.content == lists.get(path).content, "one and the same for both"
    assert_problem(lists.stack.send("POST", TENANTS, support, {"name": "x"}), 403, "role_required")
    patch = lists.stack.send("PATCH", f"{TENANTS}/{lists.tenant}", support, {"name": "x"}, **{"If-Match": "*"})
    assert_problem(patch, 403, "role_required")


# ------------------------------------------------------------------ asked again


@pytest.mark.parametrize("path", PARAMETERS)
def test_an_unchanged_answer_is_not_sent_again(lists: Lists, path: str) -> None:
    first = lists.get(path)
    assert (first.headers["cache-control"], first.headers["vary"]) == ("private, no-cache", "Authorization, Accept")
    tag = first.headers["etag"]
    for known in (tag, f'"other", {tag}', f"W/{tag}", "*"):
        answer = lists.get(path, **{"If-None-Match": known})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag), known
    for known in ('"other"', tag.strip('"'), ""):
        answer = lists.get(path, **{"If-None-Match": known})
        assert (answer.status_code, answer.content) == (200, first.content), known
