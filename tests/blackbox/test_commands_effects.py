"""Each command does what it says, where it belongs, and says what is wrong where it can't."""

import datetime
import json
import re
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest
from commands import CHECKS, FIELDS, QUICK, ROUTE, TYPES, Commands, assert_error, assert_sentence, output_of, plain
from reference import UTC, instant
from stack import Stack, until
from targets import TOKENS, Message, Queue, Restarts, Secrets, integration, message, stored

CONSUMER_SECONDS = 30


@dataclass
class World:
    """Two companies with agents and integrations, and queues with nothing in them."""

    commands: Commands
    secrets: Secrets
    restarts: Restarts
    queue: Queue
    dead: Queue
    began: float
    tenant: str
    other: str

    def integration(self, content: Any, tenant: str | None = None, **columns: object) -> tuple[str, str]:
        """An integration and its secret."""
        arn = self.secrets.make(content)
        return integration(self.commands.rows, tenant or self.tenant, arn, **columns), arn

    def agent(self, tenant: str | None = None, **columns: object) -> str:
        agent_id = self.commands.rows.agent("Agente, temporário")
        self.commands.rows.deployment(tenant or self.tenant, agent_id, **columns)
        return agent_id


@pytest.fixture(scope="module")
def world(stack: Stack, commands: Commands) -> Iterator[World]:
    queue, dead = (Queue(stack, stack.description[f"demo_{name}_url"]) for name in ("queue", "dead_letter_queue"))
    with ExitStack() as ends:
        for one in (queue, dead):
            ends.enter_context(one.emptied())
        yield World(
            commands, Secrets(stack, ends), Restarts(stack), queue, dead, time.time(),
            commands.rows.tenant("Temporário com efeitos"), commands.rows.tenant("Temporário sem efeitos"),
        )  # fmt: skip


# ------------------------------------------------------------------ the life of each


def test_each_type_goes_its_way(world: World) -> None:
    """From pending over running to success: no step is left out, and each is told once."""
    integration_id, _ = world.integration(world.secrets.credentials(*TOKENS))
    asked = {
        "REPROCESS_QUEUE": {"queue": world.queue.name}, "RESET_TOKEN": {"integration_id": integration_id},
        "RESTART_AGENT": {"agent_id": world.agent()}, "HEALTH_CHECK": {"checks": ["commands_table"]},
    }  # fmt: skip
    with world.commands.watched() as records:
        made = {kind: world.commands.create(kind, parameters, world.tenant) for kind, parameters in asked.items()}
        ended = {kind: world.commands.ended(command_id) for kind, command_id in made.items()}
        told = records()
    for kind in TYPES:
        assert ended[kind]["status"] == "SUCCESS", ended[kind]
        own = [one for one in told if one["dynamodb"]["Keys"]["command_id"]["S"] == made[kind]]
        images = [plain(one["dynamodb"]["NewImage"]) for one in own if "progress_only" not in one["dynamodb"]["NewImage"]]
        assert [image["status"] for image in images] == ["PENDING", "RUNNING", "SUCCESS"]
        pending, running, done = images
        assert (own[0]["eventName"], pending["attempt"]) == ("INSERT", 0)
        assert not {"started_at", "completed_at", "output", "lease_until"} & set(pending)
        assert running["attempt"] == 1 and running["lease_owner"]
        lease = datetime.datetime.fromisoformat(running["lease_until"])
        started = datetime.datetime.fromisoformat(running["started_at"])
        assert datetime.timedelta() < lease - started <= 2 * world.commands.seconds("LEASE")
        assert done["output"] == ended[kind]["output"]
        for image in images:
            assert image["type_status"] == f"{kind}#{image['status']}"
            assert image["tenant_type_status"] == f"{world.tenant}#{kind}#{image['status']}"
        never = (
            "command_id", "created_at", "command_type", "created_by", "tenant_id", "parameters", "request_id", "ttl", "counted",
        )  # fmt: skip
        assert all(image[name] == pending[name] for image in images for name in never)


# ------------------------------------------------------------------ REPROCESS_QUEUE

ATTRIBUTES = {
    "texto": {"DataType": "String", "StringValue": "ção 😀 <&>\"'"}, "numero": {"DataType": "Number", "StringValue": "-1.50"},
    "bytes": {"DataType": "Binary", "BinaryValue": b"\x00\xff\x10"},
    "proprio": {"DataType": "String.json", "StringValue": "{}"},
}  # fmt: skip
BODIES = ["x", " ", "ção 😀", '{"json": [1, null]}', "<xml>&amp;</xml>", "linha 1\nlinha 2\r\n\tfim", "%s{}", "a" * 100_000]


