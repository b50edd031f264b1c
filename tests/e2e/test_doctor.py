"""A deck damaged in every way: found, named, mended; nothing deleted, nothing that was sent sent again."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from batchdeck.config import Settings
from batchdeck.config_sections import Export, Inbox, Polling, Reconcile
from batchdeck.deck import Deck, DeckOpening
from batchdeck.domain.batches import Submission, SubmissionState
from batchdeck.errors import DeckDamaged, DeckLocked, ReadOnlyError
from batchdeck.sandbox.launch import Running, ensure_running
from batchdeck.sandbox.settings import Settings as SandboxSettings
from batchdeck.store.layout import DeckLayout
from batchdeck.store.ledger import Ledger
from batchdeck.store.locks import hold
from batchdeck.store.recovery import EVERYTHING
from batchdeck.upkeep import examine_deck, recover_deck
from tests.e2e.conftest import Operator
from tests.e2e.pdfs import write_pdf

PAGES = 6
OLD = time.time() - 3 * 86_400
SETTINGS = Settings(
    polling=Polling(floor_seconds=0.2, ceiling_seconds=0.5),
    reconcile=Reconcile(quiet_seconds=0, exclusive_workspace=True),
)


@dataclass(frozen=True)
class Stage:
    """A finished deck, and the same deck as a kill left it right after its batch was accepted."""

    running: Running
    finished: Path
    killed: Path
    source: Path
    job: str

    def open(self, path: Path, *, read_only: bool = False) -> DeckOpening:
        return Deck.open(
            path,
            base_url=self.running.base_url,
            api_key=self.running.api_key,
            settings=SETTINGS,
            read_only=read_only,
        )


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("doctor")
    settings = SandboxSettings(batch_seconds=0.2)
    with ensure_running(folder / "sandbox", settings=settings) as running:
        source = write_pdf(folder / "in" / "a.pdf", PAGES)
        made = Stage(running, folder / "finished", folder / "killed", source, "")

        async def work() -> str:
            async with made.open(made.finished) as deck:
                submitted = await deck.submit(deck.plan(await deck.scan([source])))
                shutil.copytree(made.finished, made.killed)
                await deck.track(until_ended=True)
                await deck.export(submitted.job)
                return submitted.job

        yield replace(made, job=asyncio.run(work()))


@pytest.fixture
def finished(stage: Stage, tmp_path: Path) -> Path:
    return Path(shutil.copytree(stage.finished, tmp_path / "deck"))


@pytest.fixture
def killed(stage: Stage, tmp_path: Path) -> Path:
    return Path(shutil.copytree(stage.killed, tmp_path / "deck"))


async def wrong(deck: Deck) -> dict[str, str]:
    return {check.name: check.detail for check in await deck.doctor(deep=True) if not check.ok}


def flip(path: Path, place: int = -1) -> bytes:
    """Flip a bit in the middle of a file, or at a place; return what it held."""
    whole = path.read_bytes()
    at = len(whole) // 2 if place < 0 else place
    path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
    return whole


def key_of(path: Path) -> str:
    (folder,) = (path / "batches").iterdir()
    return folder.name


async def test_a_well_deck_is_well_and_looking_changes_nothing(stage: Stage, finished: Path) -> None:
    def contents() -> dict[str, bytes]:
        files = (path for path in finished.rglob("*") if path.is_file() and path.parent.name != "locks")
        return {str(path): path.read_bytes() for path in files}

    before = contents()
    async with stage.open(finished, read_only=True) as deck:
        assert await wrong(deck) == {}
        with pytest.raises(ReadOnlyError):
            await deck.repair()
    assert contents() == before


async def test_all_that_is_damaged_is_found_mended_and_kept(stage: Stage, finished: Path) -> None:
    key = key_of(finished)
    folder = finished / "batches" / key
    (source,) = (finished / "vault").iterdir()
    damaged = {
        folder / "results.jsonl": "archive",
        folder / "requests.jsonl": "requests",
        source: "vault",
        finished / "jobs" / stage.job / "pages.jsonl": "plans",
    }
    originals = {path: flip(path) for path in damaged}
    broken = {path: path.read_bytes() for path in damaged}
    (folder / "results.idx").unlink()
    flip(finished / "audit.jsonl", 30)
    source.chmod(0o644)
    (finished / "jobs").chmod(0o755)
    stray = finished / "spool" / "parts-abc"
    stray.mkdir()
    os.utime(stray, (OLD, OLD))
    unknown = finished / "batches" / "0123456789"
    unknown.mkdir()
    (unknown / "results.jsonl").write_text("{}")
    os.utime(unknown, (OLD, OLD))

    async with stage.open(finished, read_only=True) as deck:
        found = await wrong(deck)
    assert set(found) == {*damaged.values(), "index", "audit", "permissions", "files"}
    assert "next `watch` downloads it again" in found["archive"]
    assert "chmod 600" in found["permissions"]
    assert "chmod 700" in found["permissions"]
    assert "no record knows" in found["files"]

    async with stage.open(finished) as deck:
        repaired = await deck.repair()
        assert repaired.quarantine is not None
        for path, data in broken.items():
            assert (repaired.quarantine / path.relative_to(finished)).read_bytes() == data
        manifest = json.loads((repaired.quarantine / "manifest.json").read_text())
        assert {entry["how"] for entry in manifest["files"]} == {"moved"}
        assert not stray.exists()
        assert unknown.exists(), "nothing but leftovers is deleted"
        assert [e.action for e in deck.log(100)].count("repair") == len(repaired.mended)
        assert set(await wrong(deck)) == {"files"}
        await deck.track(until_ended=True)
        assert set(await wrong(deck)) == {"files"}
        (row,) = deck.jobs()
        assert sum(row.outcomes.values()) == PAGES
    for path in (folder / "results.jsonl", source, finished / "jobs" / stage.job / "pages.jsonl"):
        assert path.read_bytes() == originals[path]


async def test_an_audit_log_that_was_emptied_is_noticed_and_owned_up_to_once(
    stage: Stage, finished: Path
) -> None:
    (finished / "audit.jsonl").write_bytes(b"")
    async with stage.open(finished) as deck:
        assert key_of(finished) in (await wrong(deck))["audit"]
        assert [one.where for one in (await deck.repair()).mended] == ["audit.jsonl"]
        assert await wrong(deck) == {}
        assert (await deck.repair()).mended == ()
        assert [entry.action for entry in deck.log(9)] == ["audit break", "repair"]


async def test_answers_that_the_api_has_no_more_are_kept_as_far_as_they_can_be_read(
    stage: Stage, finished: Path
) -> None:
    ledger = Ledger.open(DeckLayout(finished))
    with ledger.transaction() as tx:
        (batch,) = tx.batches().values()
        tx.put(replace(batch, gone=True))
    ledger.close()
    path = finished / "batches" / key_of(finished) / "results.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([b"#" + lines[0][1:], *lines[1:]]))
    async with stage.open(finished) as deck:
        assert "keeps the rows" in (await wrong(deck))["archive"]
        repaired = await deck.repair()
        assert len(path.read_bytes().splitlines()) == PAGES, "paid for, and there is no other copy"
        assert any("1 answers" in lost for lost in repaired.lost)
        assert await wrong(deck) == {}
        (job,) = deck.jobs()
        assert job.outcomes == {"ok": PAGES - 1, "missing": 1}


async def test_results_taken_out_are_brought_back_when_the_api_turns_out_to_have_them_no_more(
    stage: Stage, finished: Path
) -> None:
    path = finished / "batches" / key_of(finished) / "results.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([b"#" + lines[0][1:], *lines[1:]]))
    async with stage.open(finished) as deck:
        await deck.repair()
        assert not path.exists(), "to be downloaded again, for nothing"
    ledger = Ledger.open(DeckLayout(finished))
    with ledger.transaction() as tx:
        (batch,) = tx.batches().values()
        tx.put(replace(batch, gone=True))
    ledger.close()
    async with stage.open(finished) as deck:
        assert "the API has it no more" in (await wrong(deck))["archive"]
        assert any("1 answers" in lost for lost in (await deck.repair()).lost)
        assert deck.jobs()[0].outcomes == {"ok": PAGES - 1, "missing": 1}
        assert (await deck.repair()).mended == ()
        assert await wrong(deck) == {}


async def test_results_that_a_kill_left_unrecorded_count_when_the_api_has_them_no_more(
    stage: Stage, finished: Path
) -> None:
    ledger = Ledger.open(DeckLayout(finished))
    with ledger.transaction() as tx:
        (batch,) = tx.batches().values()
        tx.put(replace(batch, archive=None, gone=True, outcomes={}))
    ledger.close()
    (finished / "batches" / key_of(finished) / "results.idx").unlink()
    async with stage.open(finished) as deck:
        assert "never recorded" in (await wrong(deck))["archive"]
        await deck.repair()
        assert deck.jobs()[0].outcomes == {"ok": PAGES}, "paid for, and here"
        assert (await deck.repair()).mended == ()
        assert await wrong(deck) == {}


Damage = Callable[[Path], object]


def lose_the_acceptance(deck: Path) -> None:
    """Make the commit unreadable that recorded the batch, with another after it."""
    ledger = Ledger.open(DeckLayout(deck))
    with ledger.transaction() as tx:
        (job,) = tx.jobs().values()
        tx.put(replace(job, name="named anew"))
    journal = deck / "ledger.journal"
    flip(journal, journal.read_bytes().index(b'"msgbatch_'))


def lose_the_snapshot(deck: Path) -> None:
    (deck / "ledger.json").write_bytes(b"")


def lose_the_ledger(deck: Path) -> None:
    (deck / "ledger.json").unlink()
    (deck / "ledger.journal").unlink()


def lose_the_submission(deck: Path) -> None:
    """Fold everything into the snapshot, then damage the submission's record beyond use."""
    Ledger.open(DeckLayout(deck)).close()
    snapshot = deck / "ledger.json"
    flip(snapshot, snapshot.read_bytes().index(b'"indices"') + 3)


