"""What decides whether an action can be done now: facts of the screen, and the reasons drawn from them."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Place(enum.StrEnum):
    """Where an action is at home. LIST is every list on every screen."""

    EVERYWHERE = "everywhere"
    LIST = "lists"
    BATCHES = "batches"
    JOB = "job"
    PAGE = "page"
    SUBMIT = "submit"
    RETRY = "retry"
    EXPORT = "export"
    LOG = "log"
    COSTS = "costs"

    @property
    def wider(self) -> frozenset[Place]:
        """This place and those that hold wherever it does."""
        lists = {Place.LIST} if self in _WITH_LIST else set()
        return frozenset({self, Place.EVERYWHERE, *lists})


_WITH_LIST = frozenset(
    {Place.BATCHES, Place.JOB, Place.SUBMIT, Place.RETRY, Place.EXPORT, Place.LOG, Place.COSTS}
)


@dataclass(frozen=True, slots=True)
class Context:
    """The facts of one moment on one screen."""

    place: Place
    rows: int = 0
    """Rows shown."""
    selected: int = 0
    """Rows an action would be about."""
    marked: int = 0
    filtered: bool = False
    has_pattern: bool = False
    """Whether something has been searched for."""
    in_job: bool = False
    """Whether what is selected belongs to a job of this deck."""
    cancelable: int = 0
    """Selected batches that the API still works on."""
    deletable: int = 0
    """Selected batches that have ended and whose results are on this disk."""
    in_doubt: int = 0
    """Selected submissions of which it is not known whether the API took them."""
    unsent: int = 0
    """Selected submissions that were prepared and never sent."""
    retryable: int = 0
    """Failed pages of the selection that may be sent again."""
    failures: int = 0
    """Failed pages of the job."""
    held: str = ""
    """Why nothing may be sent before the operator has acted (billing, credentials)."""
    good: int = 0
    """Pages of the selected job that have a good answer."""
    exported: bool = False
    """Whether the selected job has been exported."""
    ready: bool = False
    """Whether what the screen proposes (a plan, a retry, an export) can be carried out."""
    not_ready: str = ""
    """Why it cannot."""
    working: str = ""
    """Long work under way on this screen, in a phrase; empty for none."""


def empty_list(context: Context) -> str:
    return "" if context.rows else "The list is empty."


def no_marks(context: Context) -> str:
    return "" if context.marked else "No row is marked."


def no_pattern(context: Context) -> str:
    return "" if context.has_pattern else "Nothing has been searched for yet: / begins."


def no_batch(context: Context) -> str:
    """Where no batch is shown, a reason that speaks of one would be about nothing."""
    if context.place is not Place.BATCHES or context.rows:
        return ""
    return "The filter hides every batch: Esc lifts it." if context.filtered else "There is no batch yet."


def no_job(context: Context) -> str:
    if context.in_job:
        return ""
    return no_batch(context) or "This batch was made elsewhere and belongs to no job of this deck."


def nothing_to_cancel(context: Context) -> str:
    if context.cancelable:
        return ""
    return no_batch(context) or "The API has nothing left to do here, so nothing can be canceled."


def nothing_to_delete(context: Context) -> str:
    if context.deletable:
        return ""
    return no_batch(context) or "Only batches that have ended and are archived here can be deleted."


def nothing_in_doubt(context: Context) -> str:
    return "" if context.in_doubt else "Nothing here is in doubt."


def not_held(context: Context) -> str:
    return "" if context.held else "The account is not held."


def nothing_unsent(context: Context) -> str:
    return "" if context.unsent else no_batch(context) or "Everything that was prepared here has been sent."


def nothing_to_retry(context: Context) -> str:
    if context.held:
        return (
            f"The account needs you first: {context.held} Once it is in order: f on the first screen "
            "if it is held, then r there, then e, send yes."
        )
    return "" if context.retryable else no_batch(context) or "No failed page here can be sent again."


def nothing_failed(context: Context) -> str:
    return "" if context.failures else "No page of this job has failed."


def nothing_to_export(context: Context) -> str:
    return no_job(context) or ("" if context.good else "No page has a good answer yet.")


def not_exported(context: Context) -> str:
    if context.exported:
        return ""
    if context.place is not Place.EXPORT and (reason := no_job(context)):
        return reason
    return "This job has not been exported yet: x does it."


def not_ready(context: Context) -> str:
    if context.working:
        return f"Wait: {context.working}."
    return "" if context.ready else context.not_ready or "There is nothing to send."


def not_working(context: Context) -> str:
    return "" if context.working else "Nothing is under way."


def working(context: Context) -> str:
    return f"Wait: {context.working}. c stops it." if context.working else ""
