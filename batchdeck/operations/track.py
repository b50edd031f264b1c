"""Tracking: polling open batches politely, settling what is in doubt, collecting what has ended."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from batchdeck.api.gateway import Gateway
from batchdeck.domain.batches import RISK_DAYS, Batch, RemoteBatch, SubmissionState
from batchdeck.domain.events import (
    AccountHeldEvent,
    BatchEnded,
    CountsChanged,
    Event,
    Finished,
    Note,
    Polled,
    PollFailed,
    ResultsAtRisk,
)
from batchdeck.domain.inbox import InboxOrder
from batchdeck.domain.polling import PollPace, history_of, next_poll
from batchdeck.errors import (
    AccountHeld,
    ApiNotFound,
    ApiRefused,
    ApiUnreachable,
    BatchDeckError,
    Conflict,
)
from batchdeck.operations.collect import collect
from batchdeck.operations.context import Context
from batchdeck.operations.exclusive import poller_lock
from batchdeck.operations.ladder import go_on_by_itself
from batchdeck.operations.plan import unsent_indices
from batchdeck.operations.reconcile import reconcile
from batchdeck.operations.unattended import Unattended

_AT_ONCE = 8
"""How many batches are polled at the same time."""
_NOT_FOUND_BELIEVED_AFTER = dt.timedelta(minutes=10)
"""Valid ids answer 404 now and then, seconds after create and even later: it is believed only after this."""
_FOLLOW_SECONDS = 1.0


@dataclass(slots=True)
class _Watch:
    """What the poller remembers between rounds."""

    polls: dict[str, int] = field(default_factory=dict)
    due: dict[str, dt.datetime] = field(default_factory=dict)
    warned: set[tuple[str, int]] = field(default_factory=set)
    retry_after: dict[str, float] = field(default_factory=dict)
    climbed: dict[str, object] = field(default_factory=dict)
    """By job with a ladder, what it stood at when its next rung was last considered."""


@dataclass(frozen=True, slots=True)
class Tracked:
    """What tracking came to."""

    open_batches: int
    archived: tuple[str, ...]
    in_doubt: int


async def track(
    context: Context,
    *,
    once: bool = False,
    until_ended: bool = False,
    inbox: InboxOrder | None = None,
    acts: bool = True,
) -> AsyncGenerator[Event, None]:
    """Poll and collect, and do what the standing orders say; the result is a `Tracked`.

    One process polls a deck. Another one that is asked to follows what the first one records, so that
    several faces can watch at once.

    Args:
        once: one round over everything that is open, now.
        until_ended: go on until nothing is open, unarchived or in doubt. Otherwise it goes on for ever.
        inbox: a folder to serve besides, by the process that polls.
        acts: whether standing orders and inbox are carried out at all.

    Raises:
        NotFound: there is no recipe of the name that the inbox asks for.
    """
    archived: list[str] = []
    watch = _Watch()
    unattended = Unattended(context, inbox) if acts else None
    has_told = False
    while True:
        with poller_lock(context) as is_poller:
            if is_poller:
                polling = _poll(context, watch, archived, unattended, once=once, until_ended=until_ended)
                try:
                    async with aclosing(polling) as events:
                        async for event in events:
                            yield event
                finally:
                    if unattended is not None:
                        await unattended.close()
                yield Finished(_tracked(context, archived))
                return
            if inbox is not None and not has_told:
                has_told = True
                yield Note("Another process polls this deck; the inbox is served here when it stops.")
            async for event in _follow(context, once=once, until_ended=until_ended):
                yield event
        if once or (until_ended and _is_settled(context)):
            yield Finished(_tracked(context, archived))
            return


def _tracked(context: Context, archived: Sequence[str]) -> Tracked:
    batches = context.ledger.batches().values()
    return Tracked(sum(batch.is_open for batch in batches), tuple(archived), len(_doubtful(context)))


def _doubtful(context: Context) -> list[str]:
    unsettled = (SubmissionState.IN_DOUBT, SubmissionState.SENDING)
    return [s.key for s in context.ledger.submissions().values() if s.state in unsettled]


def _wanted(context: Context) -> list[Batch]:
    """Return the batches that still have something to give: open ones, and ended ones not archived. Those of
    real-time runs are their runs' own affair."""
    batches = context.ledger.batches().values()
    return [b for b in batches if b.archive is None and not b.gone and not b.is_realtime]


def _is_settled(context: Context) -> bool:
    context.ledger.refresh()
    return not _wanted(context) and not _doubtful(context)