def lose_the_last_commit(deck: Path) -> None:
    """The ledger alone cannot tell this from a commit that was cut short and never acknowledged."""
    journal = deck / "ledger.journal"
    whole = journal.read_bytes().rstrip(b"\0")
    accepted = whole.rindex(b'"msgbatch_')
    end = whole.index(b"\n", accepted)
    journal.write_bytes(whole[: end - 20] + b"x" * 10)


@pytest.mark.parametrize(
    "damage",
    [lose_the_acceptance, lose_the_snapshot, lose_the_ledger, lose_the_submission, lose_the_last_commit],
)
async def test_no_damage_to_the_ledger_makes_anything_be_paid_twice(
    stage: Stage, killed: Path, damage: Damage
) -> None:
    damage(killed)
    if damage is lose_the_last_commit:
        async with stage.open(killed, read_only=True) as deck:
            assert "Submit nothing before" in (await wrong(deck))["records"]
    else:
        with pytest.raises(DeckDamaged, match="ledger"):
            async with stage.open(killed):
                pass
        (ledger, *_) = examine_deck(killed)
        assert not ledger.ok
        assert "Lost:" in ledger.detail
    recovery = recover_deck(killed)
    async with stage.open(killed) as deck:
        await deck.repair(recovery)
        await deck.track(until_ended=True)
        (job,) = deck.jobs()
        (submission,) = deck.submissions(job.id)
        assert is_settled(submission)
        (row,) = deck.batches()
        assert row.id == submission.batch_id
        assert job.outcomes == {"ok": PAGES}
        assert (await deck.scan([stage.source])).documents
        assert deck.unsent(job.id).pages == 0, "nothing looks as if it had not been sent"
        assert {e.action for e in deck.log(100)} >= {"repair", "archived"}
        assert await wrong(deck) == {}


