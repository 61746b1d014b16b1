"""The template as the SAM transform hands it to CloudFormation.

These tests hold what the local emulator doesn't act upon: gateway responses, CORS, IAM, throttling, log retention.
"""

import functools
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cfnlint.decode import cfn_yaml
from samtranslator.translator.transform import transform

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "template.yaml"


class ManagedPolicies:
    """The AWS managed policies that SAM adds to a function's role by name."""

    def load(self) -> dict[str, str]:
        names = ("AWSLambdaBasicExecutionRole", "AWSLambdaVPCAccessExecutionRole")
        return {name: f"arn:aws:iam::aws:policy/service-role/{name}" for name in names}


def read(file: Path) -> dict[str, Any]:
    """A template, with CloudFormation's functions in their long form."""
    return json.loads(json.dumps(cfn_yaml.load(str(file))))


@pytest.fixture(scope="session")
def infra() -> Callable[[str], dict[str, Any]]:
    """A template of infra/, by its name without the ending."""
    return functools.cache(lambda name: read(ROOT / "infra" / f"{name}.yaml"))


def transformed(parameters: dict[str, str]) -> dict[str, Any]:
    """The template as SAM makes it, if it is given these parameters."""
    os.environ.setdefault("AWS_DEFAULT_REGION", "sa-east-1")  # the transform asks for the partition
    source = read(TEMPLATE)
    for resource in source["Resources"].values():
        if "CodeUri" in resource["Properties"]:
            resource["Properties"]["CodeUri"] = "s3://bucket/key"  # as `sam deploy` writes it after its upload
    return transform(source, parameters, ManagedPolicies())


@pytest.fixture(scope="session")
def template() -> dict[str, Any]:
    """The whole transformed template."""
    # The transform resolves references to parameters that have a value; without values they stay visible to the tests.
    return transformed({"GradualDeployment": "true"})


@pytest.fixture(scope="session")
def properties(template: dict[str, Any]) -> Callable[[str], dict[str, Any]]:
    """The properties of a resource, by its logical name."""
    return lambda name: template["Resources"][name]["Properties"]


@pytest.fixture(scope="session")
def of_type(template: dict[str, Any]) -> Callable[[str], dict[str, dict[str, Any]]]:
    """The properties of all resources of a type, by logical name; a type that isn't there is a mistake in the test."""

    def find(kind: str) -> dict[str, dict[str, Any]]:
        found = {name: it["Properties"] for name, it in template["Resources"].items() if it["Type"] == kind}
        assert found, f"the template has no {kind}"
        return found

    return find


@pytest.fixture(scope="session")
def openapi(properties: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    """The API's document: routes, authorizers, gateway responses."""
    return properties("Api")["Body"]


@pytest.fixture(scope="session")
def operations(openapi: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """Every (path, method, operation) of the API but the preflights."""

    def walk() -> Iterator[tuple[str, str, dict[str, Any]]]:
        for path, methods in openapi["paths"].items():
            for method, operation in methods.items():
                if method != "options":
                    yield path, method, operation

    return list(walk())
