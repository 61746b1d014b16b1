"""Commands are asked for: what is taken, what is refused, and what is asked for twice."""

import datetime
import json
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from commands import CHECKS, KEPT_DAYS, QUICK, ROUTE, TYPES, Commands, attributes, command, output_of, plain
from problems import assert_body_refused, assert_problem, named_by
from reference import DAY, UTC
from stack import PASSWORD, Stack

NOBODY = "00000000-0000-4000-8000-000000000000"
JSON = {"Content-Type": "application/json"}
MESSAGE = "Comando criado com sucesso. Processamento iniciado."
# Parameters of each type with which nothing is wrong, and which change nothing.
GOOD: dict[str, dict[str, Any]] = {
    "REPROCESS_QUEUE": {"queue": "nao-existe", "max_messages": 10},
    "RESET_TOKEN": {"integration_id": NOBODY},
    "RESTART_AGENT": {"agent_id": NOBODY},
    "HEALTH_CHECK": {"checks": ["commands_table"]},
}
OF_A_TENANT = ("RESET_TOKEN", "RESTART_AGENT")


@pytest.fixture(scope="module")
def tenant(commands: Commands) -> str:
    return commands.rows.tenant("Temporário, comandado")


def of(tenant: str, kind: str, **changes: Any) -> dict[str, Any]:
    """A body that is accepted, but for the changes."""
    return command(kind, GOOD[kind], tenant) | changes


# ------------------------------------------------------------------ a new one


@pytest.mark.parametrize(
    ("kind", "parameters", "defaults", "with_tenant"),
    [
        ("REPROCESS_QUEUE", {"queue": "nao-existe"}, {"max_messages": 1000}, False),
        ("REPROCESS_QUEUE", {"queue": "nao-existe", "max_messages": 1}, {}, True),
        ("REPROCESS_QUEUE", {"queue": "nao-existe", "max_messages": 10_000}, {}, False),
        ("RESET_TOKEN", {"integration_id": NOBODY}, {}, True),
        ("RESTART_AGENT", {"agent_id": NOBODY}, {}, True),
        ("HEALTH_CHECK", {}, {"checks": list(CHECKS)}, False),
        ("HEALTH_CHECK", {"checks": list(CHECKS)}, {}, True),
        ("HEALTH_CHECK", {"checks": ["commands_table", "database"]}, {}, False),
    ],
)
def test_a_command_is_made(
    commands: Commands, tenant: str, kind: str, parameters: dict, defaults: dict, with_tenant: bool
) -> None:
    named = tenant if with_tenant else None
    before = datetime.datetime.now(UTC)
    answer = commands.post(command(kind, parameters, named))
    assert answer.status_code == 201, answer.text
    made = answer.json()
    command_id = made["command_id"]
    assert str(uuid.UUID(command_id)) == command_id
    assert made == made | {"status": "PENDING", "message": MESSAGE}
    assert answer.headers["location"] == f"{ROUTE}/{command_id}"
    created = datetime.datetime.fromisoformat(made["created_at"])
    millisecond = datetime.timedelta(milliseconds=1)
    assert before - millisecond <= created <= datetime.datetime.now(UTC)

    ended = commands.ended(command_id)
    item = commands.item(command_id)
    assert item is not None
    kept = {
        "command_id": command_id, "created_at": made["created_at"], "command_type": kind, "created_by": commands.sub,
        "request_id": answer.headers["x-request-id"], "ttl": int(created.timestamp()) + KEPT_DAYS * 86_400, "attempt": 1,
        "status": ended["status"], "type_status": f"{kind}#{ended['status']}", "counted": True,
        "started_at": ended["started_at"], "completed_at": ended["completed_at"],
    }  # fmt: skip
    if with_tenant:
        kept |= {"tenant_id": tenant, "tenant_type_status": f"{tenant}#{kind}#{ended['status']}"}
    else:
        assert not {"tenant_id", "tenant_type_status"} & set(item)
    assert kept.items() <= item.items(), item
    assert parameters.items() <= item["parameters"].items() <= (defaults | parameters).items()
    assert (ended["tenant_id"], ended["created_by"]) == (named, commands.sub)
    assert ended["parameters"] == item["parameters"]
    assert made["created_at"] <= ended["started_at"] <= ended["completed_at"]


