"""The API as a stranger finds it who has its document and time: schemathesis makes up requests, good and bad, for everybody.

SEED=… in the environment repeats a run; LONG=1 asks far more. Whatever is asked, the answer is one that the document
describes, and who may ask is decided before anything else.
"""

import copy
import os
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import httpx
import pytest
import requests
import schemathesis
from chance import seed_of_run
from commands import CHECKS, ONE, ROUTE, Commands
from hypothesis import Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import FlakyStrategyDefinition
from openapi import Document
from problems import named_by
from schemathesis import Case, CheckContext, Response
from schemathesis.config import SchemathesisConfig
from schemathesis.generation.stateful import APIStateMachine
from schemathesis.generation.stateful.state_machine import StepInput, StepOutput
from schemathesis.specs.openapi.checks import positive_data_acceptance
from schemathesis.specs.openapi.schemas import OpenApiSchema
from stack import Stack, stack_of_environment
from temporary import LETTERS_AND_DIGITS, Temporary, cnpj_of, temporary

LONG = bool(os.environ.get("LONG"))
SEED = seed_of_run()

DOCUMENT = Document()
CREATE, CHANGE, COMMAND, COMMANDS = (
    ("POST", "/internal/tenants"), ("PATCH", "/internal/tenants/{id}"), ("POST", ROUTE), ("GET", ROUTE)
)  # fmt: skip
PLANS = ["starter", "professional", "enterprise"]


# ------------------------------------------------------------------ what is asked


def in_full() -> dict[str, Any]:
    """The document, with what it says in words said in schemas: good input is then good indeed, and bad input bad."""
    whole = copy.deepcopy(DOCUMENT.content)
    schemas = whole["components"]["schemas"]
    for body in ("NewTenant", "TenantChange"):
        members = schemas[body]["properties"]
        members["plan"] = {"enum": PLANS}
        members["cnpj"] = {"type": "string", "format": "cnpj"}
    uuids = {"type": "string", "format": "uuid"}
    schemas["NewCommand"] = {
        "anyOf": [
            ordered("REPROCESS_QUEUE", ["queue"], queue={"type": "string", "pattern": "^[A-Za-z0-9_-]{1,75}$"},
                    max_messages={"type": "integer", "minimum": 1, "maximum": 10_000}),
            ordered("RESET_TOKEN", ["integration_id"], uuids, integration_id=uuids),
            ordered("RESTART_AGENT", ["agent_id"], uuids, agent_id=uuids),
            ordered("HEALTH_CHECK", [],
                    checks={"type": "array", "items": {"enum": list(CHECKS)}, "minItems": 1, "uniqueItems": True}),
        ]
    }  # fmt: skip
    for parameter in whole["paths"]["/internal/audit"]["get"]["parameters"]:
        if parameter["name"] in ("from", "to"):
            parameter["schema"] = {"type": "string", "anyOf": [{"format": "date"}, {"format": "date-time"}]}
    return whole


def ordered(kind: str, required: list[str], tenant: Any = None, **parameters: Any) -> dict[str, Any]:
    """The body that orders a command of this type."""
    members = {"type": "object", "properties": parameters, "required": required, "additionalProperties": False}
    tenant_id = tenant or {"type": ["string", "null"], "format": "uuid"}
    return {
        "type": "object",
        "properties": {"command_type": {"enum": [kind]}, "parameters": members, "tenant_id": tenant_id},
        "required": ["command_type", "parameters", *(["tenant_id"] if tenant else [])],
        "additionalProperties": False,
    }


# Ids that there are: of companies, and soon of an agent and a command.
IDS = sorted({user["tenant_id"] for user in stack_of_environment().description["users"]} - {None})
schemathesis.openapi.format("uuid", st.one_of(st.deferred(lambda: st.sampled_from(IDS)), st.uuids().map(str)))
schemathesis.openapi.format("cnpj", st.text(LETTERS_AND_DIGITS, min_size=12, max_size=12).filter(lambda text: len(set(text)) > 1).map(cnpj_of))



