"""Folders and paths become files to look at: in order, once each, with a problem where there is one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from batchdeck.domain.documents import ProblemKind
from batchdeck.pdf.find import find_files


def names(*paths: str | Path) -> list[str]:
    return [os.path.basename(found.path) for found in find_files(map(str, paths))]


def test_order_is_by_bytes_and_depth_first(tmp_path: Path) -> None:
    for name in ("b.pdf", "a.pdf", "Z.pdf", "é.pdf", "ab/c.pdf", "ab/a.pdf"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"%PDF-")
    found = [os.path.relpath(file.path, tmp_path) for file in find_files([str(tmp_path)])]
    assert found == ["Z.pdf", "a.pdf", "ab/a.pdf", "ab/c.pdf", "b.pdf", "é.pdf"]


def test_folder_takes_any_case_and_headers_but_neither_hidden_nor_other_files(tmp_path: Path) -> None:
    (tmp_path / "LOUD.PDF").write_bytes(b"")
    (tmp_path / "bare").write_bytes(b"junk %PDF-1.4")
    (tmp_path / "plain").write_bytes(b"nothing of the kind" * 100 + b"%PDF-1.4")
    (tmp_path / "notes.txt").write_bytes(b"%PDF-1.4")
    (tmp_path / ".hidden.pdf").write_bytes(b"%PDF-1.4")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "x.pdf").write_bytes(b"%PDF-1.4")
    assert names(tmp_path) == ["LOUD.PDF", "bare"]


def test_a_path_named_itself_is_always_looked_at(tmp_path: Path) -> None:
    for name in ("notes.txt", ".hidden.pdf", "plain"):
        (tmp_path / name).write_bytes(b"no header")
    assert names(*(tmp_path / name for name in ("notes.txt", ".hidden.pdf", "plain"))) == [
        "notes.txt",
        ".hidden.pdf",
        "plain",
    ]


def test_a_file_is_yielded_once_however_it_is_reached(tmp_path: Path) -> None:
    (tmp_path / "real.pdf").write_bytes(b"%PDF-")
    (tmp_path / "link.pdf").symlink_to("real.pdf")
    (tmp_path / "loop").symlink_to("..")
    (tmp_path / "self").symlink_to(".")
    assert names(tmp_path, tmp_path / "real.pdf", tmp_path) == ["link.pdf"]


def test_a_link_to_a_folder_that_is_named_itself_is_followed(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "x.pdf").write_bytes(b"%PDF-")
    (tmp_path / "here").symlink_to("there")
    assert names(tmp_path / "here") == ["x.pdf"]


def test_what_cannot_be_reached_is_said(tmp_path: Path) -> None:
    (tmp_path / "broken.pdf").symlink_to("nowhere.pdf")
    (tmp_path / "circle.pdf").symlink_to("circle.pdf")
    found = list(find_files([str(tmp_path), str(tmp_path / "missing.pdf"), "nul\0byte.pdf"]))
    problems = [file.problem for file in found]
    assert [problem.kind for problem in problems if problem] == [ProblemKind.UNREADABLE] * 4
    assert "link leads nowhere" in str(problems[0])
    assert "no file name can hold" in str(problems[3])


def test_a_deep_folder_is_no_trouble(tmp_path: Path) -> None:
    folder = tmp_path
    for _ in range(300):
        folder = folder / "d"
    folder.mkdir(parents=True)
    (folder / "x.pdf").write_bytes(b"%PDF-")
    assert names(tmp_path) == ["x.pdf"]


def test_folders_named_like_a_pdf_are_folders(tmp_path: Path) -> None:
    (tmp_path / "folder.pdf").mkdir()
    (tmp_path / "folder.pdf" / "inside.pdf").write_bytes(b"%PDF-")
    assert names(tmp_path) == ["inside.pdf"]


def test_names_that_are_not_utf8_survive(tmp_path: Path) -> None:
    raw = os.fsencode(tmp_path) + b"/latin-\xe9.pdf"
    with open(raw, "wb") as file:
        file.write(b"%PDF-")
    (found,) = find_files([str(tmp_path)])
    assert os.fsencode(found.path) == raw


def test_pipes_are_found_without_waiting_for_a_writer(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.pdf")
    os.mkfifo(tmp_path / "pipe")
    assert names(tmp_path) == ["pipe.pdf"]


def test_every_awkward_name_of_the_corpus_is_met(corpus: Path, tmp_path: Path) -> None:
    script = corpus.parent / "odd_names.py"
    subprocess.run([sys.executable, str(script), str(tmp_path)], check=True, capture_output=True)
    entries = {name for name in os.listdir(tmp_path) if not os.path.isdir(tmp_path / name)}
    found = list(find_files([str(tmp_path)]))
    assert {os.path.basename(file.path) for file in found} == entries
    assert [os.path.basename(file.path) for file in found if file.problem] == ["broken-link.pdf"]


@pytest.mark.skipif(os.geteuid() == 0, reason="permissions do not bind the superuser")
def test_folders_that_may_not_be_listed_are_said(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o000)
    try:
        (found,) = find_files([str(tmp_path)])
    finally:
        closed.chmod(0o700)
    assert found.problem is not None
    assert found.problem.kind is ProblemKind.UNREADABLE
