from __future__ import annotations

import pytest

from batchdeck.domain.outcomes import Outcome
from batchdeck.html.extract import clean_characters, is_apology, read_answer

ARTICLE = '<article data-bd="1" data-page="7" data-kind="text"><p>Words.</p></article>'


def test_an_answer_that_is_one_article_is_taken_as_it_is() -> None:
    answer = read_answer(ARTICLE, 7)
    assert (answer.outcome, answer.html, answer.kind, answer.changes) == (Outcome.OK, ARTICLE, "text", ())


@pytest.mark.parametrize(
    ("before", "after", "rules", "removed"),
    [
        ("```html\n", "\n```", ["code fence"], []),
        ("```\n", "\n```\n", ["code fence"], []),
        ("Here is page 7:\n", "", ["text outside the article"], ["Here", "is", "page", "7:"]),
        ("", "\nHope <b>this</b> helps", ["text outside the article"], ["Hope", "this", "helps"]),
        ("Sure.\n```html\n", "\n```", ["code fence", "text outside the article"], ["Sure."]),
        ("<!DOCTYPE html><html><body>", "</body></html>", ["text outside the article"], []),
    ],
)
def test_what_stands_around_the_article_goes_and_is_recorded(
    before: str, after: str, rules: list[str], removed: list[str]
) -> None:
    answer = read_answer(before + ARTICLE + after, 7)
    assert answer.outcome is Outcome.OK_REPAIRED
    assert answer.html == ARTICLE
    assert [change.rule for change in answer.changes] == rules
    assert [word for change in answer.changes for word in change.removed] == removed


@pytest.mark.parametrize(
    ("text", "outcome", "says"),
    [
        ("", Outcome.MALFORMED, "no article"),
        ("<p>Words.</p>", Outcome.MALFORMED, "no article"),
        ('{"html": "<p>x</p>"}', Outcome.MALFORMED, "no article"),
        (ARTICLE + ARTICLE, Outcome.MALFORMED, "2 articles"),
        (ARTICLE.replace("7", "8"), Outcome.MALFORMED, "page 8, not page 7"),
        (ARTICLE.replace("7", "07"), Outcome.MALFORMED, "page 07, not page 7"),
        ("<article><p>Words.</p></article>", Outcome.MALFORMED, "does not say which page"),
        (ARTICLE.replace("</article>", ""), Outcome.TRUNCATED, "cut off"),
        (ARTICLE[:60], Outcome.TRUNCATED, "cut off"),
        ("I'm sorry, but I can't read this page.", Outcome.REFUSED, "I'm sorry"),
        ("I cannot transcribe this image.", Outcome.REFUSED, "I cannot"),
    ],
)
def test_an_answer_without_its_one_article_is_not_used(text: str, outcome: Outcome, says: str) -> None:
    answer = read_answer(text, 7)
    assert (answer.outcome, answer.html) == (outcome, "")
    assert says in answer.detail


@pytest.mark.parametrize("quoted", ["data-page='7'", "data-page=7", 'DATA-PAGE = " 7 "'])
def test_the_page_number_may_be_quoted_in_any_way(quoted: str) -> None:
    assert read_answer(f"<article {quoted}>x</article>", 7).outcome is Outcome.OK


def test_an_end_tag_in_the_middle_does_not_cost_the_rest() -> None:
    answer = read_answer('<article data-page="1"><p>One</p></article><p>Two</p></article>', 1)
    assert answer.outcome is Outcome.OK_REPAIRED
    assert answer.html == '<article data-page="1"><p>One</p><p>Two</p></article>'


def test_an_article_in_a_comment_is_none() -> None:
    assert read_answer(f"<!-- {ARTICLE} -->{ARTICLE}", 7).outcome is Outcome.OK
    assert read_answer(f"<!-- {ARTICLE}", 7).outcome is Outcome.MALFORMED


def test_characters_that_html_forbids_go() -> None:
    answer = read_answer('<article data-page="1">a\x01b\ud800\ufffe\U0001ffff</article>', 1)
    assert answer.html == '<article data-page="1">ab</article>'
    assert answer.outcome is Outcome.OK_REPAIRED
    assert clean_characters("a\r\nb\rc\fd\te") == "a\nb\nc d\te"


def test_a_long_text_that_begins_like_an_apology_is_none() -> None:
    assert is_apology("I am unable to see the page.")
    assert is_apology("I'm sorry, but I can’t help with that.")
    assert not is_apology("I cannot see what flowers are at my feet")
    assert not is_apology("I am unable to say " + "how much " * 100)
    assert not is_apology("The applicant wrote: I cannot read this.")


def test_many_half_open_tags_take_no_time() -> None:
    assert read_answer('<article "' * 50_000, 1).outcome is Outcome.MALFORMED
