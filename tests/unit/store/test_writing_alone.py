"""Two that write the same file at once: each in its turn, and neither into the other's half."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from batchdeck.errors import Conflict
from batchdeck.store.archive import ResultsWriter
from batchdeck.store.disk import Disk, write_whole, writing_alone
from batchdeck.store.layout import DeckLayout

KEY = "00000000aa"


def test_a_second_writer_waits_and_puts_its_own_in_place(tmp_path: Path) -> None:
    target, temporary = tmp_path / "file", tmp_path / "file.tmp"
    second = threading.Thread(target=write_whole, args=(Disk(), target, [b"second"]))
    with writing_alone(Disk(), temporary) as descriptor:
        os.write(descriptor, b"first, and lon")
        second.start()
        os.write(descriptor, b"ger")
        assert not target.exists()
        os.replace(temporary, target)
        assert target.read_bytes() == b"first, and longer"
    second.join()
    assert target.read_bytes() == b"second"
    assert not temporary.exists()


def test_what_a_killed_writer_left_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "file.tmp").write_bytes(b"half of something long")
    write_whole(Disk(), tmp_path / "file", [b"short"])
    assert (tmp_path / "file").read_bytes() == b"short"


def test_results_are_downloaded_by_one_at_a_time(layout: DeckLayout) -> None:
    first = ResultsWriter(layout, KEY)
    with pytest.raises(Conflict, match="Another process"):
        ResultsWriter(layout, KEY)
    first.write(b"half a row")
    first.discard()
    assert not layout.results_part(KEY).exists()
    ResultsWriter(layout, KEY).discard()
