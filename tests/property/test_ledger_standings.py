"""Which attempt counts, over columns: the same as the domain's rule over attempts, for any history."""

from __future__ import annotations

from array import array
from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from batchdeck.domain.batches import Archive, Submission, SubmissionState, ranges_of
from batchdeck.domain.outcomes import Outcome
from batchdeck.domain.pages import Attempt, page_outcome, standing_attempt
from batchdeck.store.index import CODE_OF, BatchIndex
from batchdeck.store.standings import NO_TURN, Standings
from batchdeck.store.turns import Turn
from tests.unit.store import made

PAGES = 8
JUDGED = [outcome for outcome in Outcome if outcome is not Outcome.PENDING]
histories = st.lists(
    st.none() | st.just("gone") | st.dictionaries(st.integers(0, PAGES - 1), st.sampled_from(JUDGED)),
    max_size=5,
)
claims = st.lists(st.integers(0, PAGES - 1), min_size=1, unique=True).map(sorted)


def index_of(rows: Mapping[int, Outcome]) -> BatchIndex:
    pages = sorted(rows)
    columns = {name: array("I", [0] * len(pages)) for name in ("input", "output", "cache_read")}
    columns |= {name: columns["input"] for name in ("cache_write_5m", "cache_write_1h")}
    columns["page"] = array("i", pages)
    columns["outcome"] = array("B", (CODE_OF[rows[page]] for page in pages))
    return BatchIndex(columns, {}, "ab" * 32, 1)


def turn_of(number: int, claimed: list[int], results: Mapping[int, Outcome] | str | None) -> Turn:
    """Return a turn: still under way, gone with its results, or archived with these rows."""
    key = f"{number:010x}"
    submission: Submission = made.submission(
        key, *ranges_of(claimed), state=SubmissionState.SUBMITTED, made=number
    )
    if isinstance(results, Mapping):
        archived = made.batch(key=key, archive=Archive("ab" * 32, 1, len(results), made.NOW))
        return Turn(submission, archived, index_of({p: o for p, o in results.items() if p in claimed}))
    return Turn(submission, made.batch(key=key, gone=results == "gone"), None)


@given(histories, st.data())
def test_columns_say_what_the_rule_says(
    history: list[Mapping[int, Outcome] | str | None], data: st.DataObject
) -> None:
    turns = [turn_of(number, data.draw(claims), results) for number, results in enumerate(history)]
    standings = Standings(PAGES, turns)
    for page in range(PAGES):
        attempts = [
            Attempt("", turn.submission.key, None, number, outcome_in(turn, page))
            for number, turn in enumerate(turns, 1)
            if turn.has_page(page)
        ]
        standing = standing_attempt(attempts)
        place = standings.turns[page]
        assert standings.outcomes[page] == CODE_OF[page_outcome(attempts)]
        assert standings.attempts[page] == len(attempts)
        if standing is None:
            assert place == NO_TURN
        else:
            assert turns[place].submission.key == standing.submission


def outcome_in(turn: Turn, page: int) -> Outcome:
    row = turn.index.row_of(page) if turn.index is not None else None
    return turn.rest if row is None or turn.index is None else turn.index.outcome(row)


@given(st.lists(claims, max_size=4), st.data())
def test_tallies_and_searches_agree_with_the_pages(claimed: list[list[int]], data: st.DataObject) -> None:
    rows = st.dictionaries(st.integers(0, PAGES - 1), st.sampled_from(JUDGED))
    turns = [turn_of(number, pages, data.draw(rows)) for number, pages in enumerate(claimed)]
    standings = Standings(PAGES, turns)
    scope = ranges_of(sorted(data.draw(st.sets(st.integers(0, PAGES - 1)))))
    inside = [page for start, stop in scope for page in range(start, stop)]
    tally = standings.tally(scope)
    assert sum(tally.values()) == len(inside)
    for outcome in Outcome:
        found = standings.where(scope, {outcome})
        assert found == [page for page in inside if standings.outcomes[page] == CODE_OF[outcome]]
        assert tally.get(outcome, 0) == len(found)
