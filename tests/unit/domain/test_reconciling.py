"""Single decisions about a submission in doubt, and what a batch that turns up is to the deck."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from batchdeck.domain.batches import RemoteBatch, RequestCounts, Submission, SubmissionState
from batchdeck.domain.reconciling import (
    Absent,
    Adopt,
    Decision,
    LookInto,
    Sighting,
    Wait,
    decide,
    probable_repetitions,
    recognise,
    worth_reading,
)

SENT = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
QUIET = 900.0
AFTER = SENT + dt.timedelta(seconds=QUIET)
BEFORE = AFTER - dt.timedelta(seconds=1)

OURS = Submission(
    key="0123456789",
    job="j1",
    state=SubmissionState.IN_DOUBT,
    created_at=SENT,
    indices=((0, 40),),
    requests=40,
    body_bytes=1,
    body_sha256="",
    watermark="msgbatch_before",
    sent_at=SENT - dt.timedelta(hours=2),
    doubted_at=SENT,
)


def batch(name: str, *, size: int = 40, ended: bool = False, at: dt.datetime = SENT) -> RemoteBatch:
    counts = RequestCounts(succeeded=size) if ended else RequestCounts(processing=size)
    return RemoteBatch(
        name,
        "ended" if ended else "in_progress",
        counts,
        at,
        at + dt.timedelta(days=1),
        at + dt.timedelta(minutes=5) if ended else None,
        has_results=ended,
    )


def ask(
    *listing: RemoteBatch,
    submission: Submission = OURS,
    now: dt.datetime = AFTER,
    taken: tuple[str, ...] = (),
    nonces: dict[str, str] | None = None,
    exclusive: bool = False,
    rivals: tuple[Submission, ...] = (),
    is_complete: bool = True,
) -> Decision:
    return decide(
        submission,
        listing,
        taken=taken,
        nonces=nonces or {},
        now=now,
        quiet_seconds=QUIET,
        exclusive=exclusive,
        rivals=rivals,
        is_complete=is_complete,
    )


def test_nothing_listed_is_waited_out_and_then_absent() -> None:
    assert ask(now=BEFORE) == Wait(AFTER, "no batch could be it yet; one may still appear")
    assert isinstance(ask(now=AFTER), Absent)


def test_the_quiet_period_runs_from_the_end_of_sending() -> None:
    """A large body may take longer to send than the quiet period lasts."""
    assert OURS.sent_at is not None
    assert OURS.sent_at + dt.timedelta(seconds=QUIET) < BEFORE
    assert isinstance(ask(now=BEFORE), Wait)


def test_without_the_beginning_of_the_doubt_nothing_is_decided() -> None:
    with pytest.raises(ValueError, match="since when"):
        ask(submission=replace(OURS, doubted_at=None))


def test_the_oldest_candidate_is_read_first() -> None:
    decision = ask(
        batch("c", ended=True), batch("b", ended=True, size=39), batch("a", ended=True), now=BEFORE
    )
    assert decision == LookInto(("a", "c"))


def test_a_nonce_decides_whatever_the_counts_say() -> None:
    assert ask(batch("a", size=7, ended=True), nonces={"a": OURS.key}) == Adopt("a")
    assert isinstance(ask(batch("a", ended=True), nonces={"a": ""}), Absent)
    assert isinstance(ask(batch("a", ended=True), nonces={"a": OURS.key}, taken=("a",)), Absent)


def test_a_running_candidate_is_waited_for_until_it_must_have_ended() -> None:
    running = batch("a")
    assert ask(running) == Wait(
        running.expires_at, "batch a could be it; its results will tell when it has ended", ("a",)
    )


def test_a_batch_whose_counts_are_not_filled_in_yet_is_a_candidate() -> None:
    assert isinstance(ask(batch("a", size=0)), Wait)
    assert isinstance(ask(batch("a", size=39)), Absent)


def test_a_batch_of_another_submission_is_no_candidate() -> None:
    assert isinstance(ask(batch("a"), taken=("a",)), Absent)


def test_after_the_quiet_period_later_batches_are_not_waited_for() -> None:
    first = ask(batch("a"))
    assert isinstance(first, Wait)
    assert first.suspects == ("a",)
    frozen = replace(OURS, suspects=first.suspects)
    later = AFTER + dt.timedelta(hours=1)
    still = ask(batch("c"), batch("b"), batch("a"), submission=frozen, now=later)
    assert isinstance(still, Wait)
    assert still.suspects is None
    assert "batch a" in still.reason
    ended = ask(batch("c"), batch("a", ended=True), submission=frozen, now=later)
    assert ended == LookInto(("a",))
    foreign = ask(batch("c"), batch("a", ended=True), submission=frozen, now=later, nonces={"a": ""})
    assert isinstance(foreign, Absent)


def test_the_suspects_are_fixed_although_some_must_be_read_first() -> None:
    """Or a neighbour whose batches end all the time would put the moment off for ever."""
    assert ask(batch("b"), batch("a", ended=True)) == LookInto(("a",), ("a", "b"))


def test_a_suspect_that_was_deleted_is_not_waited_for() -> None:
    assert isinstance(ask(submission=replace(OURS, suspects=("a",))), Absent)


def test_a_list_that_was_not_walked_to_its_end_proves_nothing() -> None:
    undecided = ask(batch("b", size=3), is_complete=False)
    assert isinstance(undecided, Wait)
    assert undecided.suspects is None
    assert isinstance(ask(submission=replace(OURS, suspects=("a",)), is_complete=False), Wait)


def test_an_ended_batch_without_results_may_only_not_have_them_yet() -> None:
    fresh = replace(batch("a", ended=True), has_results=False)
    assert isinstance(ask(fresh), Wait)
    assert isinstance(ask(replace(fresh, archived_at=AFTER)), Absent)
    assert isinstance(ask(fresh, now=SENT + dt.timedelta(days=29)), Absent)


def test_an_exclusive_workspace_needs_no_proof_but_no_doubt_either() -> None:
    assert ask(batch("a"), exclusive=True, now=BEFORE) == Adopt("a")
    assert isinstance(ask(batch("b"), batch("a"), exclusive=True), Wait)
    assert ask(batch("a", ended=True), exclusive=True, now=BEFORE) == LookInto(("a",))


def test_in_an_exclusive_workspace_two_submissions_of_one_size_are_told_apart_by_nonces() -> None:
    rival = replace(OURS, key="abcdef0123")
    assert isinstance(ask(batch("a"), exclusive=True, rivals=(rival,)), Wait)
    assert isinstance(ask(batch("a"), exclusive=True, rivals=(replace(rival, requests=39),)), Adopt)
    assert isinstance(ask(batch("a"), exclusive=True, rivals=(OURS,)), Adopt)


ABSENT = replace(OURS, state=SubmissionState.ABSENT)
LATER = replace(
    OURS,
    key="abcdef0123",
    state=SubmissionState.SUBMITTED,
    batch_id="second",
    created_at=SENT + dt.timedelta(hours=1),
    indices=((20, 60),),
)


@pytest.mark.parametrize(
    ("submissions", "sighting"),
    [
        ([], Sighting.FOREIGN),
        ([LATER], Sighting.FOREIGN),
        ([replace(OURS, state=SubmissionState.SUBMITTED, batch_id="found")], Sighting.OWN),
        ([replace(OURS, state=SubmissionState.SUBMITTED, batch_id="first")], Sighting.DUPLICATE),
        ([OURS], Sighting.LATE),
        ([replace(OURS, state=SubmissionState.SENDING)], Sighting.LATE),
        ([ABSENT], Sighting.LATE),
        ([ABSENT, LATER], Sighting.DUPLICATE),
        ([ABSENT, replace(LATER, indices=((40, 60),))], Sighting.LATE),
        ([ABSENT, replace(LATER, job="j2")], Sighting.LATE),
        ([ABSENT, replace(LATER, state=SubmissionState.REJECTED)], Sighting.LATE),
        ([ABSENT, replace(LATER, created_at=SENT - dt.timedelta(1))], Sighting.LATE),
        ([replace(OURS, state=SubmissionState.PREPARED)], Sighting.DUPLICATE),
        ([replace(OURS, state=SubmissionState.REJECTED)], Sighting.DUPLICATE),
        ([replace(OURS, state=SubmissionState.DISCARDED)], Sighting.DUPLICATE),
    ],
)
def test_what_a_batch_that_turned_up_is(submissions: list[Submission], sighting: Sighting) -> None:
    assert recognise("found", OURS.key, submissions) is sighting


def test_only_unknown_ended_batches_of_a_size_that_was_sent_are_worth_reading() -> None:
    listing = [
        batch("e"),
        batch("d", ended=True, size=39),
        batch("c", ended=True),
        replace(batch("b", ended=True), has_results=False),
        batch("a", ended=True),
    ]
    assert worth_reading(listing, [OURS], {"a"}) == ("c",)
    assert worth_reading(listing, [replace(OURS, sent_at=None)], set()) == ()


SETTLED = replace(OURS, state=SubmissionState.ABSENT, sent_at=SENT)


def test_a_batch_under_way_of_the_size_of_what_was_in_doubt_probably_repeats_it() -> None:
    later = SENT + dt.timedelta(hours=1)
    assert probable_repetitions([batch("late", at=later)], [SETTLED], ()) == {"late": OURS.key}
    adopted = replace(SETTLED, state=SubmissionState.SUBMITTED, batch_id="own")
    assert probable_repetitions([batch("late", at=later)], [adopted], {"own"}) == {"late": OURS.key}


@pytest.mark.parametrize(
    ("listed", "submissions"),
    [
        (batch("other size", size=41), [SETTLED]),
        (batch("ended", ended=True), [SETTLED]),
        (batch("before it", at=SENT - dt.timedelta(hours=1)), [SETTLED]),
        (batch("known"), [SETTLED]),
        (batch("never in doubt"), [replace(SETTLED, state=SubmissionState.SUBMITTED, doubted_at=None)]),
        (batch("of either"), [SETTLED, replace(SETTLED, key="9876543210")]),
        (batch("perhaps of another"), [SETTLED, replace(OURS, key="9876543210")]),
        (batch("on its way"), [SETTLED, replace(OURS, key="9876543210", state=SubmissionState.SENDING)]),
    ],
)
def test_what_could_be_something_else_is_not_suspected(
    listed: RemoteBatch, submissions: list[Submission]
) -> None:
    assert probable_repetitions([listed], submissions, {"known"}) == {}
