"""The gate: keys, versions, paths, methods and the rate of calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.unit.sandbox.conftest import Api, Start

BATCHES = "/v1/messages/batches"


def test_a_bearer_key_and_an_x_api_key_are_both_good(api: Api) -> None:
    assert api.call("GET", BATCHES).status_code == 200
    assert api.call("GET", BATCHES, headers={"authorization": "", "x-api-key": api.key}).status_code == 200


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({"authorization": "Bearer wrong"}, "API key is invalid."),
        ({"authorization": "", "x-api-key": "wrong"}, "API key is invalid."),
        ({"authorization": ""}, "x-api-key header is required"),
        ({"authorization": "Basic abc"}, "x-api-key header is required"),
    ],
)
def test_other_keys_are_not(api: Api, headers: dict[str, str], message: str) -> None:
    answer = api.call("GET", BATCHES, headers=headers)
    assert answer.status_code == 401
    assert answer.json()["error"] == {"type": "authentication_error", "message": message}


def test_keys_of_ones_own_replace_the_one_it_made(start: Start) -> None:
    api = start("--key=first", "--key=second")
    assert api.key == "first"
    for key in ("first", "second"):
        assert api.call("GET", BATCHES, headers={"authorization": f"Bearer {key}"}).status_code == 200


@pytest.mark.parametrize(
    ("version", "message"),
    [
        ("", "anthropic-version: header is required"),
        ("latest", "anthropic-version: 'latest' is not a valid version"),
    ],
)
def test_a_version_is_needed(api: Api, version: str, message: str) -> None:
    answer = api.call("GET", BATCHES, headers={"anthropic-version": version})
    assert answer.status_code == 400
    assert answer.json()["error"]["message"] == message


@pytest.mark.parametrize(
    ("method", "path", "status", "kind"),
    [
        ("GET", "/v1/nothing", 404, "not_found_error"),
        ("GET", "/", 404, "not_found_error"),
        ("PUT", BATCHES, 405, "invalid_request_error"),
        ("GET", f"{BATCHES}/msgbatch_x", 404, "not_found_error"),
        ("GET", f"{BATCHES}/msgbatch_x/results", 404, "not_found_error"),
        ("POST", f"{BATCHES}/msgbatch_x/cancel", 404, "not_found_error"),
        ("DELETE", f"{BATCHES}/msgbatch_x", 404, "not_found_error"),
        ("GET", "/v1/models/claude-nobody-1", 404, "not_found_error"),
    ],
)
def test_what_is_not_there(api: Api, method: str, path: str, status: int, kind: str) -> None:
    answer = api.call(method, path)
    assert answer.status_code == status
    assert answer.json()["error"]["type"] == kind
    if path.startswith(f"{BATCHES}/"):
        assert answer.json()["error"]["message"] == "Message Batch msgbatch_x not found."


def test_calls_beyond_the_limit_wait(start: Start) -> None:
    api = start("--calls-per-minute=3")
    statuses = [api.call("GET", BATCHES).status_code for _ in range(4)]
    assert statuses == [200, 200, 200, 429]
    refused = api.call("GET", BATCHES)
    assert refused.json()["error"]["type"] == "rate_limit_error"
    assert 1 <= int(refused.headers["retry-after"]) <= 20
    assert refused.headers["anthropic-ratelimit-requests-remaining"] == "0"


def test_the_workspace_is_the_same_for_every_call(api: Api) -> None:
    first, second = (api.call("GET", BATCHES).headers for _ in range(2))
    assert first["anthropic-workspace-id"] == second["anthropic-workspace-id"]
    assert first["request-id"] != second["request-id"]
