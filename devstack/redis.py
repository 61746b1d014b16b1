"""A private Redis server: a cache, so nothing of it is kept on disk."""

import shutil
import socket

from devstack.console import Failure
from devstack.instance import Instance, write_private
from devstack.supervisor import Program

NAME = "redis"


def program(instance: Instance) -> Program:
    directory = instance.data / NAME
    directory.mkdir(exist_ok=True)
    # In a file, for a password on a command line can be read by every user of the machine.
    settings = directory / "redis.conf"
    write_private(
        settings,
        f"bind 127.0.0.1\nport {instance.ports[NAME]}\nrequirepass {instance.passwords[NAME]}\n"
        f'dir "{directory}"\nsave ""\nappendonly no\nmaxmemory 128mb\nmaxmemory-policy allkeys-lru\n'
        # A rewritten title would overwrite the environment that the process is recognised by.
        "set-proc-title no\n",
    )
    return Program(name=NAME, command=[shutil.which("redis-server") or "redis-server", str(settings)])


def ask(instance: Instance) -> None:
    """Raises if the server doesn't answer a PING."""
    with socket.create_connection(("127.0.0.1", instance.ports[NAME]), timeout=3) as connection:
        connection.sendall(f"AUTH {instance.passwords[NAME]}\r\nPING\r\nQUIT\r\n".encode())
        answer = connection.makefile("rb").read()
    if answer != b"+OK\r\n+PONG\r\n+OK\r\n":
        raise Failure(f"Redis answered {answer!r}")
