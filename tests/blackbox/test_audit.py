"""Who of the internal team read whose data, and who was refused what: written down once an hour, and shown."""

import datetime
import itertools
import json
import uuid
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import jwt
import pytest
from openapi import Document
from problems import assert_problem
from reference import UTC, instant
from stack import PASSWORD, Stack
from temporary import Temporary, temporary

# The routes that name one tenant, and what names it.
READS = {
    **{f"/tenant/{name}": "tenant_id" for name in ("agents", "incidents", "integrations", "me", "usage")},
    "/internal/tenants/{id}": "path",
    "/internal/tenants/{id}/agents": "path",
}
BILLING, AUDIT, TENANTS = "/internal/billing/overview", "/internal/audit", "/internal/tenants"


@dataclass(frozen=True)
class Person:
    """Somebody of whom nothing is written down yet."""

    stack: Stack
    rows: Temporary
    token: str
    sub: str
    email: str

    def get(self, path: str, tenant_id: str | None = None, **headers: str) -> Any:
        """A route, about a tenant in whatever way it is named there."""
        params = {"tenant_id": tenant_id} if READS.get(path) == "tenant_id" and tenant_id else None
        return self.stack.get(path.replace("{id}", tenant_id or ""), self.token, params, **headers)

    def events(self) -> list[dict[str, Any]]:
        """What is written down of this person, as it is stored."""
        columns = ("id", "event_type", "severity", "tenant_id", "title", "description", "metadata", "created_at")
        found = self.rows.database.execute(
            """SELECT id::text, event_type, severity, tenant_id::text, title, description, metadata, created_at
               FROM operational_events WHERE user_sub = %s ORDER BY created_at DESC, id DESC""",
            [self.sub],
        )
        return [dict(zip(columns, row, strict=True)) for row in found]


@pytest.fixture(scope="module")
def rows(stack: Stack) -> Iterator[Temporary]:
    with temporary(stack) as rows:
        yield rows


@pytest.fixture
def tenant(rows: Temporary) -> str:
    return rows.tenant("Temporário auditado")


@pytest.fixture
def person(stack: Stack, rows: Temporary) -> Iterator[Callable[..., Person]]:
    """A new person in these groups, for the length of a test."""
    with ExitStack() as people:
        yield lambda *groups, tenant=None: people.enter_context(somebody(stack, rows, *groups, tenant=tenant))


@contextmanager
def somebody(stack: Stack, rows: Temporary, *groups: str, tenant: str | None) -> Iterator[Person]:
    with stack.temporary_user(*groups, tenant=tenant) as email:
        token = stack.sign_in(email, PASSWORD).id
        sub = jwt.decode(token, options={"verify_signature": False})["sub"]
        yield Person(stack, rows, token, sub, email)


def once_an_hour(events: Iterable[dict[str, Any]], key: Callable[[dict[str, Any]], Any]) -> dict[Any, dict[str, Any]]:
    """The events by what they may be told of once an hour; two of one hour are one too many."""
    found: dict[Any, dict[str, Any]] = {}
    hours = set()
    for event in events:
        hour = key(event), event["created_at"].replace(minute=0, second=0, microsecond=0)
        assert hour not in hours, f"twice: {event}"
        hours.add(hour)
        found[key(event)] = event
    return found


