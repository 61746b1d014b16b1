"""The list of tenants, and what the internal team may change of them."""

import datetime
import functools
import itertools
import json
import random
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import httpx
import pytest
import reference_internal
from pages import walk
from problems import assert_body_refused, assert_problem, named_by
from reference import DAY, UTC, differences
from reference_internal import Platform, page
from stack import Stack
from temporary import Temporary, random_cnpj, temporary

TENANTS = "/internal/tenants"
SORTS = list(itertools.product(("name", "created_at", "mrr_estimate"), ("asc", "desc")))
ALPHANUMERIC = "12ABC34501DE35"
# Names that only a search that takes every character for itself tells apart.
NAMES = [
    "100% Algodão", "100 Algodão", "Um_dois", "Um dois", "C:\\Dados", "C:Dados", "D'Ávila", '"Aspas" & Cia', "São João",
    "SAO JOAO", "sāo joão", "Ação Ltda", "Acao Ltda", "ﬁel", "😀 Alegre", "(a|b)*[c]", "Vazio\u00a0largo", "abcd", "AB1C",
    "ab", "A", "n" * 200, "n" * 255, "İstanbul", "ẞ e ß",
]  # fmt: skip


class Api:
    """The routes about tenants, as an administrator of the internal team uses them."""

    def __init__(self, stack: Stack, token: str, rows: Temporary) -> None:
        self.stack, self.token, self.rows = stack, token, rows

    def tenants(self, **params: object) -> dict[str, Any]:
        answer = self.stack.get(TENANTS, self.token, params)
        assert answer.status_code == 200, (params, answer.text)
        return json.loads(answer.text, parse_float=Decimal)

    def get(self, tenant_id: str) -> httpx.Response:
        return self.stack.get(f"{TENANTS}/{tenant_id}", self.token)

    def post(self, body: Any, **headers: str) -> httpx.Response:
        answer = self.stack.send("POST", TENANTS, self.token, body, **headers)
        if answer.status_code == 201:
            self.rows.adopt(answer.json()["tenant"]["id"])
        return answer

    def patch(self, tenant_id: str, body: Any, etag: str | None = "*", **headers: str) -> httpx.Response:
        given = headers if etag is None else headers | {"If-Match": etag}
        return self.stack.send("PATCH", f"{TENANTS}/{tenant_id}", self.token, body, **given)

    def created(self, **fields: object) -> dict[str, Any]:
        answer = self.post(company(**fields))
        assert answer.status_code == 201, answer.text
        return answer.json()["tenant"]

    def etag(self, tenant_id: str) -> str:
        return self.get(tenant_id).headers["etag"]

    def row(self, tenant_id: str) -> dict[str, Any]:
        """The row as it is stored, with the transaction that wrote it."""
        return self.rows.database.execute(
            "SELECT to_jsonb(t) || jsonb_build_object('xmin', t.xmin::text) FROM tenants AS t WHERE id = %s", [tenant_id]
        ).fetchone()[0]

    def audit(self, tenant_id: str) -> list[tuple]:
        return self.rows.database.execute(
            """SELECT event_type, severity, user_sub, metadata FROM operational_events
               WHERE tenant_id = %s AND event_type IN ('tenant_created', 'tenant_changed') ORDER BY created_at, id""",
            [tenant_id],
        ).fetchall()


def company(**fields: object) -> dict[str, Any]:
    """A body that is accepted."""
    return {"name": "Temporário pela API", "cnpj": random_cnpj(), "plan": "starter"} | fields


@pytest.fixture(scope="module")
def api(stack: Stack, token: Callable[..., str]) -> Iterator[Api]:
    with temporary(stack) as rows:
        yield Api(stack, token("INTERNAL_ADMIN"), rows)


@pytest.fixture(scope="module")
def platform(api: Api) -> Platform:
    """Companies with names and prices that sort and search in every way, beside the demo's."""
    start = datetime.datetime(2026, 2, 3, 4, 5, 6, 789_000, UTC)
    for index, name in enumerate(NAMES):
        api.rows.tenant(
            name, segment=["Nomes", None][index % 5 == 4], mrr_estimate=[None, 0, 100, 100][index % 4],
            status=["active", "active", "inactive", "suspended"][index % 4],
            # Some at one instant, some apart by less than the answer shows.
            created_at=start + index // 4 * datetime.timedelta(microseconds=1),
            cnpj=ALPHANUMERIC if name == "abcd" else random_cnpj(),
        )  # fmt: skip
    return reference_internal.read(api.rows.database)


