"""What standing orders and the inbox have done or left, in the words of a toast."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from textual.notifications import SeverityLevel

from batchdeck.domain.events import (
    Event,
    InboxDone,
    InboxHeld,
    InboxProblem,
    InboxSubmitted,
    StandingOrderActed,
    StandingOrderHeld,
)
from batchdeck.domain.text import show

_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Notice:
    """A toast: `needs_hand` ones also call for attention, once each."""

    title: str
    text: str
    severity: SeverityLevel = "information"

    @property
    def needs_hand(self) -> bool:
        return self.severity != "information"


def notice_of(event: Event, name_of: Callable[[str], str]) -> Notice | None:
    """Return what to tell of an event; None where it is not about unattended work, or not worth a word.

    Args:
        name_of: gives a job's name for its id.
    """
    match event:
        case StandingOrderActed(job=job, text=text, pages=pages, usd=usd, folder=folder):
            facts = [show(text, _LONGEST)]
            facts += [f"{pages:,} pages"] if pages else []
            facts += [f"about ${usd:,.2f}"] if usd is not None else []
            facts += [show(str(folder), _LONGEST)] if folder is not None else []
            return Notice(f"Standing order: {show(name_of(job), 60)}", " · ".join(facts))
        case StandingOrderHeld(job=job, reason=reason):
            return Notice(f"Left to you: {show(name_of(job), 60)}", show(reason, _LONGEST), "warning")
        case InboxSubmitted(files=files, pages=pages, usd=usd):
            text = f"{len(files):,} files, {pages:,} pages submitted, about ${usd:,.2f}"
            return Notice("Inbox", text)
        case InboxDone(file=file, job=job, is_duplicate=True):
            return Notice("Inbox", f"{show(file, 120)} was submitted before, in {show(name_of(job), 60)}.")
        case InboxProblem(file=file, reason=reason):
            return Notice("Inbox", f"{show(file, 120)}: {show(reason, _LONGEST)}", "warning")
        case InboxHeld(files=files, reason=reason):
            waiting = f"{files:,} files wait: " if files else ""
            return Notice("Inbox", f"{waiting}{show(reason, _LONGEST)}", "warning")
        case _:
            return None