def by_tenant(events: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return once_an_hour(events, lambda event: event["tenant_id"])


def by_route(events: list[dict[str, Any]]) -> dict[tuple[str, str], dict[str, Any]]:
    return once_an_hour(events, lambda event: (event["metadata"]["method"], event["metadata"]["route"]))


# ------------------------------------------------------------------ reads


def test_every_route_that_names_a_tenant_is_known(document: Document) -> None:
    named = {
        path
        for method, path in document.operations
        if method == "GET" and path.startswith(("/tenant/", f"{TENANTS}/{{id}}"))
    }
    assert named == set(READS)


@pytest.mark.parametrize("group", ["INTERNAL_ADMIN", "INTERNAL_SUPPORT"])
@pytest.mark.parametrize("path", READS)
def test_a_read_is_written_down(person: Callable[..., Person], tenant: str, path: str, group: str) -> None:
    reader = person(group)
    assert reader.get(path, tenant).status_code == 200
    (event,) = reader.events()
    assert (event["event_type"], event["severity"], event["tenant_id"]) == ("tenant_data_read", "info", tenant)
    assert event["metadata"] == {"method": "GET", "route": path}
    assert event["title"] and abs(datetime.datetime.now(UTC) - event["created_at"]) < datetime.timedelta(minutes=1)


def test_one_an_hour_of_each_reader_and_tenant(person: Callable[..., Person], rows: Temporary, tenant: str) -> None:
    """Whatever the route and the form."""
    other = rows.tenant("Temporário, outro auditado")
    first, second = person("INTERNAL_SUPPORT"), person("INTERNAL_ADMIN", "INTERNAL_SUPPORT")
    for path in READS:
        assert first.get(path, tenant).status_code == 200
    assert first.get("/tenant/usage", tenant, Accept="text/csv").status_code == 200
    assert first.get("/tenant/me", tenant.upper()).status_code == 200
    events = by_tenant(first.events())
    assert set(events) == {tenant}
    assert events[tenant]["metadata"]["route"] == next(iter(READS)), "the first of them"
    assert first.get("/tenant/usage", other).status_code == 200
    assert set(by_tenant(first.events())) == {tenant, other}
    assert second.get("/tenant/usage", tenant).status_code == 200
    assert set(by_tenant(second.events())) == {tenant}


def test_an_answer_without_a_body_is_a_read(person: Callable[..., Person], tenant: str) -> None:
    tag = person("INTERNAL_ADMIN").get("/tenant/usage", tenant).headers["etag"]
    reader = person("INTERNAL_ADMIN")
    assert reader.get("/tenant/usage", tenant, **{"If-None-Match": tag}).status_code == 304
    assert set(by_tenant(reader.events())) == {tenant}


def test_reads_at_once_by_several_routes_are_one(person: Callable[..., Person], rows: Temporary, tenant: str) -> None:
    reader, other = person("INTERNAL_SUPPORT"), rows.tenant("Temporário, lido ao mesmo tempo")
    asked = [(path, tenant_id) for tenant_id in (tenant, other) for path in READS] * 2
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda question: reader.get(*question), asked))
    assert {answer.status_code for answer in answers} == {200}
    events = by_tenant(reader.events())
    assert set(events) == {tenant, other}
    assert {event["metadata"]["route"] for event in events.values()} <= set(READS)


def test_the_next_hour_is_another(person: Callable[..., Person], rows: Temporary, tenant: str) -> None:
    """An event of the hour before doesn't stand for this one."""
    reader = person("INTERNAL_SUPPORT")
    rows.event(tenant, event_type="tenant_data_read", severity="info", user_sub=reader.sub, title="Antes",
               created_at=datetime.datetime.now(UTC) - datetime.timedelta(hours=1),
               metadata=json.dumps({"method": "GET", "route": "/tenant/me"}))  # fmt: skip
    assert reader.get("/tenant/me", tenant).status_code == 200
    assert len(reader.events()) == 2


def test_a_tenant_of_ones_own_is_read_too(person: Callable[..., Person], tenant: str) -> None:
    """An internal user's claim names a tenant as well as a parameter does."""
    reader = person("INTERNAL_SUPPORT", tenant=tenant)
    assert reader.get("/tenant/me").json()["id"] == tenant
    assert set(by_tenant(reader.events())) == {tenant}
    both = person("INTERNAL_SUPPORT", "TENANT_ADMIN", tenant=tenant)
    assert both.get("/tenant/agents").status_code == 200
    assert set(by_tenant(both.events())) == {tenant}


@pytest.mark.parametrize("group", ["TENANT_ADMIN", "TENANT_USER"])
def test_those_who_read_their_own_are_not_written_down(person: Callable[..., Person], tenant: str, group: str) -> None:
    reader = person(group, tenant=tenant)
    for path in ("/tenant/agents", "/tenant/incidents", "/tenant/me", "/tenant/usage"):
        assert reader.get(path).status_code == 200
        assert reader.get(path, tenant).status_code == 200
    assert reader.events() == []


def test_what_names_no_tenant_that_exists_is_no_read(person: Callable[..., Person], tenant: str) -> None:
    reader = person("INTERNAL_ADMIN")
    for path in READS:
        assert_problem(reader.get(path, str(uuid.uuid4())), 404, "not_found")
        assert reader.get(path, "no-uuid").status_code == 400
    assert_problem(reader.get("/tenant/me"), 400, "tenant_required", "tenant_id")
    for path in ("incidents", "integrations", "audit", "operations/commands"):
        answer = reader.stack.get(f"/internal/{path}", reader.token, {"tenant_id": tenant})
        assert answer.status_code == 200, "a filter names no tenant to read"
    assert reader.stack.get(f"/internal/operations/commands/{tenant}", reader.token).status_code == 404
    for path in ("tenants", "usage/overview", "billing/overview", "agents", "options"):
        assert reader.stack.get(f"/internal/{path}", reader.token, {"tenant_id": tenant}).status_code == 200
    assert reader.events() == []


