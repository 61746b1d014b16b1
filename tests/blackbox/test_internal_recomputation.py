"""Every number of the internal routes, recomputed from raw rows and histories by a program written apart.

The random data stands beside the demo data, and platform-wide numbers are recomputed over all of it. A failure prints
its seed: run again with SEED=… in the environment to see the same data.
"""

import datetime
import itertools
import json
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
import reference_internal
from chance import NAMES, Chance, seed_of_run
from reference import DAY, PERIODS, UTC, differences
from reference_internal import Platform, page, start
from stack import Stack
from temporary import Temporary, newest_aggregation, steadily, temporary

PLANS = ["starter", "professional", "enterprise"]
# "água" and "Zinco" sort apart from their bytes; the first two are the same but for accents.
SEGMENTS = [None, "Saúde", "saude", "água", "Zinco", "Sem segmento"]
STATUSES = ["active", "active", "active", "inactive", "suspended"]
PRICES = [
    None, *map(Decimal, ("0", "0.01", "149.99", "150", "150.01", "1000", "2345.67", "9999999999.99")),
    *map(Decimal, ("300", "300", "450.5")),
]  # fmt: skip
MICROSECOND = datetime.timedelta(microseconds=1)
HISTORIES = 24


def edges(today: datetime.date) -> list[datetime.datetime]:
    """The instants at which periods and the days that trends compare begin, and those right beside them."""
    days = {today, today - DAY, *(today - (days + more) * DAY for days in PERIODS.values() for more in (-1, 0, 1))}
    return [start(day) + step for day in days for step in (-MICROSECOND, datetime.timedelta(0), MICROSECOND)]


@dataclass
class World:
    seed: int
    rows: Temporary
    platform: Platform
    # By what they are like; of "history 0" and so on some no longer exist.
    tenants: dict[str, str] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)

    def read(self) -> Platform:
        self.platform = reference_internal.read(self.rows.database)
        return self.platform

    def living(self) -> list[str]:
        return [tenant_id for tenant_id in self.tenants.values() if tenant_id not in self.deleted]


