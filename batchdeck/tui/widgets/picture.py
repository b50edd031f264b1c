"""A picture drawn with characters: two pixels in each cell, or shades of grey where there are no colours."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from textual.color import Color
from textual.content import Content
from textual.style import Style

if TYPE_CHECKING:
    from PIL.Image import Image

_SHADES = "█▓▒░ "
"""From white paper, in the terminal's own foreground, to black ink."""


def draw_picture(png: bytes, width: int, *, colours: bool) -> Content:
    """Return a PNG as text of `width` cells. Takes some ten milliseconds: call it in a thread.

    Args:
        colours: whether the terminal shows them; without, the light of each cell is shown in five shades.
    """
    from PIL import Image

    with Image.open(io.BytesIO(png)) as opened:
        # A cell is about twice as high as wide.
        height = max(round(opened.height * width / opened.width / 2), 1)
        if colours:
            return _half_blocks(opened.convert("RGB").resize((width, height * 2), Image.Resampling.LANCZOS))
        return _shades(opened.convert("L").resize((width, height), Image.Resampling.LANCZOS))


def _half_blocks(picture: Image) -> Content:
    """The upper half block has two colours: its own above, the background's below."""
    values = picture.tobytes()

    def colour(x: int, y: int) -> Color:
        start = (y * picture.width + x) * 3
        return Color(*values[start : start + 3])

    rows: list[Content] = []
    for y in range(0, picture.height, 2):
        runs: list[tuple[str, Style]] = []
        for x in range(picture.width):
            style = Style(colour(x, y + 1), colour(x, y))
            if runs and runs[-1][1] == style:
                runs[-1] = (runs[-1][0] + "▀", style)
            else:
                runs.append(("▀", style))
        rows.append(Content.assemble(*runs))
    return Content("\n").join(rows)


def _shades(picture: Image) -> Content:
    values = picture.tobytes()
    lines = [
        "".join(
            _SHADES[(255 - light) * len(_SHADES) // 256] for light in values[start : start + picture.width]
        )
        for start in range(0, len(values), picture.width)
    ]
    return Content("\n".join(lines))
