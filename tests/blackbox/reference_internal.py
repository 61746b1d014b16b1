"""What the internal routes must answer, computed from plain rows: requests, tenants, agents and their histories.

Written from the contract alone, like `reference`, whose rules of numbers it shares. Nothing that the database derives
by itself is read: no rollups, no counters.
"""

import datetime
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import psycopg
from psycopg.rows import dict_row
from reference import ANY_TEXT, DAY, DAYS_READ, PERIODS, UTC, Sums, fold, instant, rounded, summary_of, trend

Row = dict[str, Any]
UNSEGMENTED = "Sem segmento"
SECRET_KEY = re.compile("secret|token|password|key", re.IGNORECASE)
# Tenant and agent.
Cell = tuple[str, str | None]


@dataclass
class Platform:
    """The plain rows about everybody."""

    today: datetime.date
    as_of: datetime.datetime | None
    plans: list[Row]
    tenants: dict[str, Row]
    agents: dict[str, Row]
    users: list[Row]
    deployments: list[Row]
    integrations: list[Row]
    incidents: list[Row]
    # In the order in which they count.
    price_changes: list[Row]
    deployment_changes: list[Row]
    usage: dict[datetime.date, dict[Cell, Sums]]
    requests_by_hour: dict[datetime.datetime, int]
    # Of a tenant's agent: its last request ever.
    last_requests: dict[Cell, datetime.datetime]

    def count(self, requests: Iterable[tuple]) -> None:
        """Adds raw requests: tenant, agent, status, time, tokens, instant."""
        for tenant_id, agent_id, status, time, tokens, at in requests:
            at = at.astimezone(UTC)
            cell = tenant_id, agent_id
            self.usage[at.date()][cell].count(status, time, tokens)
            self.requests_by_hour[at.replace(minute=0, second=0, microsecond=0)] += 1
            self.last_requests[cell] = max(at, self.last_requests.get(cell, at))

    def between(self, first: datetime.date, last: datetime.date) -> Iterator[tuple[Cell, Sums]]:
        """What was counted on these days, both included."""
        for day, cells in self.usage.items():
            if first <= day <= last:
                yield from cells.items()


def empty(today: datetime.date, as_of: datetime.datetime | None = None) -> Platform:
    usage: dict[datetime.date, dict[Cell, Sums]] = defaultdict(lambda: defaultdict(Sums))
    return Platform(today, as_of, [], {}, {}, [], [], [], [], [], [], usage, defaultdict(int), {})


def read(database: psycopg.Connection) -> Platform:
    """One snapshot of all that is known."""
    with database.transaction():
        database.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")

        def rows(sql: str, *parameters: object) -> list[Row]:
            with database.cursor(row_factory=dict_row) as cursor:
                return cursor.execute(sql, parameters).fetchall()

        today = rows("SELECT (now() AT TIME ZONE 'UTC')::date AS today")[0]["today"]
        newest = rows("SELECT as_of FROM aggregated_days ORDER BY date DESC LIMIT 1")
        platform = empty(today, newest[0]["as_of"] if newest else None)
        platform.plans = rows("SELECT * FROM plans")
        platform.tenants = {row["id"]: row for row in rows(
            """SELECT id::text, name, cnpj, segment, plan, status, mrr_estimate, max_agents, max_users,
                      max_requests_per_month, created_at, updated_at FROM tenants"""
        )}  # fmt: skip
        platform.agents = {row["id"]: row for row in rows("SELECT id::text, name, segment, created_at FROM agents")}
        platform.users = rows(
            "SELECT id::text, tenant_id::text, email, full_name, role, last_login_at, disabled_at FROM tenant_users"
        )
        platform.deployments = rows(
            """SELECT tenant_id::text, agent_id::text, status, config, activated_at, deactivated_at, restarted_at
               FROM tenant_agents"""
        )
        platform.integrations = rows(
            """SELECT id::text, tenant_id::text, integration_type AS type, integration_name AS name, status,
                      last_sync_at, last_error FROM tenant_integrations"""
        )
        platform.incidents = rows(
            """SELECT id::text, severity, title, description, created_at, resolved_at, tenant_id::text
               FROM operational_events WHERE event_type = 'incident'"""
        )
        platform.price_changes = rows(
            """SELECT tenant_id::text, effective_at, new_status, new_mrr FROM tenant_mrr_changes
               ORDER BY effective_at, id"""
        )
        platform.deployment_changes = rows(
            """SELECT tenant_id::text, agent_id::text, effective_at, new_status FROM tenant_agent_changes
               ORDER BY effective_at, id"""
        )
        first = start(today - DAYS_READ * DAY)
        with database.cursor("raw") as cursor:
            cursor.itersize = 50_000
            platform.count(cursor.execute(
                """SELECT tenant_id::text, agent_id::text, status, response_time_ms, tokens_used, created_at
                   FROM agent_requests WHERE created_at >= %s""",
                [first],
            ))  # fmt: skip
        for row in rows(
            """SELECT tenant_id::text, agent_id::text, max(created_at) AS at FROM agent_requests
               WHERE created_at < %s GROUP BY 1, 2""",
            first,
        ):
            platform.last_requests.setdefault((row["tenant_id"], row["agent_id"]), row["at"])
        return platform