async def test_a_ledger_that_is_gone_is_made_anew_from_the_log_and_what_is_here(
    stage: Stage, finished: Path
) -> None:
    async with stage.open(finished, read_only=True) as deck:
        (before,), (paid,) = deck.jobs(), deck.batches()
    lose_the_ledger(finished)
    recovery = recover_deck(finished)
    assert any("ladder and estimate" in lost for lost in recovery.lost)
    async with stage.open(finished) as deck:
        await deck.repair(recovery)
        assert (await deck.repair()).mended == (), "twice is the same as once"
        (job,), (batch,) = deck.jobs(), deck.batches()
        assert (job.name, job.recipe, job.outcomes) == (before.name, before.recipe, before.outcomes)
        assert (batch.cost, batch.archived) == (paid.cost, True)
        assert deck.plan(await deck.scan([stage.source])).pages == 0, "nothing is paid for again"
        assert (await deck.export(job.id)).documents[0].placeholders == 0
        assert await wrong(deck) == {}


async def test_a_deck_of_which_only_folders_are_left_says_that_all_is_lost(
    stage: Stage, finished: Path
) -> None:
    lose_the_ledger(finished)
    (finished / "audit.jsonl").unlink()
    with pytest.raises(DeckDamaged, match="gone"):
        async with stage.open(finished):
            pass
    assert recover_deck(finished).lost == (EVERYTHING,)
    assert (finished / "batches" / key_of(finished) / "results.jsonl").stat().st_size


