"""`create`: one try, an exact streamed body, and an honest word on whether the API may have made a batch."""

from __future__ import annotations

import asyncio
import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from batchdeck.api.bodies import SpooledBody
from batchdeck.errors import (
    AcceptanceUnknown,
    AccountHeld,
    BatchDeckError,
    DeckDamaged,
    NotSent,
    RateLimited,
    RequestRefused,
)

if TYPE_CHECKING:
    from batchdeck.api.gateway import Gateway
    from tests.unit.api.conftest import Exchange, RawServer

CONTENT = b'{"requests":[{"custom_id":"a"},{"custom_id":"b"}]}'
MANY = 48_000_000
"""Bytes that fit no socket buffer."""


@pytest.fixture
def body(tmp_path: Path) -> Path:
    path = tmp_path / "body.json"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def large_body(tmp_path: Path) -> Path:
    path = tmp_path / "large.json"
    with path.open("wb") as file:
        file.truncate(MANY)
    return path


async def create(gateway: Gateway, body: Path, size: int = len(CONTENT)) -> BatchDeckError:
    """Try to create a batch and return the error, which must not drag the server's own words along."""
    with pytest.raises(BatchDeckError) as caught:
        await gateway.create_batch(body, size)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    return caught.value


async def test_a_body_arrives_as_it_is_in_the_file(
    gateway: Gateway, server: RawServer, body: Path, batch_json: dict[str, Any]
) -> None:
    server.answer(200, batch_json)
    sent: list[int] = []
    batch = await gateway.create_batch(body, len(CONTENT), on_sent=sent.append)

    (seen,) = server.seen
    assert (seen.method, seen.path) == ("POST", "/v1/messages/batches")
    assert seen.body == CONTENT
    assert seen.headers["content-length"] == str(len(seen.body))
    assert seen.headers["content-type"] == "application/json"
    assert "transfer-encoding" not in seen.headers
    assert sent == [len(seen.body)]
    assert (batch.id, batch.status, batch.counts.processing) == ("msgbatch_01", "in_progress", 2)


async def test_a_large_body_is_never_held_in_memory(
    gateway: Gateway, server: RawServer, large_body: Path, batch_json: dict[str, Any]
) -> None:
    async def swallow(exchange: Exchange) -> None:
        left = exchange.length
        while left:
            left -= len(await exchange.reader.read(min(left, 1 << 18)))
        await exchange.reply(200, batch_json)

    server.script.append(swallow)
    sent: list[int] = []
    tracemalloc.start()
    try:
        await gateway.create_batch(large_body, MANY, on_sent=sent.append)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert sent == sorted(sent)
    assert sent[-1] == MANY
    assert peak < MANY / 4


@pytest.mark.parametrize("status", [408, 409, 425, 499, 500, 502, 503, 504, 529, 303])
async def test_an_answer_after_which_a_batch_may_exist_is_doubt_and_never_repeated(
    gateway: Gateway, server: RawServer, body: Path, status: int
) -> None:
    server.refuse(status, "api_error", "Something broke", location="/elsewhere")
    error = await create(gateway, body)
    assert isinstance(error, AcceptanceUnknown)
    assert error.status == status
    assert len(server.seen) == 1


@pytest.mark.parametrize("status", [400, 404, 405, 413, 415, 422, 431])
async def test_a_refusal_is_a_refusal(gateway: Gateway, server: RawServer, body: Path, status: int) -> None:
    server.refuse(status, "invalid_request_error", "requests: Field required")
    error = await create(gateway, body)
    assert isinstance(error, RequestRefused)
    assert (error.status, error.error_type) == (status, "invalid_request_error")
    assert "requests: Field required" in error.message
    assert len(server.seen) == 1


