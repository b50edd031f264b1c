"""Loops: the same words over and over, which is how a model fails when it loses its place."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

_GRAM = 4
_SHORT_PERIOD = 5
_SHORT_REPEATS = 30
"""A phrase of up to five words may stand 30 times in a row (empty cells, zeros); beyond, it is a loop."""
_LONG_REPEATS = 6
"""A longer phrase may stand six times in a row."""
_LONG_WORD = 240
_WORD_LOOP = re.compile(r"(.{1,20}?)\1{40,}")


@dataclass(frozen=True, slots=True)
class Loop:
    """A phrase and how often it stands in a row."""

    phrase: str
    repeats: int


def find_loop(tokens: Sequence[str]) -> Loop | None:
    """Return the longest loop in `tokens`, or None.

    The limits follow what is published of other systems: n-grams of one to five words more than 30 times,
    longer ones a few times. Works in time linear in the number of tokens.
    """
    for token in tokens:
        if len(token) >= _LONG_WORD and (match := _WORD_LOOP.search(token)):
            return Loop(match[1], len(match[0]) // len(match[1]))
    if len(tokens) < _GRAM * _LONG_REPEATS:
        return None
    grams = list(zip(*(tokens[offset:] for offset in range(_GRAM)), strict=False))
    gram, count = Counter(grams).most_common(1)[0]
    if count <= _LONG_REPEATS:
        return None
    places = [at for at, candidate in enumerate(grams) if candidate == gram]
    return _loop_at(tokens, places)


def _loop_at(tokens: Sequence[str], places: Sequence[int]) -> Loop | None:
    best: Loop | None = None
    run_start = 0
    for at in range(1, len(places) + 1):
        period = places[run_start + 1] - places[run_start] if run_start + 1 < len(places) else 0
        if at < len(places) and places[at] - places[at - 1] == period:
            continue
        repeats = at - run_start
        if repeats > (_SHORT_REPEATS if period <= _SHORT_PERIOD else _LONG_REPEATS):
            first = places[run_start]
            found = Loop(" ".join(tokens[first : first + period]), repeats)
            if best is None or found.repeats > best.repeats:
                best = found
        run_start = at - 1 if at < len(places) and at - 1 > run_start else at
    return best
