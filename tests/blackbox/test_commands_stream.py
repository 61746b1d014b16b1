"""The processor, given what a stream may give it, and the reaper, which ends what nobody ends any more."""

import datetime
import json
import random
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from commands import QUICK, Commands, asked_for, assert_error, assert_written_down, number, output_of, plain, record
from reference import UTC, instant
from stack import Stack, until
from targets import TOKENS, Queue, Restarts, Secrets, integration, stored

SECOND = datetime.timedelta(seconds=1)
MINUTE = 60 * SECOND
# What the reaper leaves alone: a command that isn't started so soon.
PATIENCE = 5 * MINUTE
# Who holds a lease that isn't the processor's.
SOMEBODY = str(uuid.uuid4())


def now() -> datetime.datetime:
    return datetime.datetime.now(UTC)


@pytest.fixture(scope="module")
def tenant(commands: Commands) -> str:
    return commands.rows.tenant("Temporário no fluxo")


@pytest.fixture(scope="module")
def secrets(stack: Stack) -> Iterator[Secrets]:
    with ExitStack() as ends:
        yield Secrets(stack, ends)


@pytest.fixture(scope="module")
def restarts(stack: Stack) -> Restarts:
    return Restarts(stack)


@pytest.fixture(scope="module", autouse=True)
def left_behind(commands: Commands) -> str:
    """What the stream gave up on some minutes ago; the reaper's schedule finds it while the tests go on."""
    return commands.put(commands.pending("HEALTH_CHECK", None, created_at=instant(now() - PATIENCE - MINUTE)))


def of(records: list[dict[str, Any]], *ids: str) -> list[dict[str, Any]]:
    return [one for one in records if one["dynamodb"]["Keys"]["command_id"]["S"] in ids]


def agent(commands: Commands, tenant: str, **columns: object) -> str:
    agent_id = commands.rows.agent("Agente no fluxo")
    commands.rows.deployment(tenant, agent_id, **columns)
    return agent_id


# ------------------------------------------------------------------ delivered more than once, and out of order


def test_what_is_delivered_twice_runs_once(commands: Commands, tenant: str, secrets: Secrets, restarts: Restarts) -> None:
    """In one batch, in the next one, and by two deliveries at once; each step is written down once."""
    rows = commands.rows
    arn = secrets.make(secrets.credentials(*TOKENS))
    integration_id, agent_id = integration(rows, tenant, arn), agent(commands, tenant, status="inactive")

    def effects() -> Any:
        agents = stored(rows, "tenant_agents", tenant_id=tenant, agent_id=agent_id)
        return secrets.labels(arn), stored(rows, "tenant_integrations", id=integration_id), agents

    asked = {
        "RESET_TOKEN": {"integration_id": integration_id}, "RESTART_AGENT": {"agent_id": agent_id}, "HEALTH_CHECK": QUICK,
        "REPROCESS_QUEUE": {"queue": "nao-existe"},
    }  # fmt: skip
    with commands.watched() as records:
        with commands.mapping_off():
            made = [commands.create(kind, parameters, tenant) for kind, parameters in asked.items()]
            inserted = of(records(), *made)
            assert [one["eventName"] for one in inserted] == ["INSERT"] * 4
            assert commands.deliver(*[one for one in inserted for _ in range(2)], *inserted) == []
            told = of(records(), *made)
            assert len(told) == 3 * len(made), "each went its way once"
            first, items = effects(), [commands.item(command_id) for command_id in made]
            assert [item["status"] for item in items if item] == ["SUCCESS", "SUCCESS", "SUCCESS", "ERROR"]
            for _ in range(2):
                assert commands.deliver(*told, *inserted) == []
            assert len(of(records(), *made)) == len(told)
        commands.catch_up()
    assert effects() == first
    assert [commands.item(command_id) for command_id in made] == items
    for command_id in made:
        ended = commands.ended(command_id)
        assert ended["attempt"] == 1
        assert_written_down(commands.audit(command_id), ended)
    assert len(until(lambda: restarts.of(made[1]))) == 1


