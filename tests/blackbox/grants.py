"""What a role of the database may do, and which of it the statements that it sent need.

A right is needed if, without it, one of the statements would be refused: it is taken away in a transaction that is rolled
back, and the database is asked. `EXPLAIN` asks for rights as running does.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import psycopg
from psycopg import sql
from stack import Stack

ROLES = ("app_tenant", "app_internal", "app_commands", "app_jobs")
SCHEMA = "alquimista_platform"
# Rights of a table for which columns can be named.
OF_COLUMNS = ("SELECT", "INSERT", "UPDATE", "REFERENCES")
OF_TABLES = ("DELETE", "TRUNCATE", "TRIGGER")

# What constraints, indexes and functions do in the name of their caller is seen when they run. As the application has it,
# with values that write something.
RUN = {
    "app_internal": [
        """INSERT INTO tenants (id, name, cnpj, segment, plan, status, mrr_estimate)
           VALUES (gen_random_uuid(), 'Padaria', '44555666000181', NULL, 'starter', 'active', 1)""",
    ],
    "app_commands": ["UPDATE tenant_integrations SET status = 'error', last_error = 'x' WHERE status <> 'error'"],
    "app_jobs": ["SELECT aggregate_day(utc_today() - 1)", "SELECT aggregate_day(utc_today())"],
}


class Record:
    """The statements that each role has sent so far. The server's own record has room for some thousands, and is lost when
    it crashes, so it is read again and again."""

    def __init__(self, stack: Stack) -> None:
        server, _, self._database = stack.description["database_url"].rpartition("/")
        # Not in the application's database, which is looked at as it is.
        self._url = f"{server}/postgres"
        self.statements: dict[str, set[str]] = {role: set() for role in ROLES}
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
            connection.execute("SELECT pg_stat_statements_reset()")

    def read(self) -> None:
        """Without what functions did in their callers' names, and without BEGIN and its like, which need no right."""
        with psycopg.connect(self._url) as connection:
            sent = connection.execute(
                """SELECT r.rolname, s.query FROM pg_stat_statements AS s
                   JOIN pg_roles AS r ON r.oid = s.userid JOIN pg_database AS d ON d.oid = s.dbid
                   WHERE d.datname = %s AND r.rolname = ANY(%s) AND s.toplevel
                       AND s.query ~* '^\\s*(select|with|insert|update|delete)\\M'""",
                [self._database, list(ROLES)],
            )
            for role, statement in sent:
                self.statements[role].add(statement)


@dataclass(frozen=True)
class Right:
    """`privilege` on `column` of a relation, on a relation as a whole if there is no column, or to call a function."""

    privilege: str
    target: str
    column: str | None = None

    def __str__(self) -> str:
        return f"{self.privilege} {self.target}" + (f".{self.column}" if self.column else "")


class Role:
    """A role with what it sent; `connection` is a superuser's."""

    def __init__(self, connection: psycopg.Connection, name: str, statements: Iterable[str]) -> None:
        self.connection = connection
        self.name = name
        self._questions = "; ".join([*self._prepare(statements), *RUN.get(name, [])])

    @cached_property
    def rights(self) -> list[Right]:
        """All that the role may do with relations and functions of the schema."""
        columns = self.connection.execute(
            """SELECT privilege, c.relname, a.attname
               FROM pg_class AS c
               JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped,
               unnest(%s::text[]) AS privilege
               WHERE c.relnamespace = %s::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
                   AND has_column_privilege(%s, c.oid, a.attnum, privilege)""",
            [list(OF_COLUMNS), SCHEMA, self.name],
        ).fetchall()
        tables = self.connection.execute(
            """SELECT privilege, c.relname FROM pg_class AS c, unnest(%s::text[]) AS privilege
               WHERE c.relnamespace = %s::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
                   AND has_table_privilege(%s, c.oid, privilege)""",
            [list(OF_TABLES), SCHEMA, self.name],
        ).fetchall()
        functions = self.connection.execute(
            """SELECT 'EXECUTE', p.oid::regprocedure::text FROM pg_proc AS p
               WHERE p.pronamespace = %s::regnamespace AND has_function_privilege(%s, p.oid, 'EXECUTE')
                   AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.objid = p.oid AND d.deptype = 'e')""",
            [SCHEMA, self.name],
        ).fetchall()
        return sorted((Right(*right) for right in [*columns, *tables, *functions]), key=str)

    def needs(self, right: Right) -> bool:
        """Whether something that the role sent is refused without it."""
        alike = [other for other in self.rights if (other.privilege, other.target) == (right.privilege, right.target)]
        with self.connection.transaction(force_rollback=True):
            for statement in self._take(right, [other.column for other in alike if other != right]):
                self.connection.execute(statement)
            return not self.all_goes()

    def all_goes(self) -> bool:
        """Whether everything that the role sent is allowed."""
        try:
            with self.connection.transaction(force_rollback=True):
                self.connection.execute("SET LOCAL pg_stat_statements.track = 'none'")
                self.connection.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(self.name)))
                self.connection.execute(self._questions.encode())
        except psycopg.errors.InsufficientPrivilege:
            return False
        return True

    def _take(self, right: Right, others: list[str]) -> Iterator[sql.Composed]:
        role = sql.Identifier(self.name)
        privilege = sql.SQL(right.privilege)
        if right.privilege == "EXECUTE":
            yield sql.SQL("REVOKE EXECUTE ON FUNCTION {} FROM {}").format(sql.SQL(right.target), role)
            return
        relation = sql.Identifier(right.target)
        yield sql.SQL("REVOKE {} ON {} FROM {}").format(privilege, relation, role)
        if others:
            columns = sql.SQL(", ").join(map(sql.Identifier, others))
            yield sql.SQL("GRANT {} ({}) ON {} TO {}").format(privilege, columns, relation, role)

    def _prepare(self, statements: Iterable[str]) -> Iterator[str]:
        """Prepares each, and says how the database is asked whether it goes."""
        # Or else the client forgets what is prepared at each rollback.
        self.connection.prepare_threshold = None
        self.connection.execute("SET plan_cache_mode = force_generic_plan")
        for number, statement in enumerate(statements):
            name = f"{self.name}_{number}"
            self._prepare_one(name, statement)
            (count,) = self.connection.execute(
                "SELECT cardinality(parameter_types) FROM pg_prepared_statements WHERE name = %s", [name]
            ).fetchone()
            yield f"EXPLAIN EXECUTE {name}" + (f" ({', '.join(['NULL'] * count)})" if count else "")

    def _prepare_one(self, name: str, statement: str) -> None:
        """Of a constant that became a parameter, some functions can't tell the type: it was a text."""
        statement = as_written(statement)
        while True:
            try:
                self.connection.execute(f"PREPARE {name} AS {statement}".encode())
                return
            except psycopg.errors.IndeterminateDatatype as error:
                parameter = re.search(r"\$\d+", error.diag.message_primary)[0]
                typed = re.sub(rf"{re.escape(parameter)}(?!\d|::)", f"{parameter}::text", statement)
                if typed == statement:
                    raise
                statement = typed


def as_written(recorded: str) -> str:
    """The statement with its constants, which are parameters in the record and have no type there, if it is one that the
    build has looked at (`.sqlx`)."""
    pattern = re.compile(r"(?s:.+?)".join(map(re.escape, re.split(r"\$\d+", recorded))))
    return next((query for query in _looked_at() if pattern.fullmatch(query)), recorded)


@cache
def _looked_at() -> list[str]:
    return [json.loads(file.read_text())["query"].strip() for file in (Path(__file__).parents[2] / ".sqlx").glob("*.json")]
