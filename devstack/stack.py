"""The local stack as a whole: up, down, reset, status, logs."""

import contextlib
import functools
import json
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator

import psycopg

from devstack import aggregate, build, commands, deploy, emulator, packages, postgres, redis, users, web
from devstack.config import CACHE, DATABASE, MIGRATOR, NODE, REGION, ROLES, STAGE
from devstack.console import Failure, duration, say, step
from devstack.instance import NOT_UP, SUPERUSER, Instance, write_private
from devstack.supervisor import Program, Supervisor

READY_SECONDS = 60
# How far back `logs` begins with what functions said.
RECENT_SECONDS = 60
# A build from nothing, the tools and the demo data together stay below this.
NEEDED_BYTES = 4 * 1024**3

SERVERS = (postgres, redis, emulator)
PROGRAMS = (*SERVERS, web)
# What ends a command early: Ctrl-C, a kill, a terminal that closes.
INTERRUPTIONS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def up(instance: Instance) -> None:
    """Brings the stack to what the working copy says. On failure, what this call started is stopped again."""
    started = time.monotonic()
    instance.directory.mkdir(parents=True, exist_ok=True)
    check_disk(instance)
    packages.ensure("build-essential", "postgresql", "redis-server")
    with instance.locked():
        with step("Building the functions"):
            build.build()
        web.build()
        instance.prepare()
        supervisor = Supervisor(instance)
        with stopped_on_failure(supervisor):
            with step("Starting PostgreSQL, Redis and the AWS emulator"):
                _start_servers(instance, supervisor)
            with step("Deploying template.yaml"):
                outputs = deploy.deploy(instance)
            with step("Migrating the database"):
                deploy.migrate(instance, outputs["MigrateFunctionName"])
            with step("Creating the demo users"):
                demo_users = users.create(instance, outputs["UserPoolId"])
            with step("Loading the demo data"):
                users.load_demo_data(instance, demo_users)
            with step("Giving commands something to act on"):
                commands.give_integrations_secrets(instance)
                commands.leave_dead_letters(instance, outputs["DemoDeadLetterQueueUrl"])
            with step("Aggregating what came since the last run"):
                aggregate.catch_up(instance, outputs["AggregateFunctionName"])
            _write_stack_file(instance, supervisor, outputs, demo_users)
            with step("Starting the dashboard"):
                web.serve(instance, supervisor)
                wait(supervisor, web.NAME, lambda: web.ask(instance))
            with step("Asking every part whether it works"):
                _raise_unless_all_answer(instance)
    say(f"\nUp after {duration(started)}.")


def develop(instance: Instance) -> None:
    """Serves the dashboard's working copy with hot reload, on a stack that is up, or brought up first."""
    supervisor = Supervisor(instance)
    if not supervisor.running():
        up(instance)
    with instance.locked():
        supervisor.stop_program(web.NAME)
        summary(instance)
        try:
            web.develop(instance)
        except KeyboardInterrupt:
            say()
        finally:
            with uninterrupted(), step("Serving the last build again"):
                supervisor.start_program(web.NAME)


def open_in_browser(instance: Instance, script: str, failure: str) -> None:
    """Runs a script of the frontend that opens the served dashboard, which is brought up first if it isn't."""
    packages.ensure(web.BROWSER)
    if not Supervisor(instance).running():
        up(instance)
    web.install_modules()
    if subprocess.run([NODE, script], cwd=web.FRONTEND, env=web.test_environment(instance)).returncode != 0:
        raise Failure(failure)


def take_screenshots(instance: Instance) -> None:
    """Takes the guide's screenshots again."""
    open_in_browser(instance, "scripts/guide.ts", "The screenshots could not be taken; the message is above.")


def down(instance: Instance) -> None:
    """Stops every process of the instance."""
    if not instance.run.exists():
        say("Nothing is running.")
        return
    with instance.locked(), step("Stopping"), uninterrupted():
        Supervisor(instance).stop()


def reset(instance: Instance) -> None:
    """Stops the instance and deletes all of its data."""
    down(instance)
    with step("Deleting the local data"):
        instance.delete()


def must_be_up(instance: Instance) -> None:
    """Fails, saying what to do, unless the instance was started and its processes still run."""
    instance.stack()
    if not Supervisor(instance).running():
        raise Failure(NOT_UP)


def status(instance: Instance) -> bool:
    """Prints, for each part, whether it answers; returns whether all do."""
    try:
        instance.stack()
    except Failure as failure:
        say(f"✗ {failure}")
        return False
    well = True
    for name, ask in _questions(instance).items():
        problem = _problem(ask)
        well = well and problem is None
        print(f"✓ {name}" if problem is None else f"✗ {name}: {problem}")
    return well