class Maker(Chance):
    """Makes companies with a past. All chance comes from one seed."""

    def __init__(self, world: World, today: datetime.date) -> None:
        super().__init__(world.seed, today)
        self.world, self.rows = world, world.rows
        self.agents = [
            self.rows.agent(self.random.choice(NAMES), segment=self.random.choice([None, "Vendas", "Suporte"]))
            for _ in range(12)
        ]

    # -------------------------------------------------------------- pasts

    def instants(self, count: int) -> list[datetime.datetime]:
        """Ascending, up to now; often on the edges of days, several on one day, some twice the same."""
        busy = self.random.choice(self.days)
        pool = [
            *edges(self.today), *(self.instant(self.random.choice(self.days)) for _ in range(20)),
            *(self.instant(busy) for _ in range(10)), *[self.instant(busy)] * 3,
        ]  # fmt: skip
        now = datetime.datetime.now(UTC)
        return sorted(instant for instant in self.random.sample(pool, count) if instant < now)

    def price(self) -> Decimal | None:
        # The highest only now and then: it would hide all others.
        price = self.random.choice(PRICES)
        return price if price is None or price < 10**6 or self.random.random() < 0.2 else Decimal(500)

    def history(self, name: str) -> None:
        """A company that joins, and changes a few times; perhaps it leaves in the end."""
        joined, *later = self.instants(self.random.randrange(2, 16)) or [start(self.today)]
        with self.rows.dated(joined):
            tenant_id = self.rows.tenant(
                self.random.choice(NAMES), plan=self.random.choice(PLANS), segment=self.random.choice(SEGMENTS),
                status=self.random.choice(STATUSES), mrr_estimate=self.price(), created_at=joined,
                max_agents=self.random.choice([None, 7]),
            )  # fmt: skip
        self.world.tenants[name] = tenant_id
        for instant in later:
            with self.rows.dated(instant):
                self.random.choice([self.change, self.change, self.deploy])(tenant_id)
        if self.random.random() < 0.25:
            with self.rows.dated(self.random.choice(later or [joined])):
                self.delete(tenant_id)

    def change(self, tenant_id: str) -> None:
        """Price, status or plan, or all at once; sometimes to what it was."""
        change = {
            "mrr_estimate": self.price(), "status": self.random.choice(STATUSES), "plan": self.random.choice(PLANS),
            "segment": self.random.choice(SEGMENTS),
        }  # fmt: skip
        columns = self.random.choice([["mrr_estimate"], ["status"], ["plan"], ["mrr_estimate", "plan"], list(change)])
        self.rows.database.execute(
            f"UPDATE tenants SET {', '.join(f'{column} = %s' for column in columns)} WHERE id = %s",
            [*(change[column] for column in columns), tenant_id],
        )

    def deploy(self, tenant_id: str) -> None:
        """An agent is deployed, changed or taken away."""
        agent_id, database = self.random.choice(self.agents), self.rows.database
        which = [tenant_id, agent_id]
        if not database.execute("SELECT 1 FROM tenant_agents WHERE (tenant_id, agent_id) = (%s, %s)", which).fetchone():
            self.rows.deployment(
                *which, status=self.random.choice(STATUSES),
                activated_at=self.random.choice([None, self.instant(self.today - DAY)]),
                config=self.random.choice([None, json.dumps({"limite": 1.5, "api_key": "x", "tom": ["formal"]})]),
            )  # fmt: skip
        elif self.random.random() < 0.2:
            database.execute("DELETE FROM tenant_agents WHERE (tenant_id, agent_id) = (%s, %s)", which)
        else:
            database.execute(
                "UPDATE tenant_agents SET status = %s WHERE (tenant_id, agent_id) = (%s, %s)",
                [self.random.choice(STATUSES), *which],
            )

    def delete(self, tenant_id: str) -> None:
        self.rows.database.execute("DELETE FROM tenants WHERE id = %s", [tenant_id])
        self.world.deleted.add(tenant_id)

    def midnights(self) -> None:
        """A company joins, and an agent of an older one is deployed, on the first instant of each day that counts."""
        # This one is there all the time.
        with self.rows.dated(start(self.today - 300 * DAY)):
            older = self.world.tenants["older"] = self.rows.tenant("De sempre", mrr_estimate=1)
        # Two agents that had no request for long.
        for age in (100, 183):
            agent_id = self.rows.agent("De outrora")
            self.rows.deployment(older, agent_id)
            self.rows.requests([(older, agent_id, "success", 10, 1, self.instant(self.today - age * DAY))])
        for instant in sorted({start(instant.date()) for instant in edges(self.today)}):
            with self.rows.dated(instant):
                self.rows.tenant("Da meia-noite", mrr_estimate=self.random.randrange(1, 100))
                self.rows.deployment(older, self.rows.agent("Da meia-noite"))

    # -------------------------------------------------------------- presents

    def traffic(self, tenant_id: str, count: int) -> None:
        """Also of agents that it never had, of none, and of one that isn't in the catalogue."""
        agents = [*self.random.sample(self.agents, 3), str(uuid.uuid4())]
        self.rows.requests(self.request(tenant_id, agents, self.random.choice(self.days)) for _ in range(count))

    def crowd(self) -> None:
        """More of everything than a company's page shows."""
        tenant_id = self.world.tenants["crowded"] = self.rows.tenant("Temporário lotado", segment="Saúde")
        for index in range(103):
            agent_id = self.rows.agent(f"{self.random.choice(NAMES)} {index % 7}", segment="Multidão")
            self.rows.deployment(
                tenant_id, agent_id, status=STATUSES[index % 5], restarted_at=None if index % 3 else self.instant(self.today)
            )
            self.rows.user(
                tenant_id, f"{self.random.choice(['ana', 'ana.b', 'ana-b', 'anab', 'z'])}{index}@example.com",
                full_name=None if index % 4 else f"Pessoa {index}", role=["ADMIN", "USER"][index % 2],
                disabled_at=None if index % 3 else self.instant(self.today - DAY),
                last_login_at=None if index % 5 else self.instant(self.today - DAY),
            )  # fmt: skip
            self.rows.integration(
                tenant_id, f"{self.random.choice(NAMES)} {index % 5}", status=["active", "inactive", "error"][index % 3],
                last_error=None if index % 3 < 2 else "Expirou",
            )
        self.rows.events(tenant_id, [
            {"title": f"Incidente {index}", "created_at": start(self.today) - DAY + index // 3 * MICROSECOND,
             "resolved_at": None if index % 2 else datetime.datetime.now(UTC)}
            for index in range(13)
        ])  # fmt: skip
        self.rows.event(tenant_id, event_type="maintenance", title="Manutenção")

    def ties(self) -> None:
        """Companies and agents with as many requests, and deployments, as whoever is sixth: ten places for more of them.

        And segments with the same revenue.
        """
        week = start(self.today - 6 * DAY)
        of_tenant, of_agent = (
            self.sixth(f"SELECT count(*) FROM agent_requests WHERE created_at >= %s GROUP BY {column}", week)
            for column in ("tenant_id", "agent_id")
        )
        for segment in ("Zinco igual", "água igual"):
            self.rows.tenant("De um segmento", segment=segment, mrr_estimate=Decimal("77.70"))
        # The last of each has one request more; the last two have no name.
        tenants = [self.rows.tenant(name, segment="Empates") for name in ("Águia", "aguia", "AGUIA", "é", "E", "F")]
        self.world.tenants |= {f"tied {index}": tenant_id for index, tenant_id in enumerate(tenants)}
        for tenant_id, count in self.more_of_the_last(tenants, of_tenant):
            self.rows.requests(self.request(tenant_id, [], self.today - DAY) for _ in range(count))
        for tenant_id in tenants[-2:]:
            self.delete(tenant_id)
        place = self.rows.tenant("Matriz", segment="Empates")
        agents = [*(self.rows.agent(name) for name in ("zebra", "Zebra", "ZEBRA")), str(uuid.uuid4()), str(uuid.uuid4())]
        for agent_id, count in self.more_of_the_last(agents, of_agent):
            self.rows.requests(
                (place, agent_id, "success", 10, 1, self.instant(self.today - 2 * DAY)) for _ in range(count)
            )
        deployed = self.sixth("SELECT count(*) FROM tenant_agents WHERE status = 'active' GROUP BY agent_id")
        places = [self.rows.tenant(f"Filial {index}", segment="Empates") for index in range(deployed)]
        for agent_id in [self.rows.agent(name) for name in ("êxito", "Exito", "exito")]:
            for tenant_id in places:
                self.rows.deployment(tenant_id, agent_id)

    @staticmethod
    def more_of_the_last(ids: list[str], count: int) -> list[tuple[str, int]]:
        return [(id_, count + (id_ == ids[-1])) for id_ in ids]

    def sixth(self, counting: str, *parameters: object) -> int:
        return self.rows.database.execute(f"{counting} ORDER BY 1 DESC OFFSET 5 LIMIT 1", parameters).fetchone()[0]