def assert_list(api: Api, platform: Platform, limit: int = 50, offset: int = 0, **params: str) -> list[dict]:
    """One page is what the reference says; returns all rows."""
    rows = reference_internal.tenants(platform, **params)
    answer = api.tenants(limit=limit, offset=offset, **params)
    expected = page("tenants", rows, limit, offset, as_of=answer["as_of"])
    assert not (found := differences(answer, expected)), (params, found[:10])
    return rows


# ------------------------------------------------------------------ the list
# Compared with what the fixture read, so this comes before all that makes companies.


@pytest.mark.parametrize(("sort_by", "sort_order"), SORTS)
def test_pages(api: Api, platform: Platform, sort_by: str, sort_order: str) -> None:
    order = {"sort_by": sort_by, "sort_order": sort_order, "status": "all"}
    total = len(assert_list(api, platform, **order))
    for limit, offset in [(1, 0), (100, 0), (7, 3), (20, total - 20), (20, total - 19), (1, total), (100, 10_000)]:
        assert_list(api, platform, limit, offset, **order)


@pytest.mark.parametrize(("sort_by", "sort_order"), SORTS)
def test_a_walk_by_cursor_is_the_list(api: Api, platform: Platform, sort_by: str, sort_order: str) -> None:
    """Also where a page ends among equals, and among those without a price."""
    for filters, limits in [({"status": "all"}, (13,)), ({"segment": "Nomes"}, (1, 2, 3)), ({"search": "a"}, (5, 100))]:
        order = {"sort_by": sort_by, "sort_order": sort_order} | filters
        rows = walk(functools.partial(api.tenants, **order), "tenants", itertools.cycle(limits))
        assert not differences(rows, reference_internal.tenants(platform, **order)), order


def test_those_without_a_price_come_last(api: Api, platform: Platform) -> None:
    """Worked out apart from the reference, which sorts in the same way."""
    for sort_order in ("asc", "desc"):
        rows = api.tenants(sort_by="mrr_estimate", sort_order=sort_order, status="all", limit=100, segment="Nomes")["tenants"]
        prices = [row["mrr_estimate"] for row in rows]
        known = [price for price in prices if price is not None]
        assert prices == sorted(known, reverse=sort_order == "desc") + [None] * (len(prices) - len(known))
        assert None in prices and len(set(known)) == 2
        for price in {*prices}:
            ids = [row["id"] for row in rows if row["mrr_estimate"] == price]
            assert ids == sorted(ids, reverse=sort_order == "desc")


SEARCHES = {
    "%": {"100% Algodão"},
    "100%": {"100% Algodão"},
    "_": {"Um_dois"},
    "m_d": {"Um_dois"},
    "\\": {"C:\\Dados"},
    ":\\d": {"C:\\Dados"},
    "'": {"D'Ávila"},
    '"aspas"': {'"Aspas" & Cia'},
    "sao joao": {"São João", "SAO JOAO", "sāo joão"},
    "SÃO JOÃO": {"São João", "SAO JOAO", "sāo joão"},
    "  sa\u0303o  ": {"São João", "SAO JOAO", "sāo joão"},
    "\t acao ltda \n": {"Ação Ltda", "Acao Ltda"},
    "fie": {"ﬁel"},
    "😀": {"😀 Alegre"},
    "|b)*[": {"(a|b)*[c]"},
    "n" * 200: {"n" * 200, "n" * 255},
    "12.ABC.345/01DE-35": {"abcd"},
    "12abc34501de35": {"abcd"},
    "Abc.34": {"abcd"},
    # A digit among four or more is a piece of a CNPJ; four letters are a name's.
    "c345": {"abcd"},
    "abcd": {"abcd"},
    "DE-35": {"abcd"},
    "ab1": {"AB1C"},
    "não há tal nome": set(),
    "zz%": set(),
    "9" * 200: set(),
}


@pytest.mark.parametrize("search", SEARCHES, ids=lambda search: search[:20])
def test_search(api: Api, platform: Platform, search: str) -> None:
    found = assert_list(api, platform, status="all", search=search)
    assert {row["name"] for row in found if row["name"] in NAMES} == SEARCHES[search]


