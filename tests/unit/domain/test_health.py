"""What monitoring is told of a deck, from the poller's last word and the deck's records."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from batchdeck.domain.batches import RequestCounts
from batchdeck.domain.health import Health, Heartbeat, Way, Wellness, judge_health
from batchdeck.domain.overview import BatchRow, BatchStatus

NOW = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
ALIVE = "process 7"


def minutes(number: float) -> dt.timedelta:
    return dt.timedelta(minutes=number)


BEAT = Heartbeat(7, "host1", Way.ALWAYS, NOW - minutes(600), NOW - minutes(1), NOW + minutes(9), 1)


def row(status: BatchStatus, failed: int | None = None) -> BatchRow:
    return BatchRow(
        *("k", "msgbatch_01", "j1", "contracts", status, 1, 40, RequestCounts()),
        good=None,
        failed=failed,
        archived=failed is not None,
        created_at=NOW,
        expires_at=None,
        ended_at=None,
        vanish_at=None,
    )


def judged(heartbeat: Heartbeat | None, *rows: BatchRow, polled_by: str = "", held: str = "") -> Health:
    return judge_health(
        heartbeat, rows, NOW, polled_by=polled_by, held=held, stale_after=minutes(30), failure_share=0.1
    )


ENDED = replace(BEAT, way=Way.ONCE, next_round=None, ended=NOW - minutes(1))


@pytest.mark.parametrize(
    ("heartbeat", "polled_by", "state", "words"),
    [
        (BEAT, ALIVE, Wellness.HEALTHY, ""),
        # A round may be late by the time allowed, counted from when it was to be.
        (
            replace(BEAT, last_round=NOW - minutes(40), next_round=NOW - minutes(30)),
            ALIVE,
            Wellness.HEALTHY,
            "",
        ),
        (
            replace(BEAT, last_round=NOW - minutes(40), next_round=NOW - minutes(31)),
            ALIVE,
            Wellness.UNREACHABLE,
            "stuck",
        ),
        (BEAT, "", Wellness.UNREACHABLE, "process 7 on host1) is gone"),
        (replace(BEAT, last_error="bad key"), "", Wellness.UNREACHABLE, "Its last error: bad key"),
        (None, "", Wellness.UNREACHABLE, "Nobody has polled this deck yet"),
        (None, ALIVE, Wellness.HEALTHY, ""),
        # Rounds from cron end as they mean to: then only their age counts.
        (ENDED, "", Wellness.HEALTHY, ""),
        (replace(ENDED, last_round=NOW - minutes(31)), "", Wellness.UNREACHABLE, "Nobody has polled since"),
        (replace(BEAT, unreached="no route"), ALIVE, Wellness.UNREACHABLE, "no route"),
        (replace(BEAT, held="no credit"), ALIVE, Wellness.ATTENTION, "no credit"),
    ],
)
def test_a_poller_that_is_gone_stuck_or_not_answered_is_told_from_one_that_works(
    heartbeat: Heartbeat | None, polled_by: str, state: Wellness, words: str
) -> None:
    found = judged(heartbeat, polled_by=polled_by)
    assert found.state is state
    assert words in " ".join(found.reasons)
    assert bool(found.reasons) == (state is not Wellness.HEALTHY)


def test_what_calls_for_somebody_is_named_and_who_is_away_comes_first() -> None:
    running, at_risk = row(BatchStatus.RUNNING), row(BatchStatus.AT_RISK)
    found = judged(BEAT, running, at_risk, at_risk, row(BatchStatus.IN_DOUBT), polled_by=ALIVE)
    assert found.state is Wellness.ATTENTION
    assert found.open_batches == 1
    assert found.reasons == (
        "2 batches are not on this disk and will vanish.",
        "1 submission is in doubt.",
    )
    assert judged(BEAT, row(BatchStatus.FAILED, 4), polled_by=ALIVE).state is Wellness.HEALTHY
    failing = judged(BEAT, row(BatchStatus.FAILED, 5), polled_by=ALIVE)
    assert failing.reasons == ("5 of 40 pages of msgbatch_01 (contracts) failed.",)
    held = judged(BEAT, polled_by=ALIVE, held="no credit")
    assert (held.state, held.reasons) == (Wellness.ATTENTION, ("The account needs you: no credit",))
    assert judged(BEAT, at_risk).state is Wellness.UNREACHABLE
    assert [state.exit_code for state in Wellness] == [0, 6, 5]