@pytest.fixture(scope="module")
def world(stack: Stack) -> Iterator[World]:
    seed = seed_of_run()
    with temporary(stack) as rows:
        today = rows.database.execute("SELECT utc_today()").fetchone()[0]
        world = World(seed, rows, reference_internal.empty(today))
        maker = Maker(world, today)
        for index in range(HISTORIES):
            maker.history(f"history {index}")
            maker.traffic(world.tenants[f"history {index}"], maker.random.choice([0, 20, 200]))
        maker.midnights()
        maker.crowd()
        maker.traffic(world.tenants["crowded"], 300)
        maker.ties()
        rows.roll_up()
        world.read()
        yield world


@pytest.fixture(scope="module")
def compare(stack: Stack, token: Callable[..., str], world: World) -> Callable[..., Any]:
    """Asserts that the answer is the expected one, numbers as they were written; returns it."""
    admin = token("INTERNAL_ADMIN")

    def check(path: str, expected: Callable[[Platform], Any], params: dict[str, object]) -> Any:
        if newest_aggregation(world.rows.database) != world.platform.as_of:
            world.read()
        answer = stack.get(path, admin, params)
        assert answer.status_code == 200, (path, params, answer.text)
        body = json.loads(answer.text, parse_float=Decimal)
        found = differences(body, expected(world.platform))
        assert not found, f"SEED={world.seed}, {path} {params}:\n" + "\n".join(found[:40])
        return body

    return lambda path, expected, **params: steadily(world.rows.database, lambda: check(path, expected, params))