@pytest.mark.parametrize("search", ["a", "1", "ab", "12", "é", "ç", "😀😀", "123", "../-", "12.3", "1.2.3.4", ". 1 .", "İ", "ß"])
def test_short_searches(api: Api, platform: Platform, search: str) -> None:
    """One to four characters, found in many places or in none."""
    assert_list(api, platform, status="all", search=search)


@pytest.mark.parametrize("search", ["", " ", "\t\n ", "  "])
def test_a_blank_search_is_none(api: Api, platform: Platform, search: str) -> None:
    assert_list(api, platform, search=search)


def test_two_hundred_characters_count_without_the_spaces_around(api: Api) -> None:
    assert api.tenants(search=" " * 50 + "😀" * 200 + " ")["total"] == 0
    refused = api.stack.get(TENANTS, api.token, {"search": " " * 50 + "ã" * 201})
    assert_problem(refused, 400, "invalid_parameter", "search")


def test_a_cursor_belongs_to_its_filters_and_order(api: Api, platform: Platform) -> None:
    base = {"status": "all", "sort_by": "name", "sort_order": "asc", "search": "a"}
    cursor = api.tenants(**base, limit=2)["next_cursor"]
    assert api.tenants(**base, limit=50, cursor=cursor)["tenants"] == api.tenants(**base, limit=50, offset=2)["tenants"]
    for change in (
        {"status": "active"}, {"sort_by": "created_at"}, {"sort_by": "mrr_estimate"}, {"sort_order": "desc"},
        {"search": "ab"}, {"search": ""}, {"plan": "starter"}, {"segment": "Nomes"},
    ):  # fmt: skip
        answer = api.stack.get(TENANTS, api.token, base | change | {"cursor": cursor})
        assert_problem(answer, 400, "invalid_parameter", "cursor")
    with_offset = api.stack.get(TENANTS, api.token, base | {"cursor": cursor, "offset": 2})
    assert (with_offset.status_code, with_offset.json()["code"]) == (400, "invalid_parameter")


@pytest.mark.parametrize(("sort_by", "sort_order"), SORTS)
def test_a_walk_while_companies_come_and_go(api: Api, sort_by: str, sort_order: str) -> None:
    """Whoever stays as it was is met exactly once; nobody who joins, leaves or is renamed costs another its place."""
    seed = random.SystemRandom().randrange(2**32)
    chance, segment = random.Random(seed), f"Passeio {uuid.uuid4()}"
    rows = api.rows

    def join() -> str:
        return rows.tenant(
            chance.choice("abcdeéfçg") + chance.choice("xyz"), segment=segment,
            mrr_estimate=chance.choice([None, 1, 2, 2, 3]),
            created_at=datetime.datetime(2026, 3, chance.randrange(1, 5), tzinfo=UTC),
        )  # fmt: skip

    everybody = [join() for _ in range(40)]
    unchanged = set(everybody[:28])
    others = everybody[28:]

    def something_happens() -> None:
        others.append(join())
        rows.database.execute("UPDATE tenants SET name = %s, mrr_estimate = %s WHERE id = %s", [
            chance.choice("abcdefg"), chance.choice([None, 1, 3]), chance.choice(others),
        ])  # fmt: skip
        leaver = others.pop(chance.randrange(len(others)))
        rows.database.execute("DELETE FROM tenants WHERE id = %s", [leaver])

    order = {"segment": segment, "sort_by": sort_by, "sort_order": sort_order}
    limits = iter(lambda: chance.choice([1, 2, 5, 7]), None)
    seen = walk(functools.partial(api.tenants, **order), "tenants", limits, something_happens)
    met = [row["id"] for row in seen if row["id"] in unchanged]
    assert len(met) == len(unchanged) and set(met) == unchanged, f"seed {seed}"
    assert api.tenants(**order)["total"] == len(unchanged) + len(others)


# ------------------------------------------------------------------ a new one

PLAIN = {"segment": None, "mrr_estimate": None, "status": "active"}