def test_what_is_delivered_out_of_order(commands: Commands, tenant: str) -> None:
    """The end before the beginning: written down all the same, in the order in which it happened."""
    with commands.watched() as records:
        with commands.mapping_off():
            command_id = commands.create("HEALTH_CHECK", QUICK, tenant)
            (inserted,) = of(records(), command_id)
            commands.deliver(inserted)
            told = of(records(), command_id)
            assert [plain(one["dynamodb"]["NewImage"])["status"] for one in told] == ["PENDING", "RUNNING", "SUCCESS"]
            for one in reversed(told):
                assert commands.deliver(one) == []
            assert commands.deliver(*reversed(told)) == []
            ended = commands.ended(command_id)
            assert_written_down(commands.audit(command_id), ended)
    commands.catch_up()
    assert_written_down(commands.audit(command_id), ended)


def test_a_step_that_is_told_before_the_command(commands: Commands, tenant: str) -> None:
    """The record of the first step is late: that of the second starts nothing."""
    pending = commands.pending("HEALTH_CHECK", QUICK, tenant)
    until_ = instant(now() + MINUTE)
    running = pending | {
        "status": "RUNNING", "attempt": 1, "started_at": instant(now()), "lease_owner": SOMEBODY, "lease_until": until_,
    }  # fmt: skip
    with commands.mapping_off():
        assert commands.deliver(record("MODIFY", running, pending)) == []
        assert commands.item(pending["command_id"]) is None
        assert commands.deliver(record("INSERT", pending)) == [], "there is no such command any more"
        assert commands.item(pending["command_id"]) is None


def test_what_is_gone_is_no_failure(commands: Commands, tenant: str) -> None:
    pending = commands.pending("HEALTH_CHECK", QUICK, tenant)
    ended = pending | {"status": "SUCCESS", "attempt": 1, "completed_at": instant(now()), "output": "{}"}
    with commands.mapping_off():
        assert commands.deliver(record("REMOVE", None, pending), record("REMOVE", None, ended)) == []
        assert commands.deliver() == []
    assert commands.audit(pending["command_id"]) == [] and commands.item(pending["command_id"]) is None


def test_an_item_that_is_deleted_is_forgotten_but_not_what_was_written_down(commands: Commands, tenant: str) -> None:
    """As its time to live does."""
    ended = commands.run("HEALTH_CHECK", QUICK, tenant)
    total = commands.page(tenant_id=tenant)["total"]
    rows = commands.audit(ended["command_id"])
    commands.delete(ended)
    until(lambda: commands.page(tenant_id=tenant)["total"] == total - 1)
    commands.catch_up()
    assert commands.page(tenant_id=tenant)["total"] == total - 1
    assert commands.stack.get(f"/internal/operations/commands/{ended['command_id']}", commands.token).status_code == 404
    assert commands.audit(ended["command_id"]) == rows


# ------------------------------------------------------------------ what records may have


@pytest.mark.parametrize("parameters", [QUICK, json.dumps(QUICK), " {}\n", {}, json.dumps(QUICK, indent=4)])
def test_parameters_as_a_map_and_as_a_text(commands: Commands, tenant: str, parameters: Any) -> None:
    command_id = commands.put(commands.pending("HEALTH_CHECK", parameters, tenant))
    ended = commands.ended(command_id)
    assert output_of(ended)["checks"]["commands_table"]["ok"]
    assert_written_down(commands.audit(command_id), ended)
    assert isinstance(ended["parameters"], dict)


def test_a_text_is_carried_out_as_a_map_is(commands: Commands, tenant: str) -> None:
    agent_id = agent(commands, tenant, status="inactive")
    ended = commands.ended(commands.put(commands.pending("RESTART_AGENT", json.dumps({"agent_id": agent_id}), tenant)))
    assert output_of(ended)["agent_id"] == agent_id
    assert stored(commands.rows, "tenant_agents", tenant_id=tenant, agent_id=agent_id)["status"] == "active"


