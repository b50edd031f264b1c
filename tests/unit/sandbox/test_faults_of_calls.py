"""Faults of calls: refusals, lost connections, lost answers, damaged streams, late batches."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import anthropic
import httpx2
import pytest

if TYPE_CHECKING:
    from tests.unit.sandbox.conftest import Api, Row

StartWithFaults = Callable[..., "Api"]
BATCHES = "/v1/messages/batches"


def rule(endpoint: str, action: str, **fields: Any) -> str:
    lines = [
        f'{key} = "{value}"' if isinstance(value, str) else f"{key} = {value}"
        for key, value in fields.items()
    ]
    return "\n".join(["[[calls]]", f'endpoint = "{endpoint}"', f'action = "{action}"', *lines, ""])


def test_each_refusal_has_its_status_and_type(start_with_faults: StartWithFaults) -> None:
    expected = {
        "rate_limit": (429, "rate_limit_error"),
        "spend_limit": (429, "rate_limit_error"),
        "usage_limit": (400, "invalid_request_error"),
        "billing": (400, "invalid_request_error"),
        "unauthorized": (401, "authentication_error"),
        "forbidden": (403, "permission_error"),
        "not_found": (404, "not_found_error"),
        "server_error": (500, "api_error"),
        "overloaded": (529, "overloaded_error"),
        "gateway_timeout": (504, "timeout_error"),
    }
    rules = [rule("list", action, occurrences=n) for n, action in enumerate(expected, 1)]
    api = start_with_faults("\n".join(rules))
    answers = [api.call("GET", BATCHES) for _ in expected]
    assert {
        action: (answer.status_code, answer.json()["error"]["type"])
        for action, answer in zip(expected, answers, strict=True)
    } == expected
    assert answers[0].headers["retry-after"] == "2"
    assert "retry-after" not in answers[1].headers
    assert answers[1].json()["error"]["details"] == {"error_code": "enforced_spend_limit_reached"}
    assert (
        answers[2].json()["error"]["message"].startswith("You have reached your specified API usage limits")
    )
    assert api.call("GET", BATCHES).status_code == 200


def test_a_rate_limit_says_how_long_and_the_sdk_comes_back(start_with_faults: StartWithFaults) -> None:
    api = start_with_faults(rule("models", "rate_limit", occurrences=1, retry_after=0, message="Slow down."))
    with anthropic.Anthropic(base_url=api.base_url, api_key=api.key) as client:
        assert client.models.retrieve("claude-opus-5").id == "claude-opus-5"
    refused = start_with_faults(
        rule("list", "rate_limit", retry_after=7, message="Slow down."), state=api.state.parent / "b"
    )
    answer = refused.call("GET", BATCHES)
    assert answer.headers["retry-after"] == "7"
    assert answer.json()["error"]["message"] == "Slow down."


def test_a_proxys_413_is_html(start_with_faults: StartWithFaults, text_row: Row) -> None:
    api = start_with_faults(rule("create", "too_large_html"))
    answer = api.call("POST", BATCHES, json={"requests": [text_row("a")]})
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "text/html"
    assert b"<html>" in answer.content


def listed(api: Api) -> int:
    return len(api.call("GET", BATCHES).json()["data"])


@pytest.mark.parametrize(("action", "batches"), [("reset_before", 0), ("reset_after", 1)])
def test_a_reset_before_makes_no_batch_and_one_after_does(
    start_with_faults: StartWithFaults, text_row: Row, action: str, batches: int
) -> None:
    api = start_with_faults(rule("create", action, occurrences=1))
    with pytest.raises((httpx2.ReadError, httpx2.RemoteProtocolError, httpx2.WriteError)):
        api.call("POST", BATCHES, json={"requests": [text_row("a")]})
    assert listed(api) == batches


def test_an_error_after_the_work_has_made_the_batch(
    start_with_faults: StartWithFaults, text_row: Row
) -> None:
    api = start_with_faults(rule("create", "error_after", occurrences=1))
    assert api.call("POST", BATCHES, json={"requests": [text_row("a")]}).status_code == 500
    assert listed(api) == 1


def test_a_late_acceptance_is_seen_only_later(start_with_faults: StartWithFaults, text_row: Row) -> None:
    api = start_with_faults(rule("create", "late_acceptance", occurrences=1, seconds=600))
    with pytest.raises((httpx2.ReadError, httpx2.RemoteProtocolError, httpx2.WriteError)):
        api.call("POST", BATCHES, json={"requests": [text_row("a")]})
    assert listed(api) == 0
    api.advance(601)
    (batch,) = api.call("GET", BATCHES).json()["data"]
    assert api.ended(batch["id"])["request_counts"]["succeeded"] == 1


def test_a_garbled_answer_is_200_and_no_json(start_with_faults: StartWithFaults, text_row: Row) -> None:
    api = start_with_faults(rule("create", "garbage", occurrences=1))
    answer = api.call("POST", BATCHES, json={"requests": [text_row("a")]})
    assert answer.status_code == 200
    with pytest.raises(ValueError, match=r"JSON|Unterminated"):
        answer.json()
    assert listed(api) == 1


def test_slow_and_stalled_calls(start_with_faults: StartWithFaults) -> None:
    api = start_with_faults(
        rule("list", "slow", occurrences=1, seconds=0.3) + rule("list", "stall", occurrences=2, seconds=0.1)
    )
    begun = time.monotonic()
    assert api.call("GET", BATCHES).status_code == 200
    assert time.monotonic() - begun >= 0.3
    with pytest.raises(httpx2.RemoteProtocolError):
        api.call("GET", BATCHES)


def test_results_streams_are_cut_short_or_torn(start_with_faults: StartWithFaults, text_row: Row) -> None:
    api = start_with_faults(
        rule("results", "cut", occurrences=1)
        + rule("results", "short", occurrences=2, rows=3)
        + rule("results", "torn", occurrences=3, rows=3)
    )
    batch_id = api.create([text_row(f"r{n}") for n in range(10)])
    api.ended(batch_id)
    path = f"{BATCHES}/{batch_id}/results"
    with pytest.raises(httpx2.RemoteProtocolError):
        api.call("GET", path)
    short = api.call("GET", path).content
    assert short.count(b"\n") == 3
    assert short.endswith(b"\n")
    torn = api.call("GET", path).content
    assert torn.startswith(short)
    assert torn.count(b"\n") == 3
    assert not torn.endswith(b"\n")
    whole = api.call("GET", path).content
    assert whole.count(b"\n") == 10
    assert whole.startswith(torn)


def test_the_sdk_accepts_a_short_stream_without_a_word(
    start_with_faults: StartWithFaults, text_row: Row
) -> None:
    """Why a client has to compare rows with requests itself."""
    api = start_with_faults(rule("results", "short", rows=1))
    batch_id = api.create([text_row("a"), text_row("b")])
    api.ended(batch_id)
    with anthropic.Anthropic(base_url=api.base_url, api_key=api.key) as client:
        assert len(list(client.messages.batches.results(batch_id))) == 1


def test_a_transient_404_can_be_had_for_every_batch(
    start_with_faults: StartWithFaults, text_row: Row
) -> None:
    faults = rule("retrieve", "not_found", occurrences="1-2") + "each_batch = true\n"
    api = start_with_faults(faults)
    for batch_id in (api.create([text_row("a")]), api.create([text_row("b")])):
        statuses = [api.call("GET", f"{BATCHES}/{batch_id}").status_code for _ in range(3)]
        assert statuses == [404, 404, 200]


def test_occurrences_are_counted_over_restarts(start_with_faults: StartWithFaults) -> None:
    faults = rule("list", "server_error", occurrences=2)
    api = start_with_faults(faults)
    assert api.call("GET", BATCHES).status_code == 200
    api.kill()
    api = start_with_faults(faults)
    assert [api.call("GET", BATCHES).status_code for _ in range(2)] == [500, 200]


def test_a_share_of_calls_goes_wrong_in_the_same_places_each_time(
    start_with_faults: StartWithFaults, tmp_path: Any
) -> None:
    faults = rule("*", "overloaded", share=0.4)

    def statuses(state: str) -> list[int]:
        api = start_with_faults(faults, "--seed=3", state=tmp_path / state)
        return [api.call("GET", BATCHES).status_code for _ in range(30)]

    first = statuses("one")
    assert first == statuses("two")
    assert 4 <= first.count(529) <= 20


def test_the_sandboxs_own_calls_never_fail(start_with_faults: StartWithFaults) -> None:
    api = start_with_faults(rule("*", "server_error"))
    assert api.call("GET", "/sandbox").status_code == 200
    assert api.call("GET", BATCHES).status_code == 500
