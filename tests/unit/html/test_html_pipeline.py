"""The pipeline as a whole: order, choices, failures, and the state it leaves."""

from __future__ import annotations

from collections.abc import Iterator

from batchdeck.domain.outcomes import Outcome
from batchdeck.html.figures import Box
from batchdeck.html.model import DocumentMaterial, PageMaterial, TextLayer
from batchdeck.html.pipeline import AssemblyOptions, assemble
from tests.unit.html import goldens
from tests.unit.html.goldens import PNG, document, page
from tests.unit.html.trees import html

MATERIAL = DocumentMaterial("report.pdf", "c0de" * 16, 2)


def test_pages_are_ordered_by_number() -> None:
    pages = [page(number, f"<p>{number}</p>") for number in (10, 2, 1)]
    assert [each.number for each in assemble(MATERIAL, pages).pages] == [1, 2, 10]


def test_pages_are_taken_one_at_a_time() -> None:
    taken: list[int] = []

    def pages() -> Iterator[PageMaterial]:
        for number in range(1, 4):
            taken.append(number)
            yield page(number, "<p>x</p>")

    assert len(assemble(MATERIAL, pages()).pages) == 3
    assert taken == [1, 2, 3]


def test_a_document_without_pages_is_one() -> None:
    assembly = assemble(MATERIAL, [])
    assert (assembly.pages, assembly.language) == ([], "und")


def test_the_material_may_know_the_language_when_no_page_does() -> None:
    material = DocumentMaterial("report.pdf", "c0de" * 16, 1, language="DE-at")
    assert assemble(material, [PageMaterial(1, "1", Outcome.EXPIRED, None)]).language == "de-AT"


def test_figures_beside_the_document_and_tables_apart_on_request() -> None:
    asked: list[tuple[int, Box]] = []

    def crop(number: int, box: Box) -> bytes:
        asked.append((number, box))
        return PNG

    figure = '<figure data-bbox="10 20 300 400"><img alt="A boat."></figure>'
    options = AssemblyOptions(embed_figures=False, join_tables=False)
    assembly = assemble(MATERIAL, [page(1, "<p>x</p>"), page(2, figure)], crop=crop, options=options)
    assert asked == [(2, (10, 20, 300, 400))]
    assert assembly.figures == {"figures/page-2-1.png": PNG}
    golden = goldens.table_over_three_pages()
    apart = assemble(golden.material, golden.pages, options=options)
    assert sum(html(each.tree).count("<table>") for each in apart.pages) == 3


def test_syntax_errors_are_kept_and_make_a_page_a_repaired_one() -> None:
    assembly = assemble(MATERIAL, [page(1, "<p>a</b></p>")])
    assert [(issue.page, issue.code) for issue in assembly.issues] == [(1, "unexpected-end-tag")]
    assert assembly.pages[0].outcome is Outcome.OK_REPAIRED


def test_a_faint_likeness_to_the_text_layer_is_told() -> None:
    layer = TextLayer(" ".join(f"word{n}" for n in range(100)), trusted=True)
    body = "<p>" + " ".join(f"word{n}" for n in range(85)) + "</p>"
    reviews = assemble(MATERIAL, [page(1, body, layer=layer)]).reviews
    assert [review.kind for review in reviews] == ["fidelity"]
    assert "85%" in reviews[0].message


def test_the_cause_of_a_missing_page_is_fit_to_show() -> None:
    failed = PageMaterial(1, "\x1b[2J\n", Outcome.ERRORED, None, "bad\x00 <b>thing</b>\ud800 " + "x" * 500)
    made = assemble(MATERIAL, [failed]).pages[0]
    text = html(made.tree)
    assert text.startswith('<p lang="en">Cause: bad␀ &lt;b&gt;thing&lt;/b&gt;\\ud800 xxx')
    assert len(text) < 300
    assert made.label == "␛[2J"


def test_a_text_layer_becomes_paragraphs_without_its_control_characters() -> None:
    layer = TextLayer(
        "One line\r\nends.\r\nAnother is acces\x02\r\nsible\x00 to\r\nall\r\n\r\nLast", trusted=False
    )
    failed = PageMaterial(1, "1", Outcome.ERRORED, None, "boom", layer)
    assert html(assemble(MATERIAL, [failed]).pages[0].tree) == (
        "<p>One line\nends.</p><p>Another is accessible to\nall</p><p>Last</p>"
    )


def test_a_layer_without_words_gives_way_to_a_placeholder() -> None:
    failed = PageMaterial(1, "1", Outcome.ERRORED, None, "boom", TextLayer(" \r\n", trusted=True))
    assert assemble(MATERIAL, [failed]).pages[0].source == "placeholder"


def test_deep_and_long_answers_do_not_exhaust_anything() -> None:
    deep = "<blockquote>" * 5000 + "<p>deep</p>" + "</blockquote>" * 5000
    lists = "<ul><li>" * 3000 + "x" + "</li></ul>" * 3000
    wide = "<table><tr>" + "<td colspan='1000' rowspan='1000'>x</td>" * 300 + "</tr></table>"
    many = "<p>x</p>" * 20_000
    pages = [page(number, body) for number, body in enumerate((deep, lists, wide, many), 1)]
    assembly = assemble(document(*pages), pages)
    assert [each.source for each in assembly.pages] == ["answer"] * 4
    assert assembly.issues[0].code == "nested-too-deeply"
