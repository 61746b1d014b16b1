"""What the black-box tests share."""

import functools
from collections.abc import Callable, Iterator

import pytest
from commands import Commands
from openapi import Document
from stack import Stack, stack_of_environment
from temporary import temporary


@pytest.fixture(scope="session")
def document() -> Document:
    """The API's document, and which of its answers were seen in this run."""
    return Document()


@pytest.fixture(scope="session")
def stack(document: Document) -> Stack:
    """The running stack. Whatever a test is about, every answer through the gateway must be a documented one."""
    stack = stack_of_environment()
    document.watch(stack.http, stack.api_url)
    return stack


@pytest.fixture(scope="session")
def token(stack: Stack) -> Callable[..., str]:
    """The ID token of the demo user with exactly these groups; signs in once a user."""

    @functools.cache
    def of(*groups: str, tenant: int | None = None) -> str:
        user = stack.user(*groups, tenant=tenant)
        return stack.sign_in(user["email"], user["password"]).id

    return of


@pytest.fixture(scope="module")
def commands(stack: Stack, token: Callable[..., str]) -> Iterator[Commands]:
    """Commands of the support team; when the module has ended, so have they."""
    with temporary(stack) as rows:
        commands = Commands(stack, token("INTERNAL_SUPPORT"), rows)
        yield commands
        commands.settle()
