"""What callers see while something behind the API is broken, and that it mends by itself."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from commands import ENDED, Commands, assert_written_down, output_of
from faults import BUDGET_SECONDS, rotated, variables_of
from problems import assert_problem
from stack import POSTGRES, Stack, until
from temporary import Temporary, temporary

ME, OPTIONS = "/tenant/me", "/internal/options"
# The functions that answer requests: the role of each, a route, and who may call that.
FUNCTIONS = {
    "tenant": ("app_tenant", ME, ("TENANT_USER",)),
    "internal": ("app_internal", OPTIONS, ("INTERNAL_SUPPORT",)),
}


def works(stack: Stack, token: str) -> bool:
    return stack.get(ME, token).status_code == 200


def test_the_database_goes_down_and_comes_back(stack: Stack, token: Callable[..., str]) -> None:
    user = token("TENANT_USER", tenant=0)
    assert works(stack, user)
    stack.supervise("stop", POSTGRES)
    try:
        started = time.monotonic()
        for _ in range(3):
            assert_problem(stack.get(ME, user), 503, "unavailable")
        assert time.monotonic() - started < 3 * BUDGET_SECONDS
    finally:
        stack.supervise("start", POSTGRES)
    until(lambda: works(stack, user))


def test_commands_wait_for_the_database(stack: Stack, token: Callable[..., str]) -> None:
    """A health check tells that it is down; all else is carried out, and written down, once it is back."""
    with stack.database() as database:
        made = Temporary(database)
        tenant, agent = made.tenant("Temporário à espera"), made.agent("Agente à espera")
        made.deployment(tenant, agent, status="inactive")
        commands = Commands(stack, token("INTERNAL_SUPPORT"), made)
        commands.catch_up()
    check = commands.pending("HEALTH_CHECK", {"checks": ["database", "commands_table"]})
    restart = commands.pending("RESTART_AGENT", {"agent_id": agent}, tenant)

    def checked() -> dict[str, Any] | None:
        item = commands.item(check["command_id"])
        return item if item and item["status"] in ENDED else None

    stack.supervise("stop", POSTGRES)
    try:
        for item in (check, restart):
            commands.put(item)
        output = output_of({"error_message": None} | until(checked, 60))
    finally:
        stack.supervise("start", POSTGRES)
    until(lambda: stack.get(OPTIONS, commands.token).status_code == 200)
    assert output["status"] == "unhealthy"
    assert [output["checks"][name]["ok"] for name in ("database", "commands_table")] == [False, True]
    with temporary(stack) as rows:
        rows.adopt(tenant)
        rows.agents.append(agent)
        commands.rows = rows
        for item in (check, restart):
            ended = commands.ended(item["command_id"], 120)
            assert_written_down(commands.audit(item["command_id"]), ended, attempts=ended["attempt"])
        assert output_of(ended)["agent_id"] == agent
        status = rows.database.execute("SELECT status FROM tenant_agents WHERE tenant_id = %s", [tenant]).fetchone()
        assert status == ("active",)
        commands.settle()


@pytest.mark.parametrize("function", FUNCTIONS)
def test_connections_are_cut(stack: Stack, token: Callable[..., str], function: str) -> None:
    role, route, groups = FUNCTIONS[function]
    for _ in range(3):
        assert stack.get(route, token(*groups)).status_code == 200
        with stack.database() as database:
            database.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", [role])
        assert stack.get(route, token(*groups)).status_code == 200, "the next request gets a new connection, not an error"


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_password_is_rotated(stack: Stack, token: Callable[..., str], function: str) -> None:
    role, route, groups = FUNCTIONS[function]

    def works() -> bool:
        return stack.get(route, token(*groups)).status_code == 200

    assert works()
    with rotated(stack, function, role):
        assert works(), "the function reads the new password"
        assert works()
    assert works()


def test_only_migrate_acts_as_the_owner(stack: Stack, token: Callable[..., str]) -> None:
    for _, route, groups in FUNCTIONS.values():
        assert stack.get(route, token(*groups)).status_code == 200
    roles = {role for role, _, _ in FUNCTIONS.values()}
    with stack.database() as database:
        named = database.execute("SELECT DISTINCT usename FROM pg_stat_activity WHERE usename LIKE 'app\\_%'")
        logins = {row[0] for row in named}
    assert roles <= logins <= roles | {"app_jobs", "app_commands"}

    report = stack.invoke("migrate", {})
    assert report["applied"] == [] and report["version"] > 0, "migrated again, nothing was left to do"
    # Each function is told of its own secret only.
    told = {function: variables_of(stack, function) for function in (*FUNCTIONS, "aggregate", "commands", "migrate")}
    for function, variables in told.items():
        assert ("DATABASE_ROLE_SECRET_ARNS" in variables) == (function == "migrate")
    assert len({variables["DATABASE_SECRET_ARN"] for variables in told.values()}) == len(told)


def test_functions_encrypt_and_verify_their_connections(stack: Stack, token: Callable[..., str]) -> None:
    for function, (role, route, groups) in FUNCTIONS.items():
        assert stack.get(route, token(*groups)).status_code == 200
        with stack.database() as database:
            encrypted = database.execute(
                "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE usename = %s", [role]
            ).fetchone()[0]
        assert encrypted
        assert variables_of(stack, function)["DATABASE_TLS"] == "verify-full"
