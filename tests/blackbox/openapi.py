"""The OpenAPI document, and whether an answer is one that it describes."""

import datetime
import json
import re
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

FILE = Path(__file__).resolve().parents[2] / "openapi" / "openapi.json"
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
Operation = tuple[str, str]

# What the gateway, the emulator and HTTP itself add, and what browsers alone read; all others are ours to document.
FOREIGN_HEADERS = {
    "content-type", "content-length", "content-encoding", "transfer-encoding", "connection", "date", "server",
    "x-amzn-requestid", "x-amz-request-id", "x-amzn-trace-id", "x-amzn-errortype", "x-amz-apigw-id",
    "access-control-allow-origin", "access-control-expose-headers",
}  # fmt: skip
# What the gateway answers by itself, in the emulator's words: it doesn't apply the template's gateway responses.
# Such answers never came from us: they lack our X-Request-Id.
GATEWAY_ANSWERS = {(401, "Unauthorized"), (403, "Missing Authentication Token")}

FORMATS = FormatChecker(formats=())
DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@FORMATS.checks("date-time", ValueError)
def is_instant(value: object) -> bool:
    """The contract's form of RFC 3339: UTC with `Z`, milliseconds."""
    if not isinstance(value, str):
        return True
    datetime.datetime.fromisoformat(value)
    return DATE_TIME.fullmatch(value) is not None


@FORMATS.checks("date", ValueError)
def is_date(value: object) -> bool:
    return not isinstance(value, str) or datetime.date.fromisoformat(value).isoformat() == value


@FORMATS.checks("uuid", ValueError)
def is_uuid(value: object) -> bool:
    return not isinstance(value, str) or str(uuid.UUID(value)) == value


