"""Everything that must hold before a change is good: `make test`, and its parts."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from devstack import packages, stack, tools, web
from devstack.config import CACHE, CARGO_PROFILE, CARGO_TOOLS, ROOT, TOOLS_BIN, cargo_environment
from devstack.console import Failure, duration, say, step
from devstack.instance import Instance

# The workspace's and its dependencies' code is compiled once for all checks: all use one profile.
PROFILE = ["--profile", CARGO_PROFILE]
# Names the clone: Clippy replaces the wrapper that keeps the clones' results apart, but compares its arguments.
OWN_PATH = ["--remap-path-prefix", f"{ROOT}=."]
CARGO_DENY = ("cargo-deny", "0.20.2", ())
SQLX_CLI = ("sqlx-cli", "0.9.0", ("--no-default-features", "--features", "postgres,rustls"))

Command = Sequence[str | Path]


@dataclass(frozen=True)
class Check:
    """Commands that must all succeed."""

    title: str
    commands: tuple[Command, ...]
    needs_stack: bool = False
    cargo_tool: tuple[str, str, tuple[str, ...]] | None = None
    # The lock of the Python environment that has its commands.
    python_tools: Path | None = None
    needs_modules: bool = False
    needs_browser: bool = False
    # Needs databases that not every machine reaches.
    only_by_name: bool = False


TEMPLATES = ["template.yaml", *sorted(str(file.relative_to(ROOT)) for file in ROOT.glob("infra/*.yaml"))]
OPENAPI_DOCUMENT = "openapi/openapi.json"
OPENAPI_LINTER = "openapi/node_modules/@redocly/cli/bin/cli.js"
NPM_RUN: Command = [TOOLS_BIN / "npm", "--prefix", web.FRONTEND, "run", "--silent"]
PYTEST: Command = [sys.executable, "-m", "pytest", "-q"]
# `make test-long`: the tests that attack, flood and break things do more of it, and what they counted is shown.
LONG = "LONG" in os.environ

CHECKS = {
    "format": Check("Format", (["cargo", "fmt", "--all", "--check"],)),
    "template": Check(
        "Template",
        (
            [TOOLS_BIN / "sam", "validate", "--lint"],
            [TOOLS_BIN / "cfn-lint"],
            [*PYTEST, "tests/template"],
        ),
    ),
    "policies": Check(
        "Templates: known mistakes",
        (["checkov", "--config-file", ".checkov.yaml", "--file", *TEMPLATES],),
        python_tools=tools.CHECKOV,
    ),
    "migrations": Check(
        "Migrations: what stops those who work",
        ([TOOLS_BIN / "squawk", "--config", ".squawk.toml", "migrations/*.sql"],),
    ),
    "openapi": Check(
        "OpenAPI document",
        (
            [TOOLS_BIN / "npm", "ci", "--prefix", "openapi", "--silent"],
            [TOOLS_BIN / "node", OPENAPI_LINTER, "lint", "--config", "openapi/redocly.yaml", OPENAPI_DOCUMENT],
        ),
    ),
    "frontend": Check(
        "Dashboard: lint, generated client, types, units",
        tuple([*NPM_RUN, script] for script in ("lint", "generate:check", "types", "test")),
        needs_modules=True,
    ),
    "deny": Check(
        "Dependencies: bans, licences, sources",
        (["cargo", "deny", "--locked", "--log-level", "error", "check", "bans", "licenses", "sources"],),
        cargo_tool=CARGO_DENY,
    ),
    "advisories": Check(
        "Dependencies: advisories of RustSec and npm",
        (
            ["cargo", "deny", "--locked", "--log-level", "error", "check", "advisories"],
            # A registry that doesn't answer is a failure, too.
            [TOOLS_BIN / "npm", "audit", "--prefix", web.FRONTEND, "--omit", "dev", "--audit-level", "high"],
        ),
        cargo_tool=CARGO_DENY,
        only_by_name=True,
    ),
    "clippy": Check(
        "Clippy",
        (["cargo", "clippy", "--locked", "--workspace", "--all-targets", *PROFILE, "--", "-D", "warnings", *OWN_PATH],),
    ),
    "queries": Check(
        "Stored query descriptions match the migrated database",
        (["cargo", "sqlx", "prepare", "--check", "--workspace", "--", "--locked", "--all-targets", *PROFILE],),
        needs_stack=True,
        cargo_tool=SQLX_CLI,
    ),
    "rust": Check(
        "Rust tests",
        (["cargo", "test", "--locked", "--workspace", *PROFILE, *(["--", "--show-output"] if LONG else [])],),
        needs_stack=True,
    ),
    "blackbox": Check(
        "Black-box tests through the API Gateway",
        ([*PYTEST, *(["-s"] if LONG else []), "tests", "--ignore", "tests/template"],),
        needs_stack=True,
    ),
    "e2e": Check(
        "Dashboard, end to end in a browser",
        ([*NPM_RUN, "test:e2e"],),
        needs_stack=True,
        needs_modules=True,
        needs_browser=True,
    ),
}


def run(names: list[str], instance: Instance) -> None:
    """Runs the named checks (if none is named, all that every machine can run) in order, to the first that fails."""
    checks = [check for name, check in CHECKS.items() if (name in names if names else not check.only_by_name)]
    started = time.monotonic()
    alone = [check for check in checks if not check.needs_stack]
    with_stack = [check for check in checks if check.needs_stack]
    for check in alone:
        _run(check, _environment())
    if with_stack:
        with _private_stack(instance):
            for check in with_stack:
                _run(check, _environment(instance))
    say(f"\n✓ All checks passed in {duration(started)}.")


def write_openapi() -> None:
    """Rewrites the OpenAPI document from the code, and the dashboard's client from the document."""
    _execute(["cargo", "run", "--locked", "--quiet", *PROFILE, "--package", "openapi", OPENAPI_DOCUMENT], _environment())
    web.install_modules()
    _execute([*NPM_RUN, "generate"], web.environment())


