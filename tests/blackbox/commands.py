"""Operational commands: asked for through the API, and seen where they are kept, carried out and written down."""

import datetime
import functools
import itertools
import json
import re
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from decimal import Decimal
from typing import Any

import httpx
import jwt
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from reference import UTC, instant
from stack import FunctionFailed, Stack, until
from temporary import Temporary

ROUTE = "/internal/operations/commands"
ONE = f"{ROUTE}/{{id}}"
TYPES = ("REPROCESS_QUEUE", "RESET_TOKEN", "RESTART_AGENT", "HEALTH_CHECK")
ENDED = ("SUCCESS", "ERROR")
CHECKS = ("database", "cache", "commands_table", "secrets", "queues", "integrations")
KEPT_DAYS = 90
# Succeeds at once, and changes nothing.
QUICK = {"checks": ["commands_table"]}
# The fields of a row of the list, in their order.
FIELDS = [
    "command_id", "command_type", "status", "tenant_id", "tenant_name", "created_by", "created_at", "started_at",
    "completed_at", "output", "error_message",
]  # fmt: skip
# Hardly a sentence of Portuguese does without any of them.
PORTUGUESE = re.compile(r"\b(a|as|o|os|e|é|de|da|do|das|dos|em|na|no|um|uma|não|foi|para|por|que|com|se|ou)\b", re.IGNORECASE)


