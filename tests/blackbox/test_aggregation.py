"""The deployed aggregation: what it is asked, what it answers, and what the API tells afterwards."""

import datetime
import json
import random
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
import reference
from reference import DAY, UTC, differences
from stack import Stack, until
from temporary import Temporary, temporary

from devstack.release import ALIAS

RUNS_OF = "SELECT date, last_run_at FROM aggregated_days WHERE date = ANY(%s)"


@dataclass
class World:
    """A tenant with requests that no rollup knows yet."""

    rows: Temporary
    tenant_id: str
    agents: list[str]
    today: datetime.date

    def arrive(self, day: datetime.date, count: int) -> None:
        """So many requests of all kinds, among them the first and the last that a day can have."""
        ends = [datetime.time(), datetime.time.max] if day < self.today else []
        latest = datetime.datetime.now(UTC) if day == self.today else datetime.datetime.combine(day + DAY, datetime.time(), UTC)
        begins = datetime.datetime.combine(day, datetime.time(), UTC)
        instants = [datetime.datetime.combine(day, end, UTC) for end in ends]
        instants += [begins + random.random() * (latest - begins) for _ in range(count - len(instants))]
        self.rows.requests(
            (
                self.tenant_id, random.choice([None, *self.agents]), random.choice(["success", "success", "error"]),
                random.choice([None, -1, 0, 80, 4_000]), random.choice([None, 900]), instant,
            )
            for instant in instants
        )  # fmt: skip

    def raw_rows(self, first: datetime.date, last: datetime.date) -> int:
        """Of all tenants."""
        count = "SELECT count(*) FROM agent_requests WHERE created_at >= day_start(%s) AND created_at < day_start(%s)"
        return self.rows.database.execute(count, [first, last + DAY]).fetchone()[0]

    def last_runs(self, *days: datetime.date) -> list[tuple]:
        return sorted(self.rows.database.execute(RUNS_OF, [list(days)]).fetchall())


@pytest.fixture
def world(stack: Stack) -> Iterator[World]:
    with temporary(stack) as rows:
        today = rows.database.execute("SELECT utc_today()").fetchone()[0]
        agents = [rows.agent(f"Temporário {number}") for number in range(2)]
        yield World(rows, rows.tenant("Temporário, agregado"), agents, today)


@pytest.fixture
def told(stack: Stack, token: Callable[..., str], world: World) -> Callable[[], Any]:
    """What the API tells of the tenant's month."""

    def ask() -> Any:
        answer = stack.get("/tenant/usage", token("INTERNAL_SUPPORT"), {"tenant_id": world.tenant_id, "period": "30d"})
        assert answer.status_code == 200, answer.text
        return json.loads(answer.text, parse_float=Decimal)

    return ask


def assert_told_right(world: World, told: Callable[[], Any]) -> None:
    facts = reference.read(world.rows.database, world.tenant_id)
    # A run by schedule may come between the two readings.
    answered = told() | {"as_of": None}
    found = differences(answered, reference.usage(facts, "30d") | {"as_of": None})
    assert not found, "\n".join(found[:40])


def refusal(stack: Stack, event: Any) -> dict[str, str]:
    """The error of an invocation that must fail."""
    answer = stack.aws("lambda").invoke(
        FunctionName=stack.description["functions"]["aggregate"], Payload=json.dumps(event).encode()
    )
    payload = json.loads(answer["Payload"].read())
    assert "FunctionError" in answer, payload
    return payload


def enveloped(detail: Any) -> dict[str, Any]:
    """An event as EventBridge delivers it."""
    return {
        "version": "0", "id": str(uuid.uuid4()), "detail-type": "Scheduled Event", "source": "aws.events",
        "account": "000000000000", "time": "2026-01-01T02:00:00Z", "region": "sa-east-1", "resources": [],
        "detail": detail,
    }  # fmt: skip


