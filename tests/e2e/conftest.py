"""The installed command line as a process, against a sandbox as another process, over real HTTP."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
POLL_FLOOR = {"BATCHDECK_POLLING_FLOOR_SECONDS": "1", "BATCHDECK_POLLING_CEILING_SECONDS": "2"}


@dataclass(frozen=True)
class Ran:
    """What a command printed and returned."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


@dataclass
class Operator:
    """Somebody at a shell: one deck, one endpoint."""

    deck: Path
    base_url: str
    api_key: str
    environ: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        return kept | {
            "ANTHROPIC_BASE_URL": self.base_url,
            "ANTHROPIC_API_KEY": self.api_key,
            **POLL_FLOOR,
            **self.environ,
        }

    def start(self, *arguments: str | Path) -> subprocess.Popen[str]:
        """Start a command in a process group of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "batchdeck", "--deck", str(self.deck), *map(str, arguments)],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str | Path, seconds: float = 240) -> Ran:
        """Run a command to its end."""
        process = self.start(*arguments)
        try:
            out, err = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            out, err = process.communicate()
            pytest.fail(f"{arguments} did not end in {seconds} s:\n{err[-2000:]}")
        assert "Traceback" not in err, err[-3000:]
        return Ran(process.returncode, out, err)

    def json(self, *arguments: str | Path, code: int = 0) -> Any:
        """Run a command with --json, check its exit code and return what it printed."""
        ran = self.run(*arguments, "--json")
        assert ran.code == code, f"{arguments} returned {ran.code}\n{ran.err[-2000:]}"
        return ran.json


StartSandbox = Callable[..., tuple[str, str]]


@pytest.fixture
def start_sandbox(tmp_path: Path) -> Iterator[StartSandbox]:
    """Start a sandbox process with a faults file; return its address and key."""
    processes: list[subprocess.Popen[bytes]] = []

    def start(faults: str = "", *, batch_seconds: float = 0.5, state: str = "sandbox") -> tuple[str, str]:
        rules = tmp_path / f"{state}.toml"
        rules.write_text(faults)
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "batchdeck.sandbox", "--state", str(tmp_path / state)),
                *("--faults", str(rules), "--batch-seconds", str(batch_seconds)),
                *("--calls-per-minute", "0"),
            ],
            stdout=subprocess.PIPE,
        )
        processes.append(process)
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        return ready["base_url"], ready["api_key"]

    yield start
    for process in processes:
        process.terminate()
    for process in processes:
        process.wait(30)
        assert process.stdout is not None
        process.stdout.close()


@pytest.fixture
def operator(tmp_path: Path, start_sandbox: StartSandbox) -> Callable[..., Operator]:
    """Make an operator with a deck of their own against a fresh sandbox."""

    def make(faults: str = "", **options: Any) -> Operator:
        return Operator(tmp_path / "deck", *start_sandbox(faults, **options))

    return make


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The folder of real PDFs, where there is one beside the project."""
    if not (CORPUS / "manifest.csv").exists():
        pytest.skip("there is no corpus beside the project")
    return CORPUS


def wait_for(condition: Callable[[], bool], *, seconds: float = 60) -> None:
    """Wait until something is so, at most `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
