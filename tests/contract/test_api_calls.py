"""What a deck tells of its calls to the API, made over the loopback network to a real sandbox."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from batchdeck.api.call_log import CallLog
from batchdeck.api.gateway import Gateway
from batchdeck.api.patience import Patience
from batchdeck.api.settings import ApiSettings
from batchdeck.deck import Deck
from batchdeck.domain.calls import ApiCall
from batchdeck.errors import ApiNotFound, NotFound, RateLimited
from batchdeck.sandbox.samples import write_samples

BUSY = """
[[calls]]
endpoint = "list"
action = "rate_limit"
retry_after = 3
"""


def told(call: ApiCall) -> tuple[str, str, int | None, str]:
    return call.method, re.sub(r"msgbatch_\w+", "ID", call.path), call.status, call.error


async def test_each_kind_of_call_is_noted(calm: ApiSettings, tmp_path: Path) -> None:
    log = CallLog()
    body = tmp_path / "body.json"
    message = {"role": "user", "content": "a telling word"}
    params = {"model": "claude-sonnet-5-5", "max_tokens": 100, "messages": [message]}
    size = body.write_bytes(json.dumps({"requests": [{"custom_id": "a", "params": params}]}).encode())
    gateway = await Gateway.open(calm, log=log)
    try:
        batch = await gateway.create_batch(body, size)
        await gateway.retrieve(batch.id)
        with pytest.raises(ApiNotFound):
            await gateway.retrieve("msgbatch_nowhere")
        await gateway.count_tokens(params)
        await gateway.list_models()
    finally:
        await gateway.close()
    assert [told(call) for call in log.calls()] == [
        ("POST", "/v1/messages/batches", 200, ""),
        ("GET", "/v1/messages/batches/ID", 200, ""),
        ("GET", "/v1/messages/batches/ID", 404, "not_found_error"),
        ("POST", "/v1/messages/count_tokens", 200, ""),
        ("GET", "/v1/models", 200, ""),
    ]
    assert log.calls()[0].sent == size
    assert len({call.request_id for call in log.calls()}) == 5
    assert all(call.request_id.startswith("req_") for call in log.calls())
    assert all(call.received and call.milliseconds >= 0 for call in log.calls())
    assert "telling" not in repr(log.calls())


async def test_tries_that_were_waited_out_are_seen(start_sandbox: Callable[[str], ApiSettings]) -> None:
    pauses: list[float] = []

    async def note(seconds: float) -> None:
        pauses.append(seconds)

    log = CallLog()
    gateway = await Gateway.open(start_sandbox(BUSY), Patience(sleep=note), log)
    try:
        with pytest.raises(RateLimited):
            await gateway.list_batches()
    finally:
        await gateway.close()
    assert pauses == [3.0, 3.0]
    assert [(call.status, call.error) for call in log.calls()] == [(429, "rate_limit_error")] * 3


async def test_a_deck_tells_its_calls_and_that_there_were_more(tmp_path: Path) -> None:
    (paper,) = write_samples(tmp_path / "papers", "accounts")
    began = dt.datetime.now(dt.UTC)
    async with Deck.open(tmp_path / "deck", sandbox=True) as deck:
        assert (deck.api_calls(), deck.api_calls_made) == ((), 0)
        await deck.submit(deck.plan(await deck.scan([paper])))
        after_submitting = deck.api_calls_made
        await deck.track(until_ended=True)
        assert deck.api_calls_made == len(deck.api_calls()) > after_submitting > 0
        with pytest.raises(NotFound):
            await deck.adopt(["msgbatch_nowhere"])
        *calls, last = deck.api_calls()
        assert [call.n for call in calls] == [*range(1, len(calls) + 1)]
        assert told(last) == ("GET", "/v1/messages/batches/ID", 404, "not_found_error")
        assert ("GET", "/v1/messages/batches/ID/results", 200, "") in map(told, calls)
        assert all(began <= call.at <= deck.now() for call in calls)
        (made,) = (call for call in calls if call.method == "POST")
        (batch,) = deck.batches()
        assert made.sent is not None
        assert made.sent > 1000 * batch.requests


async def test_calls_outlive_the_connection_they_were_made_over(tmp_path: Path) -> None:
    noon = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
    async with Deck.open(tmp_path / "deck", sandbox=True, now=lambda: noon) as deck:
        await deck.adopt()
        await deck._connection.close()
        await deck.adopt()
        assert [(call.n, call.at, call.status) for call in deck.api_calls()] == [
            (1, noon, 200),
            (2, noon, 200),
        ]
