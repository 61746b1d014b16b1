"""The document and the system say the same: every documented status can really happen, and no other does.

The second half is checked on every answer of this suite (conftest.py); here each documented status of each operation is
provoked, so that the first half holds for this file alone. It runs last.
"""

import functools
import re
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from openapi import METHODS, Document, Operation
from problems import assert_problem
from stack import POSTGRES, Stack, until

DOCUMENT = Document()
OPERATIONS = sorted(DOCUMENT.operations)
# The role whose rights an operation's queries need.
ROLES = {"tenant": "app_tenant", "internal": "app_internal"}


class Caller:
    """Calls any operation of the document, as somebody who may unless told otherwise."""

    def __init__(self, stack: Stack, token: Callable[..., str], document: Document) -> None:
        self.stack, self.token, self.document = stack, token, document
        self.tenant_id: str = stack.user("TENANT_ADMIN", tenant=0)["tenant_id"]
        # Signed in while all is well: some statuses are provoked while little works.
        self.internal = token("INTERNAL_ADMIN")
        self.member = token("TENANT_ADMIN", tenant=0)
        user = stack.user("TENANT_ADMIN", tenant=0)
        self.access = stack.sign_in(user["email"], user["password"]).access

    def get(self, operation: Operation, token: str | None = None, params: Any = None, **headers: str) -> httpx.Response:
        method, path = operation
        assert method == "GET", f"{method} {path} needs a way to be called here"
        if params is None:
            params = {"tenant_id": self.tenant_id} if "tenant_id" in self.document.parameters(*operation) else {}
        path = re.sub(r"\{\w+\}", self.tenant_id, path)
        return self.stack.get(path, token or self.internal, params, **headers)


@pytest.fixture(scope="module")
def caller(stack: Stack, token: Callable[..., str], document: Document) -> Caller:
    return Caller(stack, token, document)


def ok(caller: Caller, operation: Operation) -> None:
    assert caller.get(operation).status_code == 200


def not_modified(caller: Caller, operation: Operation) -> None:
    tag = caller.get(operation).headers["etag"]
    answer = caller.get(operation, **{"If-None-Match": tag})
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag)


def bad_request(caller: Caller, operation: Operation) -> None:
    """Every parameter of the document given twice, and all of them named."""
    names = sorted(caller.document.parameters(*operation))
    answer = caller.get(operation, params=[(name, "x") for name in names for _ in range(2)])
    assert sorted(error["parameter"] for error in answer.json()["errors"]) == names
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_parameter")


def unauthorized(caller: Caller, operation: Operation) -> None:
    """By an access token, which the gateway lets through."""
    assert_problem(caller.get(operation, caller.access), 401, "unauthorized")
    assert caller.stack.get(operation[1]).status_code == 401


def forbidden(caller: Caller, operation: Operation) -> None:
    assert_problem(caller.get(operation, caller.token(tenant=0)), 403, "no_group")


def not_found(caller: Caller, operation: Operation) -> None:
    nobody = str(uuid.uuid4())
    method, path = operation
    unknown = re.sub(r"\{\w+\}", nobody, path)
    params = {"tenant_id": nobody} if "tenant_id" in caller.document.parameters(*operation) else {}
    assert_problem(caller.get((method, unknown), params=params), 404, "not_found")


def internal_error(caller: Caller, operation: Operation) -> None:
    """What the function's role may not read any more is an error of ours, and says nothing of the inside."""
    with without_rights(caller.stack, ROLES[operation[1].split("/")[1]]):
        assert_problem(caller.get(operation), 500, "internal")
    ok(caller, operation)


def unavailable(caller: Caller, operation: Operation) -> None:
    assert_problem(while_the_database_is_down(caller)[operation], 503, "unavailable")


@functools.cache
def while_the_database_is_down(caller: Caller) -> dict[Operation, httpx.Response]:
    """What all operations answer then; asked once and together, for each waits for the database as long as it may."""
    caller.stack.supervise("stop", POSTGRES)
    try:
        with ThreadPoolExecutor(4) as pool:
            return dict(zip(OPERATIONS, pool.map(caller.get, OPERATIONS), strict=True))
    finally:
        caller.stack.supervise("start", POSTGRES)
        until(lambda: caller.get(OPERATIONS[0]).status_code == 200)


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
    200: ok, 304: not_modified, 400: bad_request, 401: unauthorized, 403: forbidden, 404: not_found,
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


def test_what_every_operation_documents() -> None:
    for operation, described in DOCUMENT.operations.items():
        assert {200, 304, 400, 401, 403, 404, 500, 503} <= DOCUMENT.statuses(operation), operation
        assert described["x-allowed-groups"], operation
        assert described["operationId"] and described["summary"], operation
        assert described.get("security", DOCUMENT.content.get("security")), operation
        for status, response in described["responses"].items():
            headers = {name.lower() for name in DOCUMENT.resolved(response).get("headers", {})}
            assert "x-request-id" in headers, (operation, status)
            if status in ("200", "304"):
                assert {"etag", "cache-control", "vary"} <= headers, (operation, status)
            if status == "503":
                assert "retry-after" in headers, operation
            if status == "401":
                assert "www-authenticate" in headers, operation
            if int(status) >= 400:
                assert list(DOCUMENT.resolved(response)["content"]) == ["application/problem+json"], (operation, status)
    names = [described["operationId"] for described in DOCUMENT.operations.values()]
    assert len(set(names)) == len(names)


def test_what_is_documented_of_parameters_is_so(caller: Caller, document: Document) -> None:
    """Each documented value is accepted, each bound is one, and what is left out is the default."""
    for operation in OPERATIONS:
        for name, parameter in document.parameters(*operation).items():
            schema = document.resolved(parameter["schema"])

            def ask(value: object = None, operation: Operation = operation, name: str = name) -> httpx.Response:
                return caller.get(operation, caller.member, {} if value is None else {name: value})

            good, bad = list(schema.get("enum", [])), [value.upper() for value in schema.get("enum", [])]
            if schema["type"] == "integer":
                good += [schema["minimum"], schema["maximum"]]
                bad += [schema["minimum"] - 1, schema["maximum"] + 1, "x"]
            if schema.get("format") == "uuid":
                bad += ["x"]
            for value in good:
                assert ask(value).status_code == 200, (operation, name, value)
            for value in bad:
                assert_problem(ask(value), 400, "invalid_parameter", name)
            if "default" in schema:
                assert ask().content == ask(schema["default"]).content, (operation, name)


def test_what_is_not_null_but_absent() -> None:
    """Only `errors` of a problem may be absent; all else that has no value is null."""
    for name, schema in DOCUMENT.content["components"]["schemas"].items():
        absent = set(schema.get("properties", {})) - set(schema.get("required", []))
        assert absent == ({"errors"} if name == "Problem" else set()), name


def test_examples_are_examples(document: Document) -> None:
    assert document.wrong_examples() == []


def test_the_check_sees_what_is_not_documented(document: Document) -> None:
    """A check that lets everything pass would go unnoticed."""
    operation = ("GET", "/tenant/me")
    good = {"x-request-id": str(uuid.uuid4()), "content-type": "application/problem+json", "cache-control": "no-store"}
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
        {"json": body | {"stack": "x"}}, {"x_new": "1"}, {"content-type": "text/html"}, {"x-request-id": ""},
    ):  # fmt: skip
        with pytest.raises(AssertionError):
            check(**wrong)
    document.seen.clear()
    document.seen.update(seen)


def test_methods_are_known() -> None:
    described = {key for item in DOCUMENT.content["paths"].values() for key in item}
    assert described <= {*METHODS, "parameters", "summary", "description"}