def compare_list(compare: Callable[..., Any], name: str, rows_of: Callable[..., Any], beside: Any, **params: Any) -> None:
    """All pages of a list, a hundred rows each, and the empty one behind the last."""
    for offset in itertools.count(0, 100):

        def expected(platform: Platform, offset: int = offset) -> Any:
            return page(name, rows_of(platform, **params), 100, offset, **beside(platform))

        answer = compare(f"/internal/{name}", expected, limit=100, offset=offset, **params)
        if offset >= answer["total"]:
            return


def beside_tenants(platform: Platform) -> dict[str, Any]:
    return {"as_of": reference_internal.instant(platform.as_of)}


def beside_agents(platform: Platform, period: str = "30d") -> dict[str, Any]:
    first, last = reference_internal.last_days(platform, PERIODS[period])
    return beside_tenants(platform) | {"period": period, "from": first.isoformat(), "to": last.isoformat()}


def test_the_data_has_what_it_is_for(world: World) -> None:
    """If chance or the demo data stopped providing these, the tests below would say less than they seem to."""
    platform = world.platform
    week = reference_internal.overview(platform, "7d")
    tied = [len({row["total_requests"] for row in week[name]}) for name in ("top_tenants_by_usage", "top_agents_by_usage")]
    assert max(tied) < 10 and len({row["deployed_count"] for row in week["top_agents_by_deployment"]}) < 10
    assert any(row["tenant_name"] is None for row in week["top_tenants_by_usage"])
    assert any(row["agent_name"] is None for row in week["top_agents_by_usage"])
    assert all(week["trend"][name] is not None for name in ("active_tenants", "total_agents_deployed", "total_requests"))
    year = reference_internal.billing(platform, "90d")["financial_summary"]
    for kind in ("new", "expansion", "contraction", "churned"):
        assert year[f"{kind}_mrr_this_period"] > 0, kind
    assert year["end_mrr"] == year["total_mrr"], "the history is whole"
    instants = [change["effective_at"] for change in platform.price_changes]
    assert any(instant == start(instant.date()) for instant in instants), "changes on the first instant of a day"
    assert len(set(instants)) < len(instants), "several at one instant"


def compare_overviews(compare: Callable[..., Any], period: str) -> None:
    compare("/internal/usage/overview", lambda platform: reference_internal.overview(platform, period), period=period)
    compare("/internal/billing/overview", lambda platform: reference_internal.billing(platform, period), period=period)


@pytest.mark.parametrize("period", PERIODS)
def test_overviews(world: World, compare: Callable[..., Any], period: str) -> None:
    compare_overviews(compare, period)


def test_the_period_is_thirty_days_unless_it_is_named(world: World, compare: Callable[..., Any]) -> None:
    compare("/internal/usage/overview", reference_internal.overview)
    compare("/internal/billing/overview", reference_internal.billing)
    compare(
        "/internal/agents",
        lambda platform: page("agents", reference_internal.catalogue(platform), **beside_agents(platform)),
    )