def test_messages_go_back(world: World) -> None:
    """As many as asked for, each once and as it was; the others stay where they are."""
    sent: dict[str, Message] = {}
    for index in range(23):
        attributes = ATTRIBUTES if index % 3 == 0 else dict([list(ATTRIBUTES.items())[index % 4]]) if index % 3 == 1 else {}
        body = f"{index} {BODIES[index % len(BODIES)]}"
        sent[world.dead.send(body, attributes)] = message(body, attributes)
    output = output_of(world.commands.run("REPROCESS_QUEUE", {"queue": world.queue.name, "max_messages": 15}))
    expected = {"queue": world.queue.name, "dead_letter_queue": world.dead.name, "moved": 15, "left": 8}
    assert output == expected | {"in_doubt": 0, "skipped": 0}
    assert (world.queue.length(), world.dead.length()) == (15, 8)

    output = output_of(world.commands.run("REPROCESS_QUEUE", {"queue": world.queue.name, "max_messages": 3}))
    assert (output["moved"], output["left"]) == (3, 5)
    arrived = world.queue.drain()
    assert len({one.original for _, one in arrived}) == len(arrived) == 18
    assert all(one.of_the_original() == sent[one.original or ""] for _, one in arrived)
    stayed = world.dead.drain()
    assert all(sent[message_id] == one for message_id, one in stayed), "untouched"
    assert {one.original for _, one in arrived} | {message_id for message_id, _ in stayed} == set(sent)


def test_all_of_them_and_then_none(world: World) -> None:
    sent = {world.dead.send(f"{index}", {}) for index in range(11)}
    ended = world.commands.run("REPROCESS_QUEUE", {"queue": world.queue.name}, world.tenant)
    output = output_of(ended)
    assert (output["moved"], output["left"]) == (11, 0)
    assert ended["progress"]["moved"] == 11
    output = output_of(world.commands.run("REPROCESS_QUEUE", {"queue": world.queue.name}))
    assert (output["moved"], output["left"], output["in_doubt"], output["skipped"]) == (0, 0, 0, 0)
    assert {one.original for _, one in world.queue.drain()} == sent


def test_a_message_that_comes_back_again(world: World) -> None:
    """What was reprocessed once and failed again still says which message it was at first."""
    first = world.dead.send("de novo", ATTRIBUTES)
    world.commands.run("REPROCESS_QUEUE", {"queue": world.queue.name})
    ((_, moved),) = world.queue.drain()
    assert moved.original == first
    copied = {"original_message_id": {"DataType": "String", "StringValue": first}}
    world.dead.send("de novo", ATTRIBUTES | copied)
    assert output_of(world.commands.run("REPROCESS_QUEUE", {"queue": world.queue.name}))["moved"] == 1
    ((_, again),) = world.queue.drain()
    assert again.of_the_original() == message("de novo", ATTRIBUTES)
    assert again.original


def test_a_message_that_has_no_room_for_its_origin(world: World) -> None:
    """A message has ten attributes at most. Such a one may stay; it is never lost, nor in the way of others."""
    full = {f"a{index}": {"DataType": "String", "StringValue": "x"} for index in range(10)}
    world.dead.send("cheia", full)
    world.dead.send("outra", {})
    output = output_of(world.commands.run("REPROCESS_QUEUE", {"queue": world.queue.name}))
    arrived, stayed = (Counter(one.body for _, one in queue.drain()) for queue in (world.queue, world.dead))
    assert arrived["outra"] == 1 and arrived["cheia"] + stayed["cheia"] == 1
    assert (output["moved"], output["left"]) == (arrived.total(), stayed.total())


def test_several_at_once_move_each_message_once(world: World) -> None:
    sent = {world.dead.send(f"{index}", {}) for index in range(30)}
    made = [world.commands.create("REPROCESS_QUEUE", {"queue": world.queue.name, "max_messages": 8}) for _ in range(5)]
    outputs = [output_of(world.commands.ended(command_id)) for command_id in made]
    assert all(output["moved"] <= 8 for output in outputs)
    assert sum(output["moved"] for output in outputs) == 30
    assert sorted(one.original or "" for _, one in world.queue.drain()) == sorted(sent)
    assert world.dead.length() == 0


