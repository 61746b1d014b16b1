"""The instance's processes, kept by one supervisord: start, stop, and the state of each."""

import configparser
import contextlib
import hashlib
import os
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
import xmlrpc.client
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from supervisor.states import STOPPED_STATES, ProcessStates
from supervisor.xmlrpc import SupervisorTransport

from devstack.config import TOOLS_BIN
from devstack.console import Failure
from devstack.instance import Instance

# Every process of an instance carries this variable, so that one left over after a crash can be told from all others.
MARK = "DEVSTACK_INSTANCE"
LONGEST_SOCKET_PATH = 100
STOP_SECONDS = 30


@dataclass(frozen=True)
class Program:
    """One process that supervisord keeps running."""

    name: str
    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    user: str | None = None
    stop_signal: str = "TERM"
    on_demand: bool = False
    """Started by `start_program`, not together with the others."""


class Supervisor:
    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.config = instance.run / "supervisord.conf"
        self.log = instance.logs / "supervisord.log"
        self.socket = _socket_path(instance)

    @property
    def url(self) -> str:
        """Where `supervisorctl -s` reaches it."""
        return f"unix://{self.socket}"

    def running(self) -> bool:
        try:
            self._server().getState()
        except (OSError, xmlrpc.client.Error):
            return False
        return True

    def start(self, programs: list[Program], prepare: Callable[[], None] = lambda: None) -> None:
        """Starts the programs; those that already run with the same settings keep running. With others all are started anew,
        and this is done when none of them runs."""
        wanted = self._render(programs)
        if self.running():
            if self.config.read_text() == wanted:
                for program in programs:
                    if not program.on_demand:
                        self.start_program(program.name)
                return
            self.stop()
        self.stop_leftovers()
        prepare()
        _make_socket_directory(self.socket.parent)
        self.config.write_text(wanted)
        environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", MARK: str(self.instance.directory)}
        started = subprocess.run(
            [TOOLS_BIN / "supervisord", "-c", self.config],
            env=environment,
            cwd=self.instance.directory,
            capture_output=True,
            text=True,
        )
        if started.returncode != 0:
            raise Failure(f"supervisord didn't start: {(started.stderr or started.stdout).strip()}", self.log)
        deadline = time.monotonic() + STOP_SECONDS
        while not self.running():
            if time.monotonic() > deadline:
                raise Failure("supervisord doesn't answer.", self.log)
            time.sleep(0.05)

    def stop(self) -> None:
        """Stops all processes of the instance, and comes back when they are gone."""
        if self.running():
            pid = self._server().getPID()
            self._server().shutdown()
            # Each program has STOP_SECONDS before it is killed, and they are stopped together.
            deadline = time.monotonic() + STOP_SECONDS + 10
            while _alive(pid) and time.monotonic() < deadline:
                time.sleep(0.05)
        self.stop_leftovers()
        if self.socket.parent != self.instance.run:
            shutil.rmtree(self.socket.parent, ignore_errors=True)

    def start_program(self, name: str) -> None:
        """Starts a program, unless it runs."""
        if self.state(name) in STOPPED_STATES:
            # If it can't be started, waiting for its answer will tell, with its log.
            with contextlib.suppress(xmlrpc.client.Fault):
                self._server().startProcess(name, False)

    def stop_program(self, name: str) -> None:
        """Stops a program, and comes back when it has ended."""
        if self.state(name) not in STOPPED_STATES:
            self._server().stopProcess(name)

    def stop_leftovers(self) -> None:
        """Ends processes of this instance that lost their supervisor."""
        for chosen in (signal.SIGINT, signal.SIGKILL):
            pids = self._marked()
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, chosen)
            deadline = time.monotonic() + 10
            while any(map(_alive, pids)) and time.monotonic() < deadline:
                time.sleep(0.05)

    def state(self, name: str) -> int:
        return self._server().getProcessInfo(name)["state"]

    def failed(self, name: str) -> bool:
        """Whether the program ended by itself and won't be started again."""
        return self.state(name) in (ProcessStates.FATAL, ProcessStates.EXITED)

    def program_log(self, name: str) -> Path:
        return self.instance.logs / f"{name}.log"

    def _server(self) -> Any:
        # The host is never asked for: the transport goes through the socket.
        return xmlrpc.client.ServerProxy("http://localhost", SupervisorTransport(None, None, self.url)).supervisor

    def _marked(self) -> list[int]:
        mark = f"{MARK}={self.instance.directory}".encode()
        found = []
        for process in Path("/proc").iterdir():
            if process.name.isdigit() and int(process.name) != os.getpid():
                try:
                    environment = (process / "environ").read_bytes()
                except OSError:
                    continue
                if mark in environment.split(b"\0"):
                    found.append(int(process.name))
        return found

    def _render(self, programs: list[Program]) -> str:
        config = configparser.RawConfigParser()
        config.optionxform = str  # type: ignore[assignment]
        config["unix_http_server"] = {"file": _escape(self.socket), "chmod": "0700"}
        config["supervisord"] = {
            "pidfile": _escape(self.instance.run / "supervisord.pid"),
            "logfile": _escape(self.log),
            "childlogdir": _escape(self.instance.logs),
            # Saying so keeps supervisord from warning that it is root.
            **({"user": "root"} if os.geteuid() == 0 else {}),
        }
        config["rpcinterface:supervisor"] = {
            "supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface"
        }
        for program in programs:
            config[f"program:{program.name}"] = {
                "command": _escape(shlex.join(program.command)),
                "environment": ",".join(f'{key}="{_escape(value)}"' for key, value in program.environment.items()),
                **({"user": program.user} if program.user else {}),
                "stdout_logfile": _escape(self.program_log(program.name)),
                "stdout_logfile_maxbytes": "20MB",
                "stdout_logfile_backups": "1",
                "redirect_stderr": "true",
                **({"autostart": "false"} if program.on_demand else {}),
                "startretries": "0",
                "autorestart": "unexpected",
                "stopsignal": program.stop_signal,
                "stopwaitsecs": str(STOP_SECONDS),
                "killasgroup": "true",
            }
        with tempfile.TemporaryFile("w+") as file:
            config.write(file)
            file.seek(0)
            return file.read()


def _socket_path(instance: Instance) -> Path:
    """In the instance's directory, unless that makes the path longer than the kernel takes."""
    path = instance.run / "supervisor.sock"
    if len(str(path)) <= LONGEST_SOCKET_PATH:
        return path
    digest = hashlib.sha256(str(instance.directory).encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"painel-alquimista-{os.geteuid()}-{digest}" / "supervisor.sock"


def _make_socket_directory(directory: Path) -> None:
    directory.mkdir(mode=0o700, exist_ok=True)
    # In a folder that all users share, someone else may have made it first.
    if directory.stat().st_uid != os.geteuid():
        raise Failure(f"{directory} belongs to another user; set TMPDIR to a folder of your own.")


def _escape(value: object) -> str:
    # supervisord expands %(…)s in its configuration.
    return str(value).replace("%", "%%")


def _alive(pid: int) -> bool:
    try:
        # A zombie has ended; only its parent hasn't noticed.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