# ------------------------------------------------------------------ refusals

REFUSED = {
    "no group": ((), "/tenant/me", "no_group"),
    "no group, internal": ((), "/internal/options", "no_group"),
    "a role of the tenant": (("TENANT_USER",), "/tenant/integrations", "role_required"),
    "internal only": (("TENANT_ADMIN",), "/internal/usage/overview", "internal_required"),
    "internal only, with an id": (("TENANT_USER",), "/internal/tenants/{id}/agents", "internal_required"),
    "internal only, the commands": (("TENANT_ADMIN",), "/internal/operations/commands", "internal_required"),
    "internal only, a command": (("TENANT_USER",), "/internal/operations/commands/{id}", "internal_required"),
    "administrators only": (("INTERNAL_SUPPORT",), BILLING, "role_required"),
    "administrators only, and the audit": (("INTERNAL_SUPPORT",), AUDIT, "role_required"),
    "another tenant": (("TENANT_ADMIN",), "/tenant/usage", "tenant_denied"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_refusal_is_written_down(person: Callable[..., Person], rows: Temporary, tenant: str, case: str) -> None:
    groups, path, code = REFUSED[case]
    other = rows.tenant("Temporário alheio")
    refused = person(*groups, tenant=None if groups == ("INTERNAL_SUPPORT",) else tenant)
    for _ in range(2):
        assert_problem(refused.get(path, other), 403, code)
    ((key, event),) = by_route(refused.events()).items()
    assert key == ("GET", path)
    assert (event["event_type"], event["severity"]) == ("access_denied", "warning")
    assert event["metadata"] == {"method": "GET", "route": path, "code": code}
    assert event["tenant_id"] == (other if code == "tenant_denied" else None)


def test_a_tenant_without_a_claim_is_refused_and_written_down(person: Callable[..., Person]) -> None:
    refused = person("TENANT_ADMIN")
    assert_problem(refused.get("/tenant/me"), 403, "tenant_denied")
    (event,) = refused.events()
    assert (event["tenant_id"], event["metadata"]["code"]) == (None, "tenant_denied")


def test_a_tenant_that_does_not_exist_is_written_down_as_asked(person: Callable[..., Person], tenant: str) -> None:
    refused, unknown = person("TENANT_USER", tenant=tenant), str(uuid.uuid4())
    assert_problem(refused.get("/tenant/me", unknown), 403, "tenant_denied")
    (event,) = refused.events()
    assert event["tenant_id"] == unknown


def test_one_refusal_an_hour_of_each_person_and_route(person: Callable[..., Person], rows: Temporary, tenant: str) -> None:
    """Of the route, not of the ids in it; and its methods apart."""
    refused, another = (person("TENANT_ADMIN", tenant=tenant) for _ in range(2))
    others = [rows.tenant("Temporário alheio"), rows.tenant("Temporário alheio também")]
    for other in others:
        assert_problem(refused.get("/tenant/me", other), 403, "tenant_denied")
        assert_problem(refused.get("/internal/tenants/{id}", other), 403, "internal_required")
        patch = refused.stack.send("PATCH", f"{TENANTS}/{other}", refused.token, {"name": "x"}, **{"If-Match": "*"})
        assert_problem(patch, 403, "internal_required")
    assert_problem(refused.stack.send("POST", TENANTS, refused.token, {}), 403, "internal_required")
    assert_problem(refused.get(TENANTS), 403, "internal_required")
    assert_problem(another.get(TENANTS), 403, "internal_required")
    events = by_route(refused.events())
    assert set(events) == {
        ("GET", "/tenant/me"), ("GET", f"{TENANTS}/{{id}}"), ("PATCH", f"{TENANTS}/{{id}}"), ("POST", TENANTS),
        ("GET", TENANTS),
    }  # fmt: skip
    assert events["GET", "/tenant/me"]["tenant_id"] == others[0], "the first of them"
    assert set(by_route(another.events())) == {("GET", TENANTS)}


def test_refusals_at_once_are_one(person: Callable[..., Person], tenant: str) -> None:
    refused = person("TENANT_USER", tenant=tenant)
    paths = ["/tenant/integrations", TENANTS, "/internal/tenants/{id}"]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda path: refused.get(path, tenant), paths * 6))
    assert {answer.status_code for answer in answers} == {403}
    assert set(by_route(refused.events())) == {("GET", path) for path in paths}