def test_what_the_queues_are_called_is_an_option(commands: Commands) -> None:
    options = commands.stack.get("/internal/options", commands.token).json()
    name = commands.stack.description["demo_queue_url"].rsplit("/", 1)[-1]
    assert options["queues"] == [name]
    assert options["checks"] == list(CHECKS)


@pytest.mark.parametrize("groups", [("INTERNAL_ADMIN",), ("INTERNAL_SUPPORT",), ("INTERNAL_SUPPORT", "TENANT_USER")])
def test_the_internal_team_may(commands: Commands, stack: Stack, tenant: str, groups: tuple[str, ...]) -> None:
    with stack.temporary_user(*groups, tenant=tenant if len(groups) > 1 else None) as email:
        token = stack.sign_in(email, PASSWORD).id
        answer = commands.post(command("HEALTH_CHECK", QUICK), token)
        assert answer.status_code == 201, answer.text
        assert "tenant_id" not in (commands.item(answer.json()["command_id"]) or {}), "the caller's claim is none of it"


def test_others_may_not_and_that_is_written_down(commands: Commands, stack: Stack, tenant: str) -> None:
    """Whatever else is wrong with what they send; once of each route and method."""
    before = commands.count()
    made = commands.run("HEALTH_CHECK", QUICK, tenant)
    for groups, code in ((("TENANT_ADMIN",), "internal_required"), (("TENANT_USER",), "internal_required"), ((), "no_group")):
        with stack.temporary_user(*groups, tenant=tenant) as email:
            token = stack.sign_in(email, PASSWORD).id
            for body in (of(tenant, "HEALTH_CHECK"), {"x": 1}, b"{", b"x" * 70_000):
                assert_problem(commands.post(body, token, **JSON), 403, code)
            assert_problem(stack.get(ROUTE, token, {"limit": "x"}), 403, code)
            for command_id in (made["command_id"], NOBODY, "x"):
                assert_problem(stack.get(f"{ROUTE}/{command_id}", token), 403, code)
            sub = stack.aws("cognito-idp").admin_get_user(UserPoolId=stack.description["user_pool_id"], Username=email)
        (sub,) = [named["Value"] for named in sub["UserAttributes"] if named["Name"] == "sub"]
        told = commands.rows.database.execute(
            """SELECT DISTINCT metadata ->> 'method', metadata ->> 'route' FROM operational_events
               WHERE user_sub = %s AND event_type = 'access_denied'""", [sub],
        )  # fmt: skip
        assert sorted(told) == [("GET", ROUTE), ("GET", f"{ROUTE}/{{id}}"), ("POST", ROUTE)]
    assert stack.send("POST", ROUTE, None, of(tenant, "HEALTH_CHECK")).status_code == 401
    assert commands.count() == before + 1


# ------------------------------------------------------------------ what is refused

# What is no text, and what is no UUID.
NO_TEXTS = [None, "", 5, 1.5, True, [], ["x"], {}, {"S": "x"}]
NO_UUIDS = [*NO_TEXTS, "x", " ", NOBODY[:-1], f"{NOBODY}0", f" {NOBODY}", f"{NOBODY}\x00", "null", "%s", "../x", "😀"]
NO_COUNTS = [0, -1, 10_001, 2**31, 2**63, 10**30, 1.5, -0.5, 1e300, "5", "", True, [], [5], {}]


def refused(kind: str, pointer: str, values: list[Any], **others: Any) -> list[tuple[str, dict[str, Any], str]]:
    return [(kind, {pointer: value} | others, f"/parameters/{pointer}") for value in values]


