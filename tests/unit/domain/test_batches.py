"""The life of a submission and the dates of a batch."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from batchdeck.domain.batches import (
    SUBMISSION_MOVES,
    Archive,
    Batch,
    DocumentRef,
    RemoteBatch,
    RequestCounts,
    SubmissionState,
    documents_within,
    ranges_overlap,
)
from batchdeck.domain.documents import Sha256

CREATED = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
REMOTE = RemoteBatch("b", "in_progress", RequestCounts(3), CREATED, CREATED + dt.timedelta(days=1))
BATCH = Batch("b", "b", None, REMOTE)


def test_every_state_has_its_moves_and_a_batch_once_found_stays_found() -> None:
    assert set(SUBMISSION_MOVES) == set(SubmissionState)
    assert not SUBMISSION_MOVES[SubmissionState.SUBMITTED]


def reachable(state: SubmissionState) -> set[SubmissionState]:
    found: set[SubmissionState] = set()
    ahead = [state]
    while ahead:
        for after in SUBMISSION_MOVES[ahead.pop()] - found:
            found.add(after)
            ahead.append(after)
    return found


def test_every_state_is_reached_and_from_doubt_there_is_no_way_back_to_sending() -> None:
    assert reachable(SubmissionState.PREPARED) >= set(SubmissionState) - {SubmissionState.PREPARED}
    assert reachable(SubmissionState.IN_DOUBT) == {SubmissionState.SUBMITTED, SubmissionState.ABSENT}


@pytest.mark.parametrize("state", list(SubmissionState))
def test_pages_are_held_until_it_is_sure_that_nothing_came_of_it(state: SubmissionState) -> None:
    is_settled_without_a_batch = state in {
        SubmissionState.REJECTED,
        SubmissionState.ABSENT,
        SubmissionState.DISCARDED,
    }
    assert state.holds_pages is not is_settled_without_a_batch


def test_results_vanish_29_days_after_the_batch_was_made() -> None:
    assert BATCH.results_vanish_at == dt.datetime(2026, 11, 30, tzinfo=dt.UTC)


def test_results_are_at_risk_from_day_20_until_they_are_here() -> None:
    day_20 = CREATED + dt.timedelta(days=20)
    assert not BATCH.is_at_risk(day_20 - dt.timedelta(seconds=1))
    assert BATCH.is_at_risk(day_20)
    assert not replace(BATCH, archive=Archive("0", 1, 3, day_20)).is_at_risk(day_20)
    assert not replace(BATCH, gone=True).is_at_risk(day_20)


def test_a_batch_is_open_until_the_api_says_that_it_has_ended() -> None:
    assert BATCH.is_open
    assert replace(BATCH, remote=replace(REMOTE, status="something_newer")).is_open
    assert not replace(BATCH, remote=replace(REMOTE, status="ended")).is_open
    assert not replace(BATCH, gone=True).is_open


def test_counts_add_up() -> None:
    assert RequestCounts(1, 2, 3, 4, 5).total == 15


def test_the_documents_of_a_batch_are_those_it_has_a_page_of() -> None:
    documents = [DocumentRef(Sha256("0" * 64), f"{n}.pdf", "", n * 10, 10, 10) for n in range(6)]
    for ranges in ((), ((0, 60),), ((9, 11), (30, 31), (59, 60)), ((20, 30),), ((5, 6), (8, 10), (40, 55))):
        own = [ref for ref in documents if ranges_overlap(((ref.first_index, ref.first_index + 10),), ranges)]
        assert list(documents_within(documents, ranges)) == own