def test_a_company_is_made(api: Api, stack: Stack) -> None:
    body = {
        "name": "  Padaria & Cia 😀  ", "cnpj": "11.222.333/0001-81", "segment": "Alimentação", "plan": "enterprise",
        "mrr_estimate": 1234.5, "status": "suspended",
    }  # fmt: skip
    answer = api.post(body)
    assert answer.status_code == 201, answer.text
    made = answer.json()["tenant"]
    fields = {key: value for key, value in made.items() if key not in ("id", "created_at", "updated_at")}
    assert fields == body | {"name": "Padaria & Cia 😀"}
    assert answer.headers["location"] == f"{TENANTS}/{made['id']}"
    assert str(uuid.UUID(made["id"])) == made["id"]
    assert made["created_at"] == made["updated_at"]
    assert abs(datetime.datetime.now(UTC) - datetime.datetime.fromisoformat(made["created_at"])) < DAY / 24 / 60

    shown = api.stack.get(answer.headers["location"], api.token)
    assert made.items() <= shown.json()["tenant"].items()
    (event,) = api.audit(made["id"])
    after = dict(event[3]["after"])
    assert event[:3] == ("tenant_created", "info", stack.user("INTERNAL_ADMIN")["sub"])
    assert event[3]["before"] is None
    assert "".join(filter(str.isalnum, after.pop("cnpj"))) == "11222333000181"
    assert {key: after[key] for key in fields if key != "cnpj"} == {key: fields[key] for key in fields if key != "cnpj"}
    history = api.rows.database.execute("SELECT new_status, new_mrr FROM tenant_mrr_changes WHERE tenant_id = %s", [made["id"]])
    assert history.fetchall() == [("suspended", 0)]


def test_what_is_left_out(api: Api) -> None:
    made = api.created()
    assert PLAIN.items() <= made.items()
    explicit = api.created(segment=None, mrr_estimate=None, status="active")
    assert PLAIN.items() <= explicit.items()
    row = api.row(made["id"])
    assert (row["mrr_estimate"], row["segment"], row["max_agents"]) == (None, None, None)


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "x"}, {"name": "😀" * 255}, {"name": " " * 40 + "ã" * 255 + " "}, {"name": "<b>' OR 1=1 --\\"},
        {"segment": "s"}, {"segment": "é" * 100}, {"mrr_estimate": 0}, {"mrr_estimate": 0.01}, {"mrr_estimate": 0.1},
        {"mrr_estimate": 9999999999.99}, {"mrr_estimate": 123456789.01}, {"status": "inactive"}, {"plan": "professional"},
    ],
    ids=lambda fields: str(fields)[:40],
)  # fmt: skip
def test_what_is_accepted(api: Api, fields: dict[str, Any]) -> None:
    expected = {key: value.strip() if isinstance(value, str) else value for key, value in fields.items()}
    made = api.created(**fields)
    assert expected.items() <= made.items()
    assert expected.items() <= api.get(made["id"]).json()["tenant"].items()
    changed = api.created()
    assert expected.items() <= api.patch(changed["id"], fields).json()["tenant"].items()


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("12abc34501de35", "12.ABC.345/01DE-35"), ("12.AbC.345/01dE-35", "12.ABC.345/01DE-35"),
        ("00000000000191", "00.000.000/0001-91"), ("11222333000181", "11.222.333/0001-81"),
        ("11.222.333/0001-81", "11.222.333/0001-81"),
    ],
)  # fmt: skip
def test_a_cnpj_is_given_out_formatted(api: Api, written: str, shown: str) -> None:
    plain = "".join(filter(str.isalnum, written)).upper()
    api.rows.database.execute("DELETE FROM tenants WHERE cnpj = %s", [plain])
    made = api.created(cnpj=written)
    assert made["cnpj"] == shown
    assert api.row(made["id"])["cnpj"] == plain
    assert api.get(made["id"]).json()["tenant"]["cnpj"] == shown
    assert [row["cnpj"] for row in api.tenants(search=written)["tenants"]] == [shown]
    api.rows.database.execute("DELETE FROM tenants WHERE id = %s", [made["id"]])


