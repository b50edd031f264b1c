"""What must come of the golden documents."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from batchdeck.domain.outcomes import Outcome
from batchdeck.html.accessibility import check_page
from batchdeck.html.model import Assembly
from batchdeck.html.render import render
from tests.unit.html import goldens
from tests.unit.html.goldens import GOLDENS, Golden
from tests.unit.html.trees import html


def text_of(assembly: Assembly) -> str:
    return "".join(html(page.tree) for page in assembly.pages)


def rules(assembly: Assembly, stage: str) -> list[str]:
    return [change.rule for change in assembly.changes if change.stage == stage]


def reviews(assembly: Assembly) -> list[tuple[int, str]]:
    return [(review.page, review.kind) for review in assembly.reviews]


@pytest.mark.parametrize("builder", GOLDENS.values(), ids=GOLDENS.keys())
def test_every_golden_document_is_sound_before_and_after_rendering(builder: Callable[[], Golden]) -> None:
    assembly = builder().assemble()
    assert [finding for page in assembly.pages for finding in check_page(page.tree)] == []
    assert list(render(assembly).findings) == []


@pytest.mark.parametrize("builder", GOLDENS.values(), ids=GOLDENS.keys())
def test_every_page_begins_once(builder: Callable[[], Golden]) -> None:
    golden = builder()
    document = render(golden.assemble()).html
    for page in golden.pages:
        assert document.count(f'role="doc-pagebreak" id="page-{page.number}"') == 1


@pytest.mark.parametrize("builder", GOLDENS.values(), ids=GOLDENS.keys())
def test_no_mark_of_the_contract_is_left(builder: Callable[[], Golden]) -> None:
    for page in builder().assemble().pages:
        assert {
            name for element in page.tree.iter() for name in element.attrib if name.startswith("data-")
        } == set()


def test_a_table_over_three_pages_is_one_with_its_header_once() -> None:
    text = text_of(goldens.table_over_three_pages().assemble())
    assert text.count("<table>") == 1
    assert text.count("<thead>") == text.count("<caption>") == text.count("<tfoot>") == 1
    places = [
        text.index(name) for name in ("North quay", "Lock", "page-2", "Weir", "page-3", "Mole", "<tfoot>")
    ]
    assert places == sorted(places)


def test_a_list_over_pages_is_one_and_its_cut_item_whole() -> None:
    text = text_of(goldens.list_over_pages().assemble())
    assert text.count("<ol>") == 1
    assert text.count("<li>") == 4
    assert "pressure <span" in text
    assert "start=" not in text


def test_footnotes_are_linked_both_ways() -> None:
    assembly = goldens.footnotes().assemble()
    text = text_of(assembly)
    for name in ("1-1", "1-star", "2-1"):
        assert text.count(f'href="#fn-{name}"') == text.count(f'id="fnref-{name}"') == 1
        assert text.count(f'href="#fnref-{name}"') == text.count(f'id="fn-{name}"') == 1
    assert "Since the first of April, to be exact." in text
    assert text.count('role="doc-endnotes"') == 2
    assert reviews(assembly) == [(2, "note")]


def test_running_heads_stand_once_and_page_numbers_not_at_all() -> None:
    assembly = goldens.running_heads().assemble()
    text = text_of(assembly)
    assert text.count("Harbour Survey 2019") == 1
    assert text.count("Port Authority · 2019") == text.count("Confidential") == 1
    assert all(f"Words of page {number}." in text for number in (1, 3, 4, 5, 6, 7, 8))


def test_hyphens_are_settled_by_the_documents_own_words() -> None:
    text = text_of(goldens.hyphens().assemble())
    assert "well-known, and its accessibility" in text
    assert "port authority<span" in text


def test_languages_are_those_of_the_words() -> None:
    assembly = goldens.two_languages().assemble()
    assert assembly.language == "en"
    assert [page.meta["lang"] for page in assembly.pages] == ["en", "de", "en"]
    assert '<div class="page" lang="de">' in render(assembly).html


def test_formulas_are_mathml_or_flagged() -> None:
    assembly = goldens.maths().assemble()
    text = text_of(assembly)
    assert text.count("<math") == 2
    assert "<img" not in text
    assert reviews(assembly) == [(1, "math"), (1, "math")]


def test_figures_have_pictures_and_words() -> None:
    assembly = goldens.figures().assemble()
    text = text_of(assembly)
    assert text.count('src="data:image/png;base64,') == 3
    assert 'alt="Salinity falls."' in text
    assert 'alt="The lock"' in text
    assert text.count('alt=""') == 1
    assert "Figure (not shown):</em> A boat." in text
    assert reviews(assembly) == [(1, "alt_text"), (1, "alt_text")]


def test_a_right_to_left_document_says_so() -> None:
    document = render(goldens.right_to_left().assemble()).html
    assert '<html lang="ar" dir="rtl">' in document


def test_chinese_lines_join_without_a_space() -> None:
    assert "因為水位太低。" in text_of(goldens.chinese().assemble())


def test_a_form_keeps_what_was_filled_in() -> None:
    text = text_of(goldens.form().assemble())
    assert "☑ Resident ☐ Visitor" in text
    assert "Name Bob &lt;B&gt; ☑ Resident ☐ Visitor" in text
    assert "secret" not in text


def test_failed_pages_are_told_apart_and_explained() -> None:
    assembly = goldens.blank_and_failed_pages().assemble()
    assert [page.source for page in assembly.pages] == [
        "answer", "answer", "text_layer", "text_layer", "placeholder",
    ]  # fmt: skip
    assert [page.outcome for page in assembly.pages] == [
        Outcome.OK, Outcome.OK, Outcome.REFUSED, Outcome.TRUNCATED, Outcome.ERRORED,
    ]  # fmt: skip
    assert reviews(assembly) == [(3, "unverified"), (4, "unverified"), (5, "placeholder")]
    document = render(assembly).html
    assert "Page iv could not be converted." in document
    assert "Could not process PDF" in document
    assert document.count("unverified.</strong>") == 2


def test_loose_markup_is_put_in_order() -> None:
    assembly = goldens.loose_markup().assemble()
    assert assembly.pages[0].outcome is Outcome.OK_REPAIRED
    assert text_of(assembly) == (
        "<p>Bare words</p><ul><li>one</li><li>two</li></ul><p>First</p><p>Second</p>"
        "<p><strong>bold</strong> and <em>it</em></p><ul><li>orphan</li></ul>"
        '<table><caption>Title</caption><thead><tr><th scope="col">a</th><th scope="col">b</th></tr></thead>'
        "<tbody><tr><td>1</td><td></td></tr></tbody></table>"
    )


def test_links_come_back_or_are_missed() -> None:
    assembly = goldens.links_lost().assemble()
    assert '<a href="https://www.example.org/data">example.org/data</a>' in text_of(assembly)
    assert [(review.kind, review.excerpt) for review in assembly.reviews] == [
        ("link", "https://example.org/lost"),
        ("link", "https://invented.example/"),
    ]


def test_headings_follow_the_outline() -> None:
    text = text_of(goldens.outline().assemble())
    assert [part[:2] for part in text.split("<h")[1:]] == ["1>", "2>", "3>", "2>", "3>", "4>"]
    assert "<h3>Discussion of results</h3>" in text


def test_ids_are_unique_and_followed() -> None:
    text = text_of(goldens.same_ids().assemble())
    assert [part.split('"')[0] for part in text.split(' id="')[1:]] == ["a", "p1-page-1", "p2-a", "p2-page-1"]
    assert '<a href="#p2-a">' in text
