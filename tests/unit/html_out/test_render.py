"""The rendered document: front matter, page breaks, failed pages, languages, and files beside it."""

from __future__ import annotations

import contextlib
import io
import re
import tracemalloc
from collections.abc import Iterator
from typing import BinaryIO
from xml.etree.ElementTree import Element

import html5lib
import pytest

from batchdeck.domain.outcomes import Outcome
from batchdeck.html.contents import title_of
from batchdeck.html.dress import Layout, _free_id
from batchdeck.html.render import RenderOptions, render, render_to
from batchdeck.html.rules import validate_html
from batchdeck.html.templates import list_templates
from tests.unit.html_out.hand import SHA256, assembly, page

WIDE = (
    "<table><caption>Levels</caption><tr>"
    + "<th scope='col'>Department</th>" * 6
    + "</tr><tr>"
    + "<td>1</td>" * 6
    + "</tr></table>"
)


def _parse(html: str) -> Element:
    root: Element = html5lib.parse(html, namespaceHTMLElements=False)
    return root


def _of_class(root: Element, name: str) -> list[Element]:
    return [element for element in root.iter() if name in (element.get("class") or "").split()]


def test_text_is_escaped_and_markup_is_not() -> None:
    html = render(assembly("<h1>Costs &lt; gains</h1><p>a &amp; b</p>", name="<img src=x>.pdf")).html
    assert ">Costs &lt; gains</h1>" in html
    assert "<img src=x>" not in html
    assert "&lt;img src=x&gt;.pdf" in html


def test_the_security_policy_comes_first_and_lets_nothing_in() -> None:
    head = _parse(render(assembly("<h1>A</h1>")).html).find("head")
    assert head is not None
    policy = head[0].get("content", "")
    assert head[0].get("http-equiv") == "Content-Security-Policy"
    assert re.fullmatch(
        r"default-src 'none'; style-src 'sha256-[A-Za-z0-9+/=]{44}'; img-src data:; base-uri 'none'; "
        r"form-action 'none'",
        policy,
    )


@pytest.mark.parametrize(
    ("title", "markup", "name", "shown"),
    [
        ("Annual report", "<h1>Other</h1>", "a.pdf", "Annual report"),
        ("report_final_v2.pdf", "<h1>From the page</h1>", "a.pdf", "From the page"),
        ("Microsoft Word - draft.doc", "<h1>From the page</h1>", "a.pdf", "From the page"),
        (r"C:\texts\a.tex", "<h1>From the page</h1>", "a.pdf", "From the page"),
        ("untitled", "<p>no heading</p>", "Minutes of May.pdf", "Minutes of May"),
        ("", "<h1>A<sup><a role='doc-noteref' href='#n'>1</a></sup></h1>", "a.pdf", "A"),
        ("  Two\n lines ", "<p>x</p>", "a.pdf", "Two lines"),
        ("", "<p>x</p>", ".pdf", "Untitled document"),
        ("§§§", "<h2></h2>", "a.pdf", "§§§"),
    ],
)
def test_the_title_says_what_the_document_is(title: str, markup: str, name: str, shown: str) -> None:
    document = assembly(markup, name=name, title=title)
    assert title_of(document) == shown
    assert f"<title>{shown}</title>" in render(document).html


def test_there_is_one_h1_whether_or_not_the_pages_have_one() -> None:
    for markup in ("<h1>Own</h1>", "<p>none</p>"):
        root = _parse(render(assembly(markup)).html)
        assert len(root.findall(".//h1")) == 1


def test_a_first_heading_that_spells_the_title_is_the_h1_and_gives_its_spelling() -> None:
    document = assembly(
        "<h2>The Volunteers’ Handbook</h2><h2>Welcome</h2>", title="THE Volunteers\x99 handbook"
    )
    exported = render(document)
    assert "<title>The Volunteers’ Handbook</title>" in exported.html
    assert exported.html.count("The Volunteers’ Handbook") == 2
    assert [heading.text for heading in _parse(exported.html).iter("h2")] == ["Welcome"]
    assert [change.rule for change in exported.changes] == ["heading is the title"]
    assert list(exported.findings) == []


def test_a_first_heading_of_other_words_is_not_the_title() -> None:
    root = _parse(render(assembly("<h2>Welcome</h2>", title="Handbook")).html)
    assert [(one.tag, one.text) for one in root.iter() if one.tag in ("h1", "h2")] == [
        ("h1", "Handbook"),
        ("h2", "Welcome"),
    ]


