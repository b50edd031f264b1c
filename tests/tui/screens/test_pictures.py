"""Pages in their own pixels: which terminals get them, and what a terminal is sent, read as it reads it."""

from __future__ import annotations

import base64
import io
import re
import unicodedata
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from batchdeck.tui.manners.colour import ColourMode
from batchdeck.tui.manners.pictures import PictureMode, decide_pictures
from batchdeck.tui.manners.sinks import PLACEHOLDER
from batchdeck.tui.screens.page import PageScreen
from batchdeck.tui.widgets.kitty import KittyPicture, draw_kitty

Until = Callable[[Callable[[], object]], Awaitable[None]]
COMMAND = re.compile(r"\x1b_G([^;\x1b]*);?([^\x1b]*)\x1b\\")
CELL = re.compile(f"{PLACEHOLDER}(.)(.)")


@dataclass
class Pictures:
    """What a terminal holds, by the commands it was sent."""

    pictures: dict[int, bytes] = field(default_factory=dict)
    sizes: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Columns and rows that each picture takes."""
    _arriving: tuple[int, str] | None = None

    def obey(self, sequence: str) -> None:
        for keys, payload in COMMAND.findall(sequence):
            assert len(payload) <= 4096
            given = dict(pair.split("=") for pair in keys.split(","))
            if "m" in given:
                self._take(given, payload)
                continue
            assert given["q"] == "2", "the terminal must not answer: its words would be read as keys"
            number = int(given["i"])
            if given["a"] == "p":
                assert given["U"] == "1"
                assert number in self.pictures
                self.sizes[number] = (int(given["c"]), int(given["r"]))
            else:
                assert (given["a"], given["d"]) == ("d", "I")
                del self.pictures[number], self.sizes[number]

    def _take(self, given: Mapping[str, str], payload: str) -> None:
        if self._arriving is None:
            assert (given["a"], given["f"], given["q"]) == ("t", "100", "2")
            self._arriving = (int(given["i"]), "")
        number, before = self._arriving
        assert len(payload) % 4 == 0
        self._arriving = (number, before + payload)
        if given["m"] == "0":
            self.pictures[number] = base64.b64decode(self._arriving[1], validate=True)
            self._arriving = None


def png_of(width: int, height: int) -> bytes:
    file = io.BytesIO()
    Image.effect_noise((width, height), 90).save(file, "PNG")
    return file.getvalue()


def colour_of(drawn: KittyPicture) -> Any:
    style = drawn.cells.spans[0].style
    assert not isinstance(style, str)
    return style.foreground


@pytest.mark.parametrize(("width", "size"), [(38, (595, 842)), (120, (842, 595)), (80, (40, 9_000))])
def test_a_picture_arrives_whole_and_every_cell_has_its_place(width: int, size: tuple[int, int]) -> None:
    drawn = draw_kitty(png_of(*size), width, has_truecolor=True, environ={})
    terminal = Pictures()
    terminal.obey(drawn.sent)
    ((number, png),) = terminal.pictures.items()
    columns, rows = terminal.sizes[number]
    assert columns <= width
    with Image.open(io.BytesIO(png)) as picture:
        assert picture.width / picture.height == pytest.approx(size[0] / size[1], rel=0.1)
        assert columns / rows == pytest.approx(2 * size[0] / size[1], rel=0.6)
    colour = colour_of(drawn)
    assert number == colour.r << 16 | colour.g << 8 | colour.b
    lines = [CELL.findall(line) for line in drawn.cells.plain.split("\n")]
    assert [len(line) for line in lines] == [columns] * rows
    marks = sorted({mark for line in lines for cell in line for mark in cell})
    assert [[(marks.index(row), marks.index(column)) for row, column in line] for line in lines] == [
        [(row, column) for column in range(columns)] for row in range(rows)
    ]
    assert all(unicodedata.combining(mark) == 230 for mark in marks)
    terminal.obey(drawn.freed)
    assert not terminal.pictures


def test_among_256_colours_the_number_is_the_place_in_the_palette() -> None:
    from rich.color import ColorSystem

    for _ in range(25):
        drawn = draw_kitty(png_of(60, 80), 4, has_truecolor=False, environ={})
        terminal = Pictures()
        terminal.obey(drawn.sent)
        written = colour_of(drawn).rich_color.downgrade(ColorSystem.EIGHT_BIT)
        assert list(terminal.pictures) == [written.number]


def test_inside_tmux_each_command_is_handed_on() -> None:
    drawn = draw_kitty(png_of(60, 80), 4, has_truecolor=True, environ={"TMUX": "/tmp/tmux-0/default,1,0"})
    handed_on = re.sub(
        r"\x1bPtmux;((?:\x1b\x1b|[^\x1b])*)\x1b\\",
        lambda found: found[1].replace("\x1b\x1b", "\x1b"),
        drawn.sent,
    )
    terminal = Pictures()
    terminal.obey(handed_on)
    assert len(terminal.sizes) == 1


@pytest.mark.parametrize(
    ("environ", "colours", "wish", "mode"),
    [
        ({"TERM": "xterm-kitty"}, ColourMode.FULL, "auto", PictureMode.KITTY),
        ({"TERM": "xterm-ghostty"}, ColourMode.FULL, "auto", PictureMode.KITTY),
        ({"TERM": "xterm-kitty"}, ColourMode.NONE, "auto", PictureMode.BLOCKS),
        ({"TERM": "xterm-kitty"}, ColourMode.ANSI, "kitty", PictureMode.BLOCKS),
        ({"TERM": "xterm-kitty"}, ColourMode.FULL, "blocks", PictureMode.BLOCKS),
        ({"TERM": "xterm-kitty", "TMUX": "x"}, ColourMode.FULL, "auto", PictureMode.BLOCKS),
        ({"TERM": "tmux-256color", "TMUX": "x"}, ColourMode.FULL, "kitty", PictureMode.KITTY),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm"}, ColourMode.FULL, "auto", PictureMode.BLOCKS),
        ({}, ColourMode.FULL, "auto", PictureMode.BLOCKS),
    ],
)
def test_who_gets_pixels(
    environ: Mapping[str, str], colours: ColourMode, wish: str, mode: PictureMode
) -> None:
    assert decide_pictures(environ, colours, wish) is mode


async def test_a_terminal_holds_the_one_picture_that_is_shown(
    library: Path, play_deck: Any, until: Until
) -> None:
    async with play_deck(library) as (app, pilot, deck):
        terminal, app.pictures = Pictures(), PictureMode.KITTY
        app.send = terminal.obey
        screen = PageScreen(app.registry, deck, app.work, job=deck.jobs()[0].id, index=0)
        app.push_screen(screen)
        await until(lambda: screen._facts is not None)
        await pilot.press("i")
        await until(lambda: len(terminal.sizes) == 1)
        first = list(terminal.pictures)
        await pilot.press("tab")
        await pilot.press("right_square_bracket")
        await until(lambda: list(terminal.pictures) != first and len(terminal.sizes) == 1)
        second = list(terminal.pictures)
        await pilot.resize_terminal(120, 40)
        await until(lambda: list(terminal.pictures) != second and len(terminal.sizes) == 1)
        await pilot.press("i")
        assert not terminal.pictures
        await pilot.press("i")
        await until(lambda: len(terminal.sizes) == 1)
        await pilot.press("escape")
        await until(lambda: not terminal.pictures)


@pytest.mark.parametrize("colorterm", ["truecolor", ""])
def test_a_real_terminal_is_sent_the_picture_before_its_cells_and_asked_nothing(
    colorterm: str, library: Path, run_in_terminal: Callable[..., Any]
) -> None:
    terminal = run_in_terminal(
        "-m", "batchdeck", "--deck", library, "--read-only", TERM="xterm-kitty", COLORTERM=colorterm
    )
    terminal.read_until(b"papers")
    terminal.send("\r")
    terminal.read_until(b"accounts")
    terminal.send("\r")
    terminal.read_until(b"answer")
    terminal.send("i")
    terminal.read_until(PLACEHOLDER.encode())
    terminal.read_until_quiet()
    output = terminal.output.decode()
    held = Pictures()
    held.obey(output)
    ((number, (columns, rows)),) = held.sizes.items()
    assert output.rindex("\x1b_G") < output.index(PLACEHOLDER)
    seen = output[output.index(PLACEHOLDER) - 40 :]
    colour = f"{number >> 16};{number >> 8 & 255};{number & 255}" if colorterm else str(number)
    assert f"38;{2 if colorterm else 5};{colour}" in seen
    assert {len(CELL.findall(line)) for line in re.findall(f"(?:{PLACEHOLDER}..)+", seen)} == {columns}
    assert rows > 20
    terminal.send("q")
    terminal.read_to_end()
    held.obey(terminal.output.decode()[len(output) :])
    assert terminal.exit_code == 0
    assert not held.pictures