def test_days_by_name_are_counted_as_they_are(stack: Stack, world: World, told: Callable[[], Any]) -> None:
    first, last = world.today - 2 * DAY, world.today
    for day in (first, first + DAY, last):
        world.arrive(day, random.randint(20, 60))
    assert told()["summary"]["total_requests"] == 0

    one = stack.invoke("aggregate", {"date": first.isoformat()})
    assert (one["complete"], one["next"]) == (True, None)
    assert [(day["date"], day["rows_read"]) for day in one["days"]] == [
        (first.isoformat(), world.raw_rows(first, first))
    ]
    assert one["rows_written"] == one["days"][0]["rows_written"] > 0

    event = {"from": first.isoformat(), "to": last.isoformat()}
    all_days = stack.invoke("aggregate", enveloped(event))
    assert [day["date"] for day in all_days["days"]] == [(first + n * DAY).isoformat() for n in range(3)]
    assert all_days["rows_read"] == world.raw_rows(first, last)
    assert all_days["days"][0]["rows_written"] == 0
    assert_told_right(world, told)

    # Run again, it finds nothing to write.
    assert stack.invoke("aggregate", event)["rows_written"] == 0
    assert_told_right(world, told)

    # Late ones, and some that are taken back.
    world.arrive(first, 30)
    world.rows.database.execute(
        "DELETE FROM agent_requests WHERE tenant_id = %s AND agent_id IS NULL", [world.tenant_id]
    )
    stack.invoke("aggregate", event)
    assert_told_right(world, told)


def test_the_runs_of_the_schedules(stack: Stack, world: World, told: Callable[[], Any]) -> None:
    yesterday = world.today - DAY
    for day in (world.today - 3 * DAY, yesterday, world.today):
        world.arrive(day, 25)
    night = stack.invoke("aggregate", {"run": "nightly"})
    assert [day["date"] for day in night["days"]] == [(world.today - n * DAY).isoformat() for n in (3, 2, 1)]
    for event in ({"run": "quarter_hourly"}, enveloped({"run": "quarter_hourly"}), {}, enveloped({})):
        quarter = stack.invoke("aggregate", event)
        assert quarter["complete"] is True
        assert quarter["days"][-1]["date"] == world.today.isoformat()
        assert {day["date"] for day in quarter["days"]} <= {yesterday.isoformat(), world.today.isoformat()}
    assert_told_right(world, told)


def test_events_that_ask_for_nothing_possible(stack: Stack, world: World) -> None:
    old, tomorrow = (world.today - 40 * DAY).isoformat(), (world.today + 2 * DAY).isoformat()
    before = world.last_runs(world.today - 40 * DAY)
    for event, field in (
        ({"date": tomorrow}, "date"), ({"date": "yesterday"}, "date"), ({"date": "2026-2-1"}, "date"),
        ({"date": 20260201}, "date"), ({"from": old}, "to"), ({"to": old}, "from"), ({"from": old, "to": tomorrow}, "to"),
        ({"from": old, "to": (world.today - 41 * DAY).isoformat()}, "from"), ({"from": "2024-01-01", "to": old}, "from"),
        ({"date": old, "from": old, "to": old}, "date"), ({"run": "nightly", "date": old}, "run"),
        ({"run": "hourly"}, "run"), ({"day": old}, "day"), (enveloped({"day": old}), "day"), ([], "event"),
    ):  # fmt: skip
        error = refusal(stack, event)
        assert error["errorType"] == "InvalidEvent", event
        assert error["errorMessage"].startswith(f"the event is not valid: {field} "), (event, error)
    assert world.last_runs(world.today - 40 * DAY) == before


def test_a_day_whose_raw_requests_are_gone(stack: Stack, world: World) -> None:
    first = world.rows.database.execute("SELECT min(date) FROM aggregated_days").fetchone()[0]
    gone = (first - 30 * DAY).isoformat()
    error = refusal(stack, {"date": gone})
    assert error["errorType"] == "DayRefused"
    assert f"the raw requests of {gone} are gone" in error["errorMessage"]


