"""The shape of errors (contract, section 2)."""

import httpx

# What a body must never tell of the inside.
INSIDE = ("127.0.0.1", "localhost", "sqlx", "postgres", "select ", "panicked", "stack backtrace", "secretsmanager", ".rs:")


def assert_problem(answer: httpx.Response, status: int, code: str, *named: str) -> dict:
    """Asserts that an answer is this problem, about these parameters and no others; returns its body.

    Fields of a body are named by their pointers, which begin with `/`.
    """
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["code"] == code, body
    assert body["status"] == status
    for field in ("type", "title", "detail", "error", "request_id"):
        assert isinstance(body[field], str) and body[field], (field, body)
    assert body["request_id"] == answer.headers["x-request-id"]
    assert [named_by(error) for error in body.get("errors", [])] == list(named), body
    assert all(error["message"] for error in body.get("errors", [])), body
    assert not [inside for inside in INSIDE if inside in answer.text.lower()], body
    if status == 503:
        assert int(answer.headers["retry-after"]) > 0
    return body


def named_by(error: dict) -> str:
    """The parameter, or the pointer into the body, that an error is about: always one of the two."""
    (name,) = (error[key] for key in ("parameter", "pointer") if key in error)
    return name


def assert_body_refused(answer: httpx.Response, *pointers: str) -> None:
    """Asserts that exactly these fields of the body are refused, in whatever order."""
    assert answer.status_code == 400, answer.text[:300]
    named = [named_by(error) for error in answer.json().get("errors", [])]
    assert sorted(named) == sorted(pointers), answer.text
    assert_problem(answer, 400, "invalid_body", *named)
