"""Joining over page edges: what is one, what stays apart, and what is said of it."""

from __future__ import annotations

import pytest

from batchdeck.html.hyphens import Vocabulary
from batchdeck.html.model import Assembly
from batchdeck.html.stitch import stitch_pages
from tests.unit.html.trees import document, html, page

BREAK = '<span role="doc-pagebreak" id="page-2" title="Page 2"></span>'


def stitched(*pages: str, **options: bool) -> tuple[list[str], Assembly]:
    assembly = document(*pages)
    stitch_pages(assembly, Vocabulary(assembly), **options)
    return [html(each.tree).strip() for each in assembly.pages], assembly


def test_two_marks_join_paragraphs() -> None:
    pages, assembly = stitched(
        '<p data-continues="next">It ends.</p>', '<p data-continues="prev">Or not.</p><p>Next.</p>'
    )
    assert pages == [f"<p>It ends. {BREAK}Or not.</p>", "<p>Next.</p>"]
    assert [change.rule for change in assembly.changes] == ["paragraph joined"]
    assert assembly.reviews == []


@pytest.mark.parametrize(
    ("before", "after", "joined"),
    [
        ("and so it goes", "on and on.", True),
        ("and so it goes.", "on and on.", True),
        ("and so it goes", "On and on.", True),
        ("and so it goes.", "On and on.", False),
    ],
)
def test_one_mark_joins_unless_the_text_contradicts(before: str, after: str, joined: bool) -> None:
    for first, second in ((' data-continues="next"', ""), ("", ' data-continues="prev"')):
        pages, _ = stitched(f"<p{first}>{before}</p>", f"<p{second}>{after}</p>")
        assert (pages[1] == "") is joined


@pytest.mark.parametrize(
    ("before", "after", "joined"),
    [
        ("all of this and so it goes", "on and on.", True),
        ("all of this and so it goes,”", "on and on.", True),
        ("Signed", "by hand.", False),
        ("all of this and so it goes", "On and on.", False),
        ("all of this and so it goes", "12 on and on.", False),
        ("all of this and so it ends.”", "on and on.", False),
        ("all of this and so it goes …", "on and on.", False),
    ],
)
def test_text_alone_joins_only_without_doubt_and_asks_for_a_look(
    before: str, after: str, joined: bool
) -> None:
    pages, assembly = stitched(f"<p>{before}</p>", f"<p>{after}</p>")
    assert (pages[1] == "") is joined
    assert [review.kind for review in assembly.reviews] == (["join"] if joined else [])


def test_figures_notes_and_kept_heads_do_not_part_a_paragraph() -> None:
    pages, _ = stitched(
        '<p data-continues="next">It goes</p><figure>f</figure><section role="doc-endnotes">n</section>',
        '<div data-role="running">Head</div><p data-continues="prev">on.</p>',
    )
    assert pages[0].startswith(f"<p>It goes {BREAK}on.</p><figure>")
    assert pages[1] == '<div data-role="running">Head</div>'


def test_other_blocks_do() -> None:
    pages, _ = stitched('<p data-continues="next">It goes</p><h2>h</h2>', '<p data-continues="prev">on.</p>')
    assert pages[1] == '<p data-continues="prev">on.</p>'


def test_a_paragraph_may_go_on_over_whole_pages() -> None:
    pages, _ = stitched(
        '<p data-continues="next">One</p>',
        '<p data-continues="both">two</p>',
        '<p data-continues="prev">three.</p><p>End.</p>',
    )
    assert "".join(pages).count("doc-pagebreak") == 2
    assert pages[0].startswith("<p>One ")
    assert pages[1:] == ["", "<p>End.</p>"]


def test_pages_of_different_languages_or_sources_stay_apart() -> None:
    first, second = '<p data-continues="next">Es geht</p>', '<p data-continues="prev">on.</p>'
    assembly = document(page(1, first, lang="de"), page(2, second, lang="en"))
    stitch_pages(assembly, Vocabulary(assembly))
    assert assembly.changes == []
    assembly = document(first, second)
    assembly.pages[1].source = "text_layer"
    stitch_pages(assembly, Vocabulary(assembly))
    assert assembly.changes == []


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        ("the port author-", "ity itself", f"the port authority{BREAK} itself"),
        ("the port author-", "ity.", f"the port authority.{BREAK}"),
        (
            "the <em>port author-</em>",
            "<b>ity itself</b>",
            f"the <em>port authority</em>{BREAK}<b> itself</b>",
        ),
        ("a well-", "known port", f"a well-known{BREAK} port"),
        ("from 2018-", "2019", f"from 2018- {BREAK}2019"),
        ("a port<em>author-</em>", "ity", f"a port<em>author-</em> {BREAK}ity"),
    ],
)
def test_a_word_over_the_edge(before: str, after: str, text: str) -> None:
    pages, _ = stitched(
        f'<p>It is well-known.</p><p data-continues="next">{before}</p>',
        f'<p data-continues="prev">{after}</p>',
    )
    assert pages[0] == f"<p>It is well-known.</p><p>{text}</p>"


