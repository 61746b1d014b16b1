"""What the black-box tests share."""

from collections.abc import Callable, Iterator

import pytest
from calls import Trail
from commands import Commands
from grants import Record
from openapi import Document
from stack import Stack, stack_of_environment
from temporary import temporary

SUMMARY = pytest.StashKey[list[str]]()


@pytest.fixture(scope="session")
def summary(pytestconfig: pytest.Config) -> list[str]:
    """Lines that are printed when all tests have ended."""
    return pytestconfig.stash.setdefault(SUMMARY, [])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for line in config.stash.get(SUMMARY, []):
        terminalreporter.write_line(line)


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
def trail(stack: Stack) -> Trail:
    return Trail(stack)


@pytest.fixture(scope="session")
def record(stack: Stack) -> Record:
    return Record(stack)


@pytest.fixture(scope="module", autouse=True)
def followed(trail: Trail, record: Record) -> Iterator[None]:
    """Neither the emulator's trail nor the database's record lasts: what functions did is noted after each module."""
    yield
    trail.read()
    record.read()


@pytest.fixture(scope="session")
def token(stack: Stack) -> Callable[..., str]:
    """The ID token of the demo user with exactly these groups."""

    def of(*groups: str, tenant: int | None = None) -> str:
        return stack.id_token(stack.user(*groups, tenant=tenant))

    return of


@pytest.fixture(scope="module")
def commands(stack: Stack, token: Callable[..., str]) -> Iterator[Commands]:
    """Commands of the support team; when the module has ended, so have they."""
    with temporary(stack) as rows:
        commands = Commands(stack, token("INTERNAL_SUPPORT"), rows)
        yield commands
        commands.settle()
