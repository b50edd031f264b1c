"""A program on a pseudo-terminal: bytes both ways, sizes, painting anew, and its end whatever happens."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from batchdeck.notebook import terminal as terminals
from batchdeck.notebook.terminal import Modes, Size, Terminal

ROOT = Path(__file__).parents[2]
PROGRAM = """
import fcntl, os, signal, sys, termios, tty
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
tty.setraw(0)
def tell(*_):
    size = os.get_terminal_size()
    os.write(1, f"<{size.columns}x{size.lines}>".encode())
signal.signal(signal.SIGWINCH, tell)
if "--deaf" in sys.argv:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
os.write(1, b"\\x1b[?1049h\\x1b[?1000;1006h\\x1b[?1000lready")
tell()
while True:
    try:
        if data := os.read(0, 1024):
            os.write(1, b"[" + data + b"]")
    except (InterruptedError, OSError):
        pass
"""


class Seen:
    """What a program has written so far, and how it ended."""

    def __init__(self) -> None:
        self.output = b""
        self.code: int | None = None
        self._changed = threading.Condition()

    def take(self, data: bytes) -> None:
        with self._changed:
            self.output += data
            self._changed.notify_all()

    def end(self, code: int) -> None:
        with self._changed:
            self.code = code
            self._changed.notify_all()

    def wait_for(self, holds: Callable[[], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(holds, 30), (self.output, self.code)


Play = Callable[..., tuple[Terminal, Seen]]


@pytest.fixture
def play() -> Iterator[Play]:
    """Start the program above on a terminal of 80 by 24."""
    playing: list[Terminal] = []

    def start(*words: str) -> tuple[Terminal, Seen]:
        seen = Seen()
        command = (sys.executable, "-c", PROGRAM, *words)
        terminal = Terminal(command, environ={}, size=Size(80, 24), on_output=seen.take, on_end=seen.end)
        playing.append(terminal)
        seen.wait_for(lambda: b"<80x24>" in seen.output)
        return terminal, seen

    yield start
    for terminal in playing:
        terminal.close()
        terminal.join(30)


def test_bytes_go_both_ways_and_sizes_arrive(play: Play) -> None:
    terminal, seen = play()
    terminal.write("ä\x1b[A".encode())
    seen.wait_for(lambda: "[ä\x1b[A]".encode() in seen.output)
    terminal.resize(Size(100, 30))
    seen.wait_for(lambda: seen.output.endswith(b"<100x30>"))
    terminal.resize(Size(9_999, 1))
    seen.wait_for(lambda: seen.output.endswith(b"<500x5>"))


def test_a_fresh_terminal_is_told_the_modes_and_all_is_painted_anew(play: Play) -> None:
    terminal, seen = play()
    assert terminal.repaint() == b"\x1b[?1049h\x1b[?1006h"
    seen.wait_for(lambda: seen.output.endswith(b"<80x23><80x24>"))


def test_modes_are_known_wherever_the_output_is_cut() -> None:
    output = b"a\x1b[?1000;1006hb\x1b[?25l\x1b[?1000lc\x1b[?2004h" + b"x" * 100
    for at in range(len(output)):
        modes = Modes()
        modes.feed(output[:at])
        modes.feed(output[at:])
        assert modes.sequence() == b"\x1b[?1006h\x1b[?2004h"


def test_hanging_up_ends_the_program_and_one_that_will_not_is_ended(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal, seen = play()
    terminal.close()
    seen.wait_for(lambda: seen.code is not None)
    assert seen.code == -signal.SIGHUP
    assert terminal.is_over
    monkeypatch.setattr(terminals, "_END_SECONDS", 0.2)
    terminal, seen = play("--deaf")
    terminal.close()
    seen.wait_for(lambda: seen.code is not None)
    assert seen.code == -signal.SIGKILL


def test_the_program_ends_with_the_process_that_shows_it_however_that_ends() -> None:
    holder = f"""
import sys
from batchdeck.notebook.terminal import Size, Terminal
said = lambda data: print(terminal.process.pid, flush=True) if b"<80x24>" in data else None
import threading
started = threading.Event()
def output(data):
    if b"ready" in data:
        started.set()
terminal = Terminal((sys.executable, "-c", {PROGRAM!r}), environ={{}}, size=Size(80, 24),
                    on_output=output, on_end=print)
started.wait()
print(terminal.process.pid, flush=True)
threading.Event().wait()
"""
    process = subprocess.Popen([sys.executable, "-c", holder], cwd=ROOT, stdout=subprocess.PIPE)
    assert process.stdout is not None
    with process.stdout:
        pid = int(process.stdout.readline())
        process.kill()
        process.wait()
    deadline = time.monotonic() + 30
    while _is_running(pid):
        assert time.monotonic() < deadline, "it outlived the process that showed it"


def _is_running(pid: int) -> bool:
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
