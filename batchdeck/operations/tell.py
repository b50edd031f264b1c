"""Telling people what tracking comes upon. A service that fails never disturbs what is tracked."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING

from batchdeck.domain.events import (
    AccountHeldEvent,
    Event,
    Finished,
    Note,
    Polled,
    PollFailed,
    StandingOrderActed,
)
from batchdeck.domain.overview import JobState, job_state
from batchdeck.domain.telling import NEWS_DAYS, DeckFacts, Kind, Telling, tell_deck, tell_event, unheard
from batchdeck.domain.text import show
from batchdeck.errors import AccountHeld, BatchDeckError
from batchdeck.operations.context import Context
from batchdeck.operations.plan import unsent_indices

if TYPE_CHECKING:
    from batchdeck.operations.letters import Office

_REMEMBERED = dt.timedelta(days=30)
"""How long a telling is remembered that the deck's records do not call for again."""
_PATIENCE_SECONDS = 20.0
"""How long the end of tracking is put off for letters that are due by then."""


async def telling(context: Context, events: AsyncGenerator[Event, None]) -> AsyncGenerator[Event, None]:
    """Pass events on, and tell people what is worth it; where nobody is to be told, only pass them on."""
    async with aclosing(events):
        try:
            office = _office(context)
        except BatchDeckError as error:
            yield Note(f"Nobody is told of anything: {error.message} {error.hint}".strip(), "error")
            office = None
        if office is None:
            async for event in events:
                yield event
            return
        teller = Teller(context, office)
        async with aclosing(_told(teller, events)) as passed:
            async for event in passed:
                yield event


async def _told(teller: Teller, events: AsyncGenerator[Event, None]) -> AsyncGenerator[Event, None]:
    try:
        async for event in events:
            if isinstance(event, Finished):
                await teller.finish()
            else:
                await teller.take(event)
            for note in teller.notes():
                yield note
            yield event
    except AccountHeld as error:
        await teller.take(AccountHeldEvent(error.message))
        await teller.finish()
        raise
    finally:
        await teller.close()


def _office(context: Context) -> Office | None:
    notify = context.settings.notify
    if context.read_only or not (notify.urls or notify.urls_file):
        return None
    # Templates are not loaded where nobody is to be told.
    from batchdeck.operations.letters import Office

    office = Office(context)
    return office if office.addresses else None