def test_a_queue_without_dead_letters(world: World, stack: Stack) -> None:
    sqs, url = stack.aws("sqs"), world.queue.url
    policy = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])["Attributes"]
    world.dead.send("fica", {})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": ""})
    try:
        assert_error(world.commands.run("REPROCESS_QUEUE", {"queue": world.queue.name}), "no dead-letter queue")
    finally:
        sqs.set_queue_attributes(QueueUrl=url, Attributes=policy)
    assert [one.body for _, one in world.dead.drain()] == ["fica"]
    assert output_of(world.commands.run("REPROCESS_QUEUE", {"queue": world.queue.name}))["moved"] == 0


def test_queues_that_nobody_may_reprocess(world: World, stack: Stack) -> None:
    """Whether or not there is such a queue."""
    sqs = stack.aws("sqs")
    foreign = f"temporaria-{uuid.uuid4().hex[:8]}"
    url = sqs.create_queue(QueueName=foreign)["QueueUrl"]
    world.dead.send("fica", {})
    try:
        for name in ("nao-existe", foreign, world.dead.name, world.queue.name.upper(), f"{world.queue.name}-"):
            assert_error(world.commands.run("REPROCESS_QUEUE", {"queue": name}), "unknown queue")
    finally:
        sqs.delete_queue(QueueUrl=url)
    assert [one.body for _, one in world.dead.drain()] == ["fica"]


# ------------------------------------------------------------------ RESET_TOKEN


@pytest.mark.parametrize("tokens", [TOKENS[:2], TOKENS[2:], TOKENS[:1], TOKENS])
def test_tokens_are_blanked(world: World, tokens: tuple[str, ...]) -> None:
    """In a new version, with all else as it was, and with no label on the version before."""
    credentials = world.secrets.credentials(*tokens)
    integration_id, arn = world.integration(credentials, last_error=None)
    untouched_id, untouched_arn = world.integration(world.secrets.credentials(*tokens))
    rows = world.commands.rows
    before = {one: stored(rows, "tenant_integrations", id=one) for one in (integration_id, untouched_id)}
    kept_apart = (world.secrets.read(untouched_arn), world.secrets.labels(untouched_arn))

    ended = world.commands.run("RESET_TOKEN", {"integration_id": integration_id}, world.tenant)
    output = output_of(ended)
    assert sorted(output.pop("blanked")) == sorted(tokens)
    command_id = ended["command_id"]
    assert output == {
        "integration_id": integration_id, "integration_name": "CRM, temporário", "secret_version": command_id,
    }  # fmt: skip
    assert world.secrets.read(arn) == (command_id, credentials | dict.fromkeys(tokens, ""))
    assert world.secrets.labels(arn) == {command_id: ["AWSCURRENT"]}
    row = stored(rows, "tenant_integrations", id=integration_id)
    changed = {name for name in row if row[name] != before[integration_id][name]}
    assert changed == {"status", "last_error", "updated_at", "xmin"}
    assert row["status"] == "inactive"
    assert "reautorização" in row["last_error"].lower()
    assert_sentence(row["last_error"])

    assert stored(rows, "tenant_integrations", id=untouched_id) == before[untouched_id]
    assert (world.secrets.read(untouched_arn), world.secrets.labels(untouched_arn)) == kept_apart


@pytest.mark.parametrize("status", ["active", "inactive", "error"])
def test_tokens_are_blanked_once_more(world: World, status: str) -> None:
    """Whatever the integration's status, and also when a token was obtained anew."""
    credentials = world.secrets.credentials("access_token")
    integration_id, arn = world.integration(credentials, status=status)
    first = world.commands.run("RESET_TOKEN", {"integration_id": integration_id}, world.tenant)
    assert output_of(first)["blanked"] == ["access_token"]
    world.secrets.client.put_secret_value(SecretId=arn, SecretString=json.dumps(credentials))
    second = world.commands.run("RESET_TOKEN", {"integration_id": integration_id.upper()}, world.tenant)
    assert output_of(second)["integration_id"] == integration_id
    assert world.secrets.read(arn) == (second["command_id"], credentials | {"access_token": ""})
    assert world.secrets.labels(arn) == {second["command_id"]: ["AWSCURRENT"]}


