"""What becomes of a command is written down: each step once, for everybody who may see it, and for good."""

import datetime
import itertools
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import psycopg
import pytest
from commands import QUICK, TYPES, Commands, assert_error, assert_written_down
from reference import instant
from stack import Stack
from targets import TOKENS, Secrets, integration

AUDIT = "/internal/audit"
NOBODY = "00000000-0000-4000-8000-000000000000"
STEPS = ("command_created", "command_started", "command_executed")
MILLISECOND = datetime.timedelta(milliseconds=1)
# What each type is asked for so that it fails.
IN_VAIN: dict[str, dict[str, Any]] = {
    "REPROCESS_QUEUE": {"queue": "nao-existe"}, "RESET_TOKEN": {"integration_id": NOBODY},
    "RESTART_AGENT": {"agent_id": NOBODY},
}  # fmt: skip


@pytest.fixture(scope="module")
def tenant(commands: Commands) -> str:
    return commands.rows.tenant("Temporário, escriturado")


@pytest.fixture(scope="module")
def ended(commands: Commands, tenant: str) -> list[dict[str, Any]]:
    """Commands that succeeded and that failed, with a tenant and without."""
    wanted = [
        *[(kind, parameters, tenant) for kind, parameters in IN_VAIN.items()], ("HEALTH_CHECK", QUICK, tenant),
        ("HEALTH_CHECK", QUICK, None), ("REPROCESS_QUEUE", IN_VAIN["REPROCESS_QUEUE"], None),
    ]  # fmt: skip
    return [commands.run(*one) for one in wanted]


def test_each_step_is_written_down_once(commands: Commands, ended: list[dict[str, Any]]) -> None:
    assert {one["status"] for one in ended} == {"SUCCESS", "ERROR"}
    assert {one["command_type"] for one in ended} == set(TYPES)
    for one in ended:
        item = commands.item(one["command_id"]) or {}
        rows = commands.audit(one["command_id"])
        assert_written_down(rows, one)
        for row, (step, status, attempt, at) in zip(rows, [
            ("command_created", "PENDING", 0, "created_at"), ("command_started", "RUNNING", 1, "started_at"),
            ("command_executed", one["status"], 1, "completed_at"),
        ], strict=True):  # fmt: skip
            failed = status == "ERROR"
            assert row["severity"] == ("error" if failed else "info")
            assert (row["tenant_id"], row["user_sub"]) == (one["tenant_id"], commands.sub)
            assert row["metadata"] == {
                "command_id": one["command_id"], "command_type": one["command_type"], "status": status, "attempt": attempt,
                "request_id": item["request_id"],
            } | ({"error_message": one["error_message"]} if failed else {}), step  # fmt: skip
            assert abs(row["created_at"] - datetime.datetime.fromisoformat(one[at])) < MILLISECOND
            assert row["title"]
        assert len({row["title"] for row in rows}) == 3


def test_it_is_shown_with_the_command(commands: Commands, ended: list[dict[str, Any]]) -> None:
    for one in ended:
        expected = [
            {name: row[name] for name in row if name != "tenant_id"} | {"created_at": instant(row["created_at"])}
            for row in commands.audit(one["command_id"])
        ]
        shown = commands.show(one["command_id"])
        assert shown["audit"] == expected
        assert list(shown["audit"][0]) == [
            "id", "event_type", "severity", "user_sub", "title", "description", "metadata", "created_at",
        ]  # fmt: skip


def test_it_is_shown_to_the_administrators(
    commands: Commands, ended: list[dict[str, Any]], stack: Stack, token: Callable[..., str], tenant: str
) -> None:
    own = {one["command_id"]: one for one in ended if one["tenant_id"]}
    expected = [row for command_id in own for row in commands.audit(command_id)]
    expected.sort(key=lambda row: (row["created_at"], row["id"]), reverse=True)
    for user_sub, event_type in itertools.product((None, commands.sub, "nobody"), (None, *STEPS, "tenant_changed")):
        given = {"tenant_id": tenant, "user_sub": user_sub, "event_type": event_type, "limit": "100"}
        filters = {name: value for name, value in given.items() if value is not None}
        answer = stack.get(AUDIT, token("INTERNAL_ADMIN"), filters).json()
        rows = [
            row | {"tenant_name": "Temporário, escriturado", "created_at": instant(row["created_at"])}
            for row in expected
            if user_sub in (None, row["user_sub"]) and event_type in (None, row["event_type"])
        ]
        assert (answer["events"], answer["total"]) == (rows, len(rows)), filters


def test_the_tenants_people_see_none_of_it(stack: Stack, commands: Commands, ended: list[dict], tenant: str) -> None:
    incidents = stack.get("/tenant/incidents", commands.token, {"tenant_id": tenant, "limit": "100"}).json()["incidents"]
    assert not {row["id"] for one in ended for row in commands.audit(one["command_id"])} & {row["id"] for row in incidents}


def test_a_command_is_about_no_tenant_to_read(stack: Stack, commands: Commands, ended: list[dict], tenant: str) -> None:
    """Its own steps are written down; that somebody looks at it isn't, for it names no tenant."""
    asked = {"user_sub": commands.sub, "tenant_id": tenant}
    reads = "SELECT count(*) FROM operational_events WHERE event_type = 'tenant_data_read' AND user_sub = %(user_sub)s"
    count = f"{reads} AND tenant_id = %(tenant_id)s"
    before = commands.rows.database.execute(count, asked).fetchone()
    commands.show(ended[0]["command_id"])
    commands.page(tenant_id=tenant)
    commands.run("HEALTH_CHECK", QUICK, tenant)
    assert commands.rows.database.execute(count, asked).fetchone() == before


