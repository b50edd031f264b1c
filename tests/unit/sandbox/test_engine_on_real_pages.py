"""The engine on PDFs that other people made: it loses no words, and says so where it can read none."""

from __future__ import annotations

import csv
import html
import io
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pikepdf
import pypdfium2
import pytest

from batchdeck.pdf.split import Splitter
from batchdeck.pdf.text import TextReader
from batchdeck.sandbox.engine.transcribe import transcribe
from batchdeck.sandbox.problems import Problem

CORPUS = Path(__file__).resolve().parents[4] / "shared" / "corpus"
PAGES = 3
"""Pages looked at in each file."""
FEWEST_WORDS = 50
_INLINE = re.compile(r"</?(?:em|strong|sup|sub|a)\b[^>]*>")

pytestmark = pytest.mark.skipif(not CORPUS.exists(), reason="the corpus of real PDFs is not here")


def files(wanted: str) -> list[str]:
    if not CORPUS.exists():
        return []
    with (CORPUS / "manifest.csv").open(encoding="utf-8", newline="") as file:
        return [row["name"] for row in csv.DictReader(file) if row["text_layer"] == wanted]


def pages(name: str) -> Iterator[tuple[int, bytes]]:
    path = str(CORPUS / "pdfs" / name)
    with TextReader(path) as reader, Splitter(path) as splitter:
        for number in range(1, min(PAGES, reader.page_count) + 1):
            yield number, splitter.page(number)


def words(text: str) -> Counter[str]:
    return Counter(re.findall(r"\w+", text.lower()))


def layer(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    try:
        return re.sub("[\ufffe\x02]\\s*", "", document[0].get_textpage().get_text_range())
    finally:
        document.close()


@pytest.mark.parametrize("name", files("yes"))
def test_nearly_every_word_comes_back_once(name: str) -> None:
    for number, pdf in pages(name):
        printed = words(layer(pdf))
        if printed.total() < FEWEST_WORDS:
            continue
        article = transcribe(pdf, number=number, language="", links=(), most_pages=1).text
        told = words(html.unescape(re.sub("<[^>]*>", " ", _INLINE.sub("", article))))
        shared = (printed & told).total()
        assert shared / printed.total() > 0.95, f"page {number}: lost {list(printed - told)[:20]}"
        assert shared / told.total() > 0.9, f"page {number}: added {list(told - printed)[:20]}"
        assert article.startswith(f'<article data-bd="1" data-page="{number}" data-lang="')
        assert article.endswith("</article>")


@pytest.mark.parametrize("name", [n for n in files("no") if n != "enormous.pdf"])
def test_a_page_without_a_text_layer_is_a_figure_that_says_so(name: str) -> None:
    _, pdf = next(pages(name))
    article = transcribe(pdf, number=1, language="fr", links=(), most_pages=1).text
    assert 'data-lang="fr"' in article
    assert 'data-kind="figure"' in article
    assert "without a text layer" in article


def test_rotated_pages_say_how_to_turn_them() -> None:
    found = [
        re.search(r'data-lang="(\w+)" data-rotation="(\d+)"', article)
        for article in (
            transcribe(pdf, number=n, language="", links=(), most_pages=1).text
            for n, pdf in pages("habibi-rotated.pdf")
        )
    ]
    turns = [match[2] for match in found if match]
    assert len(turns) == PAGES
    assert len(set(turns)) == PAGES
    assert {match[1] for match in found if match} == {"ar"}


@pytest.mark.parametrize("name", ["invalid.pdf", "picture-not-a-pdf.pdf", "zero-pages.pdf"])
def test_what_cannot_be_read_is_refused_in_the_apis_words(name: str) -> None:
    data = (CORPUS / "pdfs" / name).read_bytes()
    with pytest.raises(Problem, match="Could not process PDF"):
        transcribe(data, number=1, language="", links=(), most_pages=600)


def test_too_many_pages_are_refused() -> None:
    data = (CORPUS / "pdfs" / "multicolumn.pdf").read_bytes()
    with pytest.raises(Problem, match=r"A maximum of 2 PDF pages may be provided\."):
        transcribe(data, number=1, language="", links=(), most_pages=2)


def test_an_empty_page_is_blank() -> None:
    out = io.BytesIO()
    with pikepdf.new() as document:
        document.add_blank_page()
        document.save(out)
    article = transcribe(out.getvalue(), number=9, language="", links=(), most_pages=1).text
    assert article == (
        '<article data-bd="1" data-page="9" data-lang="und" data-rotation="0" data-kind="blank" '
        'data-starts="new" data-ends="complete"></article>'
    )