class Commands:
    """The commands' routes as one of the internal team uses them, and everything behind these routes."""

    # What is beside them in the database; not needed for what the API tells.
    rows: Temporary

    def __init__(self, stack: Stack, token: str, rows: Temporary | None = None) -> None:
        self.stack, self.token = stack, token
        if rows:
            self.rows = rows
        self.sub: str = jwt.decode(token, options={"verify_signature": False})["sub"]
        self.table: str = stack.description["commands_table"]
        self.dynamodb = stack.aws("dynamodb")
        self.made: list[str] = []
        # Items that no request made.
        self.crafted: list[dict[str, str]] = []

    @functools.cached_property
    def settings(self) -> dict[str, str]:
        """What the processor is told."""
        name = self.stack.description["functions"]["commands"]
        return self.stack.aws("lambda").get_function_configuration(FunctionName=name)["Environment"]["Variables"]

    def seconds(self, setting: str) -> datetime.timedelta:
        return datetime.timedelta(seconds=int(self.settings[f"COMMAND_{setting}_SECONDS"]))

    # -------------------------------------------------------------- through the API

    def post(self, body: Any, token: str | None = None, **headers: Any) -> httpx.Response:
        answer = self.stack.send("POST", ROUTE, token or self.token, body, **headers)
        if answer.status_code == 201:
            self.made.append(answer.json()["command_id"])
        return answer

    def create(self, kind: str, parameters: dict[str, Any], tenant_id: str | None = None, **headers: Any) -> str:
        answer = self.post(command(kind, parameters, tenant_id), **headers)
        assert answer.status_code == 201, answer.text
        return answer.json()["command_id"]

    def run(self, kind: str, parameters: dict[str, Any], tenant_id: str | None = None) -> dict[str, Any]:
        """What became of a new command."""
        return self.ended(self.create(kind, parameters, tenant_id))

    def show(self, command_id: str) -> dict[str, Any]:
        answer = self.stack.get(f"{ROUTE}/{command_id}", self.token)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def ended(self, command_id: str, seconds: float = 60) -> dict[str, Any]:
        """The command, once it has ended and that is written down: then nothing of it is under way any more."""

        def end() -> dict[str, Any] | None:
            shown = self.show(command_id)
            written = any(row["event_type"] == "command_executed" for row in shown["audit"])
            return shown["command"] if shown["command"]["status"] in ENDED and written else None

        return until(end, seconds)

    def page(self, **params: object) -> dict[str, Any]:
        answer = self.stack.get(ROUTE, self.token, params)
        assert answer.status_code == 200, (params, answer.text)
        return answer.json()

    # -------------------------------------------------------------- where they are kept

    def item(self, command_id: str) -> dict[str, Any] | None:
        found = self.dynamodb.query(
            TableName=self.table, KeyConditionExpression="command_id = :id", ConsistentRead=True,
            ExpressionAttributeValues={":id": {"S": command_id}},
        )["Items"]  # fmt: skip
        assert len(found) <= 1
        return plain(found[0]) if found else None

    def count(self) -> int:
        pages = self.dynamodb.get_paginator("scan").paginate(TableName=self.table, Select="COUNT", ConsistentRead=True)
        return sum(page["Count"] for page in pages)

    def pending(self, kind: str, parameters: Any, tenant_id: str | None = None, **more: Any) -> dict[str, Any]:
        """An item as the API stores it, but for what `more` says; None leaves an attribute out."""
        status = more.get("status", "PENDING")
        created = datetime.datetime.fromisoformat(more.get("created_at", instant(datetime.datetime.now(UTC))))
        item = {
            "command_id": str(uuid.uuid4()), "created_at": instant(created), "command_type": kind, "status": status,
            "created_by": self.sub, "parameters": parameters, "tenant_id": tenant_id, "attempt": 0,
            "request_id": str(uuid.uuid4()), "ttl": int(created.timestamp()) + KEPT_DAYS * 86_400,
            "type_status": f"{kind}#{status}",
            "tenant_type_status": f"{tenant_id}#{kind}#{status}" if tenant_id else None,
        }  # fmt: skip
        return {name: value for name, value in (item | more).items() if value is not None}

    def put(self, item: dict[str, Any]) -> str:
        """Stores an item that no request made; it is taken back in the end."""
        self.dynamodb.put_item(TableName=self.table, Item=attributes(item))
        self.crafted.append({"command_id": item["command_id"], "created_at": item["created_at"]})
        return item["command_id"]

    def delete(self, key: dict[str, str]) -> None:
        named = {name: key[name] for name in ("command_id", "created_at")}
        self.dynamodb.delete_item(TableName=self.table, Key=attributes(named))

    # -------------------------------------------------------------- where they are written down

    def audit(self, command_id: str) -> list[dict[str, Any]]:
        """The command's rows as they are stored, oldest first."""
        columns = ("id", "event_type", "severity", "tenant_id", "user_sub", "title", "description", "metadata", "created_at")
        found = self.rows.database.execute(
            """SELECT id::text, event_type, severity, tenant_id::text, user_sub, title, description, metadata, created_at
               FROM operational_events WHERE event_type LIKE 'command\\_%%' AND metadata ->> 'command_id' = %s
               ORDER BY created_at, array_position(ARRAY['command_created', 'command_started'], event_type::text)""",
            [command_id],
        )
        return [dict(zip(columns, row, strict=True)) for row in found]

    def steps(self, command_id: str) -> list[str]:
        return [row["event_type"] for row in self.audit(command_id)]

    # -------------------------------------------------------------- the stream

    @contextmanager
    def watched(self) -> Iterator[Callable[[], list[dict[str, Any]]]]:
        """Tells all records that the table's stream got since, as a function is given them."""
        streams = self.stack.aws("dynamodbstreams")
        arn = self.dynamodb.describe_table(TableName=self.table)["Table"]["LatestStreamArn"]
        shards = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
        iterators = [
            streams.get_shard_iterator(StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="LATEST")["ShardIterator"]
            for shard in shards
        ]
        seen: list[dict[str, Any]] = []

        def records() -> list[dict[str, Any]]:
            for index, iterator in enumerate(iterators):
                while page := (answer := streams.get_records(ShardIterator=iterator))["Records"]:
                    seen.extend(json.loads(json.dumps(record, default=datetime.datetime.timestamp)) for record in page)
                    iterator = answer["NextShardIterator"]
                iterators[index] = answer["NextShardIterator"]
            return seen

        yield records

    @contextmanager
    def mapping_off(self) -> Iterator[None]:
        """Nothing is processed but what is given to `deliver`; afterwards the stream delivers all of it."""
        client = self.stack.aws("lambda")
        name = self.stack.description["functions"]["commands"]
        (mapping,) = client.list_event_source_mappings(FunctionName=name)["EventSourceMappings"]
        self.catch_up()
        client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
        try:
            yield
        finally:
            client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)

    def catch_up(self) -> None:
        """Comes back when all that the stream has told was delivered: it tells of this one last."""
        self.run("HEALTH_CHECK", QUICK)

    def deliver(self, *records: dict[str, Any]) -> list[str]:
        """The sequence numbers that the processor gives back as failed."""
        answer = self.stack.invoke("commands", {"Records": list(records)})
        assert set(answer) == {"batchItemFailures"}, answer
        assert all(set(failure) == {"itemIdentifier"} for failure in answer["batchItemFailures"]), answer
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]

    def finish(self, command_ids: Iterable[str], seconds: float = 120, patience: float = 0) -> int:
        """Comes back when all of these have ended, and says how many had to be told again: what a batch gave back comes
        again, from the stream, but the emulator forgets it. Nothing is told again before patience is at its end."""
        wanted, again, began = set(command_ids), set[str](), time.monotonic()

        def end() -> bool:
            left = [item for one in wanted if (item := self.item(one) or {})["status"] not in ENDED]
            if left and time.monotonic() > began + patience:
                again.update(item["command_id"] for item in left)
                # One that was killed while it started fails whoever waits for it; the next delivery finds another.
                with suppress(FunctionFailed):
                    self.deliver(*map(asked_for, left))
            return not left

        until(end, seconds)
        return len(again)

    def reap(self) -> dict[str, Any]:
        report = self.stack.invoke("commands", {"run": "reaper"})
        assert isinstance(report, dict), report
        return report

    # -------------------------------------------------------------- the end

    def settle(self) -> None:
        """Waits for what was asked for, and takes back what nobody asked for."""
        for command_id in dict.fromkeys(self.made):
            if self.item(command_id):
                self.ended(command_id, 240)
        for key in self.crafted:
            self.delete(key)
        self.catch_up()


