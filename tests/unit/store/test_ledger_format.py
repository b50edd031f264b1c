"""What is on disk: readable TinyDB JSON, one golden deck per format, migrations, newer decks, and damage."""

from __future__ import annotations

import dataclasses
import json
import shutil
import stat
import zlib
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from tinydb import TinyDB, where

from batchdeck.domain.batches import Archive, SubmissionState
from batchdeck.errors import DeckDamaged, DeckTooNew, ReadOnlyError, StorageFailed
from batchdeck.store.journal import Snapshot, Tables, encode_snapshot
from batchdeck.store.layout import DeckLayout, prepare_deck
from batchdeck.store.ledger import Ledger
from batchdeck.store.records import DeckMeta
from batchdeck.store.rows import Record
from batchdeck.store.salvage import salvage
from batchdeck.store.storage import FORMAT, LedgerFormat
from tests.unit.store import made
from tests.unit.store.faulty import FaultyDisk, io_error

GOLDEN = Path(__file__).with_name("golden")


def spell_names_out(tables: Tables) -> Tables:
    """A migration from format 1 to a format 2 that there is not: jobs get longer names."""
    jobs = {number: row | {"name": f"the {row['name']}"} for number, row in tables.get("jobs", {}).items()}
    return tables | {"jobs": jobs}


NEXT = LedgerFormat(FORMAT + 1, {FORMAT: spell_names_out})


@pytest.fixture
def golden(layout: DeckLayout) -> DeckLayout:
    """A deck as format 1 left it, killed: a snapshot, and commits that only the journal has."""
    for name in ("ledger.json", "ledger.journal"):
        shutil.copyfile(GOLDEN / "format-1" / name, layout.root / name)
    return layout


def check_golden(ledger: Ledger) -> None:
    assert ledger.meta == DeckMeta("https://api.example", sandbox=False)
    assert ledger.job("j1").documents == (
        made.document(pages=4),
        made.document("b.pdf", sha256="cd" * 32, path="/in/b\udce9.pdf", first=4, pages=6),
    )
    first = ledger.batch("msgbatch_1")
    assert first.submission == dataclasses.replace(
        made.submission("00000000aa", (0, 4), (6, 10), state=SubmissionState.SUBMITTED),
        batch_id="msgbatch_1",
        watermark="",
        sent_at=made.NOW,
    )
    assert first.archive == Archive("ef" * 32, 1234, 8, made.NOW, ("rows missing: 1 of 8",))
    assert ledger.submission("00000000bb").state is SubmissionState.IN_DOUBT


def test_a_golden_deck_reads_as_ever(golden: DeckLayout) -> None:
    reading = Ledger.open(golden, read_only=True)
    check_golden(reading)
    assert reading.job("j1").name == "job j1"
    assert reading.format == 1
    ledger = Ledger.open(golden)
    check_golden(ledger)
    with ledger.transaction() as tx:
        tx.put(made.job("j2"))
    ledger.close()
    check_golden(Ledger.open(golden))


def test_plain_tinydb_reads_the_ledger(ledger: Ledger, layout: DeckLayout) -> None:
    with ledger.transaction() as tx:
        tx.put(made.job())
        tx.claim(made.submission())
        tx.put(made.batch())
    ledger.close()
    with TinyDB(layout.ledger, access_mode="r") as db:
        assert db.tables() == {"ledger", "jobs", "documents", "submissions", "batches"}
        found = db.table("batches").get(where("id") == "msgbatch_1")
        assert isinstance(found, dict)
        assert found["key"] == "00000000aa"
        assert db.table("documents").get(doc_id=1)
        assert db.table("ledger").all()[0]["format"] == FORMAT
    lines = layout.ledger.read_text().splitlines()
    assert sum('"msgbatch_1"' in line for line in lines) == 1, "one line per record"


def test_files_are_their_owners_alone(ledger: Ledger, layout: DeckLayout) -> None:
    with ledger.transaction() as tx:
        tx.put(made.job())
    ledger.close()
    for path in (layout.ledger, layout.journal, *layout.locks.iterdir()):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name


def test_an_older_deck_is_migrated_and_its_files_are_kept(golden: DeckLayout) -> None:
    before = {path.name: path.read_bytes() for path in (golden.ledger, golden.journal)}
    ledger = Ledger.open(golden, format_=NEXT)
    check_golden(ledger)
    assert ledger.job("j1").name == "the job j1"
    for name, content in before.items():
        stem, _, suffix = name.partition(".")
        assert (golden.root / f"{stem}.format-1.{suffix}").read_bytes() == content
    again = Ledger.open(golden, format_=NEXT)
    assert again.job("j1").name == "the job j1"
    assert again.format == 2


def test_a_newer_deck_is_refused_and_left_alone(golden: DeckLayout) -> None:
    Ledger.open(golden, format_=NEXT).close()
    before = {path: path.read_bytes() for path in golden.root.glob("ledger*")}
    for read_only in (True, False):
        with pytest.raises(DeckTooNew, match="format 2; this BatchDeck knows up to 1"):
            Ledger.open(golden, read_only=read_only)
    assert {path: path.read_bytes() for path in golden.root.glob("ledger*")} == before


def test_a_reader_migrates_in_memory_only_and_follows_an_older_writer(golden: DeckLayout) -> None:
    before = {path.name: path.read_bytes() for path in golden.root.glob("ledger*")}
    reading = Ledger.open(golden, read_only=True, format_=NEXT)
    assert reading.job("j1").name == "the job j1"
    assert {path.name: path.read_bytes() for path in golden.root.glob("ledger*")} == before
    with Ledger.open(golden).transaction() as tx:
        tx.put(made.job("j2"))
    assert reading.refresh()
    assert reading.job("j2").name == "the job j2"


