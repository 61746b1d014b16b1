"""The dashboard: its modules, its production build, and the server of an instance that serves it."""

import contextlib
import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from devstack.config import NODE, REGION, ROOT, TOOLS_BIN
from devstack.console import Failure, step
from devstack.instance import Instance, write_private
from devstack.supervisor import Program, Supervisor

NAME = "web"
FRONTEND = ROOT / "frontend"
MODULES = FRONTEND / "node_modules"
BUILD = ROOT / "target" / "web"
# What the panel's help shows, and its folder beside the server.
GUIDE = ROOT / "docs" / "guia"
GUIDE_COPY = "guia"
# What a folder was made of; written last, so that a folder without it isn't complete.
STAMP = ".made-of"
# What the build follows from.
SOURCES = ("src/**/*", "messages/**/*", "public/**/*", "next.config.ts", "package*.json", "postcss.config.mjs",
           "tsconfig.json", "../docs/guia/**/*")
# What tests and measurements open the dashboard with.
BROWSER = "chromium"
SIGN_IN = "/auth/login"
STOP_SECONDS = 10


# ---------------------------------------------------------------- what is served


def environment(base: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment of every command of the frontend: the pinned Node before any other, nothing told to anybody."""
    return {**base, "PATH": os.pathsep.join([str(TOOLS_BIN), base["PATH"]]), "NEXT_TELEMETRY_DISABLED": "1"}


def test_environment(instance: Instance) -> dict[str, str]:
    """The same for what opens a served dashboard in a browser."""
    return {**environment(), "STACK_FILE": str(instance.stack_file)}


def install_modules() -> None:
    """Installs the locked npm modules, unless they are those of the last time."""
    with _alone():
        made_of = _digest("package-lock.json")
        if _read_stamp(MODULES) != made_of:
            with step("Installing the dashboard's npm modules"):
                command = [TOOLS_BIN / "npm", "ci", "--ignore-scripts", "--loglevel", "error"]
                _execute(command, "The dashboard's modules could not be installed; npm's message is above.")
            _write_stamp(MODULES, made_of)


def build() -> None:
    """Makes the production build, unless nothing changed since the last one; its progress goes to the terminal."""
    install_modules()
    with _alone():
        made_of = _digest(*SOURCES)
        if _read_stamp(BUILD) == made_of:
            return
        with step("Building the dashboard"):
            _execute(_next("build"), "The dashboard could not be built; the message is above.")
            shutil.rmtree(BUILD, ignore_errors=True)
            output = FRONTEND / ".next"
            shutil.copytree(output / "standalone", BUILD, symlinks=True)
            shutil.copytree(output / "static", BUILD / ".next" / "static")
            if (FRONTEND / "public").exists():
                shutil.copytree(FRONTEND / "public", BUILD / "public")
            shutil.copytree(GUIDE, BUILD / GUIDE_COPY)
        _write_stamp(BUILD, made_of)


# ---------------------------------------------------------------- who serves it


def program(instance: Instance) -> Program:
    """The server. Its settings are known only after the deployment, so it is started by `serve`."""
    home = _home(instance)
    return Program(
        name=NAME,
        command=[str(NODE), f"--env-file={_settings_file(instance)}", str(home / "server.js")],
        on_demand=True,
    )


def serve(instance: Instance, supervisor: Supervisor) -> None:
    """Has the last build served with the stack's settings; a server that already does so keeps running."""
    home, made_of = _home(instance), _read_stamp(BUILD)
    lines = "".join(f'{name}="{value}"\n' for name, value in settings(instance).items())
    file = _settings_file(instance)
    new_build = _read_stamp(home) != made_of
    new_settings = not file.exists() or file.read_text() != lines
    if new_build or new_settings:
        supervisor.stop_program(NAME)
    if new_build:
        # A copy of the instance's own: the next build, perhaps for another instance, changes nothing here.
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(BUILD, home, symlinks=True)
    if new_settings:
        write_private(file, lines)
    supervisor.start_program(NAME)


def settings(instance: Instance) -> dict[str, str]:
    """The environment that the server reads its settings from."""
    stack = instance.stack()
    pool = stack["user_pool_id"]
    return {
        "HOSTNAME": "127.0.0.1",
        "PORT": str(instance.ports[NAME]),
        "NEXT_TELEMETRY_DISABLED": "1",
        "WEB_ORIGIN": instance.web_url,
        "API_URL": stack["api_url"],
        "AWS_REGION": REGION,
        "COGNITO_USER_POOL_ID": pool,
        "COGNITO_CLIENT_ID": stack["user_pool_client_id"],
        "COGNITO_CLIENT_SECRET": stack["user_pool_client_secret"],
        "COGNITO_ENDPOINT": instance.endpoint,
        "COGNITO_JWKS_URL": f"{instance.endpoint}/{pool}/.well-known/jwks.json",
        "SESSION_SECRET": instance.passwords["session"],
        "SUPPORT_EMAIL": "atendimento@alquimista.example.com",
        "SUPPORT_PHONE": "+55 11 5555-0100",
        "GUIDE_DIR": str(_home(instance) / GUIDE_COPY),
        "SUPPORT_HOURS": "segunda a sexta, das 8h às 18h (horário de Brasília)",
    }


def develop(instance: Instance) -> None:
    """Serves the working copy with hot reload until interrupted, where `serve` would serve the build."""
    install_modules()
    server = subprocess.Popen(
        _next("dev", "--hostname", "127.0.0.1", "--port", str(instance.ports[NAME])),
        cwd=FRONTEND,
        env={**environment(), **settings(instance), "GUIDE_DIR": str(GUIDE)},
        stdin=subprocess.DEVNULL,
        # Ctrl-C is ours: the server and its helpers are ended together.
        start_new_session=True,
    )
    try:
        if server.wait() != 0:
            raise Failure("The development server ended; its message is above.")
    finally:
        _end(server)


def ask(instance: Instance) -> None:
    """Raises if the sign-in page isn't served, or without the policy that protects it."""
    with urllib.request.urlopen(f"{instance.web_url}{SIGN_IN}", timeout=10) as answer:
        answer.read()
        if "Content-Security-Policy" not in answer.headers:
            raise Failure("the sign-in page has no Content-Security-Policy")


# ---------------------------------------------------------------- helpers


def _home(instance: Instance) -> Path:
    return instance.data / NAME


def _settings_file(instance: Instance) -> Path:
    return instance.run / "web.env"


def _next(*arguments: str) -> list[str | Path]:
    return [NODE, MODULES / "next" / "dist" / "bin" / "next", *arguments]


def _execute(command: Sequence[str | Path], failure: str) -> None:
    # Standard output is for results that other programs read.
    if subprocess.run(command, cwd=FRONTEND, env=environment(), stdout=sys.stderr).returncode != 0:
        raise Failure(failure)


def _end(server: subprocess.Popen) -> None:
    """Ends a process and those it started."""
    for chosen in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, chosen)
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(STOP_SECONDS)


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Two instances of a clone may start at once; the second waits and finds the work done."""
    lock = BUILD.with_suffix(".lock")
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _digest(*patterns: str) -> str:
    """The state of these files and of the Node that makes something of them."""
    digest = hashlib.sha256(str(NODE).encode())
    found = {file for pattern in patterns for file in FRONTEND.glob(pattern) if file.is_file()}
    for file in sorted(file for file in found if ".test." not in file.name):
        digest.update(f"\0{os.path.relpath(file, FRONTEND)}\0".encode() + file.read_bytes())
    return digest.hexdigest()


def _read_stamp(folder: Path) -> str | None:
    stamp = folder / STAMP
    return stamp.read_text() if stamp.exists() else None


def _write_stamp(folder: Path, made_of: str) -> None:
    (folder / STAMP).write_text(made_of)
