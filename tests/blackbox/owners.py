"""Whose rows an answer holds: what tenants' rows are known by, and who asks for them."""

import functools
import json
import random
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import httpx
from commands import ONE, ROUTE
from problems import assert_problem
from stack import Stack
from tables import parsed

ALL = ("INTERNAL_ADMIN", "INTERNAL_SUPPORT", "TENANT_ADMIN", "TENANT_USER")
NO_TENANT_USERS = ("INTERNAL_ADMIN", "INTERNAL_SUPPORT", "TENANT_ADMIN")
INTERNAL = ("INTERNAL_ADMIN", "INTERNAL_SUPPORT")
ADMIN = ("INTERNAL_ADMIN",)

# Who may call what (contract, section 1), written down apart from the code.
ALLOWED = {
    ("GET", "/internal/agents"): INTERNAL,
    ("GET", "/internal/audit"): ADMIN,
    ("GET", "/internal/billing/overview"): ADMIN,
    ("GET", "/internal/incidents"): INTERNAL,
    ("GET", "/internal/integrations"): INTERNAL,
    ("GET", "/internal/operations/commands"): INTERNAL,
    ("GET", "/internal/operations/commands/{id}"): INTERNAL,
    ("GET", "/internal/options"): INTERNAL,
    ("GET", "/internal/tenants"): INTERNAL,
    ("GET", "/internal/tenants/{id}"): INTERNAL,
    ("GET", "/internal/tenants/{id}/agents"): INTERNAL,
    ("GET", "/internal/usage/overview"): INTERNAL,
    ("PATCH", "/internal/tenants/{id}"): ADMIN,
    ("POST", "/internal/operations/commands"): INTERNAL,
    ("POST", "/internal/tenants"): ADMIN,
    ("GET", "/tenant/agents"): ALL,
    ("GET", "/tenant/incidents"): ALL,
    ("GET", "/tenant/integrations"): NO_TENANT_USERS,
    ("GET", "/tenant/me"): ALL,
    ("GET", "/tenant/usage"): ALL,
}
# What is asked for is a tenant's if its body says so; one of these is so by its id.
COMMAND, ONE_COMMAND = ("POST", ROUTE), ("GET", ONE)


@dataclass(frozen=True)
class Rows:
    """What a tenant's rows are known by."""

    id: str
    name: str
    # The active ones, and all of them.
    agents: frozenset[str]
    all_agents: frozenset[str]
    integrations: frozenset[str]
    incidents: frozenset[str]
    requests_by_day: dict[str, int]
    # Texts that stand in its rows: ids, names, titles, e-mails.
    texts: frozenset[str]


def rows_of_tenants(stack: Stack) -> Callable[[str], Rows]:
    """The rows of a tenant, by its id."""

    @functools.cache
    def of(tenant_id: str) -> Rows:
        with stack.database() as database:

            def rows(sql: str) -> list[tuple]:
                return database.execute(sql, [tenant_id]).fetchall()

            all_agents = rows(
                """SELECT a.id::text, a.name, t.status FROM tenant_agents AS t JOIN agents AS a ON a.id = t.agent_id
                   WHERE t.tenant_id = %s"""
            )
            agents = [row for row in all_agents if row[2] == "active"]
            integrations = rows("SELECT id::text, integration_name FROM tenant_integrations WHERE tenant_id = %s")
            incidents = rows(
                "SELECT id::text, title FROM operational_events WHERE tenant_id = %s AND event_type = 'incident'"
            )
            ((name, cnpj),) = rows("SELECT name, cnpj FROM tenants WHERE id = %s")
            requests = rows(
                """SELECT (created_at AT TIME ZONE 'UTC')::date::text, count(*) FROM agent_requests
                   WHERE tenant_id = %s GROUP BY 1"""
            )
            emails = {row[0] for row in rows("SELECT email FROM tenant_users WHERE tenant_id = %s")}
        named = (text for row in (*all_agents, *integrations, *incidents) for text in row[:2])
        texts = {tenant_id, name, cnpj, *emails, *named}
        return Rows(
            tenant_id, name,
            *(frozenset(row[0] for row in many) for many in (agents, all_agents, integrations, incidents)),
            dict(requests), frozenset(texts),
        )  # fmt: skip

    return of


def own_usage(body: dict[str, Any], own: Rows) -> bool:
    days = {day["date"]: day["total_requests"] for day in body["daily_data"]}
    return any(days.values()) and days == {day: own.requests_by_day.get(day, 0) for day in days}


def only_of(name: str, ids: str | None = None) -> Callable[[dict[str, Any], Rows], bool]:
    """The list has rows of the tenant alone; all of them, where their ids are known."""

    def check(body: dict[str, Any], own: Rows) -> bool:
        rows = body[name]
        whole = ids is None or {row["id"] for row in rows} == getattr(own, ids)
        return whole and {row["tenant_id"] for row in rows} <= {own.id}

    return check