@pytest.mark.parametrize("kind", ["DELETE_EVERYTHING", "health_check", "x" * 200, "😀"])
def test_an_unknown_type_is_an_error(commands: Commands, tenant: str, kind: str) -> None:
    command_id = commands.put(commands.pending(kind, {}, tenant))
    ended = commands.ended(command_id)
    assert_error(ended, "unknown type")
    steps = commands.steps(command_id)
    assert sorted(set(steps)) == sorted(steps) and {"command_created", "command_executed"} <= set(steps)
    assert commands.audit(command_id)[-1]["severity"] == "error"


# What is wrong with an image; None leaves the attribute out.
BAD_IMAGES: list[dict[str, Any]] = [
    {"parameters": None}, {"parameters": 5}, {"parameters": "não é JSON"}, {"parameters": "[]"}, {"parameters": []},
    {"parameters": True}, {"parameters": "null"}, {"command_type": 5}, {"command_type": None}, {"command_type": {}},
    {"status": 1}, {"status": None},
]  # fmt: skip


def test_a_hundred_records_of_which_three_are_bad(commands: Commands, tenant: str) -> None:
    """Exactly these are given back; all others are done."""
    good = [commands.pending("HEALTH_CHECK", QUICK, tenant) for _ in range(97)]
    bad = [commands.pending("HEALTH_CHECK", parameters, tenant) for parameters in (None, 5, "x")]
    items = good + bad
    random.Random(97).shuffle(items)
    with commands.mapping_off():
        for item in items:
            commands.put(item)
        records = [record("INSERT", item) for item in items]
        expected = [number(one) for one, item in zip(records, items, strict=True) if item in bad]
        assert sorted(commands.deliver(*records)) == sorted(expected)
        for item in good:
            assert (commands.item(item["command_id"]) or {})["status"] == "SUCCESS"
        for item in bad:
            assert (commands.item(item["command_id"]) or {})["status"] == "PENDING"
        # The next delivery has the same failures, and nothing to do.
        assert sorted(commands.deliver(*records)) == sorted(expected)
    for item in good:
        ended = commands.ended(item["command_id"], 120)
        assert ended["attempt"] == 1
        assert_written_down(commands.audit(item["command_id"]), ended)


def test_one_bad_record_is_in_nobodys_way(commands: Commands, tenant: str) -> None:
    """Whatever is wrong with it, it is given back, and those before and after it are done."""
    with commands.mapping_off():
        for change in BAD_IMAGES:
            good = [commands.pending("HEALTH_CHECK", QUICK, tenant) for _ in range(2)]
            bad = commands.pending("HEALTH_CHECK", QUICK, tenant) | change
            bad = {name: value for name, value in bad.items() if value is not None}
            for item in good:
                commands.put(item)
            first, wrong, last = (record("INSERT", item) for item in (good[0], bad, good[1]))
            assert commands.deliver(first, wrong, last) == [number(wrong)], change
            assert [(commands.item(item["command_id"]) or {})["status"] for item in good] == ["SUCCESS"] * 2, change


def test_records_that_are_hardly_any(commands: Commands, tenant: str) -> None:
    """Without images, with keys of other types, of an event that there is none of."""
    good = commands.pending("HEALTH_CHECK", QUICK, tenant)
    bare, keyless, typed = (record("INSERT", commands.pending("HEALTH_CHECK", QUICK, tenant)) for _ in range(3))
    del bare["dynamodb"]["NewImage"]
    del keyless["dynamodb"]["NewImage"]["command_id"]
    typed["dynamodb"]["NewImage"]["created_at"] = {"N": "5"}
    with commands.mapping_off():
        commands.put(good)
        failed = commands.deliver(bare, keyless, record("INSERT", good), typed)
        assert sorted(failed) == sorted(map(number, (bare, keyless, typed)))
        assert (commands.item(good["command_id"]) or {})["status"] == "SUCCESS"


