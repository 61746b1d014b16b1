"""What the tenant routes must answer, computed from plain rows.

Written from the contract alone, apart from the product: raw requests instead of rollups, integers instead of floats,
sorted lists instead of histograms. It is slow and simple on purpose.
"""

import datetime
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import psycopg

UTC = datetime.UTC
DAY = datetime.timedelta(days=1)
PERIODS = {"7d": 7, "30d": 30, "90d": 90}
UNATTRIBUTED = "Sem agente"
# Twice the longest period, and the day that a trend reaches further back.
DAYS_READ = 2 * 90 + 1


@dataclass(frozen=True)
class Near:
    """A percentile that is known exactly and may be answered within a tenth (contract, section 3)."""

    exact: int

    def allows(self, answered: object) -> bool:
        if type(answered) is not int:
            return False
        if self.exact > 600_000:  # nothing is promised here but that it stays at the top
            return answered >= 540_000
        return 10 * abs(answered - self.exact) <= self.exact

    def __repr__(self) -> str:
        return f"{self.exact} ± 10 %"


@dataclass(frozen=True)
class Request:
    agent_id: str | None
    status: str
    response_time_ms: int | None
    tokens_used: int | None
    created_at: datetime.datetime

    @property
    def day(self) -> datetime.date:
        return self.created_at.astimezone(UTC).date()


@dataclass
class Facts:
    """The plain rows about one tenant."""

    tenant_id: str
    today: datetime.date
    as_of: datetime.datetime | None
    requests: list[Request] = field(default_factory=list)
    # Of agents whose requests are older than what is read above.
    agents_ever: set[str] = field(default_factory=set)
    catalogue: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    deployments: list[tuple[str, str, datetime.datetime | None]] = field(default_factory=list)
    integrations: list[tuple] = field(default_factory=list)
    incidents: list[tuple] = field(default_factory=list)


def read(database: psycopg.Connection, tenant_id: str) -> Facts:
    """One snapshot of all that is known of a tenant."""
    with database.transaction():
        database.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")

        def rows(sql: str, *parameters: object) -> list[tuple]:
            return database.execute(sql, parameters).fetchall()

        today = rows("SELECT (now() AT TIME ZONE 'UTC')::date")[0][0]
        newest = rows("SELECT as_of FROM aggregated_days ORDER BY date DESC LIMIT 1")
        first = datetime.datetime.combine(today - DAYS_READ * DAY, datetime.time(), UTC)
        return Facts(
            tenant_id=tenant_id,
            today=today,
            as_of=newest[0][0] if newest else None,
            requests=[
                Request(*row)
                for row in rows(
                    """SELECT agent_id::text, status, response_time_ms, tokens_used, created_at
                       FROM agent_requests WHERE tenant_id = %s AND created_at >= %s""",
                    tenant_id, first,
                )
            ],
            agents_ever={
                row[0]
                for row in rows(
                    "SELECT DISTINCT agent_id::text FROM agent_requests WHERE tenant_id = %s AND created_at < %s",
                    tenant_id, first,
                )
            },
            catalogue={row[0]: row[1:] for row in rows("SELECT id::text, name, segment FROM agents")},
            deployments=rows(
                "SELECT agent_id::text, status, activated_at FROM tenant_agents WHERE tenant_id = %s", tenant_id
            ),
            integrations=rows(
                """SELECT id::text, integration_type, integration_name, status, last_sync_at, last_error
                   FROM tenant_integrations WHERE tenant_id = %s""",
                tenant_id,
            ),
            incidents=rows(
                """SELECT id::text, severity, title, description, created_at, resolved_at, tenant_id::text
                   FROM operational_events
                   WHERE event_type = 'incident' AND (tenant_id = %s OR tenant_id IS NULL)""",
                tenant_id,
            ),
        )  # fmt: skip


# ------------------------------------------------------------------ the four routes


def agents(facts: Facts, status: str = "active") -> dict[str, Any]:
    first, last = facts.today - 29 * DAY, facts.today
    wanted = {"active": {"active"}, "inactive": {"inactive", "suspended"}, "all": {"active", "inactive", "suspended"}}
    used = by(lambda request: request.agent_id, within(facts.requests, first, last))
    rows = []
    for agent_id, agent_status, activated_at in facts.deployments:
        if agent_status in wanted[status]:
            name, segment = facts.catalogue[agent_id]
            its_requests = used.get(agent_id, [])
            usage = summary(its_requests)
            per_day = by(lambda request: request.day, its_requests)
            rows.append({
                "id": agent_id, "name": name, "segment": segment, "status": agent_status,
                "activated_at": instant(activated_at),
                "usage_last_30_days": {
                    key: usage[key]
                    for key in ("total_requests", "success_rate", "avg_response_time_ms", "p95_response_time_ms")
                } | {"daily_requests": [len(per_day.get(first + index * DAY, [])) for index in range(30)]},
            })  # fmt: skip
    rows.sort(key=lambda row: (fold(row["name"]), row["id"]))
    return {"agents": rows, "from": first.isoformat(), "to": last.isoformat(), "as_of": instant(facts.as_of)}


