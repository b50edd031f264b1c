"""What reaches a real terminal, byte by byte: how little, how safe, and in which state it is left."""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")

Play = Callable[..., "Terminal"]  # type: ignore[name-defined]  # noqa: F821
LEAVE_ALTERNATE_SCREEN = b"\x1b[?1049l"
COLOUR = re.compile(rb"\x1b\[(?:[\d;]*;)?(?:3[0-7]|38|4[0-7]|48|9[0-7]|10[0-7])(?:;[\d;]*)?m")
EXTENDED_COLOUR = re.compile(rb"\x1b\[(?:[\d;]*;)?[34]8;[25];[\d;]*m")


def test_one_changed_cell_costs_a_few_hundred_bytes_and_idling_nothing(play: Play) -> None:
    terminal = play(1_000)
    terminal.read_until(b"q\x1b")
    started = terminal.read_until_quiet()
    assert len(terminal.output) < 40_000, len(started)
    assert terminal.read_until_quiet(quiet=1.0) == b""
    terminal.send("1")
    changed = terminal.read_until_quiet()
    assert 0 < len(changed) < 400
    terminal.send("j")
    assert 0 < len(terminal.read_until_quiet()) < 1_200
    terminal.send("q")
    terminal.read_to_end()
    assert terminal.exit_code == 0
    assert LEAVE_ALTERNATE_SCREEN in terminal.output


def test_hostile_names_reach_no_sink_of_the_terminal(play: Play) -> None:
    terminal = play(50, "hostile")
    terminal.read_until(b"q\x1b")
    terminal.read_until_quiet()
    terminal.send("3")
    terminal.read_until_quiet()
    terminal.send("?")
    terminal.read_until_quiet()
    terminal.send("\x1b")
    terminal.read_until_quiet()
    terminal.send("q")
    terminal.read_to_end()
    output = terminal.output
    assert output.count(b"evil") > 5
    assert b"\x1b]52" not in output
    assert b"\x1b[31337m" not in output
    for forbidden in ("\x9b", "\u202e", "\u200b"):
        assert forbidden.encode() not in output
    assert b"\x00" not in output
    assert b"\xff" not in output
    assert terminal.exit_code == 0


@pytest.mark.parametrize(
    ("environ", "any_colour", "extended"),
    [
        ({"TERM": "xterm-256color"}, True, True),
        ({"TERM": "xterm-256color", "NO_COLOR": ""}, True, True),
        ({"TERM": "screen"}, True, False),
        ({"TERM": "linux"}, True, False),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, False, False),
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor", "NO_COLOR": "1"}, False, False),
    ],
)
def test_the_terminal_gets_the_colours_it_can_show(
    play: Play, environ: dict[str, str], any_colour: bool, extended: bool
) -> None:
    terminal = play(50, **environ)
    terminal.read_until(b"quit" if not any_colour else b"q\x1b")
    terminal.read_until_quiet()
    terminal.send("jc")
    terminal.read_until_quiet()
    terminal.send("\x1b")
    terminal.read_until_quiet()
    terminal.send("q")
    terminal.read_to_end()
    assert bool(COLOUR.search(terminal.output)) == any_colour
    assert bool(EXTENDED_COLOUR.search(terminal.output)) == extended
    assert b"refused" in terminal.output


def test_a_crash_gives_the_terminal_back_and_tells_no_secrets(play: Play, tmp_path: Path) -> None:
    terminal = play(50, "crash", tmp_path)
    terminal.read_until(b"q\x1b")
    terminal.send("2")
    terminal.read_to_end()
    after = terminal.output.split(LEAVE_ALTERNATE_SCREEN)[-1]
    assert b"RuntimeError" in after
    assert b"Nothing is lost" in after
    assert b"sk-ant-stage" not in terminal.output
    assert b"\x1b]52" not in terminal.output
    assert terminal.exit_code == 1
    (report,) = tmp_path.iterdir()
    assert str(report).encode() in after.replace(b"\r\n", b"")
    assert "sk-ant-stage" not in report.read_text(encoding="utf-8")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_being_told_to_end_gives_the_terminal_back(play: Play, number: signal.Signals) -> None:
    terminal = play(50)
    terminal.read_until(b"q\x1b")
    terminal.read_until_quiet()
    os.kill(terminal.pid, number)
    terminal.read_to_end()
    assert LEAVE_ALTERNATE_SCREEN in terminal.output
    assert terminal.exit_code == 128 + number


def test_a_copied_value_leaves_as_one_sequence(play: Play) -> None:
    terminal = play(50)
    terminal.read_until(b"q\x1b")
    terminal.read_until_quiet()
    terminal.send("jy")
    assert b"\x1b]52;c;MQ==\x07" in terminal.read_until_quiet()
