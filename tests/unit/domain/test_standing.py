"""Standing orders: what they do next for a job, and what they may spend."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from batchdeck.domain.batches import (
    Archive,
    Batch,
    Job,
    RemoteBatch,
    RequestCounts,
    Submission,
    SubmissionState,
)
from batchdeck.domain.costs import Estimate
from batchdeck.domain.outcomes import Outcome, Remedy
from batchdeck.domain.standing import (
    AUTO_RETRY,
    AUTOMATIC,
    INBOX,
    FailedPage,
    JobFacts,
    Orders,
    Spender,
    Step,
    archive_state,
    check_spending,
    is_open_retry,
    money_left,
    next_step,
    spent_by,
)
from batchdeck.errors import NothingToSubmit

NOON = dt.datetime(2026, 11, 28, 12, tzinfo=dt.UTC)
JOB = Job("j1", "job", NOON, "pdf-to-html", "m", 4_096, (), 10, auto_exported="before")
ALL = Orders(retries=True, attempts=3, exports=True)
FIRST = Submission(
    "a", "j1", SubmissionState.SUBMITTED, NOON, ((0, 10),), 10, 1, "", reserved_usd=1.0, order=INBOX
)


def submission(key: str, state: SubmissionState, *, order: str = AUTO_RETRY) -> Submission:
    return replace(FIRST, key=key, state=state, order=order)


def facts(
    *later: Submission,
    failed: tuple[FailedPage, ...] = (),
    unsent: int = 0,
    state: str = "now",
    settled: frozenset[str] = frozenset({"a"}),
) -> JobFacts:
    return JobFacts(JOB, (FIRST, *later), settled, unsent, failed, state)


def failed(index: int, remedy: Remedy, attempts: int = 1) -> FailedPage:
    return FailedPage(index, remedy, attempts, Outcome.ERRORED)


@pytest.mark.parametrize("remedy", [remedy for remedy in Remedy if remedy is not Remedy.NOTHING])
def test_only_what_needs_nobody_is_sent_again_unasked(remedy: Remedy) -> None:
    decision = next_step(facts(failed=(failed(4, remedy),)), ALL)
    if remedy in (Remedy.AS_IT_WAS, Remedy.MORE_TOKENS, Remedy.AS_IMAGE):
        assert (decision.step, decision.pages) == (Step.RETRY, (4,))
    else:
        assert decision.step is Step.EXPORT
        assert "1 page left for you" in decision.reason


def test_a_page_that_has_had_its_tries_is_left_and_the_others_go() -> None:
    pages = failed(1, Remedy.AS_IT_WAS, 3), failed(2, Remedy.AS_IT_WAS, 2)
    assert next_step(facts(failed=pages), ALL).pages == (2,)
    decision = next_step(facts(failed=pages[:1], state="before"), ALL)
    assert (decision.step, decision.reason) == (Step.NOTHING, "1 page left for you: 1 tried 3 times")


@pytest.mark.parametrize(
    ("later", "settled", "step"),
    [
        (submission("b", SubmissionState.SUBMITTED), {"a"}, Step.WAIT),
        (submission("b", SubmissionState.IN_DOUBT), {"a"}, Step.WAIT),
        (submission("b", SubmissionState.SENDING), {"a"}, Step.WAIT),
        (submission("b", SubmissionState.PREPARED), {"a"}, Step.SEND),
        (submission("b", SubmissionState.PREPARED, order=""), {"a"}, Step.WAIT),
        (submission("b", SubmissionState.PREPARED, order=INBOX), {"a"}, Step.WAIT),
        (submission("b", SubmissionState.SUBMITTED), {"a", "b"}, Step.RETRY),
        (submission("b", SubmissionState.REJECTED), {"a"}, Step.EXPORT),
        (submission("b", SubmissionState.ABSENT), {"a"}, Step.EXPORT),
        (submission("b", SubmissionState.REJECTED, order=""), {"a"}, Step.RETRY),
    ],
)
def test_one_thing_after_the_other(later: Submission, settled: set[str], step: Step) -> None:
    page = failed(1, Remedy.AS_IT_WAS)
    assert next_step(facts(later, failed=(page,), settled=frozenset(settled)), ALL).step is step


def test_without_the_order_nothing_is_sent_and_an_export_is_made_once() -> None:
    exporting = replace(ALL, retries=False)
    pages = (failed(1, Remedy.AS_IT_WAS),)
    assert next_step(facts(failed=pages), exporting).step is Step.EXPORT
    assert next_step(facts(failed=pages, state="before"), exporting).step is Step.NOTHING
    assert next_step(facts(unsent=2), exporting).step is Step.WAIT
    assert next_step(facts(), replace(ALL, exports=False)).step is Step.NOTHING
    prepared = submission("b", SubmissionState.PREPARED)
    assert next_step(facts(prepared), exporting).step is Step.WAIT


def test_a_retry_is_open_only_if_all_of_it_is() -> None:
    assert is_open_retry([(remedy, 3) for remedy in AUTOMATIC], 3)
    assert not is_open_retry([(Remedy.AS_IT_WAS, 2), (Remedy.ON_REQUEST, 2)], 3)
    assert not is_open_retry([(Remedy.AS_IT_WAS, 4)], 3)
    assert not is_open_retry([(None, 2)], 3)


def batch(key: str, cost: float | None) -> Batch:
    remote = RemoteBatch(f"id-{key}", "ended", RequestCounts(), NOON, NOON)
    return Batch(f"id-{key}", key, "j1", remote, archive=Archive("00", 1, 1, NOON), cost=cost)


def test_spending_is_what_was_paid_and_else_what_is_reserved() -> None:
    yesterday = NOON - dt.timedelta(days=1)
    made = [
        submission("paid", SubmissionState.SUBMITTED),
        submission("open", SubmissionState.IN_DOUBT),
        submission("unpriced", SubmissionState.SUBMITTED),
        submission("refused", SubmissionState.REJECTED),
        replace(submission("old", SubmissionState.SUBMITTED), created_at=yesterday, job="j2"),
        submission("mine", SubmissionState.SUBMITTED, order=""),
    ]
    batches = [batch("paid", 0.25), batch("unpriced", None)]
    assert spent_by(AUTO_RETRY, made, batches) == 3.25
    assert spent_by(AUTO_RETRY, made, batches, job="j2") == 1.0
    order = Spender(AUTO_RETRY, usd_per_day=5.0, usd_per_job=2.5)
    assert money_left(order, None, made, batches, NOON) == 2.75
    assert money_left(order, "j1", made, batches, NOON) == 0.25
    assert money_left(order, "j2", made, batches, NOON) == 1.5
    assert money_left(Spender(AUTO_RETRY, 1.0), None, made, batches, NOON) == 0.0


def test_an_order_keeps_its_caps_and_buys_nothing_without_a_price() -> None:
    order = Spender(AUTO_RETRY, usd_per_day=1.5)
    made = [submission("open", SubmissionState.PREPARED)]
    check_spending(order, "j1", Estimate(0.5, 0.4, 0.6), made, [], NOON)
    with pytest.raises(NothingToSubmit, match=r"\$0\.51, and the standing order may spend \$0\.50"):
        check_spending(order, "j1", Estimate(0.51, 0.4, 0.6), made, [], NOON)
    check_spending(order, "j1", Estimate(1.5, 1, 2), made, [], NOON + dt.timedelta(hours=12))
    with pytest.raises(NothingToSubmit, match="not known"):
        check_spending(order, "j1", Estimate(0.0, 0.0, 0.0, known=False), [], [], NOON)


def test_an_export_is_due_again_when_more_has_come_or_it_is_wanted_otherwise() -> None:
    first, second = batch("a", 1.0), batch("b", 1.0)
    states = {
        archive_state([first], "/out", "document"),
        archive_state([first, second], "/out", "document"),
        archive_state([first], "/out", "plain"),
        archive_state([replace(first, archive=Archive("11", 1, 1, NOON))], "/out", "document"),
    }
    assert len(states) == 4
    assert archive_state([first, second]) == archive_state([second, first])
