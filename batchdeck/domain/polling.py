"""When to ask for a batch next, and when it will probably end. Rules only; the poller sleeps elsewhere.

The API reports no progress inside a batch and has no webhook, so both come from how long this deck's own
batches of a similar size have taken.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from batchdeck.domain.batches import Batch

History = Sequence[tuple[int, float]]
"""(requests, seconds from created to ended) of ended batches, newest first."""

LONGEST_RETRY_AFTER = 3600.0
"""Seconds. A longer `retry-after` comes from a broken proxy or clock, and would freeze the poller."""

_SIMILAR_FACTOR = 3
"""Batches count as similar in size when one has at most this many times the other's requests."""
_FEWEST_SIMILAR = 3
_TINY_REQUESTS = 20
_SHARE_OF_AGE = 0.1
"""Pause between polls as a share of the batch's age: its end is then seen at most a tenth late."""
_SHARE_OF_AGE_WHEN_TINY = 0.05


@dataclass(frozen=True, slots=True)
class PollPace:
    """How often a batch may and must be asked for, in seconds, and the share by which pauses vary so that
    several decks do not ask in step."""

    floor_seconds: float = 10.0
    ceiling_seconds: float = 600.0
    jitter: float = 0.2

    def pause(self, seconds: float, rng: float) -> float:
        """Return about `seconds`, varied by `rng` in [0, 1), never outside floor and ceiling."""
        widest = max(self.floor_seconds, self.ceiling_seconds / (1 + self.jitter))
        base = min(max(seconds, self.floor_seconds), widest)
        return min(base * (1 + self.jitter * rng), max(self.ceiling_seconds, self.floor_seconds))


@dataclass(frozen=True, slots=True)
class EndEstimate:
    """How long similar batches took, in seconds from created to ended. An estimate, to be shown as one."""

    low: float
    median: float
    high: float
    batches: int
    """How many batches it rests on."""


def next_poll(
    created_at: dt.datetime,
    requests: int,
    now: dt.datetime,
    history: History,
    *,
    polls: int,
    retry_after: float | None,
    pace: PollPace,
    rng: float,
    is_canceling: bool = False,
) -> float:
    """Return in how many seconds to ask for a batch again.

    The first time at the median of similar batches' durations, but never more than a ceiling after the
    quickest of them: where they vary widely, the median alone would find a quick one hours late. After that
    a growing pause between floor and ceiling. The API's own `retry-after` is obeyed up to an hour.

    Args:
        polls: how often this batch has been asked for.
        retry_after: seconds, as the last answer said; None where it did not.
        rng: a random number in [0, 1).
        is_canceling: a canceled batch ends within seconds.
    """
    age = max(0.0, (now - created_at).total_seconds())
    expected = estimate_end(history, requests)
    if is_canceling:
        seconds = pace.pause(0.0, rng)
    elif polls == 0 and expected is not None:
        first = min(expected.median, expected.low + pace.ceiling_seconds)
        seconds = max((first - age) * (1 + pace.jitter * rng), pace.pause(0.0, rng))
    else:
        share = _SHARE_OF_AGE_WHEN_TINY if requests <= _TINY_REQUESTS else _SHARE_OF_AGE
        seconds = pace.pause(age * share, rng)
    return max(seconds, min(retry_after or 0.0, LONGEST_RETRY_AFTER))


def history_of(batches: Iterable[Batch], window: int) -> History:
    """Return how long the newest of the ended batches took, `window` of them at most."""
    # A canceled batch says nothing of how long batches take.
    ended = [
        (batch.remote.created_at, batch.remote.ended_at, batch.remote.counts.total)
        for batch in batches
        if batch.remote.ended_at is not None and batch.remote.cancel_initiated_at is None
    ]
    ended.sort(key=lambda times: times[0], reverse=True)
    return [(requests, (end - start).total_seconds()) for start, end, requests in ended[:window]]


def estimate_end(history: History, requests: int, *, age: float = 0.0) -> EndEstimate | None:
    """Say how long batches of about this size took here, or None where too few have been seen.

    Low and high are the tenth and ninetieth percentile. With `age`, only those count that took longer than
    that: a batch that has outlived all but one or two of them has no honest estimate any more.
    """
    durations = sorted(
        seconds
        for size, seconds in history
        if seconds > age
        and max(size, 1) <= _SIMILAR_FACTOR * max(requests, 1)
        and max(requests, 1) <= _SIMILAR_FACTOR * max(size, 1)
    )
    if len(durations) < _FEWEST_SIMILAR:
        return None
    return EndEstimate(
        percentile(durations, 0.1), percentile(durations, 0.5), percentile(durations, 0.9), len(durations)
    )


def percentile(ascending: Sequence[float], share: float) -> float:
    """Return the value below which `share` of the values lie, interpolated between neighbours."""
    position = share * (len(ascending) - 1)
    below = int(position)
    above = min(below + 1, len(ascending) - 1)
    return ascending[below] + (ascending[above] - ascending[below]) * (position - below)
