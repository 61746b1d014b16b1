"""CSV answers: their form byte by byte, and the rows of the JSON in them."""

import csv
import io
import json
import re
from typing import Any

import httpx

DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n")


def parsed(answer: httpx.Response) -> list[list[str]]:
    """Header and rows of a CSV answer, whose form is checked byte by byte."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["cache-control"] == "private, no-cache"
    assert answer.headers["vary"] == "Authorization, Accept"
    assert not answer.content.startswith(b"\xef\xbb\xbf")
    text = answer.content.decode("utf-8", "strict")
    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    # RFC 4180: every record ends with CRLF, and nothing else ends one; quotes go around whole cells only.
    quoted = r'"(?:[^"]++|"")*+"'
    any_cell = rf'(?:{quoted}|[^",\r\n]*+)'
    assert re.fullmatch(rf"(?:{any_cell}(?:,{any_cell})*+\r\n)++", text)
    assert re.sub(quoted, "", text).count("\r\n") == len(rows)
    return rows


def cell(value: Any) -> str:
    """How a JSON value is written in a cell."""
    if value is None:
        return ""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(DANGEROUS) else value
    return str(value)


def assert_equal_rows(answer: httpx.Response, fields: list[str], json_rows: list[dict[str, Any]]) -> None:
    header, *rows = parsed(answer)
    assert header == fields
    assert all(list(row) == fields for row in json_rows), "the JSON has the same names in the same order"
    assert len(rows) == len(json_rows)
    for row, json_row in zip(rows, json_rows, strict=True):
        for name, text, value in zip(fields, row, json_row.values(), strict=True):
            if isinstance(value, dict | list):
                assert json.loads(text) == value, (name, text, value)
            elif isinstance(value, int | float):
                assert float(text) == value and re.fullmatch(r"-?\d+(\.\d{1,2})?", text), (name, text, value)
            else:
                assert text == cell(value), (name, text, value)