@pytest.mark.parametrize("sort_order", ["asc", "desc"])
@pytest.mark.parametrize("sort_by", ["name", "created_at", "mrr_estimate"])
def test_tenants(world: World, compare: Callable[..., Any], sort_by: str, sort_order: str) -> None:
    for status in ("active", "inactive", "suspended", "all"):
        compare_list(
            compare, "tenants", reference_internal.tenants, beside_tenants,
            status=status, sort_by=sort_by, sort_order=sort_order,
        )  # fmt: skip


def test_tenants_filtered(world: World, compare: Callable[..., Any]) -> None:
    compare(
        "/internal/tenants",
        lambda platform: page("tenants", reference_internal.tenants(platform), **beside_tenants(platform)),
    )
    for filters in (
        {"plan": "starter"}, {"plan": "none"}, {"segment": "saude"}, {"segment": "Saúde", "status": "all"},
        {"segment": "Sem segmento", "status": "all"}, {"plan": "enterprise", "segment": "Zinco", "status": "all"},
        {"segment": "Empates", "sort_by": "mrr_estimate", "search": "filial"},
    ):  # fmt: skip
        compare_list(compare, "tenants", reference_internal.tenants, beside_tenants, **filters)


def test_tenants_found(world: World, compare: Callable[..., Any]) -> None:
    """Pieces of names and of CNPJs, in some other spelling."""
    chance = Chance(world.seed + 1, world.platform.today).random
    for row in chance.sample(list(world.platform.tenants.values()), 15):
        begin, name = chance.randrange(len(row["name"])), row["name"]
        piece = name[begin : begin + chance.randrange(1, 12)].strip() or name
        cnpj = row["cnpj"][chance.randrange(10) :][: chance.randrange(4, 12)]
        for search in (piece.upper(), reference_internal.fold(piece), cnpj.lower(), reference_internal.formatted(row["cnpj"])):
            compare_list(compare, "tenants", reference_internal.tenants, beside_tenants, status="all", search=search)


def test_each_tenant(world: World, compare: Callable[..., Any], stack: Stack) -> None:
    demo = {user["tenant_id"] for user in stack.description["users"] if user["tenant_id"]}
    for tenant_id in [*world.living(), *demo]:

        def detail(platform: Platform, tenant_id: str = tenant_id) -> Any:
            return reference_internal.tenant(platform, tenant_id)

        def agents(platform: Platform, tenant_id: str = tenant_id) -> Any:
            return reference_internal.tenant_agents(platform, tenant_id)

        compare(f"/internal/tenants/{tenant_id}", detail)
        compare(f"/internal/tenants/{tenant_id}/agents", agents)


@pytest.mark.parametrize("sort_order", ["asc", "desc"])
@pytest.mark.parametrize("sort_by", ["name", "deployed_count", "total_requests", "success_rate"])
@pytest.mark.parametrize("period", PERIODS)
def test_agents(world: World, compare: Callable[..., Any], period: str, sort_by: str, sort_order: str) -> None:
    compare_list(
        compare, "agents", reference_internal.catalogue, lambda platform: beside_agents(platform, period),
        period=period, sort_by=sort_by, sort_order=sort_order,
    )  # fmt: skip


def test_agents_filtered(world: World, compare: Callable[..., Any]) -> None:
    for filters in (
        {"segment": "Vendas"}, {"segment": "none"}, {"segment": "Multidão", "sort_by": "total_requests"},
        {"search": "AGUIA"}, {"search": " água "}, {"search": "%"}, {"search": "_"}, {"search": "fiel"}, {"search": "😀"},
        {"search": "ze", "segment": "Suporte", "sort_order": "desc"},
    ):  # fmt: skip
        compare_list(compare, "agents", reference_internal.catalogue, beside_agents, **filters)


# These change the rows that the tests above compare, so they come last.


def compare_platform(compare: Callable[..., Any]) -> None:
    for period in PERIODS:
        compare_overviews(compare, period)
    compare_list(compare, "agents", reference_internal.catalogue, beside_agents, sort_by="deployed_count", sort_order="desc")
    compare_list(compare, "tenants", reference_internal.tenants, beside_tenants, status="all")