NO_CNPJ = [
    "", " ", "11222333000182", "11222333000191", "11.222.333/0001-80", "00000000000000", "11111111111111", "99999999999999",
    "1122233300018", "112223330001811", "12ABC34501DE34", "12ABC34501DEA5", "AAAAAAAAAAAAAA", "１１２２２３３３０００１８１",
    "٠٠٠٠٠٠٠٠٠٠٠١٩١", "11222333000181\x00", "11222333000181x", "11.222.333/0001-81; --", "12ÁBC34501DE35",
    11222333000181, None, [], {}, True,
]  # fmt: skip
BAD_FIELDS = {
    "name": ["", " ", "\t\n", "x" * 256, "😀" * 256, "a\x00b", "a\nb", "a\x7fb", "a\x1fb", "a\u0085b", 1, None, [], {}, False],
    "cnpj": NO_CNPJ,
    "plan": ["", "gold", "Starter", "starterx", 1, None, [], {}],
    "segment": ["", "x" * 101, "é" * 101, "a\x00b", 1, [], {}, False],
    "mrr_estimate": [-1, -0.01, 0.001, 1.005, 10_000_000_000, 1e300, "100", "", [], {}, True],
    "status": ["", "ACTIVE", "deleted", "all", 1, None, [], {}],
}


@pytest.mark.parametrize("field", BAD_FIELDS)
def test_a_bad_field_is_pointed_at(api: Api, field: str) -> None:
    tenant_id = api.created()["id"]
    before = api.row(tenant_id)
    for value in BAD_FIELDS[field]:
        assert_body_refused(api.post(company(**{field: value})), f"/{field}")
        assert_body_refused(api.patch(tenant_id, {field: value}), f"/{field}")
    assert api.row(tenant_id) == before
    assert len(api.audit(tenant_id)) == 1


def test_all_bad_fields_are_pointed_at_at_once(api: Api) -> None:
    bad = {field: values[-1] for field, values in BAD_FIELDS.items()} | {"id": "x", "a/b~c": 1}
    pointers = [f"/{field}" for field in BAD_FIELDS] + ["/id", "/a~1b~0c"]
    assert_body_refused(api.post(bad), *pointers)
    assert_body_refused(api.patch(api.created()["id"], bad), *pointers)


def test_keys_that_are_missing_or_unknown(api: Api) -> None:
    assert_body_refused(api.post({}), "/name", "/cnpj", "/plan")
    assert_body_refused(api.post({"plan": "x", "nome": "y"}), "/name", "/cnpj", "/plan", "/nome")
    for unknown in ("id", "created_at", "updated_at", "max_agents", "Name", "name ", "limits", "__proto__", "%s"):
        assert_body_refused(api.post(company(**{unknown: None})), f"/{unknown}")
    assert_body_refused(api.post(company(**{"": 1})), "/")
    tenant_id = api.created()["id"]
    assert_body_refused(api.patch(tenant_id, {"name": "x", "id": tenant_id}), "/id")


NO_OBJECTS = [b"[]", b"null", b"1", b'"x"', b"true", b'[{"name": "x"}]']
NO_JSON = [
    b"", b" ", b"{", b"}", b"nope", b"{'name': 'x'}", b'{"name": "x",}', b"{} {}", b'{"name": NaN}', b'{"name": "\\ud800"}',
    b'{"name": "\\x"}', b'{"name": "a\nb"}', b"[" * 10_000, b'{"a":' * 10_000, b"\xef\xbb\xbf", b"name=x&plan=starter",
]  # fmt: skip


def test_a_body_that_is_no_object(api: Api) -> None:
    tenant_id = api.created()["id"]
    json_type = {"Content-Type": "application/json"}
    for body in NO_OBJECTS:
        assert_body_refused(api.post(body, **json_type), "")
        assert_body_refused(api.patch(tenant_id, body, **json_type), "")
    for body in NO_JSON:
        for answer in (api.post(body, **json_type), api.patch(tenant_id, body, **json_type)):
            assert (answer.status_code, answer.json()["code"]) == (400, "invalid_body"), (body[:20], answer.text)
            assert {named_by(error) for error in answer.json().get("errors", [])} <= {""}, (body[:20], answer.text)


