"""Repairing a deck: what is derived is made anew, what is damaged is quarantined, nothing else is deleted.

The API is never asked for anything, and no money is spent. Each thing done leaves a line in the audit log.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from batchdeck.domain.events import Event, Finished, Note
from batchdeck.domain.findings import Finding, Mend, Mended
from batchdeck.domain.text import show
from batchdeck.errors import DeckLocked
from batchdeck.operations import inspection, mending
from batchdeck.operations.context import Context
from batchdeck.store import locks
from batchdeck.store.audit import BREAK, read_entries
from batchdeck.store.inventory import close_mode, find_open_modes
from batchdeck.store.layout import DeckLayout
from batchdeck.store.quarantine import Quarantine
from batchdeck.store.recovery import Recovery, recover_ledger
from batchdeck.store.restoring import restore
from batchdeck.store.sweep import sweep
from batchdeck.store.traces import read_traces

_WHAT = "repairing the deck"
_KEYS_A_LINE = 100
_Step = Callable[[Context, Quarantine], Iterator[Mended]]


@dataclass(frozen=True, slots=True)
class Repaired:
    """What a repair came to."""

    mended: tuple[Mended, ...]
    quarantine: Path | None
    """Where what was damaged is kept; None where nothing was."""

    @property
    def lost(self) -> tuple[str, ...]:
        """What could not be had back."""
        return tuple(f"{show(one.where, 200)}: {one.lost}" for one in self.mended if one.lost)


def recover(layout: DeckLayout, now: dt.datetime) -> Recovery:
    """Recover the ledger of a deck that cannot be opened; a sound one is left alone.

    Raises:
        DeckLocked: another process is at work on the deck.
        StorageFailed: the disk did not take it; nothing was changed.
    """
    with _alone(layout):
        return recover_ledger(layout, now)


async def repair(context: Context, recovery: Recovery | None = None) -> AsyncGenerator[Event, None]:
    """Mend what can be mended; the result is a `Repaired`.

    Args:
        recovery: what recovering the ledger came to just before, for the audit log.

    Raises:
        ReadOnlyError: the deck was opened read-only.
        DeckLocked: another process is sending, polling, or running in real time.
        StorageFailed: the disk did not take something; what was done before stays done.
    """
    context.require_writable("repair the deck")
    quarantine = Quarantine(context.layout, context.now())
    mended: list[Mended] = []

    def note(one: Mended) -> Note:
        context.audit.append("repair", where=one.where, done=one.done, lost=one.lost)
        mended.append(one)
        said = f"{show(one.where, 200)}: {one.done}."
        return Note(f"{said} Lost: {one.lost}." if one.lost else said, "warning" if one.lost else "info")

    with _alone(context.layout):
        for one in await asyncio.to_thread(_own_up, context, recovery):
            yield note(one)
        await asyncio.to_thread(context.ledger.refresh)
        for step in (_records, _modes, _sweep, _archives, _plans, _requests, _vault):
            for one in await asyncio.to_thread(_all, step, context, quarantine):
                yield note(one)
        for finding in await asyncio.to_thread(lambda: list(inspection.inspect_indexes(context, deep=True))):
            yield note(await mending.mend_index(context, finding))
        for one in await asyncio.to_thread(mending.refresh_rollups, context):
            yield note(one)
    folder = quarantine.folder or (recovery.quarantine if recovery is not None else None)
    yield Finished(Repaired(tuple(mended), folder))


@contextmanager
def _alone(layout: DeckLayout) -> Iterator[None]:
    """Hold the deck's exclusive rights, so that nothing is moved from under a process that uses it.

    Raises:
        DeckLocked: somebody has one of them.
    """
    with contextlib.ExitStack() as stack:
        for lock in (layout.submit_lock, layout.realtime_lock, layout.poller_lock):
            if not stack.enter_context(locks.try_hold(lock, what=_WHAT)):
                holder = locks.holder_of(lock)
                raise DeckLocked(
                    f"{holder or 'Another process'} is at work on the deck.",
                    hint="Leave its dashboards and end what watches it, then repair it.",
                )
        yield


def _all(step: _Step, context: Context, quarantine: Quarantine) -> list[Mended]:
    return list(step(context, quarantine))


def _own_up(context: Context, recovery: Recovery | None) -> list[Mended]:
    breaks = context.audit.own_up()
    done = [Mended(f"audit.jsonl, line {line}", "owned up to in a line of its own") for line in breaks]
    missing = inspection.unlogged(context)
    for start in range(0, len(missing), _KEYS_A_LINE):
        context.audit.append(BREAK, unlogged=missing[start : start + _KEYS_A_LINE])
    if missing:
        done.append(Mended("audit.jsonl", f"owned up to {len(missing):,} submissions it no longer names"))
    if recovery is not None and not recovery.is_sound:
        kept = recovery.quarantine
        where = f"; the damaged files are in quarantine/{kept.name}" if kept is not None else ""
        done.append(Mended("ledger", f"recovered{where}"))
        done += recovery.mended
        done += [Mended("ledger", "looked for in vain", lost) for lost in recovery.lost]
    return done


def _records(context: Context, _: Quarantine) -> Iterator[Mended]:
    """Record again what the audit log proves and the ledger does not have."""
    traces = read_traces(read_entries(context.layout))
    known = context.ledger.batches()
    missing = {
        key: trace for key, trace in traces.submissions.items() if trace.batch and trace.batch not in known
    }
    if missing:
        traces.submissions.clear()
        traces.submissions.update(missing)
        with context.ledger.transaction() as tx:
            restored = restore(context.layout, tx, traces, context.now())
        yield from restored.mended
        for lost in restored.lost:
            yield Mended("ledger", "looked for in vain", lost)


def _modes(context: Context, _: Quarantine) -> Iterator[Mended]:
    root = context.layout.root
    for finding in _of(Mend.PERMISSIONS, find_open_modes(root)):
        close_mode(root, finding.where)
        yield Mended(finding.where, f"closed to others ({finding.what.removeprefix('has ')} before)")


def _sweep(context: Context, _: Quarantine) -> Iterator[Mended]:
    root = context.layout.root
    for path in sweep(context.layout, context.ledger, context.now()):
        yield Mended(str(path.relative_to(root)), "removed, a leftover older than a day")


def _archives(context: Context, quarantine: Quarantine) -> Iterator[Mended]:
    for finding in inspection.inspect_archives(context):
        yield mending.mend_archive(context, quarantine, finding)


def _plans(context: Context, quarantine: Quarantine) -> Iterator[Mended]:
    for finding in inspection.inspect_plans(context):
        yield mending.mend_plan(context, quarantine, finding)


def _requests(context: Context, quarantine: Quarantine) -> Iterator[Mended]:
    for finding in inspection.inspect_requests(context, deep=True):
        yield mending.mend_requests(context, quarantine, finding)


def _vault(context: Context, quarantine: Quarantine) -> Iterator[Mended]:
    for finding in inspection.inspect_vault(context, deep=True):
        yield mending.mend_source(context, quarantine, finding)


def _of(mend: Mend, findings: Iterator[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.mend is mend]
