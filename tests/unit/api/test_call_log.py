"""The record of calls: every try is in it, with how it ended and how much went over, and nothing of what."""

from __future__ import annotations

import asyncio
import datetime as dt
import gzip
import json
from dataclasses import FrozenInstanceError, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from batchdeck.api.call_log import MOST_CALLS, CallLog
from batchdeck.domain.calls import GIVEN_UP, HTTP_ERROR, ApiCall
from batchdeck.errors import (
    AcceptanceUnknown,
    ApiUnreachable,
    BatchDeckError,
    NotSent,
    RequestRefused,
    ResultsIncomplete,
)

if TYPE_CHECKING:
    from batchdeck.api.gateway import Gateway
    from tests.unit.api.conftest import Exchange, RawServer

NOON = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
BATCH_PATH = "/v1/messages/batches/msgbatch_01"
MANY = 48_000_000
"""Bytes that fit no socket buffer."""


async def hang_up(exchange: Exchange) -> None:
    exchange.reset()


def note(log: CallLog, path: str) -> None:
    with log.follow("GET", path, None):
        pass


def test_only_the_last_calls_are_kept_and_all_are_counted() -> None:
    log = CallLog(lambda: NOON, most=3)
    assert (log.made, log.calls()) == (0, ())
    for number in range(1, 6):
        note(log, f"/{number}")
        assert log.made == number
    assert [(call.n, call.path) for call in log.calls()] == [(3, "/3"), (4, "/4"), (5, "/5")]


def test_the_ring_is_bounded_unless_told_otherwise() -> None:
    log = CallLog(lambda: NOON)
    for _ in range(MOST_CALLS + 10):
        note(log, "/")
    assert len(log.calls()) == MOST_CALLS
    assert log.calls()[-1].n == log.made == MOST_CALLS + 10


def test_what_was_taken_does_not_change() -> None:
    log = CallLog(lambda: NOON)
    note(log, "/1")
    taken = log.calls()
    note(log, "/2")
    assert len(taken) == 1
    with pytest.raises(FrozenInstanceError):
        taken[0].path = "/elsewhere"  # type: ignore[misc]


async def test_a_poll_is_noted_with_what_is_known_of_it(
    gateway: Gateway, server: RawServer, calls: CallLog, batch_json: dict[str, Any]
) -> None:
    server.answer(200, batch_json, request_id="req_1")
    await gateway.retrieve("msgbatch_01")
    size = len(json.dumps(batch_json))
    expected = ApiCall(1, NOON, "GET", BATCH_PATH, 200, "", 250, sent=0, received=size, request_id="req_1")
    assert calls.calls() == (expected,)


async def test_every_try_is_a_call(
    gateway: Gateway, server: RawServer, calls: CallLog, batch_json: dict[str, Any]
) -> None:
    server.refuse(529, "overloaded_error", "Overloaded", request_id="req_1")
    server.script.append(hang_up)
    server.answer(200, batch_json, request_id="req_3")
    await gateway.retrieve("msgbatch_01")
    first, second, third = calls.calls()
    assert (first.status, first.error, first.request_id) == (529, "overloaded_error", "req_1")
    assert (second.status, second.error, second.request_id) == (None, "ReadError", "")
    assert (second.sent, second.received) == (0, None)
    assert (third.status, third.error, third.request_id) == (200, "", "req_3")


async def test_an_error_of_nobody_knows_whom_has_a_word_too(
    gateway: Gateway, server: RawServer, calls: CallLog
) -> None:
    server.answer(403, b"<html>Blocked</html>", content_type="text/html")
    with pytest.raises(BatchDeckError):
        await gateway.list_models()
    (call,) = calls.calls()
    assert (call.status, call.error, call.received) == (403, HTTP_ERROR, len(b"<html>Blocked</html>"))


async def test_queries_are_not_kept(
    gateway: Gateway, server: RawServer, calls: CallLog, batch_json: dict[str, Any]
) -> None:
    server.answer(200, {"data": [batch_json], "has_more": False})
    await gateway.list_batches("msgbatch_00", limit=7)
    assert server.seen[0].path.endswith("?limit=7&after_id=msgbatch_00")
    assert calls.calls()[0].path == "/v1/messages/batches"


async def test_a_batch_that_is_made_counts_its_body(
    gateway: Gateway, server: RawServer, calls: CallLog, batch_json: dict[str, Any], tmp_path: Path
) -> None:
    body = tmp_path / "body.json"
    size = body.write_bytes(b'{"requests":[{"custom_id":"a-telling-word"}]}')
    server.answer(200, batch_json)
    await gateway.create_batch(body, size)
    (call,) = calls.calls()
    assert (call.method, call.path, call.status, call.sent) == ("POST", "/v1/messages/batches", 200, size)

    server.refuse(400, "invalid_request_error", "a-telling-word is wrong")
    with pytest.raises(RequestRefused):
        await gateway.create_batch(body, size)
    assert (calls.calls()[-1].error, calls.calls()[-1].sent) == ("invalid_request_error", size)
    server.script.append(_read_and_hang_up)
    with pytest.raises(AcceptanceUnknown):
        await gateway.create_batch(body, size)
    assert (calls.calls()[-1].status, calls.calls()[-1].sent) == (None, size)
    assert "a-telling-word" not in repr(calls.calls())


