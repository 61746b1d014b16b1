"""A person who asks to be forgotten is: nothing that is kept names the person any more (docs/LGPD.md)."""

import json
import os
import re
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import QUICK, Commands
from problems import assert_problem
from psycopg import sql
from stack import PASSWORD, FunctionFailed, Stack, until
from temporary import Temporary, temporary

from devstack import users
from devstack.console import Failure
from devstack.instance import Instance

NAME = "Esquecida"


def places_in_database(rows: Temporary, text: str) -> set[str]:
    """The tables of which a row has this text anywhere."""
    tables = rows.database.execute(
        """SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
           WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema')"""
    ).fetchall()
    assert len(tables) > 20
    found = "SELECT EXISTS (SELECT FROM {} AS r WHERE r::text ILIKE '%%' || %s || '%%')"
    return {
        table for schema, table in tables
        if rows.database.execute(sql.SQL(found).format(sql.Identifier(schema, table)), [text]).fetchone() == (True,)
    }  # fmt: skip


def is_in_dynamodb(stack: Stack, text: str) -> bool:
    scan = stack.aws("dynamodb").get_paginator("scan").paginate
    names = ("commands_table", "bookkeeping_table")
    pages = [page for name in names for page in scan(TableName=stack.description[name], ConsistentRead=True)]
    assert any(page["Items"] for page in pages)
    return any(text in json.dumps(page["Items"], default=str) for page in pages)


def is_kept(stack: Stack, text: str) -> bool:
    """Whether an answer that is kept has it. What is void is there until its time is past, but isn't found any more."""
    keys = re.findall(r"\{painel\}:answer:[\w-]+(?=\r)", stack.redis("KEYS", "{painel}:answer:*").decode())
    return any(text.encode() in stack.redis("GET", key) for key in keys)


def is_in_cognito(stack: Stack, text: str) -> bool:
    pages = stack.aws("cognito-idp").get_paginator("list_users").paginate(UserPoolId=stack.description["user_pool_id"])
    return any(text in json.dumps(page["Users"], default=str) for page in pages)


def test_who_asks_to_be_forgotten_is(stack: Stack, token: Callable[..., str]) -> None:
    support = token("INTERNAL_SUPPORT")
    with temporary(stack) as rows:
        tenant = rows.tenant("Temporário, de quem se esquece")
        with stack.temporary_user("TENANT_ADMIN", tenant=tenant) as email:
            signed_in = stack.sign_in(email, PASSWORD)
            sub = sub_of(stack, email)
            rows.user(tenant, email, full_name=f"{NAME} da Silva", cognito_sub=sub)
            # What a person leaves behind: a sign-in, a refusal on record, a command for her company, a kept answer.
            assert stack.get("/tenant/me", signed_in.id).status_code == 200
            assert_problem(stack.get("/internal/tenants", signed_in.id), 403, "internal_required")
            Commands(stack, support, rows).run("HEALTH_CHECK", QUICK, tenant)
            shown = stack.get(f"/internal/tenants/{tenant}", support, **{"Cache-Control": "max-stale"})
            assert [user["email"] for user in shown.json()["users"]] == [email]
            until(lambda: places_in_database(rows, sub) >= {"tenant_users", "operational_events"})
            assert places_in_database(rows, email) == places_in_database(rows, NAME) == {"tenant_users"}
            assert is_in_cognito(stack, email)
            assert is_kept(stack, email)

            users.erase(Instance(Path(os.environ["STACK_FILE"]).parent), email)

            for text in (email, NAME):
                assert places_in_database(rows, text) == set()
                assert not is_in_dynamodb(stack, text)
                assert not is_in_cognito(stack, text)
            shown = stack.get(f"/internal/tenants/{tenant}", support, **{"Cache-Control": "max-stale"})
            assert shown.json()["users"] == []
            # What the person did is still on record, of nobody that is known.
            assert places_in_database(rows, sub) == {"operational_events"}
            with pytest.raises(stack.aws("cognito-idp").exceptions.ClientError):
                stack.sign_in(email, PASSWORD)
            with pytest.raises(Failure, match="There is no user"):
                users.erase(Instance(Path(os.environ["STACK_FILE"]).parent), email)


def sub_of(stack: Stack, email: str) -> str:
    found = stack.aws("cognito-idp").admin_get_user(UserPoolId=stack.description["user_pool_id"], Username=email)
    return next(attribute["Value"] for attribute in found["UserAttributes"] if attribute["Name"] == "sub")


def test_who_is_not_known_is_nobody_to_forget(stack: Stack) -> None:
    assert stack.invoke("migrate", {"erase_user": str(uuid.uuid4())}) == {"erased": False, "tenant_id": None}


@pytest.mark.parametrize("event", [{"erase_user": "x"}, {"erase_user": 1}, {"erase_users": str(uuid.uuid4())}, []])
def test_the_function_does_nothing_that_it_was_not_asked_for(stack: Stack, event: object) -> None:
    """A mistake in the event doesn't run the migrations, nor erase anybody."""
    with pytest.raises(FunctionFailed):
        stack.invoke("migrate", event)
