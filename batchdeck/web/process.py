"""One dashboard as a process of its own: Textual's packets in and out, and an end that leaves nothing behind.

The packets are those of Textual's web driver: a letter, the length in four bytes, the payload.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping, Sequence

_PRELUDE = b"__GANGLION__\n"
_MOST_PRELUDE_LINES = 10
_MOST_BYTES = 64 * 1024 * 1024
"""Greatest packet believed: a full repaint is some hundred kilobytes."""
_MOST_LAST_WORDS = 4096
_PATIENCE_SECONDS = 5.0
"""How long a dashboard may take to put its work away, and how long after being told to by a signal."""

SCREEN, NEWS = b"D", b"M"
"""Kinds of packets: what the terminal is to show, and a JSON object about the session."""


class DashboardProcess:
    """A running dashboard. Leads a process group, so that its worker processes end with it."""

    def __init__(self, process: Process) -> None:
        """Use `start`."""
        self._process = process
        self._last_words = bytearray()
        self._listening = asyncio.create_task(self._listen())
        self._ending: asyncio.Task[None] | None = None
        self._is_up = False

    @staticmethod
    async def start(command: Sequence[str], environment: Mapping[str, str]) -> DashboardProcess:
        """Start a dashboard.

        Raises:
            OSError: the system has no room for another process.
        """
        process = await asyncio.create_subprocess_exec(
            *command, stdin=PIPE, stdout=PIPE, stderr=PIPE, env=dict(environment), start_new_session=True
        )
        return DashboardProcess(process)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def last_words(self) -> str:
        """The end of what it wrote to standard error, as it came."""
        return self._last_words.decode("utf-8", "replace")

    async def type(self, text: str) -> None:
        """Hand over keys and mouse movements as a terminal sends them."""
        await self._send(b"D", text.encode("utf-8", "surrogatepass"))

    async def tell(self, what: str, **facts: int) -> None:
        """Tell of what happened to the browser's page: ``resize`` (width, height), ``focus``, ``blur``."""
        await self._send(b"M", json.dumps({"type": what, **facts}).encode())

    async def packets(self) -> AsyncIterator[tuple[bytes, bytes]]:
        """Yield what the dashboard has to say, as (kind, payload), until it ends."""
        stdout = self._process.stdout
        assert stdout is not None
        for _ in range(_MOST_PRELUDE_LINES):
            line = await stdout.readline()
            if line == _PRELUDE:
                self._is_up = True
                break
            if not line:
                return
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionResetError):
            while True:
                kind = await stdout.readexactly(1)
                size = int.from_bytes(await stdout.readexactly(4), "big")
                if size > _MOST_BYTES:
                    return
                yield kind, await stdout.readexactly(size)

    async def end(self) -> None:
        """End the dashboard as a closed terminal does, then by force, and return when it has gone."""
        if self._ending is None:
            self._ending = asyncio.create_task(self._end())
        # Whoever waits may be cancelled; the ending itself is seen through.
        await asyncio.shield(self._ending)

    async def _end(self) -> None:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        # Its input ends, and the driver leaves. What it still draws is read, or it would wait to be heard.
        stdin.close()
        draining = asyncio.create_task(_drain(stdout))
        # One that is still starting has no work to put away.
        gently = (None,) if self._is_up else ()
        for number in (*gently, signal.SIGTERM, signal.SIGKILL):
            if number is not None:
                self._signal(number)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), _PATIENCE_SECONDS)
                break
        # Workers of a dashboard that died without ending them.
        self._signal(signal.SIGKILL)
        draining.cancel()
        self._listening.cancel()
        await asyncio.gather(draining, self._listening, return_exceptions=True)

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    async def _send(self, kind: bytes, payload: bytes) -> None:
        stdin = self._process.stdin
        assert stdin is not None
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            stdin.write(kind + len(payload).to_bytes(4, "big") + payload)
            await stdin.drain()

    async def _listen(self) -> None:
        stderr = self._process.stderr
        assert stderr is not None
        while said := await stderr.read(_MOST_LAST_WORDS):
            self._last_words += said
            del self._last_words[:-_MOST_LAST_WORDS]


async def _drain(stream: asyncio.StreamReader) -> None:
    while await stream.read(1 << 16):
        pass
