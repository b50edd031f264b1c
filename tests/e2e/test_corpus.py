"""Thirty real PDFs with known truth, where they lie beside the project: scanned, answered, exported."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

from batchdeck.pdf.text import TextReader

from .conftest import Operator

MakeOperator = Callable[..., Operator]
WORD = re.compile(r"\w+")
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f‪-‮⁦-⁩]")


def _truth(corpus: Path) -> dict[str, tuple[set[int], bool]]:
    """Return, by file name, the page counts that are right and whether "unusable" is right too."""
    truth: dict[str, tuple[set[int], bool]] = {}
    with (corpus / "manifest.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            texts = [row["expected"], *row["also_acceptable"].split(";")]
            counts = {int(n) for text in texts for n in re.findall(r"(\d+) pages?", text)} - {0}
            unusable = any(
                re.search(r"unrecoverable|not a pdf|needs password|0 pages|empty document", text)
                for text in texts
            )
            truth[row["name"]] = counts, unusable
    return truth


def test_scan_agrees_with_the_known_truth(operator: MakeOperator, corpus: Path) -> None:
    who = operator()
    found = {Path(d["path"]).name: d for d in who.json("scan", corpus / "pdfs")["documents"]}
    truth = _truth(corpus)
    assert set(found) == set(truth)
    for name, (counts, unusable) in truth.items():
        document = found[name]
        if document["problem"] is None:
            assert document["pages"] in counts, name
        else:
            assert unusable, f"{name}: {document['problem']}"
    locked = corpus / "pdfs" / "libreoffice-writer-password.pdf"
    opened = who.json("scan", locked, "--password", "openpassword")
    assert opened["documents"][0]["problem"] is None
    assert opened["pages"] >= 1


def test_awkward_names_are_survived_and_shown_harmlessly(
    operator: MakeOperator, corpus: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "odd"
    subprocess.run([sys.executable, corpus / "odd_names.py", folder], check=True, capture_output=True)
    who = operator()
    shown = who.run("scan", folder)
    assert not CONTROL.search(shown.out + shown.err)
    documents = who.json("scan", folder)["documents"]
    names = {Path(d["path"]).name for d in documents}
    assert {"broken-link.pdf", "UPPER CASE.PDF", "no-extension"} <= names
    by_problem = Counter(d.get("problem_kind") for d in documents)
    assert by_problem[None] >= 4
    assert by_problem["duplicate"] >= 8
    submitted = who.run("submit", folder, "--yes")
    assert submitted.code == 0
    who.run("watch", "--until-ended")
    who.run("export", "odd", "--out", tmp_path / "out")
    written = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert all(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.-]*", name) for name in written)
    assert len({name.casefold() for name in written}) == len(written)


INLINE = frozenset(
    ["a", "abbr", "b", "code", "em", "i", "mark", "s", "small", "span", "strong", "sub", "sup"]
)


class _Words(HTMLParser):
    """The words between the tags of a document, parted where a block begins or ends."""

    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []
        self._skipped = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._skipped += tag in ("style", "script")
        self._part(tag)

    def handle_endtag(self, tag: str) -> None:
        self._skipped -= tag in ("style", "script")
        self._part(tag)

    def _part(self, tag: str) -> None:
        if tag not in INLINE:
            self.text.append(" ")

    def handle_data(self, data: str) -> None:
        if not self._skipped:
            self.text.append(data)


def _words(text: str) -> Counter[str]:
    joined = re.sub(r"-\s*\n\s*", "", text.replace("\xad", ""))
    return Counter(word for word in WORD.findall(joined.casefold()) if len(word) > 1)


@pytest.mark.slow
def test_every_usable_document_becomes_html_with_its_words(
    operator: MakeOperator, corpus: Path, tmp_path: Path
) -> None:
    who = operator("", batch_seconds=1)
    job = who.json("submit", corpus / "pdfs", "--yes")["job"]
    who.run("watch", "--until-ended")
    report = who.run("export", job, "--out", tmp_path / "out", "--json", seconds=400)
    documents = {d["document"]: d for d in report.json["documents"]}
    usable = {name for name, (counts, _) in _truth(corpus).items() if counts}
    assert usable - {"T04_008_trailer-no-trailer-keyword.pdf"} <= set(documents)
    assert sum(d["pages"] for d in documents.values()) >= 547
    for name, document in documents.items():
        assert document["errors"] == 0, name
        assert document["placeholders"] == 0, name
        missing, total = _missing_words(corpus / "pdfs" / name, Path(document["html"]))
        if total >= 30:
            assert 1 - missing / total > 0.95, f"{name}: {missing} of {total} words are missing"


def _missing_words(pdf: Path, html: Path) -> tuple[int, int]:
    """Count the words of the trusted text layers, and how many of them the document lacks."""
    parser = _Words()
    parser.feed(html.read_text())
    have = _words("".join(parser.text))
    wanted: Counter[str] = Counter()
    with TextReader(str(pdf)) as reader:
        for number in range(1, reader.page_count + 1):
            if reader.trusts(number):
                wanted += _words(reader.text(number))
    return sum((wanted - have).values()), sum(wanted.values())
