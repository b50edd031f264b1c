"""Whether the dashboard can be shown at all, and with which colours: decided before the app is made.

Textual has to be told at construction: a colourless theme set later comes out black on black, and it takes an
empty ``NO_COLOR`` for a set one, which no-color.org does not.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from batchdeck.errors import UsageError


class ColourMode(enum.StrEnum):
    """How many colours the terminal is sent."""

    NONE = "none"
    """Bold, dim, underline and reverse only."""
    ANSI = "ansi"
    """The terminal's own 16 colours."""
    FULL = "full"
    """The theme's colours, in 256 or more."""


class Colourless(LineFilter):
    """Keeps bold, dim, underline and reverse, and drops every colour.

    Textual's own filter writes the default colours into each run of text instead, some eight bytes apiece.
    """

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [
            Segment(text, style.without_color if style is not None else None, control)
            for text, style, control in segments
        ]


_MANY_COLOURS = ("256color", "truecolor", "direct", "kitty", "ghostty", "alacritty", "wezterm", "foot")
_MONOCHROME = re.compile(r"vt[1-3]\d\d(?!.*color)|.*-(m|mono)$")
"""Terminals that show no colours: the VT100 and its kind, and variants that say so."""
_NO_TERMINAL = frozenset({"dumb", "unknown", ""})


def refuse_unfit_terminal(environ: Mapping[str, str], *, is_terminal: bool) -> None:
    """Refuse to draw where drawing cannot work.

    `is_terminal` says whether both standard input and output are terminals.

    Raises:
        UsageError: not a terminal, or one that cannot place its cursor (``TERM=dumb``).
    """
    hint = "Use the commands instead, for example `batchdeck ls` or `batchdeck watch`; `--help` lists them."
    if not is_terminal:
        raise UsageError("The dashboard needs a terminal, and this is a file or a pipe.", hint=hint)
    term = environ.get("TERM", "").lower()
    if term in _NO_TERMINAL:
        raise UsageError(
            f"The dashboard cannot be drawn on this terminal (TERM={term or 'not set'}).", hint=hint
        )


def decide_colours(environ: Mapping[str, str], wish: str = "auto") -> ColourMode:
    """Return how many colours to use.

    What the settings wish, else none where ``NO_COLOR`` is set and not empty (no-color.org), else what the
    terminal says it has.
    """
    if wish != "auto":
        return ColourMode(wish)
    if environ.get("NO_COLOR"):
        return ColourMode.NONE
    term = environ.get("TERM", "").lower()
    if _MONOCHROME.match(term):
        return ColourMode.NONE
    has_many = environ.get("COLORTERM", "").lower() in ("truecolor", "24bit")
    has_many = has_many or any(name in term for name in _MANY_COLOURS)
    return ColourMode.FULL if has_many else ColourMode.ANSI


def theme_name(mode: ColourMode, environ: Mapping[str, str]) -> str:
    """Return the name of the theme (of `batchdeck.tui.themes`) that fits the terminal: dark, unless
    ``COLORFGBG`` ("0;15"), which some terminals set, ends in a light background's number."""
    background = environ.get("COLORFGBG", "").rpartition(";")[2]
    shade = "light" if background in ("7", "15") else "dark"
    return f"batchdeck-{shade}" if mode is ColourMode.FULL else f"batchdeck-ansi-{shade}"