# ------------------------------------------------------------------ tenants


def tenants(
    platform: Platform, status: str = "active", plan: str | None = None, segment: str | None = None,
    search: str | None = None, sort_by: str = "name", sort_order: str = "asc",
) -> list[Row]:  # fmt: skip
    """The whole list, in order."""
    requests: dict[str, int] = defaultdict(int)
    for (tenant_id, _), sums in platform.between(*last_days(platform, 30)):
        requests[tenant_id] += sums.total
    chosen = [
        tenant
        for tenant in platform.tenants.values()
        if status in ("all", tenant["status"])
        and plan in (None, tenant["plan"])
        and segment in (None, tenant["segment"])
        and is_found(tenant, search)
    ]
    ordered = in_order(chosen, {"name": lambda t: fold(t["name"])}.get(sort_by, lambda t: t[sort_by]), sort_order)
    return [
        {
            "id": tenant["id"], "name": tenant["name"], "cnpj": formatted(tenant["cnpj"]), "segment": tenant["segment"],
            "plan": tenant["plan"], "status": tenant["status"], "mrr_estimate": tenant["mrr_estimate"],
            "active_agents": sum(d["status"] == "active" for d in of(tenant["id"], platform.deployments)),
            "active_users": sum(user["disabled_at"] is None for user in of(tenant["id"], platform.users)),
            "requests_last_30_days": requests[tenant["id"]], "created_at": instant(tenant["created_at"]),
        }
        for tenant in ordered
    ]  # fmt: skip


def is_found(tenant: Row, search: str | None) -> bool:
    """By a part of the name, or by one of the CNPJ if it looks like one."""
    searched = (search or "").strip()
    if fold(searched) in fold(tenant["name"]):
        return True
    plain = "".join(character for character in searched.upper() if character.isascii() and character.isalnum())
    looks_like_one = len(plain) >= 4 and any(character.isdigit() for character in plain)
    return looks_like_one and plain in tenant["cnpj"]


