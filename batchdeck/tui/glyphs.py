"""Glyphs and tones that every list shows. A tone is never the only sign of anything.

The glyphs are one cell wide, outside the emoji blocks, and in the fonts that terminals ship with. What each
status looks like is told in `signs`: a list by itself need not know what a batch is.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Tone(enum.StrEnum):
    """What a piece of text means; the theme decides what that looks like."""

    PLAIN = "plain"
    GOOD = "good"
    BAD = "bad"
    WARN = "warn"
    MUTED = "muted"
    STRONG = "strong"
    ACCENT = "accent"


@dataclass(frozen=True, slots=True)
class Sign:
    """A status as it is shown: always the glyph and the word together."""

    glyph: str
    word: str
    tone: Tone

    def __str__(self) -> str:
        return f"{self.glyph} {self.word}"

    def saying(self, word: str) -> Sign:
        """Return this sign with another word ("17 failed" for "failed")."""
        return Sign(self.glyph, word, self.tone)


CURSOR = "▌"
MARK = "•"
RANGE = "◦"
CRUMB = "▸"
ASCENDING = "▲"
DESCENDING = "▼"
NOTHING = "–"
"""Stands where there is no value, so that a gap is never mistaken for a zero."""
