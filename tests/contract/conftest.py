"""Sandboxes as processes of their own, spoken to over the loopback network."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from batchdeck.api.settings import ApiSettings
from batchdeck.domain.secret import Secret

StartSandbox = Callable[[str], ApiSettings]


@dataclass(frozen=True)
class _Started:
    process: subprocess.Popen[bytes]
    settings: ApiSettings


def _start(state: Path, faults: str) -> _Started:
    state.mkdir()
    rules = state.parent / f"{state.name}.toml"
    rules.write_text(faults)
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "batchdeck.sandbox", "--state", str(state), "--faults", str(rules)),
            *("--batch-seconds", "0.2", "--workers", "1", "--calls-per-minute", "0"),
        ],
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    ready = json.loads(process.stdout.readline())
    return _Started(process, ApiSettings(ready["base_url"], Secret(ready["api_key"])))


@pytest.fixture(scope="module")
def start_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartSandbox]:
    """Start a sandbox with the given faults file and return how to reach it; all end with the module."""
    started: list[_Started] = []

    def start(faults: str) -> ApiSettings:
        started.append(_start(tmp_path_factory.mktemp("sandbox") / "state", faults))
        return started[-1].settings

    yield start
    for sandbox in started:
        sandbox.process.terminate()
    for sandbox in started:
        sandbox.process.wait(30)
        assert sandbox.process.stdout is not None
        sandbox.process.stdout.close()


@pytest.fixture(scope="module")
def calm(start_sandbox: StartSandbox) -> ApiSettings:
    """A sandbox in which nothing goes wrong."""
    return start_sandbox("")
