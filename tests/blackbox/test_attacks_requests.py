"""Attacks by what a request says: members and parameters that nobody asked for, too much of everything, other methods and
other addresses (OWASP API3, API4, API8, API9)."""

import base64
import gzip
import http.client
import json
import random
import re
import uuid
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from chance import seed_of_run
from commands import ROUTE, Commands, command
from openapi import METHODS, Document
from problems import assert_body_refused, assert_problem
from stack import Stack
from temporary import Temporary, random_cnpj, steadily, temporary

ME = "/tenant/me"
COMPANIES = "/internal/tenants"
OF_A_TENANT = ("/tenant/me", "/tenant/agents", "/tenant/incidents", "/tenant/integrations", "/tenant/usage")


@pytest.fixture(scope="module")
def rows(stack: Stack) -> Iterator[Temporary]:
    with temporary(stack) as rows:
        yield rows


@pytest.fixture(scope="module")
def raw(stack: Stack) -> Callable[..., tuple[int, dict[str, str], bytes]]:
    """Sends a request whose path and headers are nobody's to tidy up; status, headers and body of its answer."""
    url = urlsplit(stack.api_url)

    def send(
        method: str, path: str, token: str | None = None, body: bytes | None = None, headers: Any = ()
    ) -> tuple[int, dict[str, str], bytes]:  # fmt: skip
        connection = http.client.HTTPConnection(url.hostname or "", url.port, timeout=30)
        try:
            connection.putrequest(method, f"{url.path}{path}", skip_accept_encoding=True)
            given = [*headers, *([("Authorization", token)] if token else [])]
            if body is not None and not any(name.lower() in ("content-length", "transfer-encoding") for name, _ in given):
                given.append(("Content-Length", str(len(body))))
            for name, value in given:
                connection.putheader(name, value)
            connection.endheaders(body)
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    return send


# ------------------------------------------------------------------ members that nobody asked for


def written(document: Document) -> list[tuple[str, str]]:
    return [operation for operation in document.operations if operation[0] not in ("GET", "HEAD")]


def names_of_all_members(document: Document) -> set[str]:
    """Of everything that any answer of the API has."""
    return {name for schema in document.content["components"]["schemas"].values() for name in schema.get("properties", {})}


def test_nothing_that_can_be_read_can_be_written_besides(
    document: Document, stack: Stack, rows: Temporary, commands: Commands, token: Callable[..., str]
) -> None:
    """Mass assignment: each member of each answer, and what frameworks take from bodies, in each body; all are named."""
    tenant = rows.tenant("Temporário, que não muda", mrr_estimate=1)
    good: dict[tuple[str, str], tuple[str, dict[str, Any]]] = {
        ("POST", COMPANIES): (COMPANIES, {"name": "Temporário, tomado", "cnpj": random_cnpj(), "plan": "starter"}),
        ("PATCH", f"{COMPANIES}/{{id}}"): (f"{COMPANIES}/{tenant}", {"name": "Temporário, mudado"}),
        ("POST", ROUTE): (ROUTE, command("HEALTH_CHECK", {}, tenant)),
    }
    assert set(written(document)) == set(good), "each operation that writes has its body here"
    of_frameworks = {"__proto__", "constructor", "prototype", "$where", "$set", "_method", "role", "groups", "is_admin", "@type"}

    def state() -> list[Any]:
        named = rows.database.execute("SELECT * FROM tenants WHERE id = %s OR name = 'Temporário, tomado'", [tenant])
        return [named.fetchall(), commands.count()]

    before = state()
    for operation, (path, body) in good.items():
        content = document.operations[operation]["requestBody"]["content"]["application/json"]
        accepted = set(document.resolved(content["schema"])["properties"])
        assert set(body) <= accepted
        foreign = sorted((names_of_all_members(document) | of_frameworks) - accepted)
        assert {"id", "created_at", "created_by", "requests_this_month"} <= set(foreign)
        headers = {"If-Match": "*"} if operation[0] == "PATCH" else {}
        answer = stack.send(operation[0], path, token("INTERNAL_ADMIN"), body | dict.fromkeys(foreign, "x"), **headers)
        assert_body_refused(answer, *(f"/{name}" for name in foreign))
    assert state() == before


