"""Query parameters with values that are none, and the checks that each is refused by name."""

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
from problems import assert_problem

# What no parameter with a syntax accepts.
NONSENSE = {
    "empty": "",
    "blank": " ",
    "NUL": "\x00",
    "control characters": "1\x01\x1f\x7f",
    "CR LF": "1\r\nX-Injected: 1",
    "SQL": "1'; DROP TABLE alquimista_platform.tenants; --",
    "10,000 characters": "7" * 10_000,
    "emoji": "😀",
    "format string": "%s%n{}",
    "path": "../../etc/passwd",
    "null": "null",
    "JSON": '{"$gt": 1}',
}
INSTANTS = [
    "ontem", "2026-13-01", "2026-02-30", "2026-5-1", "20260501", "1714521600", "2026-05-01T12:00:00", "2026-05-01T25:00:00Z",
    "2026-05-01T12:00Z", "2026-05-01T12:00:00+99:00", "2026-05-01,2026-05-02",
]  # fmt: skip
BAD = {
    "limit": ["0", "-1", "101", "abc", "1e9", "1.0", "9" * 30, "٣", "0x10", "1_0", "NaN"],
    "offset": ["-1", "10001", "x", "1e3", "0.5", "9" * 30],
    "cursor": ["x", "AAAA", "=", "e30", "bnVsbA==", str(uuid.uuid4())],
    "tenant_id": ["x", "0" * 31],
    "period": ["1d", "30D", "30", "7d ", "365d", "7d,30d"],
    "agent_id": ["x", "12345678-1234-1234-1234-12345678901", "12345678-1234-1234-1234-12345678901g"],
    "status": ["foo", "ACTIVE", "pending", "active,inactive"],
    "sort_by": ["cnpj", "NAME", "id", "name,id", "-name"],
    "sort_order": ["ASC", "ascending", "1"],
    "severity": ["fatal", "ERROR", "info,error"],
    "state": ["closed", "Open", "true"],
    "command_type": ["all", "health_check", "DELETE_ALL", "HEALTH_CHECK,RESET_TOKEN", "HEALTH-CHECK", "RESET"],
    "event_type": ["incident", "maintenance", "TENANT_CREATED", "tenant"],
    "from": INSTANTS,
    "to": INSTANTS,
}
# Texts of any kind: too long, if there is such a length. An empty `search` is none at all.
FREE = {
    "plan": ["", "x" * 101],
    "segment": ["", "x" * 101],
    "type": ["", "x" * 101],
    "user_sub": ["", "x" * 256],
    "search": ["x" * 201, "😀" * 201, "\x00", "a\x00b"],
}
Get = Callable[..., httpx.Response]


def bad_values(parameter: str, more: tuple[str, ...] = ()) -> list[str]:
    if parameter in FREE:
        return FREE[parameter]
    return [*NONSENSE.values(), *BAD[parameter], *more]


def assert_bad_values_are_named(get: Get, path: str, values: dict[str, list[str]]) -> None:
    """`get` is given a path and parameters."""

    def check(case: tuple[str, str]) -> None:
        parameter, value = case
        answer = get(path, {parameter: value})
        assert answer.status_code == 400, (parameter, value[:100], answer.text[:300])
        assert_problem(answer, 400, "invalid_parameter", parameter)

    with ThreadPoolExecutor(4) as pool:
        for _ in pool.map(check, [(parameter, value) for parameter, many in values.items() for value in many]):
            pass


def assert_twice_is_named(get: Get, path: str, good: dict[str, str]) -> None:
    for parameter, value in good.items():
        alone = get(path, [(parameter, value)])
        assert alone.status_code == 200, (parameter, alone.text)
        assert_problem(get(path, [(parameter, value)] * 2), 400, "invalid_parameter", parameter)


def assert_all_are_named_at_once(get: Get, path: str, values: dict[str, list[str]]) -> None:
    for pick in (0, -1):
        bad = {parameter: many[pick] for parameter, many in values.items()}
        answer = get(path, bad | {"unknown": "x"})
        named = [error["parameter"] for error in answer.json()["errors"]]
        assert sorted(named) == sorted(bad), answer.text
        assert_problem(answer, 400, "invalid_parameter", *named)


def assert_messages_do_not_repeat_what_was_sent(get: Get, path: str, known: tuple[str, ...]) -> None:
    for parameter in known:
        answer = get(path, {parameter: "<script>7777</script>" + "x" * 300})
        assert answer.status_code == 400
        assert "7777" not in answer.text
