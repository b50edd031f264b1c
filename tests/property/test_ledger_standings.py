"""Which attempt counts, over columns: the same as the rule over attempts says, for any history."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence

from hypothesis import given
from hypothesis import strategies as st

from batchdeck.domain.batches import Archive, Submission, SubmissionState, ranges_of
from batchdeck.domain.outcomes import Outcome
from batchdeck.domain.pages import Attempt
from batchdeck.store.index import CODE_OF, OUTCOMES, BatchIndex
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


def standing_attempt(attempts: Sequence[Attempt]) -> Attempt | None:
    """The rule, for one page: the newest good one, else the newest that is not pending, else the newest."""
    for attempt in reversed(attempts):
        if attempt.outcome.is_good:
            return attempt
    for attempt in reversed(attempts):
        if attempt.outcome is not Outcome.PENDING:
            return attempt
    return attempts[-1] if attempts else None


def page_outcome(attempts: Sequence[Attempt]) -> Outcome:
    """The rule, for one page: a good attempt's, else pending while one is under way, else the newest's."""
    standing = standing_attempt(attempts)
    if standing is None:
        return Outcome.PENDING
    if standing.outcome.is_good:
        return standing.outcome
    return Outcome.PENDING if attempts[-1].outcome is Outcome.PENDING else standing.outcome


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


def stand(*outcomes: Outcome) -> tuple[int | None, Outcome]:
    """Return which attempt of a page counts (1 for the first), and the page's outcome."""
    results = (None if outcome is Outcome.PENDING else {0: outcome} for outcome in outcomes)
    standings = Standings(1, [turn_of(number, [0], rows) for number, rows in enumerate(results)])
    return standings.turns[0] + 1 or None, OUTCOMES[standings.outcomes[0]]


def test_the_newest_good_attempt_counts() -> None:
    assert stand(Outcome.OK, Outcome.OK_REPAIRED, Outcome.TRUNCATED) == (2, Outcome.OK_REPAIRED)


def test_without_a_good_one_the_newest_counts_and_one_under_way_is_pending() -> None:
    assert stand(Outcome.REFUSED, Outcome.TRUNCATED) == (2, Outcome.TRUNCATED)
    assert stand(Outcome.REFUSED, Outcome.PENDING) == (1, Outcome.PENDING)


def test_a_page_that_was_never_sent_is_pending() -> None:
    assert stand() == (None, Outcome.PENDING)
    assert stand(Outcome.PENDING) == (1, Outcome.PENDING)


@given(st.lists(st.sampled_from(list(Outcome)), max_size=4))
def test_a_good_page_never_becomes_bad_again(outcomes: list[Outcome]) -> None:
    if stand(*outcomes)[1].is_good:
        assert all(stand(*outcomes, more)[1].is_good for more in Outcome)
