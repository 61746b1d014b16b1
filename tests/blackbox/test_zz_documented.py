"""The document and the system say the same: every documented status can really happen, and no other does.

The second half is checked on every answer of this suite (conftest.py); here each documented status of each operation is
provoked, so that the first half holds for this file alone. It runs last.
"""

import functools
import json
import re
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from commands import ONE, QUICK, ROUTE, Commands, command
from openapi import METHODS, Document, Operation
from limits import nothing_left
from problems import assert_body_refused, assert_problem
from stack import POSTGRES, Stack, until
from temporary import random_cnpj, steadily, temporary

DOCUMENT = Document()
OPERATIONS = sorted(DOCUMENT.operations)
COMMAND, COMPANY, CHANGE = ("POST", ROUTE), ("POST", "/internal/tenants"), ("PATCH", "/internal/tenants/{id}")
# Of these, what was answered is never shown again (contract, section 8).
NEVER_KEPT = {"/internal/audit", "/internal/options", ROUTE, ONE}
KEPT = {operation for operation in OPERATIONS if operation[0] == "GET" and operation[1] not in NEVER_KEPT}
# The role whose rights an operation's queries need.
ROLES = {"tenant": "app_tenant", "internal": "app_internal"}


class Caller:
    """Calls any operation of the document, as somebody who may unless told otherwise."""

    def __init__(self, stack: Stack, token: Callable[..., str], document: Document) -> None:
        self.stack, self.token, self.document = stack, token, document
        self.tenant_id: str = stack.user("TENANT_ADMIN", tenant=0)["tenant_id"]
        self.made: list[str] = []
        # Signed in while all is well: some statuses are provoked while little works.
        self.internal = token("INTERNAL_ADMIN")
        self.member = token("TENANT_ADMIN", tenant=0)
        user = stack.user("TENANT_ADMIN", tenant=0)
        self.access = stack.sign_in(user["email"], user["password"]).access
        # What is changed is a company of its own; so is whom a command is for.
        self.own: dict[str, Any] = self.call(COMPANY).json()["tenant"]
        self.commands = Commands(stack, self.internal)
        self.command: str = self.commands.run("HEALTH_CHECK", QUICK, self.own["id"])["command_id"]

    def call(
        self, operation: Operation, token: str | None = None, params: Any = None, body: Any = None, **headers: str
    ) -> httpx.Response:  # fmt: skip
        method, path = operation
        if params is None:
            params = {"tenant_id": self.tenant_id} if is_about_a_tenant(operation) else {}
        if "{" in path:
            one = self.command if path == ONE else self.tenant_id if method == "GET" else self.own["id"]
            path = re.sub(r"\{\w+\}", one, path)
        if method != "GET":
            body = self.good(operation) if body is None else body
            headers = GOOD_HEADERS[method] | headers
        answer = self.stack.send(method, path, token or self.internal, body, params, **headers)
        if answer.status_code == 201 and operation == COMMAND:
            # Until it has ended, lists change by themselves.
            self.commands.ended(answer.json()["command_id"])
        elif answer.status_code == 201:
            self.made.append(answer.json()["tenant"]["id"])
        return answer

    def good(self, operation: Operation) -> dict[str, Any]:
        """A body that is accepted."""
        return command("HEALTH_CHECK", QUICK, self.own["id"]) if operation == COMMAND else GOOD[operation]()


# What is sent where something is written, unless told otherwise.
GOOD: dict[Operation, Callable[[], dict[str, Any]]] = {
    COMPANY: lambda: {"name": "Temporário, documentado", "cnpj": random_cnpj(), "plan": "starter"},
    CHANGE: lambda: {"name": f"Temporário, documentado {uuid.uuid4()}"},
}
GOOD_HEADERS = {"POST": {}, "PATCH": {"If-Match": "*"}}


def is_about_a_tenant(operation: Operation) -> bool:
    """Whether `tenant_id` names the tenant that is asked about; in the internal lists it is a filter."""
    return operation[1].startswith("/tenant/")


@pytest.fixture(scope="module")
def caller(stack: Stack, token: Callable[..., str], document: Document) -> Iterator[Caller]:
    caller = Caller(stack, token, document)
    yield caller
    # The database was down meanwhile: a connection from before would be of no use.
    with temporary(stack) as rows:
        for tenant_id in caller.made:
            rows.adopt(tenant_id)


