"""Somebody who has asked for as much as the limits allow."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from stack import Stack


@contextmanager
def nothing_left(stack: Stack, sub: str) -> Iterator[None]:
    """A user all of whose units are taken, as if it had made that many requests: on this stack, they take long to come back."""
    variables = stack.aws("lambda").get_function_configuration(FunctionName=stack.description["functions"]["tenant"])
    limits = variables["Environment"]["Variables"]
    window = int(limits["USER_LIMIT_BURST"]) // int(limits["USER_LIMIT_PER_SECOND"])
    key = f"{{painel}}:limit:user:{sub}"
    # When the last unit will be back; the first is in a second.
    stack.redis("SET", key, str(int((time.time() + window) * 1e6)), "EX", str(window))
    try:
        yield
    finally:
        stack.redis("DEL", key)