# How each answer shows whose it is: its ids where it has any, its numbers where it has not.
OWN: dict[tuple[str, str], Callable[[dict[str, Any], Rows], bool]] = {
    ("GET", "/internal/audit"): only_of("events"),
    ("GET", "/internal/incidents"): only_of("incidents", "incidents"),
    ("GET", "/internal/integrations"): only_of("integrations", "integrations"),
    ("GET", "/internal/operations/commands"): only_of("commands"),
    ("GET", "/internal/operations/commands/{id}"): lambda body, own: body["command"]["tenant_id"] == own.id,
    ("GET", "/internal/tenants/{id}"): lambda body, own: body["tenant"]["id"] == own.id,
    ("GET", "/internal/tenants/{id}/agents"): lambda body, own: {row["id"] for row in body["agents"]} == own.all_agents,
    ("PATCH", "/internal/tenants/{id}"): lambda body, own: body["tenant"]["id"] == own.id,
    ("POST", "/internal/operations/commands"): lambda body, own: body["status"] == "PENDING",
    ("GET", "/tenant/agents"): lambda body, own: {row["id"] for row in body["agents"]} == own.agents,
    ("GET", "/tenant/incidents"): lambda body, own: (
        {row["id"] for row in body["incidents"] if row["scope"] == "tenant"} <= own.incidents
        and any(row["id"] in own.incidents for row in body["incidents"])
    ),
    ("GET", "/tenant/integrations"): lambda body, own: {row["id"] for row in body["integrations"]} == own.integrations,
    ("GET", "/tenant/me"): lambda body, own: body["id"] == own.id,
    ("GET", "/tenant/usage"): own_usage,
}


def texts_in(answer: httpx.Response, texts: Iterable[str]) -> set[str]:
    """Which of these an answer in JSON holds."""
    held = set(re.findall(r'"((?:[^"\\]|\\.)*)"', answer.text))
    return held & {json.dumps(text, ensure_ascii=False)[1:-1] for text in texts}


class Asker:
    """Asks as anybody who may about any of some tenants, and looks at whose every answer is.

    `commands` has one of each tenant. What is asked for can be unavailable where `patient` says so.
    """

    def __init__(
        self, stack: Stack, rows: dict[str, Rows], commands: dict[str, str], patient: bool = False
    ) -> None:  # fmt: skip
        self.stack, self.rows, self.commands, self.patient = stack, rows, commands, patient
        self.people = [
            (user, stack.sign_in(user["email"], user["password"]).id)
            for user in stack.description["users"]
            if user["groups"] and user["tenant_id"] in {None, *rows}
        ]
        # What a person was last told a question's answer is known by.
        self.tags: dict[tuple[str, str], str] = {}

    def ask(self, chance: random.Random) -> Counter[str]:
        """What came of one question."""
        user, token = chance.choice(self.people)
        groups, tenant = user["groups"], user["tenant_id"] or chance.choice(sorted(self.rows))
        own = self.rows[tenant]
        routes = [route for route in OWN if route[0] == "GET" and set(groups) & set(ALLOWED[route])]
        # There are more of the others, but these are everybody's.
        tenants = [route for route in routes if route[1].startswith("/tenant/")]
        route = chance.choice(tenants if chance.random() < 0.6 else routes)
        is_table = route[1] in ("/tenant/usage", "/tenant/incidents") and chance.random() < 0.2
        if not user["tenant_id"] and chance.random() < 0.05:
            assert_problem(self.stack.get("/tenant/me", token), 400, "tenant_required", "tenant_id")
            return Counter(["refused"])
        if user["tenant_id"] and chance.random() < 0.1:
            other = chance.choice(sorted(self.rows.keys() - {tenant}))
            answer = self.stack.get(route[1], token, {"tenant_id": other})
            assert_problem(answer, 403, "tenant_denied")
            assert not self.foreign(answer, None)
            return Counter(["refused"])

        path = route[1].replace("{id}", self.commands[tenant] if route == ONE_COMMAND else tenant)
        params = {"tenant_id": tenant} if path == route[1] and not user["tenant_id"] else {}
        key = (user["sub"], f"{path} {params} {is_table}")
        headers = {"Cache-Control": chance.choice(["max-stale", "max-stale", "max-stale", "no-cache"])}
        if is_table:
            headers["Accept"] = "text/csv"
        if key in self.tags and chance.random() < 0.4:
            headers["If-None-Match"] = self.tags[key]
        answer = self.stack.get(path, token, params, **headers)

        assert not self.foreign(answer, own)
        if answer.status_code == 304:
            assert answer.headers["etag"] == headers["If-None-Match"]
            assert answer.content == b""
            return Counter(["304", answer.headers.get("x-cache", "never kept")])
        if answer.status_code == 503 and self.patient:
            assert_problem(answer, 503, "unavailable")
            return Counter(["503"])
        assert answer.status_code == 200, answer.text
        if is_table:
            assert self.is_own_table(path, answer, own), answer.text
        else:
            assert OWN[route](answer.json(), own), answer.text
        self.tags[key] = answer.headers["etag"]
        return Counter(["200", answer.headers.get("x-cache", "never kept")])

    def is_own_table(self, path: str, answer: httpx.Response, own: Rows) -> bool:
        header, *lines = parsed(answer)
        rows = [dict(zip(header, line, strict=True)) for line in lines]
        if path == "/tenant/usage":
            days = [row | {"total_requests": int(row["total_requests"])} for row in rows]
            return own_usage({"daily_data": days}, own)
        return OWN["GET", path]({"incidents": rows}, own)

    def foreign(self, answer: httpx.Response, own: Rows | None) -> set[str]:
        """What an answer holds of other tenants, in headers and body."""
        others = [rows for rows in self.rows.values() if rows is not own]
        texts = frozenset[str]().union(*(rows.texts for rows in others)) - (own.texts if own else frozenset())
        ids = {text for rows in others for text in (rows.id, rows.name, *rows.integrations, *rows.incidents)}
        everything = f"{answer.headers}\n{answer.text}"
        return texts_in(answer, texts) | {text for text in ids if text in everything}