def ok(caller: Caller, operation: Operation) -> None:
    assert caller.call(operation).status_code == (201 if operation[0] == "POST" else 200)


def not_modified(caller: Caller, operation: Operation) -> None:
    tag = caller.call(operation).headers["etag"]
    answer = caller.call(operation, **{"If-None-Match": tag})
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag)


def bad_request(caller: Caller, operation: Operation) -> None:
    """Every parameter of the document given twice, and all of them named; a body that is none; an id that is none."""
    if names := sorted(caller.document.parameters(*operation)):
        answer = caller.call(operation, params=[(name, "x") for name in names for _ in range(2)])
        assert sorted(error["parameter"] for error in answer.json()["errors"]) == names
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_parameter")
    if operation[0] != "GET":
        member = "command_type" if operation == COMMAND else "name"
        refused = caller.call(operation, body=caller.good(operation) | {member: "", "x": 1})
        assert_body_refused(refused, f"/{member}", "/x")
    if "{id}" in operation[1]:
        malformed = (operation[0], operation[1].replace("{id}", "x"))
        body = None if operation[0] == "GET" else caller.good(operation)
        answer = caller.stack.send(*malformed, caller.internal, body, **GOOD_HEADERS.get(operation[0], {}))
        assert_problem(answer, 400, "invalid_parameter", "id")


def unauthorized(caller: Caller, operation: Operation) -> None:
    """By an access token, which the gateway lets through."""
    assert_problem(caller.call(operation, caller.access), 401, "unauthorized")
    assert caller.stack.send(operation[0], operation[1]).status_code == 401


def forbidden(caller: Caller, operation: Operation) -> None:
    assert_problem(caller.call(operation, caller.token(tenant=0)), 403, "no_group")


def not_found(caller: Caller, operation: Operation) -> None:
    nobody = str(uuid.uuid4())
    method, path = operation
    params = {"tenant_id": nobody} if is_about_a_tenant(operation) else {}
    body = None if method == "GET" else caller.good(operation)
    if operation == COMMAND:
        body["tenant_id"] = nobody
    unknown = re.sub(r"\{\w+\}", nobody, path)
    answer = caller.stack.send(method, unknown, caller.internal, body, params, **GOOD_HEADERS.get(method, {}))
    assert_problem(answer, 404, "not_found")


def conflict(caller: Caller, operation: Operation) -> None:
    if operation == COMMAND:
        again = {"Idempotency-Key": str(uuid.uuid4())}
        assert caller.call(operation, **again).status_code == 201
        assert_problem(caller.call(operation, body=command("HEALTH_CHECK", {}), **again), 409, "idempotency_conflict")
        return
    other = caller.call(COMPANY).json()["tenant"]
    assert_problem(caller.call(operation, body=GOOD[operation]() | {"cnpj": other["cnpj"]}), 409, "conflict")


def precondition_failed(caller: Caller, operation: Operation) -> None:
    assert_problem(caller.call(operation, **{"If-Match": '"stale"'}), 412, "precondition_failed")


def too_large(caller: Caller, operation: Operation) -> None:
    answer = caller.call(operation, body=b" " * 65_537, **{"Content-Type": "application/json"})
    assert_problem(answer, 413, "too_large")


def unsupported(caller: Caller, operation: Operation) -> None:
    assert_problem(caller.call(operation, body=b"{}", **{"Content-Type": "text/plain"}), 415, "unsupported_media_type")


def precondition_required(caller: Caller, operation: Operation) -> None:
    path = operation[1].replace("{id}", caller.own["id"])
    answer = caller.stack.send(operation[0], path, caller.internal, GOOD[operation]())
    assert_problem(answer, 428, "precondition_required")


def rate_limited(caller: Caller, operation: Operation) -> None:
    with nothing_left(caller.stack, caller.commands.sub):
        assert_problem(caller.call(operation), 429, "rate_limited")
    ok(caller, operation)


def internal_error(caller: Caller, operation: Operation) -> None:
    """What the function's role may not read any more is an error of ours, and says nothing of the inside."""
    with without_rights(caller.stack, ROLES[operation[1].split("/")[1]]):
        assert_problem(caller.call(operation), 500, "internal")
    ok(caller, operation)