def summary(instance: Instance) -> None:
    """Prints what the person can now do with the stack."""
    stack = instance.stack()
    width = max(len(user["email"]) for user in stack["users"])
    print(f"\n  Dashboard   {stack['web_url']}")
    print(f"  API         {stack['api_url']}")
    print(f"  PostgreSQL  127.0.0.1:{instance.ports[postgres.NAME]}/{DATABASE}  (make psql)")
    print(f"  AWS         {stack['aws_endpoint_url']}  (region {REGION}, any credentials)")
    print(f"\n  Demo users, all with the password  {instance.passwords['demo']}")
    for user in stack["users"]:
        print(f"    {user['email']:<{width}}  {', '.join(user['groups']) or '(no group)'}")
    example = next((user["email"] for user in stack["users"] if user["tenant_id"]), stack["users"][0]["email"])
    print("\n  Try:")
    print(f"    TOKEN=$(make -s token USER={example})")
    print(f'    curl -s -H "Authorization: Bearer $TOKEN" {stack["api_url"]}/tenant/me')
    print(f"\n  make status, make logs, make down; everything about it is in {instance.stack_file}")


def logs(instance: Instance) -> None:
    """Follows the logs of the servers and of the functions until interrupted."""
    files = [Supervisor(instance).program_log(server.NAME) for server in PROGRAMS]
    existing = [file for file in files if file.exists()]
    if not existing:
        raise Failure("There are no logs yet. Start the stack with: make up")
    with subprocess.Popen(["tail", "-n", "20", "-F", *existing]) as tail:
        try:
            _follow_functions(instance)
        finally:
            tail.terminate()


def _start_servers(instance: Instance, supervisor: Supervisor) -> None:
    if not (supervisor.running() and instance.has_ports()):
        supervisor.stop()
        instance.choose_ports()
        postgres.initialize(instance)
    programs: list[Program] = [server.program(instance) for server in PROGRAMS]
    supervisor.start(programs, prepare=functools.partial(emulator.forget_streams, instance))
    for server in SERVERS:
        wait(supervisor, server.NAME, functools.partial(server.ask, instance))
    postgres.create_database(instance)


def wait(supervisor: Supervisor, name: str, ask: Callable[[], None]) -> None:
    """Comes back when a program answers; raises Failure if it ended, or is silent for too long."""
    deadline = time.monotonic() + READY_SECONDS
    while problem := _problem(ask):
        if supervisor.failed(name):
            raise Failure(f"{name} ended right after its start.", supervisor.program_log(name))
        if time.monotonic() > deadline:
            raise Failure(f"{name} doesn't answer: {problem}", supervisor.program_log(name))
        time.sleep(0.1)


def _write_stack_file(instance: Instance, supervisor: Supervisor, outputs: dict[str, str], users: list[dict]) -> None:
    cognito = emulator.client(instance, "cognito-idp")
    pool = {"UserPoolId": outputs["UserPoolId"], "ClientId": outputs["UserPoolClientId"]}
    app_client = cognito.describe_user_pool_client(**pool)["UserPoolClient"]
    stack = {
        # The id changes with every change of the API's routes.
        "api_url": f"{instance.endpoint}/_aws/execute-api/{outputs['ApiId']}/{STAGE}",
        "web_url": instance.web_url,
        "aws_endpoint_url": instance.endpoint,
        "region": REGION,
        "user_pool_id": outputs["UserPoolId"],
        "user_pool_client_id": outputs["UserPoolClientId"],
        "user_pool_client_secret": app_client["ClientSecret"],
        "database_url": instance.database_url(SUPERUSER, DATABASE),
        "database_roles": {login: instance.database_url(login, DATABASE) for login in (MIGRATOR, *ROLES)},
        "pgpass": str(instance.pgpass),
        "redis_url": instance.redis_url,
        "commands_table": outputs["CommandsTableName"],
        "bookkeeping_table": outputs["CommandBookkeepingTableName"],
        "event_bus": outputs["EventBusName"],
        "command_failures_queue_url": outputs["CommandFailuresQueueUrl"],
        "demo_queue_url": outputs["DemoQueueUrl"],
        "demo_dead_letter_queue_url": outputs["DemoDeadLetterQueueUrl"],
        "demo_consumer_queue_url": outputs["DemoConsumerQueueUrl"],
        "functions": {
            "tenant": outputs["TenantApiFunctionName"],
            "internal": outputs["InternalApiFunctionName"],
            "aggregate": outputs["AggregateFunctionName"],
            "commands": outputs["ProcessCommandFunctionName"],
            "migrate": outputs["MigrateFunctionName"],
        },
        "supervisor": supervisor.url,
        "users": [
            {
                "email": user["email"],
                "password": instance.passwords["demo"],
                "groups": user["groups"],
                "tenant_id": user["tenant_id"],
                "sub": user["sub"],
            }
            for user in users
        ],
    }
    write_private(instance.stack_file, json.dumps(stack, indent=2))