def tenant(platform: Platform, tenant_id: str) -> Row:
    """One company with all that belongs to it."""
    row = platform.tenants[tenant_id]
    plan = next(plan for plan in platform.plans if plan["name"] == row["plan"])
    limits = ("max_agents", "max_users", "max_requests_per_month")
    last_7, last_30 = (summed(platform, last_days(platform, days), tenant_id) for days in (7, 30))
    incidents = sorted(of(tenant_id, platform.incidents), key=lambda it: (it["created_at"], it["id"]), reverse=True)
    return {
        "tenant": {
            **{key: row[key] for key in ("id", "name", "segment", "plan", "status", "mrr_estimate")},
            "cnpj": formatted(row["cnpj"]), "created_at": instant(row["created_at"]),
            "updated_at": instant(row["updated_at"]),
            "limits": {limit: plan[limit] if row[limit] is None else row[limit] for limit in limits},
        },
        "users": [
            {**{key: user[key] for key in ("id", "email", "full_name", "role")},
             "last_login_at": instant(user["last_login_at"]), "disabled_at": instant(user["disabled_at"])}
            for user in sorted(of(tenant_id, platform.users), key=lambda it: (it["email"], it["id"]))
        ][:100],
        "agents": [
            {"id": deployment["agent_id"], "name": platform.agents[deployment["agent_id"]]["name"],
             "status": deployment["status"], "activated_at": instant(deployment["activated_at"]),
             "usage_last_30_days": part(usage, "total_requests", "success_rate")}
            for deployment, usage in agents_and_usage(platform, tenant_id)
        ][:100],
        "integrations": [
            {key: instant(it[key]) if key == "last_sync_at" else it[key]
             for key in ("id", "type", "name", "status", "last_sync_at", "last_error")}
            for it in sorted(of(tenant_id, platform.integrations), key=lambda it: (fold(it["name"]), it["id"]))
        ][:100],
        "usage_summary": {
            "requests_last_7_days": last_7["total_requests"], "requests_last_30_days": last_30["total_requests"],
            "success_rate_last_30_days": last_30["success_rate"], "as_of": instant(platform.as_of),
        },
        "recent_incidents": [
            {"id": it["id"], "severity": it["severity"], "title": it["title"], "created_at": instant(it["created_at"]),
             "resolved_at": instant(it["resolved_at"])}
            for it in incidents
        ][:10],
    }  # fmt: skip


def tenant_agents(platform: Platform, tenant_id: str) -> Row:
    first, last = last_days(platform, 30)
    return {
        "agents": [
            {
                "id": deployment["agent_id"], "name": platform.agents[deployment["agent_id"]]["name"],
                "segment": platform.agents[deployment["agent_id"]]["segment"], "status": deployment["status"],
                "config": masked(deployment["config"]), "activated_at": instant(deployment["activated_at"]),
                "deactivated_at": instant(deployment["deactivated_at"]),
                "restarted_at": instant(deployment["restarted_at"]),
                "usage_stats": {
                    **part(usage, "total_requests", "success_rate", "avg_response_time_ms", "p95_response_time_ms"),
                    "last_request_at": instant(platform.last_requests.get((tenant_id, deployment["agent_id"]))),
                },
            }
            for deployment, usage in agents_and_usage(platform, tenant_id)
        ],
        "from": first.isoformat(), "to": last.isoformat(), "as_of": instant(platform.as_of),
    }  # fmt: skip


def agents_and_usage(platform: Platform, tenant_id: str) -> list[tuple[Row, Row]]:
    """A tenant's agents by name, each with its last 30 days."""
    days = last_days(platform, 30)
    deployments = sorted(
        of(tenant_id, platform.deployments),
        key=lambda it: (fold(platform.agents[it["agent_id"]]["name"]), it["agent_id"]),
    )
    return [(it, summed(platform, days, tenant_id, it["agent_id"])) for it in deployments]


# ------------------------------------------------------------------ usage


