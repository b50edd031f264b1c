"""The sample documents: the same bytes every time, sound, and each with what it is there to show."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pikepdf
import pypdfium2
import pytest

from batchdeck.pdf.split import Splitter
from batchdeck.pdf.text import TextReader
from batchdeck.sandbox.engine.transcribe import transcribe
from batchdeck.sandbox.samples import write_samples

PAGES = {
    "accounts": 2,
    "annual-report": 2,
    "corn-exchange-essay": 2,
    "handbook": 24,
    "membership-form": 1,
    "minutes-scan": 1,
    "newsletter": 1,
}

SET = {
    "accounts": "1459ad94f6",
    "annual-report": "3b8b94b0c1",
    "corn-exchange-essay": "41e65ef59b",
    "handbook": "4bac2e0dda",
    "membership-form": "f8ee56957a",
    "newsletter": "70844b03a7",
}
"""The beginning of each digest."""


def article(path: Path, number: int) -> str:
    """Transcribe a page the way a batch would carry it: cut out, with its link targets listed."""
    with TextReader(str(path)) as reader:
        links = reader.links(number)
    with Splitter(str(path)) as splitter:
        page = splitter.page(number)
    return transcribe(page, number=number, language="", links=links, most_pages=1).text


def test_they_are_the_same_bytes_each_time(samples: dict[str, Path], tmp_path: Path) -> None:
    again = write_samples(tmp_path)
    assert [path.name for path in again] == sorted(f"{name}.pdf" for name in [*PAGES, "damaged"])
    assert all(path.read_bytes() == samples[path.stem].read_bytes() for path in again)


def test_they_are_the_same_bytes_under_every_version_of_python(samples: dict[str, Path]) -> None:
    # The scan is left out: pdfium renders it. The notebooks of the documentation show these names.
    digests = {name: hashlib.sha256(samples[name].read_bytes()).hexdigest()[:10] for name in SET}
    assert digests == SET


@pytest.mark.parametrize("name", PAGES)
def test_they_are_sound(samples: dict[str, Path], name: str) -> None:
    with pikepdf.open(samples[name]) as document:
        assert len(document.pages) == PAGES[name]
        assert document.check_pdf_syntax() == []
        assert str(document.Root.Lang) == "en-GB"
    opened = pypdfium2.PdfDocument(samples[name])
    assert len(opened) == PAGES[name]
    opened.close()


def test_the_damaged_one_is_damaged_beyond_repair(samples: dict[str, Path]) -> None:
    with pytest.raises(pikepdf.PdfError):
        pikepdf.open(samples["damaged"])
    with pytest.raises(pypdfium2.PdfiumError):
        pypdfium2.PdfDocument(samples["damaged"])


def test_the_handbook_has_an_outline_and_page_labels(samples: dict[str, Path]) -> None:
    opened = pypdfium2.PdfDocument(samples["handbook"])
    assert [opened.get_page_label(n) for n in (0, 1, 2, 23)] == ["i", "ii", "1", "22"]
    titles = [bookmark.get_title() for bookmark in opened.get_toc()]
    assert titles[:3] == ["The Volunteers’ Handbook", "Contents", "1 Welcome"]
    opened.close()


def test_the_report_shows_headings_lists_and_links(samples: dict[str, Path]) -> None:
    first, second = article(samples["annual-report"], 1), article(samples["annual-report"], 2)
    assert "<h1>A Year at Harrowmere Public Library</h1>" in first
    assert "<h2>Lending</h2>" in first
    assert "<h3>Who came</h3>" in first
    assert "<ul><li>Novels and stories: 61,480 loans" in first
    assert "<ol><li>The lead was stripped" in first
    assert '<a href="https://friends.harrowmere-library.example/roof">Friends of the Library</a>' in first
    assert '<a href="https://harrowmere-library.example/aloud">https://harrowmere-library' in second
    assert '<a href="https://harrowmere-library.example/visit">our page for visitors</a>' in second
    assert '<a href="mailto:librarian@harrowmere-library.example">' in second
    assert "<em>Responsible: R. Adeyemi.</em>" in second


def test_the_accounts_show_tables_over_a_page_break(samples: dict[str, Path]) -> None:
    first, second = article(samples["accounts"], 1), article(samples["accounts"], 2)
    assert first.count("<table>") == 3
    assert "<caption>Table 2. Spending by purpose</caption>" in first
    assert '<th scope="row">Heating and light</th><td>21,750</td><td>19,980</td>' in first
    assert 'data-kind="table"' in first
    head = '<thead><tr><th scope="col">Kind</th><th scope="col">Held</th>'
    assert head in first
    assert f'starts="new" data-ends="complete"><table>{head}' in second


def test_the_newsletter_is_read_column_by_column(samples: dict[str, Path]) -> None:
    text = article(samples["newsletter"], 1)
    headings = ["The river in the cellar", "Seeds are back", "A map comes home", "Evenings", "From the desk"]
    places = [text.index(f"<h2>{heading}</h2>") for heading in headings]
    assert places == sorted(places)
    assert "carried four hundred volumes of the parish registers up the stairs" in text


def test_the_essay_shows_footnotes_and_a_running_head(samples: dict[str, Path]) -> None:
    first, second = article(samples["corn-exchange-essay"], 1), article(samples["corn-exchange-essay"], 2)
    assert 'sample of grain.<sup data-note="1">1</sup>' in first
    assert '<section data-role="footnotes"><p data-note="1">The specification asks' in first
    assert 'data-printed-page="1"' in first
    assert '<header data-role="running"><p><em>How the Corn Exchange' in second


def test_the_handbook_has_contents_and_numbers(samples: dict[str, Path]) -> None:
    contents = article(samples["handbook"], 2)
    assert 'data-kind="toc"' in contents
    assert 'data-printed-page="ii"' in contents
    assert "<li>Mending bindings 9</li>" in contents
    assert "<h2>9 Mending bindings</h2>" in article(samples["handbook"], 11)


def test_the_form_shows_what_is_filled_in(samples: dict[str, Path]) -> None:
    text = article(samples["membership-form"], 1)
    assert 'data-kind="form"' in text
    assert "<p>Full name Ana Sousa</p>" in text
    assert "<p>Telephone ____</p>" in text
    assert "<p>☑ Seeds</p>" in text
    assert "<p>☐ Braille</p>" in text


def test_the_scan_is_a_figure_that_says_so(samples: dict[str, Path]) -> None:
    with TextReader(str(samples["minutes-scan"])) as reader:
        assert reader.text(1).strip() == ""
    text = article(samples["minutes-scan"], 1)
    assert 'data-kind="figure"' in text
    assert "scan or a drawing without a text layer" in text
    assert "The offline engine of the sandbox reads text layers only and cannot see pictures." in text
