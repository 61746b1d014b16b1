"""What callers see while something behind the API is broken, and that it mends by itself."""

import json
import secrets
import time
from collections.abc import Callable

import pytest
from problems import assert_problem
from stack import POSTGRES, Stack, until

ME, OPTIONS = "/tenant/me", "/internal/options"
# The functions that answer requests: the role of each, a route, and who may call that.
FUNCTIONS = {
    "tenant": ("app_tenant", ME, ("TENANT_USER",)),
    "internal": ("app_internal", OPTIONS, ("INTERNAL_SUPPORT",)),
}
# Our request budget is 8 s; the gateway and a cold start come on top.
BUDGET_SECONDS = 20


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
    secretsmanager = stack.aws("secretsmanager")
    secret_id = variables_of(stack, function)["DATABASE_SECRET_ARN"]
    before = secretsmanager.get_secret_value(SecretId=secret_id)["SecretString"]

    def rotate(secret: str) -> None:
        with stack.database() as database:
            password = json.loads(secret)["password"]
            database.execute("SELECT set_config('app.password', %s, false)", [password])
            database.execute(
                f"DO $$BEGIN EXECUTE format('ALTER ROLE {role} PASSWORD %L', current_setting('app.password')); END$$"
            )
            secretsmanager.put_secret_value(SecretId=secret_id, SecretString=secret)
            database.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", [role])

    try:
        rotate(json.dumps(json.loads(before) | {"password": secrets.token_urlsafe(24)}))
        assert works(), "the function reads the new password"
        assert works()
    finally:
        rotate(before)
    assert works()


def variables_of(stack: Stack, function: str) -> dict[str, str]:
    name = stack.description["functions"][function]
    return stack.aws("lambda").get_function_configuration(FunctionName=name)["Environment"]["Variables"]


def test_only_migrate_acts_as_the_owner(stack: Stack, token: Callable[..., str]) -> None:
    for _, route, groups in FUNCTIONS.values():
        assert stack.get(route, token(*groups)).status_code == 200
    roles = {role for role, _, _ in FUNCTIONS.values()}
    with stack.database() as database:
        named = database.execute("SELECT DISTINCT usename FROM pg_stat_activity WHERE usename LIKE 'app\\_%'")
        logins = {row[0] for row in named}
    assert roles <= logins <= roles | {"app_jobs"}

    report = stack.invoke("migrate", {})
    assert report["applied"] == [] and report["version"] > 0, "migrated again, nothing was left to do"
    # Each function is told of its own secret only.
    told = {function: variables_of(stack, function) for function in (*FUNCTIONS, "aggregate", "migrate")}
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