def test_what_is_no_refusal(person: Callable[..., Person], tenant: str) -> None:
    one = person("TENANT_ADMIN", tenant=tenant)
    assert one.stack.get("/tenant/usage", one.token, {"period": "x"}).status_code == 400
    assert one.stack.get("/tenant/usage", one.token, {"agent_id": str(uuid.uuid4())}).status_code == 404
    assert one.stack.get("/tenant/me", f"{one.token}x").status_code == 401
    assert one.stack.get(TENANTS).status_code == 401
    assert one.events() == []


# ------------------------------------------------------------------ what is told of it, and to whom


def test_nothing_personal_is_written_down(person: Callable[..., Person], rows: Temporary) -> None:
    name, cnpj, marker = f"Segredo {uuid.uuid4().hex}", "12ABC34501DE35", f"marcador{uuid.uuid4().hex}"
    tenant, other = rows.tenant(name, cnpj=cnpj), rows.tenant("Temporário alheio")
    reader, refused = person("INTERNAL_ADMIN"), person("TENANT_USER", tenant=tenant)
    reader.stack.get("/tenant/me", reader.token, {"tenant_id": tenant, "x": marker}, **{"X-Marker": marker})
    reader.get("/internal/tenants/{id}", tenant)
    refused.get("/tenant/me", other)
    refused.stack.get("/internal/agents", refused.token, {"search": marker})
    refused.stack.send("POST", TENANTS, refused.token, {"name": marker})
    events = [*reader.events(), *refused.events()]
    assert len(events) == 4
    text = json.dumps(events, default=str, ensure_ascii=False)
    for personal in (name, cnpj, "12.ABC.345", marker, reader.email, refused.email, "@example.com", reader.token[-40:]):
        assert personal not in text, personal


def test_it_is_shown_to_the_administrators(
    stack: Stack, token: Callable[..., str], person: Callable[..., Person], rows: Temporary, tenant: str
) -> None:
    """By person, tenant, kind and time, in every combination."""
    other = rows.tenant("Temporário, também auditado")
    reader, refused = person("INTERNAL_SUPPORT"), person("TENANT_USER", tenant=tenant)
    reader.get("/tenant/me", tenant)
    reader.get("/internal/tenants/{id}", other)
    reader.get(BILLING)
    refused.get("/tenant/me", other)
    refused.get("/tenant/integrations")
    everything = [event | {"user_sub": one.sub} for one in (reader, refused) for event in one.events()]
    assert len(everything) == 5
    everything.sort(key=lambda event: (event["created_at"], event["id"]), reverse=True)
    names = {tenant: "Temporário auditado", other: "Temporário, também auditado", None: None}
    middle = everything[2]["created_at"].isoformat().replace("+00:00", "Z")

    for user_sub, tenant_id, event_type, time in itertools.product(
        (reader.sub, refused.sub), (None, tenant, other), (None, "tenant_data_read", "access_denied", "tenant_changed"),
        (None, "from", "to"),
    ):  # fmt: skip
        expected = [
            event
            for event in everything
            if event["user_sub"] == user_sub
            and tenant_id in (None, event["tenant_id"])
            and event_type in (None, event["event_type"])
            and {"from": event["created_at"] >= everything[2]["created_at"],
                 "to": event["created_at"] < everything[2]["created_at"]}.get(time, True)
        ]  # fmt: skip
        given = {"user_sub": user_sub, "tenant_id": tenant_id, "event_type": event_type}
        given |= {time: middle} if time else {}
        answer = stack.get(AUDIT, token("INTERNAL_ADMIN"), {name: value for name, value in given.items() if value})
        assert answer.json()["events"] == [
            event | {"tenant_name": names[event["tenant_id"]], "created_at": instant(event["created_at"])}
            for event in expected
        ], given
        assert answer.json()["total"] == len(expected)


def test_those_who_are_refused_see_none_of_it(person: Callable[..., Person], rows: Temporary, tenant: str) -> None:
    reader = person("INTERNAL_SUPPORT")
    assert reader.get("/tenant/incidents", tenant).status_code == 200
    member = person("TENANT_ADMIN", tenant=tenant)
    shown = member.get("/tenant/incidents").json()
    assert not {event["id"] for event in reader.events()} & {row["id"] for row in shown["incidents"]}
    assert_problem(member.get(AUDIT), 403, "internal_required")
