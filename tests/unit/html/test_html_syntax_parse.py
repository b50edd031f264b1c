from __future__ import annotations

from batchdeck.html.parse import parse_fragment, parse_page
from batchdeck.html.syntax import MAX_ISSUES, TOO_DEEP, check_syntax
from batchdeck.html.words import words_of
from tests.unit.html.trees import html


def test_a_clean_page_has_no_issues_and_needs_no_count_of_words() -> None:
    reading = check_syntax("<article><p>Words.</p></article>", 4)
    assert (reading.issues, reading.words) == ((), ())
    assert reading.tree is not None


def test_errors_are_told_with_their_place_in_the_answer() -> None:
    reading = check_syntax("<article>\n<p>a</b>\n</article>", 4)
    assert [(issue.page, issue.line, issue.code) for issue in reading.issues] == [
        (4, 2, "unexpected-end-tag")
    ]
    assert reading.words == ("a",)
    first = check_syntax("<article></b></article>", 4).issues[0]
    assert (first.line, first.column) == (1, 13)


def test_the_list_of_errors_is_bounded() -> None:
    assert len(check_syntax("<article>" + "</b>" * 1000 + "</article>", 1).issues) == MAX_ISSUES


def test_markup_too_deep_for_a_tree_says_so() -> None:
    reading = check_syntax("<article>" + "<div>" * 3000 + "x" + "</div>" * 3000 + "</article>", 1)
    assert reading.issues[0].code == TOO_DEEP
    assert reading.words == ("x",)


def test_text_moved_out_of_a_table_is_not_lost() -> None:
    assert words_of(parse_fragment("<table><p>lost?</p><tr><td>a</td></tr></table>")) == ["lost?", "a"]
    page = parse_page("<table><p>lost?</p><tr><td>a</td></tr></table>")
    assert page.tag == "article"
    assert words_of(page) == ["lost?", "a"]


def test_what_the_parser_puts_outside_the_article_comes_back_in() -> None:
    assert (
        html(parse_page("before<article><p>in</p></article>after<p>end</p>"))
        == "before<p>in</p>after<p>end</p>"
    )
    assert html(parse_page("<article><p>in</p></article></div><p>after</p>")) == "<p>in</p><p>after</p>"


def test_mathml_has_plain_names() -> None:
    page = parse_page("<article><p>x<p><math><mi>y</mi></math></article>")
    assert page.find(".//math/mi") is not None


def test_a_comment_holds_no_words() -> None:
    assert words_of(parse_fragment("a<!-- not --><?pi ?>b")) == ["ab"]