def test_contents_nest_by_level_and_lead_to_the_headings() -> None:
    document = assembly("<h1>T</h1><h2>A</h2><h3>A1</h3><h4>too deep</h4>", "<h3>A2</h3><h2 id='own'>B</h2>")
    root = _parse(render(document).html)
    (contents,) = _of_class(root, "contents")
    links = {"".join(link.itertext()): link.get("href", "") for link in contents.iter("a")}
    assert list(links) == ["A", "A1", "A2", "B"]
    assert links["B"] == "#own"
    ids = {element.get("id") for element in root.iter()}
    assert all(href[1:] in ids for href in links.values())
    outer = contents.find("details/ol")
    assert outer is not None
    assert len(outer.findall("li")) == 2
    assert len(outer.findall("li/ol/li")) == 2


def test_a_heading_among_thousands_looks_for_its_id_once_or_twice() -> None:
    class Counted(dict[str, int]):
        looks = 0

        def __contains__(self, key: object) -> bool:
            Counted.looks += 1
            return super().__contains__(key)

    layout = Layout(anchors=Counted({"section-1-2": 1}))
    for _ in range(100):
        layout.anchors[_free_id("section-1", layout)] = 1
    assert {f"section-1-{number}" for number in range(1, 102)} == layout.anchors.keys()
    assert Counted.looks <= 200


def test_each_page_is_marked_once_with_its_printed_label() -> None:
    document = assembly(
        page(1, "<h1>T</h1><p>begins <span role='doc-pagebreak' id='page-2' title='Page iv'></span>ends</p>"),
        page(2, "<p>rest</p>", label="iv"),
        page(3, "<p>x</p>", label="5"),
    )
    root = _parse(render(document).html)
    marks = {one.get("id"): (one.tag, one.get("aria-label") or one.get("title"))
             for one in root.iter() if one.get("role") == "doc-pagebreak"}  # fmt: skip
    assert marks == {
        "page-1": ("hr", "Page 1"),
        "page-2": ("span", "Page iv"),
        "page-3": ("hr", "Page 5"),
    }
    (pages,) = _of_class(root, "page-list")
    assert [(link.get("href"), link.text) for link in pages.iter("a")] == [
        ("#page-1", "1"),
        ("#page-2", "iv"),
        ("#page-3", "5"),
    ]


def test_failed_pages_are_marked_and_counted() -> None:
    document = assembly(
        page(1, "<h1>T</h1>"),
        page(2, "<p>layer words</p>", source="text_layer", outcome=Outcome.TRUNCATED),
        page(3, "<p>Cause: blocked</p>", source="placeholder", outcome=Outcome.BLOCKED),
    )
    exported = render(document)
    assert (exported.pages, exported.placeholders, exported.unverified) == (3, 1, 1)
    assert "<strong>Page 2: unverified.</strong>" in exported.html
    assert "<strong>Page 3 could not be converted.</strong>" in exported.html
    assert '1 page could not be converted: <a href="#page-3">page 3</a>.' in exported.html
    assert list(exported.findings) == []


def test_words_of_the_template_are_english_in_a_document_that_is_not() -> None:
    html = render(assembly(page(1, "<h1>خبر</h1>", meta={"lang": "ar"}), language="ar")).html
    assert '<html lang="ar" dir="rtl">' in html
    assert 'aria-label="Page 1" lang="en" dir="ltr">' in html
    assert '<footer class="colophon" lang="en" dir="ltr">' in html


def test_a_page_in_another_language_says_so() -> None:
    html = render(assembly("<h1>T</h1>", page(2, "<p>x</p>", meta={"lang": "de"}))).html
    assert '<div class="page" lang="de">' in html
    assert '<div class="page">' in html


def test_an_impossible_language_is_not_passed_on() -> None:
    document = assembly(page(1, "<h1>T</h1>", meta={"lang": 'x" onclick="y'}), language="klingonese")
    exported = render(document)
    assert '<html lang="und">' in exported.html
    assert "onclick" not in exported.html


def test_wide_tables_scroll_under_a_name_of_their_own() -> None:
    root = _parse(render(assembly(f"<h1>T</h1>{WIDE}{WIDE}<table><tr><td>1</td></tr></table>")).html)
    first, second = _of_class(root, "scrolls")
    caption = root.find(".//caption")
    assert caption is not None
    assert first.get("aria-labelledby") == caption.get("id")
    assert second.get("aria-label") == "Levels, page 1"
    assert {box.get("role") for box in (first, second)} == {"region"}
    assert {box.get("tabindex") for box in (first, second)} == {"0"}


