"""What is kept, through the gateway and across functions."""

from collections.abc import Callable, Iterator

import httpx
import pytest
from commands import Commands
from stack import REDIS, Stack, until
from temporary import Temporary, temporary

# Every other test asks for what is made anew.
KEPT = {"Cache-Control": "max-stale"}
TENANT = "/internal/tenants/{id}"


@pytest.fixture
def rows(stack: Stack) -> Iterator[Temporary]:
    with temporary(stack) as rows:
        yield rows


def get(stack: Stack, path: str, token: str, **headers: str) -> httpx.Response:
    answer = stack.get(path, token, **(KEPT | headers))
    assert answer.status_code == 200, answer.text
    return answer


def told(answer: httpx.Response) -> str:
    return answer.headers["x-cache"]


def test_an_answer_is_kept_and_made_anew_for_those_who_ask(
    stack: Stack, token: Callable[..., str], rows: Temporary
) -> None:
    support, path = token("INTERNAL_SUPPORT"), TENANT.format(id=rows.tenant("Temporário, antes"))
    made, kept = get(stack, path, support), get(stack, path, support)
    assert (told(made), told(kept)) == ("MISS", "HIT")
    assert (kept.content, kept.headers["etag"]) == (made.content, made.headers["etag"])
    unchanged = stack.get(path, support, **KEPT, **{"If-None-Match": made.headers["etag"]})
    assert (unchanged.status_code, told(unchanged)) == (304, "HIT")
    # Another right, another answer.
    assert told(get(stack, path, token("INTERNAL_ADMIN"))) == "MISS"

    # What changes behind the application's back shows later.
    rows.database.execute("UPDATE tenants SET name = 'Temporário, depois' WHERE id = %s", [rows.tenants[0]])
    assert get(stack, path, support).json()["tenant"]["name"] == "Temporário, antes"
    anew = get(stack, path, support, **{"Cache-Control": "no-cache"})
    assert (told(anew), anew.json()["tenant"]["name"]) == ("MISS", "Temporário, depois")
    kept = get(stack, path, support)
    assert (told(kept), kept.content) == ("HIT", anew.content)


def test_a_table_is_not_kept(stack: Stack, token: Callable[..., str]) -> None:
    for _ in range(2):
        assert told(get(stack, "/tenant/usage", token("TENANT_USER", tenant=0), Accept="text/csv")) == "BYPASS"


def test_a_change_is_seen_at_the_next_request_by_everybody(
    stack: Stack, token: Callable[..., str], rows: Temporary
) -> None:
    admin, tenant = token("INTERNAL_ADMIN"), rows.tenant("Temporário, mudado", mrr_estimate=10)
    path, me = TENANT.format(id=tenant), f"/tenant/me?tenant_id={tenant}"
    # Of both functions.
    reads = (path, me, "/internal/tenants?search=tempor%C3%A1rio", "/internal/billing/overview")
    for read in reads:
        get(stack, read, admin)
        assert told(get(stack, read, admin)) == "HIT", read
    seen = get(stack, path, admin)
    changed = stack.send("PATCH", path, admin, {"name": "Temporário, novo"}, **{"If-Match": seen.headers["etag"]})
    assert changed.status_code == 200
    for read in reads:
        assert told(get(stack, read, admin)) == "MISS", read
    assert get(stack, me, admin).json()["name"] == "Temporário, novo"


def test_a_command_s_effect_is_seen_as_soon_as_it_has_ended(stack: Stack, token: Callable[..., str], rows: Temporary) -> None:
    admin, tenant, agent = token("INTERNAL_ADMIN"), rows.tenant("Temporário, reiniciado"), rows.agent("Temporário")
    rows.deployment(tenant, agent, status="inactive")
    path, commands = f"/tenant/agents?status=all&tenant_id={tenant}", Commands(stack, admin, rows)

    def status() -> str:
        return get(stack, path, admin).json()["agents"][0]["status"]

    assert (status(), status()) == ("inactive", "inactive")
    ended = commands.create("RESTART_AGENT", {"agent_id": agent}, tenant)
    until(lambda: commands.show(ended)["command"]["status"] == "SUCCESS")
    assert status() == "active"
    commands.ended(ended)
    commands.settle()


def test_an_aggregation_is_seen_at_the_next_request(stack: Stack, token: Callable[..., str]) -> None:
    user = token("TENANT_USER", tenant=0)
    before = get(stack, "/tenant/me", user).json()["as_of"]
    stack.invoke("aggregate", {"run": "quarter_hourly"})
    assert get(stack, "/tenant/me", user).json()["as_of"] > before
    assert get(stack, "/internal/usage/overview", token("INTERNAL_SUPPORT")).json()["as_of"] > before


def test_without_redis_everything_is_answered(stack: Stack, token: Callable[..., str]) -> None:
    user = token("TENANT_USER", tenant=0)
    get(stack, "/tenant/me", user)
    stack.supervise("stop", REDIS)
    try:
        for _ in range(3):
            answer = get(stack, "/tenant/me", user)
            assert told(answer) == "BYPASS"
            assert answer.headers["ratelimit"], "limited by the function alone"
    finally:
        stack.supervise("start", REDIS)
    # The function tries again after a pause.
    until(lambda: told(get(stack, "/tenant/me", user)) == "HIT")