@pytest.mark.parametrize("role", ["app_commands", "app_internal", "app_tenant", "app_jobs", "postgres"])
def test_rows_stay_as_they_were_written(stack: Stack, commands: Commands, ended: list[dict], role: str) -> None:
    """Roles lack the right; the superuser would have to turn triggers off."""
    rows = commands.audit(ended[0]["command_id"])
    url = stack.description["database_url"] if role == "postgres" else stack.description["database_roles"][role]
    refused = psycopg.errors.RestrictViolation if role == "postgres" else psycopg.errors.InsufficientPrivilege
    event_id = rows[0]["id"]
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET search_path = alquimista_platform")
        # Some roles only read unless they say otherwise, which is no safeguard.
        connection.execute("SET default_transaction_read_only = off")
        for sql in (
            f"UPDATE operational_events SET title = 'Outro' WHERE id = '{event_id}'",
            f"UPDATE operational_events SET resolved_at = now() WHERE id = '{event_id}'",
            f"UPDATE operational_events SET metadata = '{{}}' WHERE id = '{event_id}'",
            f"DELETE FROM operational_events WHERE id = '{event_id}'",
            "TRUNCATE operational_events",
            "TRUNCATE operational_events CASCADE",
        ):  # fmt: skip
            with pytest.raises(refused):
                connection.execute(sql)
        if role != "postgres":
            for sql in (
                "INSERT INTO operational_events (event_type, severity, title) VALUES ('command_executed', 'info', 'Falso')",
                "SET session_replication_role = replica",
                "ALTER TABLE operational_events DISABLE TRIGGER ALL",
                "DROP TRIGGER operational_events_no_delete ON operational_events",
            ):  # fmt: skip
                with pytest.raises(refused):
                    connection.execute(sql)
    assert commands.audit(ended[0]["command_id"]) == rows


def test_the_processor_writes_of_commands_alone(stack: Stack) -> None:
    with psycopg.connect(stack.description["database_roles"]["app_commands"], autocommit=True) as connection:
        connection.execute("SET search_path = alquimista_platform")
        parameters = connection.execute(
            """SELECT p.proname, pg_get_function_arguments(p.oid)
               FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
               WHERE nspname = 'alquimista_platform' AND proname LIKE 'record_%%' AND prorettype = 'boolean'::regtype
                 AND has_function_privilege(p.oid, 'EXECUTE')"""
        ).fetchall()
        assert [name for name, _ in parameters] == ["record_command_audit"]
        count = parameters[0][1].count(",") + 1
        values: list[Any] = [
            str(uuid.uuid4()), "tenant_changed", "info", None, "alguém", "Falso", None, "{}", *[None] * (count - 8),
        ]  # fmt: skip
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(f"SELECT record_command_audit({', '.join(['%s'] * count)})", values)


def test_the_effects_are_made_by_a_role_that_may_no_more(stack: Stack) -> None:
    with psycopg.connect(stack.description["database_roles"]["app_commands"], autocommit=True) as connection:
        connection.execute("SET search_path = alquimista_platform")
        for sql in (
            "UPDATE tenants SET status = 'suspended'", "DELETE FROM tenant_integrations", "DELETE FROM tenant_agents",
            "UPDATE tenant_integrations SET credentials_secret_arn = 'x'", "UPDATE tenant_agents SET tenant_id = agent_id",
            "SELECT email FROM tenant_users", "SELECT cnpj FROM tenants", "SELECT * FROM agent_requests",
        ):  # fmt: skip
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(sql)


def test_a_deleted_tenants_commands_stay_written_down(commands: Commands) -> None:
    tenant = commands.rows.tenant("Temporário, escriturado e ido")
    one = commands.run("HEALTH_CHECK", QUICK, tenant)
    rows = commands.audit(one["command_id"])
    commands.rows.database.execute("DELETE FROM tenants WHERE id = %s", [tenant])
    assert commands.audit(one["command_id"]) == rows
    shown = commands.show(one["command_id"])
    assert (shown["command"]["tenant_id"], shown["command"]["tenant_name"]) == (tenant, None)
    assert [row["id"] for row in shown["audit"]] == [row["id"] for row in rows]


def test_a_tenant_that_goes_before_its_command(commands: Commands, stack: Stack) -> None:
    """It fails like one whose target isn't there, and that is written down too."""
    tenant = commands.rows.tenant("Temporário que se vai antes")
    with ExitStack() as ends:
        secrets = Secrets(stack, ends)
        arn = secrets.make(secrets.credentials(*TOKENS))
        integration_id = integration(commands.rows, tenant, arn)
        before = secrets.labels(arn)
        with commands.mapping_off():
            command_id = commands.create("RESET_TOKEN", {"integration_id": integration_id}, tenant)
            commands.rows.database.execute("DELETE FROM tenants WHERE id = %s", [tenant])
        one = commands.ended(command_id)
        assert_error(one, "unknown integration")
        assert_written_down(commands.audit(command_id), one)
        assert secrets.labels(arn) == before