def command(kind: str, parameters: Any, tenant_id: str | None = None) -> dict[str, Any]:
    """A body."""
    tenant = {} if tenant_id is None else {"tenant_id": tenant_id}
    return {"command_type": kind, "parameters": parameters} | tenant


def attributes(item: dict[str, Any]) -> dict[str, Any]:
    """As DynamoDB writes it."""
    return {name: TypeSerializer().serialize(value) for name, value in item.items()}


def plain(item: dict[str, Any]) -> dict[str, Any]:
    """As Python writes it."""

    def simple(value: Any) -> Any:
        if isinstance(value, Decimal):
            return int(value) if value == int(value) else float(value)
        if isinstance(value, dict):
            return {key: simple(member) for key, member in value.items()}
        return [simple(member) for member in value] if isinstance(value, list) else value

    return {name: simple(TypeDeserializer().deserialize(value)) for name, value in item.items()}


# Records of a stream are numbered in order; these come after all that the table's own has.
_numbers = itertools.count(time.time_ns() * 10**6)


def record(name: str, new: dict[str, Any] | None, old: dict[str, Any] | None = None) -> dict[str, Any]:
    """A record of the stream about an item, or about two versions of it."""
    known = new or old or {}
    keys = {key: value for key, value in known.items() if key in ("command_id", "created_at")}
    images = {"NewImage": new, "OldImage": old}
    return {
        "eventID": uuid.uuid4().hex, "eventName": name, "eventVersion": "1.1", "eventSource": "aws:dynamodb",
        "awsRegion": "sa-east-1", "eventSourceARN": "arn:aws:dynamodb:sa-east-1:000000000000:table/x/stream/y",
        "dynamodb": {
            "ApproximateCreationDateTime": time.time(), "Keys": attributes(keys), "SequenceNumber": str(next(_numbers)),
            "SizeBytes": 500, "StreamViewType": "NEW_AND_OLD_IMAGES",
        } | {image: attributes(item) for image, item in images.items() if item is not None},
    }  # fmt: skip


def asked_for(item: dict[str, Any]) -> dict[str, Any]:
    """The record of an item's beginning, delivered again."""
    since = ("attempt", "attempt_at", "started_at", "lease_owner", "lease_until", "progress", "progress_only")
    begun = {"status": "PENDING", "attempt": 0, "type_status": f"{item['command_type']}#PENDING"}
    if "tenant_id" in item:
        begun["tenant_type_status"] = f"{item['tenant_id']}#{item['command_type']}#PENDING"
    return record("INSERT", {name: value for name, value in item.items() if name not in since} | begun)


def number(record: dict[str, Any]) -> str:
    return record["dynamodb"]["SequenceNumber"]


def assert_error(command: dict[str, Any], code: str) -> None:
    """Asserts that it failed for this reason, and says so in a sentence."""
    assert (command["status"], command["output"]) == ("ERROR", None), command
    found, _, sentence = command["error_message"].partition(": ")
    assert found == code, command
    assert_sentence(sentence)
    assert len(command["error_message"].encode()) <= 2048


def assert_sentence(text: str) -> None:
    assert len(PORTUGUESE.findall(text)) >= 2 and text == text.strip(), text


def output_of(command: dict[str, Any]) -> dict[str, Any]:
    """What a command that succeeded gave."""
    assert (command["status"], command["error_message"]) == ("SUCCESS", None), command
    assert len(command["output"].encode()) <= 16_384
    return json.loads(command["output"])


def assert_written_down(rows: Iterable[dict[str, Any]], command: dict[str, Any], attempts: int = 1) -> None:
    """Asserts that these rows tell each step of a command that has ended, once and in order; attempts are steps."""
    rows = list(rows)
    steps = [(row["event_type"], row["metadata"]["status"], row["metadata"]["attempt"]) for row in rows]
    assert steps == [
        ("command_created", "PENDING", 0), *[("command_started", "RUNNING", attempt + 1) for attempt in range(attempts)],
        ("command_executed", command["status"], attempts),
    ], rows  # fmt: skip
    assert len({row["id"] for row in rows}) == len(rows)
    instants = [row["created_at"] for row in rows]
    assert instants == sorted(instants)
