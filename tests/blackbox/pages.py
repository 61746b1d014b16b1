"""Paged lists: walks by cursor, and cursors that are none."""

import base64
import itertools
import string
from collections.abc import Callable, Iterable, Iterator
from typing import Any

# Asks for one page with these paging parameters; returns its body.
Page = Callable[..., dict[str, Any]]


def walk(
    page: Page, name: str, limits: Iterable[int] = itertools.repeat(100), between: Callable[[], None] | None = None
) -> list[dict[str, Any]]:  # fmt: skip
    """All pages' rows, from the first to the last; something may happen between two pages."""
    limits = iter(limits)
    answer = page(limit=next(limits))
    rows = answer[name]
    while answer["next_cursor"] is not None:
        if between:
            between()
        answer = page(limit=next(limits), cursor=answer["next_cursor"])
        assert answer[name] or between, "a cursor leads to at least one row, unless that is gone meanwhile"
        assert answer["offset"] == 0
        rows += answer[name]
    return rows


def edits(cursor: str) -> Iterator[str]:
    """The cursor cut, lengthened, and with one character or one byte below its encoding changed."""
    for length in {1, len(cursor) // 2, len(cursor) - 4, len(cursor) - 1}:
        yield cursor[:length]
    yield cursor[1:]
    yield cursor + "A"
    yield cursor + "===="
    yield cursor + cursor
    alphabet = string.ascii_letters + string.digits
    for index in sorted({0, 1, len(cursor) // 3, len(cursor) // 2, len(cursor) - 2, len(cursor) - 1}):
        swapped = alphabet[(alphabet.find(cursor[index]) + 1) % len(alphabet)]
        yield cursor[:index] + swapped + cursor[index + 1 :]
    decoded = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    for index in range(0, len(decoded), max(1, len(decoded) // 20)):
        changed = decoded[:index] + bytes([decoded[index] ^ 1]) + decoded[index + 1 :]
        yield base64.urlsafe_b64encode(changed).rstrip(b"=").decode()
