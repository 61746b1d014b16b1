"""Who called which of AWS's operations, as the emulator's trail has it."""

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

from stack import Stack

from devstack.deploy import EMULATORS_OWN

# Of a transaction, each part is authorised by itself.
PARTS = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}


class Trail:
    """Which of their rights functions have used so far. The trail forgets what is old, so it is read again and again."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.rights = {function: granted(stack, function) for function in stack.description["functions"]}
        self.used: dict[str, set[str]] = defaultdict(set)
        """By function, as stack.json names it."""
        self._keys: dict[str, str] = {}

    def read(self) -> None:
        self._keys |= access_keys(self.stack)
        for key, function in self._keys.items():
            for action in self.rights[function] - self.used[function]:
                name = action.partition(":")[2]
                for called in (name, f"{name}Batch", "TransactWriteItems"):
                    self.used[function] |= self.rights[function] & self._actions(key, called)

    def _actions(self, key: str, called: str) -> set[str]:
        """What the last calls of this operation under this key took."""
        attributes = [
            {"AttributeKey": "AccessKeyId", "AttributeValue": key}, {"AttributeKey": "EventName", "AttributeValue": called},
        ]  # fmt: skip
        events = self.stack.aws("cloudtrail").lookup_events(LookupAttributes=attributes)["Events"]
        return {action for event in events for action in actions(json.loads(event["CloudTrailEvent"]))}


def actions(event: dict[str, Any]) -> set[str]:
    """The actions that a call takes, as policies name them."""
    service, name = event["eventSource"].split(".")[0], event["eventName"]
    if name == "TransactWriteItems":
        items = event["requestParameters"]["TransactItems"]
        return {f"dynamodb:{PARTS[part]}" for item in items for part in item}
    # SQS allows a batch to whoever may do its parts.
    return {f"{service}:{name.removesuffix('Batch') if service == 'sqs' else name}"}


def access_keys(stack: Stack) -> dict[str, str]:
    """The keys under which functions act, each with its function; known from the processes that run."""
    found = {}
    for function in stack.description["functions"]:
        for process in stack.processes(function):
            try:
                pairs = Path(f"/proc/{process}/environ").read_text().split("\0")
            except OSError:
                continue  # it has ended
            environment = dict(pair.partition("=")[::2] for pair in pairs)
            found[environment["AWS_ACCESS_KEY_ID"]] = function
    return found


def granted(stack: Stack, function: str) -> set[str]:
    """The actions that the function's own policies let it use."""
    configuration = stack.aws("lambda").get_function_configuration(FunctionName=stack.description["functions"][function])
    role, iam = configuration["Role"].rpartition("/")[2], stack.aws("iam")
    allowed: set[str] = set()
    for name in set(iam.list_role_policies(RoleName=role)["PolicyNames"]) - {EMULATORS_OWN}:
        document = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        document = json.loads(document) if isinstance(document, str) else document
        for statement in document["Statement"]:
            action = statement["Action"]
            allowed |= set(action if isinstance(action, list) else [action])
    return allowed
