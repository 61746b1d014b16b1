"""What breaks behind the API breaks while many ask: answers stay right and documented, come in time, and nothing that was
accepted is lost. All is mended without the functions being started anew.

The keys of the user pool and the clock are of a function's own process: `functions/tenant-api/tests/load`.
"""

import os
import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from chance import seed_of_run
from commands import QUICK, Commands, assert_written_down, command
from faults import BUDGET_SECONDS, ROLES, crash, cut, frozen, full_disk, is_up, rotated, stopped
from owners import Asker, Rows, rows_of_tenants
from problems import assert_problem
from stack import POSTGRES, REDIS, Stack, until
from temporary import Temporary, temporary

from devstack import emulator
from devstack.emulator import NAME as EMULATOR
from devstack.instance import Instance

LONG = bool(os.environ.get("LONG"))
ROUNDS = range(3 if LONG else 1)
AT_ONCE = 8 if LONG else 4
# For how long there is a fault: at least and at most.
LASTS = (3, 10) if LONG else (2, 3)
# All is well when there was no error for so long; until then it may take so long.
WELL_SECONDS, MENDED_SECONDS = 2, 40
# How many companies nobody of the internal team has looked at yet.
UNSEEN = 30
DETAIL = "/internal/tenants/{id}"


@contextmanager
def redis_is_killed(stack: Stack) -> Iterator[None]:
    with stopped(stack, REDIS):
        yield


@contextmanager
def redis_is_slow(stack: Stack) -> Iterator[None]:
    with frozen(stack, REDIS):
        yield


@contextmanager
def postgres_is_restarted(stack: Stack) -> Iterator[None]:
    with stopped(stack, POSTGRES):
        yield


@contextmanager
def postgres_crashes(stack: Stack) -> Iterator[None]:
    crash(stack)
    yield
    until(lambda: is_up(stack))


@contextmanager
def connections_are_cut(stack: Stack) -> Iterator[None]:
    with again_and_again(lambda: cut(stack, *ROLES.values()), 0.2):
        yield


@contextmanager
def the_disk_is_full(stack: Stack) -> Iterator[None]:
    with full_disk(stack):
        yield


@contextmanager
def passwords_are_rotated(stack: Stack) -> Iterator[None]:
    with ExitStack() as ends:
        for function, role in ROLES.items():
            ends.enter_context(rotated(stack, function, role))
        yield


@contextmanager
def the_emulator_is_restarted(stack: Stack) -> Iterator[None]:
    """The gateway, the functions' processes, the commands' table and its stream are away, and come back."""
    stack.supervise("stop", EMULATOR)
    try:
        yield
    finally:
        emulator.forget_streams(Instance(Path(os.environ["STACK_FILE"]).parent))
        stack.supervise("start", EMULATOR)
        until(lambda: answers(stack))


def answers(stack: Stack) -> bool:
    """Whether the gateway does."""
    try:
        return httpx.get(f"{stack.description['aws_endpoint_url']}/_ministack/health", timeout=5).is_success
    except httpx.TransportError:
        return False


# What is injected, and the statuses it may cost.
FAULTS: dict[Callable[..., Any], set[int]] = {
    redis_is_killed: set(),
    redis_is_slow: set(),
    postgres_is_restarted: {503},
    postgres_crashes: {503},
    connections_are_cut: {503},
    the_disk_is_full: {503},
    passwords_are_rotated: {503},
    the_emulator_is_restarted: {503},
}
# Nobody answers meanwhile, and other processes do after it.
NOBODY_THERE = {the_emulator_is_restarted}


@contextmanager
def again_and_again(act: Callable[[], None], seconds: float) -> Iterator[None]:
    """Does it at once, and again after so long, until the end."""
    ended = threading.Event()

    def repeat() -> None:
        while True:
            act()
            if ended.wait(seconds):
                return

    with ThreadPoolExecutor(1) as pool:
        repeating = pool.submit(repeat)
        try:
            yield
        finally:
            ended.set()
        repeating.result()


