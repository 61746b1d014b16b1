"""The reference itself, on examples worked out by hand."""

import datetime
from decimal import Decimal

import pytest
import reference
from reference import Facts, Near, Request, differences, rounded

TODAY = datetime.date(2026, 3, 1)
AGENT = "00000000-0000-0000-0000-00000000000a"
OTHER = "00000000-0000-0000-0000-00000000000b"


def at(day: str, time: str = "12:00:00") -> datetime.datetime:
    return datetime.datetime.fromisoformat(f"{day}T{time}+00:00")


def test_a_worked_example() -> None:
    facts = Facts("t", TODAY, at("2026-03-01", "12:34:56.789999"), catalogue={AGENT: ("Água", None)})
    facts.requests = [
        # The period of 7 days: 23 February to 1 March.
        Request(AGENT, "success", 100, 7, at("2026-02-23", "00:00:00")),
        Request(AGENT, "error", 201, None, at("2026-03-01", "23:59:59.999999")),
        Request(None, "success", -1, 5, at("2026-02-28", "23:59:59.999999")),
        # Just before it; and in the days of the trend that end yesterday.
        Request(AGENT, "success", 300, 1, at("2026-02-22", "23:59:59.999999")),
        Request(AGENT, "SUCCESS", None, 1, at("2026-02-15", "00:00:00")),
    ]
    answer = reference.usage(facts, "7d")
    assert (answer["from"], answer["to"], answer["as_of"]) == ("2026-02-23", "2026-03-01", "2026-03-01T12:34:56.789Z")
    assert answer["summary"] == {
        "total_requests": 3, "successful_requests": 2, "failed_requests": 1, "success_rate": Decimal("66.67"),
        "avg_response_time_ms": 151, "p50_response_time_ms": Near(100), "p95_response_time_ms": Near(201),
        "total_tokens_used": 12,
    }  # fmt: skip
    before = answer["previous_period"]
    assert (before["from"], before["to"], before["total_requests"]) == ("2026-02-16", "2026-02-22", 1)
    # 22 to 28 February: 3 requests, 300 and 100 ms; 15 to 21 February: 1 request, failed, no time.
    assert answer["trend"] == {
        "total_requests": Decimal(200), "successful_requests": None, "failed_requests": Decimal(-100),
        "total_tokens_used": Decimal(1200), "avg_response_time_ms": None, "success_rate": Decimal(100),
    }  # fmt: skip
    assert [day["total_requests"] for day in answer["daily_data"]] == [1, 0, 0, 0, 0, 1, 1]
    assert [(entry["agent_name"], entry["total_requests"]) for entry in answer["by_agent"]] == [
        ("Água", 2), ("Sem agente", 1),
    ]  # fmt: skip
    assert reference.usage(facts, "7d", OTHER) is None
    assert reference.usage(facts, "7d", AGENT)["summary"]["total_requests"] == 2


def test_a_worked_example_of_agents() -> None:
    facts = Facts("t", TODAY, None, catalogue={AGENT: ("Água", None), OTHER: ("Brisa", "Vendas")})
    facts.deployments = [(OTHER, "suspended", None), (AGENT, "active", at("2026-01-02"))]
    facts.requests = [
        # The 30 days: 31 January to 1 March.
        Request(AGENT, "success", 100, 7, at("2026-01-31", "00:00:00")),
        Request(AGENT, "error", 200, None, at("2026-02-01", "00:00:00")),
        Request(AGENT, "success", 300, None, at("2026-03-01", "00:00:00")),
        Request(AGENT, "success", None, None, at("2026-03-01", "23:59:59.999999")),
        # Just before them; and of nobody.
        Request(AGENT, "success", 900, 1, at("2026-01-30", "23:59:59.999999")),
        Request(None, "success", 900, 1, at("2026-02-15")),
    ]
    answer = reference.agents(facts, "all")
    assert (answer["from"], answer["to"], answer["as_of"]) == ("2026-01-31", "2026-03-01", None)
    assert [agent["name"] for agent in answer["agents"]] == ["Água", "Brisa"]
    used, idle = (agent["usage_last_30_days"] for agent in answer["agents"])
    assert used == {
        "total_requests": 4, "success_rate": Decimal(75), "avg_response_time_ms": 200, "p95_response_time_ms": Near(300),
        "daily_requests": [1, 1, *[0] * 27, 2],
    }  # fmt: skip
    assert (idle["total_requests"], idle["daily_requests"]) == (0, [0] * 30)
    assert [agent["id"] for agent in reference.agents(facts)["agents"]] == [AGENT]


@pytest.mark.parametrize(
    ("numerator", "denominator", "decimals", "expected"),
    [(1, 2, 0, "1"), (-1, 2, 0, "-1"), (3, 2, 0, "2"), (100, 3, 2, "33.33"), (1, 800, 2, "0.00"), (1, 200, 2, "0.01"),
     (-1, 200, 2, "-0.01"), (20001, 200, 2, "100.01"), (0, 7, 2, "0")],
)  # fmt: skip
def test_halves_go_up(numerator: int, denominator: int, decimals: int, expected: str) -> None:
    assert rounded(numerator, denominator, decimals) == Decimal(expected)


@pytest.mark.parametrize(
    ("values", "p50", "p95"),
    [([], 0, 0), ([0], 0, 0), ([5], 5, 5), ([1, 2], 1, 2), ([1, 2, 3], 2, 3), (list(range(1, 21)), 10, 19),
     (list(range(1, 22)), 11, 20), (list(range(1, 101)), 50, 95)],
)  # fmt: skip
def test_nearest_rank(values: list[int], p50: int, p95: int) -> None:
    assert (reference.nearest_rank(values, 50), reference.nearest_rank(values, 95)) == (Near(p50), Near(p95))


def test_the_bound_of_percentiles() -> None:
    assert [ms for ms in range(8, 14) if Near(10).allows(ms)] == [9, 10, 11]
    assert [ms for ms in range(3) if Near(0).allows(ms)] == [0]
    assert not Near(1).allows(0)
    assert not Near(100).allows(Decimal(100))


def test_instants_are_cut() -> None:
    zone = datetime.timezone(datetime.timedelta(hours=-3))
    assert reference.instant(datetime.datetime(2026, 1, 1, 21, 0, 0, 999_999, zone)) == "2026-01-02T00:00:00.999Z"
    assert Request(None, "x", None, None, datetime.datetime(2026, 1, 1, 21, tzinfo=zone)).day == datetime.date(2026, 1, 2)
    assert Request(None, "x", None, None, datetime.datetime(2026, 1, 1, 20, tzinfo=zone)).day == datetime.date(2026, 1, 1)


def test_names_fold() -> None:
    assert [reference.fold(name) for name in ("São", "SAO", "Ação Ç", "ﬁm")] == ["sao", "sao", "acao c", "fim"]


@pytest.mark.parametrize(
    ("answered", "expected"),
    [({"a": Decimal("1.0")}, {"a": 1}), ({"a": "1"}, {"a": Decimal(1)}), ({"a": True}, {"a": 1}),
     ({"a": Decimal("-0.0")}, {"a": Decimal(0)}), ({}, {"a": None}), ({"a": 1, "b": 2}, {"a": 1}), ([1], [1, 2]),
     ([2, 1], [1, 2]), ({"a": ""}, {"a": reference.ANY_TEXT}), ({"a": 12}, {"a": Near(10)})],
)  # fmt: skip
def test_differences_are_seen(answered: object, expected: object) -> None:
    assert differences(answered, expected)
