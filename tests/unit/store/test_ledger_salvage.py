"""A damaged ledger: whatever byte is wrong, what can be read is kept, and what cannot is named."""

from __future__ import annotations

import random
from pathlib import Path

import msgspec
import pytest

from batchdeck.domain.batches import SubmissionState
from batchdeck.errors import DeckDamaged
from batchdeck.store.audit import AuditLog
from batchdeck.store.journal import Tables
from batchdeck.store.layout import DeckLayout
from batchdeck.store.ledger import Ledger
from batchdeck.store.recovery import examine_ledger, recover_ledger
from batchdeck.store.salvage import salvage
from tests.unit.store import made

KEYS = [f"{number:010x}" for number in range(6)]


@pytest.fixture
def used(layout: DeckLayout) -> DeckLayout:
    """A deck whose ledger has records in its snapshot, and newer ones in its journal, as a kill leaves it."""
    with_snapshot = Ledger.open(layout)
    with with_snapshot.transaction() as tx:
        tx.put(made.job("j1", pages=60))
    for number, key in enumerate(KEYS[:3]):
        made.log_requests(layout, key, range(number * 10, number * 10 + 10))
        made.accept(
            with_snapshot, made.submission(key, (number * 10, number * 10 + 10)), f"msgbatch_{number}"
        )
    with_snapshot.close()
    killed = Ledger.open(layout)
    for number, key in enumerate(KEYS[3:], 3):
        made.log_requests(layout, key, range(number * 10, number * 10 + 10))
        made.accept(killed, made.submission(key, (number * 10, number * 10 + 10)), f"msgbatch_{number}")
    return layout


def log_acceptance(layout: DeckLayout) -> None:
    audit = AuditLog(layout, operator="op", now=lambda: made.NOW)
    for number, key in enumerate(KEYS):
        audit.append("prepared", job="j1", submission=key)
        audit.append("send", job="j1", submission=key)
        audit.append("accepted", job="j1", submission=key, batch=f"msgbatch_{number}")


def rows(tables: Tables) -> dict[str, bytes]:
    return {
        f"{name}/{number}": msgspec.json.encode(row)
        for name, records in tables.items()
        for number, row in records.items()
    }


def test_a_sound_ledger_is_left_alone(used: DeckLayout) -> None:
    before = used.ledger.read_bytes(), used.journal.read_bytes()
    assert salvage(used).is_sound
    assert recover_ledger(used, made.NOW).is_sound
    assert (used.ledger.read_bytes(), used.journal.read_bytes()) == before
    assert not used.quarantine.exists()


@pytest.mark.parametrize("name", ["ledger.json", "ledger.journal"])
def test_no_flipped_bit_makes_a_record_silently_wrong(used: DeckLayout, name: str) -> None:
    """Each record is kept as it was, or the salvage says that it may not be."""
    path = used.root / name
    whole = path.read_bytes()
    length = len(whole.rstrip(b"\0"))
    original = rows(salvage(used).tables)
    chance = random.Random(name)
    noticed = 0
    for _ in range(250):
        at = chance.randrange(length)
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << chance.randrange(8)]) + whole[at + 1 :])
        found = salvage(used)
        now = rows(found.tables)
        changed = {key for key in original if now.get(key) != original[key]} | (now.keys() - original.keys())
        if found.is_sound:
            # The last commit of a journal: damaged or cut short by a crash, nobody can tell by the ledger.
            assert name == "ledger.journal"
            assert at > whole.rstrip(b"\0").rindex(b"\n", 0, length - 1)
        else:
            noticed += 1
            assert found.lost or not changed
            assert len(changed) <= 4, "one flipped bit costs one record or one commit"
    assert noticed > 150
    path.write_bytes(whole)


def test_what_a_lost_commit_said_is_had_back_from_the_audit_log(used: DeckLayout) -> None:
    """The commit that recorded an acceptance is unreadable, and later ones follow."""
    log_acceptance(used)
    data = bytearray(used.journal.read_bytes())
    accepted = data.index(b'"msgbatch_4"')
    data[accepted + 3] ^= 1
    used.journal.write_bytes(data)
    with pytest.raises(DeckDamaged):
        Ledger.open(used)
    foreseen = examine_ledger(used, made.NOW)
    assert used.journal.read_bytes() == data, "looking changes nothing"
    recovery = recover_ledger(used, made.NOW)
    assert (recovery.problems, recovery.lost) == (foreseen.problems, foreseen.lost)
    assert any("commit" in lost for lost in recovery.lost)
    assert recovery.quarantine is not None
    assert (recovery.quarantine / "ledger.journal").read_bytes() == data
    manifest = msgspec.json.decode((recovery.quarantine / "manifest.json").read_bytes())
    assert {entry["path"] for entry in manifest["files"]} == {"ledger.json", "ledger.journal"}
    ledger = Ledger.open(used)
    assert {batch.id for batch in ledger.batches().values()} == {f"msgbatch_{n}" for n in range(6)}
    assert all(s.state is SubmissionState.SUBMITTED for s in ledger.submissions().values())
    with ledger.transaction() as tx:
        tx.put(made.job("j2"))
    assert Ledger.open(used).job("j2").id == "j2"


