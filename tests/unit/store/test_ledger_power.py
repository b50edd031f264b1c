"""A power cut at any moment: whatever state it leaves has all that was acknowledged, and nothing in part."""

from __future__ import annotations

from pathlib import Path

import pytest

from batchdeck.errors import DeckDamaged
from batchdeck.store.disk import Disk
from batchdeck.store.layout import prepare_deck
from batchdeck.store.ledger import Ledger
from tests.unit.store.kill_arena import PIECES, do_pieces
from tests.unit.store.ledger_work import Name, check_work, do_work
from tests.unit.store.power import PoweredDisk


def work_through(folder: Path, disk: PoweredDisk) -> dict[int, int]:
    """Work on a new deck; return at which moment each piece was acknowledged."""
    acknowledged: dict[int, int] = {}
    ledger = Ledger.open(prepare_deck(folder), disk=disk)
    for number in range(PIECES):
        do_pieces(ledger, number)
        acknowledged[number] = len(disk.moments)
    ledger.close()
    return acknowledged


def check_aftermaths(memory_path: Path, disk: PoweredDisk, acknowledged: dict[int, int]) -> int:
    states = 0
    for moment in range(len(disk.moments)):
        done: list[Name] = [("a", number) for number, at in acknowledged.items() if at <= moment]
        for files in disk.aftermaths(moment):
            layout = prepare_deck(memory_path / f"cut-{moment}-{states}")
            for name, content in files.items():
                (layout.root / name).write_bytes(content)
            states += 1
            check_work(Ledger.open(layout, read_only=True), done, {("a", len(done))}.__contains__)
            ledger = Ledger.open(layout)
            do_work(ledger, "z", 1)
            ledger.close()
            check_work(Ledger.open(layout), [*done, ("z", 1)], {("a", len(done))}.__contains__)
    return states


def test_whatever_a_power_cut_leaves_is_whole(memory_path: Path) -> None:
    disk = PoweredDisk(memory_path / "deck")
    acknowledged = work_through(memory_path / "deck", disk)
    assert check_aftermaths(memory_path, disk, acknowledged) > 100


@pytest.mark.parametrize("forgotten", ["sync", "sync_folder"])
def test_the_model_finds_out_a_forgotten_sync(
    memory_path: Path, forgotten: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PoweredDisk, forgotten, getattr(Disk, forgotten))
    disk = PoweredDisk(memory_path / "deck")
    acknowledged = work_through(memory_path / "deck", disk)
    with pytest.raises((AssertionError, DeckDamaged)):
        check_aftermaths(memory_path, disk, acknowledged)
