"""How many real-time calls may be under way at once: more while the API is at ease, fewer when it says so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_FIRST = 4
_SCARCE_SHARE = 0.02
"""A limit of which less than this share is left counts as used up."""


@dataclass(frozen=True, slots=True)
class RateLimit:
    """One of the API's limits as its last answer described it (`anthropic-ratelimit-…`)."""

    name: str
    """requests, tokens, input-tokens, output-tokens, or something newer."""
    remaining: int
    limit: int | None
    reset_seconds: float
    """Seconds from the answer until it is whole again."""

    @property
    def is_used_up(self) -> bool:
        return self.remaining <= (self.limit or 0) * _SCARCE_SHARE


class Pacing:
    """Decides after each answer how many calls may be under way, and how long to pause.

    Args:
        most: never more than this at once.
        pause_most: seconds; no single pause is longer.
    """

    def __init__(self, most: int, pause_most: float = 3_600.0) -> None:
        self.most = most
        self.allowed = min(_FIRST, most)
        self._pause_most = pause_most

    def answered(self, limits: Sequence[RateLimit] = ()) -> float:
        """Take in an answer; return how many seconds to start nothing new."""
        calls_left = [limit.remaining for limit in limits if limit.name == "requests"]
        self.allowed = max(1, min(self.allowed + 1, self.most, *calls_left))
        waits = [limit.reset_seconds for limit in limits if limit.is_used_up]
        return min(max(waits, default=0.0), self._pause_most)

    def refused(self, retry_after: float) -> float:
        """Take in a refusal for the rate of calls; return how many seconds to start nothing new."""
        self.allowed = max(1, self.allowed // 2)
        return min(max(retry_after, 0.0), self._pause_most)
