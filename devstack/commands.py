"""What operational commands act on: secrets of the demo integrations, dead letters, an event bus with a listener."""

import json
import secrets
from concurrent.futures import ThreadPoolExecutor

import psycopg

from devstack import emulator
from devstack.config import DATABASE, MIGRATOR
from devstack.console import Failure
from devstack.deploy import INTEGRATION_SECRETS
from devstack.instance import Instance

# The emulator waits within each call, so that a few at once are that much faster.
AT_ONCE = 8
DEAD_LETTERS = 25
# The most that SQS takes in one call.
MESSAGES_AT_ONCE = 10


def give_integrations_secrets(instance: Instance) -> None:
    """Gives each integration that has none a secret as its connection would have left it, and notes its ARN."""
    client = emulator.client(instance, "secretsmanager")
    pages = client.get_paginator("list_secrets").paginate(Filters=[{"Key": "name", "Values": [INTEGRATION_SECRETS]}])
    there = {secret["Name"]: secret["ARN"] for page in pages for secret in page["SecretList"]}

    def secret_of(integration: str) -> str:
        name = f"{INTEGRATION_SECRETS}{integration}"
        return there.get(name) or client.create_secret(Name=name, SecretString=_credentials())["ARN"]

    with psycopg.connect(instance.database_url(MIGRATOR, DATABASE)) as connection:
        connection.execute("SET ROLE app_owner")
        connection.execute("SET search_path = alquimista_platform")
        rows = connection.execute("SELECT id::text, credentials_secret_arn FROM tenant_integrations").fetchall()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            arns = list(pool.map(secret_of, [integration for integration, _ in rows]))
        changed = [(arn, integration) for (integration, noted), arn in zip(rows, arns, strict=True) if arn != noted]
        with connection.cursor() as cursor:
            cursor.executemany("UPDATE tenant_integrations SET credentials_secret_arn = %s WHERE id = %s", changed)


def leave_dead_letters(instance: Instance, queue_url: str) -> None:
    """Puts messages into the demo queue's dead-letter queue if it has none."""
    client = emulator.client(instance, "sqs")
    counts = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    attributes = client.get_queue_attributes(QueueUrl=queue_url, AttributeNames=counts)["Attributes"]
    if any(int(attributes[count]) for count in counts):
        return
    for first in range(0, DEAD_LETTERS, MESSAGES_AT_ONCE):
        numbers = range(first, min(first + MESSAGES_AT_ONCE, DEAD_LETTERS))
        entries = [{"Id": str(number), "MessageBody": json.dumps({"mensagem": number + 1})} for number in numbers]
        answer = client.send_message_batch(QueueUrl=queue_url, Entries=entries)
        if answer.get("Failed"):
            raise Failure(f"Dead letters could not be left: {answer['Failed'][0]}")


def ask_table(instance: Instance) -> None:
    """Raises if the table of commands doesn't answer a query."""
    emulator.client(instance, "dynamodb").query(
        TableName=instance.stack()["commands_table"],
        IndexName="status-created_at-index",
        KeyConditionExpression="#status = :status",
        ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues={":status": {"S": "PENDING"}},
        Limit=1,
    )


def ask_stream(instance: Instance) -> None:
    """Raises if nothing brings the table's stream to the function."""
    function = instance.stack()["functions"]["commands"]
    listed = emulator.client(instance, "lambda").list_event_source_mappings(FunctionName=function)
    states = [mapping["State"] for mapping in listed["EventSourceMappings"]]
    if states != ["Enabled"]:
        raise Failure(f"the mappings of the stream to {function} are {states}")


def ask_event_bus(instance: Instance) -> None:
    """Raises if nobody listens to the platform's event bus."""
    bus = instance.stack()["event_bus"]
    if not emulator.client(instance, "events").list_rules(EventBusName=bus)["Rules"]:
        raise Failure(f"{bus} has no rule")


def _credentials() -> str:
    names = ("client_id", "client_secret", "access_token", "refresh_token")
    return json.dumps({name: secrets.token_urlsafe(24) for name in names})