@pytest.mark.parametrize(
    ("table", "row"),
    [
        ("batches", {"key": "00000000aa"}),
        ("submissions", {"key": 1}),
        ("documents", {"id": "j1/0"}),
        ("jobs", msgspec.Raw(b"1")),
    ],
)
def test_what_is_no_record_of_its_table_is_damage(layout: DeckLayout, table: str, row: Record) -> None:
    layout.ledger.write_bytes(b"".join(encode_snapshot(Snapshot(FORMAT, 1, "", {table: {"1": row}}))))
    with pytest.raises(DeckDamaged):
        Ledger.open(layout)
    found = salvage(layout)
    assert found.problems
    assert not found.tables.get(table)


def test_a_migration_interrupted_anywhere_is_done_again(memory_path: Path) -> None:
    for at in range(1, 100):
        layout = prepare_deck(memory_path / f"deck-{at}")
        for name in ("ledger.json", "ledger.journal"):
            shutil.copyfile(GOLDEN / "format-1" / name, layout.root / name)
        disk = FaultyDisk(at, io_error, tear=0.5)
        try:
            Ledger.open(layout, format_=NEXT, disk=disk)
        except StorageFailed:
            ledger = Ledger.open(layout, format_=NEXT)
            check_golden(ledger)
            assert ledger.job("j1").name == "the job j1"
        else:
            assert at > 10
            break


def flip(data: bytes, place: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "a flipped bit": lambda data: flip(data, len(data) // 2),
    "cut short": lambda data: data[:-20],
    "empty": lambda data: b"",
    "rewritten by hand": lambda data: json.dumps(json.loads(data), indent=1).encode(),
    "something else": lambda data: b"\x00\xff not a ledger\n",
    "another object": lambda data: b'{"a": 1,\n"b": 2}\n',
    "a checksum of nothing": lambda data: data.replace(b'"crc32":"', b'"crc":"', 1),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_snapshot_is_refused_and_left_alone(golden: DeckLayout, damage: str) -> None:
    golden.ledger.write_bytes(DAMAGES[damage](golden.ledger.read_bytes()))
    before = golden.ledger.read_bytes(), golden.journal.read_bytes()
    for read_only in (True, False):
        with pytest.raises(DeckDamaged) as caught:
            Ledger.open(golden, read_only=read_only)
        assert "batchdeck doctor" in caught.value.hint
    assert (golden.ledger.read_bytes(), golden.journal.read_bytes()) == before


def test_a_lost_snapshot_beside_a_journal_is_damage(golden: DeckLayout) -> None:
    golden.ledger.unlink()
    with pytest.raises(DeckDamaged, match="gone"):
        Ledger.open(golden)


def test_a_commit_that_is_lost_between_others_is_damage(golden: DeckLayout) -> None:
    lines = golden.journal.read_bytes().rstrip(b"\0").splitlines(keepends=True)
    assert len(lines) == 3
    for lost in (0, 1):
        kept = [line for place, line in enumerate(lines) if place != lost]
        golden.journal.write_bytes(b"".join(kept))
        with pytest.raises(DeckDamaged, match="lacks commit"):
            Ledger.open(golden)
    golden.journal.write_bytes(lines[0] + flip(lines[1], 30) + lines[2])
    with pytest.raises(DeckDamaged, match="whole commits follow"):
        Ledger.open(golden)
    for lost_piece in (bytes(len(lines[1])), b"x" * 9 + bytes(99), b"x"):
        golden.journal.write_bytes(lines[0] + lost_piece + lines[2])
        with pytest.raises(DeckDamaged, match="whole commits follow"):
            Ledger.open(golden)


@pytest.mark.parametrize("tail", [b"\0" * 70, b"00000000 {", b"12345678 {}\n", b"\xff" * 9, b"\0\0\0x\0"])
def test_what_a_crash_left_behind_the_last_commit_is_dropped(golden: DeckLayout, tail: bytes) -> None:
    whole = golden.journal.read_bytes().rstrip(b"\0")
    golden.journal.write_bytes(whole + tail)
    check_golden(Ledger.open(golden, read_only=True))
    ledger = Ledger.open(golden)
    with ledger.transaction() as tx:
        tx.put(made.job("j2"))
    assert set(Ledger.open(golden).jobs()) == {"j1", "j2"}


def test_a_commit_of_another_kind_is_damage(golden: DeckLayout) -> None:
    payload = b'{"sequence": "six"}'
    whole = golden.journal.read_bytes().rstrip(b"\0")
    golden.journal.write_bytes(whole + b"%08x %b\n" % (zlib.crc32(payload), payload))
    with pytest.raises(DeckDamaged, match="another kind"):
        Ledger.open(golden)


def test_a_record_that_cannot_be_read_names_its_table(golden: DeckLayout) -> None:
    def break_state(tables: Tables) -> Tables:
        rows = {number: row | {"state": "lost at sea"} for number, row in tables["submissions"].items()}
        return tables | {"submissions": rows}

    ledger = Ledger.open(golden, format_=LedgerFormat(2, {1: break_state}))
    with pytest.raises(DeckDamaged, match="table “submissions”"):
        ledger.submissions()


def test_the_storage_itself_refuses_to_be_written(ledger: Ledger) -> None:
    with pytest.raises(ReadOnlyError):
        ledger._storage.write({})


def test_a_new_deck_has_a_ledger_at_once(layout: DeckLayout) -> None:
    Ledger.open(layout)
    assert json.loads(layout.ledger.read_bytes())["ledger"]["1"]["format"] == FORMAT
    assert layout.journal.exists()
