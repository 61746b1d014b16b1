"""Commands while what they run on breaks: the processor is killed, the cache goes down, rights and passwords change."""

import datetime
import json
import os
import random
import signal
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from typing import Any

import pytest
from chance import seed_of_run
from commands import QUICK, Commands, assert_error, assert_written_down, output_of
from faults import rotated
from stack import REDIS, Stack, until
from targets import BATCH, TOKENS, Queue, Restarts, Secrets, integration, stored

# How many are asked for while the processor is killed.
MANY = int(os.environ.get("COMMANDS") or 60)
AT_ONCE = 6


@pytest.fixture(scope="module")
def tenant(commands: Commands) -> str:
    return commands.rows.tenant("Temporário, em apuros")


# ------------------------------------------------------------------ killed


def kill(stack: Stack) -> int:
    """How many were killed."""
    killed = 0
    for process in stack.processes("commands"):
        with suppress(ProcessLookupError):  # it may have ended meanwhile
            os.kill(process, signal.SIGKILL)
            killed += 1
    return killed


def test_whoever_is_killed_loses_nothing(commands: Commands, stack: Stack, tenant: str) -> None:
    """Every command ends, each step is written down once, and the effects are bounded."""
    seed = seed_of_run()
    chance = random.Random(seed)
    rows = commands.rows
    queue, dead = (Queue(stack, stack.description[f"demo_{name}_url"]) for name in ("queue", "dead_letter_queue"))
    restarts = Restarts(stack)
    most = 15
    with ExitStack() as ends:
        for one in (queue, dead):
            ends.enter_context(one.emptied())
        secrets = Secrets(stack, ends)
        kinds = ["RESET_TOKEN", "RESTART_AGENT", "REPROCESS_QUEUE", "HEALTH_CHECK"]
        wanted: list[tuple[str, dict[str, Any], str | None]] = []
        arns: dict[int, str] = {}
        agents: dict[int, str] = {}
        for index in range(MANY):
            kind = kinds[index % 4]
            if kind == "RESET_TOKEN":
                arns[index] = secrets.make(secrets.credentials(*TOKENS))
                wanted.append((kind, {"integration_id": integration(rows, tenant, arns[index])}, tenant))
            elif kind == "RESTART_AGENT":
                agents[index] = rows.agent(f"Agente em apuros {index}")
                rows.deployment(tenant, agents[index], status="inactive")
                wanted.append((kind, {"agent_id": agents[index]}, tenant))
            elif kind == "REPROCESS_QUEUE":
                wanted.append((kind, {"queue": queue.name, "max_messages": most}, None))
            else:
                wanted.append((kind, QUICK, chance.choice([None, tenant])))
        sent = {dead.send(f"{index}", {}): f"{index}" for index in range(most * MANY // 5)}
        order = chance.sample(range(MANY), MANY)
        made: dict[int, str] = {}
        killed = 0
        for first in range(0, MANY, AT_ONCE):
            some = order[first : first + AT_ONCE]
            with ThreadPoolExecutor(AT_ONCE) as pool:
                made |= zip(some, pool.map(lambda index: commands.create(*wanted[index]), some), strict=True)
            # At any moment of what is done about them, or just after that; the last one killed has a successor then.
            until(lambda: stack.processes("commands"))
            time.sleep(chance.random() * chance.choice([0.1, 0.3, 1]))
            killed += kill(stack)

        commands.finish(made.values())
        ended = {index: commands.ended(command_id) for index, command_id in made.items()}
        commands.catch_up()

        outcomes = Counter(
            (one["command_type"], one["status"], (one["error_message"] or "").partition(":")[0]) for one in ended.values()
        )
        print(f"{MANY} commands, {killed} kills, {sum(one['attempt'] > 1 for one in ended.values())} taken over")
        print("\n".join(f"{count:5} {' '.join(outcome)}" for outcome, count in sorted(outcomes.items())))
        assert killed
        assert {(status, code) for _, status, code in outcomes} <= {("SUCCESS", ""), ("ERROR", "timed out")}

        for index, one in ended.items():
            assert_written_down(commands.audit(one["command_id"]), one, attempts=one["attempt"])
            if index in arns:
                version, content = secrets.read(arns[index])
                blanked = version == one["command_id"]
                assert blanked or one["status"] == "ERROR"
                assert [content[token] == "" for token in TOKENS] == [blanked] * len(TOKENS)
                if one["status"] == "SUCCESS":
                    assert secrets.labels(arns[index]) == {version: ["AWSCURRENT"]}
                    row = stored(rows, "tenant_integrations", id=one["parameters"]["integration_id"])
                    assert row["status"] == "inactive"
            if wanted[index][0] == "REPROCESS_QUEUE" and one["status"] == "SUCCESS":
                assert output_of(one)["moved"] <= most
            if index in agents and one["status"] == "SUCCESS":
                row = stored(rows, "tenant_agents", tenant_id=tenant, agent_id=agents[index])
                assert (row["status"], row["restarted_at"] is not None) == ("active", True)
                assert until(lambda one=one: restarts.of(one["command_id"]))

        arrived, stayed = queue.drain(), dead.drain()
        copies = Counter(one.original for _, one in arrived)
        assert set(copies) <= set(sent) and all(one.body == sent[one.original or ""] for _, one in arrived)
        assert set(copies) | {message_id for message_id, _ in stayed} == set(sent), "nothing is lost"
        doubled = len(arrived) + len(stayed) - len(sent)
        print(f"{len(sent)} messages: {len(arrived)} arrived, {len(stayed)} stayed, {doubled} more than there were")
        assert doubled <= BATCH * killed


# ------------------------------------------------------------------ what it needs is down


def test_the_cache_is_down(commands: Commands, stack: Stack, tenant: str) -> None:
    """That degrades; no other command needs it."""
    agent_id = commands.rows.agent("Agente sem cache")
    commands.rows.deployment(tenant, agent_id, status="inactive")
    stack.supervise("stop", REDIS)
    try:
        output = output_of(commands.run("HEALTH_CHECK", {"checks": ["cache", "database"]}))
        assert (output["status"], output["checks"]["cache"]["ok"]) == ("degraded", False)
        assert output["checks"]["database"]["ok"]
        assert output_of(commands.run("RESTART_AGENT", {"agent_id": agent_id}, tenant))["agent_id"] == agent_id
    finally:
        stack.supervise("start", REDIS)
    checks = {"checks": ["cache"]}
    until(lambda: output_of(commands.run("HEALTH_CHECK", checks))["status"] == "healthy")


def test_the_password_is_rotated(commands: Commands, stack: Stack, tenant: str) -> None:
    agent_id = commands.rows.agent("Agente de outra senha")
    commands.rows.deployment(tenant, agent_id, status="inactive")

    def restarted() -> bool:
        return output_of(commands.run("RESTART_AGENT", {"agent_id": agent_id}, tenant))["agent_id"] == agent_id

    assert restarted()
    with rotated(stack, "commands", "app_commands"):
        assert restarted(), "the processor reads the new password"
    assert restarted()


def test_connections_are_cut(commands: Commands, stack: Stack, tenant: str) -> None:
    for _ in range(3):
        with stack.database() as database:
            database.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app_commands'")
        output = output_of(commands.run("HEALTH_CHECK", {"checks": ["database"]}, tenant))
        assert output["status"] == "healthy", "a new connection, not an error"


def test_the_role_may_not_what_it_should(commands: Commands, stack: Stack, tenant: str) -> None:
    """A right that is missing is nobody's fault who asks: it says so, and nothing of the inside."""
    agent_id = commands.rows.agent("Agente sem direito")
    commands.rows.deployment(tenant, agent_id, status="inactive")
    before = stored(commands.rows, "tenant_agents", tenant_id=tenant, agent_id=agent_id)
    columns = "status, deactivated_at, restarted_at"
    with stack.database() as database:
        database.execute(f"REVOKE UPDATE ({columns}) ON tenant_agents FROM app_commands")
        try:
            ended = commands.run("RESTART_AGENT", {"agent_id": agent_id}, tenant)
        finally:
            database.execute(f"GRANT UPDATE ({columns}) ON tenant_agents TO app_commands")
    assert_error(ended, "database unavailable")
    assert "permission" not in ended["error_message"] and "tenant_agents" not in ended["error_message"]
    assert stored(commands.rows, "tenant_agents", tenant_id=tenant, agent_id=agent_id) == before


def test_what_a_command_costs_is_measured(commands: Commands, stack: Stack, tenant: str) -> None:
    """A line for the metrics of each command that has ended, by function and by type."""
    since = time.time() - 1
    asked = {"HEALTH_CHECK": QUICK, "REPROCESS_QUEUE": {"queue": "nao-existe"}}
    ended = [commands.run(kind, parameters, tenant) for kind, parameters in asked.items()]

    def measured() -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in stack.function_log("commands", since) if line.lstrip().startswith("{")]
        return [line for line in lines if "_aws" in line and ("CommandsSucceeded" in line or "CommandsFailed" in line)]

    lines = until(lambda: found if len(found := measured()) >= len(ended) else None)
    for one in ended:
        own = [line for line in lines if line.get("CommandType") == one["command_type"]]
        assert own, lines
        instants = [datetime.datetime.fromisoformat(one[name]) for name in ("created_at", "completed_at")]
        took = (instants[1] - instants[0]) / datetime.timedelta(milliseconds=1)
        succeeded = one["status"] == "SUCCESS"
        assert any(
            line.get("CommandsSucceeded", 0) == int(succeeded)
            and line.get("CommandsFailed", 0) == int(not succeeded)
            and abs(line["CommandDuration"] - took) <= 1
            for line in own
        ), own
        for line in own:
            (directive,) = line["_aws"]["CloudWatchMetrics"]
            assert directive["Namespace"] == "PainelAlquimista"
            assert sorted(map(sorted, directive["Dimensions"])) == [["CommandType", "FunctionName"], ["FunctionName"]]
