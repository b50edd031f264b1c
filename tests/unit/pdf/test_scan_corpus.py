"""Every file of the corpus scans to what its manifest says."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import pypdf
import pytest

from batchdeck.domain.documents import Caveat, Document, ProblemKind, UnusableFile
from batchdeck.pdf.find import find_files
from batchdeck.pdf.scan import scan_file

EXPECTED_PROBLEMS = {
    "needs password": {ProblemKind.NEEDS_PASSWORD},
    "not a pdf": {ProblemKind.NOT_A_PDF},
    "unrecoverable": {ProblemKind.DAMAGED, ProblemKind.NOT_A_PDF},
    "0 pages": {ProblemKind.NO_PAGES},
}


def scanned(path: Path | str, **options: Any) -> Document:
    document = scan_file(str(path), **options)
    assert isinstance(document, Document), document.problem
    return document


def test_each_file_is_what_its_manifest_says(sample: Any) -> None:
    found = scan_file(sample.path)
    if isinstance(found, UnusableFile):
        assert found.problem.kind in EXPECTED_PROBLEMS[sample.expected]
        assert found.problem.message.endswith(".")
        return
    assert sample.expected not in EXPECTED_PROBLEMS
    assert found.page_count == sample.pages
    assert [page.number for page in found.pages] == list(range(1, found.page_count + 1))
    assert (Caveat.REPAIRED in found.caveats) == sample.expected.startswith("damaged")
    assert found.sha256 == hashlib.sha256(Path(sample.path).read_bytes()).hexdigest()
    assert found.size == Path(sample.path).stat().st_size


def test_a_password_opens_what_is_locked(corpus: Path) -> None:
    path = corpus / "libreoffice-writer-password.pdf"
    document = scanned(path, passwords=["wrong", "openpassword"])
    assert (document.page_count, document.encrypted, document.password) == (1, True, "openpassword")
    assert "openpassword" not in repr(document)


def test_a_wrong_password_is_told_from_none(corpus: Path) -> None:
    path = str(corpus / "libreoffice-writer-password.pdf")
    without, wrong = scan_file(path), scan_file(path, passwords=["guess"])
    assert isinstance(without, UnusableFile)
    assert isinstance(wrong, UnusableFile)
    assert "give it with --password" in without.problem.message
    assert "none of the passwords given" in wrong.problem.message


def test_an_empty_user_password_needs_none(corpus: Path) -> None:
    document = scanned(corpus / "form_dd0293.pdf")
    assert (document.encrypted, document.password) == (True, "")


@pytest.mark.parametrize("name", ["GeoTopo-komprimiert.pdf", "maint-guide.zh-tw.pdf", "tagged.pdf"])
def test_labels_outline_and_title_are_those_that_pypdf_reads(corpus: Path, name: str) -> None:
    document = scanned(corpus / name)
    reader = pypdf.PdfReader(corpus / name)
    assert [page.label for page in document.pages] == list(reader.page_labels)
    assert reader.metadata is not None
    assert document.title == (reader.metadata.title or "").strip()

    def flattened(entries: list[Any], level: int = 1) -> list[tuple[int, str, int | None]]:
        rows: list[tuple[int, str, int | None]] = []
        for entry in entries:
            if isinstance(entry, list):
                rows += flattened(entry, level + 1)
            else:
                number = reader.get_destination_page_number(entry)
                rows.append((level, entry.title.strip(), None if number is None else number + 1))
        return rows

    assert [(one.level, one.title, one.page) for one in document.outline] == flattened(reader.outline)


def test_facts_of_single_files(corpus: Path) -> None:
    assert scanned(corpus / "with-attachment.pdf").attachments == 1
    assert scanned(corpus / "tagged.pdf").language == "en-CA"
    rotated = scanned(corpus / "habibi-rotated.pdf").pages
    assert [page.rotation for page in rotated] == [90, 180, 270, 0]
    assert [page.width > page.height for page in rotated] == [True, False, True, False]


def test_pages_without_text_are_told_apart(corpus: Path) -> None:
    scan = scanned(corpus / "cardinal.pdf")
    mixed = scanned(corpus / "multipage.pdf")
    assert scan.caveats == (Caveat.NO_TEXT_LAYER,)
    assert 0 < sum(page.has_text for page in mixed.pages) < mixed.page_count
    assert Caveat.NO_TEXT_LAYER not in mixed.caveats


def test_awkward_names_scan_like_any_other(corpus: Path, tmp_path: Path) -> None:
    script = corpus.parent / "odd_names.py"
    subprocess.run([sys.executable, str(script), str(tmp_path)], check=True, capture_output=True)
    for found in find_files([str(tmp_path)]):
        if found.problem is None and not found.path.endswith("unreadable.pdf"):
            assert scanned(found.path).path == found.path
