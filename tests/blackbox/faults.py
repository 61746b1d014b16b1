"""What breaks behind the API, and is mended again."""

import json
import os
import secrets
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from stack import Stack, until

# Our request budget is 8 s; the gateway and a cold start come on top.
BUDGET_SECONDS = 20
# The roles of the functions that work while the stack does.
ROLES = {"tenant": "app_tenant", "internal": "app_internal", "commands": "app_commands"}
# Where these write.
WRITTEN = ("operational_events", "tenants", "tenant_users", "tenant_agents", "tenant_integrations")


def variables_of(stack: Stack, function: str) -> dict[str, str]:
    name = stack.description["functions"][function]
    return stack.aws("lambda").get_function_configuration(FunctionName=name)["Environment"]["Variables"]


@contextmanager
def rotated(stack: Stack, function: str, role: str) -> Iterator[None]:
    """The function's role has another password, and then the old one again; nobody stays connected by the one before."""
    secretsmanager = stack.aws("secretsmanager")
    secret_id = variables_of(stack, function)["DATABASE_SECRET_ARN"]
    before = secretsmanager.get_secret_value(SecretId=secret_id)["SecretString"]

    def rotate(secret: str) -> None:
        with stack.database() as database:
            database.execute("SELECT set_config('app.password', %s, false)", [json.loads(secret)["password"]])
            database.execute(
                f"DO $$BEGIN EXECUTE format('ALTER ROLE {role} PASSWORD %L', current_setting('app.password')); END$$"
            )
            secretsmanager.put_secret_value(SecretId=secret_id, SecretString=secret)
            database.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", [role])

    try:
        rotate(json.dumps(json.loads(before) | {"password": secrets.token_urlsafe(24)}))
        yield
    finally:
        rotate(before)


@contextmanager
def stopped(stack: Stack, program: str) -> Iterator[None]:
    stack.supervise("stop", program)
    try:
        yield
    finally:
        stack.supervise("start", program)


@contextmanager
def frozen(stack: Stack, program: str) -> Iterator[None]:
    """It keeps its connections, takes new ones, and says nothing."""
    process = stack.process_of(program)
    os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process, signal.SIGCONT)


def cut(stack: Stack, *roles: str) -> None:
    with stack.database() as database:
        database.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = ANY(%s)", [list(roles)])


def is_up(stack: Stack) -> bool:
    """Whether PostgreSQL is."""
    try:
        with stack.database():
            return True
    except psycopg.OperationalError:
        return False


def crash(stack: Stack) -> None:
    """A backend dies, and with it all others: PostgreSQL trusts nothing that it may have written."""
    until(lambda: is_up(stack))
    with stack.database() as database:
        backend = database.execute(
            "SELECT pid FROM pg_stat_activity WHERE usename = ANY(%s) LIMIT 1", [list(ROLES.values())]
        ).fetchone()
    if backend:
        os.kill(backend[0], signal.SIGKILL)


@contextmanager
def full_disk(stack: Stack) -> Iterator[None]:
    """Every write is refused as PostgreSQL refuses it when a file can't grow. A disk that is really full takes a file
    system of its own, and so root."""
    with stack.database() as database:
        database.execute(
            """CREATE FUNCTION public.disk_is_full() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
                   RAISE 'could not extend file "base/1/1": No space left on device' USING ERRCODE = 'disk_full';
               END$$"""
        )
        try:
            for table in WRITTEN:
                database.execute(
                    f"""CREATE TRIGGER disk_is_full BEFORE INSERT OR UPDATE ON {table}
                        FOR EACH STATEMENT EXECUTE FUNCTION public.disk_is_full()"""
                )
            yield
        finally:
            database.execute("DROP FUNCTION public.disk_is_full() CASCADE")
