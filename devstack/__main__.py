"""The commands behind the Makefile."""

import argparse
import os
import signal
import sys
from datetime import date
from pathlib import Path

import psycopg
from botocore.exceptions import BotoCoreError, ClientError

from devstack import aggregate, bench, checks, cloud, emulator, postgres, rehearsal, sbom, scaling, stack, users
from devstack.config import ROOT
from devstack.console import Failure, say, show
from devstack.instance import Instance

INTERRUPTED = 130
# What a full disk, a lost connection or a refused call raises, wherever it happens.
UNEXPECTED = (OSError, BotoCoreError, ClientError, psycopg.Error)
# What can only be done while the stack runs.
NEED_THE_STACK = ("token", "erase", "aggregate", "psql", "sqlx-prepare")


def main() -> int:
    arguments = _parse()
    instance = Instance(arguments.dir)
    # All of them must clean up as Ctrl-C does.
    for chosen in stack.INTERRUPTIONS:
        signal.signal(chosen, signal.default_int_handler)
    try:
        return _run(arguments, instance)
    except Failure as failure:
        show(failure)
        return 1
    except UNEXPECTED as error:
        # Of what is in the cloud, the log of what is on this machine says nothing.
        log = None if arguments.command in ("deploy", "rollback") else instance.logs / f"{emulator.NAME}.log"
        show(Failure(f"{type(error).__name__}: {error}", log))
        return 1
    except KeyboardInterrupt:
        say("\nInterrupted.")
        return INTERRUPTED


def _run(arguments: argparse.Namespace, instance: Instance) -> int:
    if arguments.command in NEED_THE_STACK:
        stack.must_be_up(instance)
    match arguments.command:
        case "up":
            stack.up(instance)
            stack.summary(instance)
        case "dev":
            stack.develop(instance)
        case "down":
            stack.down(instance)
        case "reset":
            stack.reset(instance)
        case "status":
            return 0 if stack.status(instance) else 1
        case "logs":
            stack.logs(instance)
        case "token":
            print(users.id_token(instance, arguments.email))
        case "erase":
            users.erase(instance, arguments.email)
        case "aggregate":
            match arguments.date, arguments.first, arguments.last:
                case date(), None, None:
                    aggregate.back_fill(instance, arguments.date, arguments.date)
                case None, date(), date():
                    aggregate.back_fill(instance, arguments.first, arguments.last)
                case _:
                    raise Failure("Which days? DATE=YYYY-MM-DD alone, or FROM=YYYY-MM-DD and TO=YYYY-MM-DD.")
        case "psql":
            psql = postgres.server_bin() / "psql"
            os.execv(psql, [psql, instance.stack()["database_url"]])
        case "sqlx-prepare":
            checks.prepare_queries(instance)
        case "openapi":
            checks.write_openapi()
        case "fmt":
            checks.format_code()
        case "sbom":
            sbom.write()
        case "bench":
            place = Instance(instance.directory / "bench")
            bench.run(place, arguments.scale, quick=arguments.quick, json_file=arguments.json, options=arguments.options)
        case "bench-web":
            bench.run_web(instance)
        case "bench-cold" | "bench-warm":
            what = arguments.command.removeprefix("bench-")
            bench.run_functions(instance, what, quick=arguments.quick, warm_up=arguments.warm_up)
        case "deploy":
            cloud.deploy(arguments.environment)
        case "rollback":
            cloud.roll_back(arguments.environment)
        case "rehearse":
            rehearsal.rehearse(Instance(instance.directory / "rehearsal"), arguments.before)
        case "scaling":
            scaling.run(write=arguments.write)
        case "guide":
            stack.take_screenshots(instance)
        case "test":
            checks.run(arguments.check, Instance(instance.directory / "test", throwaway=True))
    return 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="devstack/run", description="The whole system on one machine.")
    parser.add_argument("--dir", type=Path, default=ROOT / ".local", help="where the instance lives (%(default)s)")
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    commands.add_parser("up", help="build, start, deploy, migrate, load demo data")
    commands.add_parser("dev", help="serve the dashboard's working copy with hot reload")
    commands.add_parser("down", help="stop everything; the data stays")
    commands.add_parser("reset", help="stop everything and delete the data")
    commands.add_parser("status", help="ask every part; exit code 0 only if all answer")
    commands.add_parser("logs", help="follow all logs")
    token = commands.add_parser("token", help="print an ID token of a demo user")
    token.add_argument("email")
    erased = commands.add_parser("erase", help="forget a person")
    erased.add_argument("email")
    days = commands.add_parser("aggregate", help="roll days of raw requests up again")
    days.add_argument("--date", type=_day, help="one UTC day")
    days.add_argument("--from", type=_day, dest="first", help="the first of several")
    days.add_argument("--to", type=_day, dest="last", help="the last of them")
    commands.add_parser("psql", help="open the database as superuser")
    commands.add_parser("sqlx-prepare", help="rewrite .sqlx from the running stack's database")
    commands.add_parser("openapi", help="rewrite openapi/openapi.json from the code, and the dashboard's client from it")
    commands.add_parser("fmt", help="format the code")
    commands.add_parser("sbom", help="write the bills of materials of what is deployed to target/sbom/")
    measure = commands.add_parser("bench", help="measure every read and the job against the design's SQL and the floor")
    measure.add_argument("--scale", choices=[*bench.SCALES], default="L", help="1,000 (S) or 20,000 (L) tenants")
    measure.add_argument("--quick", action="store_true", help="fewer rounds, and a tenth of the raw requests")
    measure.add_argument("--json", type=Path, help="where the results go as JSON (in the instance's folder)")
    measure.add_argument("options", nargs="*", metavar="-- option", help="more for the program itself: -- --only NAME")
    commands.add_parser("bench-web", help="measure the dashboard with Lighthouse, and how much script it loads")
    for name, measured in (("bench-cold", "cold starts"), ("bench-warm", "time, processor, memory and cost")):
        functions = commands.add_parser(name, help=f"measure the tenant API's {measured} beside the same on Node.js")
        functions.add_argument("--quick", action="store_true", help="fewer rounds: for trying things out")
        functions.add_argument("--warm-up", type=int, metavar="N", help="invocations of a route that don't count")
    for name, done in (("deploy", "bring an AWS account to what the working copy says"), ("rollback", "go back to the version before")):
        commands.add_parser(name, help=done).add_argument("environment", help=" or ".join(cloud.ENVIRONMENTS))
    rehearse = commands.add_parser("rehearse", help="release the working copy where an older version answers, and roll back")
    rehearse.add_argument("--before", metavar="COMMIT", help="what answers before (the last one with another schema)")
    grow = commands.add_parser("scaling", help="compute what breaks first with more tenants (docs/SCALING.md)")
    grow.add_argument("--write", action="store_true", help="write them there instead of printing them")
    commands.add_parser("guide", help="take the guide's screenshots again")
    test = commands.add_parser("test", help="run all checks, or the named ones, on a private stack")
    test.add_argument("check", nargs="*", choices=[[], *checks.CHECKS], metavar="check", help=", ".join(checks.CHECKS))
    return parser.parse_args()


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day of the form YYYY-MM-DD") from None


if __name__ == "__main__":
    sys.exit(main())
