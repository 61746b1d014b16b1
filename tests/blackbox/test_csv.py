"""CSV: the same rows as the JSON, in a form that spreadsheets open without harm."""

import datetime
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import reference
from problems import assert_problem
from reference import DAY, UTC
from stack import Stack
from tables import DANGEROUS, assert_equal_rows, parsed
from temporary import Temporary, temporary

USAGE, INCIDENTS = "/tenant/usage", "/tenant/incidents"
DAY_FIELDS = [
    "date", "total_requests", "successful_requests", "failed_requests", "success_rate", "avg_response_time_ms",
    "p50_response_time_ms", "p95_response_time_ms", "total_tokens_used",
]  # fmt: skip
INCIDENT_FIELDS = ["id", "severity", "title", "description", "created_at", "resolved_at", "scope"]
MOST_ROWS = 10_000
MOST_BYTES = 5 * 1024 * 1024

# Titles and descriptions that break naive CSV, or that a spreadsheet would run as a formula.
CELLS = [
    "=HYPERLINK(\"http://x\";\"y\")", "+1", "-1", "@SUM(A1)", "\tcolado", "\rretorno", "\nnova linha", "'aspas", "''", "=",
    "vírgula, aqui", "aspas \"duplas\"", "\"", "\"\"", "linha 1\nlinha 2", "linha 1\r\nlinha 2", "fim\r", " espaços ", " ",
    "ponto;e;vírgula", "ção 😀 \u200b\ufeff", "\ufeffBOM", "1e5", "007", "null", "x" * 250, "a=b", "a\x01\x7fb", "#", "%d",
]  # fmt: skip


@dataclass
class Export:
    rows: Temporary
    tenant: str
    nothing: str


@pytest.fixture(scope="module")
def export(stack: Stack) -> Iterator[Export]:
    with temporary(stack) as rows:
        tenant, nothing = rows.tenant("Temporário exportado"), rows.tenant("Temporário vazio")
        start = datetime.datetime(2026, 4, 1, tzinfo=UTC)
        rows.events(tenant, [
            {"title": cell, "description": cell if index % 2 else None, "created_at": start - index * DAY,
             "resolved_at": start if index % 3 else None}
            for index, cell in enumerate(CELLS)
        ])  # fmt: skip
        rows.event(tenant, title="Descrição vazia", description="")
        now = datetime.datetime.now(UTC)
        rows.requests(
            (tenant, None, "success" if index % 3 else "error", index * 37 if index % 5 else None, index, now - index * DAY)
            for index in range(0, 60, 7)
        )
        rows.roll_up()
        yield Export(rows, tenant, nothing)


@pytest.fixture(scope="module")
def get(stack: Stack, token: Callable[..., str]) -> Callable[..., httpx.Response]:
    def of(path: str, tenant_id: str, accept: str | None = "text/csv", etag: str | None = None, **params: object) -> Any:
        headers = {"Accept": accept or ""} | ({} if etag is None else {"If-None-Match": etag})
        return stack.get(path, token("INTERNAL_SUPPORT"), {"tenant_id": tenant_id} | params, **headers)

    return of


@pytest.mark.parametrize("period", ["7d", "30d", "90d"])
def test_the_days_of_usage(export: Export, get: Callable[..., httpx.Response], period: str) -> None:
    json_rows = get(USAGE, export.tenant, "application/json", period=period).json()["daily_data"]
    assert any(row["total_requests"] for row in json_rows)
    answer = get(USAGE, export.tenant, period=period)
    assert_equal_rows(answer, DAY_FIELDS, json_rows)
    assert "x-truncated" not in answer.headers


def test_the_days_of_a_demo_tenant_and_of_one_of_its_agents(
    stack: Stack, token: Callable[..., str], get: Callable[..., httpx.Response]
) -> None:
    user = token("TENANT_USER", tenant=0)
    agent_id = stack.get("/tenant/agents", user).json()["agents"][0]["id"]
    for params in ({}, {"agent_id": agent_id}):
        json_rows = stack.get(USAGE, user, params).json()["daily_data"]
        answer = stack.get(USAGE, user, params, Accept="text/csv")
        assert_equal_rows(answer, DAY_FIELDS, json_rows)


def test_incidents(export: Export, get: Callable[..., httpx.Response]) -> None:
    json_rows = reference.all_incidents(reference.read(export.rows.database, export.tenant))
    assert get(INCIDENTS, export.tenant, "application/json", limit=100).json()["incidents"] == json_rows[:100]
    answer = get(INCIDENTS, export.tenant)
    assert_equal_rows(answer, INCIDENT_FIELDS, json_rows)
    assert "x-truncated" not in answer.headers
    titles = [row[2] for row in parsed(answer)]
    for text in CELLS:
        assert (f"'{text}" if text[0] in DANGEROUS else text) in titles


