"""The reference of the internal routes, on examples worked out by hand."""

import datetime
from decimal import Decimal
from typing import Any

import pytest
import reference_internal
from reference import DAY, Near
from reference_internal import Platform, start

TODAY = datetime.date(2026, 3, 10)
A, B, C, D = (f"00000000-0000-0000-0000-00000000000{letter}" for letter in "abcd")


def at(day: int, hours: float = 12) -> datetime.datetime:
    """An instant so many days before today."""
    return start(TODAY - day * DAY) + datetime.timedelta(hours=hours)


def company(id_: str, **columns: Any) -> dict[str, Any]:
    return {
        "id": id_, "name": f"Tenant {id_[-1]}", "cnpj": "12ABC34501DE35", "segment": None, "plan": "starter",
        "status": "active", "mrr_estimate": Decimal(100), "max_agents": None, "max_users": 2,
        "max_requests_per_month": None, "created_at": at(300), "updated_at": at(3),
    } | columns  # fmt: skip


def price(id_: str, when: datetime.datetime, mrr: Any, status: str | None = "active") -> dict[str, Any]:
    return {"tenant_id": id_, "effective_at": when, "new_status": status, "new_mrr": Decimal(mrr)}


@pytest.fixture
def platform() -> Platform:
    found = reference_internal.empty(TODAY, at(0, 15.5))
    found.plans = [{"name": "starter", "max_agents": 3, "max_users": 5, "max_requests_per_month": 10_000}]
    return found


def test_a_bridge_worked_out_by_hand(platform: Platform) -> None:
    platform.tenants = {
        A: company(A, mrr_estimate=Decimal("100.10"), segment="b"), B: company(B, mrr_estimate=Decimal("0.02"), segment="á"),
        C: company(C, status="suspended"), D: company(D, mrr_estimate=None, segment=None),
    }  # fmt: skip
    platform.price_changes = [
        price(A, at(200), 80),
        price(C, at(30), 50),
        price(B, at(7, 23.999), 10),  # the day before the period
        price(A, at(6, 0), 90),  # its first instant
        price(B, at(3, 1), 0, "suspended"),
        price(B, at(3, 2), 10),  # back on the same day: nothing happened
        price(D, at(3, 3), 0),
        price(C, at(1, 0), 0, "suspended"),
        price(B, at(0, 1), "0.02"),
        price(A, at(0, 2), "100.10"),
        price("gone", at(5), 7),
        price("gone", at(2), 0, None),
    ]
    platform.price_changes.sort(key=lambda change: change["effective_at"])
    answer = reference_internal.billing(platform, "7d")
    assert (answer["from"], answer["to"]) == ("2026-03-04", "2026-03-10")
    assert answer["financial_summary"] == {
        "total_mrr": Decimal("100.12"), "total_arr": Decimal("1201.44"), "avg_mrr_per_tenant": Decimal("33.37"),
        "start_mrr": 140, "end_mrr": Decimal("100.12"), "new_mrr_this_period": 0,
        "expansion_mrr_this_period": Decimal("20.10"), "contraction_mrr_this_period": Decimal("9.98"),
        "churned_mrr_this_period": 50, "new_tenants": 0, "churned_tenants": 1,
    }  # fmt: skip
    days = {day["date"]: day for day in answer["revenue_trend"]}
    assert list(days) == [f"2026-03-{day:02}" for day in range(4, 11)]
    assert (days["2026-03-04"]["start_mrr"], days["2026-03-04"]["expansion_mrr"], days["2026-03-04"]["mrr"]) == (140, 10, 150)
    assert (days["2026-03-05"]["new_mrr"], days["2026-03-05"]["new_tenants"]) == (7, 1)
    assert {days["2026-03-07"][key] for key in days["2026-03-07"] if key not in ("date", "start_mrr", "mrr")} == {0}
    assert (days["2026-03-08"]["churned_mrr"], days["2026-03-08"]["churned_tenants"]) == (7, 1)
    assert (days["2026-03-09"]["churned_mrr"], days["2026-03-09"]["mrr"]) == (50, 100)
    assert days["2026-03-10"] == {
        "date": "2026-03-10", "start_mrr": 100, "new_mrr": 0, "expansion_mrr": Decimal("10.10"),
        "contraction_mrr": Decimal("9.98"), "churned_mrr": 0, "mrr": Decimal("100.12"), "new_tenants": 0,
        "churned_tenants": 0,
    }  # fmt: skip
    assert [(row["segment"], row["tenant_count"]) for row in answer["by_segment"]] == [("b", 1), ("á", 1), ("Sem segmento", 1)]
    assert answer["by_plan"] == [{"plan_name": "starter", "tenant_count": 3, "total_mrr": Decimal("100.12")}]


