"""A picture in its own pixels, by the Kitty graphics protocol with Unicode placeholders.

The pixels go to the terminal once. What is painted are plain cells of text, each of which stands for its part
of the picture, so lists, toasts and dialogs go over it and scrolling sends no pixel again.
https://sw.kovidgoyal.net/kitty/graphics-protocol/#unicode-placeholders
"""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import cycle

from textual.color import Color
from textual.content import Content
from textual.style import Style

from batchdeck.tui.manners.clipboard import passed_through
from batchdeck.tui.manners.sinks import PLACEHOLDER

_DIACRITICS = (
    "305 30d-30e 310 312 33d-33f 346 34a-34c 350-352 357 35b 363-36f 483-487 592-595 597-599 59c-5a1 "
    "5a8-5a9 5ab-5ac 5af 5c4 610-617 657-65b 65d-65e 6d6-6dc 6df-6e2 6e4 6e7-6e8 6eb-6ec 730 732-733 "
    "735-736 73a 73d 73f-741 743 745 747 749-74a 7eb-7f1 7f3 816-819 81b-823 825-827 829-82d 951 "
    "953-954 f82-f83 f86-f87 135d-135f 17dd 193a 1a17 1a75-1a7c 1b6b 1b6d-1b73 1cd0-1cd2 1cda-1cdb "
    "1ce0 1dc0-1dc1 1dc3-1dc9 1dcb-1dcc 1dd1-1de6 1dfe 20d0-20d1 20d4-20d7 20db-20dc 20e1 20e7 20e9 "
    "20f0 2cef-2cf1 2de0-2dff a66f a67c-a67d a6f0-a6f1 a8e0-a8f1 aab0 aab2-aab3 aab7-aab8 aabe-aabf "
    "aac1 fe20-fe26 10a0f 10a38 1d185-1d189 1d1aa-1d1ad 1d242-1d244"
)
"""The marks by which the protocol counts rows and columns, the first for 0."""
_MOST_CELLS = 297
"""As many rows and columns as there are marks."""
_CHUNK = 4096
"""Most bytes of base64 in one command."""
_PIXELS_PER_CELL = 12
"""Width in which a cell's share of the picture is sent; the terminal scales it to its own."""
_SHADES = 32
"""Colours that are sent: a page of text is half as long as in full colour or less, and reads the same."""
_LEVELS = (0, 95, 135, 175, 215)
_NUMBERS = cycle([(red, green) for red in range(5) for green in range(5)])
"""Red and green of the colours that carry a picture's number, one picture after the other."""


@dataclass(frozen=True, slots=True)
class KittyPicture:
    """A picture for the terminal: what is sent once, the cells to paint, what frees it in the end."""

    sent: str
    cells: Content
    freed: str


def draw_kitty(png: bytes, width: int, *, has_truecolor: bool, environ: Mapping[str, str]) -> KittyPicture:
    """Return a PNG as a picture `width` cells wide. Takes a tenth of a second or two: call it in a thread.

    Args:
        has_truecolor: whether colours are written in 24 bits; else in a palette of 256, and then a colour's
            place in the palette is the picture's number.
        environ: describes the terminal; tells what lies between.
    """
    from PIL import Image

    with Image.open(io.BytesIO(png)) as opened:
        # A cell is about twice as high as wide.
        width = max(min(width, _MOST_CELLS, _MOST_CELLS * 2 * opened.width // opened.height), 1)
        height = min(max(round(opened.height * width / opened.width / 2), 1), _MOST_CELLS)
        pixels = min(width * _PIXELS_PER_CELL, opened.width)
        size = (pixels, max(opened.height * pixels // opened.width, 1))
        scaled = opened.convert("RGB").resize(size, Image.Resampling.LANCZOS)
        small = io.BytesIO()
        scaled.quantize(_SHADES, dither=Image.Dither.NONE).save(small, "PNG")
    red, green = next(_NUMBERS)
    colour = Color(_LEVELS[red], _LEVELS[green], 255)
    number = (colour.r << 16 | colour.g << 8 | colour.b) if has_truecolor else 16 + 36 * red + 6 * green + 5
    commands = [
        *_sending(number, base64.b64encode(small.getvalue()).decode("ascii")),
        f"a=p,U=1,i={number},c={width},r={height},q=2",
    ]
    return KittyPicture(
        "".join(passed_through(f"\x1b_G{command}\x1b\\", environ) for command in commands),
        Content.styled(_cells(width, height), Style(foreground=colour)),
        passed_through(f"\x1b_Ga=d,d=I,i={number},q=2\x1b\\", environ),
    )


def _sending(number: int, encoded: str) -> list[str]:
    """Return the commands that bring a PNG to the terminal under a number, without an answer."""
    chunks = [encoded[start : start + _CHUNK] for start in range(0, len(encoded), _CHUNK)]
    heads = [f"a=t,f=100,i={number},q=2,", *[""] * (len(chunks) - 1)]
    return [
        f"{head}m={int(place < len(chunks))};{chunk}"
        for place, (head, chunk) in enumerate(zip(heads, chunks, strict=True), start=1)
    ]


def _cells(width: int, height: int) -> str:
    """Return the placeholders of a picture, each with the marks of its row and column."""
    marks = _marks()
    return "\n".join(
        "".join(f"{PLACEHOLDER}{marks[row]}{marks[column]}" for column in range(width))
        for row in range(height)
    )


@cache
def _marks() -> str:
    marks = []
    for part in _DIACRITICS.split():
        first, _, last = part.partition("-")
        marks += [chr(code) for code in range(int(first, 16), int(last or first, 16) + 1)]
    return "".join(marks)
