"""Every route, asked by everybody, about every kind of tenant.

The routes are those of the template: what isn't there nobody can reach. A route without a case fails.
"""

import json
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from problems import assert_problem
from samtranslator.yaml_helper import yaml_parse
from stack import Stack

ROOT = Path(__file__).resolve().parents[2]

ALL = ("INTERNAL_ADMIN", "INTERNAL_SUPPORT", "TENANT_ADMIN", "TENANT_USER")

# Who may call what (contract, section 1), written down apart from the code.
ALLOWED = {
    ("GET", "/tenant/me"): ALL,
}

# The groups of a persona, and which demo tenant it belongs to.
PERSONAS = {
    "INTERNAL_ADMIN": (("INTERNAL_ADMIN",), None),
    "INTERNAL_SUPPORT": (("INTERNAL_SUPPORT",), None),
    "TENANT_ADMIN of A": (("TENANT_ADMIN",), 0),
    "TENANT_USER of A": (("TENANT_USER",), 0),
    "TENANT_ADMIN of B": (("TENANT_ADMIN",), 1),
    "TENANT_USER of B": (("TENANT_USER",), 1),
    "nobody's member": ((), 0),
}


def routes() -> list[tuple[str, str]]:
    """Method and path of every event of every function in the template."""
    template = yaml_parse((ROOT / "template.yaml").read_text())
    events = [
        event["Properties"]
        for resource in template["Resources"].values()
        for event in resource.get("Properties", {}).get("Events", {}).values()
        if event["Type"] == "Api"
    ]
    return sorted((event["Method"].upper(), event["Path"]) for event in events)


def test_every_route_has_a_case() -> None:
    assert routes() == sorted(ALLOWED)


@pytest.mark.parametrize("asked", ["own", "other", "unknown", "malformed", "missing"])
@pytest.mark.parametrize("persona", PERSONAS)
@pytest.mark.parametrize("route", routes(), ids=" ".join)
def test_who_sees_which_tenant(
    stack: Stack, token: Callable[..., str], route: tuple[str, str], persona: str, asked: str
) -> None:
    method, path = route
    assert method == "GET"
    groups, tenant = PERSONAS[persona]
    a, b = (stack.user("TENANT_ADMIN", tenant=index)["tenant_id"] for index in (0, 1))
    own, other = (b, a) if tenant == 1 else (a, b)
    named = {"own": own, "other": other, "unknown": str(uuid.uuid4()), "malformed": "not-a-uuid", "missing": None}[asked]
    answer = stack.get(path, token(*groups, tenant=tenant), {} if named is None else {"tenant_id": named})

    internal = any(group.startswith("INTERNAL") for group in groups)
    if not groups:
        assert_problem(answer, 403, "no_group")
    elif not set(groups) & set(ALLOWED[route]):
        assert_problem(answer, 403, "role_required")
    elif asked == "malformed":
        assert_problem(answer, 400, "invalid_parameter", "tenant_id")
    elif internal and asked == "missing":
        assert_problem(answer, 400, "tenant_required", "tenant_id")
    elif internal and asked == "unknown":
        assert_problem(answer, 404, "not_found")
    elif not internal and asked in ("other", "unknown"):
        assert_problem(answer, 403, "tenant_denied")
    else:
        assert answer.status_code == 200, answer.text
        seen = json.dumps(answer.json())
        expected, foreign = (named or own), {a, b} - {named or own}
        assert expected in seen
        assert not [tenant_id for tenant_id in foreign if tenant_id in seen]
