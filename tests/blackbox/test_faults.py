"""What callers see while something behind the API is broken, and that it mends by itself."""

import json
import secrets
import time
from collections.abc import Callable

from problems import assert_problem
from stack import POSTGRES, Stack, until

ME = "/tenant/me"
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


def test_connections_are_cut(stack: Stack, token: Callable[..., str]) -> None:
    user = token("TENANT_USER", tenant=0)
    for _ in range(3):
        assert works(stack, user)
        with stack.database() as database:
            database.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app_tenant'")
        assert works(stack, user), "the next request gets a new connection, not an error"


def test_the_password_is_rotated(stack: Stack, token: Callable[..., str]) -> None:
    user = token("TENANT_USER", tenant=0)
    assert works(stack, user)
    secretsmanager = stack.aws("secretsmanager")
    function = stack.aws("lambda").get_function_configuration(FunctionName=stack.description["functions"]["tenant"])
    secret_id = function["Environment"]["Variables"]["DATABASE_SECRET_ARN"]
    before = secretsmanager.get_secret_value(SecretId=secret_id)["SecretString"]

    def rotate(secret: str) -> None:
        with stack.database() as database:
            password = json.loads(secret)["password"]
            database.execute(
                "SELECT set_config('app.password', %s, false)", [password]
            )
            database.execute(
                "DO $$BEGIN EXECUTE format('ALTER ROLE app_tenant PASSWORD %L', current_setting('app.password')); END$$"
            )
            secretsmanager.put_secret_value(SecretId=secret_id, SecretString=secret)
            database.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app_tenant'")

    try:
        rotate(json.dumps(json.loads(before) | {"password": secrets.token_urlsafe(24)}))
        assert works(stack, user), "the function reads the new password"
        assert works(stack, user)
    finally:
        rotate(before)
    assert works(stack, user)


def test_only_migrate_acts_as_the_owner(stack: Stack, token: Callable[..., str]) -> None:
    assert works(stack, token("TENANT_USER", tenant=0))
    with stack.database() as database:
        logins = {row[0] for row in database.execute("SELECT DISTINCT usename FROM pg_stat_activity WHERE usename LIKE 'app\\_%'")}
    assert logins == {"app_tenant"}

    report = stack.invoke("migrate", {})
    assert report["applied"] == [] and report["version"] > 0, "migrated again, nothing was left to do"
    # Each function is told of its own secret only.
    for function in ("tenant", "migrate"):
        name = stack.description["functions"][function]
        variables = stack.aws("lambda").get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        assert ("DATABASE_ROLE_SECRET_ARNS" in variables) == (function == "migrate")


def test_functions_encrypt_and_verify_their_connections(stack: Stack, token: Callable[..., str]) -> None:
    assert works(stack, token("TENANT_USER", tenant=0))
    with stack.database() as database:
        encrypted = database.execute(
            "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE usename = 'app_tenant'"
        ).fetchone()[0]
    assert encrypted
    name = stack.description["functions"]["tenant"]
    variables = stack.aws("lambda").get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    assert variables["DATABASE_TLS"] == "verify-full"
