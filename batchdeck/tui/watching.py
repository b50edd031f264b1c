"""Keeping what is shown current: the API is polled in the background, what others write is taken in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.notifications import SeverityLevel
from textual.timer import Timer
from textual.worker import Worker

from batchdeck.domain.events import (
    AccountHeldEvent,
    BatchArchived,
    BatchSending,
    BatchSubmitted,
    DuplicateFound,
    Event,
    Note,
    Polled,
    PollFailed,
    ResultsAtRisk,
    SubmissionInDoubt,
    SubmissionRefused,
    SubmissionSettled,
)
from batchdeck.domain.outcomes import count_outcomes
from batchdeck.domain.overview import BatchStatus
from batchdeck.domain.text import show
from batchdeck.errors import AccountHeld, BatchDeckError
from batchdeck.tui.manners.terminal_app import TerminalApp
from batchdeck.tui.screens.deck_screen import DeckChanged
from batchdeck.tui.tracking import Piece, Work
from batchdeck.tui.unattended import notice_of

if TYPE_CHECKING:
    from batchdeck.deck import Deck

LOOK_SECONDS = 1.0
"""How often the deck's journal is looked at: a look is one `stat` and no read where nothing has changed."""
_FIRST_PAUSE = 15.0
_LONGEST_PAUSE = 600.0
"""Seconds between two attempts to reach an API that does not answer; the pause doubles up to this."""
_TO_TRACK = frozenset(
    {
        BatchStatus.DUPLICATE,
        BatchStatus.AT_RISK,
        BatchStatus.IN_DOUBT,
        BatchStatus.SENDING,
        BatchStatus.RUNNING,
        BatchStatus.CANCELING,
        BatchStatus.COLLECTING,
    }
)


