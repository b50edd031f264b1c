"""The sandbox as a process of its own, and what can be asked of it: above all, what it was given."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_PATIENCE = 60.0
_BATCHES = "/v1/messages/batches"


@dataclass(frozen=True, slots=True)
class Given:
    """One row that the server was given, and what it made of it."""

    batch: str
    custom_id: str
    type: str
    """succeeded is paid for; errored, canceled and expired are not."""


@dataclass(frozen=True, slots=True)
class Server:
    """A sandbox that runs."""

    base_url: str
    api_key: str
    pid: int

    def call(self, path: str, body: object = None, *, method: str = "") -> bytes:
        """Make a call and return its answer; faults hit this client like any other.

        Raises:
            OSError: it was refused, or the connection broke.
        """
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        headers = {"x-api-key": self.api_key, "anthropic-version": "2026-10-21", "connection": "close"}
        request = urllib.request.Request(
            self.base_url + path, data, headers, method=method or ("POST" if data is not None else "GET")
        )
        with urllib.request.urlopen(request, timeout=_PATIENCE) as answer:
            received: bytes = answer.read()
            return received

    def about(self) -> dict[str, Any]:
        """Return what the sandbox says of itself."""
        facts: dict[str, Any] = json.loads(self.call("/sandbox"))
        return facts

    def calls_of(self, endpoint: str) -> int:
        """Return how often an endpoint was called."""
        return int(self.about()["calls_of"].get(endpoint, 0))

    def advance(self, seconds: float) -> None:
        """Push the server's clock forward."""
        self.call("/sandbox/clock", {"advance": seconds})

    def wait_idle(self) -> None:
        """Return when every call that anybody has made is dealt with, those of killed clients included."""
        deadline = time.monotonic() + _PATIENCE
        while self.about()["connections"] > 1:
            if time.monotonic() > deadline:
                raise TimeoutError("a call to the sandbox does not end")
            time.sleep(0.005)

    def batches(self) -> list[dict[str, Any]]:
        """Return all batches, newest first."""
        found: list[dict[str, Any]] = []
        after = ""
        while True:
            page = json.loads(self._insist(f"{_BATCHES}?limit=1000{after}"))
            found += page["data"]
            if not page["has_more"]:
                return found
            after = f"&after_id={page['last_id']}"

    def wait_ended(self) -> list[dict[str, Any]]:
        """Return all batches once every one of them has ended."""
        deadline = time.monotonic() + _PATIENCE
        while True:
            batches = self.batches()
            if all(batch["processing_status"] == "ended" for batch in batches):
                return batches
            if time.monotonic() > deadline:
                raise TimeoutError("a batch of the sandbox does not end")
            time.sleep(0.02)

    def given(self) -> list[Given]:
        """Return every row of every batch, once they have ended."""
        rows: list[Given] = []
        for batch in self.wait_ended():
            path, count = f"{_BATCHES}/{batch['id']}/results", sum(batch["request_counts"].values())
            for line in self._insist(path, lines=count).splitlines():
                row = json.loads(line)
                rows.append(Given(batch["id"], row["custom_id"], row["result"]["type"]))
        return rows

    def _insist(self, path: str, *, lines: int = 1) -> bytes:
        """Ask until an answer comes that is whole: the faults are meant for others."""
        for _ in range(50):
            try:
                answer = self.call(path)
                if sum(json.loads(line) is not None for line in answer.splitlines()) == lines:
                    return answer
            except (OSError, ValueError):
                time.sleep(0.01)
        raise TimeoutError(f"{path} cannot be had")


@contextmanager
def serving(
    folder: Path, faults: str = "", *, seed: int = 0, batch_seconds: float = 0.05
) -> Iterator[Server]:
    """Run a sandbox with the faults of a TOML text for as long as the context lasts."""
    folder.mkdir(parents=True, exist_ok=True)
    rules = folder / "faults.toml"
    rules.write_text(faults, "utf-8")
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "batchdeck.sandbox", "--state", str(folder / "state")),
                *("--faults", str(rules), "--batch-seconds", str(batch_seconds), "--seed", str(seed)),
                *("--calls-per-minute", "0", "--workers", "1", "--cancel-seconds", "0.05"),
            ],
            stdout=subprocess.PIPE,
            stderr=log,
        )
    assert process.stdout is not None
    try:
        ready = json.loads(process.stdout.readline())
        yield Server(ready["base_url"], ready["api_key"], process.pid)
    finally:
        process.terminate()
        process.wait(30)
        process.stdout.close()


def make_foreign_batch(server: Server, rows: int, name: str) -> str:
    """Make a batch of somebody else's; return its id, or "" where a fault was in the way."""
    body = {
        "requests": [
            {
                "custom_id": f"{name}-{number}",
                "params": {
                    "model": "claude-haiku-4-5",
                    "max_tokens": 16,
                    "messages": [{"role": "user", "content": "hello"}],
                },
            }
            for number in range(rows)
        ]
    }
    try:
        return str(json.loads(server.call(_BATCHES, body))["id"])
    except (OSError, ValueError):
        return ""
