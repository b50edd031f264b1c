"""What the home screen says of batches and submissions, and what it puts first."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from batchdeck.domain.batch_rows import RowKeeper, batch_rows
from batchdeck.domain.batches import (
    Archive,
    Batch,
    Job,
    RemoteBatch,
    RequestCounts,
    Submission,
    SubmissionState,
)
from batchdeck.domain.outcomes import Outcome
from batchdeck.domain.overview import BatchStatus, JobState, banner, by_need, job_state, totals

NOW = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
JOB = Job("j1", "contracts", NOW, "pdf-to-html", "claude-sonnet-5-5", 4_096, (), 40)


def hours(number: float) -> dt.timedelta:
    return dt.timedelta(hours=number)


def submission(key: str = "aaaaaaaaaa", **changes: object) -> Submission:
    made = Submission(
        key=key,
        job="j1",
        state=SubmissionState.SUBMITTED,
        created_at=NOW - hours(1),
        indices=((0, 40),),
        requests=40,
        body_bytes=1,
        body_sha256="",
        reserved_usd=0.5,
        batch_id=f"msgbatch_{key}",
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def batch(sent: Submission | None = None, *, status: str = "in_progress", **changes: object) -> Batch:
    sent = submission() if sent is None else sent
    created = NOW - hours(1)
    remote = RemoteBatch(
        sent.batch_id or "", status, RequestCounts(processing=40), created, created + hours(24)
    )
    made = Batch(remote.id, sent.key, "j1", remote, sent)
    return replace(made, **changes)  # type: ignore[arg-type]


ARCHIVE = Archive("0" * 64, 9, 40, NOW)


def archived(sent: Submission | None = None, *, failed: int = 0) -> Batch:
    outcomes = {Outcome.OK: 40 - failed} | ({Outcome.TRUNCATED: failed} if failed else {})
    return batch(sent, status="ended", archive=ARCHIVE, outcomes=outcomes, cost=0.4)


def status_of(one: Batch, *others: Submission) -> BatchStatus:
    sent = [one.submission] if one.submission else []
    rows = batch_rows({"j1": JOB}, [*sent, *others], [one], NOW)
    return next(row.status for row in rows if row.key == one.key)


def test_the_status_of_a_batch() -> None:
    assert status_of(batch()) is BatchStatus.RUNNING
    assert status_of(batch(status="canceling")) is BatchStatus.CANCELING
    assert status_of(batch(status="something_newer")) is BatchStatus.RUNNING
    assert status_of(batch(status="ended")) is BatchStatus.COLLECTING
    assert status_of(archived()) is BatchStatus.DONE
    assert status_of(archived(failed=3)) is BatchStatus.FAILED
    assert status_of(batch(gone=True)) is BatchStatus.GONE
    assert status_of(batch(duplicate_of="bbbbbbbbbb")) is BatchStatus.DUPLICATE


def test_results_that_are_not_on_this_disk_become_a_risk_on_day_20() -> None:
    old = batch(status="ended")
    for days, status in [(19, BatchStatus.COLLECTING), (20, BatchStatus.AT_RISK)]:
        remote = replace(old.remote, created_at=NOW - dt.timedelta(days=days))
        assert status_of(replace(old, remote=remote)) is status
    remote = replace(old.remote, created_at=NOW - dt.timedelta(days=28))
    assert status_of(replace(old, remote=remote, archive=ARCHIVE)) is BatchStatus.DONE


def test_failures_that_a_retry_has_taken_up_no_longer_need_a_hand() -> None:
    first = submission()
    again = submission("bbbbbbbbbb", indices=((0, 3),), requests=3, lineage=(first.key,))
    assert status_of(archived(first, failed=3), again) is BatchStatus.RETRIED
    assert status_of(archived(first, failed=5), again) is BatchStatus.FAILED
    refused = replace(again, state=SubmissionState.REJECTED)
    assert status_of(archived(first, failed=3), refused) is BatchStatus.FAILED


@pytest.mark.parametrize(
    ("state", "status"),
    [
        (SubmissionState.PREPARED, BatchStatus.PREPARED),
        (SubmissionState.SENDING, BatchStatus.SENDING),
        (SubmissionState.IN_DOUBT, BatchStatus.IN_DOUBT),
        (SubmissionState.REJECTED, BatchStatus.REJECTED),
        (SubmissionState.ABSENT, BatchStatus.ABSENT),
    ],
)
def test_a_submission_without_a_batch_has_a_row_of_its_own(
    state: SubmissionState, status: BatchStatus
) -> None:
    rows = batch_rows({"j1": JOB}, [submission(state=state, batch_id=None)], [], NOW)
    assert [(row.key, row.id, row.status, row.job_name) for row in rows] == [
        ("aaaaaaaaaa", "", status, "contracts")
    ]


def test_a_discarded_submission_has_none() -> None:
    gone = submission(state=SubmissionState.DISCARDED, batch_id=None)
    assert batch_rows({"j1": JOB}, [gone], [], NOW) == []


def test_what_came_to_nothing_and_was_sent_again_is_not_asked_about_any_more() -> None:
    absent = submission(state=SubmissionState.ABSENT, batch_id=None)
    again = submission("bbbbbbbbbb", created_at=NOW)
    rows = batch_rows({"j1": JOB}, [absent, again], [batch(again)], NOW)
    assert {row.key: row.status for row in rows} == {
        "aaaaaaaaaa": BatchStatus.RETRIED,
        "bbbbbbbbbb": BatchStatus.RUNNING,
    }


def test_a_batch_made_elsewhere_says_so() -> None:
    foreign = replace(batch(), job=None, submission=None)
    row = batch_rows({}, [], [foreign], NOW)[0]
    assert (row.job_name, row.requests, row.estimate) == ("(made elsewhere)", 40, None)


def test_what_needs_a_hand_comes_first_then_what_is_open_each_newest_first() -> None:
    made = [
        archived(submission("done000000")),
        batch(submission("open000000")),
        archived(submission("fail000000"), failed=1),
    ]
    older = batch(submission("older00000"))
    older = replace(older, remote=replace(older.remote, created_at=NOW - hours(5)))
    rows = by_need(batch_rows({"j1": JOB}, [], [*made, older], NOW))
    assert [row.key for row in rows] == ["fail000000", "open000000", "older00000", "done000000"]


def test_the_header_adds_up() -> None:
    doubtful = submission("doubt00000", state=SubmissionState.IN_DOUBT, batch_id=None)
    made = [archived(submission("a"), failed=3), batch(submission("b"))]
    total = totals(batch_rows({"j1": JOB}, [doubtful], made, NOW))
    assert total.open_batches == 2
    assert total.pages_in_flight == 80
    assert total.pages_failed == 3
    assert total.spent == pytest.approx(0.4)
    assert total.open_estimate == pytest.approx(1.0)
    assert (total.in_doubt, total.at_risk) == (1, 0)


@pytest.mark.parametrize(
    ("outcomes", "states", "unsent", "state"),
    [
        ({Outcome.OK: 40}, [SubmissionState.SUBMITTED], 0, JobState.COMPLETE),
        ({Outcome.OK: 39, Outcome.REFUSED: 1}, [SubmissionState.SUBMITTED], 0, JobState.FAILURES),
        ({Outcome.OK: 39, Outcome.REFUSED: 0}, [SubmissionState.SUBMITTED], 0, JobState.COMPLETE),
        ({Outcome.OK: 39, Outcome.PENDING: 1}, [SubmissionState.SUBMITTED], 0, JobState.RUNNING),
        ({Outcome.PENDING: 40}, [SubmissionState.SUBMITTED], 3, JobState.UNSENT),
        ({Outcome.PENDING: 40}, [SubmissionState.PREPARED], 0, JobState.UNSENT),
        ({Outcome.PENDING: 40}, [SubmissionState.IN_DOUBT], 3, JobState.IN_DOUBT),
        ({Outcome.PENDING: 40}, [SubmissionState.SENDING], 0, JobState.IN_DOUBT),
    ],
)
def test_where_a_job_stands(
    outcomes: dict[Outcome, int], states: list[SubmissionState], unsent: int, state: JobState
) -> None:
    assert (
        job_state(replace(JOB, outcomes=outcomes), [submission(state=each) for each in states], unsent)
        is state
    )


def test_what_others_made_is_shown_without_pages_or_costs_of_ours() -> None:
    strange = replace(archived(failed=3), key="msgbatch_x", job=None, submission=None)
    (row,) = batch_rows({"j1": JOB}, [], [strange], NOW)
    assert (row.job_name, row.status, row.good, row.failed) == (
        "(made elsewhere)",
        BatchStatus.DONE,
        37,
        None,
    )
    sums = totals([row])
    assert (sums.spent, sums.pages_failed) == (0.0, 0)


def test_a_second_acceptance_is_shown_under_its_job_with_what_it_costs() -> None:
    late = replace(archived(), key="msgbatch_x", job=None, submission=None, duplicate_of="aaaaaaaaaa")
    rows = batch_rows({"j1": JOB}, [submission()], [late], NOW)
    (row,) = [row for row in rows if row.key == "msgbatch_x"]
    assert (row.job_name, "a second time" in row.note) == ("contracts", True)
    assert totals([row]).spent == 0.4


def test_the_banner_says_what_is_known_and_what_to_do() -> None:
    doubtful = submission("bbbbbbbbbb", state=SubmissionState.IN_DOUBT, batch_id=None)
    sending = submission("cccccccccc", state=SubmissionState.SENDING, batch_id=None)
    running = batch(duplicate_of="dddddddddd")
    calm, sums = (
        totals(batch_rows({"j1": JOB}, submissions, batches, NOW))
        for submissions, batches in (([sending], []), ([doubtful, submission()], [running]))
    )
    assert banner("", calm) == [], "what is on its way is not in doubt"
    held, twice, doubt = banner("Your credit balance is too low.", sums)
    assert (held.count(".."), "mended" in held) == (0, True)
    assert ("1 batch repeats" in twice, "cancel" in twice) == (True, True)
    assert ("not known whether the API took 1 submission" in doubt, "reconcile" in doubt) == (True, True)


def test_rows_are_made_anew_only_where_what_they_are_made_of_has_changed() -> None:
    keeper = RowKeeper()
    sent = [submission(f"{number:010d}") for number in range(50)]
    batches = [archived(one, failed=2) for one in sent]
    running = submission("running000")
    jobs = {"j1": JOB}

    def rows(now: dt.datetime = NOW) -> dict[str, object]:
        made = keeper.rows(jobs, [*sent, running], [*batches, batch(running)], now)
        assert made == batch_rows(jobs, [*sent, running], [*batches, batch(running)], now)
        return {row.key: row for row in made}

    def changed(before: dict[str, object], after: dict[str, object]) -> set[str]:
        return {key for key, row in after.items() if row is not before.get(key)} - {running.key}

    first = rows()
    assert changed(first, rows()) == set()
    batches[7] = archived(sent[7])
    second = rows()
    assert changed(first, second) == {sent[7].key}
    sent.append(submission("retry00000", lineage=(sent[3].key,), indices=((0, 2),), batch_id=None))
    third = rows()
    assert changed(second, third) == {sent[3].key, "retry00000"}
    late = rows(NOW + dt.timedelta(days=30))
    assert changed(third, late) == {"retry00000"}
    jobs["j1"] = replace(JOB, name="leases")
    assert changed(late, rows()) == {row.key for row in sent}
    batches.pop()
    assert len(rows()) == 51


def test_a_submission_that_failed_is_taken_up_only_by_its_own_job() -> None:
    absent = submission("absent0000", state=SubmissionState.ABSENT, batch_id=None)
    later = submission("later00000", job="j2", created_at=NOW)
    rows = batch_rows({"j1": JOB}, [absent, later], [batch(later)], NOW)
    assert [row.status for row in rows if row.key == absent.key] == [BatchStatus.ABSENT]
