"""How pictures are shown: decided by what is known of the terminal, which is never asked.

An answer that is late on a slow line would arrive as pressed keys. ``TERM`` is the one thing about a terminal
that comes along over SSH.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping

from batchdeck.tui.manners.colour import ColourMode


class PictureMode(enum.StrEnum):
    """How a picture is put on the terminal."""

    KITTY = "kitty"
    """In its own pixels, by the Kitty graphics protocol with Unicode placeholders."""
    BLOCKS = "blocks"
    """In half blocks of two pixels a cell, or in shades where there are no colours."""


_WITH_PLACEHOLDERS = frozenset({"xterm-kitty", "xterm-ghostty"})
"""Terminals that know the placeholders. Konsole and WezTerm know the protocol without them."""


def decide_pictures(environ: Mapping[str, str], colours: ColourMode, wish: str = "auto") -> PictureMode:
    """Return how to show pictures: what the settings wish, else what the terminal is known to have.

    Placeholders carry the picture's number in their colour, so there are none without 256 colours. Inside
    tmux and GNU screen they show only where these hand sequences on, so there they have to be wished for.
    """
    if colours is not ColourMode.FULL or wish == PictureMode.BLOCKS:
        return PictureMode.BLOCKS
    if wish == PictureMode.KITTY:
        return PictureMode.KITTY
    is_direct = not environ.get("TMUX") and not environ.get("STY")
    knows = environ.get("TERM", "").lower() in _WITH_PLACEHOLDERS
    return PictureMode.KITTY if is_direct and knows else PictureMode.BLOCKS