async def _follow(context: Context, *, once: bool, until_ended: bool) -> AsyncGenerator[Event, None]:
    """Report what another process records, until it stops polling or nothing is left to wait for."""
    seen = {b.id: b for b in context.ledger.batches().values()}
    while True:
        await asyncio.sleep(_FOLLOW_SECONDS)
        if await asyncio.to_thread(context.ledger.refresh):
            current = {b.id: b for b in context.ledger.batches().values()}
            for batch_id, batch in current.items():
                before = seen.get(batch_id)
                if before is None or before.remote != batch.remote:
                    yield CountsChanged(batch_id, batch.job, batch.remote.status, batch.remote.counts)
            seen = current
        with poller_lock(context) as is_free:
            if is_free:
                return
        if once or (until_ended and _is_settled(context)):
            return


async def _poll(
    context: Context,
    watch: _Watch,
    archived: list[str],
    unattended: Unattended | None,
    *,
    once: bool,
    until_ended: bool,
) -> AsyncGenerator[Event, None]:
    gateway = await context.open_gateway()
    while True:
        await asyncio.to_thread(context.ledger.refresh)
        async for event in _settle(context):
            yield event
        due = [b for b in _wanted(context) if once or _is_due(context, watch, b)]
        async for event in _poll_round(context, gateway, due, watch):
            yield event
        for batch in [b for b in _wanted(context) if b.remote.has_ended]:
            async for event in _collect_one(context, gateway, batch, archived):
                yield event
        async for event in _climb(context, watch):
            yield event
        for event in _risks(context, watch):
            yield event
        if unattended is not None and (once or unattended.is_due()):
            async for event in unattended.round(once=once):
                yield event
        wanted = _wanted(context)
        is_waiting = unattended is not None and unattended.is_waiting
        if once or (until_ended and _is_settled(context) and not is_waiting):
            yield Polled(len(wanted), None)
            return
        next_at = _next_round(context, watch, wanted)
        yield Polled(sum(b.is_open for b in wanted), next_at)
        async for event in _sleep_until(context, watch, unattended, next_at):
            yield event


async def _settle(context: Context) -> AsyncGenerator[Event, None]:
    try:
        async for event in reconcile(context):
            if not isinstance(event, Finished):
                yield event
    except ApiUnreachable as error:
        yield PollFailed(None, error.message)


async def _poll_round(
    context: Context, gateway: Gateway, batches: Sequence[Batch], watch: _Watch
) -> AsyncGenerator[Event, None]:
    """Ask for every due batch, several at once, and write what changed in one transaction."""
    gate = asyncio.Semaphore(_AT_ONCE)

    async def ask(batch: Batch) -> tuple[Batch, RemoteBatch | BatchDeckError]:
        async with gate:
            try:
                polled = await gateway.retrieve(batch.id)
            except BatchDeckError as error:
                return batch, error
            watch.retry_after[batch.id] = polled.retry_after or 0.0
            return batch, polled.batch

    answers = await asyncio.gather(*(ask(batch) for batch in batches if batch.is_open))
    changed: list[Batch] = []
    events: list[Event] = []
    for batch, answer in answers:
        watch.polls[batch.id] = watch.polls.get(batch.id, 0) + 1
        if isinstance(answer, AccountHeld):
            events.append(AccountHeldEvent(answer.message))
        if isinstance(answer, BatchDeckError):
            updated = _not_found(context, batch) if isinstance(answer, ApiNotFound) else batch
            events.append(PollFailed(batch.id, answer.message))
            if updated != batch:
                changed.append(updated)
            continue
        if answer != batch.remote or batch.not_found_since is not None:
            changed.append(replace(batch, remote=answer, last_polled_at=context.now(), not_found_since=None))
        if answer != batch.remote:
            events.append(CountsChanged(batch.id, batch.job, answer.status, answer.counts))
            if answer.has_ended:
                events.append(BatchEnded(batch.id, batch.job, answer.counts))
    if changed:
        await asyncio.to_thread(_record, context, changed)
    for event in events:
        yield event
    _schedule(context, watch, batches)


def _not_found(context: Context, batch: Batch) -> Batch:
    """Return a batch that the API does not know: since when is noted, for rounds of other processes too, and
    it counts as gone only when that has lasted."""
    since = batch.not_found_since or context.now()
    has_lasted = context.now() - since >= _NOT_FOUND_BELIEVED_AFTER
    return replace(batch, not_found_since=since, gone=has_lasted)


def _record(context: Context, batches: Sequence[Batch]) -> None:
    with context.ledger.transaction() as tx:
        for batch in batches:
            current = tx.batch(batch.id)
            tx.put(
                replace(
                    current,
                    remote=batch.remote,
                    last_polled_at=batch.last_polled_at,
                    gone=batch.gone,
                    not_found_since=batch.not_found_since,
                )
            )