def test_an_object_in_a_members_place_changes_nothing(stack: Stack, rows: Temporary, token: Callable[..., str]) -> None:
    """Operators of query languages, and prototypes, where a text or a number belongs."""
    tenant = rows.tenant("Temporário, intocado", mrr_estimate=1)
    path, admin = f"{COMPANIES}/{tenant}", token("INTERNAL_ADMIN")

    def row() -> Any:
        return rows.database.execute("SELECT * FROM tenants WHERE id = %s", [tenant]).fetchone()

    before = row()
    objects = [{"$ne": None}, {"$gt": ""}, {"__proto__": {"admin": True}}, {"toString": "x"}, [["x"]], {"": {"": {}}}]
    for field in ("name", "cnpj", "segment", "plan", "status", "mrr_estimate"):
        for value in objects:
            answer = stack.send("PATCH", path, admin, {field: value}, **{"If-Match": "*"})
            assert_body_refused(answer, f"/{field}")
    assert row() == before


# ------------------------------------------------------------------ parameters in disguise


def disguises(name: str, value: str) -> list[str]:
    """Queries that some reader takes for this parameter."""
    upper = name.swapcase()
    return [
        f"{name}[]={value}", f"{name}%5B%5D={value}", f"{name}[0]={value}", f"{name}[$eq]={value}", f"{upper}={value}",
        f"{name.title()}={value}", f"%20{name}={value}", f"{name}%20={value}", f"+{name}={value}", f"{name}%00={value}",
        f"{name}.x={value}", f"x;{name}={value}", f"x=1;{name}={value}", f"x=1%26{name}={value}", f"?{name}={value}",
        f"{name.replace('_', '-')}={value}", f"{name.replace('_', '%5f', 1)}x={value}", f"%u0074enant_id={value}",
        f"x=%c0%a6{name}={value}", f"{name}%c0%bd{value}", f"#&{name}%3D{value}", f"x=1%0A%0D{name}={value}",
    ]  # fmt: skip


@pytest.mark.parametrize("path", OF_A_TENANT)
def test_a_parameter_in_disguise_is_none(
    raw: Callable[..., Any], stack: Stack, token: Callable[..., str], rows: Temporary, path: str
) -> None:
    """What names another tenant without being `tenant_id` names nothing: the answer is that of no query at all."""
    user = token("TENANT_ADMIN", tenant=0)
    other = stack.user("TENANT_ADMIN", tenant=1)["tenant_id"]

    def check() -> None:
        plain = raw("GET", path, user)
        assert plain[0] == 200
        for query in disguises("tenant_id", other):
            status, _, body = raw("GET", f"{path}?{query}", user)
            assert (status, body) == (200, plain[2]), query

    steadily(rows.database, check)


def test_a_parameter_written_in_code_is_the_same_parameter(
    raw: Callable[..., Any], stack: Stack, token: Callable[..., str]
) -> None:
    """However its letters are encoded: twice is twice, and another tenant's is refused."""
    user = token("TENANT_ADMIN", tenant=0)
    own, other = (stack.user("TENANT_ADMIN", tenant=index)["tenant_id"] for index in (0, 1))
    encoded = "".join(f"%{ord(character):02x}" for character in "tenant_id")
    for query, code in (
        (f"{encoded}={other}", "tenant_denied"), (f"tenant%5Fid={other.upper()}", "tenant_denied"),
        (f"tenant_id={own}&{encoded}={other}", "invalid_parameter"), (f"{encoded}={other}&tenant_id={own}", "invalid_parameter"),
        (f"tenant_id={own}&tenant_id={other}", "invalid_parameter"), (f"tenant_id={other}&tenant_id={own}", "invalid_parameter"),
        (f"tenant_id=&tenant_id={own}", "invalid_parameter"), (f"tenant_id&tenant_id={own}", "invalid_parameter"),
        (f"tenant_id={own},{other}", "invalid_parameter"), (f"tenant_id={own}%00", "invalid_parameter"),
        (f"tenant_id={own}%c0%80", "invalid_parameter"), (f"tenant_id={own}%ff", "invalid_parameter"),
        (f"tenant_id=%20{own}", "invalid_parameter"), (f"tenant_id={own}%0d%0aX-Injected:%201", "invalid_parameter"),
    ):  # fmt: skip
        for path in OF_A_TENANT:
            status, headers, body = raw("GET", f"{path}?{query}", user)
            problem = json.loads(body)
            assert (status, problem["code"]) == (403 if code == "tenant_denied" else 400, code), (path, query, body)
            assert [error["parameter"] for error in problem.get("errors", [])] == ["tenant_id"] * (code == "invalid_parameter")
            assert "x-injected" not in headers
            assert other.lower() not in body.decode().lower()