def test_content_types(api: Api) -> None:
    tenant_id = api.created()["id"]
    body = json.dumps({"name": "Outro"}).encode()
    for good in ("application/json", "application/json; charset=utf-8", "Application/JSON", "application/json;charset=UTF-8"):
        assert api.post(json.dumps(company()).encode(), **{"Content-Type": good}).status_code == 201, good
        assert api.patch(tenant_id, body, **{"Content-Type": good}).status_code == 200, good
    assert api.patch(tenant_id, body, **{"Content-Type": "application/merge-patch+json"}).status_code == 200
    for bad in (
        "text/plain", "application/x-www-form-urlencoded", "text/json", "application/jsonx", "application/json-patch+json",
        "application/xml", "multipart/form-data; boundary=x", "json", "*/*", "text/plain, application/json",
    ):  # fmt: skip
        assert_problem(api.post(json.dumps(company()).encode(), **{"Content-Type": bad}), 415, "unsupported_media_type")
        assert_problem(api.patch(tenant_id, body, **{"Content-Type": bad}), 415, "unsupported_media_type")
    assert_problem(api.post(json.dumps(company()).encode()), 415, "unsupported_media_type")
    assert_problem(api.patch(tenant_id, body), 415, "unsupported_media_type")
    merge = {"Content-Type": "application/merge-patch+json"}
    assert_problem(api.post(json.dumps(company()).encode(), **merge), 415, "unsupported_media_type")


def test_sixty_four_kibibytes_and_no_more(api: Api) -> None:
    """Counted in bytes."""
    tenant_id = api.created()["id"]
    json_type = {"Content-Type": "application/json"}
    for body in (json.dumps(company()), json.dumps({"name": "é"}, ensure_ascii=False)):
        whole = body.encode().ljust(65_536)
        send = api.post if "cnpj" in body else lambda body, **headers: api.patch(tenant_id, body, **headers)
        assert send(whole, **json_type).status_code in (200, 201)
        assert_problem(send(whole + b" ", **json_type), 413, "too_large")
        assert_problem(send(b"x" * 65_537, **json_type), 413, "too_large")


def test_a_cnpj_in_use(api: Api) -> None:
    taken = api.created()
    count = "SELECT count(*) FROM tenants"
    before = api.rows.database.execute(count).fetchone()
    for spelling in (taken["cnpj"], taken["cnpj"].lower(), "".join(filter(str.isalnum, taken["cnpj"]))):
        assert_problem(api.post(company(cnpj=spelling)), 409, "conflict")
    assert api.rows.database.execute(count).fetchone() == before
    other = api.created()
    assert_problem(api.patch(other["id"], {"cnpj": taken["cnpj"], "name": "Não"}), 409, "conflict")
    assert (api.row(other["id"])["name"], len(api.audit(other["id"]))) == (other["name"], 1)
    assert api.patch(taken["id"], {"cnpj": taken["cnpj"].lower()}).status_code == 200, "its own is not in its way"


def test_of_several_with_one_cnpj_one_is_made(api: Api) -> None:
    body = company()
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(api.post, [body] * 6))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 5
    for answer in answers:
        if answer.status_code == 409:
            assert_problem(answer, 409, "conflict")
    made = api.rows.database.execute("SELECT id::text FROM tenants WHERE cnpj = %s", [body["cnpj"]]).fetchall()
    assert len(made) == len(api.audit(made[0][0])) == 1


# ------------------------------------------------------------------ a change

CHANGES = {
    "name": "Outro nome", "cnpj": None, "segment": "Outro", "plan": "enterprise", "mrr_estimate": 99.9, "status": "suspended",
}  # fmt: skip


@pytest.mark.parametrize("field", CHANGES)
def test_one_field_is_changed(api: Api, stack: Stack, field: str) -> None:
    made = api.created(segment="Antes", mrr_estimate=10)
    value = CHANGES[field] if field != "cnpj" else reference_internal.formatted(random_cnpj())
    before, tag = api.row(made["id"]), api.etag(made["id"])
    answer = api.patch(made["id"], {field: value}, tag)
    assert answer.status_code == 200, answer.text
    changed = answer.json()["tenant"]
    assert {key for key in changed if changed[key] != made[key]} - {"updated_at"} == {field}
    assert changed[field] == value
    after = api.row(made["id"])
    assert after["updated_at"] > before["updated_at"] and after["created_at"] == before["created_at"]
    assert changed.items() <= api.get(made["id"]).json()["tenant"].items()
    _, event = api.audit(made["id"])
    assert event[:3] == ("tenant_changed", "info", stack.user("INTERNAL_ADMIN")["sub"])
    assert (set(event[3]["before"]), set(event[3]["after"])) == ({field}, {field})
    for when, told in (("before", made[field]), ("after", value)):
        assert plain(event[3][when][field]) == plain(told), when