def test_a_platform_without_companies(platform: Platform) -> None:
    summary = reference_internal.billing(platform)["financial_summary"]
    assert set(summary.values()) == {0}
    usage = reference_internal.overview(platform)
    assert set(usage["trend"].values()) == {None}
    assert len(usage["daily_trends"]) == 30


def test_an_overview_worked_out_by_hand(platform: Platform) -> None:
    platform.tenants = {A: company(A, name="Água"), B: company(B, name="agua", status="suspended")}
    agents = {"x": "Éden", "y": "eden"}
    platform.agents = {id_: {"id": id_, "name": name, "segment": None, "created_at": at(9)} for id_, name in agents.items()}
    platform.deployments = [
        {"tenant_id": tenant_id, "agent_id": agent_id, "status": status}
        for tenant_id, agent_id, status in [(A, "x", "active"), (A, "y", "inactive"), (B, "x", "active"), (B, "y", "active")]
    ]
    platform.price_changes = [
        price(A, at(20), 0), price("z", at(8, 1), 1), price(B, at(8, 23), 5), price("z", at(0, 1), 0, None),
    ]  # fmt: skip
    platform.deployment_changes = [
        {"tenant_id": tenant_id, "agent_id": "x", "effective_at": when, "new_status": "active"}
        for tenant_id, when in [(A, at(19)), (B, at(7, 0)), ("w", at(7, 0))]
    ]
    platform.count([
        # The last 24 hours reach back to yesterday 16:00, the hours before to 16:00 of the day before.
        (A, "x", "success", 100, 1, at(0, 15)), (A, "x", "error", 301, None, at(0, 16)), (A, None, "success", -1, 2, at(1, 16)),
        (B, "y", "success", None, 4, at(1, 15.999)), (B, "y", "success", 0, 8, at(2, 16)), (B, "y", "x", 9, 8, at(2, 15.999)),
        ("gone", "z", "success", 5, 16, at(6, 0)), ("gone", "z", "success", 5, 16, at(6, 0)), ("gone", "z", "x", 5, 1, at(7, 0)),
        (A, "x", "success", 5, 32, at(13)), (A, "x", "success", 5, 64, at(14)),
    ])  # fmt: skip
    answer = reference_internal.overview(platform, "7d")
    assert answer["global_stats"] == {
        "total_tenants": 2, "active_tenants": 1, "total_agents_deployed": 1, "total_requests": 8, "successful_requests": 6,
        "failed_requests": 2, "global_success_rate": Decimal("75.00"), "avg_response_time_ms": 70,
        "total_tokens_used": 55,
    }  # fmt: skip
    assert (answer["requests_last_24_hours"], answer["requests_previous_24_hours"]) == (2, 2)
    # From 25 February on: the one of "gone" and one of A; 24 February belongs to neither.
    assert (answer["previous_period"]["from"], answer["previous_period"]["total_requests"]) == ("2026-02-25", 2)
    # When today began A, B and z were active, with two deployments; when 3 March began the same three, with one.
    assert answer["trend"]["active_tenants"] == 3 - 3
    assert answer["trend"]["total_agents_deployed"] == 2 - 1
    # Yesterday and the six days before: seven requests; the seven days before them: two.
    assert answer["trend"]["total_requests"] == Decimal(250)
    assert [(row["tenant_name"], row["total_requests"]) for row in answer["top_tenants_by_usage"]] == [
        ("Água", 3), ("agua", 3), (None, 2),
    ]  # fmt: skip
    assert [(row["agent_id"], row["total_requests"], row["deployed_count"]) for row in answer["top_agents_by_usage"]] == [
        ("y", 3, 0), ("x", 2, 1), ("z", 2, 0),
    ]  # fmt: skip
    assert answer["top_agents_by_deployment"] == [{"agent_id": "x", "agent_name": "Éden", "deployed_count": 1}]
    days = {day["date"]: (day["total_requests"], day["active_tenants"]) for day in answer["daily_trends"]}
    assert days == {
        "2026-03-04": (2, 1), "2026-03-05": (0, 0), "2026-03-06": (0, 0), "2026-03-07": (0, 0), "2026-03-08": (2, 1),
        "2026-03-09": (2, 2), "2026-03-10": (2, 1),
    }  # fmt: skip
    (x, y) = reference_internal.catalogue(platform, "7d")
    assert (x["deployed_count"], x["total_requests"], x["p95_response_time_ms"]) == (1, 2, Near(301))
    assert (y["last_request_at"], x["last_request_at"]) == ("2026-03-09T15:59:56.400Z", "2026-03-10T16:00:00.000Z")
    assert reference_internal.catalogue(platform, "7d", sort_by="total_requests") == [x, y]
    assert reference_internal.catalogue(platform, "7d", sort_by="total_requests", sort_order="desc") == [y, x]
    assert reference_internal.catalogue(platform, "7d", search="ÉD", sort_order="desc") == [y, x]


