"""The benchmark: a PostgreSQL server of its own, data that is kept from one run to the next, and the measurements."""

import hashlib
import os
import platform
import subprocess
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from psycopg import sql

from devstack import build, packages, postgres, stack
from devstack.config import MEASURED_PROFILE, MIGRATOR, NODE, RELEASE_PROFILE, ROOT, TOOLS_BIN
from devstack.console import Failure, step
from devstack.instance import SUPERUSER, Instance
from devstack.supervisor import Supervisor

SCALES = {"S": ("s",), "L": ("s", "l")}
# What the data, the comparison's tables and their indexes come to, with room for sorting.
NEEDED_BYTES = {"S": 4 * 1024**3, "L": 24 * 1024**3}
ROWS, QUICK_ROWS = 10_000_000, 1_000_000
# What the databases' content follows from.
SOURCES = ("migrations/*.sql", "crates/data/src/schema/*", "crates/demo-data/src/bulk*", "crates/demo-data/src/bulk/*",
           "benches/sql/naive/schema.sql")
# The tenant API on Node.js, and where its bundle and the packages go.
BASELINE = ROOT / "benches" / "node-baseline"
PACKAGES = ROOT / "target" / "bench"


def run(instance: Instance, scale: str, *, quick: bool, json_file: Path | None, options: list[str]) -> None:
    """Measures at this scale; the report goes to standard output. Stops the server in the end."""
    instance.directory.mkdir(parents=True, exist_ok=True)
    stack.check_disk(instance, 1024**3 if instance.postgres_data else NEEDED_BYTES[scale])
    packages.ensure("build-essential", "postgresql")
    with instance.locked():
        with step("Building"):
            build.compile_workspace()
            build.compile_packages(MEASURED_PROFILE, "--package", "bench")
        instance.prepare()
        supervisor = Supervisor(instance)
        try:
            _start(instance, supervisor)
            rows = QUICK_ROWS if quick else ROWS
            for name in SCALES[scale]:
                _prepare(instance, name, rows if name == scale.lower() else 0)
            _measure(instance, scale, quick=quick, json_file=json_file, options=options)
        finally:
            with stack.uninterrupted(), step("Stopping PostgreSQL"):
                supervisor.stop()


def run_web(instance: Instance) -> None:
    """Measures the dashboard that is served, which is brought up first if it isn't; prints the tables."""
    print(_machine(), flush=True)
    stack.open_in_browser(instance, "scripts/bench-web.ts", "The dashboard could not be measured; the message is above.")


def run_functions(instance: Instance, what: str, *, quick: bool, warm_up: int | None) -> None:
    """Measures the tenant API's release binary, `cold` or `warm`, on the stack's database beside the same on Node.js; the
    table goes to standard output. The stack is brought up first if it isn't."""
    if not Supervisor(instance).running():
        stack.up(instance)
    described = instance.stack()
    with step("Building the functions as they are deployed (takes some minutes after a change)"):
        build.compile_workspace()
        build.compile_packages(RELEASE_PROFILE, "--package", "tenant-api", "--package", "floor")
    with step("Bundling the same on Node.js"):
        environment = {**os.environ, "PATH": os.pathsep.join([str(TOOLS_BIN), os.environ["PATH"]])}
        _execute([TOOLS_BIN / "npm", "ci", "--prefix", BASELINE, "--silent"], environment=environment)
        _execute([NODE, "build.mjs", PACKAGES], cwd=BASELINE)
    function, floor = (build.binary(name, RELEASE_PROFILE) for name in ("tenant-api", "floor"))
    bundle = PACKAGES / "index.cjs"
    tenant = next(user["tenant_id"] for user in described["users"] if "TENANT_ADMIN" in user["groups"])
    _execute([
        build.binary("bench"), what,
        "--function", function, "--function-package", _zip(function),
        "--floor", floor, "--floor-package", _zip(floor),
        "--node", NODE, "--baseline", bundle, "--baseline-package", _zip(bundle),
        "--bare-baseline", PACKAGES / "bare.cjs",
        "--database-url", described["database_url"], "--passwords", described["pgpass"],
        "--authority", instance.authority, "--tenant", tenant, "--machine", _machine(),
        *(["--quick"] if quick else []),
        *(["--warm-up", str(warm_up)] if warm_up else []),
    ])