def plain(value: Any) -> Any:
    """The same for a CNPJ with and without punctuation."""
    return "".join(filter(str.isalnum, value)) if isinstance(value, str) else value


def test_all_fields_at_once_and_back_to_nothing(api: Api) -> None:
    made = api.created()
    answer = api.patch(made["id"], CHANGES | {"cnpj": random_cnpj()})
    assert answer.status_code == 200
    assert {key: answer.json()["tenant"][key] for key in CHANGES if key != "cnpj"} == {
        key: value for key, value in CHANGES.items() if key != "cnpj"
    }
    cleared = api.patch(made["id"], {"segment": None, "mrr_estimate": None}, answer.headers["etag"]).json()["tenant"]
    assert (cleared["segment"], cleared["mrr_estimate"]) == (None, None)
    events = api.audit(made["id"])
    assert [event[0] for event in events] == ["tenant_created", "tenant_changed", "tenant_changed"]
    assert events[2][3] == {
        "before": {"segment": "Outro", "mrr_estimate": 99.9}, "after": {"segment": None, "mrr_estimate": None},
    }  # fmt: skip


def test_a_change_that_changes_nothing(api: Api) -> None:
    made = api.created(name="Igual", segment="Mesmo", mrr_estimate=100.5)
    row, tag = api.row(made["id"]), api.etag(made["id"])
    same = {key: made[key] for key in CHANGES}
    for body in (same, same | {"name": "  Igual ", "cnpj": made["cnpj"].lower()}, {"status": "active"}):
        answer = api.patch(made["id"], body, tag)
        assert answer.status_code == 200
        assert answer.json()["tenant"] == made
    assert api.patch(made["id"], b'{"mrr_estimate": 100.50}', tag, **{"Content-Type": "application/json"}).status_code == 200
    assert api.row(made["id"]) == row
    assert len(api.audit(made["id"])) == 1
    assert api.etag(made["id"]) == tag


def test_a_change_needs_a_field(api: Api) -> None:
    answer = api.patch(api.created()["id"], {})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_body")


# ------------------------------------------------------------------ only what was seen is changed


def test_each_tag_is_good_once(api: Api) -> None:
    made = api.post(company())
    tenant_id, tags = made.json()["tenant"]["id"], [made.headers["etag"], api.etag(made.json()["tenant"]["id"])]
    first = api.patch(tenant_id, {"name": "Um"}, tags[0])
    assert first.status_code == 200, "the tag of the creation"
    second = api.patch(tenant_id, {"name": "Dois"}, first.headers["etag"])
    assert second.status_code == 200, "the tag of the change before"
    assert api.patch(tenant_id, {"name": "Três"}, api.etag(tenant_id)).status_code == 200, "the tag of a look at it"
    for stale in (*tags, first.headers["etag"], second.headers["etag"]):
        assert_problem(api.patch(tenant_id, {"name": "Quatro"}, stale), 412, "precondition_failed")
    assert api.row(tenant_id)["name"] == "Três"
    assert len(api.audit(tenant_id)) == 4


def test_tags_that_match_and_tags_that_do_not(api: Api) -> None:
    tenant_id = api.created()["id"]
    names = (f"Nome {index}" for index in itertools.count())
    for good in ("*", "{}", '"other", {}', '{} , "other"'):
        tag = good.format(api.etag(tenant_id))
        assert api.patch(tenant_id, {"name": next(names)}, tag).status_code == 200, tag
    other = api.etag(api.created()["id"])
    before = api.row(tenant_id)
    for bad in ("W/{}", '"other"', '""', 'W/"other", W/{}', other):
        tag = bad.format(api.etag(tenant_id))
        assert_problem(api.patch(tenant_id, {"name": next(names)}, tag), 412, "precondition_failed")
    assert not api.etag(tenant_id).startswith("W/")
    assert_problem(api.patch(tenant_id, {"name": next(names)}, None), 428, "precondition_required")
    assert api.row(tenant_id) == before


