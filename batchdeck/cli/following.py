"""Following the poller from the command line: events as JSON on stdout, or as lines on stderr."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from batchdeck.cli.output import counted, print_json_line
from batchdeck.cli.progress import Narrator
from batchdeck.cli.session import narrate
from batchdeck.deck import Deck
from batchdeck.domain.events import Finished, Operation, event_record
from batchdeck.domain.inbox import InboxOrder
from batchdeck.domain.overview import JobState
from batchdeck.domain.text import show
from batchdeck.errors import InputError


async def follow(tracking: Operation[Any], *, as_json: bool, quiet: bool = False) -> None:
    """Tell of a tracking operation to its end: events as JSON on stdout, or lines on stderr, if any."""
    if as_json:
        async for event in tracking:
            if not isinstance(event, Finished):
                print_json_line(event_record(event))
        return
    result = await Narrator(quiet=quiet).run(tracking)
    if quiet:
        return
    if result.in_doubt:
        narrate(f"{counted(result.in_doubt, 'submission')} in doubt: run `batchdeck reconcile`.")
    narrate(f"{counted(len(result.archived), 'batch', 'batches')} archived, {result.open_batches} open.")


def require_folder(order: InboxOrder | None, *, comes_to_an_end: bool) -> None:
    """Refuse to serve a folder that is not there, where nobody waits for it to appear.

    Raises:
        InputError: it is not there. A watch without end says so and goes on: a share may be mounted later.
    """
    if order is not None and comes_to_an_end and not Path(order.folder).is_dir():
        raise InputError(
            f"There is no folder {show(order.folder, 200)}.", hint="Make it, or name another as the inbox."
        )


def tell_unsent(deck: Deck) -> None:
    """Name the jobs of which pages are in no batch: nothing that is waited for will bring them."""
    for job in deck.jobs():
        if deck.job_state(job) is JobState.UNSENT:
            pages = counted(deck.unsent(job.id).pages, "page")
            narrate(f"{pages} of {job.name} not sent yet: batchdeck submit --resume {job.id}")


def has_failures(deck: Deck) -> bool:
    """Say whether a page of the deck has failed and is not good by now, or is held back at a gate."""
    return any(
        job.gate or any(outcome.is_failure and count for outcome, count in job.outcomes.items())
        for job in deck.jobs()
    )