async def _collect_one(
    context: Context, gateway: Gateway, batch: Batch, archived: list[str]
) -> AsyncGenerator[Event, None]:
    try:
        async for event in collect(context, batch.id):
            if isinstance(event, Finished):
                archived.append(batch.id)
            else:
                yield event
    except (ApiUnreachable, ApiRefused, Conflict) as error:
        yield PollFailed(batch.id, error.message)
        updated = await _looked_for(context, gateway, batch) if isinstance(error, ApiNotFound) else batch
        if updated != batch:
            await asyncio.to_thread(_record, context, [updated])
        if updated.gone:
            yield Note(f"The API does not have the results of {batch.id} any more.", "warning")


async def _looked_for(context: Context, gateway: Gateway, batch: Batch) -> Batch:
    """Return a batch whose results the API does not find. They will never come, and it is gone, when their
    time is over, the API says that it has put them away, or for minutes it has not known the batch itself."""
    if context.now() >= batch.results_vanish_at:
        return replace(batch, gone=True)
    try:
        remote = (await gateway.retrieve(batch.id)).batch
    except ApiNotFound:
        return _not_found(context, batch)
    except BatchDeckError:
        return batch
    return replace(batch, gone=remote.archived_at is not None, not_found_since=None)


async def _climb(context: Context, watch: _Watch) -> AsyncGenerator[Event, None]:
    """Let jobs with a ladder go on to their next rung, where something has changed since the last look."""
    submissions = list(context.ledger.submissions().values())
    jobs = await asyncio.to_thread(context.ledger.jobs)  # with documents by the thousand it takes a while
    for job in [job for job in jobs.values() if job.ladder]:
        own = [s for s in submissions if s.job == job.id]
        is_prepared = any(s.state is SubmissionState.PREPARED for s in own)
        standing = (sorted(job.outcomes.items()), job.gate, len(own), context.ledger.meta.held)
        if (watch.climbed.get(job.id) == standing and not is_prepared) or not unsent_indices(job, own):
            continue
        watch.climbed[job.id] = standing
        async for event in go_on_by_itself(context, job.id):
            yield event


def _risks(context: Context, watch: _Watch) -> list[Event]:
    """Warn of every batch, once at each of the days from which its results, not archived, may vanish soon."""
    events: list[Event] = []
    for batch in _wanted(context):
        age = (context.now() - batch.remote.created_at).days
        reached = {(batch.id, day) for day in RISK_DAYS if age >= day}
        if reached - watch.warned:
            watch.warned |= reached
            events.append(ResultsAtRisk(batch.id, batch.results_vanish_at))
    return events


def _is_due(context: Context, watch: _Watch, batch: Batch) -> bool:
    """Whether to ask for a batch now. One that was made or asked for a moment ago gets its turn later."""
    if batch.id not in watch.due:
        age = context.now() - (batch.last_polled_at or batch.remote.created_at)
        if age.total_seconds() < context.settings.polling.floor_seconds:
            _schedule(context, watch, [batch])
        else:
            watch.due[batch.id] = context.now()
    return watch.due[batch.id] <= context.now()


def _schedule(context: Context, watch: _Watch, batches: Sequence[Batch]) -> None:
    polling = context.settings.polling
    pace = PollPace(polling.floor_seconds, polling.ceiling_seconds, polling.jitter)
    history = history_of(context.ledger.batches().values(), context.settings.polling.history)
    now = context.now()
    for batch in batches:
        seconds = next_poll(
            batch.remote.created_at,
            batch.remote.counts.total,
            now,
            history,
            polls=watch.polls.get(batch.id, 0),
            retry_after=watch.retry_after.get(batch.id) or None,
            pace=pace,
            rng=context.random.random(),
            is_canceling=batch.remote.status == "canceling",
        )
        watch.due[batch.id] = now + dt.timedelta(seconds=seconds)


def _next_round(context: Context, watch: _Watch, wanted: Sequence[Batch]) -> dt.datetime:
    ceiling = context.now() + dt.timedelta(seconds=context.settings.polling.ceiling_seconds)
    return min([watch.due[b.id] for b in wanted if b.id in watch.due], default=ceiling)


async def _sleep_until(
    context: Context, watch: _Watch, unattended: Unattended | None, when: dt.datetime
) -> AsyncGenerator[Event, None]:
    """Sleep until a round is due, waking when there is a batch that no round has seen yet. Standing orders
    and the inbox are seen to meanwhile: they need no round.

    Whether this `refresh` is the one that took it in does not matter: a dashboard refreshes the same ledger.
    """
    while (left := (when - context.now()).total_seconds()) > 0:
        await asyncio.sleep(min(left, _FOLLOW_SECONDS))
        await asyncio.to_thread(context.ledger.refresh)
        if unattended is not None and unattended.is_due():
            async for event in unattended.round():
                yield event
        if any(batch.id not in watch.due for batch in _wanted(context)):
            return