BAD_PARAMETERS: list[tuple[str, dict[str, Any], str]] = [
    *refused("REPROCESS_QUEUE", "queue", NO_TEXTS),
    *refused("REPROCESS_QUEUE", "max_messages", NO_COUNTS, queue="nao-existe"),
    *refused("RESET_TOKEN", "integration_id", NO_UUIDS),
    *refused("RESTART_AGENT", "agent_id", NO_UUIDS),
    *refused("HEALTH_CHECK", "checks", ["database", "", 5, True, {}, {"database": True}]),
    ("REPROCESS_QUEUE", {}, "/parameters/queue"),
    ("REPROCESS_QUEUE", {"max_messages": 5}, "/parameters/queue"),
    ("RESET_TOKEN", {}, "/parameters/integration_id"),
    ("RESTART_AGENT", {}, "/parameters/agent_id"),
    *[(kind, GOOD[kind] | {"extra": None}, "/parameters/extra") for kind in TYPES],
    *[(kind, GOOD[kind] | {"a/b~c": 1}, "/parameters/a~1b~0c") for kind in TYPES],
    *[(kind, GOOD[kind] | {"": 1}, "/parameters/") for kind in TYPES],
    # What belongs to another type, or is spelled otherwise.
    ("RESET_TOKEN", GOOD["RESET_TOKEN"] | {"agent_id": NOBODY}, "/parameters/agent_id"),
    ("RESTART_AGENT", GOOD["RESTART_AGENT"] | {"tenant_id": NOBODY}, "/parameters/tenant_id"),
    ("HEALTH_CHECK", {"queue": "nao-existe"}, "/parameters/queue"),
    ("REPROCESS_QUEUE", GOOD["REPROCESS_QUEUE"] | {"maxMessages": 5}, "/parameters/maxMessages"),
    ("HEALTH_CHECK", {"Checks": ["database"]}, "/parameters/Checks"),
]


def test_bad_parameters_are_pointed_at(commands: Commands, tenant: str) -> None:
    before = commands.count()

    def check(case: tuple[str, dict[str, Any], str]) -> None:
        kind, parameters, pointer = case
        assert_body_refused(commands.post(of(tenant, kind, parameters=parameters)), pointer)

    with ThreadPoolExecutor(4) as pool:
        for _ in pool.map(check, BAD_PARAMETERS):
            pass
    assert commands.count() == before


@pytest.mark.parametrize(
    "checks", [["databases"], ["database", "x"], ["Database"], [1], [None], [["database"]], ["database", {}]]
)
def test_checks_that_there_are_none(commands: Commands, checks: list[Any]) -> None:
    """The list is pointed at, or what in it is wrong."""
    before = commands.count()
    answer = commands.post(command("HEALTH_CHECK", {"checks": checks}))
    pointers = {named_by(error) for error in answer.json()["errors"]}
    assert pointers <= {"/parameters/checks", f"/parameters/checks/{len(checks) - 1}"}, answer.text
    assert_problem(answer, 400, "invalid_body", *[named_by(error) for error in answer.json()["errors"]])
    assert commands.count() == before


NO_OBJECTS = [None, [], ["queue"], "", "{}", '{"checks": []}', 0, 1.5, True]
NO_TYPES = [
    None, "", " ", "DELETE_ALL", "reset_token", "HEALTH_CHECK ", "HEALTH-CHECK", "HEALTH_CHECK\x00", "RESET_TOKEN,HEALTH_CHECK",
    "all", "😀", "x" * 10_000, 1, True, [], ["HEALTH_CHECK"], {},
]  # fmt: skip
# A body, and what in it is wrong: all of that is named at once.
BAD_BODIES: list[tuple[dict[str, Any], tuple[str, ...]]] = [
    ({}, ("/command_type", "/parameters")),
    ({"command_type": "HEALTH_CHECK"}, ("/parameters",)),
    ({"parameters": {}}, ("/command_type",)),
    *[({"command_type": "HEALTH_CHECK", "parameters": value}, ("/parameters",)) for value in NO_OBJECTS],
    *[({"command_type": value, "parameters": {}}, ("/command_type",)) for value in NO_TYPES],
    *[(command("HEALTH_CHECK", {}) | {"tenant_id": value}, ("/tenant_id",)) for value in NO_UUIDS if value is not None],
    *[
        (command("HEALTH_CHECK", {}) | {name: "x"}, (f"/{name}",))
        for name in ("command_id", "created_at", "created_by", "status", "output", "ttl", "type", "Command_type", "__proto__")
    ],
    (command("HEALTH_CHECK", {}) | {"a/b~c": 1, "": 2}, ("/a~1b~0c", "/")),
    (
        {"command_type": "REPROCESS_QUEUE", "tenant_id": "x", "parameters": {"queue": 1, "max_messages": 0, "y": 1}, "z": 1},
        ("/tenant_id", "/parameters/queue", "/parameters/max_messages", "/parameters/y", "/z"),
    ),
    (
        {"command_type": "RESET_TOKEN", "tenant_id": 5, "parameters": {"integrationId": NOBODY}},
        ("/tenant_id", "/parameters/integration_id", "/parameters/integrationId"),
    ),
    ({"command_type": "x", "tenant_id": "x", "parameters": [], "z": 1}, ("/command_type", "/tenant_id", "/parameters", "/z")),
]  # fmt: skip


