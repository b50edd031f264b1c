"""Transactions: all or nothing, read at once inside, seen by others after, and the rules that always hold."""

from __future__ import annotations

import dataclasses
import datetime as dt
import threading
from collections.abc import Callable
from typing import Any

import pytest

from batchdeck.domain.batches import (
    SUBMISSION_MOVES,
    Archive,
    Batch,
    Part,
    RequestCounts,
    Submission,
    SubmissionState,
)
from batchdeck.domain.costs import Usage
from batchdeck.domain.documents import OutlineEntry
from batchdeck.domain.outcomes import Outcome
from batchdeck.errors import Conflict, NotFound, ReadOnlyError
from batchdeck.store import records
from batchdeck.store.layout import DeckLayout
from batchdeck.store.ledger import Ledger
from batchdeck.store.records import DeckMeta, DocumentUse
from tests.unit.store import made


def full_batch() -> Batch:
    """A batch with every field set."""
    return made.batch(
        remote=dataclasses.replace(
            made.remote(counts=RequestCounts(0, 7, 1, 1, 1)),
            ended_at=made.NOW,
            cancel_initiated_at=made.NOW,
            archived_at=made.NOW,
            has_results=True,
        ),
        last_polled_at=made.NOW + dt.timedelta(microseconds=1),
        outcomes={Outcome.OK: 7, Outcome.LOW_FIDELITY: 3},
        usage=Usage(1, 2, 3, 4, 5),
        cost=0.125,
        duplicate_of="00000000aa",
        gone=True,
        unmeasured=2,
        not_found_since=made.NOW,
    )


def test_bookmarks_of_a_job_stay_in_the_ledger_until_asked_for(layout: DeckLayout) -> None:
    outline = (OutlineEntry(1, "Eins", 1), OutlineEntry(2, "nowhere", None))
    job = made.job(documents=(made.document(pages=4), made.document("b.pdf", sha256="cd" * 32, first=4)))
    ledger = Ledger.open(layout)
    with ledger.transaction() as tx:
        tx.add_job(job, {4: outline})
    renamed = [dataclasses.replace(document, name="new.pdf") for document in job.documents]
    with ledger.transaction() as tx:
        tx.put(dataclasses.replace(job, documents=tuple(renamed)))
    ledger.close()

    again = Ledger.open(layout)

    assert (again.outline("j1", 0), again.outline("j1", 4)) == ((), outline)
    assert [document.name for document in again.job("j1").documents] == ["new.pdf", "new.pdf"]
    with pytest.raises(NotFound):
        again.outline("j1", 3)