class Teller:
    """Turns events into letters at once, and has them sent in the background."""

    def __init__(self, context: Context, office: Office) -> None:
        self._context = context
        self._office = office
        self._notes: list[Event] = []
        self._said: set[str] = set()
        self._held = False
        """Whether the account was found held since the last round."""
        self._failed = False
        self._wake = asyncio.Event()
        self._next: dt.datetime | None = None
        self._is_idle = asyncio.Event()
        self._sender = asyncio.ensure_future(self._keep_sending())
        self._has_begun = False

    async def take(self, event: Event) -> None:
        """Write letters of what an event calls for."""
        try:
            if not self._has_begun:
                # From now on: what happened before anybody was to be told is no news.
                self._has_begun = True
                await asyncio.to_thread(self._begin)
            match event:
                case AccountHeldEvent():
                    self._held = True
                case PollFailed():
                    self._failed = True
                case StandingOrderActed(job=job, folder=folder) if folder is not None:
                    self._office.exported[job] = folder
            born = tell_event(event, self._context.ledger.jobs(), self._context.now())
            if born is not None:
                await asyncio.to_thread(self._write, born)
            if isinstance(event, Polled):
                # At the end of a round: by then standing orders have sent again and exported what they do.
                await asyncio.to_thread(self._look, not self._held and not self._failed)
                self._held = self._failed = False
                self._wake.set()
        except Exception as error:
            self._say_failure(error)

    def notes(self) -> list[Event]:
        """Return what the operator should know of the telling, once."""
        notes, self._notes = self._notes, []
        return notes

    async def finish(self) -> None:
        """Let what is due be sent, within bounds; what is not goes out with the next tracking."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE_SECONDS):
                while True:
                    self._is_idle.clear()
                    self._wake.set()
                    await self._is_idle.wait()
                    left = self._seconds_left()
                    if left is None or left > _PATIENCE_SECONDS:
                        break
                    await asyncio.sleep(left)
        try:
            told = await asyncio.to_thread(self._office.file.read)
        except BatchDeckError as error:
            self._say(f"{error.title}: {error.message}")
            return
        if told is not None and told.letters:
            due = min(letter.due for letter in told.letters)
            self._say(
                f"Messages not sent yet: {len(told.letters)}. The next `batchdeck watch` sends them, from "
                f"{due:%Y-%m-%d %H:%M} UTC on.",
                "info",
            )

    async def close(self) -> None:
        """Stop sending. A message that is on its way is waited for."""
        self._sender.cancel()
        await asyncio.wait({self._sender})

    async def _keep_sending(self) -> None:
        while True:
            try:
                self._next = await self._office.send_due()
            except Exception as error:
                self._next = None
                self._say_failure(error)
            self._is_idle.set()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._seconds_left()):
                    await self._wake.wait()
            self._wake.clear()

    def _seconds_left(self) -> float | None:
        if self._next is None:
            return None
        return max(0.0, (self._next - self._context.now()).total_seconds())

    def _say_failure(self, error: Exception) -> None:
        # Whatever it is, telling is not worth stopping the tracking for.
        if isinstance(error, BatchDeckError):
            self._say(f"{error.title}: {error.message}")
        else:
            self._say(f"Telling failed: {type(error).__name__}: {show(str(error), 200)}")

    def _say(self, text: str, level: str = "warning") -> None:
        if text not in self._said:
            self._said.add(text)
            self._notes.append(Note(text, level))

    def _begin(self) -> None:
        with self._office.file.changing(self._context.now()):
            pass

    def _write(self, born: Telling) -> None:
        with self._office.file.changing(now := self._context.now()) as told:
            for one in unheard([born], told.once, self._context.settings.notify.on):
                told.letters += self._office.write(one)
            told.once.setdefault(born.once, now)
        self._wake.set()

    def _look(self, is_well: bool) -> None:
        """Tell what the deck's records call for; once a round went well, a hold of the account is over."""
        now = self._context.now()
        with self._office.file.changing(now) as told:
            tellings = tell_deck(deck_facts(self._context, told.since))
            new = unheard(tellings, told.once, self._context.settings.notify.on)
            for one in new:
                told.letters += self._office.write(one)
            standing = {one.once for one in tellings}
            told.once = {
                once: at
                for once, at in told.once.items()
                if once in standing
                or (
                    _is_of_event(once)
                    and now - at < _REMEMBERED
                    and not (is_well and once == Kind.ACCOUNT_HELD)
                )
            } | {one.once: told.once.get(one.once, now) for one in tellings}
        if new:
            self._wake.set()


def _is_of_event(once: str) -> bool:
    kind = once.partition("/")[0]
    return kind in (Kind.ACCOUNT_HELD, Kind.INBOX_PROBLEM, Kind.STANDING_ORDER_HELD)


def deck_facts(context: Context, since: dt.datetime) -> DeckFacts:
    """Return what the rules of telling look at, as far back as `since` or as anything is news."""
    now = context.now()
    news_since = max(since, now - dt.timedelta(days=NEWS_DAYS))
    batches = list(context.ledger.batches().values())
    recent = {b.job for b in batches if b.job and b.archive is not None and b.archive.at >= news_since}
    return DeckFacts(
        jobs=context.ledger.jobs(),
        submissions=context.ledger.submissions(),
        batches=batches,
        states={job: _state(context, job) for job in sorted(recent)},
        failure_share=context.settings.notify.failure_share,
        now=now,
        news_since=news_since,
    )


def _state(context: Context, job_id: str) -> JobState:
    job = context.ledger.job(job_id)
    own = [s for s in context.ledger.submissions().values() if s.job == job_id]
    return job_state(job, own, len(unsent_indices(job, own)))