def test_integrations_that_are_not_the_tenants(world: World) -> None:
    """Refused in the same words, whether or not there is such an integration; nothing is touched."""
    foreign, arn = world.integration(world.secrets.credentials(*TOKENS), world.other)

    def untouched() -> Any:
        row = stored(world.commands.rows, "tenant_integrations", id=foreign)
        return row, world.secrets.read(arn), world.secrets.labels(arn)

    before, messages = untouched(), set()
    for integration_id in (foreign, str(uuid.uuid4()), world.tenant):
        ended = world.commands.run("RESET_TOKEN", {"integration_id": integration_id}, world.tenant)
        assert_error(ended, "unknown integration")
        messages.add(ended["error_message"].replace(integration_id, "…"))
    assert len(messages) == 1
    assert untouched() == before


NO_CREDENTIALS = ["senha simples", "[]", '"texto"', "null", "1", '{"access_token": "x"', b"\x00\xff"]


def test_secrets_that_cannot_be_blanked(world: World) -> None:
    rows = world.commands.rows

    def assert_refused(integration_id: str, code: str) -> None:
        before = stored(rows, "tenant_integrations", id=integration_id)
        assert_error(world.commands.run("RESET_TOKEN", {"integration_id": integration_id}, world.tenant), code)
        assert stored(rows, "tenant_integrations", id=integration_id) == before

    assert_refused(integration(rows, world.tenant, None), "no credentials")
    deleted_id, deleted = world.integration(world.secrets.credentials(*TOKENS))
    world.secrets.delete(deleted)
    assert_refused(deleted_id, "secret missing")
    assert_refused(integration(rows, world.tenant, f"{deleted[:-6]}nunca1"), "secret missing")
    for content in NO_CREDENTIALS:
        secret = content if isinstance(content, bytes) else content.replace("x", world.secrets.value())
        integration_id, arn = world.integration(secret)
        labels = world.secrets.labels(arn)
        assert_refused(integration_id, "secret unreadable")
        assert world.secrets.labels(arn) == labels


# ------------------------------------------------------------------ RESTART_AGENT


@pytest.mark.parametrize("status", ["active", "inactive"])
def test_an_agent_is_restarted(world: World, status: str) -> None:
    stopped = None if status == "active" else datetime.datetime(2026, 5, 1, tzinfo=UTC)
    agent_id = world.agent(status=status, deactivated_at=stopped)
    world.commands.rows.deployment(world.other, agent_id, status=status, deactivated_at=stopped)
    rows = world.commands.rows
    before, others = (stored(rows, "tenant_agents", tenant_id=one, agent_id=agent_id) for one in (world.tenant, world.other))
    asked = datetime.datetime.now(UTC)
    ended = world.commands.run("RESTART_AGENT", {"agent_id": agent_id}, world.tenant)
    done = datetime.datetime.now(UTC)

    row = stored(rows, "tenant_agents", tenant_id=world.tenant, agent_id=agent_id)
    assert (row["status"], row["deactivated_at"]) == ("active", None)
    restarted = datetime.datetime.fromisoformat(row["restarted_at"])
    assert asked - datetime.timedelta(milliseconds=1) <= restarted <= done
    changed = {name for name in row if row[name] != before[name]}
    assert changed <= {"status", "deactivated_at", "restarted_at", "updated_at", "xmin"}
    assert stored(rows, "tenant_agents", tenant_id=world.other, agent_id=agent_id) == others
    assert output_of(ended) == {
        "agent_id": agent_id, "agent_name": "Agente, temporário", "previous_status": status,
        "restarted_at": instant(restarted),
    }  # fmt: skip

    command_id = ended["command_id"]
    (event,) = until(lambda: world.restarts.of(command_id), CONSUMER_SECONDS)
    assert (event["source"], event["detail-type"]) == ("alquimista.painel", "AgentRestartRequested")
    detail = event["detail"]
    requested = datetime.datetime.fromisoformat(detail.pop("requested_at"))
    assert detail == {"command_id": command_id, "tenant_id": world.tenant, "agent_id": agent_id}
    assert asked - datetime.timedelta(milliseconds=1) <= requested <= done


