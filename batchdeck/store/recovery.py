"""Recovering a damaged ledger: salvaged, brought up to what the audit log proves, and written anew.

The damaged files go to the quarantine first, and the recovered state is put in place in one step.
"""

from __future__ import annotations

import datetime as dt
import os
from dataclasses import dataclass
from pathlib import Path

from batchdeck.domain.findings import Mended
from batchdeck.store.audit import read_entries
from batchdeck.store.disk import Disk, opened, storage_failures, write_whole
from batchdeck.store.journal import Snapshot, Tables, encode_snapshot
from batchdeck.store.layout import DeckLayout
from batchdeck.store.locks import hold
from batchdeck.store.quarantine import Quarantine
from batchdeck.store.restoring import restore
from batchdeck.store.rows import record_of
from batchdeck.store.salvage import Salvage, salvage
from batchdeck.store.traces import read_traces
from batchdeck.store.transaction import Transaction
from batchdeck.store.views import LedgerViews

_WAIT_SECONDS = 30.0
UNREADABLE = "unreadable-records.txt"
EVERYTHING = "all that ledger.json held: the audit log speaks of no job whose plan is still here"


@dataclass(frozen=True, slots=True)
class Recovery:
    """What recovering a ledger came to, or would."""

    problems: tuple[str, ...]
    """What is wrong with it; empty where it is sound and nothing was done."""
    mended: tuple[Mended, ...] = ()
    """What was had back from the audit log and the deck's own files."""
    lost: tuple[str, ...] = ()
    """What could not be had back."""
    quarantine: Path | None = None
    """Where the damaged files are kept; None where nothing was written."""

    @property
    def is_sound(self) -> bool:
        return not self.problems


def examine_ledger(layout: DeckLayout, now: dt.datetime) -> Recovery:
    """Say what recovering a ledger would come to. Changes nothing.

    Raises:
        DeckTooNew, StorageFailed: as `salvage`.
    """
    found = salvage(layout)
    if found.is_sound:
        return Recovery(())
    _, mended, lost = _restored(layout, found, now)
    return Recovery(found.problems, mended, lost)


def recover_ledger(layout: DeckLayout, now: dt.datetime, *, disk: Disk | None = None) -> Recovery:
    """Recover a deck's ledger if it is damaged; a sound one is left alone.

    Raises:
        DeckLocked: another process is using it.
        DeckTooNew, StorageFailed: as `salvage`; nothing was changed.
    """
    disk = disk or Disk()
    with hold(layout.ledger_lock, wait_seconds=_WAIT_SECONDS, what="recovering the ledger"):
        found = salvage(layout)
        if found.is_sound:
            return Recovery(())
        tables, mended, lost = _restored(layout, found, now)
        quarantine = Quarantine(layout, now, disk=disk)
        for path in (layout.ledger, layout.journal):
            if path.is_dir():
                quarantine.move(path, "; ".join(found.problems))
            elif path.exists():
                quarantine.copy(path, "; ".join(found.problems))
        if found.unreadable:
            quarantine.write(UNREADABLE, b"\n".join(found.unreadable) + b"\n", "no record of the ledger")
        # One number on, so that nothing that is left of the old journal can follow it.
        snapshot = Snapshot(found.format, found.sequence + 1, "", tables)
        with storage_failures("Writing", layout.ledger):
            write_whole(disk, layout.ledger, encode_snapshot(snapshot))
            with opened(disk, layout.journal, os.O_RDWR | os.O_CREAT) as journal:
                disk.truncate(journal, 0)
                disk.sync(journal)
        return Recovery(found.problems, mended, lost, quarantine.folder)


def _restored(
    layout: DeckLayout, found: Salvage, now: dt.datetime
) -> tuple[Tables, tuple[Mended, ...], tuple[str, ...]]:
    tables: Tables = {name: dict(rows) for name, rows in found.tables.items()}
    tx = Transaction(tables, LedgerViews(tables))
    restored = restore(layout, tx, read_traces(read_entries(layout)), now)
    for name, rows in tx.delta().items():
        table = tables.setdefault(name, {})
        for number, row in rows.items():
            if row is None:
                table.pop(number, None)
            else:
                table[number] = record_of(row)
    lost = (*found.lost, *restored.lost)
    return tables, tuple(restored.mended), lost if tx.jobs() or lost else (EVERYTHING,)