def test_a_usage_figure_makes_no_change_stale(api: Api) -> None:
    """The tag of the company's page changes with what it shows; of a change only the company itself is asked."""
    tenant_id = api.created()["id"]
    tag = api.etag(tenant_id)
    api.rows.requests([(tenant_id, None, "success", 10, 1, datetime.datetime.now(UTC))])
    api.rows.roll_up()
    api.rows.user(tenant_id, "nova@example.com")
    assert api.etag(tenant_id) != tag
    assert api.get(tenant_id).json()["usage_summary"]["requests_last_7_days"] == 1
    assert api.patch(tenant_id, {"name": "Ainda serve"}, tag).status_code == 200


def test_of_several_changes_at_once_one_wins(api: Api) -> None:
    for _ in range(3):
        tenant_id = api.created()["id"]
        tag = api.etag(tenant_id)

        def change(index: int, tenant_id: str = tenant_id, tag: str = tag) -> httpx.Response:
            return api.patch(tenant_id, {"name": f"Nome {index}"}, tag)

        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(change, range(4)))
        assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412]
        (winner,) = (answer.json()["tenant"]["name"] for answer in answers if answer.status_code == 200)
        assert api.row(tenant_id)["name"] == winner
        assert [event[3]["after"]["name"] for event in api.audit(tenant_id)[1:]] == [winner]


def test_a_company_that_is_not_there(api: Api) -> None:
    gone = api.created()["id"]
    tag = api.etag(gone)
    api.rows.database.execute("DELETE FROM tenants WHERE id = %s", [gone])
    for tenant_id in (gone, str(uuid.uuid4())):
        assert_problem(api.get(tenant_id), 404, "not_found")
        for etag in ("*", tag):
            assert_problem(api.patch(tenant_id, {"name": "x"}, etag), 404, "not_found")
    for malformed in ("x", "1", gone[:-1], f"{gone}0", "null", gone.replace("-", "")):
        for answer in (
            api.get(malformed), api.stack.get(f"{TENANTS}/{malformed}/agents", api.token), api.patch(malformed, {"name": "x"})
        ):  # fmt: skip
            assert_problem(answer, 400, "invalid_parameter", "id")


def test_the_order_of_checks(api: Api, token: Callable[..., str]) -> None:
    tenant_id, unknown = api.created()["id"], str(uuid.uuid4())
    support, member = token("INTERNAL_SUPPORT"), token("TENANT_ADMIN", tenant=0)
    for method, path in (("POST", TENANTS), ("PATCH", f"{TENANTS}/{tenant_id}"), ("PATCH", f"{TENANTS}/x")):
        assert api.stack.send(method, path, None, b"{").status_code == 401
        assert_problem(api.stack.send(method, path, support, b"{"), 403, "role_required")
        assert_problem(api.stack.send(method, path, member, b"{"), 403, "internal_required")
        assert_problem(api.stack.send(method, path, token(tenant=0), b"{"), 403, "no_group")
    # What is wrong with the request comes before whether there is such a company, and that before its state.
    assert_body_refused(api.patch(unknown, {"name": ""}), "/name")
    assert_problem(api.patch(unknown, b"{}", **{"Content-Type": "text/plain"}), 415, "unsupported_media_type")
    assert_problem(api.patch(unknown, b" " * 65_537, **{"Content-Type": "application/json"}), 413, "too_large")
    assert_problem(api.patch(unknown, {"name": "x"}, None), 428, "precondition_required")
    assert_problem(api.patch(unknown, {"name": "x"}, '"stale"'), 404, "not_found")
    taken = api.created()["cnpj"]
    assert_problem(api.patch(tenant_id, {"cnpj": taken}, '"stale"'), 412, "precondition_failed")
    assert_problem(api.patch(tenant_id, {"cnpj": taken}), 409, "conflict")


def test_the_new_price_counts_from_now_on(api: Api) -> None:
    made = api.created(mrr_estimate=100)
    for change in ({"mrr_estimate": 150}, {"plan": "enterprise"}, {"status": "suspended"}, {"status": "active"}, {"name": "x"}):
        assert api.patch(made["id"], change).status_code == 200
    history = api.rows.database.execute(
        "SELECT new_status, new_mrr::integer FROM tenant_mrr_changes WHERE tenant_id = %s ORDER BY id", [made["id"]]
    )
    assert history.fetchall() == [("active", 100), ("active", 150), ("suspended", 0), ("active", 150)]
