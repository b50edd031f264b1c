"""Which attempt of each page counts, worked out turn by turn over compact arrays."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from batchdeck.domain.outcomes import GOOD, Outcome
from batchdeck.store.index import CODE_OF, OUTCOMES, BatchIndex
from batchdeck.store.turns import Turn

_PENDING = CODE_OF[Outcome.PENDING]
_IS_GOOD = bytes(outcome in GOOD for outcome in OUTCOMES)
NO_TURN = -1
_BLOCK = 1_024
"""Pages that are compared in one step."""
Scope = tuple[tuple[int, int], ...]
"""Ascending half-open ranges of global indices."""


class Standings:
    """Outcome, number of attempts and standing turn of every page: 7 bytes a page.

    The attempt that counts is the newest good one, else the newest one that is not pending, else the newest.
    A page's outcome is a good attempt's, else pending while one is under way, else the newest's. Both are
    worked out one turn after the other, from oldest to newest.
    """

    def __init__(self, pages: int, turns: Sequence[Turn]) -> None:
        self.outcomes = bytearray([_PENDING]) * pages
        """Code of each page's outcome."""
        self.attempts: array[int] = array("H", bytes(2 * pages))
        self.turns: array[int] = array("i", [NO_TURN]) * pages
        """Place in `turns` of the attempt that counts, or `NO_TURN`."""
        for place, turn in enumerate(turns):
            for start, stop in turn.submission.indices:
                self._apply(place, turn, turns, start, min(stop, pages))

    def tally(self, scope: Scope) -> dict[Outcome, int]:
        """Count the pages of some ranges by outcome."""
        counts = {
            outcome: sum(self.outcomes.count(code, start, stop) for start, stop in scope)
            for code, outcome in enumerate(OUTCOMES)
        }
        return {outcome: count for outcome, count in counts.items() if count}

    def where(self, scope: Scope, outcomes: Iterable[Outcome]) -> list[int]:
        """Return the pages of some ranges that have one of these outcomes, ascending."""
        wanted = {CODE_OF[outcome] for outcome in outcomes}
        return [
            index
            for start, stop in scope
            for index, code in enumerate(self.outcomes[start:stop], start)
            if code in wanted
        ]

    def _apply(self, place: int, turn: Turn, turns: Sequence[Turn], start: int, stop: int) -> None:
        codes = _codes(turn.index, CODE_OF[turn.rest], start, stop)
        if not any(self.attempts[start:stop]):
            self.outcomes[start:stop] = codes
            self.attempts[start:stop] = array("H", [1]) * (stop - start)
            self.turns[start:stop] = array("i", [place]) * (stop - start)
            return
        for index, code in enumerate(codes, start):
            self.attempts[index] += 1
            if _IS_GOOD[code] or self.turns[index] == NO_TURN:
                self.outcomes[index], self.turns[index] = code, place
            elif not _IS_GOOD[self.outcomes[index]]:
                self.outcomes[index] = code
                if code != _PENDING or turns[self.turns[index]].rest is Outcome.PENDING:
                    self.turns[index] = place


@dataclass(frozen=True, slots=True)
class Moment:
    """The pages of a table as they stand at one moment."""

    turns: tuple[Turn, ...]
    """From oldest to newest."""
    standings: Standings
    scope: Scope
    """The pages of the table, which may be some of the job's."""
    starts: tuple[int, ...]
    """Position of the first page of each range of the scope; last of all, how many pages there are."""
    runs: tuple[tuple[int, int, Turn | None], ...]
    """The pages of the scope as ranges that share a standing turn, None for pages that had none."""

    @classmethod
    def of(cls, turns: Sequence[Turn], scope: Scope, pages: int) -> Moment:
        """Work out how pages stand, given how many the job has."""
        starts = (0, *accumulate(stop - start for start, stop in scope))
        standings = Standings(pages, turns)
        return cls(tuple(turns), standings, scope, starts, tuple(_runs(scope, standings.turns, turns)))

    def index_at(self, position: int) -> int:
        """Return the global index of the page at a position.

        Raises:
            IndexError: there is no such position.
        """
        if not 0 <= position < self.starts[-1]:
            raise IndexError(position)
        place = bisect_right(self.starts, position) - 1
        return self.scope[place][0] + position - self.starts[place]


def _runs(scope: Scope, places: array[int], turns: Sequence[Turn]) -> Iterator[tuple[int, int, Turn | None]]:
    for start, stop in scope:
        at = start
        while at < stop:
            place, begin = places[at], at
            if places[min(at + _BLOCK, stop) - 1] == place:
                block = array(places.typecode, [place]) * _BLOCK
                while at + _BLOCK <= stop and places[at : at + _BLOCK] == block:
                    at += _BLOCK
            while at < stop and places[at] == place:
                at += 1
            yield begin, at, None if place == NO_TURN else turns[place]


def _codes(index: BatchIndex | None, rest: int, start: int, stop: int) -> bytes:
    """Return the outcome code of each page from `start` to `stop` in one turn."""
    if index is None:
        return bytes([rest]) * (stop - start)
    first, last = index.span(start, stop)
    if last - first == stop - start:
        return index.outcome_codes[first:last]
    codes = bytearray([rest]) * (stop - start)
    for row in range(first, last):
        codes[index.pages[row] - start] = index.outcome_codes[row]
    return bytes(codes)