def test_a_job_changes_without_its_documents_being_read_or_written_again(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ledger.transaction() as tx:
        tx.put(made.job())
    documents = ledger.job("j1").documents

    def never(*_: object) -> None:
        raise AssertionError("a job may have thousands of them")

    def plain(record: object, really: Callable[[object], Any] = records._plain) -> Any:
        assert not getattr(record, "documents", ())
        return really(record)

    monkeypatch.setattr(records, "_plain", plain)
    monkeypatch.setattr(records, "_is_unicode", never)
    monkeypatch.setattr(records, "decode_document", never)
    with ledger.transaction() as tx:
        tx.put(dataclasses.replace(tx.job("j1"), outcomes={Outcome.OK: 3}))
        assert set(tx.delta()["jobs"]) == {"1"}
    assert ledger.job("j1").outcomes == {Outcome.OK: 3}
    assert ledger.job("j1").documents is documents


def test_records_come_back_as_they_were_put(ledger: Ledger, layout: DeckLayout) -> None:
    job = made.job(
        documents=(made.document(pages=4), made.document("b.pdf", sha256="cd" * 32, first=4, pages=6))
    )
    sent = dataclasses.replace(
        made.submission("00000000aa", (0, 3), (5, 9)),
        attempt=2,
        lineage=("00000000bb",),
        parts=(Part(((0, 3), (5, 9)), "model-a", 8192, as_image=True, change="max_tokens 4,096 → 8,192"),),
        reserved_usd=1.5,
        watermark="",
        sent_at=made.NOW,
        note="ünïcode \N{SNOWMAN}",
    )
    batch = full_batch()
    with ledger.transaction() as tx:
        tx.put(job)
        tx.put(sent)
        tx.put(batch)
        tx.put(DeckMeta("https://api.example", sandbox=True))
    for reading in (ledger, Ledger.open(layout), Ledger.open(layout, read_only=True)):
        assert reading.jobs() == {"j1": job}
        assert reading.submission("00000000aa") == sent
        assert reading.batch("msgbatch_1") == dataclasses.replace(batch, submission=sent)
        assert reading.meta == DeckMeta("https://api.example", sandbox=True)


def test_names_that_are_not_utf8_survive(ledger: Ledger, layout: DeckLayout) -> None:
    path = "/in/caf\udce9\udcff.pdf"
    job = dataclasses.replace(made.job(documents=(made.document(path=path),)), name="n\udce9")
    with ledger.transaction() as tx:
        tx.put(job)
    read = Ledger.open(layout).job("j1")
    assert read.documents[0].path == path
    assert read.name == "n\\xe9"


def test_a_change_is_seen_inside_at_once_and_outside_when_it_is_over(ledger: Ledger) -> None:
    with ledger.transaction() as tx:
        tx.put(made.job())
        tx.claim(made.submission())
        tx.put(made.batch())
        moved = tx.move(made.submission(), SubmissionState.SENDING, note="on its way")
        assert tx.job("j1") == made.job()
        assert tx.submission("00000000aa") == moved
        assert tx.batch("msgbatch_1").submission == moved
        assert tx.batches()["msgbatch_1"].submission == moved
        assert (ledger.jobs(), ledger.submissions(), ledger.batches()) == ({}, {}, {})
    assert ledger.batch("msgbatch_1").submission == moved


def test_a_transaction_that_raises_changes_nothing(ledger: Ledger, layout: DeckLayout) -> None:
    with ledger.transaction() as tx:
        tx.put(made.job())
    before = ledger.version
    with pytest.raises(NotFound), ledger.transaction() as tx:  # noqa: PT012 - what precedes the error counts
        tx.put(made.job("j2"))
        tx.put(dataclasses.replace(made.job(), name="changed"))
        tx.job("j3")
    assert (ledger.jobs(), ledger.version) == ({"j1": made.job()}, before)
    assert Ledger.open(layout).jobs() == {"j1": made.job()}


def test_a_transaction_without_a_change_commits_nothing(ledger: Ledger) -> None:
    with ledger.transaction() as tx:
        tx.put(made.job())
    before = ledger.version
    with ledger.transaction() as tx:
        tx.put(made.job())
        tx.put(tx.job("j1"))
    assert ledger.version == before


def test_mappings_handed_out_never_change(ledger: Ledger) -> None:
    with ledger.transaction() as tx:
        tx.put(made.job())
    jobs = ledger.jobs()
    with ledger.transaction() as tx:
        tx.put(made.job("j2"))
    assert set(jobs) == {"j1"}
    assert set(ledger.jobs()) == {"j1", "j2"}


def test_listing_decodes_nothing_twice(ledger: Ledger) -> None:
    with ledger.transaction() as tx:
        for number in range(3):
            tx.put(made.batch(f"msgbatch_{number}", f"{number:010x}"))
    first = ledger.batches()
    assert ledger.batches() is first
    with ledger.transaction() as tx:
        tx.put(made.batch("msgbatch_1", f"{1:010x}", gone=True))
    second = ledger.batches()
    assert second["msgbatch_1"].gone
    assert second["msgbatch_0"] is first["msgbatch_0"]


def test_another_ledger_sees_a_commit_when_it_refreshes(ledger: Ledger, layout: DeckLayout) -> None:
    other = Ledger.open(layout, read_only=True)
    with ledger.transaction() as tx:
        tx.put(made.job())
    assert other.jobs() == {}
    version = other.version
    assert other.refresh()
    assert other.jobs() == {"j1": made.job()}
    assert other.version > version
    assert not other.refresh()


def test_a_reader_in_step_does_not_read_the_snapshot_again_when_it_is_folded(
    ledger: Ledger, layout: DeckLayout
) -> None:
    with ledger.transaction() as tx:
        tx.put(made.job())
    reader = Ledger.open(layout, read_only=True)
    job, snapshot = reader.job("j1"), layout.ledger.read_bytes()
    with ledger.transaction() as tx:
        tx.put(made.batch(job="x" * 200_000))
    assert layout.ledger.read_bytes() == snapshot, "folded before readers had a chance to follow"
    reader.refresh()
    with ledger.transaction() as tx:
        tx.put(made.job("j2"))
    assert layout.ledger.read_bytes() != snapshot
    assert reader.refresh()
    assert set(reader.jobs()) == {"j1", "j2"}
    assert reader.job("j1") is job, "decoded anew"


def test_a_reader_that_is_behind_a_fold_reads_the_snapshot(ledger: Ledger, layout: DeckLayout) -> None:
    reader = Ledger.open(layout, read_only=True)
    with ledger.transaction() as tx:
        tx.put(made.job())
    ledger.close()
    assert reader.refresh()
    assert reader.jobs() == {"j1": made.job()}


def test_a_transaction_begins_with_what_others_have_committed(ledger: Ledger, layout: DeckLayout) -> None:
    other = Ledger.open(layout)
    with ledger.transaction() as tx:
        tx.claim(made.submission())
    with other.transaction() as tx:
        assert tx.submission("00000000aa") == made.submission()


def test_a_job_may_lose_and_change_documents(ledger: Ledger, layout: DeckLayout) -> None:
    first, second = made.document(pages=4), made.document("b.pdf", sha256="cd" * 32, first=4, pages=6)
    with ledger.transaction() as tx:
        tx.put(made.job(documents=(first, second)))
        tx.put(made.job("j2", documents=(first,)))
    assert ledger.documents()[first.sha256] == (
        DocumentUse("j1", "pdf-to-html", "model-a", first),
        DocumentUse("j2", "pdf-to-html", "model-a", first),
    )
    renamed = dataclasses.replace(first, name="other.pdf")
    with ledger.transaction() as tx:
        tx.put(made.job(documents=(renamed,)))
    for reading in (ledger, Ledger.open(layout)):
        assert reading.job("j1").documents == (renamed,)
        assert reading.job("j2").documents == (first,)
        assert second.sha256 not in reading.documents()


def test_what_is_not_there_is_not_found(ledger: Ledger) -> None:
    for look in (ledger.job, ledger.submission, ledger.batch):
        with pytest.raises(NotFound, match="nothing␛"):
            look("nothing\x1b")
    with ledger.transaction() as tx:
        for look in (tx.job, tx.submission, tx.batch):
            with pytest.raises(NotFound):
                look("nothing")


def test_a_read_only_ledger_refuses_to_change(layout: DeckLayout) -> None:
    reading = Ledger.open(layout, read_only=True)
    assert reading.jobs() == {}
    with pytest.raises(ReadOnlyError), reading.transaction():
        pytest.fail("began")
    reading.close()
    assert not layout.ledger.exists()


def test_a_transaction_inside_a_transaction_is_refused(ledger: Ledger) -> None:
    with ledger.transaction(), pytest.raises(RuntimeError, match="inside"), ledger.transaction():
        pytest.fail("began")
    with ledger.transaction() as tx:
        tx.put(made.job())


@pytest.mark.parametrize(
    ("held", "wanted", "overlap"),
    [
        (((0, 5),), ((4, 6),), True),
        (((0, 5),), ((5, 6),), False),
        (((0, 2), (8, 10)), ((2, 8),), False),
        (((0, 2), (8, 10)), ((2, 9),), True),
    ],
)
def test_pages_under_way_cannot_be_claimed_again(
    ledger: Ledger, held: tuple[tuple[int, int], ...], wanted: tuple[tuple[int, int], ...], overlap: bool
) -> None:
    with ledger.transaction() as tx:
        tx.claim(made.submission("00000000aa", *held))
    second = made.submission("00000000bb", *wanted)
    if not overlap:
        with ledger.transaction() as tx:
            tx.claim(second)
        return
    with pytest.raises(Conflict, match="00000000aa"), ledger.transaction() as tx:
        tx.claim(second)
    assert set(ledger.submissions()) == {"00000000aa"}


@pytest.mark.parametrize("state", list(SubmissionState))
def test_a_submission_holds_its_pages_while_it_may_come_to_something(
    ledger: Ledger, state: SubmissionState
) -> None:
    with ledger.transaction() as tx:
        tx.put(made.submission("00000000aa", state=state))
    try:
        with ledger.transaction() as tx:
            tx.claim(made.submission("00000000bb"))
    except Conflict:
        assert state.holds_pages
    else:
        assert not state.holds_pages


@pytest.mark.parametrize("done", ["archived", "gone", "under way"])
def test_an_accepted_submission_holds_its_pages_until_its_results_are_settled(
    ledger: Ledger, done: str
) -> None:
    made.accept(ledger, made.submission(), "msgbatch_1")
    with ledger.transaction() as tx:
        batch = tx.batch("msgbatch_1")
        archive = Archive("ab" * 32, 1, 1, made.NOW) if done == "archived" else None
        tx.put(dataclasses.replace(batch, archive=archive, gone=done == "gone"))
    retry = made.submission("00000000bb", (3, 4))
    if done == "under way":
        with pytest.raises(Conflict), ledger.transaction() as tx:
            tx.claim(retry)
    else:
        with ledger.transaction() as tx:
            tx.claim(retry)


def test_other_jobs_pages_are_their_own(ledger: Ledger) -> None:
    with ledger.transaction() as tx:
        tx.claim(made.submission("00000000aa", job="j1"))
        tx.claim(made.submission("00000000bb", job="j2"))


def test_a_key_is_claimed_once(ledger: Ledger) -> None:
    with ledger.transaction() as tx:
        tx.claim(made.submission("00000000aa", (0, 1)))
    with pytest.raises(Conflict, match="already"), ledger.transaction() as tx:
        tx.claim(made.submission("00000000aa", (5, 6)))


@pytest.mark.parametrize("state", list(SubmissionState))
@pytest.mark.parametrize("target", list(SubmissionState))
def test_a_submission_moves_only_as_its_life_cycle_allows(
    ledger: Ledger, state: SubmissionState, target: SubmissionState
) -> None:
    before = made.submission(state=state)
    with ledger.transaction() as tx:
        tx.put(before)
    if target in SUBMISSION_MOVES[state]:
        with ledger.transaction() as tx:
            after = tx.move(before, target, batch_id="msgbatch_9", note="why")
        assert ledger.submission(before.key) == after
        assert after == dataclasses.replace(before, state=target, batch_id="msgbatch_9", note="why")
    else:
        with pytest.raises(Conflict, match="cannot become"), ledger.transaction() as tx:
            tx.move(before, target)
        assert ledger.submission(before.key) == before


def test_whoever_moves_a_submission_must_know_where_it_stands(ledger: Ledger, layout: DeckLayout) -> None:
    seen: Submission = made.submission()
    with ledger.transaction() as tx:
        tx.claim(seen)
    with Ledger.open(layout).transaction() as tx:
        tx.move(seen, SubmissionState.SENDING)
    with pytest.raises(Conflict, match="is sending by now"), ledger.transaction() as tx:
        tx.move(seen, SubmissionState.DISCARDED)
    with pytest.raises(NotFound), ledger.transaction() as tx:
        tx.move(made.submission("00000000ff"), SubmissionState.SENDING)


def test_threads_share_one_ledger(ledger: Ledger) -> None:
    failures: list[BaseException] = []

    def work(name: int) -> None:
        try:
            for number in range(20):
                with ledger.transaction() as tx:
                    before = tx.meta.endpoint or "0"
                    tx.put(DeckMeta(str(int(before) + 1)))
                    tx.put(made.batch(f"msgbatch_{name}_{number}", f"{name}{number:09x}"))
                assert f"msgbatch_{name}_{number}" in ledger.batches()
                ledger.refresh()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(name,)) for name in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert ledger.meta.endpoint == "60"
    assert len(ledger.batches()) == 60