def test_bad_bodies_are_pointed_at(commands: Commands) -> None:
    before = commands.count()

    def check(case: tuple[dict[str, Any], tuple[str, ...]]) -> None:
        body, pointers = case
        assert_body_refused(commands.post(body), *pointers)

    with ThreadPoolExecutor(4) as pool:
        for _ in pool.map(check, BAD_BODIES):
            pass
    assert commands.count() == before


NOT_EVEN_OBJECTS = [b"[]", b"null", b"1", b'"x"', b"true", json.dumps([command("HEALTH_CHECK", {})]).encode()]
NO_JSON = [
    b"", b" ", b"{", b"}", b"nope", b"{} {}", b'{"command_type": "HEALTH_CHECK", "parameters": {},}',
    b'{"command_type": "HEALTH_CHECK", "parameters": NaN}', b'{"command_type": "\\ud800", "parameters": {}}',
    b'{"command_type": "HEALTH_CHECK", "parameters": {"checks": ["\xff"]}}', b"[" * 10_000, b'{"parameters":' * 4_000,
    b'{"command_type": "HEALTH_CHECK", "parameters": ' + b'{"a":' * 5_000 + b"1" + b"}" * 5_001,
    b"command_type=HEALTH_CHECK&parameters={}",
]  # fmt: skip


def test_a_body_that_is_no_object(commands: Commands) -> None:
    before = commands.count()
    for body in NOT_EVEN_OBJECTS:
        assert_body_refused(commands.post(body, **JSON), "")
    for body in NO_JSON:
        answer = commands.post(body, **JSON)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_body"), (body[:60], answer.text)
    assert commands.count() == before


def test_sixty_four_kibibytes_and_no_more(commands: Commands) -> None:
    """Counted in bytes."""
    body = json.dumps(command("HEALTH_CHECK", QUICK)).encode().ljust(65_536)
    before = commands.count()
    assert commands.post(body, **JSON).status_code == 201
    for too_large in (body + b" ", b"x" * 65_537, json.dumps(command("HEALTH_CHECK", {"x": "é" * 40_000})).encode()):
        assert_problem(commands.post(too_large, **JSON), 413, "too_large")
    assert commands.count() == before + 1


def test_content_types(commands: Commands) -> None:
    body = json.dumps(command("HEALTH_CHECK", QUICK)).encode()
    for good in ("application/json", "application/json; charset=utf-8", "Application/JSON"):
        assert commands.post(body, **{"Content-Type": good}).status_code == 201, good
    before = commands.count()
    for bad in (
        "text/plain", "application/x-www-form-urlencoded", "text/json", "application/jsonx", "application/merge-patch+json",
        "multipart/form-data; boundary=x", "*/*", "text/plain, application/json",
    ):  # fmt: skip
        assert_problem(commands.post(body, **{"Content-Type": bad}), 415, "unsupported_media_type")
    assert_problem(commands.post(body), 415, "unsupported_media_type")
    assert commands.count() == before