def test_as_of_moves_forward(stack: Stack, world: World, told: Callable[[], Any]) -> None:
    first = told()["as_of"]
    began = reference.instant(datetime.datetime.now(UTC))
    stack.invoke("aggregate", {"date": (world.today - 2 * DAY).isoformat()})
    assert told()["as_of"] >= first
    stack.invoke("aggregate", {"date": world.today.isoformat()})
    second = told()["as_of"]
    assert second >= began > first
    stack.invoke("aggregate", {"from": (world.today - 30 * DAY).isoformat(), "to": (world.today - DAY).isoformat()})
    assert told()["as_of"] >= second


def test_killed_and_run_again(stack: Stack, world: World, told: Callable[[], Any]) -> None:
    days = [world.today - n * DAY for n in range(20, 0, -1)]
    for day in days:
        world.arrive(day, 40)
    event = {"from": days[0].isoformat(), "to": days[-1].isoformat()}
    outcome: list[Any] = []

    def run() -> None:
        answer = stack.aws("lambda").invoke(
            FunctionName=stack.description["functions"]["aggregate"], Payload=json.dumps(event).encode()
        )
        outcome.append((answer.get("FunctionError"), json.loads(answer["Payload"].read())))

    thread = threading.Thread(target=run)
    thread.start()
    # In the middle of whatever it is doing.
    kill = """SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
              WHERE usename = 'app_jobs' AND state <> 'idle' AND query LIKE '%aggregate_day%'"""
    until(lambda: outcome or world.rows.database.execute(kill).fetchone()[0])
    thread.join()
    ((failed, payload),) = outcome
    if failed:
        assert payload["errorType"] == "Database", payload
    again = stack.invoke("aggregate", event)
    assert again["complete"] is True
    assert_told_right(world, told)


def test_it_says_how_far_it_is_and_measures_without_naming_tenants(stack: Stack, world: World) -> None:
    since = time.time() - 1
    first, last = world.today - 2 * DAY, world.today - DAY
    for day in (first, last):
        world.arrive(day, 10)
    answer = stack.invoke("aggregate", {"from": first.isoformat(), "to": last.isoformat()})

    def lines() -> list[dict[str, Any]]:
        found = [json.loads(line) for line in stack.function_log("aggregate", since) if line.startswith("{")]
        return found if any(line.get("Run") == "back_fill" and line["Days"] == 2 for line in found) else []

    logged = until(lines)
    assert world.tenant_id not in json.dumps(logged)
    days = [line for line in logged if line.get("message") == "day aggregated" and line["of"] == 2]
    assert [(line["day"], line["number"]) for line in days] == [(first.isoformat(), 1), (last.isoformat(), 2)]
    for line, day in zip(days, answer["days"], strict=True):
        assert [line[name] for name in ("rows_read", "rows_written", "duration_ms")] == [
            day[name] for name in ("rows_read", "rows_written", "duration_ms")
        ]
    # The test before may have ended within the second: its run was of more days.
    (metrics,) = [line for line in logged if line.get("Run") == "back_fill" and line["Days"] == 2]
    assert (metrics["Days"], metrics["RowsRead"], metrics["Failures"]) == (2, answer["rows_read"], 0)


def test_what_fails_for_good_is_kept(stack: Stack) -> None:
    function = stack.description["functions"]["aggregate"]
    config = stack.aws("lambda").get_function_event_invoke_config(FunctionName=function, Qualifier=ALIAS)
    sqs = stack.aws("sqs")
    queue = config["DestinationConfig"]["OnFailure"]["Destination"].rpartition(":")[2]
    url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    event = {"date": f"29{random.randint(10, 99)}-01-01"}
    # The emulator knows no failures of an alias.
    stack.aws("lambda").invoke(FunctionName=function, InvocationType="Event", Payload=json.dumps(event).encode())

    def kept() -> dict[str, Any] | None:
        for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
            body = json.loads(message["Body"])
            if body["requestPayload"] == event:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                return body
        return None

    body = until(kept, 60)
    assert "in the future" in json.dumps(body["responsePayload"])