def test_commands_on_one_target_go_in_the_order_they_were_asked_for(
    commands: Commands, tenant: str, secrets: Secrets
) -> None:  # fmt: skip
    """Whatever their order in the batch; those on other targets don't wait."""
    arn = secrets.make(secrets.credentials(*TOKENS))
    integration_id = integration(commands.rows, tenant, arn)
    start = now() - MINUTE
    items = [
        commands.pending(
            "RESET_TOKEN", {"integration_id": integration_id}, tenant,
            created_at=instant(start + index * datetime.timedelta(milliseconds=1)),
        )
        for index in range(5)
    ]  # fmt: skip
    with commands.mapping_off():
        for item in items:
            commands.put(item)
        assert commands.deliver(*[record("INSERT", item) for item in reversed(items)]) == []
        done = [commands.item(item["command_id"]) or {} for item in items]
    assert [item["status"] for item in done] == ["SUCCESS"] * 5
    for before, after in zip(done, done[1:], strict=False):
        assert before["completed_at"] <= after["started_at"]
    assert secrets.labels(arn) == {items[-1]["command_id"]: ["AWSCURRENT"]}


# ------------------------------------------------------------------ leases


def running(commands: Commands, tenant: str, until_: datetime.datetime, **more: Any) -> dict[str, Any]:
    """An item that somebody else has started."""
    return commands.pending(
        "HEALTH_CHECK", QUICK, tenant, status="RUNNING", attempt=1, started_at=instant(now() - SECOND), lease_owner=SOMEBODY,
        lease_until=instant(until_), **more,
    )  # fmt: skip


def test_what_somebody_else_has_started_is_left_alone(commands: Commands, tenant: str) -> None:
    with commands.mapping_off():
        item = running(commands, tenant, now() + 3600 * SECOND)
        commands.put(item)
        begun = asked_for(item)
        good = commands.pending("HEALTH_CHECK", QUICK, tenant)
        commands.put(good)
        assert commands.deliver(begun, record("INSERT", good)) == [number(begun)]
        assert commands.item(item["command_id"]) == item
        assert (commands.item(good["command_id"]) or {})["status"] == "SUCCESS"


def test_what_nobody_carries_on_is_taken_over(commands: Commands, tenant: str) -> None:
    with commands.mapping_off():
        item = running(commands, tenant, now() - commands.seconds("CLOCK_SKEW") - 5 * SECOND)
        commands.put(item)
        assert commands.deliver(asked_for(item)) == []
        done = commands.item(item["command_id"]) or {}
        assert (done["status"], done["attempt"]) == ("SUCCESS", 2)
        assert done.get("lease_owner") != SOMEBODY
    ended = commands.ended(item["command_id"])
    commands.catch_up()
    attempts = [(row["event_type"], row["metadata"]["attempt"]) for row in commands.audit(item["command_id"])]
    assert [attempts.count(step) for step in (("command_started", 2), ("command_executed", 2))] == [1, 1]
    assert len(set(attempts)) == len(attempts)
    assert ended["attempt"] == 2


def test_a_lease_is_over_only_when_it_is_over_on_every_clock(commands: Commands, tenant: str) -> None:
    skew = commands.seconds("CLOCK_SKEW")
    with commands.mapping_off():
        over = now() + SECOND
        item = running(commands, tenant, over)
        commands.put(item)
        begun = asked_for(item)
        refused = 0

        def taken_over() -> bool:
            nonlocal refused
            failed = commands.deliver(begun)
            refused += failed == [number(begun)]
            return failed == []

        until(taken_over, skew.total_seconds() + 30)
        assert now() >= over + skew - datetime.timedelta(milliseconds=1)
        assert refused
        assert (commands.item(item["command_id"]) or {})["attempt"] == 2


