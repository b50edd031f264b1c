"""What a proof came to: how often it was tried, and how often a promise was broken. One line each."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

_MOST_SHOWN = 5


@dataclass
class Figures:
    """The figures of one proof. Everything but runs, kills and pages has to stay 0."""

    proof: str
    seed: int
    runs: int = 0
    kills: int = 0
    """Processes that died by SIGKILL."""
    pages: int = 0
    """Pages that the server was given, or what the proof is about instead (see `note`)."""
    paid_twice: int = 0
    lost: int = 0
    damaged: int = 0
    """Files, ledgers and messages that are not what they must be."""
    late: int = 0
    """Second acceptances that the deck has found and named: what cannot be prevented, only noticed."""
    seconds: float = 0.0
    note: str = ""
    broken: list[str] = field(default_factory=list)
    """What was broken, in words, as far as there is room."""

    @property
    def holds(self) -> bool:
        return not (self.paid_twice or self.lost or self.damaged)

    def blame(self, what: str, *, paid_twice: int = 0, lost: int = 0, damaged: int = 0) -> None:
        """Count a broken promise; nothing happens where all three are 0."""
        self.paid_twice += paid_twice
        self.lost += lost
        self.damaged += damaged
        if (paid_twice or lost or damaged) and len(self.broken) < _MOST_SHOWN:
            self.broken.append(what)

    @contextmanager
    def timed(self) -> Iterator[Figures]:
        """Add the seconds that the block takes."""
        began = time.monotonic()
        try:
            yield self
        finally:
            self.seconds += time.monotonic() - began

    def line(self) -> str:
        """Return the figures in one line."""
        words = (
            f"{self.proof:<12} {self.runs:>6,} runs {self.kills:>7,} kills {self.pages:>8,} pages "
            f"{self.paid_twice:>3} paid twice {self.lost:>3} lost {self.damaged:>3} damaged "
            f"{self.late:>4} late "
            f"{self.seconds:>8,.1f} s  seed {self.seed}"
        )
        return words + (f"  ({self.note})" if self.note else "")