def unavailable(caller: Caller, operation: Operation) -> None:
    assert_problem(while_the_database_is_down(caller)[operation], 503, "unavailable")


@functools.cache
def while_the_database_is_down(caller: Caller) -> dict[Operation, httpx.Response]:
    """What all operations answer then; asked once and together, for each waits for the database as long as it may."""
    caller.stack.supervise("stop", POSTGRES)
    try:
        with ThreadPoolExecutor(4) as pool:
            return dict(zip(OPERATIONS, pool.map(caller.call, OPERATIONS), strict=True))
    finally:
        caller.stack.supervise("start", POSTGRES)
        until(lambda: caller.call(OPERATIONS[0]).status_code == 200)


@contextmanager
def without_rights(stack: Stack, role: str) -> Iterator[None]:
    """The role can't reach the schema; its rights on tables and columns stay untouched."""

    def rights() -> set[str]:
        acl = database.execute("SELECT unnest(nspacl)::text FROM pg_namespace WHERE nspname = 'alquimista_platform'")
        return {row[0] for row in acl}

    with stack.database() as database:
        before = rights()
        database.execute(f"REVOKE USAGE ON SCHEMA alquimista_platform FROM {role}")
        try:
            yield
        finally:
            database.execute(f"GRANT USAGE ON SCHEMA alquimista_platform TO {role}")
        assert rights() == before


# How each status is provoked. A status that the document gains needs its way here.
WAYS = {
    200: ok, 201: ok, 304: not_modified, 400: bad_request, 401: unauthorized, 403: forbidden, 404: not_found, 409: conflict,
    412: precondition_failed, 413: too_large, 415: unsupported, 428: precondition_required, 429: rate_limited,
    500: internal_error, 503: unavailable,
}  # fmt: skip


@pytest.mark.parametrize(
    ("operation", "status"),
    [pytest.param(op, status, id=f"{' '.join(op)} {status}") for op in OPERATIONS for status in sorted(DOCUMENT.statuses(op))],
)
def test_a_documented_status_happens(caller: Caller, document: Document, operation: Operation, status: int) -> None:
    WAYS[status](caller, operation)
    assert (operation, status) in document.seen


def test_every_documented_status_was_seen_and_no_other(document: Document) -> None:
    documented = {(operation, status) for operation in document.operations for status in document.statuses(operation)}
    assert document.seen == documented


def expected_statuses(operation: Operation) -> set[int]:
    """What can happen, by what the operation is (contract, sections 1 and 2)."""
    method, path = operation
    one = is_about_a_tenant(operation) or "{id}" in path or operation == COMMAND
    return (
        {401, 403, 429, 500, 503}
        | {"GET": {200, 304}, "POST": {201, 409, 413, 415}, "PATCH": {200, 409, 412, 413, 415, 428}}[method]
        | ({404} if one else set())
        | ({400} if one or method != "GET" or DOCUMENT.parameters(*operation) else set())
    )


def test_what_every_operation_documents() -> None:
    for operation, described in DOCUMENT.operations.items():
        assert DOCUMENT.statuses(operation) == expected_statuses(operation), operation
        assert described["x-allowed-groups"], operation
        assert described["operationId"] and described["summary"], operation
        assert described.get("security", DOCUMENT.content.get("security")), operation
        for status, response in described["responses"].items():
            headers = {name.lower() for name in DOCUMENT.resolved(response).get("headers", {})}
            assert "x-request-id" in headers, (operation, status)
            if operation[0] == "GET" and status in ("200", "304"):
                assert {"etag", "cache-control", "vary"} <= headers, (operation, status)
            if operation[0] != "GET" and status in ("200", "201"):
                # A command changes by itself, so nobody changes it by its tag.
                assert ("idempotency-replayed" if operation == COMMAND else "etag") in headers, (operation, status)
            if status == "201":
                assert "location" in headers, operation
            if status in ("429", "503"):
                assert "retry-after" in headers, operation
            if status != "401":
                assert {"ratelimit", "ratelimit-policy"} <= headers, (operation, status)
            if status in ("200", "304") and operation in KEPT:
                assert "x-cache" in headers, (operation, status)
            if status == "401":
                assert "www-authenticate" in headers, operation
            if int(status) >= 400:
                assert list(DOCUMENT.resolved(response)["content"]) == ["application/problem+json"], (operation, status)
    names = [described["operationId"] for described in DOCUMENT.operations.values()]
    assert len(set(names)) == len(names)


