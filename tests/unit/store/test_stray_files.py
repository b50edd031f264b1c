"""Stray files go after a day; what is young, needed or not ours stays."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import pytest

from batchdeck.domain.batches import SubmissionState
from batchdeck.store.layout import DeckLayout, make_folder
from batchdeck.store.ledger import Ledger
from batchdeck.store.sweep import STRAY_AFTER, sweep
from tests.unit.store import made

OLD = made.NOW - STRAY_AFTER
YOUNG = OLD + dt.timedelta(seconds=1)


def leave(path: Path, when: dt.datetime = OLD) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"left")
    os.utime(path, (when.timestamp(), when.timestamp()))
    return path


def age(path: Path, when: dt.datetime = OLD) -> Path:
    os.utime(path, (when.timestamp(), when.timestamp()))
    return path


def test_leftovers_of_interrupted_runs_go(layout: DeckLayout, ledger: Ledger) -> None:
    make_folder(layout.spool / "parts-abc")
    leave(layout.spool / "parts-abc" / "00000001")
    make_folder(layout.batch("00000000ff"))
    leave(layout.requests("00000000ff"))
    with ledger.transaction() as tx:
        tx.put(made.submission("00000000dd", state=SubmissionState.REJECTED))
    strays = {
        leave(layout.results_part("msgbatch_1")),
        leave(layout.vault / f"{'ab' * 32}.pdf.123-456.tmp"),
        leave(layout.job("j1") / "pages.jsonl.tmp"),
        leave(layout.body("00000000ee")),
        leave(layout.body("00000000dd")),
        age(layout.spool / "parts-abc"),
        age(layout.batch("00000000ff")),
    }
    assert set(sweep(layout, ledger, made.NOW)) == strays
    assert not any(path.exists() for path in strays)
    assert sweep(layout, ledger, made.NOW) == ()


def test_what_is_young_stays(layout: DeckLayout, ledger: Ledger) -> None:
    kept = [leave(layout.results_part("msgbatch_1"), YOUNG), leave(layout.body("00000000ee"), YOUNG)]
    assert sweep(layout, ledger, made.NOW) == ()
    assert all(path.exists() for path in kept)


@pytest.mark.parametrize(
    "state", [SubmissionState.PREPARED, SubmissionState.SENDING, SubmissionState.IN_DOUBT]
)
def test_a_body_that_may_still_be_sent_stays(
    layout: DeckLayout, ledger: Ledger, state: SubmissionState
) -> None:
    with ledger.transaction() as tx:
        tx.put(made.submission("00000000aa", state=state))
    made.log_requests(layout, "00000000aa", range(3))
    age(layout.batch("00000000aa"))
    body = leave(layout.body("00000000aa"))
    assert sweep(layout, ledger, made.NOW) == ()
    assert body.exists()
    assert layout.requests("00000000aa").exists()


def test_what_is_not_ours_stays(layout: DeckLayout, ledger: Ledger, tmp_path: Path) -> None:
    outside = leave(tmp_path / "outside" / "file.tmp")
    (layout.batches / "linked").symlink_to(tmp_path / "outside")
    kept = [
        leave(layout.source("ab" * 32)),
        leave(layout.spool / "notes.txt"),
        leave(layout.batch("msgbatch_1") / "results.jsonl"),
        leave(layout.export("j1") / "report.html.tmp"),
        leave(layout.root / "mine.tmp"),
        outside,
    ]
    age(layout.batch("msgbatch_1"))
    assert sweep(layout, ledger, made.NOW) == ()
    assert all(path.exists() for path in kept)
