"""An API on the loopback network that takes any batch and streams any number of results, for benchmarks.

It lists no models and no batches, and does nothing else: a benchmark against it measures the client alone.
Run as a process of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import subprocess
import sys
from types import TracebackType
from typing import Any, Self

BATCH = {
    "id": "msgbatch_bench",
    "type": "message_batch",
    "processing_status": "ended",
    "request_counts": {"processing": 0, "succeeded": 1, "errored": 0, "canceled": 0, "expired": 0},
    "created_at": "2026-11-01T10:00:00+00:00",
    "expires_at": "2026-11-02T10:00:00+00:00",
}
EMPTY = {"data": [], "has_more": False, "first_id": None, "last_id": None}
"""A list of nothing: of batches, and of models."""
LISTS = ("get /v1/messages/batches?", "get /v1/models")
USAGE = {"input_tokens": 3500, "output_tokens": 1500, "service_tier": "batch"}


def result_line(number: int, text: str) -> bytes:
    """Return one line of results as the API writes it."""
    message = {
        "id": f"msg_{number:07d}",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-5-5",
        "content": [{"type": "text", "text": text}],
        "stop_reason": "end_turn",
        "usage": USAGE,
    }
    row = {"custom_id": f"0123456789-{number:07d}-p1", "result": {"type": "succeeded", "message": message}}
    return json.dumps(row).encode() + b"\n"


class Loopback:
    """The server as a context: `url` is where it listens."""

    def __init__(self, lines: int = 0, line_bytes: int = 6_500) -> None:
        command = [sys.executable, __file__, str(lines), str(line_bytes)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait()


class _Server:
    def __init__(self, lines: int, line_bytes: int) -> None:
        self.taken = itertools.count(1)
        text = '<article data-bd="1"><p>' + "Words of a page. " * (line_bytes // 17) + "</p></article>"
        self.blocks = [
            b"".join(result_line(number, text) for number in range(start, min(start + 100, lines)))
            for start in range(0, lines, 100)
        ]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
                await _swallow(reader, head)
                if head.startswith("get") and "/results" in head:
                    await self._send_results(writer)
                else:
                    body = json.dumps(EMPTY if head.startswith(LISTS) else self._batch(head)).encode()
                    writer.write(_head("application/json", len(body)) + body)
                    await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def _batch(self, head: str) -> dict[str, Any]:
        """Return the batch that is asked for, or a new one."""
        name = f"{BATCH['id']}_{next(self.taken)}" if head.startswith("post") else BATCH["id"]
        host = head.split("host: ", 1)[1].split("\r\n", 1)[0]
        return {**BATCH, "id": name, "results_url": f"http://{host}/v1/messages/batches/{name}/results"}

    async def _send_results(self, writer: asyncio.StreamWriter) -> None:
        writer.write(_head("application/x-jsonl", sum(map(len, self.blocks))))
        for block in self.blocks:
            writer.write(block)
            await writer.drain()


def _head(kind: str, length: int) -> bytes:
    return f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\r\n".encode()


async def _swallow(reader: asyncio.StreamReader, head: str) -> None:
    left = int(head.split("content-length: ", 1)[1].split("\r\n", 1)[0]) if "content-length: " in head else 0
    while left:
        data = await reader.read(min(left, 1 << 20))
        if not data:
            return
        left -= len(data)


async def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lines", type=int)
    parser.add_argument("line_bytes", type=int)
    given = parser.parse_args()
    server = _Server(given.lines, given.line_bytes)
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0, limit=4 << 20)
    print(f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}", flush=True)
    await listener.serve_forever()


if __name__ == "__main__":
    asyncio.run(_main())