def test_changes_of_this_moment(world: World, compare: Callable[..., Any]) -> None:
    """Nobody aggregates after them: counts, prices and names are of now."""
    maker = Maker(World(world.seed + 2, world.rows, world.platform, deleted=world.deleted), world.platform.today)
    for _ in range(2):
        # Those of whom as many requests came as of others keep their names: their order is the last aggregation's.
        living = [tenant_id for tenant_id in world.living() if world.platform.tenants[tenant_id]["segment"] != "Empates"]
        for tenant_id in maker.random.sample(living, 6):
            maker.change(tenant_id)
            maker.deploy(tenant_id)
        maker.delete(maker.random.choice(living))
        world.rows.database.execute("UPDATE tenants SET name = 'Renomeado' WHERE id = %s", [world.living()[0]])
        world.read()
        compare_platform(compare)


def test_changes_at_once(world: World, compare: Callable[..., Any], stack: Stack) -> None:
    """Several change the same companies and deployments; whoever comes last, the counts are those of what is there."""
    tenants = [tenant_id for tenant_id in world.living() if reference_internal.of(tenant_id, world.platform.deployments)]
    changes = [
        ("UPDATE tenants SET status = %s WHERE id = %s", STATUSES),
        ("UPDATE tenants SET mrr_estimate = %s WHERE id = %s", PRICES),
        ("UPDATE tenants SET plan = %s WHERE id = %s", PLANS), ("UPDATE tenants SET segment = %s WHERE id = %s", SEGMENTS),
        ("UPDATE tenant_agents SET status = %s WHERE tenant_id = %s", STATUSES),
    ]  # fmt: skip

    def change(person: int) -> None:
        chance = Chance(world.seed + person, world.platform.today).random
        with stack.database() as database:
            for _ in range(30):
                sql, values = chance.choice(changes)
                database.execute(sql, [chance.choice(values), chance.choice(tenants[:4])])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(change, range(4)))
    world.read()
    compare_platform(compare)


def test_what_is_kept_ready_is_not_trusted_blindly(world: World, compare: Callable[..., Any]) -> None:
    """A day has begun and nobody has aggregated yet: lists and counts that the job keeps are of the day before."""
    world.rows.database.execute("UPDATE platform_top_lists SET last_day = last_day - 1")
    world.rows.database.execute("UPDATE platform_usage_daily SET tenants_active_at_end = NULL, agents_deployed_at_end = NULL")
    for period in PERIODS:
        compare_overviews(compare, period)


def test_requests_that_come_late_or_are_taken_back(world: World, compare: Callable[..., Any]) -> None:
    """A second aggregation replaces the first, in the top lists too."""
    maker = Maker(World(world.seed + 3, world.rows, world.platform), world.platform.today)
    database = world.rows.database
    for index, day in enumerate(maker.random.sample(sorted(world.rows.days)[-12:], 3)):
        if index:
            database.execute(
                """DELETE FROM agent_requests WHERE tenant_id = ANY(%s)
                       AND created_at >= day_start(%s) AND created_at < day_start(%s)""",
                [world.rows.tenants, day, day + DAY],
            )
        else:
            tenant_id = maker.random.choice(world.living())
            world.rows.requests(maker.request(tenant_id, maker.agents, day) for _ in range(300))
        world.rows.roll_up([day])
    world.read()
    compare_platform(compare)


def test_a_past_that_is_loaded_later(world: World, compare: Callable[..., Any]) -> None:
    """Changes of days that have been counted already: their counts are wrong, and must be made anew."""
    maker = Maker(World(world.seed + 4, world.rows, world.platform), world.platform.today)
    for index in range(3):
        maker.history(f"later {index}")
    world.read()
    compare_platform(compare)
    world.rows.roll_up([world.platform.today])
    world.read()
    compare_platform(compare)
