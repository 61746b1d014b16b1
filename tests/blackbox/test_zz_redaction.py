"""Nothing personal and nothing secret is in any line that a function, or the web server, logged while this suite ran.

It runs last, so that there is as much to look at as there will be. What tests provoke in PostgreSQL's own log is theirs.
"""

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from stack import PASSWORD, Stack
from temporary import CNPJS

E_MAIL = re.compile(r"[\w.+-]+(?:@|%40)[\w-]+(?:\.[\w-]+)+")
CNPJ = re.compile(r"[0-9A-Z]{2}\.[0-9A-Z]{3}\.[0-9A-Z]{3}/[0-9A-Z]{4}-[0-9]{2}")
BARE_CNPJ = re.compile(r"(?<![0-9A-Za-z])[0-9A-Z]{12}[0-9]{2}(?![0-9A-Za-z])")
# The beginning of a JSON web token.
TOKEN = re.compile(r"eyJ[\w-]{10,}")
# What the emulator says itself begins with the time; the rest of its log is what functions wrote.
OF_THE_EMULATOR = re.compile(r"\[?\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
# Shorter values are words.
SECRET_LENGTH = 12


@pytest.fixture(scope="module")
def logged(stack: Stack) -> list[tuple[str, str]]:
    """Every line, with where it is; everybody has asked for something."""
    for user in stack.description["users"]:
        token = stack.sign_in(user["email"], user["password"]).id
        route = "/tenant/me" if user["tenant_id"] else "/internal/tenants"
        assert stack.get(route, token).status_code == (200 if user["groups"] else 403)
    stack.invoke("migrate", {})
    return [*of_log_groups(stack), *of_files()]


def of_log_groups(stack: Stack) -> Iterator[tuple[str, str]]:
    logs = stack.aws("logs")
    for page in logs.get_paginator("describe_log_groups").paginate():
        for group in page["logGroups"]:
            for events in logs.get_paginator("filter_log_events").paginate(logGroupName=group["logGroupName"]):
                yield from ((group["logGroupName"], event["message"]) for event in events["events"])


def of_files() -> Iterator[tuple[str, str]]:
    folder = Path(os.environ["STACK_FILE"]).parent / "logs"
    for file in sorted([*folder.glob("emulator.log*"), *folder.glob("web.log*")]):
        for line in file.read_text(errors="replace").splitlines():
            if not OF_THE_EMULATOR.match(line):
                yield file.name, line


def secrets_of(stack: Stack) -> set[str]:
    """Passwords of people, of roles and of clients, and whatever Secrets Manager keeps."""
    values = {PASSWORD}
    for name, value in strings(stack.description):
        if address := re.match(r"\w+://[^:/]*:([^@]+)@", value):
            values.add(address[1])
        elif name.endswith(("password", "secret")):
            values.add(value)
    secrets = stack.aws("secretsmanager")
    for page in secrets.get_paginator("list_secrets").paginate():
        for secret in page["SecretList"]:
            value = secrets.get_secret_value(SecretId=secret["ARN"]).get("SecretString", "")
            try:
                # Who it is for is known.
                told = strings(json.loads(value))
                values |= {text for name, text in told if not name.endswith(("username", "client_id"))}
            except ValueError:
                values.add(value)
    return {value for value in values if len(value) >= SECRET_LENGTH}


def strings(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """The texts of a JSON value, each with the name of the member it is in."""
    if isinstance(value, dict):
        for key, member in value.items():
            yield from strings(member, f"{name}.{key}")
    elif isinstance(value, list):
        for member in value:
            yield from strings(member, name)
    elif isinstance(value, str):
        yield name, value


def found(logged: Iterable[tuple[str, str]], tells: Callable[[str], Iterable[str]]) -> list[tuple[str, str, str]]:
    return [(where, what, line) for where, line in logged for what in tells(line)]


def test_there_is_something_to_look_at(stack: Stack, logged: list[tuple[str, str]]) -> None:
    """Every function has spoken, and of requests at least those of these tests."""
    groups = {where.rsplit("/", 1)[-1] for where, _ in logged}
    assert {name.removeprefix("painel-local-") for name in stack.description["functions"].values()} <= groups
    assert {"emulator.log", "web.log"} <= groups
    lines = sum('"message":"request"' in line for _, line in logged)
    assert lines >= len(stack.description["users"])


def test_no_person_is_named(logged: list[tuple[str, str]]) -> None:
    assert found(logged, E_MAIL.findall) == []


def test_no_company_is_named(stack: Stack, logged: list[tuple[str, str]]) -> None:
    with stack.database() as database:
        known = CNPJS | {row[0] for row in database.execute("SELECT cnpj::text FROM tenants")}
    assert len(known) > 10
    assert found(logged, CNPJ.findall) == []
    assert found(logged, lambda line: [text for text in BARE_CNPJ.findall(line) if text in known]) == []


def test_no_token_is_told(stack: Stack, logged: list[tuple[str, str]]) -> None:
    assert len(stack.tokens) >= 3 * len(stack.description["users"])
    assert found(logged, TOKEN.findall) == []
    # Nor the part that proves it.
    proofs = {token.rsplit(".", 1)[-1] for token in stack.tokens}
    proofs = {proof for proof in proofs if len(proof) > 40}
    assert found(logged, lambda line: [proof for proof in proofs if proof in line]) == []


def test_no_secret_is_told(stack: Stack, logged: list[tuple[str, str]]) -> None:
    secrets = secrets_of(stack)
    passwords = {user["password"] for user in stack.description["users"]}
    assert passwords <= secrets and stack.description["user_pool_client_secret"] in secrets
    assert found(logged, lambda line: [secret for secret in secrets if secret in line]) == []


def test_the_search_sees_what_it_looks_for(stack: Stack) -> None:
    """A search that finds nothing, whatever there is, would go unnoticed."""
    user = stack.user("TENANT_ADMIN", tenant=0)
    token = stack.sign_in(user["email"], user["password"]).id
    for line, search in [
        (f"refused: {user['email']}", E_MAIL.findall),
        ("GET /x?search=ana%40example.com", E_MAIL.findall),
        ("cnpj 12.ABC.345/01DE-35 taken", CNPJ.findall),
        ('Key (cnpj)=(12ABC34501DE35)', BARE_CNPJ.findall),
        (f"Authorization: {token}", TOKEN.findall),
    ]:  # fmt: skip
        assert found([("here", line)], search), line