def test_what_was_moved_already_counts(commands: Commands, stack: Stack) -> None:
    """A command that is taken over moves the rest of what it was asked for, not that much again."""
    queue, dead = (Queue(stack, stack.description[f"demo_{name}_url"]) for name in ("queue", "dead_letter_queue"))
    with queue.emptied(), dead.emptied(), commands.mapping_off():
        for index in range(9):
            dead.send(f"{index}", {})
        first = commands.create("REPROCESS_QUEUE", {"queue": queue.name, "max_messages": 4})
        item = commands.item(first) or {}
        commands.deliver(record("INSERT", item))
        done = commands.item(first) or {}
        progress = done["progress"]
        assert progress["moved"] == 4
        # As if it had been killed just before it ended.
        past = instant(now() - commands.seconds("CLOCK_SKEW") - 5 * SECOND)
        again = commands.pending(
            "REPROCESS_QUEUE", {"queue": queue.name, "max_messages": 6}, status="RUNNING", attempt=1, started_at=past,
            lease_owner=SOMEBODY, lease_until=past, progress=progress,
        )  # fmt: skip
        commands.put(again)
        assert commands.deliver(record("INSERT", again | {"status": "PENDING", "attempt": 0})) == []
        output = output_of({"error_message": None} | (commands.item(again["command_id"]) or {}))
        assert (output["moved"], output["left"]) == (6, 3)
        assert len(queue.drain()) == 6


# ------------------------------------------------------------------ the reaper


def test_the_reaper_comes_by_itself(commands: Commands, left_behind: str) -> None:
    """What the stream couldn't start: it was there from the module's beginning."""
    ended = commands.ended(left_behind, 240)
    assert_error(ended, "not started")
    assert_written_down(commands.audit(left_behind), ended, attempts=0)


def test_what_is_over_is_ended(commands: Commands, tenant: str) -> None:
    """Once, with the reason; what may still go on is left alone."""
    window, skew = commands.seconds("RETRY_WINDOW"), commands.seconds("CLOCK_SKEW")
    long_ago = now() - window - 2 * 3600 * SECOND
    over, live = now() - skew - 10 * SECOND, now() + 3600 * SECOND
    with commands.mapping_off():
        lost = [
            running(commands, tenant, over, created_at=instant(long_ago)),
            running(commands, tenant, over, created_at=instant(now() - window - 10 * SECOND)),
        ]
        forgotten = [
            commands.pending("HEALTH_CHECK", parameters, tenant, created_at=instant(now() - PATIENCE - 10 * SECOND))
            for parameters in (QUICK, None, "não é JSON")
        ]
        left = [
            running(commands, tenant, live, created_at=instant(long_ago)),
            running(commands, tenant, now() - SECOND),
            commands.pending("HEALTH_CHECK", QUICK, tenant, created_at=instant(now() - PATIENCE + 2 * MINUTE)),
            commands.pending("HEALTH_CHECK", QUICK, tenant),
        ]
        for item in (*lost, *forgotten, *left):
            commands.put(item)
        for _ in range(2):
            commands.reap()
        assert [commands.item(item["command_id"]) for item in left] == left
        reaped = {item["command_id"]: commands.item(item["command_id"]) for item in (*lost, *forgotten)}
        for item in (*lost, *forgotten):
            done = reaped[item["command_id"]] or {}
            code = "timed out" if item in lost else "not started"
            assert_error({"output": None} | done, code)
            assert done["completed_at"] >= item["created_at"]
            assert done["type_status"] == "HEALTH_CHECK#ERROR"
        for item in left[:2]:
            commands.delete(item)
    commands.catch_up()
    for item in (*lost, *forgotten):
        ended = commands.ended(item["command_id"])
        assert commands.item(item["command_id"]) == reaped[item["command_id"]], "it isn't started after all"
        rows = commands.audit(item["command_id"])
        executed = [row for row in rows if row["event_type"] == "command_executed"]
        assert [row["metadata"]["error_message"] for row in executed] == [ended["error_message"]]
        if item in forgotten:
            assert_written_down(rows, ended, attempts=0)
    for item in left[2:]:
        assert output_of(commands.ended(item["command_id"]))["status"] == "healthy"
