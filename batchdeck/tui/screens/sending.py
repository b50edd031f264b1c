"""How far a submission or a retry has come: documents prepared, batches sent, taken, refused or in doubt."""

from __future__ import annotations

from dataclasses import dataclass, field

from batchdeck.domain.events import (
    AnswersArriving,
    BatchSending,
    BatchSubmitted,
    Event,
    Note,
    PagesPrepared,
    SubmissionInDoubt,
    SubmissionRefused,
)
from batchdeck.domain.planning import Submitted
from batchdeck.domain.text import show
from batchdeck.errors import BatchDeckError
from batchdeck.tui.glyphs import Tone
from batchdeck.tui.screens.spans import counted, size

WHAT_STAYS = (
    "Esc or n leaves: sending goes on in the background.",
    "y stops it: what was sent stays sent; the same again goes on from there.",
)
"""What becomes of a submission under way when its screen is left, and when it is stopped."""


@dataclass(slots=True)
class Sending:
    """What is known of one submission while it goes on, and what it came to."""

    prepared: int = 0
    total: int = 0
    document: str = ""
    batches: dict[str, str] = field(default_factory=dict)
    """What is said of each batch, by submission."""
    notes: list[str] = field(default_factory=list)
    result: Submitted | None = None
    error: BatchDeckError | None = None
    stopped: bool = False
    offer: str = ""
    """What can be done instead with what was refused, in a sentence."""

    def note(self, event: Event) -> None:
        """Take over what an event says."""
        match event:
            case PagesPrepared(done=done, total=total, document=document):
                self.prepared, self.total, self.document = done, total, document
            case BatchSending(submission=key, requests=requests, sent=sent, size=whole):
                share = f"{size(sent)} of {size(whole)}"
                self.batches[key] = f"▸ batch {self._number(key)}: {counted(requests, 'page')}, {share} sent"
            case BatchSubmitted(submission=key, requests=requests, batch=batch):
                shown = f"…{show(batch, 80)[-4:]}"
                self.batches[key] = (
                    f"✓ batch {self._number(key)}: {counted(requests, 'page')}, taken as {shown}"
                )
            case AnswersArriving(submission=key, counts=counts):
                done = counts.total - counts.processing
                self.batches[key] = (
                    f"▸ real time {self._number(key)}: {done:,} of {counted(counts.total, 'page')} answered"
                )
            case SubmissionRefused(submission=key, reason=reason):
                self.batches[key] = f"✗ batch {self._number(key)}: refused, {show(reason, 200)}"
            case SubmissionInDoubt(submission=key, reason=reason):
                self.batches[key] = f"? batch {self._number(key)}: in doubt, {show(reason, 200)}"
            case Note(text=text, level=level) if level != "info":
                self.notes.append(f"! {show(text, 300)}")

    def _number(self, key: str) -> int:
        known = list(self.batches)
        return known.index(key) + 1 if key in known else len(known) + 1

    def lines(self, most: int) -> list[str]:
        """Return the newest `most` lines of what to tell."""
        told = (
            [f"▸ {self.prepared:,} of {counted(self.total, 'page')} prepared · {show(self.document, 60)}"]
            if (self.total and self.result is None and self.error is None)
            else []
        )
        told += [*self.notes, *self.batches.values()]
        return told[-most:]


def ending(sending: Sending, *, is_left: bool = False) -> tuple[str, Tone]:
    """Return what a submission came to, in a sentence, and how good that is.

    Args:
        is_left: whether it is read elsewhere than on the screen that sent, from which Esc goes back.
    """
    if sending.error is not None:
        hint = f" {sending.error.hint}" if sending.error.hint else ""
        offer = f"\n{sending.offer}" if sending.offer else ""
        return f"✗ {sending.error.title}: {show(sending.error.message + hint, 500)}{offer}", Tone.BAD
    if sending.stopped:
        return "! Stopped. What was sent is tracked; submitting the same again goes on from here.", Tone.WARN
    result = sending.result
    if result is None:
        return "", Tone.PLAIN
    batches = counted(len(result.batches), "batch", "batches")
    parts = [f"{counted(result.pages, 'page')} submitted in {batches}."]
    if result.held:
        parts.append(f"The account needs you first: {show(result.held, 200)}.")
    elif result.refused:
        parts.append(f"Refused: {show('; '.join(result.refused), 300)}. {sending.offer}".rstrip())
    if result.in_doubt:
        parts.append("It is not known whether the API took all of it: i on the first screen settles that.")
    if result.is_climbing:
        rest = counted(result.unsent, "page")
        parts.append(f"{rest} on later rungs: each goes out once the gate before it holds.")
    elif result.unsent:
        parts.append(f"{counted(result.unsent, 'page')} not sent yet: u on the first screen goes on.")
    if result.refused or result.held or not result.batches:
        return "✗ " + " ".join(parts), Tone.BAD
    if result.in_doubt or (result.unsent and not result.is_climbing):
        return "! " + " ".join(parts), Tone.WARN
    parts.append(f"Results are collected as they come{'' if is_left else '; Esc goes back'}.")
    return "✓ " + " ".join(parts), Tone.GOOD