def integrations(facts: Facts) -> dict[str, Any]:
    return {
        "integrations": [
            {"id": id_, "type": type_, "name": name, "status": status, "last_sync_at": instant(synced),
             "last_error": error}
            for id_, type_, name, status, synced, error in sorted(
                facts.integrations, key=lambda row: (fold(row[2]), row[0])
            )
        ]
    }  # fmt: skip


def usage(facts: Facts, period: str = "30d", agent_id: str | None = None) -> dict[str, Any] | None:
    """None: there is no such agent here."""
    requests = facts.requests
    if agent_id is not None:
        requests = [request for request in requests if request.agent_id == agent_id]
        deployed = agent_id in {row[0] for row in facts.deployments}
        if not requests and not deployed and agent_id not in facts.agents_ever:
            return None
    days = PERIODS[period]
    last = facts.today
    first = last - (days - 1) * DAY
    before = first - days * DAY, first - DAY
    chosen = within(requests, first, last)
    per_day = by(lambda request: request.day, chosen)

    per_agent = []
    for agent, its_requests in by(lambda request: request.agent_id, chosen).items():
        name = UNATTRIBUTED if agent is None else facts.catalogue.get(agent, (None, None))[0]
        per_agent.append({"agent_id": agent, "agent_name": name} | summary(its_requests))
    per_agent.sort(
        key=lambda entry: (
            -entry["total_requests"], entry["agent_name"] is None, fold(entry["agent_name"] or ""),
            entry["agent_id"] is None, entry["agent_id"] or "",
        )
    )  # fmt: skip

    yesterday = facts.today - DAY
    return {
        "period": period,
        "from": first.isoformat(),
        "to": last.isoformat(),
        "as_of": instant(facts.as_of),
        "summary": summary(chosen),
        "previous_period": {"from": before[0].isoformat(), "to": before[1].isoformat()}
        | summary(within(requests, *before)),
        "trend": trend(
            summary(within(requests, yesterday - (days - 1) * DAY, yesterday)),
            summary(within(requests, yesterday - (2 * days - 1) * DAY, yesterday - days * DAY)),
        ),
        "daily_data": [
            {"date": day.isoformat()} | summary(per_day.get(day, []))
            for day in (first + index * DAY for index in range(days))
        ],
        "by_agent": per_agent,
    }


def incidents(facts: Facts, limit: int = 20, offset: int = 0) -> dict[str, Any]:
    """One page; whether `next_cursor` is null is known, what it says is not."""
    rows = all_incidents(facts)
    return {
        "incidents": rows[offset : offset + limit],
        "total": len(rows),
        "limit": limit,
        "offset": offset,
        "next_cursor": ANY_TEXT if offset + limit < len(rows) else None,
    }


def all_incidents(facts: Facts) -> list[dict[str, Any]]:
    newest_first = sorted(facts.incidents, key=lambda row: (row[4], row[0]), reverse=True)
    return [
        {"id": id_, "severity": severity, "title": title, "description": description,
         "created_at": instant(created), "resolved_at": instant(resolved),
         "scope": "platform" if tenant_id is None else "tenant"}
        for id_, severity, title, description, created, resolved, tenant_id in newest_first
    ]  # fmt: skip


# ------------------------------------------------------------------ the rules of numbers


@dataclass
class Sums:
    """What is counted of some requests."""

    total: int = 0
    successful: int = 0
    tokens: int = 0
    # Of the requests that have a valid one.
    times: list[int] = field(default_factory=list)

    def count(self, status: str, response_time_ms: int | None, tokens_used: int | None) -> None:
        self.total += 1
        self.successful += status == "success"
        self.tokens += tokens_used or 0
        if response_time_ms is not None and response_time_ms >= 0:
            self.times.append(response_time_ms)

    def add(self, other: "Sums") -> None:
        self.total += other.total
        self.successful += other.successful
        self.tokens += other.tokens
        self.times += other.times