def test_nothing_is_a_header(export: Export, get: Callable[..., httpx.Response]) -> None:
    days = get(USAGE, export.nothing, "application/json").json()["daily_data"]
    assert_equal_rows(get(USAGE, export.nothing), DAY_FIELDS, days)
    platform = get(INCIDENTS, export.nothing, "application/json", limit=100).json()["incidents"]
    assert_equal_rows(get(INCIDENTS, export.nothing), INCIDENT_FIELDS, platform)


def test_paging_is_ignored_but_checked(export: Export, get: Callable[..., httpx.Response]) -> None:
    whole = get(INCIDENTS, export.tenant)
    cursor = get(INCIDENTS, export.tenant, "application/json", limit=3).json()["next_cursor"]
    for params in ({"limit": 1}, {"limit": 2, "offset": 5}, {"offset": 10_000}, {"limit": 1, "cursor": cursor}):
        assert get(INCIDENTS, export.tenant, **params).content == whole.content, params
    assert_problem(get(INCIDENTS, export.tenant, limit=0), 400, "invalid_parameter", "limit")
    assert_problem(get(INCIDENTS, export.tenant, cursor="x"), 400, "invalid_parameter", "cursor")
    assert_problem(get(USAGE, export.tenant, period="1d"), 400, "invalid_parameter", "period")


def test_ten_thousand_rows_and_no_more(export: Export, get: Callable[..., httpx.Response]) -> None:
    tenant = export.rows.tenant("Temporário com muitos incidentes")
    export.rows.events(tenant, [{"title": f"Incidente {index}"} for index in range(MOST_ROWS + 50)])
    expected = reference.all_incidents(reference.read(export.rows.database, tenant))
    answer = get(INCIDENTS, tenant)
    assert answer.headers["x-truncated"] == "true"
    assert_equal_rows(answer, INCIDENT_FIELDS, expected[:MOST_ROWS])
    assert get(INCIDENTS, tenant, "application/json", limit=1, offset=10_000).json()["total"] == len(expected)


def test_exactly_ten_thousand_rows_are_whole(export: Export, get: Callable[..., httpx.Response]) -> None:
    tenant = export.rows.tenant("Temporário com exatamente tantos incidentes")
    platform = len(reference.read(export.rows.database, tenant).incidents)
    export.rows.events(tenant, [{"title": f"Incidente {index}"} for index in range(MOST_ROWS - platform)])
    answer = get(INCIDENTS, tenant)
    assert "x-truncated" not in answer.headers
    assert len(parsed(answer)) == 1 + MOST_ROWS


def test_five_megabytes_and_no_more(export: Export, get: Callable[..., httpx.Response]) -> None:
    """Rows are cut whole; what is there is the list's beginning."""
    tenant = export.rows.tenant("Temporário com incidentes longos")
    export.rows.events(tenant, [{"description": f"{index:04}" + "ã" * 5_000} for index in range(700)])
    expected = reference.all_incidents(reference.read(export.rows.database, tenant))
    answer = get(INCIDENTS, tenant)
    assert answer.headers["x-truncated"] == "true"
    assert 0.9 * MOST_BYTES < len(answer.content) <= MOST_BYTES
    rows = parsed(answer)[1:]
    assert_equal_rows(answer, INCIDENT_FIELDS, expected[: len(rows)])