def test_what_conflicts_is_refused_for_every_parameter(
    document: Document, raw: Callable[..., Any], stack: Stack, token: Callable[..., str]
) -> None:
    """Of two values, none is chosen: not the first, not the last, not by either spelling of the name."""
    admin = token("INTERNAL_ADMIN")
    tenant = stack.user("TENANT_ADMIN", tenant=0)["tenant_id"]
    tried = 0
    for method, path in document.operations:
        for name, parameter in document.parameters(method, path).items():
            schema = document.resolved(parameter["schema"])
            good = quote(str(schema.get("enum", [schema.get("minimum", tenant)])[0]))
            spelled = f"%{ord(name[0]):02X}{name[1:]}"
            needed = f"tenant_id={tenant}&" if path.startswith("/tenant/") and name != "tenant_id" else ""
            for query in (f"{name}={good}&{name}=x", f"{name}=x&{name}={good}", f"{name}={good}&{spelled}=%78"):
                status, _, body = raw(method, f"{path}?{needed}{query}", admin)
                assert (status, json.loads(body)["code"]) == (400, "invalid_parameter"), (path, query, body)
                assert [error["parameter"] for error in json.loads(body)["errors"]] == [name], (path, query)
                tried += 1
    assert tried > 100


def test_a_body_is_no_query(stack: Stack, raw: Callable[..., Any], token: Callable[..., str]) -> None:
    """A GET's body, a form, or headers that name a tenant say nothing."""
    user = token("TENANT_ADMIN", tenant=0)
    own, other = (stack.user("TENANT_ADMIN", tenant=index)["tenant_id"] for index in (0, 1))
    for body, kind in (
        (f"tenant_id={other}", "application/x-www-form-urlencoded"), (json.dumps({"tenant_id": other}), "application/json"),
    ):  # fmt: skip
        status, _, answer = raw("GET", ME, user, body.encode(), [("Content-Type", kind)])
        assert (status, json.loads(answer)["id"]) == (200, own)
    for name in ("X-Tenant-Id", "Tenant-Id", "tenant_id", "X-Amzn-Tenant", "X-Query-String"):
        status, _, answer = raw("GET", ME, user, headers=[(name, other)])
        assert (status, json.loads(answer)["id"]) == (200, own)


# ------------------------------------------------------------------ too much of everything


def test_very_many_parameters_are_as_good_as_none(raw: Callable[..., Any], stack: Stack, token: Callable[..., str]) -> None:
    """As many as fit into an address: unknown ones are passed over, a known one is named once."""
    user = token("TENANT_ADMIN", tenant=0)
    own = stack.user("TENANT_ADMIN", tenant=0)["tenant_id"]
    status, _, body = raw("GET", f"{ME}?{'&'.join(f'p{index}=1' for index in range(1_000))}", user)
    assert (status, json.loads(body)["id"]) == (200, own)
    for filler in ("a=1&" * 1_500, "&" * 6_000, "%41" * 2_000 + "&", "=" * 5_000 + "&"):
        status, _, body = raw("GET", f"{ME}?{filler}tenant_id={own}", user)
        assert (status, json.loads(body)["id"]) == (200, own), filler[:10]
    status, _, body = raw("GET", f"{ME}?{'tenant_id=x&' * 400}", user)
    assert (status, json.loads(body)["code"], len(json.loads(body)["errors"])) == (400, "invalid_parameter", 1)
    assert len(body) < 1_000, "what is refused is not repeated"


def test_very_many_headers_change_nothing(raw: Callable[..., Any], stack: Stack, token: Callable[..., str]) -> None:
    """As many as the gateway lets through, and, by the function alone, more than any gateway would."""
    user = token("TENANT_ADMIN", tenant=0)
    own = stack.user("TENANT_ADMIN", tenant=0)["tenant_id"]
    status, _, body = raw("GET", ME, user, headers=[(f"X-Filler-{index}", "x" * 50) for index in range(200)])
    assert (status, json.loads(body)["id"]) == (200, own)
    status, _, body = raw("GET", ME, user, headers=[("If-None-Match", '"x", ' * 1_000)])
    assert (status, json.loads(body)["id"]) == (200, own)
    status, _, body = raw("GET", ME, user, headers=[("Accept", "text/csv;q=0.1, " * 500)])
    assert status == 200
    for flood in ({f"X-Filler-{index}": ["x" * 100] for index in range(10_000)}, {"Accept": ["a/b;q=0.1"] * 20_000},
                  {"If-None-Match": ['"x"'] * 20_000}, {"Cache-Control": ["no-cache," * 50_000]}):  # fmt: skip
        status, answer = stack.invoke_api("tenant", ME, user, multiValueHeaders={"Authorization": [user]} | flood, headers={})
        assert (status, answer["id"]) == (200, own)


