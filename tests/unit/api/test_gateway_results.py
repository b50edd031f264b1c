"""Results: byte for byte, from the configured API only, and every broken stream is noticed."""

from __future__ import annotations

import asyncio
import gzip
import threading
from typing import TYPE_CHECKING

import pytest

from batchdeck.api.threads import WritingBehind
from batchdeck.errors import ApiNotFound, ResultsIncomplete

if TYPE_CHECKING:
    from batchdeck.api.gateway import Gateway
    from tests.unit.api.conftest import Exchange, RawServer

LINES = b"".join(b'{"custom_id":"%d","result":{"type":"expired"}}\n' % n for n in range(60_000))


class Sink:
    """Takes the bytes as a file would, and notes which threads brought them."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.threads: set[int] = set()

    def write(self, piece: bytes) -> None:
        self.data += piece
        self.threads.add(threading.get_ident())


async def test_bytes_arrive_as_they_are_and_off_the_event_loop(gateway: Gateway, server: RawServer) -> None:
    content = b"\r\n\r\n\xff\x00" + LINES + b"no line end"
    server.answer(200, content)
    sink, told = Sink(), list[int]()
    await gateway.download_results("msgbatch_01", sink.write, on_bytes=told.append)
    assert bytes(sink.data) == content
    assert threading.get_ident() not in sink.threads
    assert told == sorted(told)
    assert told[-1] == len(content)
    assert [seen.path for seen in server.seen] == ["/v1/messages/batches/msgbatch_01/results"]


async def test_compressed_results_are_unpacked(gateway: Gateway, server: RawServer) -> None:
    server.answer(200, gzip.compress(LINES), content_encoding="gzip")
    sink = Sink()
    await gateway.download_results("msgbatch_01", sink.write)
    assert bytes(sink.data) == LINES


async def test_empty_results_are_empty(gateway: Gateway, server: RawServer) -> None:
    server.answer(200, b"")
    sink = Sink()
    await gateway.download_results("msgbatch_01", sink.write)
    assert sink.threads == set()


async def test_trouble_before_the_first_byte_is_waited_out(
    gateway: Gateway, server: RawServer, pauses: list[float]
) -> None:
    server.refuse(500, "api_error", "Hiccup")
    server.answer(200, LINES)
    sink = Sink()
    await gateway.download_results("msgbatch_01", sink.write)
    assert bytes(sink.data) == LINES
    assert len(pauses) == 1


async def test_results_that_are_not_there_yet_are_not_found(gateway: Gateway, server: RawServer) -> None:
    server.refuse(404, "not_found_error", "Message Batch msgbatch_01 has no available results.")
    with pytest.raises(ApiNotFound, match="no available results"):
        await gateway.download_results("msgbatch_01", Sink().write)


@pytest.mark.parametrize("ending", ["reset", "short", "torn chunk", "bad gzip"])
async def test_a_broken_stream_is_incomplete_and_not_tried_again_here(
    gateway: Gateway, server: RawServer, ending: str
) -> None:
    async def send(exchange: Exchange) -> None:
        head = b"HTTP/1.1 200 OK\r\ncontent-type: application/x-jsonl\r\n"
        match ending:
            case "torn chunk":
                exchange.writer.write(head + b"transfer-encoding: chunked\r\n\r\n5\r\n{}\n{}\r\n9\r\n{}\n")
            case "bad gzip":
                exchange.writer.write(head + b"content-encoding: gzip\r\ncontent-length: 9\r\n\r\nnot gzip!")
            case _:
                exchange.writer.write(head + b"content-length: %d\r\n\r\n" % (len(LINES) + 1) + LINES)
        await exchange.writer.drain()
        match ending:
            case "reset":
                exchange.reset()
            case _:
                exchange.writer.close()

    server.script.append(send)
    with pytest.raises(ResultsIncomplete) as caught:
        await gateway.download_results("msgbatch_01", Sink().write)
    assert "again" in caught.value.hint
    assert len(server.seen) == 1


async def test_a_stalled_stream_is_incomplete(impatient_gateway: Gateway, server: RawServer) -> None:
    async def stall(exchange: Exchange) -> None:
        exchange.writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{}\n")
        await exchange.writer.drain()
        await exchange.reader.read()

    server.script.append(stall)
    told = list[int]()
    with pytest.raises(ResultsIncomplete, match="Timeout"):
        await impatient_gateway.download_results("msgbatch_01", Sink().write, on_bytes=told.append)
    assert told == [3]  # progress on a slow line does not wait for a block to be full


async def test_a_failing_disk_is_not_taken_for_a_failing_network(gateway: Gateway, server: RawServer) -> None:
    def full(piece: bytes) -> None:
        raise OSError(28, "No space left on device")

    server.answer(200, LINES)
    with pytest.raises(OSError, match="No space left"):
        await gateway.download_results("msgbatch_01", full)


async def test_pieces_are_written_while_the_next_ones_arrive() -> None:
    may_write, written = threading.Event(), list[bytes]()

    def write(block: bytes) -> None:
        assert may_write.wait(5)
        written.append(block)

    behind = WritingBehind(write)
    await behind.put([b"one", b"two"])
    assert not written
    second = asyncio.ensure_future(behind.put([b"three"]))
    await asyncio.sleep(0)
    assert not second.done()  # one write at a time, or they would not be in order
    may_write.set()
    await second
    await behind.settle()
    assert written == [b"one", b"two", b"three"]


async def test_a_cancelled_download_waits_for_the_write_under_way(
    gateway: Gateway, server: RawServer
) -> None:
    writing, may_end, ended = asyncio.Event(), threading.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def slow(piece: bytes) -> None:
        loop.call_soon_threadsafe(writing.set)
        may_end.wait(5)
        ended.set()

    server.answer(200, LINES)
    download = asyncio.ensure_future(gateway.download_results("msgbatch_01", slow))
    await writing.wait()
    download.cancel()
    await asyncio.sleep(0)
    assert not download.done()
    may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await download
    assert ended.is_set()


async def test_the_first_lines_are_read_and_no_more(gateway: Gateway, server: RawServer) -> None:
    hung_up = asyncio.Event()

    async def endless(exchange: Exchange) -> None:
        exchange.writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        try:
            while True:
                exchange.writer.write(b"2328\r\n" + b'{"a": 1}\n' * 1_000 + b"\r\n")
                await exchange.writer.drain()
        finally:
            hung_up.set()

    server.script.append(endless)
    assert await gateway.first_result_lines("msgbatch_01", 2) == [b'{"a": 1}'] * 2
    await asyncio.wait_for(hung_up.wait(), 5)


@pytest.mark.parametrize(
    ("content", "lines"), [(b"", []), (b"one", [b"one"]), (b"one\r\ntwo\nthree\n", [b"one", b"two"])]
)
async def test_short_results_have_fewer_first_lines(
    gateway: Gateway, server: RawServer, content: bytes, lines: list[bytes]
) -> None:
    server.answer(200, content)
    assert await gateway.first_result_lines("msgbatch_01", 2) == lines
