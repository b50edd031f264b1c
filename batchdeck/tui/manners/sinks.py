"""The last door before the terminal: nothing but printable characters gets through, wherever it came from.

`batchdeck.domain.text.show` makes text visible where it comes in; this is for what slipped past it. Textual
8.2 itself lets escape sequences through in nearly every widget, also with markup off.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter

_UNSAFE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
PLACEHOLDER = "\U0010eeee"
"""A cell that stands for its part of a picture that was sent before; shows nothing else."""
# Joiners that scripts and emoji need; they neither move the cursor nor reorder text.
_HARMLESS = frozenset(f"\u200c\u200d{PLACEHOLDER}")
_REPLACEMENT = "\ufffd"


def _safe_char(char: str) -> str:
    if char in _HARMLESS or unicodedata.category(char) not in _UNSAFE_CATEGORIES:
        return char
    return _REPLACEMENT * cell_len(char)


@lru_cache(2048)
def strip_unsafe(text: str) -> str:
    """Return `text` without characters that a terminal obeys or that reorder what stands beside them.

    Its width in terminal cells stays the same, so a line keeps its layout.
    """
    return text if text.isprintable() else "".join(map(_safe_char, text))


@lru_cache(2048)
def _without_link(style: Style) -> Style:
    return style.update_link(None)


class SafeLine(LineFilter):
    """Cleans every rendered line: text, and the links that styles may carry (none of ours has any)."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [
            Segment(
                text if text.isprintable() else strip_unsafe(text),
                _without_link(style) if style is not None and style.link else style,
                control,
            )
            for text, style, control in segments
        ]
