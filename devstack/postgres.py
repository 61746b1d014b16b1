"""A private PostgreSQL server: its data directory, first login, database, and a question it must answer."""

import hashlib
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from devstack import certificates, packages
from devstack.config import DATABASE, MIGRATOR
from devstack.console import Failure
from devstack.instance import SUPERUSER, Instance
from devstack.supervisor import Program

NAME = "postgres"
SYSTEM_USER = "postgres"
ADDRESS = "127.0.0.1"


def server_bin() -> Path:
    """The folder of the server's programs."""
    found = packages.postgres_bin()
    if found is None:
        raise Failure("PostgreSQL isn't installed.")
    return found


def initialize(instance: Instance) -> None:
    """Makes the data directory if there is none."""
    if instance.postgres_data:
        _check_version(instance.postgres_data)
        return
    directory = _make_directory(instance)
    with tempfile.NamedTemporaryFile("w") as password:
        password.write(instance.passwords[SUPERUSER])
        password.flush()
        if os.geteuid() == 0:
            shutil.chown(password.name, SYSTEM_USER)
        login = ["--username", SUPERUSER, "--pwfile", password.name, "--auth", "scram-sha-256"]
        text = ["--encoding", "UTF8", "--locale", "C.UTF-8"]
        command = [server_bin() / "initdb", "--pgdata", ".", *login, *text, "--no-instructions"]
        made = _as_server_user(directory, *command)
    if made.returncode != 0:
        raise Failure(f"initdb failed: {made.stderr.strip()}")
    _make_certificate(instance, directory)
    instance.postgres_data = directory


def program(instance: Instance, tuning: Mapping[str, object] | None = None) -> Program:
    settings: dict[str, object] = {
        "port": instance.ports[NAME],
        "listen_addresses": ADDRESS,
        "ssl": "on",
        "unix_socket_directories": "",
        "timezone": "UTC",
        "shared_buffers": "256MB",
        # Database tests open a pool per test.
        "max_connections": 200,
        # Who sent which statements, and their buffers, as Aurora has it: tests and benchmarks ask. Tests have many databases.
        "shared_preload_libraries": "pg_stat_statements",
        "pg_stat_statements.max": 20_000,
        "pg_stat_statements.track_utility": "off",
    }
    if instance.throwaway:
        # What is committed outlives a crash of the server, which tests cause, but not one of the machine.
        settings |= {"fsync": "off", "full_page_writes": "off"}
    settings |= tuning or {}
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return Program(
        name=NAME,
        command=[str(server_bin() / "postgres"), "-D", str(instance.postgres_data), *options],
        user=SYSTEM_USER if os.geteuid() == 0 else None,
        stop_signal="INT",
    )


def ask(instance: Instance) -> None:
    """Raises if the server doesn't answer a query."""
    with psycopg.connect(instance.database_url(SUPERUSER, "postgres"), connect_timeout=3) as connection:
        connection.execute("SELECT 1")


def create_database(instance: Instance, name: str = DATABASE) -> None:
    """Makes what a managed database comes with: a login that may make roles but isn't superuser, and its database."""
    with psycopg.connect(instance.database_url(SUPERUSER, "postgres"), autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [MIGRATOR]).fetchone():
            connection.execute(
                sql.SQL("CREATE ROLE {} LOGIN CREATEROLE PASSWORD {}").format(
                    sql.Identifier(MIGRATOR), sql.Literal(instance.passwords[MIGRATOR])
                )
            )
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(name), sql.Identifier(MIGRATOR))
            )


def _check_version(directory: Path) -> None:
    written_by = _as_server_user(directory, "cat", "PG_VERSION").stdout.strip()
    installed = subprocess.run([server_bin() / "postgres", "--version"], capture_output=True, text=True).stdout.strip()
    if f" {written_by}." not in installed:
        raise Failure(
            f"The data in {directory} was written by PostgreSQL {written_by or '(none)'}; installed is {installed}. "
            "Delete the local data with: make reset"
        )


def _make_directory(instance: Instance) -> Path:
    """An empty data directory that the server's user can reach."""
    directory = instance.data / NAME
    # PostgreSQL refuses to be root, and its own user may not pass through the folders above the clone.
    if os.geteuid() == 0 and _as_server_user(instance.data, "true").returncode != 0:
        digest = hashlib.sha256(str(instance.directory).encode()).hexdigest()[:16]
        directory = Path("/var/tmp") / f"painel-alquimista-{digest}"
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(mode=0o700)
    if os.geteuid() == 0:
        shutil.chown(directory, SYSTEM_USER, SYSTEM_USER)
    return directory


def _make_certificate(instance: Instance, directory: Path) -> None:
    """Gives the server a certificate, under the names it looks for, and callers the authority to trust."""
    authority, certificate, key = certificates.issue(ADDRESS)
    instance.authority.write_bytes(authority)
    for name, content in (("server.crt", certificate), ("server.key", key)):
        file = directory / name
        file.touch(mode=0o600)
        file.write_bytes(content)
        if os.geteuid() == 0:
            shutil.chown(file, SYSTEM_USER, SYSTEM_USER)


def _as_server_user(directory: Path, *command: str | Path) -> subprocess.CompletedProcess[str]:
    """Runs a command in a directory as the user that the server runs as."""
    script = ["sh", "-c", 'cd "$0" && exec "$@"', directory, *command]
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}
    if os.geteuid() != 0:
        return subprocess.run(script, env=environment, capture_output=True, text=True)
    account = pwd.getpwnam(SYSTEM_USER)
    identity: dict[str, Any] = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    return subprocess.run(script, env=environment, cwd="/", capture_output=True, text=True, **identity)
