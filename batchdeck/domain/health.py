"""Whether a deck is looked after: from the poller's last word and the deck's records to one answer."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from batchdeck.domain.overview import BatchRow, BatchStatus


class Way(enum.StrEnum):
    """How long a poller means to go on."""

    ALWAYS = "always"
    UNTIL_ENDED = "until_ended"
    ONCE = "once"


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """What the poller of a deck writes down after each of its rounds."""

    pid: int
    host: str
    way: Way
    started: dt.datetime
    last_round: dt.datetime | None = None
    next_round: dt.datetime | None = None
    open_batches: int = 0
    unreached: str = ""
    """Why the API was not reached in the last round; empty when it was."""
    held: str = ""
    """Why the account was refused in the last round; empty when it was not."""
    last_error: str = ""
    last_error_at: dt.datetime | None = None
    ended: dt.datetime | None = None
    """When it ended as it meant to."""

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}"


class Wellness(enum.StrEnum):
    """The answer in a word; monitoring goes by its exit code."""

    HEALTHY = "healthy"
    ATTENTION = "attention"
    UNREACHABLE = "unreachable"

    @property
    def exit_code(self) -> int:
        return {Wellness.HEALTHY: 0, Wellness.ATTENTION: 6, Wellness.UNREACHABLE: 5}[self]


@dataclass(frozen=True, slots=True)
class Health:
    """How a deck is, with every reason in words."""

    state: Wellness
    reasons: tuple[str, ...]
    heartbeat: Heartbeat | None
    polled_by: str
    """Which process polls now; empty for none."""
    open_batches: int
    checked_at: dt.datetime


def judge_health(
    heartbeat: Heartbeat | None,
    rows: Iterable[BatchRow],
    now: dt.datetime,
    *,
    polled_by: str,
    held: str,
    stale_after: dt.timedelta,
    failure_share: float,
) -> Health:
    """Say how a deck is.

    Args:
        heartbeat: the last one there is.
        rows: all batches and submissions.
        polled_by: the process that holds the right to poll, in words; empty for none.
        held: why nothing that costs money is sent; empty when the account is in order.
        stale_after: how late a round may be, and for pollers that end by themselves, how long ago.
        failure_share: the greatest share of a batch's pages that may have failed without anybody's attention.
    """
    rows = list(rows)
    away = list(_away(heartbeat, polled_by, now, stale_after))
    calls = list(_calls(held or (heartbeat.held if heartbeat is not None else ""), rows, failure_share))
    state = Wellness.UNREACHABLE if away else Wellness.ATTENTION if calls else Wellness.HEALTHY
    open_batches = sum(row.status in _OPEN for row in rows)
    return Health(state, (*away, *calls), heartbeat, polled_by, open_batches, now)


_OPEN = frozenset({BatchStatus.RUNNING, BatchStatus.CANCELING, BatchStatus.COLLECTING})


def _away(
    heartbeat: Heartbeat | None, polled_by: str, now: dt.datetime, stale_after: dt.timedelta
) -> Iterator[str]:
    """Why nobody, or nobody who gets through, looks after the deck."""
    if heartbeat is None:
        if not polled_by:
            yield "Nobody has polled this deck yet: run batchdeck watch."
        return
    last = heartbeat.last_round or heartbeat.started
    if polled_by:
        expected = max(last, heartbeat.next_round or last)
        if now - expected > stale_after:
            yield f"The poller ({polled_by}) is stuck: its last round was at {_clock(last)}."
    elif heartbeat.ended is None:
        why = f" Its last error: {heartbeat.last_error}" if heartbeat.last_error else ""
        yield f"The poller ({heartbeat}) is gone; its last round was at {_clock(last)}.{why}"
    elif now - last > stale_after:
        yield f"Nobody has polled since {_clock(last)}."
    if heartbeat.unreached:
        yield f"The API was not reached in the last round: {heartbeat.unreached}"


def _calls(held: str, rows: list[BatchRow], failure_share: float) -> Iterator[str]:
    """What calls for somebody's attention."""
    if held:
        yield f"The account needs you: {held}"
    for status, one, many in _CALLING:
        count = sum(row.status is status for row in rows)
        if count:
            yield f"{count:,} {one if count == 1 else many}"
    failing = [row for row in rows if row.failed and row.failed > failure_share * max(1, row.requests)]
    for row in failing[:5]:
        yield f"{row.failed:,} of {row.requests:,} pages of {row.id} ({row.job_name}) failed."
    if len(failing) > 5:
        yield f"Failures over the share in {len(failing) - 5:,} batches more."


_CALLING = (
    (
        BatchStatus.AT_RISK,
        "batch is not on this disk and will vanish.",
        "batches are not on this disk and will vanish.",
    ),
    (BatchStatus.DUPLICATE, "batch repeats a submission.", "batches repeat submissions."),
    (BatchStatus.IN_DOUBT, "submission is in doubt.", "submissions are in doubt."),
    (BatchStatus.REJECTED, "submission was refused.", "submissions were refused."),
    (BatchStatus.ABSENT, "submission was never accepted.", "submissions were never accepted."),
    (BatchStatus.GATE, "job has stopped at a gate.", "jobs have stopped at gates."),
    (BatchStatus.PREPARED, "submission was not sent.", "submissions were not sent."),
)


def _clock(moment: dt.datetime) -> str:
    return f"{moment.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S} UTC"
