"""Folding the journal into the snapshot while others look: no commit is overlooked, and none written over."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

from batchdeck.store.disk import Disk
from batchdeck.store.layout import prepare_deck
from batchdeck.store.ledger import Ledger
from tests.unit.store.faulty import FaultyDisk, io_error
from tests.unit.store.ledger_work import check_work, do_work


class WatchedDisk(FaultyDisk):
    """Lets somebody look right before one of the calls that change the disk."""

    def __init__(self, look: Callable[[], object]) -> None:
        super().__init__(0, io_error)
        self.look_before = -1
        self._look = look

    def _is_due(self, call: str) -> bool:
        if len(self.calls) == self.look_before:
            self._look()
        return super()._is_due(call)


def test_whoever_looks_while_the_journal_is_folded_goes_on_with_everybody(memory_path: Path) -> None:
    for at in itertools.count():
        layout = prepare_deck(memory_path / f"deck-{at}")
        other = Ledger.open(layout)
        disk = WatchedDisk(other.refresh)
        folding = Ledger.open(layout, disk=disk)
        do_work(folding, "a", 0)
        other.refresh()
        before = len(disk.calls)
        disk.look_before = before + at
        folding.close()
        if at == len(disk.calls) - before:
            break
        do_work(folding, "a", 1)
        for number in range(2):
            do_work(other, "b", number)
        everything = [("a", 0), ("a", 1), ("b", 0), ("b", 1)]
        for ledger in (Ledger.open(layout), folding, other):
            ledger.refresh()
            check_work(ledger, everything, lambda name: False)
    assert "replace ledger.json" in disk.calls


def test_a_journal_that_is_emptied_late_is_not_written_behind(memory_path: Path) -> None:
    layout = prepare_deck(memory_path / "deck")
    disk = StubbornDisk()
    stopped = Ledger.open(layout, disk=disk)
    do_work(stopped, "a", 0)
    disk.is_stubborn = True
    stopped.close()
    assert stopped.checkpoint_problem is not None, "the snapshot is in place, the journal still full"
    reader = Ledger.open(layout)
    again = Ledger.open(layout)
    again.close()
    do_work(again, "a", 1)
    for number in range(2):
        do_work(reader, "b", number)
    check_work(Ledger.open(layout), [("a", 0), ("a", 1), ("b", 0), ("b", 1)], lambda name: False)


class StubbornDisk(Disk):
    """Makes no file shorter once it has become stubborn."""

    is_stubborn = False

    def truncate(self, descriptor: int, size: int) -> None:
        if self.is_stubborn:
            raise io_error()
        super().truncate(descriptor, size)
