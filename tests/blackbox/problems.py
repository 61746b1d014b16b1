"""The shape of errors (contract, section 2)."""

import httpx

# What a body must never tell of the inside.
INSIDE = ("127.0.0.1", "localhost", "sqlx", "postgres", "select ", "panicked", "stack backtrace", "secretsmanager", ".rs:")


def assert_problem(answer: httpx.Response, status: int, code: str, *parameters: str) -> dict:
    """Asserts that an answer is this problem, about these parameters and no others; returns its body."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["code"] == code, body
    assert body["status"] == status
    for field in ("type", "title", "detail", "error", "request_id"):
        assert isinstance(body[field], str) and body[field], (field, body)
    assert body["request_id"] == answer.headers["x-request-id"]
    assert [error["parameter"] for error in body.get("errors", [])] == list(parameters), body
    assert not [inside for inside in INSIDE if inside in answer.text.lower()], body
    if status == 503:
        assert int(answer.headers["retry-after"]) > 0
    return body