def test_what_is_documented_of_parameters_is_so(caller: Caller, document: Document, stack: Stack) -> None:
    """Each documented value is accepted, each bound is one, and what is left out is the default."""
    for operation in OPERATIONS:
        member = caller.member if is_about_a_tenant(operation) else None
        for name, parameter in document.parameters(*operation).items():
            schema = document.resolved(parameter["schema"])

            def ask(value: object = None, operation: Operation = operation, name: str = name, member: Any = member) -> Any:
                return caller.call(operation, member, {} if value is None else {name: value})

            good, bad = list(schema.get("enum", [])), [value.swapcase() for value in schema.get("enum", [])]
            if schema["type"] == "integer":
                good += [schema["minimum"], schema["maximum"]]
                bad += [schema["minimum"] - 1, schema["maximum"] + 1, "x"]
            if schema.get("format") == "uuid":
                bad += ["x"]
            if "maxLength" in schema:
                good += ["é" * schema["maxLength"]]
                bad += ["é" * (schema["maxLength"] + 1)]
            for value in good:
                assert ask(value).status_code == 200, (operation, name, value)
            for value in bad:
                assert_problem(ask(value), 400, "invalid_parameter", name)
            if "default" in schema:

                def check(ask: Callable[..., Any] = ask, name: str = name, default: object = schema["default"]) -> None:
                    assert ask().content == ask(default).content, name

                with stack.database() as database:
                    steadily(database, check)


def test_what_is_not_null_but_absent() -> None:
    """Of an answer only `errors` of a problem, and where each is, may be absent; all else that has no value is null."""
    bodies = json.dumps([operation.get("requestBody") for operation in DOCUMENT.operations.values()])
    may_be_absent = {"Problem": {"errors"}, "InvalidInput": {"parameter", "pointer"}}
    for name, schema in DOCUMENT.content["components"]["schemas"].items():
        if f'schemas/{name}"' not in bodies:
            absent = set(schema.get("properties", {})) - set(schema.get("required", []))
            assert absent == may_be_absent.get(name, set()), name


def test_examples_are_examples(document: Document) -> None:
    assert document.wrong_examples() == []


def test_the_check_sees_what_is_not_documented(document: Document) -> None:
    """A check that lets everything pass would go unnoticed."""
    operation = ("GET", "/tenant/me")
    good = {
        "x-request-id": str(uuid.uuid4()), "content-type": "application/problem+json", "cache-control": "no-store",
        "ratelimit": '"user";r=49;t=1', "ratelimit-policy": '"user";q=50;w=5',
    }  # fmt: skip
    body = {
        "type": "urn:alquimista:problem:not_found", "title": "Not Found", "status": 404, "detail": "x", "error": "Not Found",
        "code": "not_found", "request_id": good["x-request-id"],
    }  # fmt: skip
    seen = set(document.seen)

    def check(status: int = 404, path: str = operation[1], json: Any = body, **headers: str) -> None:
        request = httpx.Request("GET", f"http://gateway{document.base}{path}")
        given = {name.replace("_", "-"): value for name, value in ({**good, **headers}).items() if value}
        document.check(httpx.Response(status, json=json, headers=given, request=request))

    check()
    without_code = {key: value for key, value in body.items() if key != "code"}
    for wrong in (
        {"status": 418}, {"path": "/tenant/none"}, {"json": without_code}, {"json": body | {"status": "404"}},
        {"json": body | {"stack": "x"}}, {"x_new": "1"}, {"content-type": "text/html"}, {"x-request-id": ""}, {"ratelimit": ""},
    ):  # fmt: skip
        with pytest.raises(AssertionError):
            check(**wrong)
    document.seen.clear()
    document.seen.update(seen)


def test_methods_are_known() -> None:
    described = {key for item in DOCUMENT.content["paths"].values() for key in item}
    assert described <= {*METHODS, "parameters", "summary", "description"}
