"""New code where old code answers, and back: the same steps on AWS and on one machine."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from devstack.console import Failure

# The name under which callers reach a function's version (template.yaml, AutoPublishAlias).
ALIAS = "live"
# The stack's outputs that name the functions with that alias.
GRADUAL = ("TenantApiFunctionName", "InternalApiFunctionName", "AggregateFunctionName", "ProcessCommandFunctionName")

Client = Callable[[str], Any]
"""Gives the client of an AWS service, by the service's name."""


def migrate_first(client: Client, function: str, package: Path) -> dict[str, Any]:
    """Gives the migrations' function its new code and runs it, while the other functions still have theirs.

    Old code doesn't mind the new schema (docs/OPERATIONS.md, "Changing the schema"); new code may need it.
    """
    functions = client("lambda")
    functions.update_function_code(FunctionName=function, ZipFile=_zipped(package))
    functions.get_waiter("function_updated_v2").wait(FunctionName=function)
    answer = functions.invoke(FunctionName=function, Payload=b"{}")
    report = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise Failure(f"The migrations failed, and nothing else was changed: {json.dumps(report)}")
    return report


def versions(client: Client, outputs: dict[str, str]) -> dict[str, str]:
    """Which version callers of each function are sent to."""
    aliases = {outputs[name]: client("lambda").get_alias(FunctionName=outputs[name], Name=ALIAS) for name in GRADUAL}
    return {function: alias["FunctionVersion"] for function, alias in aliases.items()}


def roll_back(client: Client, outputs: dict[str, str]) -> dict[str, tuple[str, str]]:
    """Sends callers to the version before, at once: each release is a version of every function (`devstack/cloud.py`). What was:
    from which version to which, by function."""
    functions, moves = client("lambda"), {}
    for function, now in versions(client, outputs).items():
        pages = functions.get_paginator("list_versions_by_function").paginate(FunctionName=function)
        numbers = [it["Version"] for page in pages for it in page["Versions"] if it["Version"] != "$LATEST"]
        earlier = [int(number) for number in numbers if int(number) < int(now)]
        if not earlier:
            raise Failure(f"{function} has no version before {now}: nothing was changed.")
        moves[function] = (now, str(max(earlier)))
    return_to(client, {function: before for function, (_, before) in moves.items()})
    return moves


def return_to(client: Client, before: dict[str, str]) -> None:
    """Sends callers to these versions."""
    for function, version in before.items():
        client("lambda").update_alias(FunctionName=function, Name=ALIAS, FunctionVersion=version)


def _zipped(package: Path) -> bytes:
    """A function's package, as Lambda takes it."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        # All of it: in the cloud the database's authorities lie beside the binary.
        for file in sorted(package.iterdir()):
            archive.write(file, file.name)
    return content.getvalue()
