"""When nobody looks any more: stalled and lost terminals, a server that is gone, late news."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from batchdeck.deck import Deck
from batchdeck.tui.app import DeckApp
from batchdeck.tui.manners.outlet import HUNG_UP, Outlet
from batchdeck.tui.tracking import Piece, WorkEnded

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")

STAGE = Path(__file__).with_name("stage_app.py")
SHOWN = b"report-3.pdf"
MANY_FRAMES = b"?\x1b[27u" * 25
"""Keys that open and close the help: far more to draw than a terminal's buffer and Textual's queue hold."""


def read_until(descriptor: int, wanted: bytes) -> bytes:
    output = b""
    while wanted not in output:
        assert select.select([descriptor], [], [], 60)[0], output[-500:]
        output += os.read(descriptor, 65_536)
    return output


class Line:
    """The stage at the end of a line of its own that carries no signals: only what is read and written."""

    def __init__(self, folder: Path, errors: int | None = None) -> None:
        self.far, near = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, STAGE, "50", "crash", folder],
            env=os.environ | {"TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24"},
            stdin=near,
            stdout=near,
            stderr=near if errors is None else errors,
            start_new_session=True,
        )
        os.close(near)
        read_until(self.far, SHOWN)

    def stall(self) -> None:
        """Have much drawn that nobody reads."""
        os.write(self.far, MANY_FRAMES)

    def close(self) -> None:
        if self.far >= 0:
            os.close(self.far)
            self.far = -1


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    opened = Line(tmp_path)
    yield opened
    opened.close()
    opened.process.kill()
    opened.process.wait()


def test_a_dashboard_ends_with_its_terminal_however_much_is_to_be_drawn(line: Line, tmp_path: Path) -> None:
    line.stall()
    line.close()
    assert line.process.wait(60) == HUNG_UP
    assert not list(tmp_path.iterdir()), "a terminal that has gone is no crash"


def test_a_stalled_terminal_keeps_no_dashboard_from_working_and_ending(line: Line, tmp_path: Path) -> None:
    line.stall()
    os.write(line.far, b"2")
    assert line.process.wait(60) == 1
    assert list(tmp_path.iterdir()), "the last key was to make it crash"


def test_after_a_stall_all_is_drawn_anew_and_keys_of_another_encoding_are_no_crash(line: Line) -> None:
    line.stall()
    os.write(line.far, b"\xe9\xffjjj")
    read_until(line.far, b"4 of 50")
    os.write(line.far, b"q")
    read_until(line.far, b"\x1b[?1049l")
    assert line.process.wait(60) == 0


def test_the_terminal_is_drawn_on_when_errors_go_to_a_file(tmp_path: Path) -> None:
    with (tmp_path / "errors").open("wb") as errors:
        line = Line(tmp_path, errors.fileno())
    os.write(line.far, b"q")
    read_until(line.far, b"\x1b[?1049l")
    line.close()
    assert line.process.wait(60) == 0
    assert (tmp_path / "errors").read_bytes() == b""


def test_a_served_dashboard_whose_server_reads_no_more_ends_quietly(tmp_path: Path) -> None:
    driver = {"TEXTUAL_DRIVER": "batchdeck.tui.served:ServedDriver", "COLUMNS": "80", "ROWS": "24"}
    process = subprocess.Popen(
        [sys.executable, STAGE, "50", "crash", tmp_path],
        env=os.environ | driver,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        read_until(process.stdout.fileno(), SHOWN)
        process.stdout.close()
        process.stdin.write(b"D\x00\x00\x00\x01j")
        process.stdin.flush()
        assert process.wait(60) == HUNG_UP
        assert not process.stderr.read()
    assert not list(tmp_path.iterdir()), "a server that has gone is no crash"


class Pipe:
    """An outlet into a pipe, and what it has called."""

    def __init__(self) -> None:
        self.far, self.near = os.pipe()
        self.is_lost, self.has_caught_up = threading.Event(), threading.Event()
        self.outlet = Outlet(self.near, on_lost=self.is_lost.set, on_caught_up=self.has_caught_up.set)


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    opened = Pipe()
    yield opened
    opened.outlet.close(0)
    with contextlib.suppress(OSError):
        os.close(opened.far)
    opened.outlet.close()
    os.close(opened.near)


def test_an_outlet_leaves_frames_out_while_nobody_reads_and_says_when_it_has_caught_up(pipe: Pipe) -> None:
    assert pipe.outlet.takes_frame()
    frames = [bytes([number]) * 50_000 for number in range(4)]
    for frame in frames:
        pipe.outlet.write(frame)
    assert not pipe.outlet.takes_frame()
    assert not pipe.has_caught_up.is_set()
    output = b""
    while len(output) < 200_000:
        output += os.read(pipe.far, 65_536)
    assert output == b"".join(frames)
    assert pipe.has_caught_up.wait(60)
    assert pipe.outlet.takes_frame()


def test_an_outlet_neither_fails_nor_waits_when_the_other_end_goes(pipe: Pipe) -> None:
    for _ in range(40):
        pipe.outlet.write(b"x" * 50_000)
    os.close(pipe.far)
    assert pipe.is_lost.wait(60)
    assert pipe.outlet.write(b"more") == 4
    assert not pipe.outlet.takes_frame()
    pipe.outlet.close()
    assert not pipe.has_caught_up.is_set()


def test_an_outlet_writes_all_before_it_closes_and_can_be_written_to_again(pipe: Pipe) -> None:
    for text in (b"before", b"after"):
        pipe.outlet.write(text)
        pipe.outlet.close()
        assert os.read(pipe.far, 100) == text


async def test_news_that_comes_while_the_app_closes_is_for_nobody(tmp_path: Path) -> None:
    async with Deck.open(tmp_path, sandbox=True) as deck:
        app = DeckApp(deck, environ={"TERM": "xterm-256color"})
        async with app.run_test():
            pass
        piece = Piece("polling")
        for news in (app.on_deck_changed, app.on_work_moved, lambda: app.on_work_ended(WorkEnded(piece))):
            news()
