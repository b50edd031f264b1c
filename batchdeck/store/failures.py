"""The failed pages of a table grouped by cause, read off columns: no row is made of any of them."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import compress

from batchdeck.domain.outcomes import Outcome, Remedy, remedy
from batchdeck.domain.pages import FailureGroup
from batchdeck.store.index import OUTCOMES
from batchdeck.store.standings import Moment, Standings
from batchdeck.store.turns import Turn

HAS_FAILED = bytes(outcome.is_failure for outcome in OUTCOMES).ljust(256, b"\0")
"""By code of an outcome: 1 where it is a failure."""
_NO_ROW = -1


@dataclass(slots=True)
class _Group:
    """Pages with one cause."""

    example: str
    pages: array[int] = field(default_factory=lambda: array("I"))
    max_tokens: int = 0


def failure_groups(moment: Moment) -> list[FailureGroup]:
    """Group the failed pages by cause and by what it calls for, the largest group first."""
    groups: dict[tuple[Outcome, str, Remedy], _Group] = {}
    for start, stop, turn in moment.runs:
        if turn is not None:
            _add_run(groups, moment.standings, start, stop, turn)
    found = [
        FailureGroup(*cause, tuple(group.pages), group.max_tokens, group.example)
        for cause, group in groups.items()
    ]
    return sorted(found, key=lambda group: len(group.pages), reverse=True)


def _add_run(
    groups: dict[tuple[Outcome, str, Remedy], _Group],
    standings: Standings,
    start: int,
    stop: int,
    turn: Turn,
) -> None:
    failed = bytes(standings.outcomes[start:stop]).translate(HAS_FAILED)
    tokens = _tokens_by_page(turn)
    seen: dict[tuple[int, int, int, int], _Group] = {}
    for page, error, detail in _causes(turn, start, stop, failed):
        code, attempts = standings.outcomes[page], standings.attempts[page]
        key = code, error, detail, attempts
        group = seen.get(key)
        if group is None:
            group = seen[key] = _group_of(groups, OUTCOMES[code], turn, error, detail, attempts)
        group.pages.append(page)
        group.max_tokens = max(group.max_tokens, tokens(page))


def _causes(turn: Turn, start: int, stop: int, failed: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield the failed pages of a run, each with the numbers of its error and its detail in the index."""
    pages, index = compress(range(start, stop), failed), turn.index
    if index is None:
        yield from ((page, _NO_ROW, _NO_ROW) for page in pages)
        return
    errors, details = index.column("error_type"), index.column("detail")
    for page in pages:
        row = index.row_of(page)
        yield (page, _NO_ROW, _NO_ROW) if row is None else (page, errors[row], details[row])


def _tokens_by_page(turn: Turn) -> Callable[[int], int]:
    parts = turn.submission.parts
    if len(parts) == 1:
        most = parts[0].max_tokens
        return lambda page: most
    return lambda page: turn.part_of(page).max_tokens


def _group_of(
    groups: dict[tuple[Outcome, str, Remedy], _Group],
    outcome: Outcome,
    turn: Turn,
    error: int,
    detail: int,
    attempts: int,
) -> _Group:
    index = turn.index
    error_type, says = "", turn.why_no_row
    if index is not None and error != _NO_ROW:
        error_type, says = index.texts("error_type")[error], index.texts("detail")[detail]
    calls_for = remedy(outcome, error_type, says, attempts)
    return groups.setdefault((outcome, error_type, calls_for), _Group(says))
