"""What is asked before batches are canceled, deleted or sent, and which batches each of these is for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from batchdeck.domain.overview import BatchRow, BatchStatus
from batchdeck.domain.planning import Unsent
from batchdeck.domain.text import show
from batchdeck.tui.screens.spans import counted, dollars
from batchdeck.tui.widgets.question import Proposal, Question

Do = Callable[[Sequence[str]], None]
"""Does what was asked for, given ids of batches or jobs."""
_STILL_WORKED_ON = frozenset({BatchStatus.RUNNING, BatchStatus.DUPLICATE})
_UNSENT = frozenset({BatchStatus.PREPARED, BatchStatus.REJECTED, BatchStatus.ABSENT, BatchStatus.GATE})
_DELETABLE = frozenset({BatchStatus.DONE, BatchStatus.FAILED, BatchStatus.RETRIED})


def cancelable(rows: Iterable[BatchRow]) -> list[BatchRow]:
    """Return the batches that the API still works on and that nobody has canceled."""
    return [row for row in rows if row.status in _STILL_WORKED_ON and row.id]


def deletable(rows: Iterable[BatchRow]) -> list[BatchRow]:
    """Return the batches that have ended and whose results are on this disk."""
    return [row for row in rows if row.archived and row.id and row.status in _DELETABLE]


def unsent(rows: Iterable[BatchRow]) -> list[BatchRow]:
    """Return what waits for a word: submissions that the API does not have, and jobs before a gate."""
    return [row for row in rows if row.status in _UNSENT]


def _batches(rows: Sequence[BatchRow]) -> str:
    return counted(len(rows), "batch", "batches")


def _names(rows: Iterable[BatchRow]) -> str:
    return show(", ".join(dict.fromkeys(row.job_name for row in rows)), 50)


def cancel_question(rows: Sequence[BatchRow], do: Do) -> Proposal:
    """Return the question before batches are canceled."""
    pages = sum(row.requests for row in rows)
    reserved = sum(row.estimate or 0.0 for row in rows)
    question = Question(
        f"Cancel {_batches(rows)} of {_names(rows)}",
        (
            f"{counted(pages, 'page')} in {_batches(rows)} stop where they are.",
            "Pages that are finished already are kept, and cost what they cost.",
        ),
        f"cancel {_batches(rows)}",
        f"Up to ~{dollars(reserved)} is not spent." if reserved else "",
    )
    return Proposal(question, lambda: do([row.id for row in rows]))


def delete_question(rows: Sequence[BatchRow], do: Do) -> Proposal:
    """Return the question before batches are deleted at the API."""
    question = Question(
        f"Delete {_batches(rows)} at the API",
        (
            f"{counted(sum(row.requests for row in rows), 'result')} can no longer be had from the API.",
            "What is archived in this deck stays, and can still be exported.",
        ),
        f"delete {_batches(rows)}",
    )
    return Proposal(question, lambda: do([row.id for row in rows]))


def send_question(rows: Sequence[BatchRow], do: Do, rest: Callable[[str], Unsent]) -> Proposal:
    """Return the question before what waits is sent. A job is sent whole: all its unsent pages, or, where it
    has a ladder, its next rung.

    Args:
        rest: returns for a job what that is.
    """
    jobs = list(dict.fromkeys(row.job for row in rows if row.job))
    going = [rest(job) for job in jobs]
    gates = dict.fromkeys(row.note for row in rows if row.status is BatchStatus.GATE)
    question = Question(
        f"Send what is left of {_names(rows)}",
        (
            f"{counted(sum(each.pages for each in going), 'page')} that the API does not have go out.",
            *(f"It {gate}." for gate in gates),
        ),
        "send",
        f"About {dollars(sum(each.estimate.usd for each in going))} by the estimate.",
    )
    return Proposal(question, lambda: do(jobs))
