"""What `create` refuses at once: status, error type and message, one by one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.unit.sandbox.conftest import Api, Row

BATCHES = "/v1/messages/batches"
PARAMS: dict[str, Any] = {"model": "m", "max_tokens": 1, "messages": []}


def error_of(api: Api, body: bytes, status: int = 400, **rest: Any) -> dict[str, Any]:
    answer = api.call("POST", BATCHES, content=body, **rest)
    assert answer.status_code == status, answer.text
    told = answer.json()
    assert told["type"] == "error"
    assert told["request_id"] == answer.headers["request-id"]
    error: dict[str, Any] = told["error"]
    return error


@pytest.mark.parametrize(
    ("requests", "message"),
    [
        ([], "requests: List should have at least 1 item after validation, not 0"),
        ({}, "requests: Input should be a valid list"),
        ([1], "requests.0: Input should be a valid dictionary"),
        ([{"params": PARAMS}], "requests.0.custom_id: Field required"),
        ([{"custom_id": "a"}], "requests.0.params: Field required"),
        ([{"custom_id": "a", "params": 3}], "requests.0.params: Input should be a valid dictionary"),
        ([{"custom_id": 3, "params": PARAMS}], "requests.0.custom_id: Input should be a valid string"),
        (
            [{"custom_id": "", "params": PARAMS}],
            "requests.0.custom_id: String should have at least 1 character",
        ),
        (
            [{"custom_id": "a", "params": PARAMS}, {"custom_id": "b" * 65, "params": PARAMS}],
            "requests.1.custom_id: String should have at most 64 characters",
        ),
        (
            [{"custom_id": "a b", "params": PARAMS}],
            "requests.0.custom_id: String should match pattern '^[a-zA-Z0-9_-]{1,64}$'",
        ),
        (
            [{"custom_id": "ok\n", "params": PARAMS}],
            "requests.0.custom_id: String should match pattern '^[a-zA-Z0-9_-]{1,64}$'",
        ),
        (
            [{"custom_id": "a", "params": PARAMS}, {"custom_id": "a", "params": PARAMS}],
            "requests: custom_id's must be unique within a batch. Duplicate custom_id found: a",
        ),
        (
            [{"custom_id": "a", "params": PARAMS, "label": "x"}],
            "requests.0.label: Extra inputs are not permitted",
        ),
    ],
)
def test_requests_that_are_refused(api: Api, requests: object, message: str) -> None:
    error = error_of(api, json.dumps({"requests": requests}).encode())
    assert error == {"type": "invalid_request_error", "message": message}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "The request body is empty; a JSON object is expected."),
        (b"[]", "Input should be a valid dictionary"),
        (b"{}", "requests: Field required"),
        (b'{"requests":[],"metadata":{}}', "metadata: Extra inputs are not permitted"),
    ],
)
def test_bodies_that_are_refused(api: Api, body: bytes, message: str) -> None:
    assert error_of(api, body) == {"type": "invalid_request_error", "message": message}


@pytest.mark.parametrize(
    "body", [b'{"requests":[', b"no json", b'{"requests":[{"custom_id":"\xff","params":{}}]}']
)
def test_what_is_no_json_is_refused(api: Api, body: bytes) -> None:
    error = error_of(api, body)
    assert error["type"] == "invalid_request_error"
    assert error["message"].startswith("The request body is not valid JSON: ")


def test_a_custom_id_of_64_characters_is_taken(api: Api, text_row: Row) -> None:
    assert set(api.run([text_row("x" * 64)])) == {"x" * 64}


def test_params_are_not_looked_at_yet(api: Api) -> None:
    assert api.create([{"custom_id": "a", "params": {"nonsense": True}}])


def test_more_requests_than_allowed(api: Api) -> None:
    rows = b",".join(b'{"custom_id":"%d","params":{}}' % n for n in range(100_001))
    error = error_of(api, b'{"requests":[' + rows + b"]}")
    assert error["message"] == "requests: List should have at most 100000 items after validation, not 100001"


def test_a_body_that_is_too_large_gets_its_answer_after_all_of_it_was_read(api: Api) -> None:
    def pieces() -> Any:
        for _ in range(257):
            yield b" " * 1_000_000

    error = error_of(api, pieces(), 413)
    assert error == {"type": "request_too_large", "message": "Request exceeds the maximum size"}


def test_a_large_body_that_asks_first_is_refused_before_it_is_sent(api: Api) -> None:
    head = f"POST {BATCHES} HTTP/1.1\r\nhost: x\r\nx-api-key: {api.key}\r\nanthropic-version: 2023-06-01\r\n"
    answer = api.raw(f"{head}expect: 100-continue\r\ncontent-length: 300000000\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b'"request_too_large"' in answer


def test_a_compressed_body_is_refused_by_its_code(api: Api) -> None:
    error = error_of(api, b"...", headers={"content-encoding": "gzip"})
    assert error["details"] == {"error_code": "request_body_encoding_unsupported"}