@pytest.mark.parametrize(
    ("status", "type_", "message", "code"),
    [
        (401, "authentication_error", "API key is invalid.", None),
        (402, "billing_error", "Payment required", None),
        (403, "permission_error", "Not allowed", None),
        (400, "invalid_request_error", "Your credit balance is too low to access the API", None),
        (400, "invalid_request_error", "You have reached your specified API usage limits.", None),
        (400, "invalid_request_error", "On hold", "organization_on_hold"),
        (400, "invalid_request_error", "Key off", "cmek_key_disabled"),
        (429, "rate_limit_error", "Threshold crossed", "enforced_spend_limit_reached"),
        (429, "rate_limit_error", "Contract spent", "contract_spend_limit_reached"),
        (402, "billing_error", "Parent", "linked_organization_spend_limit_reached"),
    ],
)
async def test_what_only_the_operator_can_solve_holds_the_account(
    gateway: Gateway, server: RawServer, body: Path, status: int, type_: str, message: str, code: str | None
) -> None:
    server.refuse(status, type_, message, code=code)
    error = await create(gateway, body)
    assert isinstance(error, AccountHeld)
    assert error.error_type == (code or type_)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry_after": "7"}, 7.0),
        ({"retry_after_ms": "1500", "retry_after": "9"}, 1.5),
        ({"retry_after": "99999999"}, 3600.0),
        ({"retry_after": "-4"}, 0.0),
        ({"retry_after": "nan"}, 60.0),
        ({"retry_after": "soon"}, 60.0),
        ({}, 60.0),
        ({"date": "Sun, 01 Nov 2026 10:00:00 GMT", "retry_after": "Sun, 01 Nov 2026 10:01:30 GMT"}, 90.0),
        ({"retry_after": "Sun, 01 Nov 2026 10:01:30 GMT"}, 60.0),
    ],
)
async def test_a_rate_limit_says_how_long_and_never_longer_than_an_hour(
    gateway: Gateway, server: RawServer, body: Path, headers: dict[str, str], seconds: float
) -> None:
    server.refuse(429, "rate_limit_error", "Slow down", **headers)
    error = await create(gateway, body)
    assert isinstance(error, RateLimited)
    assert error.retry_after == seconds
    assert len(server.seen) == 1


async def test_an_html_413_answered_before_the_body_is_read_is_a_refusal(
    gateway: Gateway, server: RawServer, large_body: Path
) -> None:
    async def refuse_early(exchange: Exchange) -> None:
        page = b"<html><title>413</title>Too large</html>"
        await exchange.reply(413, page, content_type="text/html; charset=utf-8", connection="close")
        while await exchange.reader.read(1 << 20):
            pass

    server.script.append(refuse_early)
    error = await create(gateway, large_body, MANY)
    assert isinstance(error, RequestRefused)
    assert (error.status, error.error_type) == (413, "")
    assert "<html>" not in error.message
    assert "smaller" in error.hint


@pytest.mark.parametrize("status", [307, 308])
async def test_a_redirect_is_refused_and_carries_nothing_along(
    gateway: Gateway, server: RawServer, body: Path, status: int
) -> None:
    server.answer(status, b"", location=f"{server.url}/stolen")
    error = await create(gateway, body)
    assert isinstance(error, RequestRefused)
    assert "/stolen" in error.message
    assert [seen.path for seen in server.seen] == ["/v1/messages/batches"]


async def test_no_connection_means_not_sent(gateway: Gateway, server: RawServer, body: Path) -> None:
    await server.stop_listening()
    error = await create(gateway, body)
    assert isinstance(error, NotSent)
    assert "Connect" in error.message


@pytest.mark.parametrize("read_first", [0, 3_000_000])
async def test_a_reset_before_the_body_was_whole_means_not_sent(
    gateway: Gateway, server: RawServer, large_body: Path, read_first: int
) -> None:
    async def reset(exchange: Exchange) -> None:
        await exchange.reader.readexactly(read_first)
        exchange.reset()

    server.script.append(reset)
    assert isinstance(await create(gateway, large_body, MANY), NotSent)


async def test_a_reset_after_a_small_body_left_is_doubt(
    gateway: Gateway, server: RawServer, body: Path
) -> None:
    async def reset_at_once(exchange: Exchange) -> None:
        exchange.reset()

    server.script.append(reset_at_once)
    assert isinstance(await create(gateway, body), AcceptanceUnknown)


