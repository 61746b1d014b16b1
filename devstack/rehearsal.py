"""A release, rehearsed: an older version answers, the working copy takes its place while requests flow, and gives it back."""

import random
import shutil
import subprocess
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from devstack import build, deploy, emulator, release, stack, users
from devstack.config import LAMBDAS, ROOT
from devstack.console import Failure, duration, say, step
from devstack.instance import Instance

# Callers at once, and how long each state is watched.
CALLERS = 4
SECONDS = 15
# How long a command may take to end when all is over.
ENDED_SECONDS = 120
ENDED = ("SUCCESS", "ERROR")
COMMANDS = "/internal/operations/commands"
TENANTS = ("/tenant/me", "/tenant/agents", "/tenant/usage?period=30d", "/tenant/incidents?limit=5")
TEAM = (
    "/internal/tenants?limit=20", "/internal/usage/overview?period=30d", f"{COMMANDS}?limit=5", "/internal/incidents?limit=5",
)  # fmt: skip


@dataclass
class Load:
    """Callers who read and order, as people do, and what they were told."""

    api: str
    tenant: str
    team: str
    seed: int
    # By what goes on meanwhile: how often there was which status, and the longest wait.
    phase: str = "before"
    statuses: dict[str, Counter[str]] = field(default_factory=dict)
    longest: dict[str, float] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    accepted: dict[str, str] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def running(self) -> Iterator[None]:
        ended = threading.Event()

        def work(number: int) -> None:
            chance = random.Random(self.seed + number)
            with httpx.Client(timeout=30) as http:
                while not ended.is_set():
                    self._ask(http, chance)

        with ThreadPoolExecutor(CALLERS) as pool:
            working = [pool.submit(work, number) for number in range(CALLERS)]
            try:
                yield
            finally:
                ended.set()
            for one in working:
                one.result()

    def _ask(self, http: httpx.Client, chance: random.Random) -> None:
        if chance.random() < 0.1:
            key = str(uuid.UUID(int=chance.getrandbits(128), version=4))
            body = {"command_type": "HEALTH_CHECK", "parameters": {"checks": ["database", "commands_table"]}}
            answer = self._note(lambda: http.post(f"{self.api}{COMMANDS}", json=body, headers=_as(self.team, key)), 201)
            if answer is not None:
                self.accepted[key] = answer.json()["command_id"]
        else:
            token, paths = chance.choice([(self.tenant, TENANTS), (self.team, TEAM)])
            # Half of it made anew, so that the database is asked too.
            headers = _as(token) | ({"Cache-Control": "no-cache"} if chance.random() < 0.5 else {})
            path = chance.choice(paths)
            self._note(lambda: http.get(f"{self.api}{path}", headers=headers), 200)

    def _note(self, ask: Callable[[], httpx.Response], expected: int) -> httpx.Response | None:
        phase, began = self.phase, time.monotonic()
        try:
            answer = ask()
            status, well = str(answer.status_code), answer.status_code == expected
            said = "" if well else answer.text[:200]
        except httpx.TransportError as error:
            answer, status, well, said = None, type(error).__name__, False, str(error)
        with self.lock:
            self.statuses.setdefault(phase, Counter())[status] += 1
            self.longest[phase] = max(self.longest.get(phase, 0), time.monotonic() - began)
            if not well:
                self.failures.append(f"{phase}: {status} {said}")
        return answer if well else None


def rehearse(instance: Instance, before: str | None) -> None:
    """Rehearses the release of the working copy where `before`, a commit, answers; by default the last one with another
    schema. Raises Failure if a request failed, or a command was lost."""
    commit = _commit(before)
    started = time.monotonic()
    old = instance.directory / "before"
    with step(f"Checking {commit[:12]} out: what answers before"):
        _check_out(commit, old)
    stack.reset(instance)
    try:
        _run([old / "devstack" / "run", "--dir", instance.directory, "up"], old)
        with step("Building the working copy"):
            build.build()
        # What it remembers was written by another process.
        instance = Instance(instance.directory)
        _rehearse(instance)
    finally:
        stack.down(instance)
        _remove(old)
    say(f"\n✓ Rehearsed in {duration(started)}: no request failed, and no command was lost.")