def test_columns_of_numbers_are_set_from_their_end() -> None:
    table = (
        "<table><tr><th>Name</th><th>Sum</th><th>Note</th></tr>"
        "<tr><td>A</td><td>1,204.50</td><td>12</td></tr><tr><td>B</td><td>−3 %</td><td>twelve</td></tr>"
        "<tr><td colspan='2'>5</td><td>–</td></tr></table>"
        "<table><tr><th>Sum</th></tr><tr><td>(£3)</td></tr><tr><td></td></tr><tr><td>–</td></tr></table>"
    )
    root = _parse(render(assembly("<h1>T</h1>" + table)).html)
    assert ["".join(cell.itertext()) for cell in _of_class(root, "number")] == ["Sum", "(£3)", "", "–"]
    plain = table.replace("<tr><td colspan='2'>5</td><td>–</td></tr>", "")
    root = _parse(render(assembly("<h1>T</h1>" + plain)).html)
    assert [cell.text for cell in _of_class(root, "number")][:3] == ["Sum", "1,204.50", "−3 %"]
    grouped = "<tr><th colspan='2'>Actual</th></tr><tr><th>a</th><th>b</th></tr>"
    rows = "<tr><td>1</td><td>2</td></tr><tr><td>3</td><td>4</td></tr>"
    root = _parse(render(assembly(f"<h1>T</h1><table>{grouped}{rows}</table>")).html)
    assert [cell.text for cell in _of_class(root, "number")] == ["a", "b", "1", "2", "3", "4"]


def test_rendering_twice_gives_the_same_document() -> None:
    document = assembly(f"<h1>T</h1><h2>A</h2>{WIDE}<pre>\n\nx</pre>")
    assert render(document).html == render(document).html


def test_pictures_beside_the_document_carry_its_stem() -> None:
    document = assembly("<h1>T</h1><p><img alt='A dot' src='figures/page-1-1.png'></p>")
    document.figures = {"figures/page-1-1.png": b"\x89PNG"}
    exported = render(document, options=RenderOptions(stem="report-1"))
    assert dict(exported.files) == {"report-1-figures/page-1-1.png": b"\x89PNG"}
    assert 'src="report-1-figures/page-1-1.png"' in exported.html
    assert "img-src data: 'self'" in exported.html
    assert render(document, options=RenderOptions(stem="report-1")).html == exported.html


def test_a_document_of_no_headings_and_one_page_has_no_empty_navigation() -> None:
    assert "<nav" not in render(assembly("<p>x</p>")).html


@pytest.mark.parametrize("template", [template.name for template in list_templates()])
def test_every_template_passes_the_checks(template: str) -> None:
    document = assembly(
        page(1, f"<h1>T</h1><h2>A</h2><p><a href='#later'>x</a></p>{WIDE}"),
        page(2, "<h4>Deep</h4><p id='later'>y <a href='#page-1'>z</a></p>", meta={"lang": "fr"}),
        page(3, "<p>layer</p>", source="text_layer"),
        page(4, "<p>Cause: x</p>", source="placeholder"),
        title="A title",
    )
    document.pages[1].tree[0].tag = "h3"
    exported = render(document, template)
    assert list(exported.findings) == []
    for name, content in {exported.name: exported.html.encode(), **exported.files}.items():
        if name.endswith(".html"):
            assert validate_html(content.decode()) == []


def test_a_link_whose_place_is_gone_becomes_text_and_is_recorded() -> None:
    exported = render(assembly("<h1>T</h1><p><a href='#gone'>x</a> <a href='#page-1'>y</a></p>"))
    assert '<p><span>x</span> <a href="#page-1">y</a></p>' in exported.html
    assert [(change.rule, change.before) for change in exported.changes] == [
        ("link that leads nowhere", "#gone")
    ]


def test_pages_in_files_of_their_own_still_lead_to_each_other() -> None:
    document = assembly("<h1>T</h1><p><a href='#later'>x</a></p>", "<p id='later'>y</p>", "<h1>Second</h1>")
    exported = render(document, "pages", RenderOptions(stem="s"))
    assert exported.name == "s.html"
    assert list(exported.files) == ["s-p1.html", "s-p2.html", "s-p3.html"]
    assert '<a href="s-p2.html#later">x</a>' in exported.files["s-p1.html"].decode()
    assert 'href="s-p3.html"' in exported.files["s-p2.html"].decode()
    assert 'href="s-p2.html"' in exported.html


def test_a_long_document_is_written_without_being_held() -> None:
    body = f"<h2>A</h2><p>{'words ' * 2_000}</p>"
    document = assembly(*[body] * 200)
    size = 0

    class Counter(io.RawIOBase):
        def writable(self) -> bool:
            return True

        def write(self, piece: object) -> int:
            nonlocal size
            assert isinstance(piece, bytes)
            size += len(piece)
            return len(piece)

    @contextlib.contextmanager
    def open_file(name: str) -> Iterator[BinaryIO]:
        assert name == f"report-{SHA256[:10]}.html"
        yield Counter()  # type: ignore[misc]

    render_to(document, open_file)
    tracemalloc.start()
    render_to(document, open_file)
    grown = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert size > 2 * 200 * 12_000
    assert grown < 6_000_000