def tuning() -> dict[str, object]:
    """The server's settings, where they aren't PostgreSQL's own."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    third = f"{memory // 3 // 1024**2}MB"
    return {
        "shared_buffers": third,
        "effective_cache_size": f"{memory * 2 // 3 // 1024**2}MB",
        "maintenance_work_mem": "1GB",
        "max_wal_size": "16GB",
        "checkpoint_timeout": "30min",
        # Loading needs no log for what is new.
        "wal_level": "minimal",
        "max_wal_senders": 0,
        # It would come in the middle of a measurement; everything is vacuumed after loading.
        "autovacuum": "off",
        "max_connections": 40,
    }


def _start(instance: Instance, supervisor: Supervisor) -> None:
    settings = tuning()
    with step("Starting PostgreSQL: " + ", ".join(f"{name}={value}" for name, value in settings.items())):
        supervisor.stop()
        instance.choose_ports()
        postgres.initialize(instance)
        supervisor.start([postgres.program(instance, settings)])
        stack.wait(supervisor, postgres.NAME, lambda: postgres.ask(instance))


def _prepare(instance: Instance, scale: str, rows: int) -> None:
    """Makes the database of this scale, unless it is there already as today's code would make it today."""
    database, made_of = _database(scale), _made_of()
    admin = instance.database_url(SUPERUSER, "postgres")
    with psycopg.connect(admin, autocommit=True) as connection:
        found = connection.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [database]
        ).fetchone()
        if not (found and found[0] and found[0].split()[0] == made_of):
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database)))
            postgres.create_database(instance, database)
            with step(f"Loading {database} (kept until the code or the date changes)"):
                _load(instance, scale)
            _remember(connection, database, made_of, 0)
            found = (f"{made_of} 0",)
        if rows and int(found[0].split()[1]) != rows:
            with step(f"Making {rows} raw requests"):
                _execute([build.binary("demo-data"), "requests", "--rows", str(rows), *_at(instance, scale)])
            _remember(connection, database, made_of, rows)


def _load(instance: Instance, scale: str) -> None:
    _execute([build.binary("bench"), "migrate", "--database-url", instance.database_url(MIGRATOR, _database(scale)),
              "--passwords", instance.pgpass])
    with psycopg.connect(instance.database_url(SUPERUSER, _database(scale)), autocommit=True) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
    _execute([build.binary("demo-data"), "load", "--scale", scale, *_at(instance, scale)])
    with step("Filling the tables of the design as it stands"):
        _execute([build.binary("bench"), "naive", *_at(instance, scale)])


def _measure(instance: Instance, scale: str, *, quick: bool, json_file: Path | None, options: list[str]) -> None:
    command: list[str | Path] = [build.binary("bench", MEASURED_PROFILE), "run", "--scale", scale.lower()]
    command += ["--database-url", instance.database_url(SUPERUSER, "postgres"), "--passwords", instance.pgpass]
    command += ["--json", json_file or instance.directory / "result.json"]
    command += ["--machine", _machine(), "--profile", MEASURED_PROFILE]
    _execute([*command, *(["--quick"] if quick else []), *options])


def _machine() -> str:
    """What the numbers depend on, in a line."""
    model = next((line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), platform.machine())
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1024**3
    return f"{os.cpu_count()} × {model}, {memory:.0f} GiB"


def _database(scale: str) -> str:
    return f"painel_{scale}"


def _at(instance: Instance, scale: str) -> list[str]:
    return ["--database-url", instance.database_url(MIGRATOR, _database(scale))]


def _made_of() -> str:
    """The state of everything that the data follow from: the code, and the date that it ends on."""
    digest = hashlib.sha256(datetime.now(UTC).date().isoformat().encode())
    for pattern in SOURCES:
        for file in sorted(path for path in ROOT.glob(pattern) if path.is_file()):
            digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _remember(connection: psycopg.Connection, database: str, made_of: str, rows: int) -> None:
    comment = sql.SQL("COMMENT ON DATABASE {} IS {}")
    connection.execute(comment.format(sql.Identifier(database), sql.Literal(f"{made_of} {rows}")))


def _zip(file: Path) -> Path:
    """The package that a deployment makes of a file."""
    package = PACKAGES / f"{file.stem}.zip"
    with zipfile.ZipFile(package, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.write(file, file.name)
    return package


def _execute(command: list[str | Path], *, cwd: Path = ROOT, environment: dict[str, str] | None = None) -> None:
    if subprocess.run(command, cwd=cwd, env=environment).returncode != 0:
        raise Failure(f"{Path(command[0]).name} failed; its message is above.")
