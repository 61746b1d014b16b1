"""What commands act upon: queues with messages, integrations with secrets, and the events that agents are told by."""

import json
import secrets
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from stack import Stack, until
from temporary import Temporary

from devstack.deploy import INTEGRATION_SECRETS

# A queue gives out so many at once.
BATCH = 10


@dataclass(frozen=True)
class Message:
    """A message, whatever its id and however often it was received."""

    body: str
    attributes: str

    @property
    def original(self) -> str | None:
        """The id of the message that this one is a copy of."""
        copied = json.loads(self.attributes).get("original_message_id")
        return copied["StringValue"] if copied else None

    def of_the_original(self) -> "Message":
        kept = {name: value for name, value in json.loads(self.attributes).items() if name != "original_message_id"}
        return message(self.body, kept)


def message(body: str, attributes: dict[str, Any]) -> Message:
    def readable(value: Any) -> Any:
        return value.hex() if isinstance(value, bytes) else value

    named = {name: {key: readable(part) for key, part in value.items()} for name, value in attributes.items()}
    return Message(body, json.dumps(named, sort_keys=True))


class Queue:
    """A queue that nobody else reads."""

    def __init__(self, stack: Stack, url: str) -> None:
        self.sqs, self.url = stack.aws("sqs"), url

    @property
    def name(self) -> str:
        return self.url.rsplit("/", 1)[-1]

    def send(self, body: str, attributes: dict[str, Any]) -> str:
        """The id of the new message."""
        return self.sqs.send_message(QueueUrl=self.url, MessageBody=body, MessageAttributes=attributes)["MessageId"]

    def length(self) -> int:
        """How many there are, whether somebody is holding them or not."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed"]
        found = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=names)["Attributes"]
        return sum(int(found.get(name, 0)) for name in names)

    def receive(self) -> list[dict[str, Any]]:
        """Some of the messages, which are in the queue no more."""
        received = self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=BATCH, MessageAttributeNames=["All"])
        messages = received.get("Messages", [])
        for one in messages:
            self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=one["ReceiptHandle"])
        return messages

    def drain(self, seconds: float = 90) -> list[tuple[str, Message]]:
        """Ids and contents of all messages, also of those that somebody is holding, once they are let go."""
        found: list[tuple[str, Message]] = []

        def empty() -> bool:
            while received := self.receive():
                found.extend((one["MessageId"], message(one["Body"], one.get("MessageAttributes", {}))) for one in received)
            return self.length() == 0

        until(empty, seconds)
        return found

    @contextmanager
    def emptied(self) -> Iterator[None]:
        """For a while without the messages that it has."""
        held: list[dict[str, Any]] = []

        def empty() -> bool:
            while received := self.receive():
                held.extend(received)
            return self.length() == 0

        until(empty, 90)
        try:
            yield
        finally:
            self.drain()
            for one in held:
                self.send(one["Body"], one.get("MessageAttributes", {}))


class Restarts:
    """The events that agents are told by, as they reach a consumer."""

    def __init__(self, stack: Stack) -> None:
        self.queue = Queue(stack, stack.description["demo_consumer_queue_url"])
        self.seen: list[dict[str, Any]] = []

    def of(self, command_id: str) -> list[dict[str, Any]]:
        """The events of a command that have arrived so far."""
        while received := self.queue.receive():
            self.seen += [json.loads(one["Body"]) for one in received]
        return [event for event in self.seen if event["detail"]["command_id"] == command_id]


TOKENS = ("access_token", "refresh_token", "accessToken", "refreshToken")


class Secrets:
    """Secrets that exist for a test, and every secret value that was ever in one of them."""

    def __init__(self, stack: Stack, ends: ExitStack) -> None:
        self.client, self.ends = stack.aws("secretsmanager"), ends
        self.values: list[str] = []

    def value(self) -> str:
        """A new one, which is nowhere else."""
        self.values.append(f"segredo-{secrets.token_hex(16)}")
        return self.values[-1]

    def credentials(self, *tokens: str) -> dict[str, Any]:
        """What an integration signs in with."""
        return {
            "client_id": f"cliente-{uuid.uuid4()}", "client_secret": self.value(), "scope": ["a", "b"], "expires_in": 3600,
            "nested": {"x": None, "ção": True},
        } | {token: self.value() for token in tokens}  # fmt: skip

    def make(self, content: Any) -> str:
        """The ARN of a secret with this content: JSON, a text as it is, or bytes."""
        kept = {"SecretBinary": content} if isinstance(content, bytes) else {
            "SecretString": content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
        }  # fmt: skip
        # The processor may change those alone that are named as integrations' are.
        arn = self.client.create_secret(Name=f"{INTEGRATION_SECRETS}temporario-{uuid.uuid4()}", **kept)["ARN"]
        self.ends.callback(self.delete, arn)
        return arn

    def delete(self, arn: str) -> None:
        # A test may have done so.
        with suppress(self.client.exceptions.ResourceNotFoundException):
            self.client.delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)

    def read(self, arn: str) -> tuple[str, Any]:
        """Version and content."""
        found = self.client.get_secret_value(SecretId=arn)
        return found["VersionId"], json.loads(found["SecretString"])

    def labels(self, arn: str) -> dict[str, list[str]]:
        """The versions that have labels."""
        versions = self.client.describe_secret(SecretId=arn).get("VersionIdsToStages", {})
        return {version: labels for version, labels in versions.items() if labels}


def integration(rows: Temporary, tenant_id: str, arn: str | None, **columns: object) -> str:
    return rows.integration(tenant_id, "CRM, temporário", credentials_secret_arn=arn, **columns)


def stored(rows: Temporary, table: str, **keys: str) -> dict[str, Any]:
    """A row, with the transaction that wrote it."""
    condition = " AND ".join(f"{name} = %s" for name in keys)
    sql = f"SELECT to_jsonb(t) || jsonb_build_object('xmin', t.xmin::text) FROM {table} AS t WHERE {condition}"
    return rows.database.execute(sql, list(keys.values())).fetchone()[0]