def overview(platform: Platform, period: str = "30d") -> Row:
    days = PERIODS[period]
    first, last = last_days(platform, days)
    before = first - days * DAY, first - DAY
    yesterday = platform.today - DAY
    now = summed(platform, (first, last))
    active_then, active_base = (actives_before(platform, platform.today - ago * DAY) for ago in (0, days))
    deployed = deployed_agents(platform)
    deployed_counts = Counter(agent_id for _, agent_id in deployed)
    after, base = (
        summed(platform, (yesterday - (ago + days - 1) * DAY, yesterday - ago * DAY)) for ago in (0, days)
    )  # fmt: skip
    return {
        "period": period, "from": first.isoformat(), "to": last.isoformat(), "as_of": instant(platform.as_of),
        "global_stats": {
            "total_tenants": len(platform.tenants),
            "active_tenants": sum(tenant["status"] == "active" for tenant in platform.tenants.values()),
            "total_agents_deployed": len(deployed),
            **part(now, "total_requests", "successful_requests", "failed_requests", "avg_response_time_ms",
                   "total_tokens_used"),
            "global_success_rate": now["success_rate"],
        },
        "previous_period": {
            "from": before[0].isoformat(), "to": before[1].isoformat(),
            **part(summed(platform, before), "total_requests", "successful_requests", "failed_requests", "success_rate",
                   "avg_response_time_ms", "total_tokens_used"),
        },
        "trend": trend(after, base) | {
            "active_tenants": difference(len(active_then[0]), len(active_base[0])),
            "total_agents_deployed": difference(len(active_then[1]), len(active_base[1])),
        },
        "requests_last_24_hours": requests_in_hours(platform, 24),
        "requests_previous_24_hours": requests_in_hours(platform, 48) - requests_in_hours(platform, 24),
        "top_tenants_by_usage": top(
            platform, (first, last), 0,
            lambda id_: {"tenant_id": id_, "tenant_name": platform.tenants.get(id_, {}).get("name")},
        ),
        "top_agents_by_usage": [
            entry | {"deployed_count": deployed_counts[entry["agent_id"]]}
            for entry in top(
                platform, (first, last), 1,
                lambda id_: {"agent_id": id_, "agent_name": platform.agents.get(id_, {}).get("name")},
            )
        ],
        "top_agents_by_deployment": sorted(
            ({"agent_id": id_, "agent_name": platform.agents[id_]["name"], "deployed_count": count}
             for id_, count in deployed_counts.items()),
            key=lambda it: (-it["deployed_count"], fold(it["agent_name"]), it["agent_id"]),
        )[:10],
        "daily_trends": [
            {"date": day.isoformat(), **part(summed(platform, (day, day)), "total_requests", "success_rate"),
             "active_tenants": len({tenant_id for (tenant_id, _), _ in platform.between(day, day)})}
            for day in (first + index * DAY for index in range(days))
        ],
    }  # fmt: skip


def top(platform: Platform, days: tuple[datetime.date, datetime.date], by: int, named: Any) -> list[Row]:
    """The ten with most requests: tenants (0) or agents (1); those without a name come behind their equals."""
    entries = []
    for id_, its_sums in sums_by(platform, days, by).items():
        if id_ is None:
            continue
        name = list(named(id_).values())[1]
        entry = named(id_) | part(summary_of(its_sums), "total_requests", "success_rate")
        entries.append(((-its_sums.total, name is None, fold(name or ""), id_), entry))
    return [entry for _, entry in sorted(entries, key=lambda pair: pair[0])][:10]


def sums_by(platform: Platform, days: tuple[datetime.date, datetime.date], by: int) -> dict[str | None, Sums]:
    """What was counted of each tenant (0) or agent (1)."""
    sums: dict[str | None, Sums] = defaultdict(Sums)
    for cell, counted in platform.between(*days):
        sums[cell[by]].add(counted)
    return sums


def catalogue(
    platform: Platform, period: str = "30d", segment: str | None = None, search: str | None = None,
    sort_by: str = "name", sort_order: str = "asc",
) -> list[Row]:  # fmt: skip
    """The whole list of agents, in order."""
    sums = sums_by(platform, last_days(platform, PERIODS[period]), 1)
    deployed_counts = Counter(agent_id for _, agent_id in deployed_agents(platform))
    last: dict[str, datetime.datetime] = {}
    for (_, agent_id), at in platform.last_requests.items():
        last[agent_id] = max(at, last.get(agent_id, at))
    rows = [
        {
            "id": id_, "name": agent["name"], "segment": agent["segment"], "created_at": instant(agent["created_at"]),
            "deployed_count": deployed_counts[id_],
            **part(summary_of(sums[id_]), "total_requests", "success_rate", "avg_response_time_ms",
                   "p95_response_time_ms"),
            "last_request_at": instant(last.get(id_)),
        }
        for id_, agent in platform.agents.items()
        if segment in (None, agent["segment"]) and fold((search or "").strip()) in fold(agent["name"])
    ]  # fmt: skip
    rows.sort(key=lambda row: (0 if sort_by == "name" else row[sort_by], fold(row["name"]), row["id"]))
    return rows if sort_order == "asc" else rows[::-1]