@dataclass
class Load:
    """Many who ask and order at once, as long as they are let."""

    stack: Stack
    asker: Asker
    commands: Commands
    # Companies and their agents, which exist for this; and those of them that nobody has looked at, by whom.
    agents: dict[str, str]
    unseen: list[tuple[str, str]]
    seed: int
    # Whether there may be nobody to ask.
    may_be_gone: bool = False
    answers: list[tuple[float, httpx.Response]] = field(default_factory=list)
    # What was ordered, by its key: asked for, accepted.
    orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    accepted: dict[str, str] = field(default_factory=dict)
    # One at a time decides what to do next.
    lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def running(self) -> Iterator[None]:
        ended = threading.Event()
        hooks = self.stack.http.event_hooks["response"]
        hooks.append(self.note)

        def work(number: int) -> None:
            chance = random.Random(self.seed + number)
            while not ended.is_set():
                try:
                    self.act(chance)
                except httpx.TransportError:
                    if not self.may_be_gone:
                        raise
                    time.sleep(0.1)

        try:
            with ThreadPoolExecutor(AT_ONCE) as pool:
                working = [pool.submit(work, number) for number in range(AT_ONCE)]
                try:
                    yield
                finally:
                    ended.set()
                    for one in working:
                        one.result()
        finally:
            hooks.remove(self.note)

    def note(self, answer: httpx.Response) -> None:
        self.answers.append((time.monotonic(), answer))

    def act(self, chance: random.Random) -> None:
        kind = chance.random()
        if kind < 0.7:
            self.asker.ask(chance)
        elif kind < 0.85:
            self.look()
        else:
            self.order(chance)

    def look(self) -> None:
        """One of the internal team looks at a company for the first time, which goes on record before anything is read."""
        with self.lock:
            if not self.unseen:
                return
            token, tenant = self.unseen.pop(0)
        answer = self.stack.get(DETAIL.format(id=tenant), token)
        if answer.status_code == 503:
            assert_problem(answer, 503, "unavailable")
            with self.lock:
                self.unseen.append((token, tenant))
        else:
            assert (answer.status_code, answer.json()["tenant"]["id"]) == (200, tenant), answer.text

    def order(self, chance: random.Random) -> None:
        """A command under a key: a new one, or one of which nobody knows whether it was accepted, or one that was."""
        with self.lock:
            open_orders = [key for key in self.orders if key not in self.accepted]
            known = chance.choice(open_orders or list(self.accepted) or [""]) if chance.random() < 0.4 else ""
            key = known or str(uuid.UUID(int=chance.getrandbits(128)))
            if not known:
                tenant = chance.choice(sorted(self.agents))
                restart = ("RESTART_AGENT", {"agent_id": self.agents[tenant]}, tenant)
                self.orders[key] = command(*chance.choice([restart, ("HEALTH_CHECK", QUICK, tenant)]))
        self.send(key)

    def send(self, key: str) -> bool:
        """Whether it was accepted."""
        answer = self.commands.post(self.orders[key], **{"Idempotency-Key": key})
        if answer.status_code == 503:
            assert_problem(answer, 503, "unavailable")
            return False
        assert answer.status_code == 201, answer.text
        command_id = answer.json()["command_id"]
        assert self.accepted.setdefault(key, command_id) == command_id, "one order is one command"
        return True

    def well_since(self, mended: float) -> float | None:
        """Since when all is well: no error any more, and the cache used by both functions; unless that is yet to come."""
        failed = [at for at, answer in self.answers if answer.status_code >= 500]
        cached = [
            next((at for at, answer in self.answers if at > mended and part in answer.url.path and uses_cache(answer)), None)
            for part in ("/tenant/", "/internal/")
        ]
        since = max([mended, *failed, *filter(None, cached)])
        return since if all(cached) and time.monotonic() > since + WELL_SECONDS else None


def uses_cache(answer: httpx.Response) -> bool:
    return answer.headers.get("x-cache", "BYPASS") != "BYPASS"


@pytest.fixture(scope="module")
def rows(stack: Stack) -> dict[str, Rows]:
    tenants = sorted({user["tenant_id"] for user in stack.description["users"] if user["tenant_id"]})
    of = rows_of_tenants(stack)
    return {tenant: of(tenant) for tenant in tenants}