# ------------------------------------------------------------------ which form it is


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("text/csv", "csv"),
        ("TEXT/CSV", "csv"),
        ("text/csv; charset=utf-8", "csv"),
        ("text/csv;q=0.001", "csv"),
        ("text/*", "csv"),
        ("text/csv, application/json;q=0.5", "csv"),
        ("application/json;q=0.5,text/csv", "csv"),
        ("application/json ; q=0.5 , text/csv ; q=0.6", "csv"),
        ("text/csv, */*;q=0.1", "csv"),
        ("text/csv, application/*;q=0.9", "csv"),
        ("text/html, text/csv;q=0.9, */*;q=0.8", "csv"),
        ("application/json", "json"),
        ("*/*", "json"),
        ("application/*", "json"),
        ("text/csv;q=0.5, application/json", "json"),
        ("text/csv;q=0.5, */*", "json"),
        ("text/csv, application/json", "json"),
        ("text/csv;q=0.5, application/json;q=0.5", "json"),
        ("text/csv;q=0", "json"),
        ("text/*;q=0, */*", "json"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "json"),
        ("image/png", "json"),
        ("text/plain", "json"),
        ("application/vnd.ms-excel", "json"),
        ("", "json"),
        (";;;q=,,", "json"),
        ("csv", "json"),
        ("text/csv;q=x, application/json;q=0.1", None),
        ("a" * 5_000, "json"),
    ],
)
@pytest.mark.parametrize("path", [USAGE, INCIDENTS])
def test_what_accept_asks_for(
    export: Export, get: Callable[..., httpx.Response], path: str, accept: str, form: str | None
) -> None:
    answer = get(path, export.tenant, accept)
    assert answer.status_code == 200, "whatever it says, it is no mistake"
    assert answer.headers["vary"] == "Authorization, Accept"
    if form is not None:
        expected = {"csv": "text/csv; charset=utf-8", "json": "application/json"}[form]
        assert answer.headers["content-type"] == expected


def test_no_accept_at_all_is_json(export: Export, stack: Stack, token: Callable[..., str]) -> None:
    request = stack.http.build_request(
        "GET", f"{stack.api_url}{USAGE}", params={"tenant_id": export.tenant},
        headers={"Authorization": token("INTERNAL_SUPPORT")},
    )  # fmt: skip
    del request.headers["accept"]
    assert stack.http.send(request).headers["content-type"] == "application/json"


@pytest.mark.parametrize("path", ["/tenant/me", "/tenant/agents", "/tenant/integrations"])
def test_what_is_no_list_has_no_csv(export: Export, get: Callable[..., httpx.Response], path: str) -> None:
    answer = get(path, export.tenant, "text/csv")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")


def test_errors_are_problems_whatever_was_asked_for(export: Export, get: Callable[..., httpx.Response]) -> None:
    assert_problem(get(INCIDENTS, "x"), 400, "invalid_parameter", "tenant_id")


# ------------------------------------------------------------------ what is already known


@pytest.mark.parametrize("path", [USAGE, INCIDENTS])
def test_each_form_has_its_tag(export: Export, get: Callable[..., httpx.Response], path: str) -> None:
    tags = {accept: get(path, export.tenant, accept).headers["etag"] for accept in ("text/csv", "application/json")}
    assert tags["text/csv"] != tags["application/json"]
    for accept in tags:
        for asked, tag in tags.items():
            answer = get(path, export.tenant, accept, tag)
            assert answer.status_code == (304 if asked == accept else 200), (asked, accept)
            assert answer.headers["etag"] == tags[accept]
            assert answer.headers["vary"] == "Authorization, Accept"
            assert answer.headers["cache-control"] == "private, no-cache"
            assert bool(answer.content) == (asked != accept)


@pytest.mark.parametrize("path", ["/tenant/me", "/tenant/agents", "/tenant/integrations", USAGE, INCIDENTS])
def test_lists_of_tags(export: Export, get: Callable[..., httpx.Response], path: str) -> None:
    first = get(path, export.tenant, "application/json")
    tag = first.headers["etag"]
    assert first.headers["cache-control"] == "private, no-cache"
    assert re.fullmatch(r'(W/)?"[\x21\x23-\x7e]+"', tag)
    strong = tag.removeprefix("W/")
    for known in (tag, strong, f"W/{strong}", f'"other", {tag}', f'"a,b",{tag},"c"', f"{tag},", "*"):
        answer = get(path, export.tenant, "application/json", known)
        assert (answer.status_code, answer.content) == (304, b""), known
    for known in ('"other"', strong.strip('"'), strong[:-2] + '"', '""', "", ",,,", '"', "x" * 5_000):
        answer = get(path, export.tenant, "application/json", known)
        assert (answer.status_code, answer.content) == (200, first.content), known


@pytest.mark.parametrize("path", [USAGE, INCIDENTS])
def test_a_change_changes_the_tag(export: Export, get: Callable[..., httpx.Response], path: str) -> None:
    before = {accept: get(path, export.tenant, accept) for accept in ("text/csv", "application/json")}
    export.rows.event(export.tenant, title="Mais um")
    export.rows.requests([(export.tenant, None, "success", 1, 1, datetime.datetime.now(UTC))])
    export.rows.roll_up([datetime.datetime.now(UTC).date()])
    for accept, old in before.items():
        answer = get(path, export.tenant, accept, old.headers["etag"])
        assert answer.status_code == 200
        assert answer.content != old.content
        assert answer.headers["etag"] != old.headers["etag"]