def schema(*, systematic: bool, examples: int) -> OpenApiSchema:
    """The document as schemathesis reads it; systematic: every bound of every schema is tried, too, not chance alone."""
    settings = {
        "seed": SEED,
        # What is no parameter is ignored (contract, section 2).
        "generation": {"max-examples": examples, "database": "none", "allow-extra-parameters": False},
        "phases": {"coverage": {"enabled": systematic}},
        "checks": {
            "positive_data_acceptance": {"expected-statuses": ["2xx", 304, 401, 403, 404, 409, 412]},
            "negative_data_rejection": {"expected-statuses": [400, 401, 403, 404, 409, 412, 413, 415, 428]},
            "missing_required_header": {"expected-statuses": [400, 403, 428]},
        },
    }
    return schemathesis.openapi.from_dict(in_full(), config=SchemathesisConfig.from_dict(settings))


SYSTEMATIC = schema(systematic=True, examples=150 if LONG else 10)
AT_RANDOM = schema(systematic=LONG, examples=150 if LONG else 3)
WALKS = 100 if LONG else 5


# ------------------------------------------------------------------ who asks

# Groups, and which demo tenant it belongs to.
PERSONAS: dict[str, tuple[tuple[str, ...], int | None] | None] = {
    "INTERNAL_ADMIN": (("INTERNAL_ADMIN",), None),
    "INTERNAL_SUPPORT": (("INTERNAL_SUPPORT",), None),
    "TENANT_ADMIN": (("TENANT_ADMIN",), 0),
    "TENANT_USER": (("TENANT_USER",), 0),
    "no group": ((), 0),
    # Without a token, or with one that was made up.
    "nobody": None,
}


class Persona:
    """Somebody who asks, signed in anew before the token ends."""

    def __init__(self, stack: Stack, name: str) -> None:
        self.name, self.stack = name, stack
        groups, tenant = PERSONAS[name] or ((), None)
        self.groups = set(groups)
        self.user = stack.user(*groups, tenant=tenant) if PERSONAS[name] else None
        self.tenant_id = self.user["tenant_id"] if self.user else None
        self._tokens: set[str] = set()

    @property
    def internal(self) -> bool:
        return any(group.startswith("INTERNAL") for group in self.groups)

    def headers(self) -> dict[str, str]:
        if not self.user:
            return {}
        token = self.stack.id_token(self.user)
        self._tokens.add(token)
        return {"Authorization": token}

    def signed(self, response: Response) -> bool:
        """Whether the request had this token: schemathesis leaves it out now and then, or makes up another."""
        return response.request.headers.get("Authorization") in self._tokens

    def may(self, case: Case) -> bool:
        return bool(self.groups & set(case.operation.definition.raw["x-allowed-groups"]))


# ------------------------------------------------------------------ what isn't as the document says, and why


@dataclass(frozen=True)
class Deviation:
    """An answer that isn't the function's, or a refusal that no schema can foretell."""

    why: str
    applies: Callable[[Case, Response, Persona], bool]


# Also for a browser's reading of a URL, which the function's is.
ENDS_A_PATH = re.compile(r"[\\/?#\x00-\x20]")


def named(case: Case) -> str:
    """The id in the path as it is meant: what is made up comes percent-encoded."""
    return unquote(str(case.path_parameters.get("id")))


def message(response: Response) -> str | None:
    """What the gateway says when it answers by itself."""
    try:
        return response.json().get("message")
    except ValueError:
        return None


# What the emulated gateway answers by itself, for it doesn't apply the template's gateway responses, and what it makes of
# a path.
OF_THE_GATEWAY = {
    "no valid token": Deviation(
        "the authorizer answers 401 in its own words",
        lambda case, response, persona: (
            response.status_code == 401 and message(response) == "Unauthorized" and not persona.signed(response)
        ),
    ),
    "OPTIONS": Deviation(
        "the preflight's answer is the template's CORS setting, of which the emulator makes an empty one",
        lambda case, response, persona: response.status_code == 200 and case.method == "OPTIONS",
    ),
    "no such method": Deviation(
        "a method that no event of the template names never reaches a function",
        lambda case, response, persona: (
            response.status_code == 403
            and message(response) == "Missing Authentication Token"
            and (case.method, case.path) not in DOCUMENT.operations
        ),
    ),
    "decoded path": Deviation(
        "the emulator hands paths on decoded, so that what was part of an id ends it: the function knows no such path",
        lambda case, response, persona: (
            response.status_code == 404
            and response.json().get("detail") == "There is no such resource."
            and ENDS_A_PATH.search(named(case)) is not None
        ),
    ),
    "slash in an id": Deviation(
        "the emulator looks for a route by the decoded path",
        lambda case, response, persona: (
            response.status_code == 403
            and message(response) == "Missing Authentication Token"
            and "/" in named(case)
        ),
    ),
}