def test_a_tenant_is_required(commands: Commands) -> None:
    before = commands.count()
    for kind in OF_A_TENANT:
        assert_body_refused(commands.post(command(kind, GOOD[kind])), "/tenant_id")
        (target,) = GOOD[kind]
        assert_body_refused(commands.post(command(kind, {})), "/tenant_id", f"/parameters/{target}")
    assert commands.count() == before


def test_a_tenant_that_is_not_there(commands: Commands) -> None:
    before = commands.count()
    gone = commands.rows.tenant("Temporário, comandado e ido")
    commands.rows.database.execute("DELETE FROM tenants WHERE id = %s", [gone])
    for kind in TYPES:
        for tenant_id in (NOBODY, str(uuid.uuid4()), gone):
            assert_problem(commands.post(of(tenant_id, kind)), 404, "not_found")
    # What is wrong with the request comes before whether there is such a tenant.
    assert_body_refused(commands.post(of(NOBODY, "HEALTH_CHECK", x=1)), "/x")
    assert_problem(commands.post(json.dumps(of(NOBODY, "HEALTH_CHECK")).encode()), 415, "unsupported_media_type")
    assert commands.count() == before


@pytest.mark.parametrize("status", ["active", "inactive", "suspended"])
def test_tenants_of_any_status(commands: Commands, status: str) -> None:
    tenant = commands.rows.tenant(f"Temporário {status}", status=status)
    assert output_of(commands.run("HEALTH_CHECK", QUICK, tenant))["status"] == "healthy"


def test_a_tenant_is_compared_as_such(commands: Commands, tenant: str) -> None:
    ended = commands.run("HEALTH_CHECK", QUICK, tenant.upper())
    assert ended["tenant_id"] == tenant


@pytest.mark.parametrize("malformed", ["x", "1", NOBODY[:-1], f"{NOBODY}0", "null", NOBODY.replace("-", "")])
def test_an_id_that_is_none(commands: Commands, malformed: str) -> None:
    assert_problem(commands.stack.get(f"{ROUTE}/{malformed}", commands.token), 400, "invalid_parameter", "id")


def test_a_command_that_is_not_there(commands: Commands, tenant: str) -> None:
    for command_id in (NOBODY, str(uuid.uuid4()), tenant):
        assert_problem(commands.stack.get(f"{ROUTE}/{command_id}", commands.token), 404, "not_found")


# ------------------------------------------------------------------ asked for twice


def key() -> dict[str, str]:
    return {"Idempotency-Key": f"chave {uuid.uuid4()}"}


def is_replay(answer: httpx.Response) -> bool:
    assert answer.headers.get("idempotency-replayed") in (None, "true")
    return "idempotency-replayed" in answer.headers


def assert_replayed(answer: httpx.Response, first: httpx.Response) -> None:
    assert (answer.status_code, answer.content) == (201, first.content), answer.text
    assert is_replay(answer) and not is_replay(first)
    assert answer.headers["location"] == first.headers["location"]


def test_the_same_again_is_no_new_command(commands: Commands, tenant: str) -> None:
    """Also in another order and with other white space, and long after it has ended."""
    again, before = key(), commands.count()
    body = command("REPROCESS_QUEUE", {"queue": "nao-existe", "max_messages": 5}, tenant)
    first = commands.post(body, **again)
    assert first.status_code == 201
    assert_replayed(commands.post(body, **again), first)
    other_order = dict(reversed(body.items())) | {"parameters": dict(reversed(body["parameters"].items()))}
    assert list(other_order) != list(body) and other_order == body
    for spelling in (
        json.dumps(other_order), json.dumps(body, indent=4), json.dumps(other_order, separators=(",", ":")),
        "\r\n\t " + json.dumps(body).replace("queue", "\\u0071ueue") + "  ",
    ):  # fmt: skip
        assert_replayed(commands.post(spelling.encode(), **JSON, **again), first)
    commands.ended(first.json()["command_id"])
    assert_replayed(commands.post(body, **again), first)
    assert first.json()["status"] == "PENDING", "the body is what it was"
    assert commands.count() == before + 1
    assert len(commands.audit(first.json()["command_id"])) == 3


