"""The limits through the gateway; their rule is tested on the functions' own routers."""

import re
import time
from collections.abc import Callable

import jwt
import pytest
from limits import nothing_left
from problems import assert_problem
from stack import Stack

ME = "/tenant/me"


def left(header: str) -> dict[str, int]:
    """What each limit has left, by name."""
    return {name: int(units) for name, units in re.findall(r'"(\w+)";r=(\d+);t=1', header)}


@pytest.mark.parametrize(("path", "groups", "names"), [
    (ME, ("TENANT_USER",), {"user", "tenant"}),
    ("/internal/tenants", ("INTERNAL_SUPPORT",), {"user"}),
])  # fmt: skip
def test_every_answer_says_what_is_left(
    stack: Stack, token: Callable[..., str], path: str, groups: tuple[str], names: set[str]
) -> None:
    user = token(*groups, tenant=0) if "tenant" in names else token(*groups)
    first = stack.get(path, user)
    assert set(left(first.headers["ratelimit"])) == names
    assert re.findall(r'"(\w+)";q=1000000;w=1000000', first.headers["ratelimit-policy"]) == sorted(names, reverse=True)
    # A refusal costs as much as an answer, and a table more than either.
    refused = stack.get("/internal/audit", user)
    assert refused.status_code == 403
    table = stack.get("/tenant/usage" if path == ME else path, user, Accept="text/csv")
    before, after = (left(answer.headers["ratelimit"])["user"] for answer in (refused, table))
    assert before - 10 <= after <= before - 10 + 3, "units come back, one a second"
    assert stack.get(path).status_code == 401


def test_who_has_nothing_left_is_refused_until_it_has_again(stack: Stack, token: Callable[..., str]) -> None:
    user = token("TENANT_USER", tenant=0)
    sub = jwt.decode(user, options={"verify_signature": False})["sub"]
    with nothing_left(stack, sub):
        refused = stack.get(ME, user)
        assert_problem(refused, 429, "rate_limited")
        assert left(refused.headers["ratelimit"])["user"] < 5, "what is asked for costs five"
        wait = int(refused.headers["retry-after"])
        assert 1 <= wait <= 6
        assert stack.get(ME, token("TENANT_ADMIN", tenant=0)).status_code == 200, "others are none the worse"
        time.sleep(wait)
        assert stack.get(ME, user).status_code == 200, "Retry-After was true"
    assert stack.get(ME, user).status_code == 200