async def _read_and_hang_up(exchange: Exchange) -> None:
    await exchange.read_body()
    exchange.reset()


async def test_of_a_body_cut_off_only_what_left_is_counted(
    gateway: Gateway, server: RawServer, calls: CallLog, tmp_path: Path
) -> None:
    body = tmp_path / "large.json"
    with body.open("wb") as file:
        file.truncate(MANY)
    server.script.append(hang_up)
    with pytest.raises(NotSent):
        await gateway.create_batch(body, MANY)
    (call,) = calls.calls()
    assert call.sent is not None
    assert 0 < call.sent < MANY
    assert (call.status, call.received) == (None, None)


async def test_results_count_what_came_over_the_network(
    gateway: Gateway, server: RawServer, calls: CallLog
) -> None:
    packed = gzip.compress(b"a-telling-word\n" * 10_000)
    server.answer(200, packed, content_encoding="gzip", request_id="req_1")
    await gateway.download_results("msgbatch_01", lambda block: None)
    (call,) = calls.calls()
    assert call == replace(call, path=f"{BATCH_PATH}/results", status=200, error="", request_id="req_1")
    assert call.received == len(packed)
    assert "a-telling-word" not in repr(call)


async def test_results_that_break_are_an_answer_with_an_error(
    gateway: Gateway, server: RawServer, calls: CallLog
) -> None:
    async def cut(exchange: Exchange) -> None:
        exchange.writer.write(b"HTTP/1.1 200 X\r\ncontent-length: 1000\r\n\r\n" + b"x" * 400)
        await exchange.writer.drain()
        exchange.writer.close()

    server.refuse(500, "api_error", "Hiccup")
    server.script.append(cut)
    with pytest.raises(ResultsIncomplete):
        await gateway.download_results("msgbatch_01", lambda block: None)
    refused, broken = calls.calls()
    assert (refused.status, refused.error) == (500, "api_error")
    assert (broken.status, broken.error, broken.received) == (200, "RemoteProtocolError", 400)


async def test_hanging_up_after_the_first_lines_is_no_error(
    gateway: Gateway, server: RawServer, calls: CallLog
) -> None:
    server.answer(200, b"{}\n" * 100)
    await gateway.first_result_lines("msgbatch_01")
    assert [(call.status, call.error) for call in calls.calls()] == [(200, "")]


async def test_results_that_cannot_be_put_away_are_given_up(
    gateway: Gateway, server: RawServer, calls: CallLog
) -> None:
    def refuse(block: bytes) -> None:
        raise OSError(28, "No space left")

    server.answer(200, b"x" * 1_000_000)
    with pytest.raises(OSError, match="No space"):
        await gateway.download_results("msgbatch_01", refuse)
    assert [(call.status, call.error) for call in calls.calls()] == [(200, GIVEN_UP)]


async def test_a_call_that_is_stopped_is_given_up(
    gateway: Gateway, server: RawServer, calls: CallLog
) -> None:
    is_asked, may_end = asyncio.Event(), asyncio.Event()

    async def stall(exchange: Exchange) -> None:
        is_asked.set()
        await may_end.wait()

    server.script.append(stall)
    asking = asyncio.create_task(gateway.retrieve("msgbatch_01"))
    await is_asked.wait()
    assert calls.made == 0
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    may_end.set()
    assert [(call.status, call.error) for call in calls.calls()] == [(None, GIVEN_UP)]


async def test_nobody_there_is_a_call_as_well(gateway: Gateway, server: RawServer, calls: CallLog) -> None:
    await server.stop_listening()
    with pytest.raises(ApiUnreachable):
        await gateway.count_tokens({"messages": []})
    assert {(call.status, call.error, call.sent) for call in calls.calls()} == {(None, "ConnectError", None)}


async def test_a_real_time_request_that_never_left_has_sent_nothing(
    gateway: Gateway, server: RawServer, calls: CallLog
) -> None:
    await server.stop_listening()
    with pytest.raises(NotSent):
        await gateway.answer(b"{}")
    (call,) = calls.calls()
    assert (call.method, call.path, call.error, call.sent) == ("POST", "/v1/messages", "ConnectError", 0)


async def test_silence_is_named(impatient_gateway: Gateway, server: RawServer, calls: CallLog) -> None:
    may_end = asyncio.Event()

    async def stall(exchange: Exchange) -> None:
        await may_end.wait()

    server.script.append(stall)
    with pytest.raises(ApiUnreachable):
        await impatient_gateway.delete("msgbatch_01")
    may_end.set()
    assert [(call.method, call.error) for call in calls.calls()] == [("DELETE", "ReadTimeout")]


async def test_neither_key_nor_control_characters_are_kept(
    gateway: Gateway, server: RawServer, calls: CallLog, key: str
) -> None:
    server.refuse(400, f"bad\x1b[2J{key}", f"{key} is wrong", request_id=f"req-{key}" + "y" * 500)
    with pytest.raises(RequestRefused):
        await gateway.cancel(f"{key}-sk-ant-other-1" + "x" * 5_000)
    (call,) = calls.calls()
    for secret in (key, "sk-ant-other-1", "\x1b"):
        assert secret not in repr(call)
        assert secret not in call.error
    assert len(call.path) <= 200
    assert len(call.request_id) <= 60
