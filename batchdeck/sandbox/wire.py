"""HTTP/1.1 on asyncio streams: requests in, replies out, and broken connections on demand. No API here.

h11 keeps the protocol; everything else is done by hand because the sandbox must be able to do what servers
do on a bad day: drop a connection before or after the work, stop in the middle of a body, be slow.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import h11

_READ = 256 * 1024
_IDLE_SECONDS = 75.0
_LINGER_SECONDS = 5.0


class Dropped(Exception):
    """Raised by a handler or a body to break the connection: with a reset, or else by just closing it."""

    def __init__(self, *, reset: bool) -> None:
        super().__init__("connection dropped")
        self.reset = reset


class BodyStalled(Exception):
    """The request's body did not arrive in time."""


@dataclass(slots=True)
class Request:
    """One request. `body` yields its bytes and may be left unread."""

    method: str
    path: str
    """Decoded, without the query."""
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    """Names in lower case; the last one of a name counts."""
    body: AsyncIterator[bytes]

    @property
    def content_length(self) -> int | None:
        text = self.headers.get("content-length", "")
        return int(text) if text.isdigit() else None

    def first(self, name: str) -> str | None:
        """Return the first value of a query parameter, or None."""
        values = self.query.get(name)
        return values[0] if values else None


@dataclass(slots=True)
class Reply:
    """One answer. A body that is an iterator goes out in chunks as it comes."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | AsyncIterator[bytes] = b""


Handler = Callable[[Request], Awaitable[Reply]]


class Connection:
    """One client's connection, from its first byte to its last."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        handler: Handler,
        *,
        body_timeout: float,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._handler = handler
        self._body_timeout = body_timeout
        self._protocol = h11.Connection(h11.SERVER)

    async def serve(self) -> None:
        """Answer requests until the connection ends, by either side."""
        try:
            while await self._serve_one():
                self._protocol.start_next_cycle()
        except Dropped as dropped:
            if dropped.reset:
                self._reset()
        except (ConnectionError, TimeoutError, h11.RemoteProtocolError):
            pass  # the client went away or does not speak HTTP: nobody is left to tell
        finally:
            self._writer.close()
            with contextlib.suppress(ConnectionError):
                await self._writer.wait_closed()

    async def _serve_one(self) -> bool:
        event = await self._next_event(_IDLE_SECONDS)
        if not isinstance(event, h11.Request):
            return False
        request = self._request(event)
        reply = await self._handler(request)
        has_asked_first = self._protocol.they_are_waiting_for_100_continue
        await self._send(reply, is_head=request.method == "HEAD")
        if self._protocol.their_state is h11.SEND_BODY and not has_asked_first:
            # Closing at once would reset the connection while the answer is still on its way.
            with contextlib.suppress(TimeoutError, BodyStalled, h11.RemoteProtocolError):
                async with asyncio.timeout(_LINGER_SECONDS):
                    async for _ in request.body:
                        pass
        return self._protocol.our_state is h11.DONE and self._protocol.their_state is h11.DONE

    def _request(self, event: h11.Request) -> Request:
        target = urlsplit(event.target.decode("latin-1"))
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in event.headers}
        return Request(
            method=event.method.decode("latin-1"),
            path=unquote(target.path),
            query=parse_qs(target.query, keep_blank_values=True),
            headers=headers,
            body=self._body(),
        )

    async def _body(self) -> AsyncIterator[bytes]:
        while True:
            try:
                event = await self._next_event(self._body_timeout)
            except TimeoutError:
                raise BodyStalled from None
            if isinstance(event, h11.Data):
                yield bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                return
            else:
                raise Dropped(reset=False)

    async def _next_event(self, seconds: float) -> Any:
        while True:
            event = self._protocol.next_event()
            if event is not h11.NEED_DATA:
                return event
            if self._protocol.they_are_waiting_for_100_continue:
                await self._write(h11.InformationalResponse(status_code=100, headers=[]))
            async with asyncio.timeout(seconds):
                self._protocol.receive_data(await self._reader.read(_READ))

    async def _send(self, reply: Reply, *, is_head: bool) -> None:
        headers = dict(reply.headers)
        if isinstance(reply.body, bytes):
            headers["content-length"] = str(len(reply.body))
        await self._write(h11.Response(status_code=reply.status, headers=list(headers.items())))
        if isinstance(reply.body, bytes):
            if reply.body and not is_head:
                await self._write(h11.Data(data=reply.body))
        else:
            async for piece in reply.body:
                if not is_head:
                    await self._write(h11.Data(data=piece))
        await self._write(h11.EndOfMessage())

    async def _write(self, event: h11.Event) -> None:
        data = self._protocol.send(event)
        if data:
            self._writer.write(data)
            await self._writer.drain()

    def _reset(self) -> None:
        raw = self._writer.get_extra_info("socket")
        if raw is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()