def actives_before(platform: Platform, day: datetime.date) -> tuple[set[str], set[tuple[str, str]]]:
    """The tenants, and the agents of tenants, that were active when a day began."""
    tenant_status: dict[str, str | None] = {}
    agent_status: dict[tuple[str, str], str | None] = {}
    for change in platform.price_changes:
        if change["effective_at"] < start(day):
            tenant_status[change["tenant_id"]] = change["new_status"]
    for change in platform.deployment_changes:
        if change["effective_at"] < start(day):
            agent_status[change["tenant_id"], change["agent_id"]] = change["new_status"]
    active = {tenant_id for tenant_id, status in tenant_status.items() if status == "active"}
    return active, {key for key, status in agent_status.items() if status == "active" and key[0] in active}


def deployed_agents(platform: Platform) -> list[tuple[str, str]]:
    """Active ones of active tenants."""
    return [
        (it["tenant_id"], it["agent_id"])
        for it in platform.deployments
        if it["status"] == "active" and platform.tenants[it["tenant_id"]]["status"] == "active"
    ]


def requests_in_hours(platform: Platform, hours: int) -> int:
    """In the whole hours that began within so many hours before the newest aggregation."""
    if platform.as_of is None:
        return 0
    since = platform.as_of - datetime.timedelta(hours=hours)
    return sum(count for hour, count in platform.requests_by_hour.items() if since <= hour < platform.as_of)


# ------------------------------------------------------------------ revenue


def billing(platform: Platform, period: str = "30d") -> Row:
    days = PERIODS[period]
    first, last = last_days(platform, days)
    active = [tenant for tenant in platform.tenants.values() if tenant["status"] == "active"]
    total = revenue(active)
    prices = prices_at_ends(platform, first, days)
    summary = bridge(prices[0], prices[-1])
    return {
        "period": period, "from": first.isoformat(), "to": last.isoformat(),
        "financial_summary": {
            "total_mrr": total, "total_arr": 12 * total,
            "avg_mrr_per_tenant": rounded(int(100 * total), 100 * len(active), 2) if active else Decimal(0),
            "start_mrr": summary["start_mrr"], "end_mrr": summary["end_mrr"],
            **{f"{kind}_this_period": summary[kind]
               for kind in ("new_mrr", "expansion_mrr", "contraction_mrr", "churned_mrr")},
            "new_tenants": summary["new_tenants"], "churned_tenants": summary["churned_tenants"],
        },
        "by_plan": by_revenue(active, "plan", "plan_name"),
        "by_segment": by_revenue(active, "segment", "segment"),
        "revenue_trend": [
            {"date": (first + index * DAY).isoformat()}
            | {"mrr" if key == "end_mrr" else key: value
               for key, value in bridge(prices[index], prices[index + 1]).items()}
            for index in range(days)
        ],
    }  # fmt: skip


def prices_at_ends(platform: Platform, first: datetime.date, days: int) -> list[dict[str, Decimal]]:
    """What each tenant paid at the beginning of the first day, and at the end of each; today's end is now."""
    ends = [start(first + index * DAY) for index in range(days)]
    prices: dict[str, Decimal] = {}
    found = []
    for change in platform.price_changes:
        while len(found) < len(ends) and change["effective_at"] >= ends[len(found)]:
            found.append(dict(prices))
        prices[change["tenant_id"]] = change["new_mrr"]
    found += [dict(prices)] * (days + 1 - len(found))
    return found