def test_agents_that_cannot_be_restarted(world: World) -> None:
    rows = world.commands.rows
    suspended = world.agent(status="suspended", deactivated_at=datetime.datetime(2026, 5, 1, tzinfo=UTC))
    foreign = world.agent(world.other, status="inactive")
    nobodys = rows.agent("Agente de ninguém, temporário")

    def deployed() -> list[dict[str, Any]]:
        owned = ((world.tenant, suspended), (world.other, foreign))
        return [stored(rows, "tenant_agents", tenant_id=tenant, agent_id=agent_id) for tenant, agent_id in owned]

    before = deployed()
    refused = {"agent suspended": [suspended], "unknown agent": [foreign, nobodys, str(uuid.uuid4()), world.tenant]}
    made = []
    for code, agents in refused.items():
        for agent_id in agents:
            ended = world.commands.run("RESTART_AGENT", {"agent_id": agent_id}, world.tenant)
            assert_error(ended, code)
            made.append(ended["command_id"])
    assert deployed() == before
    assert rows.database.execute("SELECT count(*) FROM tenant_agents WHERE agent_id = %s", [nobodys]).fetchone() == (0,)
    # An event of theirs would have been on its way before this one.
    last = world.commands.run("RESTART_AGENT", {"agent_id": world.agent()}, world.tenant)
    until(lambda: world.restarts.of(last["command_id"]), CONSUMER_SECONDS)
    assert not [event for command_id in made for event in world.restarts.of(command_id)]


def test_what_the_panel_shows_follows(world: World, stack: Stack, token: Callable[..., str]) -> None:
    """The company's own pages tell of what was done, and to whom it may be told."""
    tenant = world.commands.rows.tenant("Temporário, acompanhado")
    agent_id = world.agent(tenant, status="inactive", deactivated_at=datetime.datetime(2026, 5, 1, tzinfo=UTC))
    integration_id, _ = world.integration(world.secrets.credentials(*TOKENS), tenant)
    world.commands.run("RESTART_AGENT", {"agent_id": agent_id}, tenant)
    world.commands.run("RESET_TOKEN", {"integration_id": integration_id}, tenant)
    admin = token("INTERNAL_ADMIN")
    (agent,) = stack.get(f"/internal/tenants/{tenant}/agents", admin).json()["agents"]
    assert (agent["status"], agent["deactivated_at"]) == ("active", None)
    (shown,) = stack.get("/tenant/integrations", admin, {"tenant_id": tenant}).json()["integrations"]
    assert shown["status"] == "inactive" and "reautorização" in shown["last_error"].lower()
    assert stack.get(f"/internal/tenants/{tenant}", admin).json()["agents"][0]["status"] == "active"


# ------------------------------------------------------------------ HEALTH_CHECK

# What makes the whole unhealthy rather than degraded.
VITAL = ("database", "commands_table")


def checked(ended: dict[str, Any], *names: str) -> dict[str, Any]:
    """Exactly these checks, and the whole is what they make of it."""
    output = output_of(ended)
    assert set(output) == {"status", "checks"}
    checks = output["checks"]
    assert sorted(checks) == sorted(names)
    for check in checks.values():
        assert {"ok", "latency_ms", "detail"} == set(check)
        assert isinstance(check["ok"], bool) and 0 <= check["latency_ms"] < 5_000
    failed = {name for name, check in checks.items() if not check["ok"]}
    assert output["status"] == ("unhealthy" if failed & set(VITAL) else "degraded" if failed else "healthy")
    return checks


@pytest.mark.parametrize("with_tenant", [False, True])
def test_everything_is_checked(world: World, with_tenant: bool) -> None:
    checks = checked(world.commands.run("HEALTH_CHECK", {}, world.other if with_tenant else None), *CHECKS)
    for name in ("database", "commands_table", "cache", "secrets"):
        assert checks[name]["ok"], checks[name]


@pytest.mark.parametrize("names", [*[(check,) for check in CHECKS], ("cache", "database"), CHECKS[::-1]])
def test_some_things_are_checked(world: World, names: tuple[str, ...]) -> None:
    checked(world.commands.run("HEALTH_CHECK", {"checks": list(names)}), *names)


def test_an_integration_in_error_degrades(world: World) -> None:
    """Its own tenant's health, and that of all; not its neighbour's."""
    rows = world.commands.rows
    well, ill = rows.tenant("Temporário são"), rows.tenant("Temporário doente")
    rows.integration(well, "Bem", status="active")
    rows.integration(ill, "Bem", status="active")
    rows.integration(ill, "Mal", status="error", last_error="Recusado")
    names = ("database", "integrations")
    for tenant, ok in ((well, True), (ill, False), (None, False)):
        ended = world.commands.run("HEALTH_CHECK", {"checks": list(names)}, tenant)
        checks = checked(ended, *names)
        assert checks["integrations"]["ok"] == ok, (tenant, checks)
        assert json.loads(ended["output"])["status"] == ("healthy" if ok else "degraded")