def test_what_may_have_been_sent_is_in_doubt_and_never_looks_unsent(used: DeckLayout) -> None:
    """The commit that marked it as being sent is unreadable, and nothing says that it was accepted."""
    audit = AuditLog(used, operator="op", now=lambda: made.NOW)
    ledger = Ledger.open(used)
    again = made.submission("00000000ff", (50, 60))
    with ledger.transaction() as tx:
        tx.put(again)
    with ledger.transaction() as tx:
        tx.move(again, SubmissionState.SENDING, watermark="", sent_at=made.NOW)
    with ledger.transaction() as tx:
        tx.put(made.job("j2"))
    for action in ("prepared", "send"):
        audit.append(action, job="j1", submission=again.key)
    data = used.journal.read_bytes()
    sending = data.rindex(b'"state":"sending"')
    used.journal.write_bytes(data[:sending] + b"x" + data[sending + 1 :])
    assert recover_ledger(used, made.NOW).problems
    ledger = Ledger.open(used)
    last = ledger.submission(again.key)
    assert last.state is SubmissionState.IN_DOUBT
    assert last.doubted_at == made.NOW


def test_a_submission_that_only_its_request_log_knows_is_recorded_again(used: DeckLayout) -> None:
    log_acceptance(used)
    data = used.ledger.read_bytes()
    line = next(
        line for line in data.split(b"\n") if b'"key":"%s"' % KEYS[1].encode() in line and b"indices" in line
    )
    used.ledger.write_bytes(data.replace(line, line.replace(b'"indices"', b'"indicez"')))
    recover_ledger(used, made.NOW)
    submission = Ledger.open(used).submission(KEYS[1])
    assert submission.state is SubmissionState.SUBMITTED
    assert submission.indices == ((10, 20),)
    assert submission.batch_id == "msgbatch_1"
    assert submission.parts[0].model == "model-a"


def test_a_ledger_without_its_snapshot_says_what_it_lost(used: DeckLayout, tmp_path: Path) -> None:
    used.ledger.unlink()
    log_acceptance(used)
    recovery = recover_ledger(used, made.NOW)
    text = " ".join(recovery.lost)
    assert "commits 1 to" in text
    assert "job j1" in text
    ledger = Ledger.open(used)
    assert ledger.job("j1").pages == 60
    assert {batch.id for batch in ledger.batches().values()} == {f"msgbatch_{n}" for n in range(6)}


@pytest.mark.parametrize("number", [0, 2, 99])
def test_a_format_number_that_was_edited_is_put_right_and_nothing_is_lost(
    used: DeckLayout, number: int
) -> None:
    before = rows(Ledger.open(used)._storage.tables)
    edited = used.ledger.read_bytes().replace(b'"format":1,', b'"format":%d,' % number, 1)
    used.ledger.write_bytes(edited)
    with pytest.raises(DeckDamaged, match="checksum"):
        Ledger.open(used)
    recovery = recover_ledger(used, made.NOW)
    assert "format number" in recovery.problems[0]
    assert recovery.lost == ()
    assert rows(Ledger.open(used)._storage.tables) == before
    assert recovery.quarantine is not None
    assert (recovery.quarantine / "ledger.json").read_bytes() == edited


@pytest.mark.parametrize("which", ["ledger.json", "ledger.journal"])
def test_a_folder_in_the_ledgers_place_is_named_moved_away_and_the_rest_recovered(
    used: DeckLayout, which: str
) -> None:
    log_acceptance(used)
    path = used.root / which
    path.unlink()
    (path / "inside").mkdir(parents=True)
    with pytest.raises(DeckDamaged, match=f"{which} is a folder"):
        Ledger.open(used)
    recovery = recover_ledger(used, made.NOW)
    assert recovery.problems[0] == f"{which} is a folder"
    assert recovery.quarantine is not None
    assert (recovery.quarantine / which / "inside").is_dir()
    assert {batch.id for batch in Ledger.open(used).batches().values()} == {f"msgbatch_{n}" for n in range(6)}


def test_whoever_only_looked_closes_in_peace_where_nothing_may_be_locked(used: DeckLayout) -> None:
    ledger = Ledger.open(used)
    used.ledger_lock.unlink()
    used.ledger_lock.mkdir()
    ledger.close()
    assert ledger.checkpoint_problem is not None
    assert len(Ledger.open(used).batches()) == len(KEYS), "the commits are safe in the journal"