@dataclass(frozen=True)
class Unforeseen(Deviation):
    """With a request that is refused for it."""

    operation: tuple[str, str] = COMMANDS
    parts: dict[str, Any] = field(default_factory=dict)


GOOD = {"name": "Temporário", "cnpj": cnpj_of("TEMPORARIO00"), "plan": PLANS[0]}
# What is good by its schema and refused all the same, by the parameter or pointer that the refusal names.
UNFORESEEN = {
    "cursor": Unforeseen(
        "only what a page of the same list gave is one",
        lambda case, response, persona: "cursor" in case.query,
        parts={"query": {"cursor": "x"}},
    ),
    "to": Unforeseen(
        "must be later than from",
        lambda case, response, persona: {"from", "to"} <= set(case.query),
        ("GET", "/internal/audit"),
        {"query": {"from": "2026-11-02", "to": "2026-11-01"}},
    ),
    "tenant_id": Unforeseen(
        "the internal team has to name a tenant, and none is named",
        lambda case, response, persona: persona.internal and "tenant_id" not in case.query,
        ("GET", "/tenant/me"),
    ),
    "If-Match": Unforeseen(
        "blank, or not ASCII: as good as none",
        lambda case, response, persona: not case.headers["If-Match"].strip() or not case.headers["If-Match"].isascii(),
        CHANGE,
        {"path_parameters": {"id": IDS[0]}, "headers": {"If-Match": "é"}, "body": {"plan": PLANS[0]}},
    ),
    "/name": Unforeseen(
        "blank, or with control characters",
        lambda case, response, persona: not is_text(case.body["name"]),
        CREATE,
        {"body": GOOD | {"name": " "}},
    ),
    "/segment": Unforeseen(
        "blank, or with control characters",
        lambda case, response, persona: not is_text(case.body["segment"]),
        CREATE,
        {"body": GOOD | {"segment": "a\x1d"}},
    ),
    "/parameters/max_messages": Unforeseen(
        "a whole number that is written with decimals",
        lambda case, response, persona: isinstance(case.body["parameters"]["max_messages"], float),
        COMMAND,
        {"body": {"command_type": "REPROCESS_QUEUE", "parameters": {"queue": "x", "max_messages": 1.0}}},
    ),
    "/mrr_estimate": Unforeseen(
        "parts of a cent",
        lambda case, response, persona: round(case.body["mrr_estimate"], 2) != case.body["mrr_estimate"],
        CREATE,
        {"body": GOOD | {"mrr_estimate": 0.001}},
    ),
}


# Unicode's white space, which is cut off at both ends. Python takes four control characters for such, too.
WHITE_SPACE = "".join({one for one in map(chr, range(0x3001)) if one.isspace()} - set("\x1c\x1d\x1e\x1f"))


def is_text(value: str) -> bool:
    value = value.strip(WHITE_SPACE)
    return value != "" and not any(unicodedata.category(character) == "Cc" for character in value)


# ------------------------------------------------------------------ asking, and judging the answer