def test_a_body_is_never_unpacked(stack: Stack, commands: Commands, token: Callable[..., str]) -> None:
    """Compressed, chunked or in Base64: 64 KiB are 64 KiB, and what is no JSON is none."""
    admin, before = token("INTERNAL_ADMIN"), commands.count()
    bomb = gzip.compress(b'{"command_type": "' + b"x" * 10_000_000)
    assert len(bomb) < 65_536
    for coding in ("gzip", "deflate", "br", "gzip, gzip"):
        answer = commands.post(bomb, admin, **{"Content-Type": "application/json", "Content-Encoding": coding})
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_body"), answer.text
    headers = {"Authorization": admin, "Content-Type": "application/json"}
    chunked = stack.http.post(f"{stack.api_url}{ROUTE}", content=iter([b" " * 10_000] * 7), headers=headers)
    assert_problem(chunked, 413, "too_large")
    for size, expected in ((65_537, (413, "too_large")), (5_000_000, (413, "too_large")), (10, (400, "invalid_body"))):
        status, answer = stack.invoke_api(
            "internal", ROUTE, admin, httpMethod="POST", body=base64.b64encode(b" " * size).decode(), isBase64Encoded=True,
            multiValueHeaders={"Authorization": [admin], "Content-Type": ["application/json"]},
            requestContext={"httpMethod": "POST", "resourcePath": ROUTE, "path": ROUTE, "stage": "local", "identity": {},
                            "requestId": str(uuid.uuid4()), "accountId": "x", "apiId": "x", "resourceId": "x"},
        )  # fmt: skip
        assert (status, answer["code"]) == expected
    assert commands.count() == before


def test_the_most_that_can_be_asked_for_is_bounded(document: Document, stack: Stack, token: Callable[..., str]) -> None:
    """Every list says how much at most; what is more is refused before anything is read (test_lists.py tries each value)."""
    for (method, path), operation in document.operations.items():
        for name, parameter in document.parameters(method, path).items():
            schema = document.resolved(parameter["schema"])
            bounded = {"integer": {"minimum", "maximum"}, "string": {"enum", "maxLength", "format"}}[schema["type"]]
            of_its_own = name in ("cursor", "from", "to")
            assert of_its_own or bounded & set(schema), f"{method} {path}: {name} has no bound"
            if name in ("limit", "offset"):
                assert schema["maximum"] == {"limit": 100, "offset": 10_000}[name]
                for beyond in (schema["maximum"] + 1, 2**31, 2**63, 2**64):
                    params = {name: beyond} | ({"tenant_id": str(uuid.uuid4())} if path.startswith("/tenant/") else {})
                    assert_problem(stack.get(path, token("INTERNAL_ADMIN"), params), 400, "invalid_parameter", name)
        body = operation.get("requestBody")
        assert body is None or 413 in document.statuses((method, path))
    for name in ("cursor", "from", "to"):
        answer = stack.get("/internal/audit", token("INTERNAL_ADMIN"), {name: "2026-01-01" * 400})
        assert_problem(answer, 400, "invalid_parameter", name)


# ------------------------------------------------------------------ other methods, other addresses

OTHER_METHODS = ("PUT", "DELETE", "POST", "PATCH", "TRACE", "HEAD", "PROPFIND", "DEBUG", "GET2")


