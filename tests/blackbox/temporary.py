"""Tenants, agents, requests and incidents that exist for a test and leave no trace."""

import datetime
import itertools
import random
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from stack import Stack

UTC = datetime.UTC
# Before all that ever happened.
BEGINNING = datetime.datetime(2000, 1, 1, tzinfo=UTC)
# What stays when a tenant is deleted.
HISTORIES = ("tenant_mrr_changes", "tenant_agent_changes", "operational_events")
ROLLUPS = ("tenant_usage_daily", "agent_usage_daily", "tenant_requests_daily", "platform_usage_daily", "aggregated_days")

# The columns of a raw request that a test chooses: tenant, agent, status, time, tokens, instant.
RawRequest = tuple[str, str | None, str, int | None, int | None, datetime.datetime]


# All that tests made up in this run: most of their tenants are gone in the end.
CNPJS: set[str] = set()
DIGITS = "0123456789"
LETTERS_AND_DIGITS = DIGITS + "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def random_cnpj() -> str:
    """14 characters with right check digits, numeric or alphanumeric."""
    return cnpj_of("".join(random.choices(random.choice((DIGITS, LETTERS_AND_DIGITS)), k=12)))


def cnpj_of(cnpj: str) -> str:
    """The CNPJ that begins with these 12 characters."""
    for _ in range(2):
        weights = itertools.cycle(range(2, 10))
        rest = sum((ord(character) - 48) * weight for character, weight in zip(reversed(cnpj), weights)) % 11
        cnpj += str(0 if rest < 2 else 11 - rest)
    CNPJS.add(cnpj)
    return cnpj


class Temporary:
    """What a test adds to the database. Triggers are on: the database keeps its histories and counters as it always does."""

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
        return self.adopt(str(values["id"]))

    def adopt(self, tenant_id: str) -> str:
        """Takes care of a tenant that the API made."""
        self.tenants.append(tenant_id)
        return tenant_id

    def user(self, tenant_id: str, email: str, **columns: object) -> str:
        values = {
            "id": str(uuid.uuid4()), "tenant_id": tenant_id, "cognito_sub": str(uuid.uuid4()), "email": email,
            "role": "USER",
        } | columns  # fmt: skip
        self._insert("tenant_users", [values])
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

    @contextmanager
    def dated(self, instant: datetime.datetime) -> Iterator[None]:
        """What is changed meanwhile counts from this instant, unless the tenant's history is further already."""
        self.database.execute("SELECT set_config('app.effective_at', %s, false)", [instant.isoformat()])
        try:
            yield
        finally:
            self.database.execute("SELECT set_config('app.effective_at', '', false)")

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
        new_days = list(self.days - self.aggregated_before)
        for table in ROLLUPS:
            self.database.execute(f"DELETE FROM {table} WHERE date = ANY(%s)", [new_days])
        self.database.execute(
            "DELETE FROM platform_usage_hourly WHERE (hour AT TIME ZONE 'UTC')::date = ANY(%s)", [new_days]
        )
        for day in self.new_partitions:
            self.database.execute(f"DROP TABLE agent_requests_{day:%Y%m%d}")
        self._forget()
        # Their end is dated to the beginning: what the database derived from their history is wrong from then on, and
        # the next roll-up derives it anew.
        with self.dated(BEGINNING):
            self.database.execute("DELETE FROM tenants WHERE id = ANY(%s)", [self.tenants])
        self._forget()
        self.database.execute("DELETE FROM agents WHERE id = ANY(%s)", [self.agents])
        self.roll_up(self.days & self.aggregated_before or {max(self.aggregated_before)})

    def _forget(self) -> None:
        """Takes back what is a record, and so is refused while triggers are on."""
        self.database.execute("SET session_replication_role = replica")
        for table in HISTORIES:
            self.database.execute(f"DELETE FROM {table} WHERE tenant_id = ANY(%s)", [self.tenants])
        self.database.execute("DELETE FROM operational_events WHERE id = ANY(%s)", [self.platform_incidents])
        self.database.execute("SET session_replication_role = origin")

    def _insert(self, table: str, rows: Sequence[dict[str, object]]) -> None:
        columns = list(rows[0])
        with self.database.cursor().copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row([row[column] for column in columns])


def newest_aggregation(database: psycopg.Connection) -> datetime.datetime | None:
    """Until when all requests are counted."""
    newest = database.execute("SELECT as_of FROM aggregated_days ORDER BY date DESC LIMIT 1").fetchone()
    return newest[0] if newest else None


def steadily(database: psycopg.Connection, check: Callable[[], Any]) -> Any:
    """The job runs by its schedule: a check that fails and in whose midst it ran is made again."""
    while True:
        before = newest_aggregation(database)
        try:
            return check()
        except AssertionError:
            if newest_aggregation(database) == before:
                raise


@contextmanager
def temporary(stack: Stack) -> Iterator[Temporary]:
    with stack.database() as database:
        rows = Temporary(database)
        try:
            yield rows
        finally:
            rows.remove()