def _questions(instance: Instance) -> dict[str, Callable[[], None]]:
    return {
        "PostgreSQL answers a query": lambda: postgres.ask(instance),
        "Redis answers a PING": lambda: redis.ask(instance),
        "The AWS emulator is healthy": lambda: emulator.ask(instance),
        "The dashboard serves its sign-in page": lambda: web.ask(instance),
        "The API refuses a call without a token": lambda: _ask_api(instance),
        "The aggregation has run within the hour": lambda: _ask_aggregation(instance),
        "The table of commands answers a query": lambda: commands.ask_table(instance),
        "Commands reach the function that executes them": lambda: commands.ask_stream(instance),
        "The platform's event bus has a listener": lambda: commands.ask_event_bus(instance),
    }


def _ask_api(instance: Instance) -> None:
    try:
        with urllib.request.urlopen(f"{instance.stack()['api_url']}/tenant/me", timeout=5) as answer:
            code = answer.status
    except urllib.error.HTTPError as error:
        code = error.code
    if code != 401:
        raise Failure(f"it answered {code} instead of 401")


def _ask_aggregation(instance: Instance) -> None:
    with psycopg.connect(instance.stack()["database_url"], connect_timeout=3) as connection:
        newest = "SELECT max(last_run_at), max(last_run_at) > now() - interval '1 hour' FROM aggregated_days"
        connection.execute("SET search_path = alquimista_platform")
        last_run_at, fresh = connection.execute(newest).fetchone() or (None, None)
    if not fresh:
        raise Failure(f"its last run was at {last_run_at:%Y-%m-%d %H:%M} UTC" if last_run_at else "it never ran")


def _problem(ask: Callable[[], None]) -> str | None:
    try:
        ask()
    except Exception as error:  # whatever keeps a part from answering is the answer
        return str(error).strip() or type(error).__name__
    return None


def _raise_unless_all_answer(instance: Instance) -> None:
    for name, ask in _questions(instance).items():
        if problem := _problem(ask):
            raise Failure(f"“{name}” doesn't hold: {problem}", instance.logs / f"{emulator.NAME}.log")


def _follow_functions(instance: Instance) -> None:
    """Prints what the functions log, which is in the emulator's log groups."""
    client = emulator.client(instance, "logs")
    newest: dict[str, int] = {}
    begin = int((time.time() - RECENT_SECONDS) * 1000)
    while True:
        with contextlib.suppress(client.exceptions.ClientError, OSError):
            for group in client.describe_log_groups(logGroupNamePrefix="/painel-alquimista/")["logGroups"]:
                name = group["logGroupName"]
                since = newest.get(name, begin)
                for event in client.filter_log_events(logGroupName=name, startTime=since)["events"]:
                    newest[name] = event["timestamp"] + 1
                    print(f"[{name.rsplit('/', 1)[-1]}] {event['message'].rstrip()}", flush=True)
        time.sleep(1)


def check_disk(instance: Instance, needed: int = NEEDED_BYTES) -> None:
    """Raises Failure if there is less room than this where things are kept."""
    CACHE.mkdir(parents=True, exist_ok=True)
    for place in (instance.directory, CACHE):
        free = shutil.disk_usage(place).free
        if free < needed:
            raise Failure(f"Only {free / 1024**3:.1f} GiB are free in {place}; {needed / 1024**3:.0f} GiB are needed.")


@contextlib.contextmanager
def stopped_on_failure(supervisor: Supervisor) -> Iterator[None]:
    """Stops what was started, unless it ran before, when what is done inside fails."""
    was_running = supervisor.running()
    try:
        yield
    except BaseException:
        if was_running:
            say("  The stack was already running and has been left running.")
        else:
            with uninterrupted():
                say("  Stopping what was started.")
                supervisor.stop()
        raise


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """Lets a stop end although Ctrl-C is pressed again."""
    previous = {chosen: signal.signal(chosen, signal.SIG_IGN) for chosen in INTERRUPTIONS}
    try:
        yield
    finally:
        for chosen, handler in previous.items():
            signal.signal(chosen, handler)
