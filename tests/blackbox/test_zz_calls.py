"""What functions may do is what they do: the emulator refuses what a role has no right to, and the trail of the whole suite
has a call for every right."""

import pytest
from calls import Trail
from stack import Stack

# What Lambda does in a function's name, and the function never: reads the stream, leaves what failed for good.
LAMBDAS_OWN = {
    "commands": {"dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"},
    "aggregate": {"sqs:SendMessage"},
}  # fmt: skip


@pytest.mark.parametrize("function", ["tenant", "internal", "commands", "aggregate", "migrate"])
def test_every_right_is_used_and_nothing_else(stack: Stack, trail: Trail, function: str) -> None:
    if function == "migrate":
        stack.invoke(function, {})
    trail.read()
    assert trail.rights[function] - trail.used[function] == LAMBDAS_OWN.get(function, set())
