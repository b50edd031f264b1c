"""A disk that fails at any system call: a clear error, the old state, a ledger that goes on when it can."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from batchdeck.errors import StorageFailed
from batchdeck.store.layout import DeckLayout, prepare_deck
from batchdeck.store.ledger import Ledger
from batchdeck.store.records import DeckMeta
from tests.unit.store import made
from tests.unit.store.faulty import FaultyDisk, io_error, no_space
from tests.unit.store.kill_arena import PIECES, do_pieces
from tests.unit.store.ledger_work import Name, check_work, do_work

FAILURES: dict[str, tuple[Callable[[], OSError], float, int]] = {
    "disk full": (no_space, 0.0, 0),
    "disk full in the middle": (no_space, 0.5, 0),
    "I/O error": (io_error, 0.0, 0),
    "I/O error after all was written": (io_error, 1.0, 0),
    "I/O errors in a row": (io_error, 0.5, 4),
}


@pytest.mark.parametrize("kind", FAILURES)
def test_every_failing_call_leaves_the_old_state_and_a_ledger_that_goes_on(
    memory_path: Path, kind: str
) -> None:
    fail, tear, then = FAILURES[kind]
    calls = count_calls(memory_path / "counting")
    for at in range(1, calls + 1):
        layout = prepare_deck(memory_path / f"deck-{at}")
        disk = FaultyDisk(at, fail, tear=tear, then=then)
        acknowledged: list[Name] = []
        unsure: list[Name] = []
        ledger: Ledger | None = None
        for number in range(PIECES):
            try:
                ledger = ledger or Ledger.open(layout, disk=disk)
                do_pieces(ledger, number)
                acknowledged.append(("a", number))
            except StorageFailed as failure:
                if "nor its undoing" in failure.message:
                    unsure.append(("a", number))
        ledger = ledger or Ledger.open(layout)
        check_work(Ledger.open(layout), acknowledged, unsure.__contains__)
        ledger.refresh()
        check_work(ledger, acknowledged, unsure.__contains__)
        disk.mend()
        do_work(ledger, "z", at)
        ledger.close()
        check_work(Ledger.open(layout), [*acknowledged, ("z", at)], unsure.__contains__)


def count_calls(folder: Path) -> int:
    disk = FaultyDisk(0, io_error)
    ledger = Ledger.open(prepare_deck(folder), disk=disk)
    for number in range(PIECES):
        do_pieces(ledger, number)
    assert "replace ledger.json" in disk.calls[len(disk.calls) // 2 :], "the work does not reach a checkpoint"
    return len(disk.calls)


def test_a_failed_checkpoint_loses_nothing_and_is_remembered(layout: DeckLayout) -> None:
    disk = FaultyDisk(0, no_space)
    ledger = Ledger.open(layout, disk=disk)
    do_work(ledger, "a", 0)
    disk.fail_from_now()
    ledger.close()
    assert "No space left" in str(ledger.checkpoint_problem)
    disk.mend()
    do_work(ledger, "a", 1)
    ledger.close()
    assert str(ledger.checkpoint_problem) == "None"
    check_work(Ledger.open(layout), [("a", 0), ("a", 1)], lambda name: False)


def test_on_a_full_disk_what_has_happened_is_still_recorded(layout: DeckLayout) -> None:
    Ledger.open(layout).close()
    ledger = Ledger.open(layout, disk=DiskWithoutRoom(layout.journal))
    with pytest.raises(StorageFailed, match="No space left"):  # noqa: PT012 - how many fit is open
        for _ in range(100):
            with ledger.transaction() as tx:
                tx.put(DeckMeta(tx.meta.endpoint + "x" * 1_000))
    for number in range(100):
        with ledger.transaction(uses_reserve=True) as tx:
            tx.put(made.batch(key=f"{number:010x}"))
    with pytest.raises(StorageFailed, match="No space left"), ledger.transaction() as tx:
        tx.put(made.job())
    assert Ledger.open(layout).batch("msgbatch_1").key == f"{99:010x}"


class DiskWithoutRoom(FaultyDisk):
    """Lets no file grow beyond the size it has now."""

    def __init__(self, journal: Path) -> None:
        super().__init__(0, no_space)
        self._room = journal.stat().st_size

    def write(self, descriptor: int, data: bytes, offset: int) -> None:
        if offset + len(data) > self._room:
            raise no_space()
        super().write(descriptor, data, offset)


LIMITED = """
import resource, signal, sys
from pathlib import Path
from batchdeck.errors import StorageFailed
from batchdeck.store.layout import prepare_deck
from batchdeck.store.ledger import Ledger
sys.path.insert(0, sys.argv[2])
from tests.unit.store.ledger_work import check_work, do_work
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
layout = prepare_deck(Path(sys.argv[1]))
ledger = Ledger.open(layout)
resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
acknowledged, refused = [], 0
for number in range(400):
    try:
        do_work(ledger, "a", number, ballast=3_000)
        acknowledged.append(("a", number))
    except StorageFailed:
        refused += 1
check_work(Ledger.open(layout), acknowledged, lambda name: False)
print(len(acknowledged), refused)
"""


def test_a_limit_of_the_system_is_met_cleanly(memory_path: Path) -> None:
    root = str(Path(__file__).resolve().parents[3])
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(memory_path / "deck"), root],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    acknowledged, refused = map(int, done.stdout.split())
    assert acknowledged > 30
    assert refused > 30
    check_work(Ledger.open(DeckLayout(memory_path / "deck")), [("a", 0)], lambda name: name[1] < 400)