def test_something_else_under_the_same_key(commands: Commands, tenant: str) -> None:
    again = key()
    body = command("REPROCESS_QUEUE", {"queue": "nao-existe"}, tenant)
    first = commands.post(body, **again)
    before = commands.count()
    for other in (
        command("HEALTH_CHECK", {}, tenant), command("REPROCESS_QUEUE", {"queue": "nao-existe"}),
        command("REPROCESS_QUEUE", {"queue": "outra"}, tenant),
        command("REPROCESS_QUEUE", {"queue": "nao-existe", "max_messages": 1000}, tenant),
        command("REPROCESS_QUEUE", {"queue": "nao-existe", "max_messages": 1}, tenant),
    ):  # fmt: skip
        assert_problem(commands.post(other, **again), 409, "idempotency_conflict")
    # What is wrong with the request comes before what it was the last time.
    assert_body_refused(commands.post({"x": 1}, **again), "/command_type", "/parameters", "/x")
    assert_problem(commands.post(json.dumps(body).encode(), **again), 415, "unsupported_media_type")
    assert_replayed(commands.post(body, **again), first)
    assert commands.count() == before


def test_the_same_key_of_somebody_else(commands: Commands, token: Callable[..., str]) -> None:
    again, admin = key(), token("INTERNAL_ADMIN")
    first = commands.post(command("HEALTH_CHECK", QUICK), **again)
    others = commands.post(command("HEALTH_CHECK", QUICK), admin, **again)
    assert (others.status_code, is_replay(others)) == (201, False)
    assert others.json()["command_id"] != first.json()["command_id"]
    different = commands.post(command("HEALTH_CHECK", {}), admin, **key())
    assert different.status_code == 201
    assert_replayed(commands.post(command("HEALTH_CHECK", QUICK), **again), first)
    assert_replayed(commands.post(command("HEALTH_CHECK", QUICK), admin, **again), others)


@pytest.mark.parametrize("good", ["x", "0", "~", "a b", "!\"#$%&'()*+,-./:;<=>?@[]^_`{|}~", "x" * 128, "true", "null"])
def test_keys_that_are_good(commands: Commands, good: str) -> None:
    again = {"Idempotency-Key": good}
    body = command("REPROCESS_QUEUE", {"queue": f"nao-existe-{uuid.uuid4().hex[:8]}"})
    with commands.stack.temporary_user("INTERNAL_SUPPORT") as email:
        token = commands.stack.sign_in(email, PASSWORD).id
        first = commands.post(body, token, **again)
        assert (first.status_code, is_replay(first)) == (201, False), first.text
        assert_replayed(commands.post(body, token, **again), first)


@pytest.mark.parametrize("bad", [b"", b"x" * 129, b"x" * 5_000, "chave-é".encode(), "chave-é".encode("latin-1"), "😀".encode(),
                                 b"a\tb"])  # fmt: skip
def test_keys_that_are_bad(commands: Commands, bad: bytes) -> None:
    before = commands.count()
    answer = commands.post(command("HEALTH_CHECK", QUICK), **{"Idempotency-Key": bad})
    assert_problem(answer, 400, "invalid_parameter", "Idempotency-Key")
    assert commands.count() == before


def test_what_was_refused_is_not_remembered(commands: Commands) -> None:
    again, before = key(), commands.count()
    tenant_id = str(uuid.uuid4())
    body = of(tenant_id, "HEALTH_CHECK")
    for _ in range(2):
        assert_problem(commands.post(body, **again), 404, "not_found")
        assert_body_refused(commands.post(body | {"x": 1}, **again), "/x")
        assert_problem(commands.post(json.dumps(body).encode(), **again), 415, "unsupported_media_type")
        assert_problem(commands.post(b" " * 65_537, **JSON, **again), 413, "too_large")
        assert_body_refused(commands.post(command("RESET_TOKEN", GOOD["RESET_TOKEN"]), **again), "/tenant_id")
    assert commands.count() == before
    commands.rows.tenant("Temporário que veio depois", id=tenant_id)
    first = commands.post(body, **again)
    assert (first.status_code, is_replay(first)) == (201, False)
    assert_replayed(commands.post(body, **again), first)


