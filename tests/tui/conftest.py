"""Fixtures of the dashboard's tests: the stage, the text of a screen, and a real terminal to play in."""

from __future__ import annotations

import asyncio
import fcntl
import importlib.util
import os
import pty
import select
import struct
import sys
import termios
import time
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from textual.app import App

STAGE = Path(__file__).with_name("stage_app.py")


@pytest.fixture(scope="session")
def stage() -> ModuleType:
    """The module of the stage app."""
    spec = importlib.util.spec_from_file_location("stage_app", STAGE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["stage_app"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def screen_text() -> Callable[[App[Any]], str]:
    """What an app shows, line by line, without trailing blanks."""

    def read(app: App[Any]) -> str:
        strips = app.screen._compositor.render_strips()
        return "\n".join(strip.text.rstrip() for strip in strips)

    return read


def golden_path(name: str) -> Path:
    """Where the kept text of a screen lies."""
    return Path(__file__).with_name("golden") / f"{name}.txt"


@pytest.fixture
def check_golden() -> Callable[[str, str], None]:
    """Compare what is shown with the text kept under a name in ``golden/``.

    With ``WRITE_GOLDEN=1`` in the environment the text is written instead, to be read before it is committed.
    """

    def check(name: str, seen: str) -> None:
        path = golden_path(name)
        if os.environ.get("WRITE_GOLDEN"):
            path.write_text(seen, encoding="utf-8")
        assert seen == path.read_text(encoding="utf-8"), f"{path.name} differs from what is shown:\n{seen}"

    return check


async def _turn_until(condition: Callable[[], object], seconds: float = 60.0) -> bool:
    """Let the loop turn until a condition holds; say whether it did."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.01)
    return True


@pytest.fixture
def until() -> Callable[[Callable[[], object]], Awaitable[None]]:
    """Let the loop turn until a condition holds; fail when it does not within a minute."""

    async def wait(condition: Callable[[], object]) -> None:
        assert await _turn_until(condition), "the condition did not come true"

    return wait


@pytest.fixture
def shows(screen_text: Callable[[App[Any]], str]) -> Callable[..., Awaitable[str]]:
    """Wait until an app shows all of some words, and none of some others; return what it shows then.

    Lists are painted a little after the lines around them, so waiting for one of the words is no proof that
    the others stand there already.
    """

    async def wait(app: App[Any], *words: str, without: tuple[str, ...] = ()) -> str:
        def is_there() -> bool:
            seen = screen_text(app)
            return all(word in seen for word in words) and not any(word in seen for word in without)

        assert await _turn_until(is_there), f"wanted {words} without {without}, shown is:\n{screen_text(app)}"
        return screen_text(app)

    return wait


@pytest.fixture
def becomes_golden(
    check_golden: Callable[[str, str], None],
) -> Callable[[str, Callable[[], str]], Awaitable[None]]:
    """Wait until what is shown is the text kept under a name; fail with both when it never is."""

    async def wait(name: str, read: Callable[[], str]) -> None:
        path = golden_path(name)
        if os.environ.get("WRITE_GOLDEN"):
            await asyncio.sleep(3)  # what is to be kept is what stays
        else:
            await _turn_until(lambda: path.exists() and read() == path.read_text(encoding="utf-8"), 20.0)
        check_golden(name, read())

    return wait


class Terminal:
    """A program in a pseudo-terminal: keys in, raw bytes out."""

    def __init__(self, arguments: list[str], environ: dict[str, str], columns: int, lines: int) -> None:
        self.pid, self.fd = pty.fork()
        if self.pid == 0:  # pragma: no cover - the child becomes another program
            os.execve(arguments[0], arguments, environ)
        size = struct.pack("HHHH", lines, columns, 0, 0)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, size)
        self.output = b""
        self.exit_code: int | None = None

    def send(self, keys: str) -> None:
        os.write(self.fd, keys.encode())

    def read_until(self, wanted: bytes, seconds: float = 60.0) -> bytes:
        """Return all output since the last call, up to and beyond `wanted`."""
        return self._read(lambda output: wanted in output, seconds, f"{wanted!r} did not appear")

    def read_until_quiet(self, quiet: float = 0.4, seconds: float = 60.0) -> bytes:
        """Return all output since the last call, until none has come for `quiet` seconds."""
        return self._read(lambda output: not self._has_more(quiet), seconds, "it never fell quiet")

    def _read(self, is_enough: Callable[[bytes], bool], seconds: float, complaint: str) -> bytes:
        deadline = time.monotonic() + seconds
        output = b""
        while not is_enough(output):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{complaint}; got {output[-2000:]!r}")
            if self._has_more(0.1):
                try:
                    output += os.read(self.fd, 65_536)
                except OSError:  # The program has ended and closed its side.
                    break
        self.output += output
        return output

    def _has_more(self, seconds: float) -> bool:
        return bool(select.select([self.fd], [], [], seconds)[0])

    def read_to_end(self, seconds: float = 60.0) -> bytes:
        """Return all output until the program has ended, and note its exit code."""
        output = self._read(lambda output: False, seconds, "it did not end")
        self.exit_code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return output

    def close(self) -> None:
        if self.exit_code is None:
            os.kill(self.pid, 9)
            os.waitpid(self.pid, 0)
        os.close(self.fd)


@pytest.fixture
def run_in_terminal() -> Iterator[Callable[..., Terminal]]:
    """Start Python in a terminal: ``run_in_terminal("-m", "batchdeck", TERM="screen", columns=120)``."""
    started: list[Terminal] = []

    def start(*arguments: object, columns: int = 80, lines: int = 24, **environ: str) -> Terminal:
        inherited = {
            name: value
            for name, value in os.environ.items()
            if name in ("PATH", "HOME", "LANG", "LC_ALL", "PYTHONPATH")
        }
        words = [sys.executable, *map(str, arguments)]
        started.append(Terminal(words, inherited | {"TERM": "xterm-256color"} | environ, columns, lines))
        return started[-1]

    yield start
    for terminal in started:
        terminal.close()


@pytest.fixture
def play(run_in_terminal: Callable[..., Terminal]) -> Callable[..., Terminal]:
    """Start the stage in a terminal: ``play(rows, "hostile", TERM="screen", columns=120)``."""
    return partial(run_in_terminal, STAGE)
