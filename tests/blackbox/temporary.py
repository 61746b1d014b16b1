"""Tenants, agents, requests and incidents that exist for a test and leave no trace."""

import datetime
import itertools
import random
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import psycopg
from stack import Stack

UTC = datetime.UTC

# The columns of a raw request that a test chooses: tenant, agent, status, time, tokens, instant.
RawRequest = tuple[str, str | None, str, int | None, int | None, datetime.datetime]


def random_cnpj() -> str:
    """14 characters with right check digits, numeric or alphanumeric."""
    characters = random.choice(("0123456789", "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
    cnpj = "".join(random.choices(characters, k=12))
    for _ in range(2):
        weights = itertools.cycle(range(2, 10))
        rest = sum((ord(character) - 48) * weight for character, weight in zip(reversed(cnpj), weights)) % 11
        cnpj += str(0 if rest < 2 else 11 - rest)
    return cnpj


class Temporary:
    """What a test adds to the database. Triggers are off in its connection, so no history is written of it."""

    def __init__(self, database: psycopg.Connection) -> None:
        self.database = database
        self.tenants: list[str] = []
        self.agents: list[str] = []
        self.platform_incidents: list[str] = []
        self.days: set[datetime.date] = set()
        self.aggregated_before = {row[0] for row in database.execute("SELECT date FROM aggregated_days")}
        self.new_partitions: set[datetime.date] = set()

    # -------------------------------------------------------------- rows

    def tenant(self, name: str, **columns: object) -> str:
        values = {"id": str(uuid.uuid4()), "name": name, "cnpj": random_cnpj(), "plan": "starter"} | columns
        self._insert("tenants", [values])
        self.tenants.append(str(values["id"]))
        return str(values["id"])

    def agent(self, name: str, **columns: object) -> str:
        values = {"id": str(uuid.uuid4()), "name": name} | columns
        self._insert("agents", [values])
        self.agents.append(str(values["id"]))
        return str(values["id"])

    def deployment(self, tenant_id: str, agent_id: str, **columns: object) -> None:
        self._insert("tenant_agents", [{"tenant_id": tenant_id, "agent_id": agent_id} | columns])

    def integration(self, tenant_id: str, name: str, **columns: object) -> str:
        values = {
            "id": str(uuid.uuid4()), "tenant_id": tenant_id, "integration_type": "crm", "integration_name": name,
        } | columns  # fmt: skip
        self._insert("tenant_integrations", [values])
        return str(values["id"])

    def event(self, tenant_id: str | None, **columns: object) -> str:
        """An incident, unless `event_type` says otherwise."""
        return self.events(tenant_id, [columns])[0]

    def events(self, tenant_id: str | None, many: Sequence[dict[str, object]]) -> list[str]:
        rows = [
            {"id": str(uuid.uuid4()), "tenant_id": tenant_id, "event_type": "incident", "severity": "warning",
             "title": "Lentidão", "description": None, "created_at": datetime.datetime.now(UTC), "resolved_at": None}
            | columns
            for columns in many
        ]  # fmt: skip
        self._insert("operational_events", rows)
        ids = [str(row["id"]) for row in rows]
        if tenant_id is None:
            self.platform_incidents += ids
        return ids

    def requests(self, rows: Iterable[RawRequest]) -> None:
        """Raw requests, and the partitions that their days lack; counted once the days are rolled up."""
        rows = list(rows)
        for day in {row[-1].astimezone(UTC).date() for row in rows} - self.days:
            self.days.add(day)
            made = self.database.execute("SELECT ensure_request_partitions(%s, 1)", [day]).fetchone()
            if made[0]:
                self.new_partitions.add(day)
        columns = "tenant_id, agent_id, status, response_time_ms, tokens_used, created_at"
        with self.database.cursor().copy(f"COPY agent_requests ({columns}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)

    def roll_up(self, days: Iterable[datetime.date] | None = None) -> datetime.datetime | None:
        """Rolls up the days that were touched, the last one last; returns the snapshot behind that."""
        snapshot = None
        for day in sorted(self.days if days is None else days):
            snapshot = self.database.execute("SELECT snapshot_at FROM aggregate_day(%s)", [day]).fetchone()[0]
        return snapshot

    # -------------------------------------------------------------- the end

    def remove(self) -> None:
        """Takes it all back: rows by tenant, rollups by rolling the days up again, new days altogether."""
        if self.days:
            between = [min(self.days), max(self.days) + datetime.timedelta(days=1)]
            self.database.execute(
                """DELETE FROM agent_requests
                   WHERE tenant_id = ANY(%s) AND created_at >= day_start(%s) AND created_at < day_start(%s)""",
                [self.tenants, *between],
            )
        self.roll_up(self.days & self.aggregated_before)
        new_days = list(self.days - self.aggregated_before)
        for table in ("tenant_usage_daily", "agent_usage_daily", "platform_usage_daily", "aggregated_days"):
            self.database.execute(f"DELETE FROM {table} WHERE date = ANY(%s)", [new_days])
        self.database.execute(
            "DELETE FROM platform_usage_hourly WHERE (hour AT TIME ZONE 'UTC')::date = ANY(%s)", [new_days]
        )
        for day in self.new_partitions:
            self.database.execute(f"DROP TABLE agent_requests_{day:%Y%m%d}")
        # Foreign keys are triggers too: nothing cascades here.
        for table in (
            "operational_events", "tenant_integrations", "tenant_agents", "tenant_agent_changes", "tenant_users",
            "tenant_mrr_changes",
        ):  # fmt: skip
            self.database.execute(f"DELETE FROM {table} WHERE tenant_id = ANY(%s)", [self.tenants])
        self.database.execute("DELETE FROM operational_events WHERE id = ANY(%s)", [self.platform_incidents])
        self.database.execute("DELETE FROM tenants WHERE id = ANY(%s)", [self.tenants])
        self.database.execute("DELETE FROM agents WHERE id = ANY(%s)", [self.agents])

    def _insert(self, table: str, rows: Sequence[dict[str, object]]) -> None:
        columns = list(rows[0])
        with self.database.cursor().copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row([row[column] for column in columns])


@contextmanager
def temporary(stack: Stack) -> Iterator[Temporary]:
    with stack.database() as database:
        database.execute("SET session_replication_role = replica")
        rows = Temporary(database)
        try:
            yield rows
        finally:
            rows.remove()