def test_methods_that_are_not_documented_do_nothing(
    document: Document, raw: Callable[..., Any], stack: Stack, rows: Temporary, token: Callable[..., str]
) -> None:
    """Neither at the gateway nor at a function alone; and TRACE shows nobody a header."""
    admin = token("INTERNAL_ADMIN")
    tenant = rows.tenant("Temporário, sem outros métodos")
    before = rows.database.execute("SELECT * FROM tenants WHERE id = %s", [tenant]).fetchone()
    for path in document.content["paths"]:
        known = {method.upper() for method in document.content["paths"][path] if method in METHODS}
        asked = path.replace("{id}", tenant)
        function = path.split("/")[1]
        for method in OTHER_METHODS:
            if method in known:
                continue
            status, headers, body = raw(method, asked, admin, b'{"name": "x"}', [("Content-Type", "application/json")])
            assert status in (403, 404, 405, 501), (method, path, status, body)
            assert admin.encode() not in body and b"Temp" not in body
            context = {
                "resourcePath": path, "httpMethod": method, "path": asked, "stage": "local", "identity": {}, "requestId": "x",
                "accountId": "x", "apiId": "x", "resourceId": "x",
            }  # fmt: skip
            if method == "HEAD":
                continue
            status, answer = stack.invoke_api(function, asked, admin, httpMethod=method, body="{}", requestContext=context)
            assert (status, answer["code"]) == (405, "method_not_allowed"), (method, path)
    assert rows.database.execute("SELECT * FROM tenants WHERE id = %s", [tenant]).fetchone() == before


def test_a_method_is_what_the_request_line_says(
    raw: Callable[..., Any], rows: Temporary, token: Callable[..., str]
) -> None:
    """Not what a header, a parameter or a body would have it be; nor is an address."""
    admin = token("INTERNAL_ADMIN")
    tenant = rows.tenant("Temporário, que só é lido")
    path = f"{COMPANIES}/{tenant}"
    for method in ("DELETE", "PATCH", "PUT"):
        for header in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"):
            headers = [(header, method), ("Content-Type", "application/json"), ("If-Match", "*")]
            status, _, body = raw("GET", path, admin, b'{"name": "x"}', headers)
            assert (status, json.loads(body)["tenant"]["name"]) == (200, "Temporário, que só é lido")
        status, _, body = raw("GET", f"{path}?_method={method}&method={method}", admin)
        assert (status, json.loads(body)["tenant"]["name"]) == (200, "Temporário, que só é lido")
    user = token("TENANT_USER", tenant=0)
    for header in ("X-Original-URL", "X-Rewrite-URL", "X-Original-URI", "X-Forwarded-Uri", "X-Forwarded-Prefix"):
        status, _, body = raw("GET", ME, user, headers=[(header, path), (header.lower(), "/internal/billing/overview")])
        assert (status, set(json.loads(body)) & {"tenant", "financial_summary"}) == (200, set()), header
        status, _, body = raw("GET", COMPANIES, user, headers=[(header, ME)])
        assert (status, json.loads(body)["code"]) == (403, "internal_required"), header


def test_addresses_that_only_look_like_ones_own_lead_nowhere(
    raw: Callable[..., Any], stack: Stack, token: Callable[..., str]
) -> None:
    """Dots, slashes and codes between what a tenant's user may reach and what not: at the gateway, and at both functions."""
    user = token("TENANT_USER", tenant=0)
    for path in (
        "/tenant/../internal/tenants", "/tenant/%2e%2e/internal/tenants", "/tenant/me/..%2f..%2finternal%2ftenants",
        "//internal/tenants",
        "/tenant/me/../../internal/tenants", "/tenant//..//internal/tenants", "/./internal/tenants", "/internal/./tenants",
        "/internal%2ftenants", "/%69nternal/tenants", "/internal/tenants/", "/internal/tenants;/tenant/me", "/internal/tenants%00",
        "/internal/tenants%20", "/INTERNAL/tenants", "/internal/tenants?/tenant/me", "/internal/tenants#/tenant/me",
        "/internal\\tenants", "/tenant/..;/internal/tenants", "/internal/tenants.json", "/internal/tenants/..%252f",
        "/%2e/internal/tenants", "/internal/tenants/%2e",
    ):  # fmt: skip
        status, _, body = raw("GET", path, user)
        assert status in (400, 403, 404), (path, status, body)
        assert b'"tenants"' not in body, path
        for function in ("tenant", "internal"):
            bare = path.partition("?")[0].partition("#")[0]
            status, answer = stack.invoke_api(function, bare, user)
            assert status in (400, 403, 404) and "tenants" not in answer, (function, path, answer)