async def test_what_the_settings_name_is_looked_up_before_it_is_needed(stage: Stage, finished: Path) -> None:
    settings = replace(SETTINGS, export=Export(template="documnet"), inbox=Inbox(recipe="nothing"))
    opening = Deck.open(
        finished, base_url=stage.running.base_url, api_key=stage.running.api_key, settings=settings
    )
    async with opening as deck:
        said = (await wrong(deck))["settings"]
    assert "export.template: There is no export template “documnet”." in said
    assert "inbox.recipe: There is no recipe “nothing”." in said
    assert "auto_export" not in said


def is_settled(submission: Submission) -> bool:
    return submission.state is SubmissionState.SUBMITTED and submission.requests == PAGES


def ended_process() -> int:
    with subprocess.Popen(["true"]) as process:
        process.wait()
    return process.pid


async def test_nobody_repairs_what_somebody_works_on(stage: Stage, finished: Path) -> None:
    layout = DeckLayout(finished)
    with hold(layout.poller_lock, wait_seconds=1, what="polling"):
        with pytest.raises(DeckLocked, match="polling"):
            recover_deck(finished)
        layout.poller_lock.write_text(json.dumps({"pid": 1, "host": "another-host", "what": "polling"}))
        async with stage.open(finished, read_only=True) as deck:
            assert "not this machine" in (await wrong(deck))["poller lock"]
        note = {"pid": ended_process(), "host": socket.gethostname(), "what": "polling"}
        layout.poller_lock.write_text(json.dumps(note))
        async with stage.open(finished, read_only=True) as deck:
            assert "has ended" in (await wrong(deck))["poller lock"]


def test_the_command_says_what_is_lost_asks_and_mends(stage: Stage, killed: Path) -> None:
    lose_the_acceptance(killed)
    who = Operator(killed, stage.running.base_url, stage.running.api_key)
    looked = who.run("doctor")
    assert looked.code == 3
    assert "commit" in looked.out
    assert "doctor --repair" in looked.out
    assert who.run("doctor", "--repair").code == 2, "nobody is there to confirm"
    repaired = who.json("doctor", "--repair", "--yes")
    assert all(check["ok"] for check in repaired["checks"])
    assert any(one["where"] == "ledger" for one in repaired["repairs"])
    assert (Path(repaired["quarantine"]) / "manifest.json").is_file()