@pytest.mark.parametrize("ending", ["reset", "close", "half an answer"])
async def test_no_whole_answer_after_a_whole_body_is_doubt(
    gateway: Gateway, server: RawServer, body: Path, ending: str
) -> None:
    async def end(exchange: Exchange) -> None:
        await exchange.read_body()
        match ending:
            case "reset":
                exchange.reset()
            case "close":
                exchange.writer.close()
            case _:
                exchange.writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{")
                exchange.writer.close()

    server.script.append(end)
    error = await create(gateway, body)
    assert isinstance(error, AcceptanceUnknown)
    assert len(server.seen) == 1
    assert "workspace" in error.hint


async def test_no_answer_in_time_is_doubt(impatient_gateway: Gateway, server: RawServer, body: Path) -> None:
    hung_up = asyncio.Event()

    async def stall(exchange: Exchange) -> None:
        await exchange.read_body()
        await exchange.reader.read()
        hung_up.set()

    server.script.append(stall)
    error = await create(impatient_gateway, body)
    assert isinstance(error, AcceptanceUnknown)
    assert "Timeout" in error.message
    await asyncio.wait_for(hung_up.wait(), 10)


@pytest.mark.parametrize(
    "answer",
    [b"", b"<html>Welcome to the hotel</html>", b"[]", b'{"id": "msgbatch_1"}', b'{"id": "../../etc"}'],
)
async def test_a_success_that_cannot_be_read_is_doubt(
    gateway: Gateway, server: RawServer, body: Path, answer: bytes
) -> None:
    server.answer(200, answer)
    assert isinstance(await create(gateway, body), AcceptanceUnknown)


async def test_a_body_of_another_size_than_planned_is_not_sent(
    gateway: Gateway, server: RawServer, body: Path, tmp_path: Path
) -> None:
    with pytest.raises(DeckDamaged, match="50 bytes instead of 51"):
        await gateway.create_batch(body, 51)
    with pytest.raises(DeckDamaged, match="cannot be read"):
        await gateway.create_batch(tmp_path / "gone", 1)
    assert server.seen == []


async def test_a_body_cut_while_it_is_sent_means_not_sent(
    gateway: Gateway, server: RawServer, large_body: Path
) -> None:
    server.answer(200, {})

    def cut(sent: int) -> None:
        with large_body.open("r+b") as file:
            file.truncate(2_000_000)

    with pytest.raises(NotSent):
        await gateway.create_batch(large_body, MANY, on_sent=cut)


async def test_what_the_server_says_never_carries_the_key_or_escapes(
    gateway: Gateway, server: RawServer, body: Path, key: str
) -> None:
    server.refuse(400, "bad\x1b[2J", f"Bad key {key}, or sk-ant-other-1\x1b]0;x\x07\u202e" + "y" * 5000)
    error = await create(gateway, body)
    text = f"{error.message} {error.hint} {error!r} {error.args}"
    assert key not in text
    assert "sk-ant-other-1" not in text
    assert not {"\x1b", "\x07", "\u202e"} & set(text)
    assert len(error.message) < 600


async def test_a_spooled_body_is_the_same_each_time_and_knows_when_its_last_byte_left(tmp_path: Path) -> None:
    path = tmp_path / "spool"
    content = bytes(range(256)) * 12_000
    path.write_bytes(content)
    body = SpooledBody(path, len(content))
    for _ in range(2):
        assert b"".join([piece async for piece in body]) == content
    assert body.left_whole

    told: list[int] = []
    early = SpooledBody(path, len(content), told.append)
    received = 0
    async for piece in early:
        received += len(piece)
        assert told[-1] == received
        assert early.left_whole == (received == len(content))
    async for _ in early:  # sent again after it was whole once: the proof is gone for good
        assert told[-1] == len(content)


async def test_a_spooled_body_is_never_in_memory_but_for_a_few_pieces(tmp_path: Path) -> None:
    path = tmp_path / "spool"
    path.write_bytes(bytes(8_000_000))
    body = SpooledBody(path, 8_000_000)
    sizes = [len(piece) async for piece in body]
    tracemalloc.start()
    try:
        assert [len(piece) async for piece in body] == sizes
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()
