"""The inbox's rules: names that count, when a file is complete, what is affordable, names that are free."""

from __future__ import annotations

import datetime as dt
import os
from itertools import islice

import pytest

from batchdeck.domain.inbox import (
    NOTE_SUFFIX,
    Signature,
    affordable,
    free_names,
    is_wanted,
    job_name,
    look,
    problem_text,
    settles_at,
)

NOON = dt.datetime(2026, 11, 28, 12, tzinfo=dt.UTC)
SECOND = dt.timedelta(seconds=1)


@pytest.mark.parametrize("name", ["a.pdf", "A.PDF", "scan 1.Pdf", "odd\udce9.pdf", "a.pdf.pdf"])
def test_sources_count(name: str) -> None:
    assert is_wanted(name, {name, "other.part"})


@pytest.mark.parametrize(
    "name", ["a.pdf.part", ".a.pdf", "~$a.pdf", "a.docx", "a.pdf~", "pdf", "a.crdownload"]
)
def test_other_names_do_not(name: str) -> None:
    assert not is_wanted(name, {name})


@pytest.mark.parametrize("companion", ["a.pdf.part", "a.pdf.crdownload", ".~lock.a.pdf#", "~$a.pdf"])
def test_a_file_that_somebody_is_writing_waits(companion: str) -> None:
    assert not is_wanted("a.pdf", {"a.pdf", companion})
    assert is_wanted("b.pdf", {"a.pdf", "b.pdf", companion})


def test_a_file_is_complete_when_it_has_kept_its_looks() -> None:
    small, large = Signature(10, 1, 7), Signature(20, 2, 7)
    seen = look({}, {"a.pdf": small}, NOON)
    seen = look(seen, {"a.pdf": large}, NOON + 4 * SECOND)
    assert settles_at(seen["a.pdf"], 5) == NOON + 9 * SECOND, "it grew: its time begins anew"
    seen = look(seen, {"a.pdf": large}, NOON + 8 * SECOND)
    assert settles_at(seen["a.pdf"], 5) == NOON + 9 * SECOND
    seen = look(seen, {"a.pdf": Signature(20, 2, 8)}, NOON + 9 * SECOND)
    assert settles_at(seen["a.pdf"], 5) == NOON + 14 * SECOND, "another file under the same name"
    assert look(seen, {}, NOON) == {}
    turned_back = look(seen, {"a.pdf": Signature(20, 2, 8)}, NOON - 60 * SECOND)
    assert turned_back["a.pdf"].since == NOON - 60 * SECOND, "a clock that is set back keeps nothing waiting"


def test_an_empty_file_gets_more_time() -> None:
    seen = look({}, {"a.pdf": Signature(0, 1, 7)}, NOON)
    assert settles_at(seen["a.pdf"], 5) == NOON + 50 * SECOND


def test_what_does_not_fit_waits_and_nothing_overtakes_it() -> None:
    files = [("a", 1.0), ("b", 3.0), ("c", 0.5)]
    assert affordable(files, 2.0) == (["a"], ["b", "c"])
    assert affordable(files, 4.5) == (["a", "b", "c"], [])
    assert affordable(files, 0.0) == ([], ["a", "b", "c"])


def test_free_names_are_numbered_and_leave_room_for_the_note() -> None:
    assert list(islice(free_names("a.b.pdf"), 3)) == ["a.b.pdf", "a.b-2.pdf", "a.b-3.pdf"]
    for name in ("é" * 126 + ".pdf", "x" * 251 + ".pdf", "\udce9" * 200 + ".pdf"):
        for free in islice(free_names(name), 12):
            assert len(os.fsencode(free + NOTE_SUFFIX)) <= 255
            assert free.endswith(".pdf")


def test_jobs_and_notes_say_what_they_are() -> None:
    cest = NOON.astimezone(dt.timezone(dt.timedelta(hours=2)))
    assert job_name("/srv/in\x1bbox/", cest) == "in␛box 2026-11-28 12:00"
    note = problem_text("a\x1b.pdf", "It is empty (0 bytes).", NOON)
    assert note.splitlines()[:2] == [
        "a␛.pdf was not submitted (2026-11-28T12:00:00Z).",
        "It is empty (0 bytes).",
    ]
