"""Sandboxes as processes of their own, and what every test here does with one over real HTTP."""

from __future__ import annotations

import base64
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import msgspec
import pytest

MODEL = "claude-sonnet-5-5"
VERSION = "2026-10-21"
DEADLINE = 30.0


class Api:
    """One sandbox process and a plain HTTP client for it."""

    def __init__(self, state: Path, process: subprocess.Popen[bytes], base_url: str, key: str) -> None:
        self.state = state
        self.process = process
        self.base_url = base_url
        self.key = key
        self.http = httpx2.Client(base_url=base_url, timeout=DEADLINE)

    def call(
        self, method: str, path: str, *, headers: dict[str, str] | None = None, **rest: Any
    ) -> httpx2.Response:
        given = {"authorization": f"Bearer {self.key}", "anthropic-version": VERSION, **(headers or {})}
        kept = {name: value for name, value in given.items() if value}
        return self.http.request(method, path, headers=kept, **rest)

    def create(self, rows: list[dict[str, Any]]) -> str:
        answer = self.call("POST", "/v1/messages/batches", json={"requests": rows})
        assert answer.status_code == 200, answer.text
        return str(answer.json()["id"])

    def retrieve(self, batch_id: str) -> dict[str, Any]:
        answer = self.call("GET", f"/v1/messages/batches/{batch_id}")
        assert answer.status_code == 200, answer.text
        batch: dict[str, Any] = answer.json()
        return batch

    def ended(self, batch_id: str) -> dict[str, Any]:
        """Wait until a batch has ended and return it."""
        deadline = time.monotonic() + DEADLINE
        while (batch := self.retrieve(batch_id))["processing_status"] != "ended":
            assert time.monotonic() < deadline, batch
            time.sleep(0.02)
        return batch

    def lines(self, batch_id: str) -> list[dict[str, Any]]:
        """Return the results of an ended batch, in the order they come."""
        answer = self.call("GET", f"/v1/messages/batches/{batch_id}/results")
        assert answer.status_code == 200, answer.text
        return [msgspec.json.decode(line) for line in answer.content.splitlines()]

    def run(self, rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
        """Create a batch, wait for its end and return its results by custom_id."""
        batch_id = self.create(rows)
        self.ended(batch_id)
        return {line["custom_id"]: line["result"] for line in self.lines(batch_id)}

    def advance(self, seconds: float) -> None:
        """Push the sandbox's clock forward."""
        assert self.call("POST", "/sandbox/clock", json={"advance": seconds}).status_code == 200

    def raw(self, request: bytes) -> bytes:
        """Send bytes over a connection of their own and return all that comes back before it ends."""
        where = urlsplit(self.base_url)
        with socket.create_connection((where.hostname, where.port), DEADLINE) as connection:
            connection.sendall(request)
            answer = b""
            while piece := connection.recv(65_536):
                answer += piece
        return answer

    def kill(self) -> None:
        """Kill the server the hard way."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def close(self) -> None:
        self.http.close()
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(DEADLINE)
        if self.process.stdout is not None:
            self.process.stdout.close()


Start = Callable[..., Api]


def start_server(state: Path, *options: str) -> Api:
    """Start a sandbox process on a state folder and wait until it is ready."""
    process = subprocess.Popen(
        [sys.executable, "-m", "batchdeck.sandbox", f"--state={state}", "--batch-seconds=0.2", *options],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONWARNINGS": "error"},
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, "the sandbox did not come up"
    card = msgspec.json.decode(line)
    return Api(state, process, card["base_url"], card["api_key"])


@pytest.fixture(scope="session")
def start_on() -> Callable[..., Api]:
    """Start a sandbox that the caller closes: ``start_on(state, "--speed=60")``."""
    return start_server


@pytest.fixture(scope="session")
def shared_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    api = start_server(tmp_path_factory.mktemp("shared") / "state")
    yield api
    api.close()


@pytest.fixture
def api(shared_api: Api) -> Api:
    """A sandbox without faults that all tests share: it may hold other tests' batches."""
    return shared_api


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start sandboxes of one's own: ``start("--speed=60")`` on this test's state folder."""
    with contextlib.ExitStack() as stack:

        def start_one(*options: str, state: Path | None = None) -> Api:
            started = start_server(state or tmp_path / "state", *options)
            stack.callback(started.close)
            return started

        yield start_one


@pytest.fixture
def start_with_faults(start: Start, tmp_path: Path) -> Callable[..., Api]:
    """Start a sandbox with the text of a faults file."""

    def start_one(faults: str, *options: str, state: Path | None = None) -> Api:
        path = tmp_path / "faults.toml"
        path.write_text(faults, "utf-8")
        return start(f"--faults={path}", *options, state=state)

    return start_one


Row = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def text_row() -> Row:
    """Make a row that only talks: ``text_row("a", max_tokens=5)``."""

    def make(custom_id: str, text: str = "hello", **params: Any) -> dict[str, Any]:
        message = {"role": "user", "content": text}
        return {
            "custom_id": custom_id,
            "params": {"model": MODEL, "max_tokens": 1_000, "messages": [message], **params},
        }

    return make


@pytest.fixture(scope="session")
def page_row() -> Row:
    """Make a row that asks for a page of a PDF: ``page_row("a", pdf, page=7)``."""

    def make(custom_id: str, pdf: bytes, page: int = 1, **params: Any) -> dict[str, Any]:
        source = {
            "type": "base64",
            "media_type": "application/pdf",
            "data": base64.b64encode(pdf).decode(),
        }
        content = [
            {"type": "document", "source": source},
            {"type": "text", "text": f'Answer with <article data-bd="1" data-page="{page}"'},
        ]
        message = {"role": "user", "content": content}
        return {
            "custom_id": custom_id,
            "params": {"model": MODEL, "max_tokens": 16_000, "messages": [message], **params},
        }

    return make


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The sample documents by name, without ``.pdf``."""
    from batchdeck.sandbox.samples import write_samples

    return {path.stem: path for path in write_samples(tmp_path_factory.mktemp("samples"))}


@pytest.fixture(scope="session")
def report_page(samples: dict[str, Path]) -> bytes:
    """The first page of a sample document, as a PDF of its own."""
    from batchdeck.pdf.split import Splitter

    with Splitter(str(samples["annual-report"])) as splitter:
        return splitter.page(1)


@pytest.fixture(scope="session")
def text_of() -> Callable[[dict[str, Any]], str]:
    """Return the text of a succeeded result."""

    def read(result: dict[str, Any]) -> str:
        assert result["type"] == "succeeded", result
        return "".join(block["text"] for block in result["message"]["content"] if block["type"] == "text")

    return read
