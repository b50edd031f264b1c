"""The files of an inbox on real disks: moved without loss, never overwriting, following no link."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from batchdeck.errors import Conflict, InputError, StorageFailed
from batchdeck.store.disk import Disk
from batchdeck.store.inbox import Mark, Marks, list_inbox, move_away, signature_of
from batchdeck.store.layout import DeckLayout

from .faulty import FaultyDisk, io_error


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    return folder


def put(path: Path, text: str = "words") -> Path:
    path.write_text(text)
    return path


def away(source: Path, folder: Path, note: str = "", disk: Disk | None = None) -> Path:
    signature = signature_of(source)
    assert signature is not None
    return move_away(source, folder, signature, note=note, disk=disk or Disk())


def test_only_regular_files_are_listed_and_links_are_named(inbox: Path, tmp_path: Path) -> None:
    put(inbox / "a.pdf")
    put(inbox / os.fsdecode(b"\xe9.pdf"))
    (inbox / "folder.pdf").mkdir()
    os.mkfifo(inbox / "pipe.pdf")
    (inbox / "link.pdf").symlink_to(put(tmp_path / "secret.pdf"))
    (inbox / "nowhere.pdf").symlink_to(tmp_path / "gone")
    listing = list_inbox(inbox)
    assert set(listing.files) == {"a.pdf", "\udce9.pdf"}
    assert listing.links == ("link.pdf", "nowhere.pdf")
    with pytest.raises(InputError, match="cannot be read"):
        list_inbox(inbox / "missing")


def test_a_name_that_is_taken_gets_a_number_and_nothing_is_overwritten(inbox: Path) -> None:
    done = inbox / "done"
    moved = [away(put(inbox / "a.pdf", text), done).name for text in ("one", "two", "three")]
    assert moved == ["a.pdf", "a-2.pdf", "a-3.pdf"]
    assert [(done / name).read_text() for name in moved] == ["one", "two", "three"]
    assert not (inbox / "a.pdf").exists()


def test_a_note_lies_beside_its_file_and_overwrites_no_other(inbox: Path) -> None:
    problems = inbox / "problems"
    problems.mkdir()
    put(problems / "a.pdf.txt", "of somebody else")
    target = away(put(inbox / "a.pdf"), problems, "torn")
    assert target.name == "a-2.pdf"
    assert (problems / "a-2.pdf.txt").read_text() == "torn"
    assert (problems / "a.pdf.txt").read_text() == "of somebody else"
    assert sorted(path.name for path in problems.iterdir()) == ["a-2.pdf", "a-2.pdf.txt", "a.pdf.txt"]


def test_a_file_on_another_file_system_is_copied_whole_before_it_goes(inbox: Path, memory_path: Path) -> None:
    if memory_path.stat().st_dev == inbox.stat().st_dev:
        pytest.skip("there is one file system only")
    source = put(inbox / "a.pdf", "x" * 3_000_000)
    os.utime(source, ns=(1, 2_000_000_000))
    put(memory_path / "a.pdf", "of somebody else")
    target = away(source, memory_path)
    assert (target.name, target.read_text(), target.stat().st_mtime_ns) == (
        "a-2.pdf",
        "x" * 3_000_000,
        2_000_000_000,
    )
    assert list(inbox.iterdir()) == []
    assert (memory_path / "a.pdf").read_text() == "of somebody else"


@pytest.mark.parametrize("is_elsewhere", [False, True])
def test_whatever_the_disk_refuses_the_file_is_whole_somewhere(
    inbox: Path, memory_path: Path, is_elsewhere: bool
) -> None:
    folder = memory_path if is_elsewhere else inbox / "problems"
    failures = 0
    for at in range(1, 16):
        source, words = put(inbox / f"{at}.pdf", f"words {at}"), f"words {at}"
        try:
            target = away(source, folder, "torn", FaultyDisk(at, io_error))
        except StorageFailed:
            failures += 1
            texts = [path.read_text() for path in (*inbox.glob("*.pdf"), *folder.glob("*.pdf"))]
            assert words in texts
            assert "" not in texts
        else:
            assert (target.read_text(), source.exists()) == (words, False)
    assert 4 <= failures < 15, "the disk failed at every call there is"


def test_a_file_that_has_changed_stays(inbox: Path) -> None:
    source = put(inbox / "a.pdf")
    before = signature_of(source)
    assert before is not None
    put(source, "more words")
    with pytest.raises(Conflict, match="has changed"):
        move_away(source, inbox / "done", before, disk=Disk())
    source.unlink()
    source.symlink_to(put(inbox / "b.pdf"))
    with pytest.raises(Conflict, match="has changed"):
        move_away(source, inbox / "done", before, disk=Disk())
    assert not (inbox / "done").exists()


def test_a_file_that_takes_the_place_of_one_being_moved_comes_back(
    inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = put(inbox / "a.pdf", "submitted")
    real = os.rename

    def rename(before: Path, after: Path) -> None:
        put(inbox / "new", "not submitted")
        os.replace(inbox / "new", source)
        monkeypatch.setattr(os, "rename", real)
        real(before, after)

    monkeypatch.setattr(os, "rename", rename)
    with pytest.raises(Conflict, match="has changed"):
        away(source, inbox / "done")
    assert source.read_text() == "not submitted"
    assert list((inbox / "done").iterdir()) == []


def test_marks_are_kept_by_folder_for_names_of_any_bytes(layout: DeckLayout, inbox: Path) -> None:
    names = ["a.pdf", "100%.pdf", "ä b.pdf", "\udce9.pdf"]
    marks = {name: Mark(1, 2, 3, "torn") for name in names}
    Marks(layout, inbox).save(marks)
    Marks(layout, inbox / "other").save({"x.pdf": Mark(4, 5, 6)})
    assert Marks(layout, inbox).load() == marks
    signature = signature_of(put(inbox / "a.pdf"))
    assert signature is not None
    mark = Mark(signature.size, signature.mtime_ns, signature.inode)
    assert mark.fits(signature)
    put(inbox / "a.pdf", "other words")
    changed = signature_of(inbox / "a.pdf")
    assert changed is not None
    assert not mark.fits(changed)
    layout.inbox_marks.write_text("{torn")
    assert Marks(layout, inbox).load() == {}