def summary(requests: Iterable[Request]) -> dict[str, Any]:
    sums = Sums()
    for request in requests:
        sums.count(request.status, request.response_time_ms, request.tokens_used)
    return summary_of(sums)


def summary_of(sums: Sums) -> dict[str, Any]:
    times = sorted(sums.times)
    return {
        "total_requests": sums.total,
        "successful_requests": sums.successful,
        "failed_requests": sums.total - sums.successful,
        "success_rate": rounded(100 * sums.successful, sums.total, 2) if sums.total else Decimal(0),
        "avg_response_time_ms": int(rounded(sum(times), len(times), 0)) if times else 0,
        "p50_response_time_ms": nearest_rank(times, 50),
        "p95_response_time_ms": nearest_rank(times, 95),
        "total_tokens_used": sums.tokens,
    }


def trend(after: dict[str, Any], before: dict[str, Any]) -> dict[str, Decimal | None]:
    """How one summary differs from another."""
    changes: dict[str, Decimal | None] = {}
    for name in (
        "total_requests", "successful_requests", "failed_requests", "total_tokens_used", "avg_response_time_ms",
    ):  # fmt: skip
        changes[name] = rounded(100 * (after[name] - before[name]), before[name], 2) if before[name] else None
    changes["success_rate"] = after["success_rate"] - before["success_rate"] if before["total_requests"] else None
    return changes


def nearest_rank(ascending: list[int], percent: int) -> Near:
    """The smallest value that at least `percent` of all values don't exceed."""
    if not ascending:
        return Near(0)
    return Near(ascending[-(-percent * len(ascending) // 100) - 1])


def rounded(numerator: int, denominator: int, decimals: int) -> Decimal:
    """The quotient with so many decimals; halves go away from zero."""
    scaled, positive = abs(numerator) * 10**decimals, (numerator < 0) == (denominator < 0)
    units = (2 * scaled + abs(denominator)) // (2 * abs(denominator))
    return Decimal(units if positive else -units).scaleb(-decimals)


def instant(value: datetime.datetime | None) -> str | None:
    """RFC 3339 in UTC with `Z` and milliseconds; what is finer is cut off."""
    if value is None:
        return None
    utc = value.astimezone(UTC)
    return utc.strftime("%Y-%m-%dT%H:%M:%S.") + f"{utc.microsecond // 1000:03}Z"


def fold(name: str) -> str:
    """Without accents and in lower case; compared code point by code point."""
    plain = "".join(character for character in unicodedata.normalize("NFKD", name) if not "\u0300" <= character <= "\u036f")
    return "".join(character.lower() for character in plain)


def within(requests: Iterable[Request], first: datetime.date, last: datetime.date) -> list[Request]:
    return [request for request in requests if first <= request.day <= last]


def by(key: Any, requests: Iterable[Request]) -> dict[Any, list[Request]]:
    groups: dict[Any, list[Request]] = defaultdict(list)
    for request in requests:
        groups[key(request)].append(request)
    return groups


# ------------------------------------------------------------------ comparison


class AnyText:
    def __repr__(self) -> str:
        return "some text"


ANY_TEXT = AnyText()


def differences(answered: Any, expected: Any, path: str = "") -> list[str]:
    """Where an answer, parsed with `parse_float=Decimal`, isn't what it must be: every place, with both values."""
    if isinstance(expected, dict) and isinstance(answered, dict):
        found = [f"{path}.{key}: missing" for key in expected if key not in answered]
        found += [f"{path}.{key}: not expected" for key in answered if key not in expected]
        for key in expected:
            if key in answered:
                found += differences(answered[key], expected[key], f"{path}.{key}")
        return found
    if isinstance(expected, list) and isinstance(answered, list):
        found = [] if len(answered) == len(expected) else [f"{path}: {len(answered)} entries, not {len(expected)}"]
        for index, pair in enumerate(zip(answered, expected, strict=False)):
            found += differences(*pair, f"{path}[{index}]")
        return found
    return [] if _same(answered, expected) else [f"{path}: {answered!r}, not {expected!r}"]


def _same(answered: Any, expected: Any) -> bool:
    if isinstance(expected, Near):
        return expected.allows(answered)
    if isinstance(expected, AnyText):
        return isinstance(answered, str) and answered != ""
    if isinstance(expected, Decimal):
        # A JSON number, and never a negative zero.
        return type(answered) in (int, Decimal) and answered == expected and (answered != 0 or "-" not in str(answered))
    return type(answered) is type(expected) and answered == expected