class Fuzzing:
    """Requests of everybody, counted, and what they left behind."""

    def __init__(self, stack: Stack, document: Document, rows: Temporary) -> None:
        self.stack, self.document, self.rows = stack, document, rows
        self.session = requests.Session()
        self.personas = {name: Persona(stack, name) for name in PERSONAS}
        self.commands = Commands(stack, self.token(), rows)
        self.counts: Counter[tuple[str, str]] = Counter()
        self.seen: set[str] = set()
        self.followed: set[str] = set()
        self.real = {row[0] for row in rows.database.execute("SELECT id::text FROM tenants")}
        self.own = rows.tenant("Temporário, ao acaso")
        command = self.commands.create("HEALTH_CHECK", {"checks": ["commands_table"]}, self.own)
        (agent,) = rows.database.execute("SELECT agent_id::text FROM tenant_agents LIMIT 1").fetchone()
        IDS.extend([self.own, command, agent])

    def token(self) -> str:
        """Of whoever looks after the commands."""
        return self.personas["INTERNAL_ADMIN"].headers()["Authorization"]

    def sending(self, persona: Persona) -> dict[str, Any]:
        return {"base_url": self.stack.api_url, "session": self.session, "headers": persona.headers()}

    def prepare(self, case: Case) -> None:
        """No company is changed but those that were made for this."""
        if (case.method, case.path) == CHANGE and case.path_parameters.get("id") in self.real:
            case.path_parameters = {**case.path_parameters, "id": self.own}

    def note(self, case: Case, response: Response, persona: Persona) -> None:
        known = (case.method, case.path) in DOCUMENT.operations
        self.counts[f"{case.method} {case.path}" if known else "(no such method)", persona.name] += 1
        if response.status_code == 201 and case.path == ROUTE:
            self.commands.made.append(response.json()["command_id"])
        elif response.status_code == 201:
            self.rows.adopt(response.json()["tenant"]["id"])

    def ask(self, case: Case, persona: Persona) -> Response:
        self.prepare(case)
        sending = self.sending(persona)
        response = case.call(**sending)
        self.note(case, response, persona)
        self.judge(case, response, persona, sending)
        return response

    def table(self) -> list[str]:
        """How often what was asked, and by whom."""
        rows = sorted({operation for operation, _ in self.counts}, key=lambda operation: operation.split()[::-1])
        width = max(len(row) for row in rows)
        total = [str(sum(count for (_, persona), count in self.counts.items() if persona == name)) for name in PERSONAS]
        lines = [["requests", *PERSONAS], *[[row, *[str(self.counts[row, name]) for name in PERSONAS]] for row in rows]]
        return [
            "  ".join([line[0].ljust(width), *[cell.rjust(len(name)) for cell, name in zip(line[1:], PERSONAS)]])
            for line in [*lines, ["all", *total]]
        ]

    def judge(self, case: Case, response: Response, persona: Persona, sending: dict[str, Any]) -> None:
        for name, deviation in OF_THE_GATEWAY.items():
            if deviation.applies(case, response, persona):
                self.seen.add(name)
                return
        excluded = []
        if response.status_code in (400, 428) and case.meta and case.meta.generation.mode.is_positive:
            if all(name in UNFORESEEN and UNFORESEEN[name].applies(case, response, persona) for name in refused(response)):
                excluded.append(positive_data_acceptance)

        def documented(ctx: CheckContext, response: Response, case: Case) -> None:
            self.document.check(as_httpx(response))

        def rightful(ctx: CheckContext, response: Response, case: Case) -> None:
            assert_rightful(case, response, persona)

        case.validate_response(
            response,
            additional_checks=[documented, rightful],
            excluded_checks=excluded,
            headers=sending["headers"],
            transport_kwargs=sending,
        )


def refused(response: Response) -> list[str]:
    """What a refusal names; it names nothing where a header is missing."""
    return [named_by(error) for error in response.json().get("errors", [])] or ["If-Match"]


def as_httpx(response: Response) -> httpx.Response:
    headers = [(name, value) for name, values in response.headers.items() for value in values]
    request = httpx.Request(response.request.method, response.request.url)
    # What came compressed is not any more.
    headers = [(name, value) for name, value in headers if name != "content-encoding"]
    return httpx.Response(response.status_code, headers=headers, content=response.content, request=request)


def assert_rightful(case: Case, response: Response, persona: Persona) -> None:
    """Without a right nothing but the refusal is answered, whatever was asked; with one, only another's tenant is refused."""
    status = response.status_code
    if not persona.signed(response):
        assert status == 401
    elif not persona.may(case):
        assert status == 403, status
    else:
        asked = case.query.get("tenant_id")
        foreign = not persona.internal and isinstance(asked, str) and asked.lower() != persona.tenant_id
        assert status != 401
        assert foreign or status != 403, response.text
        assert not foreign or status in (400, 403), "another tenant's data"