def _rehearse(instance: Instance) -> None:
    described = instance.stack()
    people = described["users"]
    who = [next(user["email"] for user in people if group in user["groups"]) for group in ("TENANT_ADMIN", "INTERNAL_ADMIN")]
    load = Load(described["api_url"], *[users.id_token(instance, email) for email in who], seed=time.time_ns() % 2**32)
    versions: dict[str, dict[str, str]] = {}
    outputs = deploy.outputs(instance)

    def watch(phase: str) -> None:
        load.phase = phase
        time.sleep(SECONDS)
        versions[phase] = release.versions(_client(instance), outputs)

    with load.running():
        watch("before")
        load.phase = "schema"
        with step("Changing the schema"):
            package = build.PACKAGES / LAMBDAS[-1]
            report = release.migrate_first(_client(instance), described["functions"]["migrate"], package)
        watch("schema")
        load.phase = "release"
        with step("Releasing the working copy"):
            deploy.deploy(instance)
        watch("release")
        load.phase = "rollback"
        with step("Rolling back"):
            # The emulator makes a version of what changed alone: no step back with all.
            release.return_to(_client(instance), versions["before"])
        watch("rollback")
    lost = _unended(load)
    _print(load, versions, report, lost)
    if load.failures or lost:
        raise Failure("\n".join([f"{len(load.failures)} requests failed, {len(lost)} commands were lost.", *load.failures[:20]]))
    if versions["release"] == versions["before"] or versions["rollback"] != versions["before"]:
        raise Failure(f"Nothing was released, or not taken back: {versions}")


def _unended(load: Load) -> list[str]:
    """The accepted commands that don't end."""
    left, deadline = set(load.accepted.values()), time.monotonic() + ENDED_SECONDS
    with httpx.Client(timeout=30) as http:
        while left and time.monotonic() < deadline:
            for one in list(left):
                answer = http.get(f"{load.api}{COMMANDS}/{one}", headers=_as(load.team))
                if answer.status_code == 200 and answer.json()["command"]["status"] in ENDED:
                    left.remove(one)
            time.sleep(0.2)
    return sorted(left)


def _print(load: Load, versions: dict[str, dict[str, str]], report: dict, lost: list[str]) -> None:
    say(f"\nMigrations: {report['applied']}. Callers at once: {CALLERS}. Commands accepted: {len(load.accepted)}, lost: {len(lost)}.")
    print(f"{'':<10}{'versions':>10}{'requests':>10}{'failed':>8}{'longest, ms':>13}")
    for phase, counts in load.statuses.items():
        failed = sum(failure.startswith(f"{phase}:") for failure in load.failures)
        longest = round(load.longest[phase] * 1000)
        numbers = "-".join(versions[phase].values())
        print(f"{phase:<10}{numbers:>10}{sum(counts.values()):>10,}{failed:>8}{longest:>13,}")


def _client(instance: Instance) -> release.Client:
    return lambda service: emulator.client(instance, service)


def _as(token: str, key: str | None = None) -> dict[str, str]:
    return {"Authorization": token} | ({"Idempotency-Key": key} if key else {})


def _commit(before: str | None) -> str:
    """The commit that is meant; by default the one before the last migration came."""
    came = _git("log", "-1", "--diff-filter=A", "--format=%H", "--", "migrations")
    return _git("rev-parse", "--verify", f"{before or f'{came}^'}^{{commit}}")


def _check_out(commit: str, place: Path) -> None:
    """That commit's code; how it is built and deployed is the working copy's: that changes with template.yaml."""
    _remove(place)
    place.parent.mkdir(parents=True, exist_ok=True)
    _git("worktree", "add", "--detach", "--force", str(place), commit)
    for name in ("template.yaml", "samconfig.toml"):
        shutil.copy2(ROOT / name, place / name)
    shutil.copytree(ROOT / "devstack", place / "devstack", dirs_exist_ok=True)


def _remove(place: Path) -> None:
    if place.exists():
        _git("worktree", "remove", "--force", str(place))
    _git("worktree", "prune")


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        raise Failure(f"git {' '.join(arguments)} failed: {done.stderr.strip()}")
    return done.stdout.strip()


def _run(command: list[str | Path], place: Path) -> None:
    if subprocess.run(command, cwd=place).returncode != 0:
        raise Failure("What answers before could not be brought up; the message is above.")
