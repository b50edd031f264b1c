"""A loopback server that misbehaves on order, one exchange at a time, and remembers what it was sent."""

from __future__ import annotations

import asyncio
import datetime as dt
import itertools
import json
import socket
import struct
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from batchdeck.api.call_log import CallLog
from batchdeck.api.gateway import Gateway
from batchdeck.api.patience import Patience
from batchdeck.api.settings import ApiSettings, Timeouts
from batchdeck.domain.secret import Secret

KEY = "a-key-of-no-known-shape"
NOON = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)


@dataclass
class Exchange:
    """One request as far as it has been read, and the ways to answer it."""

    method: str
    path: str
    headers: dict[str, str]
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    body: bytes = b""

    @property
    def length(self) -> int:
        return int(self.headers.get("content-length", "0"))

    async def read_body(self) -> bytes:
        self.body = await self.reader.readexactly(self.length)
        return self.body

    async def reply(self, status: int, content: object, **headers: str) -> None:
        """Answer with JSON, or with bytes as they are."""
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        kind = "application/json" if not isinstance(content, bytes) else "application/binary"
        lines = {"content-type": kind, "content-length": str(len(body))}
        lines |= {name.replace("_", "-"): value for name, value in headers.items()}
        head = f"HTTP/1.1 {status} X\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        self.writer.write(head.encode() + b"\r\n" + body)
        await self.writer.drain()

    def reset(self) -> None:
        """Hang up with a TCP reset."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


Behaviour = Callable[[Exchange], Awaitable[None]]


@dataclass
class RawServer:
    """Serves what `script` says, one behaviour an exchange."""

    url: str = ""
    script: deque[Behaviour] = field(default_factory=deque)
    seen: list[Exchange] = field(default_factory=list)
    listener: asyncio.Server | None = None

    async def stop_listening(self) -> None:
        assert self.listener is not None
        self.listener.close()
        await asyncio.sleep(0)

    def answer(self, status: int, content: object, **headers: str) -> None:
        """Read the whole next request, then answer it."""

        async def behave(exchange: Exchange) -> None:
            await exchange.read_body()
            await exchange.reply(status, content, **headers)

        self.script.append(behave)

    def refuse(
        self, status: int, type_: str, message: str, *, code: str | None = None, **headers: str
    ) -> None:
        """Answer the next request with an API error."""
        error: dict[str, Any] = {"type": type_, "message": message}
        if code is not None:
            error["details"] = {"error_code": code}
        self.answer(status, {"type": "error", "error": error}, **headers)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                method, path, _ = head[0].split(" ")
                headers = {
                    name.lower(): value.strip()
                    for name, _, value in (line.partition(":") for line in head[1:] if line)
                }
                exchange = Exchange(method, path, headers, reader, writer)
                self.seen.append(exchange)
                await self.script.popleft()(exchange)
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            pass
        finally:
            writer.close()


@pytest.fixture
def key() -> str:
    """The key the gateway was opened with."""
    return KEY


@pytest.fixture
async def server() -> AsyncIterator[RawServer]:
    raw = RawServer()
    tasks: set[asyncio.Task[None]] = set()

    def start(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.ensure_future(raw.serve(reader, writer)))

    listener = await asyncio.start_server(start, "127.0.0.1", 0, limit=1 << 20)
    raw.listener = listener
    raw.url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    yield raw
    listener.close()
    for task in tasks:
        task.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    errors = [r for r in results if isinstance(r, Exception)]
    assert not errors, errors


@pytest.fixture
def pauses() -> list[float]:
    """The pauses the gateway made, in seconds."""
    return []


@pytest.fixture
def calls() -> CallLog:
    """What notes the gateway's calls: all are begun at noon, and each takes 250 ms."""
    turns = itertools.count()
    return CallLog(lambda: NOON, clock=lambda: next(turns) / 4)


@asynccontextmanager
async def _opened(
    url: str, timeouts: Timeouts, pauses: list[float], calls: CallLog
) -> AsyncIterator[Gateway]:
    async def note(seconds: float) -> None:
        pauses.append(seconds)

    settings = ApiSettings(base_url=url, api_key=Secret(KEY), timeouts=timeouts)
    gateway = await Gateway.open(settings, Patience(sleep=note), calls)
    try:
        yield gateway
    finally:
        await gateway.close()


@pytest.fixture
async def gateway(server: RawServer, pauses: list[float], calls: CallLog) -> AsyncIterator[Gateway]:
    async with _opened(server.url, Timeouts(), pauses, calls) as gateway:
        yield gateway


@pytest.fixture
async def impatient_gateway(server: RawServer, pauses: list[float], calls: CallLog) -> AsyncIterator[Gateway]:
    """One that takes a fifth of a second without a byte for a stalled connection."""
    async with _opened(server.url, Timeouts(read=0.2, create=0.2), pauses, calls) as gateway:
        yield gateway


@pytest.fixture
def batch_json() -> dict[str, Any]:
    """A batch as the API describes it."""
    return {
        "id": "msgbatch_01",
        "type": "message_batch",
        "processing_status": "in_progress",
        "request_counts": {"processing": 2, "succeeded": 0, "errored": 0, "canceled": 0, "expired": 0},
        "created_at": "2026-11-01T10:00:00.123456+00:00",
        "expires_at": "2026-11-02T10:00:00.123456+00:00",
        "ended_at": None,
        "results_url": None,
    }
