"""One instance of the local stack: a directory with its ports, passwords, data and logs."""

import contextlib
import fcntl
import json
import os
import secrets
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

from devstack.config import MIGRATOR, ROLES
from devstack.console import Failure

PORTS = ("postgres", "redis", "emulator", "web")
SUPERUSER = "postgres"
NOT_UP = "The stack isn't up. Start it with: make up"


class Instance:
    """Where an instance keeps its things, and what it must remember between two starts."""

    def __init__(self, directory: Path, *, throwaway: bool = False) -> None:
        self.directory = directory.resolve()
        self.throwaway = throwaway
        """Its data need not survive a crash of the machine, so the database may skip syncing."""
        self.data = self.directory / "data"
        self.logs = self.directory / "logs"
        self.run = self.directory / "run"
        self.stack_file = self.directory / "stack.json"
        self.pgpass = self.directory / "pgpass"
        self.authority = self.directory / "authority.pem"
        """The certificate that signed the database's."""
        self._memory_file = self.directory / "instance.json"
        self._memory: dict = {}
        if self._memory_file.exists():
            self._memory = json.loads(self._memory_file.read_text())

    # ------------------------------------------------------------ memory

    @property
    def ports(self) -> dict[str, int]:
        return self._memory["ports"]

    @property
    def passwords(self) -> dict[str, str]:
        """Of the database's logins, Redis (`redis`) and the demo users (`demo`), and the seal of sessions (`session`)."""
        return self._memory["passwords"]

    @property
    def postgres_data(self) -> Path | None:
        """The database's directory, once it is completely made. It may have to lie outside of the instance's."""
        path = self._memory.get("postgres_data")
        return Path(path) if path else None

    @postgres_data.setter
    def postgres_data(self, path: Path) -> None:
        self._memory["postgres_data"] = str(path)
        self._save()

    def prepare(self) -> None:
        """Makes the directory, and whatever of ports and passwords isn't there yet."""
        for directory in (self.directory, self.data, self.logs, self.run):
            directory.mkdir(parents=True, exist_ok=True)
        passwords = self._memory.setdefault("passwords", {})
        for login in (SUPERUSER, MIGRATOR, *ROLES, "redis"):
            passwords.setdefault(login, secrets.token_urlsafe(24))
        passwords.setdefault("session", secrets.token_urlsafe(48))
        # Cognito's policy asks for each class of characters.
        passwords.setdefault("demo", f"Aa1-{secrets.token_urlsafe(15)}")
        self._memory.setdefault("ports", {})
        self._save()
        entries = (f"127.0.0.1:*:*:{login}:{passwords[login]}\n" for login in (SUPERUSER, MIGRATOR, *ROLES))
        write_private(self.pgpass, "".join(entries))

    def has_ports(self) -> bool:
        """Whether every server has one: an instance may be older than a server."""
        return self.ports.keys() >= set(PORTS)

    def choose_ports(self) -> None:
        """Keeps the ports of the last start if they are still free, and finds others for those that aren't."""
        with contextlib.ExitStack() as held:
            for name in PORTS:
                listener = _listen(self.ports.get(name, 0)) or _listen(0)
                if listener is None:
                    raise Failure("No free port on 127.0.0.1.")
                held.enter_context(listener)
                self.ports[name] = listener.getsockname()[1]
        self._save()

    def _save(self) -> None:
        write_private(self._memory_file, json.dumps(self._memory, indent=2))

    # ------------------------------------------------------------ what callers connect to

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.ports['emulator']}"

    @property
    def web_url(self) -> str:
        return f"http://127.0.0.1:{self.ports['web']}"

    @property
    def redis_url(self) -> str:
        return f"redis://:{self.passwords['redis']}@127.0.0.1:{self.ports['redis']}/0"

    def database_url(self, login: str, database: str) -> str:
        return f"postgresql://{login}:{self.passwords[login]}@127.0.0.1:{self.ports['postgres']}/{database}"

    def stack(self) -> dict:
        """What the last successful start wrote for tests and people."""
        if not self.stack_file.exists():
            raise Failure(NOT_UP)
        return json.loads(self.stack_file.read_text())

    # ------------------------------------------------------------ life

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keeps two commands from changing the instance at once."""
        self.run.mkdir(parents=True, exist_ok=True)
        with open(self.run / "lock", "w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Failure(f"Another command is working on {self.directory}; wait until it has ended.") from None
            yield

    def delete(self) -> None:
        """Deletes all that `prepare` and a start made. A nested instance (the tests') isn't touched."""
        if self.postgres_data:
            shutil.rmtree(self.postgres_data, ignore_errors=True)
        for directory in (self.data, self.logs, self.run):
            shutil.rmtree(directory, ignore_errors=True)
        for file in (self.stack_file, self.pgpass, self.authority, self._memory_file):
            file.unlink(missing_ok=True)
        self._memory = {}


def write_private(path: Path, text: str) -> None:
    """Replaces a file that holds secrets; no other user can read it at any moment."""
    temporary = path.with_name(f".{path.name}.new")
    temporary.unlink(missing_ok=True)
    with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    temporary.replace(path)


def _listen(port: int) -> socket.socket | None:
    listener = socket.socket()
    # A port whose last connections are still closing counts as free, as it does for the servers.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        listener.listen()
    except OSError:
        listener.close()
        return None
    return listener
