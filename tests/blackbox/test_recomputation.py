"""Every number of the tenant routes, recomputed from raw rows by a program written apart, for random data.

A failure prints its seed: run again with SEED=… in the environment to see the same data.
"""

import datetime
import json
import random
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
import reference
from chance import NAMES, Chance, interesting_days, seed_of_run
from problems import assert_problem
from reference import DAY, PERIODS, UTC, Facts, differences
from stack import PASSWORD, Stack
from temporary import Temporary, steadily, temporary

# What the random tenants are like: how many requests, and how they spread over the days.
RANDOM_TENANTS = {"busy": 2_500, "usual": 400, "rare": 25}
TENANTS = [*RANDOM_TENANTS, "borders", "no times", "only before", "only now", "one a value", "nothing"]


@dataclass
class World:
    """Tenants by what they are like; the agents that each may be asked for."""

    seed: int
    rows: Temporary
    tenants: dict[str, str]
    agents: dict[str, list[str]]
    # The days that the random tenants use.
    days: list[datetime.date]
    # What the roll-up of the newest day said.
    snapshot_at: datetime.datetime
    # An agent that nobody has or uses.
    idle_agent: str


class Maker(Chance):
    """Makes the tenants. All chance comes from one seed."""

    def __init__(self, rows: Temporary, seed: int, today: datetime.date) -> None:
        super().__init__(seed, today)
        self.rows = rows

    def agents(self, tenant_id: str, count: int) -> list[str]:
        """Agents in every state of deployment, also in none, and one that isn't in the catalogue."""
        made = [
            self.rows.agent(self.random.choice(NAMES), segment=self.random.choice([None, "Vendas"]))
            for _ in range(count)
        ]
        for index, agent_id in enumerate(made[:-1]):
            self.rows.deployment(
                tenant_id, agent_id, status=["active", "inactive", "suspended", "active"][index % 4],
                activated_at=self.random.choice([None, self.instant(self.today - 200 * DAY)]),
            )  # fmt: skip
        return [*made, str(uuid.uuid4())]

    def random_tenant(self, name: str, count: int) -> tuple[str, list[str]]:
        tenant_id = self.rows.tenant(f"Temporário {name}")
        agents = self.agents(tenant_id, self.random.randrange(4, 7))
        # Some days stay empty, and not every agent works on each of the others.
        days = self.random.sample(self.days, len(self.days) * 3 // 4)
        self.rows.requests(self.request(tenant_id, agents, self.random.choice(days)) for _ in range(count))
        for _ in range(self.random.randrange(6)):
            self.rows.integration(
                tenant_id, self.random.choice(NAMES), integration_type=self.random.choice(["crm", "erp"]),
                status=self.random.choice(["active", "inactive", "error"]),
                last_sync_at=self.random.choice([None, self.instant(self.today - DAY)]),
                last_error=self.random.choice([None, "", "O servidor não respondeu: \"timeout\"\n"]),
                credentials_secret_arn="arn:aws:secretsmanager:sa-east-1:0:secret:x", config=json.dumps({"token": "x"}),
            )  # fmt: skip
        return tenant_id, agents

    def borders(self) -> tuple[str, list[str]]:
        """One request on the first and one on the last instant of every day on which something begins or ends."""
        tenant_id = self.rows.tenant("Temporário, nas bordas")
        agents = self.agents(tenant_id, 2)
        ends = (datetime.time(0, 0, 0, 0), datetime.time(23, 59, 59, 999_999))
        self.rows.requests(
            (tenant_id, agents[index], "success" if index else "error", 100 + index, 1, datetime.datetime.combine(day, end, UTC))
            for day in interesting_days(self.today)
            for index, end in enumerate(ends)
        )
        return tenant_id, agents

    def no_times(self) -> tuple[str, list[str]]:
        """Requests of which none has a valid time, and none a token."""
        tenant_id = self.rows.tenant("Temporário, sem tempos")
        agents = self.agents(tenant_id, 2)
        self.rows.requests(
            (tenant_id, agents[0], "success", self.random.choice([None, -5]), None, self.instant(day))
            for day in self.random.sample(self.days, 20)
        )
        return tenant_id, agents

    def only(self, name: str, first_age: int, last_age: int) -> tuple[str, list[str]]:
        tenant_id = self.rows.tenant(f"Temporário, {name}")
        agents = self.agents(tenant_id, 2)
        days = [day for day in self.days if first_age <= (self.today - day).days <= last_age]
        self.rows.requests(self.request(tenant_id, agents[:2], day) for day in days for _ in range(10))
        return tenant_id, agents

    def one_a_value(self) -> tuple[str, list[str]]:
        """An agent for each response time, and for pairs far apart: where a histogram could be wrong, by_agent shows it."""
        tenant_id = self.rows.tenant("Temporário, um tempo por agente")
        values = [*range(140), *(round(1.02**power) for power in range(250, 672)), 599_999, 600_000]
        lists = [[value] for value in values]
        for _ in range(60):
            low, high = sorted(self.random.choices(values, k=2))
            count = self.random.choice([2, 19, 20, 21, 40])
            highs = self.random.choice([1, count // 20, count // 20 + 1, count // 2, count // 2 + 1])
            lists.append([low] * (count - highs) + [high] * highs)
        rows = []
        for times in lists:
            agent_id = self.rows.agent(self.random.choice(NAMES))
            rows += [(tenant_id, agent_id, "success", time, 1, self.instant(self.today)) for time in times]
        self.rows.requests(rows)
        return tenant_id, []


@pytest.fixture(scope="module")
def world(stack: Stack) -> Iterator[World]:
    seed = seed_of_run()
    with temporary(stack) as rows:
        today = rows.database.execute("SELECT utc_today()").fetchone()[0]
        maker = Maker(rows, seed, today)
        made = {name: maker.random_tenant(name, count) for name, count in RANDOM_TENANTS.items()}
        made |= {
            "borders": maker.borders(), "no times": maker.no_times(), "only before": maker.only("só antes", 91, 185),
            "only now": maker.only("só agora", 0, 6), "one a value": maker.one_a_value(),
            "nothing": (rows.tenant("Temporário, sem nada"), []),
        }  # fmt: skip
        snapshot_at = rows.roll_up()
        yield World(
            seed, rows, {name: tenant_id for name, (tenant_id, _) in made.items()},
            {name: agents for name, (_, agents) in made.items()}, maker.days, snapshot_at, rows.agent("Ocioso"),
        )  # fmt: skip


def facts_now(world: World, name: str) -> Facts:
    return reference.read(world.rows.database, world.tenants[name])


@pytest.fixture(scope="module")
def ask(stack: Stack, token: Callable[..., str]) -> Callable[..., Any]:
    """The answer to the internal team about a tenant, numbers as they were written."""
    token("INTERNAL_SUPPORT")  # signed in before threads ask

    def of(path: str, tenant_id: str, **params: str) -> Any:
        answer = stack.get(path, token("INTERNAL_SUPPORT"), {"tenant_id": tenant_id} | params)
        assert answer.status_code == 200, (path, params, answer.text)
        return json.loads(answer.text, parse_float=Decimal)

    return of


def assert_same(world: World, answered: Any, expected: Any, about: str) -> None:
    found = differences(answered, expected)
    assert not found, f"SEED={world.seed}, {about}:\n" + "\n".join(found[:40])


def assert_usage(world: World, ask: Callable[..., Any], name: str) -> None:
    steadily(world.rows.database, lambda: check_usage(world, ask, name))


def check_usage(world: World, ask: Callable[..., Any], name: str) -> None:
    facts = facts_now(world, name)
    questions = {
        (period, agent_id): expected
        for period in PERIODS
        for agent_id in (None, *world.agents[name])
        if (expected := reference.usage(facts, period, agent_id)) is not None
    }

    def answer_to(question: tuple[str, str | None]) -> Any:
        period, agent_id = question
        return ask("/tenant/usage", facts.tenant_id, period=period, **({} if agent_id is None else {"agent_id": agent_id}))

    with ThreadPoolExecutor(4) as pool:
        for (period, agent_id), answer in zip(questions, pool.map(answer_to, questions), strict=True):
            assert_same(world, answer, questions[period, agent_id], f"{name}, {period}, {agent_id}")
            for field in ("total_requests", "successful_requests", "failed_requests", "total_tokens_used"):
                for parts in ("daily_data", "by_agent"):
                    assert sum(part[field] for part in answer[parts]) == answer["summary"][field], (parts, field)


@pytest.mark.parametrize("name", TENANTS)
def test_usage(world: World, ask: Callable[..., Any], name: str) -> None:
    assert_usage(world, ask, name)


@pytest.mark.parametrize("name", TENANTS)
def test_agents_and_integrations(world: World, ask: Callable[..., Any], name: str) -> None:
    steadily(world.rows.database, lambda: check_agents_and_integrations(world, ask, name))


def check_agents_and_integrations(world: World, ask: Callable[..., Any], name: str) -> None:
    facts = facts_now(world, name)
    for status in ("active", "inactive", "all"):
        answer = ask("/tenant/agents", facts.tenant_id, status=status)
        assert_same(world, answer, reference.agents(facts, status), f"{name}, {status}")
    assert_same(world, ask("/tenant/agents", facts.tenant_id), reference.agents(facts), name)
    assert_same(world, ask("/tenant/usage", facts.tenant_id), reference.usage(facts), name)
    assert_same(world, ask("/tenant/integrations", facts.tenant_id), reference.integrations(facts), name)


def test_agents_of_the_tenant_and_no_others(
    world: World, stack: Stack, token: Callable[..., str]
) -> None:
    """404 for whoever the tenant never had, and for nobody else."""
    facts = facts_now(world, "usual")
    asked = [*world.agents["usual"], *world.agents["borders"], world.idle_agent, str(uuid.uuid4())]
    unknown = [agent_id for agent_id in asked if reference.usage(facts, "7d", agent_id) is None]
    assert len(unknown) >= len(world.agents["borders"]) + 2
    for agent_id in unknown:
        answer = stack.get("/tenant/usage", token("INTERNAL_ADMIN"), {"tenant_id": facts.tenant_id, "agent_id": agent_id})
        assert_problem(answer, 404, "not_found")


def test_a_user_of_the_tenant_is_told_the_same(world: World, stack: Stack) -> None:
    with stack.temporary_user("TENANT_ADMIN", tenant=world.tenants["rare"]) as email:
        token = stack.sign_in(email, PASSWORD).id

        def asked(path: str, **params: str) -> Any:
            return json.loads(stack.get(path, token, params).text, parse_float=Decimal)

        def check() -> None:
            facts = facts_now(world, "rare")
            assert_same(world, asked("/tenant/usage", period="90d"), reference.usage(facts, "90d"), "usage")
            assert_same(world, asked("/tenant/agents", status="all"), reference.agents(facts, "all"), "agents")
            assert_same(world, asked("/tenant/integrations"), reference.integrations(facts), "integrations")
            assert_same(world, asked("/tenant/incidents"), reference.incidents(facts), "incidents")

        steadily(world.rows.database, check)


@pytest.mark.parametrize("tenant", [0, 1])
def test_the_demo_data(world: World, ask: Callable[..., Any], stack: Stack, tenant: int) -> None:
    tenant_id = stack.user("TENANT_ADMIN", tenant=tenant)["tenant_id"]
    steadily(world.rows.database, lambda: check_the_demo_data(world, ask, tenant_id))


def check_the_demo_data(world: World, ask: Callable[..., Any], tenant_id: str) -> None:
    facts = reference.read(world.rows.database, tenant_id)
    assert len(facts.requests) > 1_000
    for period in PERIODS:
        answer = ask("/tenant/usage", facts.tenant_id, period=period)
        assert_same(world, answer, reference.usage(facts, period), period)
    agent_id = facts.deployments[0][0]
    answer = ask("/tenant/usage", facts.tenant_id, agent_id=agent_id)
    assert_same(world, answer, reference.usage(facts, "30d", agent_id), agent_id)
    assert_same(world, ask("/tenant/agents", facts.tenant_id, status="all"), reference.agents(facts, "all"), "agents")
    assert_same(world, ask("/tenant/integrations", facts.tenant_id), reference.integrations(facts), "integrations")
    assert_same(world, ask("/tenant/incidents", facts.tenant_id), reference.incidents(facts), "incidents")


def test_as_of_is_the_newest_aggregation_and_never_goes_back(world: World, ask: Callable[..., Any]) -> None:
    tenant_id = world.tenants["rare"]

    def as_of() -> str:
        told = {ask(path, tenant_id)["as_of"] for path in ("/tenant/usage", "/tenant/agents", "/tenant/me")}
        assert len(told) == 1, told
        return told.pop()

    first = as_of()
    assert first >= reference.instant(world.snapshot_at)
    # An old day aggregated again vouches for nothing new.
    world.rows.roll_up([world.days[0], world.days[-2]])
    assert as_of() >= first
    later = world.rows.roll_up([max(world.days)])
    assert as_of() >= reference.instant(later) > first


# These change the rows that the tests above compare, so they come last.


def test_requests_that_come_late_or_are_taken_back(world: World, ask: Callable[..., Any]) -> None:
    """A second aggregation replaces the first, also where nothing is left to aggregate."""
    name, tenant_id = "usual", world.tenants["usual"]
    chance = random.Random(world.seed + 1)
    maker = Maker(world.rows, world.seed + 2, max(world.days))
    emptied, thinned, added = chance.sample(world.days[-12:], 3)
    between = "tenant_id = %s AND created_at >= day_start(%s) AND created_at < day_start(%s)"
    world.rows.database.execute(f"DELETE FROM agent_requests WHERE {between}", [tenant_id, emptied, emptied + DAY])
    world.rows.database.execute(
        f"DELETE FROM agent_requests WHERE agent_id IS NULL AND {between}", [tenant_id, thinned, thinned + DAY]
    )
    world.rows.requests(maker.request(tenant_id, world.agents[name], added) for _ in range(30))
    world.rows.roll_up([emptied, thinned, added])
    assert_usage(world, ask, name)


def test_an_agent_that_is_no_longer_deployed_keeps_its_past(world: World, ask: Callable[..., Any]) -> None:
    name, tenant_id = "usual", world.tenants["usual"]
    world.rows.database.execute("DELETE FROM tenant_agents WHERE tenant_id = %s", [tenant_id])
    assert ask("/tenant/agents", tenant_id, status="all")["agents"] == []
    used = {request.agent_id for request in facts_now(world, name).requests} & set(world.agents[name])
    assert used
    assert_usage(world, ask, name)
