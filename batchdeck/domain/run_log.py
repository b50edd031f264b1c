"""Events as records of a log: a time, a level, a name, bounded facts; no document's text is in them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from batchdeck.domain.events import (
    AccountHeldEvent,
    AnswersArriving,
    BatchArchived,
    BatchSending,
    DocumentExported,
    DuplicateFound,
    Event,
    Finished,
    GateFailed,
    InboxHeld,
    InboxProblem,
    Note,
    PagesPrepared,
    PollFailed,
    ResultsArriving,
    ResultsAtRisk,
    StandingOrderHeld,
    SubmissionInDoubt,
    SubmissionRefused,
    event_record,
    plain,
)
from batchdeck.domain.text import show

_LONGEST = 500
_ONLY_PROGRESS = (AnswersArriving, BatchSending, Finished, PagesPrepared, ResultsArriving)
_WARNINGS = (
    DuplicateFound,
    InboxHeld,
    InboxProblem,
    StandingOrderHeld,
    PollFailed,
    ResultsAtRisk,
    SubmissionInDoubt,
)
_ERRORS = (AccountHeldEvent, GateFailed, SubmissionRefused)


def log_record(event: Event, at: dt.datetime) -> dict[str, Any] | None:
    """Return an event as a log record; None for one that only says how far something has come."""
    if isinstance(event, _ONLY_PROGRESS):
        return None
    facts = event_record(event)
    facts.pop("level", None)  # a note's own, which is the record's
    return made_record(_level(event), at, **facts)


def made_record(level: str, at: dt.datetime, **facts: object) -> dict[str, Any]:
    """Return facts as a log record, `event` among them."""
    return {"t": plain(at), "level": level, **{name: _bounded(plain(value)) for name, value in facts.items()}}


def _level(event: Event) -> str:
    if isinstance(event, Note):
        return event.level
    if isinstance(event, _ERRORS):
        return "error"
    match event:
        case BatchArchived(outcomes=outcomes, findings=findings):
            is_bad = bool(findings) or any(outcome.is_failure for outcome in outcomes)
        case DocumentExported(errors=errors, placeholders=placeholders):
            is_bad = bool(errors or placeholders)
        case _:
            is_bad = isinstance(event, _WARNINGS)
    return "warning" if is_bad else "info"


def _bounded(value: Any) -> Any:
    if isinstance(value, str):
        return show(value, _LONGEST)
    if isinstance(value, list):
        return [_bounded(item) for item in value[:100]]
    if isinstance(value, dict):
        return {show(str(name), 100): _bounded(item) for name, item in value.items()}
    return value