# ------------------------------------------------------------------ what is never told


def all_that_was_logged(stack: Stack, since: float) -> Iterator[tuple[str, str]]:
    """Every line of every log group, by the group."""
    logs = stack.aws("logs")
    for page in logs.get_paginator("describe_log_groups").paginate():
        for group in page["logGroups"]:
            name = group["logGroupName"]
            for events in logs.get_paginator("filter_log_events").paginate(logGroupName=name, startTime=int(since * 1000)):
                for event in events["events"]:
                    yield name, event["message"]


def test_no_secret_is_told(world: World, stack: Stack, token: Callable[..., str]) -> None:
    """Of all that were handled here: not in what commands gave, nor in any answer, audit row, table or log."""
    personal = f"cpf-{uuid.uuid4().hex}"
    world.dead.send(personal, {"cliente": {"DataType": "String", "StringValue": personal}})
    world.commands.run("REPROCESS_QUEUE", {"queue": world.queue.name})
    assert [one.body for _, one in world.queue.drain()] == [personal]
    integration_id, arn = world.integration(world.secrets.credentials(*TOKENS), config=json.dumps({"nota": "visível"}))
    last = world.commands.run("RESET_TOKEN", {"integration_id": integration_id}, world.tenant)
    unreadable, _ = world.integration(world.secrets.value() + ' {"access_token"')
    world.commands.run("RESET_TOKEN", {"integration_id": unreadable}, world.tenant)
    logged = until(lambda: [
        line for line in all_that_was_logged(stack, world.began) if last["command_id"] in line[1]
    ])  # fmt: skip
    assert logged, "the processor says what it did"

    told: list[tuple[str, str]] = list(all_that_was_logged(stack, world.began))
    admin = token("INTERNAL_ADMIN")
    for command_id in world.commands.made:
        told.append((f"GET {command_id}", stack.get(f"{ROUTE}/{command_id}", admin).text))
    for accept in ("application/json", "text/csv"):
        for path in (ROUTE, "/internal/audit", "/internal/integrations"):
            told.append((path, stack.get(path, admin, {"tenant_id": world.tenant, "limit": "100"}, Accept=accept).text))
    with stack.database() as database:
        for table in ("operational_events", "tenant_integrations", "tenant_agents"):
            rows = database.execute(f"SELECT to_jsonb(t)::text FROM {table} AS t WHERE tenant_id = %s", [world.tenant])
            told += [(table, row[0]) for row in rows]
        rows = database.execute("SELECT to_jsonb(t)::text FROM operational_events AS t WHERE event_type LIKE 'command%'")
        told += [("operational_events", row[0]) for row in rows]
    for table in ("commands_table", "bookkeeping_table"):
        pages = world.commands.dynamodb.get_paginator("scan").paginate(TableName=stack.description[table])
        told += [(table, json.dumps(item, default=str)) for page in pages for item in page["Items"]]
    for event in world.restarts.seen:
        told.append(("event", json.dumps(event)))

    secret = re.compile("|".join(map(re.escape, [*world.secrets.values, personal])))
    assert len(world.secrets.values) > 20
    for where, text in told:
        assert not secret.search(text), where
    account = arn.split(":secret:")[1]
    for where, text in told:
        if where.startswith("GET ") or where == ROUTE:
            assert account not in text and "arn:aws" not in text, where


def test_what_is_shown_of_a_command(world: World) -> None:
    ended = world.commands.run("HEALTH_CHECK", QUICK, world.tenant)
    assert set(ended) == {*FIELDS, "parameters", "attempt", "progress"}
    assert ended["progress"] is None
    assert ended["tenant_name"] == "Temporário com efeitos"
    (row,) = [row for row in world.commands.page(tenant_id=world.tenant, limit=1)["commands"]]
    assert list(row) == FIELDS
    assert row == {name: ended[name] for name in FIELDS}


def test_an_answer_has_no_more_than_it_may(world: World) -> None:
    """Many integrations in error: the output stays within its bounds."""
    tenant = world.commands.rows.tenant("Temporário com muitos erros")
    for index in range(300):
        world.commands.rows.integration(tenant, f"{index:03} " + "ã" * 90, status="error", last_error="é" * 900)
    ended = world.commands.run("HEALTH_CHECK", {"checks": ["integrations"]}, tenant)
    assert not checked(ended, "integrations")["integrations"]["ok"]