@pytest.fixture(scope="module")
def known(stack: Stack, token: Callable[..., str], rows: dict[str, Rows]) -> dict[str, str]:
    """A command of each tenant."""
    commands = Commands(stack, token("INTERNAL_SUPPORT"))
    return {tenant: commands.run("HEALTH_CHECK", QUICK, tenant)["command_id"] for tenant in rows}


@contextmanager
def load_on(stack: Stack, rows: dict[str, Rows], known: dict[str, str], seed: int) -> Iterator[Load]:
    """Its companies are gone in the end; the database may be down meanwhile."""
    with stack.database() as database:
        made = Temporary(database)
        agent = made.agent("Agente sob carga")
        tenants = [made.tenant(f"Temporário, sob carga {number}") for number in range(UNSEEN)]
        for tenant in tenants[:2]:
            made.deployment(tenant, agent, status="inactive")
    asker = Asker(stack, rows, known, patient=True)
    internal = [token for user, token in asker.people if not user["tenant_id"]]
    unseen = [(token, tenant) for tenant in tenants for token in internal]
    commands = Commands(stack, internal[0])
    try:
        yield Load(stack, asker, commands, dict.fromkeys(tenants[:2], agent), unseen, seed)
    finally:
        with temporary(stack) as again:
            for tenant in tenants:
                again.adopt(tenant)
            again.agents.append(agent)
            commands.rows = again
            commands.settle()
        # Nobody waits to hear of these agents.
        stack.aws("sqs").purge_queue(QueueUrl=stack.description["demo_consumer_queue_url"])


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("turn", ROUNDS)
def test_under_load(
    stack: Stack, rows: dict[str, Rows], known: dict[str, str], fault: Callable[..., Any], turn: int
) -> None:
    seed = seed_of_run() + turn
    seconds = random.Random(seed).uniform(*LASTS)
    with load_on(stack, rows, known, seed) as load:
        load.may_be_gone = fault in NOBODY_THERE
        with load.running():
            until(lambda: len(load.answers) > 10 * AT_ONCE)
            before = {function: set(stack.processes(function)) for function in ROLES}
            assert not [answer for _, answer in load.answers if answer.status_code >= 500]
            began = time.monotonic()
            with fault(stack):
                time.sleep(seconds)
            mended = time.monotonic()
            recovery = until(lambda: load.well_since(mended), MENDED_SECONDS) - mended
        during = [answer for at, answer in load.answers if began <= at < mended]
        after = [answer for at, answer in load.answers if at >= mended]
        statuses = [Counter(answer.status_code for answer in some) for some in (during, after)]
        longest = max(answer.elapsed.total_seconds() for answer in (*during, *after))

        # Nobody has to ask twice any more.
        assert all(load.send(key) for key in load.orders if key not in load.accepted)
        with stack.database() as database:
            load.commands.rows = Temporary(database)
            again = load.commands.finish(load.accepted.values(), patience=10)
            for command_id in load.accepted.values():
                ended = load.commands.ended(command_id)
                assert ended["status"] == "SUCCESS", ended
                assert_written_down(load.commands.audit(command_id), ended, attempts=ended["attempt"])
        load.commands.made.clear()
        for tenant in load.agents:
            wanted = sum(order.get("tenant_id") == tenant for order in load.orders.values())
            assert load.commands.page(tenant_id=tenant, limit=1)["total"] == wanted, "one order is one command"
        print(
            f"{fault.__name__} for {mended - began:.1f} s: {len(during)} answers during {dict(statuses[0])}, "
            f"{len(after)} after {dict(statuses[1])}, longest {longest:.2f} s, mended "
            f"after {recovery:.1f} s; {len(load.accepted)} commands, {again} told again"
        )
        assert longest < BUDGET_SECONDS
        assert {status for status in statuses[0] | statuses[1] if status >= 500} <= FAULTS[fault]
        # The emulator ends those that had nothing to do for long; the fault met all that had.
        for function, processes in before.items():
            survivors = processes & set(stack.processes(function))
            assert bool(survivors) != (fault in NOBODY_THERE), "who answered before the fault answers after it"