class Watch:
    """Follows one deck for one app: the API by `Deck.track`, the disk by `Deck.refresh`.

    The API is asked only while something is open, or where the settings have something done unasked, so that
    reading a deck needs neither key nor network.
    """

    def __init__(
        self, app: TerminalApp, deck: Deck, work: Work, when_loaded: Callable[[], object] | None
    ) -> None:
        self._when_loaded = when_loaded
        self._app = app
        self._deck = deck
        self._work = work
        self._piece: Piece | None = None
        self._looking: Worker[None] | None = None
        self._waiting: Timer | None = None
        self._pause = _FIRST_PAUSE
        self._has_failed = False
        self._is_sending = False
        self._told: set[str] = set()

    def start(self) -> None:
        """Begin; call when the app runs."""
        self._looking = self._app.run_worker(self._look(), name="deck", group="watch", exit_on_error=True)
        # Beside the looking, which nobody should wait for.
        self._app.run_worker(self._load(), name="verbs", group="verbs", exit_on_error=True)

    def poll_now(self) -> None:
        """Ask the API now, also when it was to be left alone for a while."""
        self._pause = _FIRST_PAUSE
        self._work.trouble = ""
        if self._piece is not None and not self._is_sending:
            # A tracker that begins anew asks at once for whatever it has not asked for a moment ago. One that
            # is sending for a standing order is left alone: stopped now, the batch would be in doubt.
            self._piece.cancel()
        self._stop_waiting()
        self._track_if_needed()

    async def _load(self) -> None:
        await self._deck.load_verbs()
        if self._when_loaded is not None:
            self._when_loaded()

    # The disk

    async def _look(self) -> None:
        """Take in what is written to the deck, by whomever, and once a minute let ages be shown anew."""
        seen: tuple[object, ...] = ()
        while True:
            try:
                await asyncio.to_thread(self._deck.refresh)
                self._work.polled_by = await asyncio.to_thread(self._deck.polled_by)
            except BatchDeckError as error:
                self._say_trouble(error.title, error.message, error.hint)
            now = (
                self._deck.version,
                f"{self._deck.now():%d %H:%M}",
                self._work.trouble,
                self._work.polled_by,
            )
            if now != seen:
                seen = now
                self._track_if_needed()
                self._app.post_message(DeckChanged())
            await asyncio.sleep(LOOK_SECONDS)

    # The API

    def _track_if_needed(self) -> None:
        is_on = self._piece is not None and not self._piece.is_over
        if is_on or self._waiting is not None or self._deck.read_only:
            return
        is_open = any(row.status in _TO_TRACK for row in self._deck.batches())
        if is_open or self._deck.acts_unattended or self._deck.is_climbing:
            self._work.is_reaching = not self._deck.is_connected
            self._piece = self._work.start(
                "polling",
                self._deck.track(),
                on_event=self._take,
                on_done=self._rest,
                on_error=self._take_error,
                quiet=True,
            )

    def _rest(self, _: object) -> None:
        """Announce no further poll: nothing is open any more."""
        self._work.is_reaching = False
        self._work.next_poll = None

    def _take(self, event: Event) -> None:
        if isinstance(event, BatchSending):
            self._is_sending = True
        elif isinstance(event, BatchSubmitted | SubmissionRefused | SubmissionInDoubt | Polled):
            self._is_sending = False
        if isinstance(event, Polled | PollFailed | AccountHeldEvent):
            self._work.is_reaching = False
        match event:
            case Polled(next_at=next_at):
                self._work.next_poll = next_at
                if not self._has_failed:
                    self._work.trouble = ""
                    self._pause = _FIRST_PAUSE
                self._has_failed = False
            case PollFailed(reason=reason):
                self._has_failed = True
                self._say_trouble("The API was not reached", reason, "It is tried again.")
            case AccountHeldEvent(reason=reason):
                self._has_failed = True
                self._say_trouble("The account needs you first", reason, "R asks again.")
                self._call(f"held {reason}", "The account needs you first", reason, "error")
            case BatchArchived():
                self._tell_archived(event)
            case ResultsAtRisk(batch=batch, vanish_at=vanish_at):
                self._call(
                    f"risk {batch} {vanish_at}",
                    "Results at risk",
                    f"The results of {_short(batch)} are not on this disk and vanish on {vanish_at:%d %B}.",
                    "warning",
                )
            case DuplicateFound(batch=batch):
                self._call(
                    f"duplicate {batch}",
                    "Duplicate batch",
                    f"{_short(batch)} repeats a submission of this deck: c cancels it.",
                    "warning",
                )
            case SubmissionSettled(batch=batch):
                found = f"the API took it as {_short(batch)}" if batch else "the API never took it"
                self._app.notify(f"A submission in doubt is settled: {found}.", title="Settled")
            case Note(text=text, level=level) if level != "info":
                self._app.notify(text, severity="error" if level == "error" else "warning")
            case _:
                self._tell_unattended(event)

    def _tell_unattended(self, event: Event) -> None:
        notice = notice_of(event, self._name_of)
        if notice is None:
            return
        if notice.needs_hand:
            self._call(f"{notice.title} {notice.text}", notice.title, notice.text, notice.severity)
        else:
            self._app.notify(notice.text, title=notice.title)

    def _name_of(self, job_id: str | None) -> str:
        return next((job.name for job in self._deck.jobs() if job.id == job_id), job_id or "")

    def _tell_archived(self, event: BatchArchived) -> None:
        good, failed, _ = count_outcomes(event.outcomes)
        job = self._name_of(event.job)
        pages = "page" if good == 1 else "pages"
        counts = f"{good:,} {pages} ok" + (f", {failed:,} failed" if failed else "")
        findings = "".join(f"\n{show(finding, 200)}" for finding in event.findings)
        self._call(
            f"archived {event.batch}",
            f"{job or _short(event.batch)} has ended",
            f"{_short(event.batch)}: {counts}.{findings}",
            "warning" if failed or event.findings else "information",
        )

    def _take_error(self, error: BatchDeckError) -> None:
        """Say what keeps the API away, and try again later; an account's hold waits for the operator."""
        self._is_sending = self._work.is_reaching = False
        self._say_trouble(error.title, error.message, error.hint)
        if isinstance(error, AccountHeld):
            self._pause = _LONGEST_PAUSE
        self._waiting = self._app.set_timer(self._pause, self._try_again)
        self._pause = min(self._pause * 2, _LONGEST_PAUSE)

    def _try_again(self) -> None:
        self._stop_waiting()
        self._track_if_needed()

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.stop()
            self._waiting = None

    # Telling

    def _say_trouble(self, title: str, message: str, hint: str) -> None:
        self._work.next_poll = None
        what = f"{title}: {message}"
        ended = what if what.endswith((".", "!", "?", "…")) else f"{what}."
        self._work.trouble = show(f"{ended} {hint}".rstrip(), 300)

    def _call(self, once: str, title: str, text: str, severity: SeverityLevel) -> None:
        """Tell the operator, wherever they look, and never twice the same."""
        if once in self._told:
            return
        self._told.add(once)
        self._app.notify(text, title=title, severity=severity)
        self._app.call_attention(title, text)


def _short(batch: str) -> str:
    return f"…{batch[-6:]}"