def test_orders() -> None:
    rows = [{"id": id_, "value": value} for id_, value in (("a", 1), ("b", None), ("c", 1), ("d", 0), ("e", None))]
    ordered = {
        order: "".join(row["id"] for row in reference_internal.in_order(rows, lambda row: row["value"], order))
        for order in ("asc", "desc")
    }
    assert ordered == {"asc": "dacbe", "desc": "cadeb"}


@pytest.mark.parametrize(
    ("search", "found"),
    [
        (None, True), ("", True), ("  ", True), ("TENANT", True), (" tenánt a ", True), ("%", False),
        ("12.abc.345/01de-35", True), ("c345", True), ("C34", False), ("ABC", False), ("abcd", False),
        ("1.2-A", False), ("1.2-AB", True), ("DE-36", False),
    ],
)  # fmt: skip
def test_searches(search: str | None, found: bool) -> None:
    assert reference_internal.is_found(company(A), search) is found


def test_a_company_and_its_agents(platform: Platform) -> None:
    platform.tenants = {A: company(A)}
    platform.agents = {id_: {"id": id_, "name": id_, "segment": "S", "created_at": at(9)} for id_ in ("x", "y")}
    platform.deployments = [
        {"tenant_id": A, "agent_id": agent_id, "status": "inactive", "config": {"Key": 1, "a": [{"b": 1.5}]},
         "activated_at": None, "deactivated_at": at(1), "restarted_at": None}
        for agent_id in ("y", "x")
    ]  # fmt: skip
    platform.incidents = [
        {"id": str(index), "tenant_id": (A, None)[index % 2], "severity": "info", "title": "t", "description": None,
         "created_at": at(2), "resolved_at": None}
        for index in range(30)
    ]  # fmt: skip
    platform.count(
        [(A, "x", "success", 10, 1, at(6, 0)), (A, "x", "error", 20, 1, at(29, 0)), (A, "x", "x", 1, 1, at(30, 23.9))]
    )
    detail = reference_internal.tenant(platform, A)
    assert detail["tenant"]["limits"] == {"max_agents": 3, "max_users": 2, "max_requests_per_month": 10_000}
    assert detail["tenant"]["cnpj"] == "12.ABC.345/01DE-35"
    assert detail["usage_summary"] == {
        "requests_last_7_days": 1, "requests_last_30_days": 2, "success_rate_last_30_days": Decimal(50),
        "as_of": "2026-03-10T15:30:00.000Z",
    }  # fmt: skip
    assert [it["id"] for it in detail["recent_incidents"]] == ["8", "6", "4", "28", "26", "24", "22", "20", "2", "18"]
    x, y = reference_internal.tenant_agents(platform, A)["agents"]
    assert (x["id"], x["config"], x["usage_stats"]["last_request_at"]) == (
        "x", {"Key": "***", "a": [{"b": Decimal("1.5")}]}, "2026-03-04T00:00:00.000Z",
    )  # fmt: skip
    assert (x["usage_stats"]["avg_response_time_ms"], y["usage_stats"]["last_request_at"]) == (15, None)
    (row,) = reference_internal.tenants(platform)
    assert (row["active_agents"], row["requests_last_30_days"]) == (0, 2)
