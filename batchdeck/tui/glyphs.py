"""How each status looks: a glyph, a word and a tone, in one table. A tone is never the only sign of anything.

The glyphs are one cell wide, outside the emoji blocks, and in the fonts that terminals ship with.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from batchdeck.domain.outcomes import Outcome
from batchdeck.domain.overview import BatchStatus


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

BATCH_SIGNS: Mapping[BatchStatus, Sign] = {
    BatchStatus.DUPLICATE: Sign("!", "duplicate", Tone.BAD),
    BatchStatus.AT_RISK: Sign("!", "at risk", Tone.BAD),
    BatchStatus.IN_DOUBT: Sign("?", "in doubt", Tone.BAD),
    BatchStatus.REJECTED: Sign("✗", "rejected", Tone.BAD),
    BatchStatus.GATE: Sign("✗", "at a gate", Tone.BAD),
    BatchStatus.ABSENT: Sign("✗", "not taken", Tone.BAD),
    BatchStatus.FAILED: Sign("✗", "failed", Tone.BAD),
    BatchStatus.PREPARED: Sign("○", "not sent", Tone.WARN),
    BatchStatus.SENDING: Sign("▸", "sending", Tone.ACCENT),
    BatchStatus.RUNNING: Sign("▸", "running", Tone.ACCENT),
    BatchStatus.CANCELING: Sign("▸", "canceling", Tone.WARN),
    BatchStatus.COLLECTING: Sign("↓", "collecting", Tone.ACCENT),
    BatchStatus.DONE: Sign("✓", "done", Tone.GOOD),
    BatchStatus.RETRIED: Sign("✓", "retried", Tone.MUTED),
    BatchStatus.GONE: Sign("·", "gone", Tone.MUTED),
}

OUTCOME_SIGNS: Mapping[Outcome, Sign] = {
    Outcome.PENDING: Sign("▸", "pending", Tone.ACCENT),
    Outcome.OK: Sign("✓", "ok", Tone.GOOD),
    Outcome.OK_REPAIRED: Sign("✓", "ok, repaired", Tone.GOOD),
    Outcome.TRUNCATED: Sign("…", "truncated", Tone.BAD),
    Outcome.REFUSED: Sign("✗", "refused", Tone.BAD),
    Outcome.BLOCKED: Sign("✗", "blocked", Tone.BAD),
    Outcome.EMPTY: Sign("✗", "empty", Tone.BAD),
    Outcome.REPETITION: Sign("✗", "repetition", Tone.BAD),
    Outcome.LOW_FIDELITY: Sign("!", "low fidelity", Tone.WARN),
    Outcome.MALFORMED: Sign("✗", "malformed", Tone.BAD),
    Outcome.ERRORED: Sign("✗", "errored", Tone.BAD),
    Outcome.EXPIRED: Sign("✗", "expired", Tone.BAD),
    Outcome.CANCELED: Sign("·", "canceled", Tone.MUTED),
    Outcome.MISSING: Sign("?", "missing", Tone.BAD),
}