# ------------------------------------------------------------------ the tests


@pytest.fixture(scope="module")
def fuzzing(stack: Stack, document: Document, summary: list[str]) -> Iterator[Fuzzing]:
    summary.append(f"SEED={SEED}")
    with temporary(stack) as rows:
        fuzzing = Fuzzing(stack, document, rows)
        yield fuzzing
        summary += fuzzing.table()
        # With LONG=1 this took longer than a token lives.
        fuzzing.commands.token = fuzzing.token()
        fuzzing.commands.settle()


ADMINISTRATOR, *OTHERS = PERSONAS


@SYSTEMATIC.parametrize()
def test_the_answer_is_as_documented_whatever_is_asked(case: Case, fuzzing: Fuzzing) -> None:
    fuzzing.ask(case, fuzzing.personas[ADMINISTRATOR])


@pytest.mark.parametrize("persona", OTHERS)
@AT_RANDOM.parametrize()
def test_so_it_is_whoever_asks(case: Case, fuzzing: Fuzzing, persona: str) -> None:
    fuzzing.ask(case, fuzzing.personas[persona])


@pytest.mark.parametrize("persona", PERSONAS)
def test_so_it_is_along_the_links(fuzzing: Fuzzing, persona: str) -> None:
    failures: list[str] = []
    for number in range(WALKS):
        machine = workflow(fuzzing, fuzzing.personas[persona], SEED + number, failures)
        # Of one walk that begins like another, Hypothesis expects that it can go on like it; here lists fill meanwhile. So
        # each begins for itself, and what was wrong is kept apart from what Hypothesis makes of it.
        with suppress(FlakyStrategyDefinition):
            machine.run(settings=settings(machine.TestCase.settings, max_examples=2, phases=[Phase.generate], database=None))
        assert not failures


MACHINE = AT_RANDOM.as_state_machine()


def workflow(fuzzing: Fuzzing, persona: Persona, chance: int, failures: list[str]) -> type[APIStateMachine]:
    """Walks along the links as this persona."""

    @seed(chance)
    class Workflow(MACHINE):
        def before_call(self, case: Case) -> None:
            fuzzing.prepare(case)

        def get_call_kwargs(self, case: Case) -> dict[str, Any]:
            return fuzzing.sending(persona)

        def after_call(self, response: Response, case: Case) -> None:
            fuzzing.note(case, response, persona)

        def validate_response(self, response: Response, case: Case, **sending: Any) -> None:
            try:
                fuzzing.judge(case, response, persona, sending)
            except BaseException as failure:
                failures.append(f"{case.method} {case.formatted_path}: {failure!r}")
                raise

        def step(self, input: StepInput) -> StepOutput:
            output = super().step(input)
            if input.transition and output.response.status_code < 300:
                fuzzing.followed.add(input.transition.id)
            return output

    return Workflow


def test_links_were_followed(fuzzing: Fuzzing) -> None:
    assert fuzzing.followed, "walks ended where they began"


@pytest.mark.parametrize("name", UNFORESEEN)
def test_what_no_schema_can_tell_is_refused(fuzzing: Fuzzing, name: str) -> None:
    unforeseen, persona = UNFORESEEN[name], fuzzing.personas[ADMINISTRATOR]
    method, path = unforeseen.operation
    media_type = {"media_type": "application/json"} if "body" in unforeseen.parts else {}
    case = SYSTEMATIC[path][method].Case(**unforeseen.parts, **media_type)
    response = fuzzing.ask(case, persona)
    assert response.status_code in (400, 428), response.text
    assert refused(response) == [name]
    assert unforeseen.applies(case, response, persona)


def test_the_gateway_deviates_in_all_that_is_listed(fuzzing: Fuzzing) -> None:
    for part in ("\\", "a/b", "%23", "a%2Fb"):
        fuzzing.ask(SYSTEMATIC[ONE]["GET"].Case(path_parameters={"id": part}), fuzzing.personas[ADMINISTRATOR])
    assert fuzzing.seen == set(OF_THE_GATEWAY)