def bridge(before: dict[str, Decimal], after: dict[str, Decimal]) -> dict[str, Decimal | int]:
    """How the revenue of one instant became that of another, tenant by tenant."""
    found: dict[str, Decimal | int] = {
        "start_mrr": sum(before.values(), Decimal(0)), "new_mrr": Decimal(0), "expansion_mrr": Decimal(0),
        "contraction_mrr": Decimal(0), "churned_mrr": Decimal(0), "end_mrr": sum(after.values(), Decimal(0)),
        "new_tenants": 0, "churned_tenants": 0,
    }  # fmt: skip
    for tenant_id in before.keys() | after.keys():
        old, new = before.get(tenant_id, Decimal(0)), after.get(tenant_id, Decimal(0))
        if old == 0 and new > 0:
            found["new_mrr"] += new
            found["new_tenants"] += 1
        elif old > 0 and new == 0:
            found["churned_mrr"] += old
            found["churned_tenants"] += 1
        elif new > old:
            found["expansion_mrr"] += new - old
        else:
            found["contraction_mrr"] += old - new
    return found


def by_revenue(active: list[Row], column: str, name: str) -> list[Row]:
    groups: dict[str, list[Row]] = defaultdict(list)
    for tenant in active:
        groups[UNSEGMENTED if tenant[column] is None else tenant[column]].append(tenant)
    rows = [
        {name: value, "tenant_count": len(group), "total_mrr": revenue(group)} for value, group in groups.items()
    ]
    return sorted(rows, key=lambda row: (-row["total_mrr"], fold(row[name]), row[name]))


def revenue(tenants: Iterable[Row]) -> Decimal:
    return sum((tenant["mrr_estimate"] or Decimal(0) for tenant in tenants), Decimal(0))


# ------------------------------------------------------------------ rules shared by several


def page(name: str, rows: list[Row], limit: int = 50, offset: int = 0, **beside: Any) -> Row:
    """One page of a list; whether `next_cursor` is null is known, what it says is not."""
    return {
        name: rows[offset : offset + limit], "total": len(rows), "limit": limit, "offset": offset,
        "next_cursor": ANY_TEXT if offset + limit < len(rows) else None, **beside,
    }  # fmt: skip


def in_order(rows: list[Row], key: Any, sort_order: str) -> list[Row]:
    """By a value, then the id, both in the same direction; what has no value comes last in either."""
    known = sorted((row for row in rows if key(row) is not None), key=lambda row: (key(row), row["id"]))
    unknown = sorted((row for row in rows if key(row) is None), key=lambda row: row["id"])
    return known + unknown if sort_order == "asc" else known[::-1] + unknown[::-1]


def summed(
    platform: Platform, days: tuple[datetime.date, datetime.date], tenant_id: str | None = None, agent_id: str | None = None
) -> Row:  # fmt: skip
    """The summary of these days: of everything, a tenant, an agent, or a tenant's agent."""
    sums = Sums()
    for (tenant, agent), counted in platform.between(*days):
        if tenant_id in (None, tenant) and agent_id in (None, agent):
            sums.add(counted)
    return summary_of(sums)


def last_days(platform: Platform, days: int) -> tuple[datetime.date, datetime.date]:
    return platform.today - (days - 1) * DAY, platform.today


def start(day: datetime.date) -> datetime.datetime:
    return datetime.datetime.combine(day, datetime.time(), UTC)


def difference(after: int, before: int) -> int | None:
    return after - before if before else None


def part(row: Row, *keys: str) -> Row:
    return {key: row[key] for key in keys}


def of(tenant_id: str, rows: list[Row]) -> list[Row]:
    return [row for row in rows if row["tenant_id"] == tenant_id]


def formatted(cnpj: str) -> str:
    return f"{cnpj[:2]}.{cnpj[2:5]}.{cnpj[5:8]}/{cnpj[8:12]}-{cnpj[12:]}"


def masked(config: Any) -> Any:
    """A configuration without what its keys call secret; numbers as answers are parsed."""
    if isinstance(config, dict):
        return {key: "***" if SECRET_KEY.search(key) else masked(value) for key, value in config.items()}
    if isinstance(config, list):
        return [masked(value) for value in config]
    return json.loads(json.dumps(config), parse_float=Decimal)