# What frameworks, consoles and careless deployments leave behind.
LEFT_BEHIND = [
    "/", "/tenant", "/internal", "/health", "/healthz", "/status", "/metrics", "/debug", "/debug/pprof", "/actuator",
    "/actuator/env", "/env", "/.env", "/.git/config", "/config", "/info", "/version", "/docs", "/swagger.json", "/swagger-ui",
    "/openapi.json", "/openapi", "/graphql", "/admin", "/internal/admin", "/internal/debug", "/internal/health",
    "/internal/metrics", "/internal/users",
    "/internal/migrate", "/internal/sql", "/internal/cache", "/internal/tenants/export/all", "/internal/operations",
    "/internal/usage", "/internal/billing", "/tenant/users", "/tenant/me/token", "/tenant/debug", "/v1/tenant/me", "/v2/tenant/me",
    "/test", "/tenant/agents/1",
    "/2018-06-01/runtime/invocation/next", "/2015-03-31/functions", "/robots.txt", "/server-status", "/trace", "/echo", "/ping",
]  # fmt: skip


def test_there_is_nothing_that_is_not_documented(
    document: Document, raw: Callable[..., Any], stack: Stack, token: Callable[..., str]
) -> None:
    """test_isolation.py compares the document with what is deployed; here, what may be there without either knowing."""
    admin = token("INTERNAL_ADMIN")
    for path in LEFT_BEHIND:
        assert document.operation_of("GET", path) is None
        status, _, body = raw("GET", path, admin)
        assert (status, json.loads(body)) == (403, {"message": "Missing Authentication Token"}), (path, status, body)
        for function in ("tenant", "internal"):
            status, answer = stack.invoke_api(function, path, admin)
            assert (status, answer["code"]) == (404, "not_found"), (function, path)
    # Nor does a function answer the other's routes.
    for method, path in document.operations:
        other = {"tenant": "internal", "internal": "tenant"}[path.split("/")[1]]
        status, answer = stack.invoke_api(other, path.replace("{id}", str(uuid.uuid4())), admin)
        assert (status, answer["code"]) == (404, "not_found"), (method, path)


def test_the_web_alone_may_read_across_origins(
    document: Document, raw: Callable[..., Any], stack: Stack, token: Callable[..., str]
) -> None:
    """Whoever asks: the answer names the one origin, never who asked, and never allows cookies."""
    user = token("TENANT_USER", tenant=0)
    for origin in ("https://evil.example", "null", stack.description["web_url"] + ".evil.example", "http://localhost", "file://"):
        for path, sent in ((ME, user), (f"{ME}?tenant_id=x", user), (COMPANIES, user), ("/internal/nothing", user), (ME, None)):
            status, headers, _ = raw("GET", path, sent, headers=[("Origin", origin)])
            allowed = headers.get("access-control-allow-origin")
            # The emulator's own answers, which the template replaces (tests/template/test_api.py), allow everybody to read them.
            assert allowed == stack.description["web_url"] or "x-request-id" not in headers, (path, status, allowed)
            assert "access-control-allow-credentials" not in headers
            assert origin not in headers.values()


def test_no_answer_says_what_made_it(raw: Callable[..., Any], document: Document, token: Callable[..., str]) -> None:
    """Broken in ways that frameworks like to explain."""
    seed = seed_of_run()
    chance = random.Random(seed)
    admin = token("INTERNAL_ADMIN")
    kinds = ["application/json", "application/json; charset=utf-7", "application/json;" * 50, "\"", "application/x-php"]
    for method, path in document.operations:
        for _ in range(4):
            garbage = bytes(chance.randrange(256) for _ in range(chance.randrange(200)))
            query = quote(garbage) if chance.random() < 0.5 else "%" * chance.randrange(1, 20)
            body = garbage if method != "GET" else None
            asked = path.replace("{id}", quote(garbage[:20], safe="") or "x")
            headers = [("Content-Type", chance.choice(kinds)), ("If-Match", '"'), ("Accept", "\"/\";q=\\")]
            status, given, answer = raw(method, f"{asked}?{query}", admin, body, headers)
            assert status in (200, 304, 400, 403, 404, 405, 412, 413, 415, 428), (seed, method, path, status, answer)
            told = answer.decode(errors="replace").lower()
            inside = re.search(r"axum|hyper|tokio|serde|sqlx|rustc|panicked|\.rs\b|traceback|exception|postgres", told)
            assert not inside, (seed, told)
            assert "x-powered-by" not in given