def format_code() -> None:
    """Formats everything that has a formatter."""
    _execute(["cargo", "fmt", "--all"], _environment())
    web.install_modules()
    _execute([*NPM_RUN, "fmt"], web.environment())


def prepare_queries(instance: Instance) -> None:
    """Rewrites the stored query descriptions from the migrated database of a running stack."""
    install(SQLX_CLI)
    command = ["cargo", "sqlx", "prepare", "--workspace", "--", "--locked", "--all-targets", *PROFILE]
    with _modification_times_kept():
        _execute(command, _environment(instance))


@contextlib.contextmanager
def _private_stack(instance: Instance) -> Iterator[None]:
    say("\n=== A private stack for the tests")
    stack.reset(instance)
    try:
        stack.up(instance)
        yield
    except BaseException:
        say("")
        stack.down(instance)
        say(f"  Its logs are in {instance.logs}")
        raise
    stack.reset(instance)


def _run(check: Check, environment: dict[str, str]) -> None:
    say(f"\n=== {check.title}")
    started = time.monotonic()
    if check.cargo_tool:
        install(check.cargo_tool)
    if check.python_tools:
        scripts = tools.ensure(check.python_tools).parent
        environment = {**environment, "PATH": os.pathsep.join([str(scripts), environment["PATH"]])}
    if check.needs_browser:
        packages.ensure(web.BROWSER)
    if check.needs_modules:
        web.install_modules()
        environment = web.environment(environment)
    with _modification_times_kept():
        for command in check.commands:
            _execute(command, environment)
    say(f"=== {check.title}: passed in {duration(started)}")


@contextlib.contextmanager
def _modification_times_kept() -> Iterator[None]:
    """sqlx-cli touches the sources, to have every query looked at; the next build would compile all of them again."""
    sources = [file for place in ("benches", "crates", "functions") for file in ROOT.glob(f"{place}/**/*.rs")]
    before = {source: (source.stat().st_mtime_ns, source.read_bytes()) for source in sources}
    try:
        yield
    finally:
        for source, (modified, content) in before.items():
            # Unless someone is editing it.
            if source.exists() and source.read_bytes() == content:
                os.utime(source, ns=(modified, modified))


def _execute(command: Command, environment: dict[str, str]) -> None:
    readable = " ".join([Path(command[0]).name, *map(str, command[1:])])
    say(f"$ {readable}")
    if subprocess.run(command, cwd=ROOT, env=environment).returncode != 0:
        raise Failure(f"Failed: {readable}")


def _environment(instance: Instance | None = None) -> dict[str, str]:
    environment = {
        **cargo_environment(),
        "PYTHONDONTWRITEBYTECODE": "1",
        "REDOCLY_TELEMETRY": "off",
        "SAM_CLI_TELEMETRY": "0",
    }
    if instance:
        environment["DATABASE_URL"] = instance.stack()["database_url"]
        environment["DATABASE_CA_FILE"] = str(instance.authority)
        environment["PGPASSFILE"] = str(instance.pgpass)
        environment["STACK_FILE"] = str(instance.stack_file)
    return environment


def install(tool: tuple[str, str, tuple[str, ...]]) -> None:
    """Compiles a cargo subcommand into the cache, once per version."""
    name, version, options = tool
    installed = CARGO_TOOLS / ".crates.toml"
    if installed.exists() and f'"{name} {version} ' in installed.read_text():
        return
    with step(f"Compiling {name} {version} (once; takes some minutes)"):
        # In a target folder of its own: its dependencies have other features than ours.
        environment = {key: value for key, value in os.environ.items() if key != "CARGO_TARGET_DIR"}
        where: Command = ["--root", CARGO_TOOLS, "--version", version]
        # Unoptimised: each runs for a second or two, and takes half as long to compile.
        command: Command = ["cargo", "install", "--locked", "--quiet", "--debug", *where, *options, name]
        if subprocess.run(command, env=environment, cwd=CACHE).returncode != 0:
            raise Failure(f"{name} could not be installed; cargo's message is above.")