class Document:
    """`openapi/openapi.json`, and which of its answers were seen in this run."""

    def __init__(self, file: Path = FILE) -> None:
        self.content: dict[str, Any] = json.loads(file.read_text())
        self.base = ""
        self.seen: set[tuple[Operation, int]] = set()
        self.operations: dict[Operation, dict[str, Any]] = {
            (method.upper(), path): operation
            for path, item in self.content["paths"].items()
            for method, operation in item.items()
            if method in METHODS
        }
        self._routes = [
            (method, re.compile("/".join(_segment(part) for part in path.split("/"))), (method, path))
            # A path without parameters is meant before one with them.
            for method, path in sorted(self.operations, key=lambda operation: operation[1].count("{"))
        ]
        resource = Resource(contents=_closed(self.content), specification=DRAFT202012)
        self._registry = Registry().with_resource("urn:document", resource)
        self._validators: dict[str, Draft202012Validator] = {}

    def parameters(self, method: str, path: str) -> dict[str, dict[str, Any]]:
        """The query parameters of an operation, by name."""
        listed = [*self.content["paths"][path].get("parameters", []), *self.operations[method, path].get("parameters", [])]
        resolved = [self.resolved(parameter) for parameter in listed]
        return {parameter["name"]: parameter for parameter in resolved if parameter["in"] == "query"}

    def statuses(self, operation: Operation) -> set[int]:
        return {int(status) for status in self.operations[operation]["responses"]}

    def watch(self, client: httpx.Client, api_url: str) -> None:
        """Checks every answer that this client gets from now on."""
        self.base = urlsplit(api_url).path
        client.event_hooks = {"response": [self.check]}

    def check(self, answer: httpx.Response) -> None:
        """Asserts that an answer is documented, and notes that it was seen."""
        answer.read()
        request = answer.request
        operation = self.operation_of(request.method, request.url.path.removeprefix(self.base))
        about = f"{request.method} {request.url.path} → {answer.status_code}"
        if "x-request-id" not in answer.headers:
            assert (answer.status_code, answer.json().get("message")) in GATEWAY_ANSWERS, f"{about}: {answer.text[:500]}"
            return
        assert operation, f"{about}: no such operation is documented"
        documented = self.operations[operation]["responses"].get(str(answer.status_code))
        assert documented, f"{about}: the status is not documented"
        pointer = f"/paths/{_escaped(operation[1])}/{operation[0].lower()}/responses/{answer.status_code}"
        if "$ref" in documented:
            pointer = documented["$ref"].removeprefix("#")
            documented = self.resolved(documented)
        self._check_headers(answer, documented.get("headers", {}), pointer, about)
        self._check_body(answer, documented.get("content", {}), pointer, about)
        self.seen.add((operation, answer.status_code))

    def operation_of(self, method: str, path: str) -> Operation | None:
        return next((op for verb, pattern, op in self._routes if verb == method and pattern.fullmatch(path)), None)

    def resolved(self, item: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in item:
            found: Any = self.content
            for part in item["$ref"].removeprefix("#/").split("/"):
                found = found[part.replace("~1", "/").replace("~0", "~")]
            item = found
        return item

    def wrong_examples(self) -> list[str]:
        """Examples that aren't what the schema beside them says."""
        found: list[str] = []

        def look(node: Any, pointer: str) -> None:
            if isinstance(node, dict):
                # Beside an example stands its schema, or it is the schema itself.
                where = f"{pointer}/schema" if "schema" in node else pointer
                given = [node["example"]] if "example" in node else []
                if isinstance(node.get("examples"), dict):
                    given += [self.resolved(example)["value"] for example in node["examples"].values()]
                for example in given:
                    if "text/csv" not in where:
                        found.extend(f"{pointer}: {error}" for error in self._errors(example, where))
                for key, child in node.items():
                    if key not in ("example", "examples"):
                        look(child, f"{pointer}/{_escaped(key)}")
            elif isinstance(node, list):
                for index, child in enumerate(node):
                    look(child, f"{pointer}/{index}")

        for section in ("paths", "components"):
            look(self.content[section], f"/{section}")
        return found

    def _check_headers(self, answer: httpx.Response, documented: dict[str, Any], pointer: str, about: str) -> None:
        names = {name.lower(): name for name in documented}
        for name in answer.headers:
            assert name in FOREIGN_HEADERS or name in names, f"{about}: the header {name} is not documented"
        for lower, name in names.items():
            header = self.resolved(documented[name])
            value = answer.headers.get(lower)
            if value is None:
                assert not header.get("required"), f"{about}: the header {name} is required and missing"
                continue
            where = f"{pointer}/headers/{name}/schema"
            if "$ref" in documented[name]:
                where = documented[name]["$ref"].removeprefix("#") + "/schema"
            typed = int(value) if header["schema"].get("type") == "integer" else value
            self._validate(typed, where, f"{about}: the header {name}")

    def _check_body(self, answer: httpx.Response, documented: dict[str, Any], pointer: str, about: str) -> None:
        if not documented:
            assert answer.content == b"", f"{about}: a body is not documented"
            return
        media_types = {_media_type(name): name for name in documented}
        media_type = _media_type(answer.headers["content-type"])
        assert media_type in media_types, f"{about}: {media_type} is not documented"
        if media_type.endswith("json"):
            where = f"{pointer}/content/{_escaped(media_types[media_type])}/schema"
            self._validate(answer.json(), where, about)

    def _validate(self, value: object, pointer: str, about: str) -> None:
        errors = self._errors(value, pointer)
        assert not errors, f"{about}: not what {pointer} says:\n" + "\n".join(errors[:10])

    def _errors(self, value: object, pointer: str) -> list[str]:
        validator = self._validators.get(pointer)
        if validator is None:
            schema = {"$ref": f"urn:document#{pointer}"}
            validator = Draft202012Validator(schema, registry=self._registry, format_checker=FORMATS)
            self._validators[pointer] = validator
        return [f"{error.json_path}: {error.message[:300]}" for error in validator.iter_errors(value)]


def _segment(part: str) -> str:
    return "[^/]+" if part.startswith("{") else re.escape(part)


def _escaped(token: str) -> str:
    """A token of a JSON pointer in a URI fragment."""
    escaped = token.replace("~", "~0").replace("/", "~1")
    return escaped.replace("{", "%7B").replace("}", "%7D").replace(" ", "%20")


def _media_type(value: str) -> str:
    return value.partition(";")[0].strip().lower()


def _closed(document: dict[str, Any]) -> dict[str, Any]:
    """The document with objects that have no other members than those described: what isn't described isn't answered."""
    copy = json.loads(json.dumps(document))
    parts: list[str] = []

    def note_parts(node: Any) -> None:
        """Members of an allOf are only parts of an object: closed, each would refuse the others' members."""
        if isinstance(node, dict):
            for member in node.get("allOf", []):
                if "$ref" in member:
                    parts.append(member["$ref"])
                else:
                    member["x-part"] = True
            for child in node.values():
                note_parts(child)
        elif isinstance(node, list):
            for child in node:
                note_parts(child)

    def close(node: Any, pointer: str) -> None:
        if isinstance(node, dict):
            describes = isinstance(node.get("properties"), dict) or isinstance(node.get("allOf"), list)
            open_ended = "additionalProperties" in node or "x-part" in node or pointer in parts
            if describes and not open_ended:
                node["unevaluatedProperties"] = False
            for key, child in list(node.items()):
                close(child, f"{pointer}/{key}")
        elif isinstance(node, list):
            for index, child in enumerate(node):
                close(child, f"{pointer}/{index}")

    note_parts(copy)
    for section in ("components", "paths"):
        close(copy[section], f"#/{section}")
    return copy