def test_numbered_lists_join_by_their_numbers_alone() -> None:
    pages, assembly = stitched("<ol><li>a</li><li>b</li></ol>", '<ol start="3"><li>c</li></ol>')
    assert pages[0] == f"<ol><li>a</li><li>b</li><li>{BREAK}c</li>\n</ol>"
    assert assembly.reviews == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<ol><li>a</li></ol>", '<ol start="5" data-continues="prev"><li>e</li></ol>'),
        ("<ul><li>a</li></ul>", "<ul><li>b</li></ul>"),
        ('<ol type="a"><li>a</li></ol>', '<ol data-continues="prev"><li>b</li></ol>'),
        ("<ul><li>a</li></ul>", '<ol data-continues="prev"><li>b</li></ol>'),
        ("<ol><li>a</li></ol>", "<ol><li>b</li></ol>"),
    ],
)
def test_lists_that_do_not_fit_stay_apart(before: str, after: str) -> None:
    assert stitched(before, after)[1].changes == []


def test_bulleted_lists_join_by_a_mark() -> None:
    pages, _ = stitched('<ul data-continues="next"><li><p>a</p></li></ul>', "<ul><li><p>b</p></li></ul>")
    assert pages[0] == f"<ul><li><p>a</p></li><li><p>{BREAK}b</p></li>\n</ul>"


def test_an_item_over_the_edge_may_come_as_a_paragraph() -> None:
    pages, _ = stitched("<ul><li>It goes</li></ul>", '<p data-continues="prev">on.</p><p>x</p>')
    assert pages == [f"<ul><li>It goes {BREAK}on.</li></ul>", "<p>x</p>"]


def test_the_numbers_of_a_list_over_three_pages() -> None:
    pages, _ = stitched(
        '<ol start="8"><li>h</li></ol>', '<ol start="9"><li>i</li></ol>', '<ol start="10"><li>j</li></ol>'
    )
    assert pages[1:] == ["", ""]


def table(*rows: str, head: str = "", caption: str = "", marks: str = "", columns: int = 2) -> str:
    def row(text: str, tag: str) -> str:
        return "<tr>" + "".join(f"<{tag}>{text}{n}</{tag}>" for n in range(columns)) + "</tr>"

    title = f"<caption>{caption}</caption>" if caption else ""
    top = f"<thead>{row(head, 'th')}</thead>" if head else ""
    return f"<table{marks}>{title}{top}<tbody>{''.join(row(text, 'td') for text in rows)}</tbody></table>"


OUT, IN = ' data-continues="next"', ' data-continues="prev"'


@pytest.mark.parametrize(
    ("before", "after", "joined", "removed"),
    [
        (table("a", head="h"), table("b", head="h"), True, ["h0", "h1"]),
        (table("a", head="h"), table("h", "b"), True, ["h0", "h1"]),
        (table("a", head="h", marks=OUT), table("b", marks=IN), True, []),
        (table("a"), table("b", marks=IN), True, []),
        (table("a", head="h"), table("b", marks=IN), True, []),
        (table("a", head="h"), table("b", head="k", marks=IN), False, []),
        (table("a"), table("b"), False, []),
        (table("a", head="h", marks=OUT), table("b", head="k", marks=IN), False, []),
        (table("a", head="h"), table("b", head="h", columns=3), False, []),
        (table("a", head="h", caption="T 1"), table("b", head="h", caption="T 2"), False, []),
        (table("a", head="h", caption="T 1"), table("b", head="h", caption="T 1"), True,
         ["T", "1", "h0", "h1"]),
        (table("a", caption="T 1"), table("b", caption="T 1 (cont’d)"), True, ["T", "1", "(cont’d)"]),
    ],
)  # fmt: skip
def test_tables(before: str, after: str, joined: bool, removed: list[str]) -> None:
    pages, assembly = stitched(before, after)
    assert (pages[1] == "") is joined
    assert [word for change in assembly.changes for word in change.removed] == removed
    assert [review.kind for review in assembly.reviews] == (["join"] if joined else [])


def test_tables_stay_apart_on_request() -> None:
    pages, _ = stitched(table("a", head="h"), table("b", head="h"), tables=False)
    assert pages[1] != ""


def test_a_sum_carried_forward_stays_where_it_is() -> None:
    foot = "<tfoot><tr><td>s0</td><td>s1</td></tr></tfoot></table>"
    pages, _ = stitched(
        table("a", head="h").replace("</table>", foot), table("b", head="h").replace("</table>", foot)
    )
    parts = [
        part.split(">")[0] for part in pages[0].split("<") if part.startswith(("thead", "tbody", "tfoot"))
    ]
    assert parts == ["thead", "tbody", "tbody", "tfoot"]


def test_quotations_and_program_text_join_by_two_marks() -> None:
    pages, _ = stitched(
        f"<blockquote{OUT}><p>a</p></blockquote>", f"<blockquote{IN}><p>b</p><p>c</p></blockquote>"
    )
    assert pages[0] == f"<blockquote><p>a {BREAK}b</p><p>c</p></blockquote>"
    pages, _ = stitched(f"<pre{OUT}>a</pre>", f"<pre{IN}>b</pre>")
    assert pages[0] == f"<pre>a\n{BREAK}b</pre>"
    pages, _ = stitched(f"<blockquote{OUT}>a</blockquote>", f"<blockquote{IN}>b<p>c</p></blockquote>")
    assert pages[0] == f"<blockquote>a {BREAK}b<p>c</p></blockquote>"