def test_a_replay_needs_no_tenant_any_more(commands: Commands) -> None:
    again = key()
    tenant = commands.rows.tenant("Temporário que se vai")
    body = of(tenant, "HEALTH_CHECK")
    first = commands.post(body, **again)
    commands.ended(first.json()["command_id"])
    commands.rows.database.execute("DELETE FROM tenants WHERE id = %s", [tenant])
    assert_replayed(commands.post(body, **again), first)
    assert_problem(commands.post(body, **key()), 404, "not_found")


@pytest.mark.parametrize("times", [2, 8])
def test_several_at_one_instant_with_a_key_are_one(commands: Commands, tenant: str, times: int) -> None:
    for _ in range(3):
        again, before = key(), commands.count()
        with ThreadPoolExecutor(times) as pool:
            answers = list(pool.map(lambda _, again=again: commands.post(of(tenant, "HEALTH_CHECK"), **again), range(times)))
        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.content for answer in answers}) == 1
        assert sum(not is_replay(answer) for answer in answers) == 1
        assert commands.count() == before + 1
        ended = commands.ended(answers[0].json()["command_id"])
        assert (ended["status"], ended["attempt"]) == ("SUCCESS", 1)


def test_several_at_one_instant_of_which_one_wins(commands: Commands, tenant: str) -> None:
    """Two bodies under one key: all with the one are the same command, all with the other conflict."""
    again, before = key(), commands.count()
    bodies = [of(tenant, kind) for kind in ("HEALTH_CHECK", "REPROCESS_QUEUE")] * 4
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda body: commands.post(body, **again), bodies))
    statuses = [{answer.status_code for answer in answers[first::2]} for first in (0, 1)]
    assert sorted(statuses, key=min) == [{201}, {409}], statuses
    assert len({answer.content for answer in answers if answer.status_code == 201}) == 1
    assert commands.count() == before + 1


@pytest.mark.parametrize("times", [2, 8])
def test_several_at_one_instant_without_a_key_are_as_many(commands: Commands, tenant: str, times: int) -> None:
    before = commands.count()
    with ThreadPoolExecutor(times) as pool:
        answers = list(pool.map(lambda _: commands.post(of(tenant, "HEALTH_CHECK")), range(times)))
    assert {answer.status_code for answer in answers} == {201}
    assert not any(is_replay(answer) for answer in answers)
    assert len({answer.json()["command_id"] for answer in answers}) == times
    assert commands.count() == before + times


def test_keys_are_kept_apart_and_for_a_day(commands: Commands) -> None:
    """Not among the commands, so neither in their stream nor in their indexes, and not for ever."""
    again = {"Idempotency-Key": f"chave-{uuid.uuid4()}"}
    table = commands.stack.description["bookkeeping_table"]

    def kept() -> dict[tuple[str, str], dict[str, Any]]:
        pages = commands.dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
        return {(item["pk"], item["sk"]): item for page in pages for item in map(plain, page["Items"])}

    before = kept()
    with commands.watched() as records:
        command_id = commands.create("HEALTH_CHECK", QUICK, **again)
        commands.ended(command_id)
        ids = {record["dynamodb"]["Keys"]["command_id"]["S"] for record in records()}
    assert command_id in ids
    assert all(str(uuid.UUID(seen)) == seen for seen in ids)
    new = [item for id_, item in kept().items() if id_ not in before and command_id in json.dumps(item)]
    assert new, "the key is kept here"
    day = int((datetime.datetime.now(UTC) + DAY).timestamp())
    assert all(day - 600 <= item["ttl"] <= day + 60 for item in new), new
    item = commands.item(command_id)
    assert again["Idempotency-Key"] not in json.dumps(attributes(item or {}))
