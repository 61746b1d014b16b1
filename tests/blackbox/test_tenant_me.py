"""GET /tenant/me: every field, against the rows it is made of."""

import datetime
from collections.abc import Callable

import pytest
from problems import assert_problem
from stack import PASSWORD, Stack
from temporary import steadily, temporary


def format_instant(instant: datetime.datetime) -> str:
    """RFC 3339 in UTC with `Z` and milliseconds, cut as the API cuts them."""
    utc = instant.astimezone(datetime.UTC)
    return utc.strftime("%Y-%m-%dT%H:%M:%S.") + f"{utc.microsecond // 1000:03}Z"


def expected(stack: Stack, tenant_id: str) -> dict:
    """The answer, computed from the tables without any of the product's queries; usage from the raw requests."""
    with stack.database() as database:
        (name, cnpj, segment, plan, status, mrr, created_at, *own_limits) = database.execute(
            """SELECT name, cnpj, segment, plan, status, mrr_estimate, created_at,
                      max_agents, max_users, max_requests_per_month FROM tenants WHERE id = %s""",
            [tenant_id],
        ).fetchone()
        plan_limits = database.execute(
            "SELECT max_agents, max_users, max_requests_per_month FROM plans WHERE name = %s", [plan]
        ).fetchone()
        limits = [plans if own is None else own for own, plans in zip(own_limits, plan_limits, strict=True)]

        def count(sql: str) -> int:
            return database.execute(sql, [tenant_id]).fetchone()[0]

        return {
            "id": tenant_id,
            "name": name,
            "cnpj": f"{cnpj[:2]}.{cnpj[2:5]}.{cnpj[5:8]}/{cnpj[8:12]}-{cnpj[12:]}",
            "segment": segment,
            "plan": plan,
            "status": status,
            "mrr_estimate": None if mrr is None else float(mrr),
            "created_at": format_instant(created_at),
            "limits": dict(zip(("max_agents", "max_users", "max_requests_per_month"), limits, strict=True)),
            "usage": {
                "active_agents": count("SELECT count(*) FROM tenant_agents WHERE tenant_id = %s AND status = 'active'"),
                "active_users": count("SELECT count(*) FROM tenant_users WHERE tenant_id = %s AND disabled_at IS NULL"),
                "requests_this_month": count(
                    """SELECT count(*) FROM agent_requests
                       WHERE tenant_id = %s AND created_at >= date_trunc('month', now())
                           AND created_at < date_trunc('day', now()) + interval '1 day'"""
                ),
            },
            "as_of": format_instant(
                database.execute("SELECT as_of FROM aggregated_days ORDER BY date DESC LIMIT 1").fetchone()[0]
            ),
        }


@pytest.mark.parametrize("tenant", [0, 1])
def test_every_field_is_what_the_rows_say(stack: Stack, token: Callable[..., str], tenant: int) -> None:
    def check() -> None:
        answer = stack.get("/tenant/me", token("TENANT_USER", tenant=tenant))
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/json"
        assert answer.json() == expected(stack, stack.user("TENANT_USER", tenant=tenant)["tenant_id"])
        assert answer.json()["usage"]["requests_this_month"] > 0, "the demo tenants have traffic this month"

    with stack.database() as database:
        steadily(database, check)


def test_every_tenant_as_the_internal_team_sees_it(stack: Stack, token: Callable[..., str]) -> None:
    support = token("INTERNAL_SUPPORT")
    with stack.database() as database:
        tenants = [str(row[0]) for row in database.execute("SELECT id FROM tenants ORDER BY id")]
        assert len(tenants) >= 47
        for tenant_id in tenants:

            def check(tenant_id: str = tenant_id) -> None:
                answer = stack.get("/tenant/me", support, {"tenant_id": tenant_id})
                assert answer.json() == expected(stack, tenant_id)

            steadily(database, check)


def test_an_unchanged_answer_is_not_sent_again(stack: Stack, token: Callable[..., str]) -> None:
    user = token("TENANT_ADMIN", tenant=0)
    first = stack.get("/tenant/me", user)
    assert first.headers["cache-control"] == "private, no-cache"
    assert first.headers["vary"] == "Authorization, Accept"
    again = stack.get("/tenant/me", user, **{"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])


@pytest.mark.parametrize(
    "params",
    [
        {"tenant_id": ""},
        {"tenant_id": "\x00"},
        {"tenant_id": "\r\nX-Injected: 1"},
        {"tenant_id": "' OR 1=1 --"},
        {"tenant_id": "😀"},
        {"tenant_id": "a" * 5_000},
        [("tenant_id", "OWN"), ("tenant_id", "OWN")],
    ],
    ids=["empty", "NUL", "CR LF", "SQL", "emoji", "long", "twice"],
)
def test_a_bad_tenant_is_named(stack: Stack, token: Callable[..., str], params: dict | list) -> None:
    if isinstance(params, list):
        own = stack.user("TENANT_USER", tenant=0)["tenant_id"]
        params = [(name, own) for name, _ in params]
    answer = stack.get("/tenant/me", token("TENANT_USER", tenant=0), params)
    assert_problem(answer, 400, "invalid_parameter", "tenant_id")


def test_a_huge_query_is_the_callers_mistake(stack: Stack, token: Callable[..., str]) -> None:
    params = {f"parameter_{index}": "x" * 500 for index in range(100)} | {"tenant_id": "x" * 10_000}
    assert 400 <= stack.get("/tenant/me", token("TENANT_USER", tenant=0), params).status_code < 500


def test_unknown_parameters_are_ignored(stack: Stack, token: Callable[..., str]) -> None:
    assert stack.get("/tenant/me", token("TENANT_USER", tenant=0), {"x": "1", "period": "1d"}).status_code == 200


def test_a_tenant_deleted_between_two_calls_is_gone(stack: Stack) -> None:
    with temporary(stack) as rows:
        tenant_id = rows.tenant("Some em um instante")
        with stack.temporary_user("TENANT_USER", tenant=tenant_id) as email:
            user = stack.sign_in(email, PASSWORD).id
            assert stack.get("/tenant/me", user).json()["name"] == "Some em um instante"
            rows.database.execute("DELETE FROM tenants WHERE id = %s", [tenant_id])
            assert_problem(stack.get("/tenant/me", user), 404, "not_found")
