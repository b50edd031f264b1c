from __future__ import annotations

import pytest

from batchdeck.html.fidelity import FidelityThresholds, Grade, compare, tokens_of, tokens_of_markup
from batchdeck.html.model import TextLayer

LIMITS = FidelityThresholds()


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("The ﬁrst OFFICE", ["the", "first", "office"]),
        ("acces-\r\nsibility", ["accessibility"]),
        ("acces\ufffe\r\nsibility co\u00adoperate", ["accessibility", "cooperate"]),
        ("1,234.50 don’t __", ["1", "234", "50", "don’t"]),
        ("水位 low", ["水", "位", "low"]),
        ("ＡＢＣ", ["abc"]),
    ],
)
def test_words_are_compared_in_one_form(text: str, tokens: list[str]) -> None:
    assert tokens_of(text) == tokens


def test_markup_gives_its_text_and_its_descriptions_apart() -> None:
    text, described = tokens_of_markup(
        '<p>H<sub>2</sub>O &amp; <span data-math="inline">\\frac{a}{b}</span></p>'
        '<img alt="A boat &amp; more">'
    )
    assert text == ["h2o", "a", "b"]
    assert described == ["a", "boat", "more"]


def test_scripts_without_spaces_are_compared_by_pairs() -> None:
    layer = TextLayer("碼頭在三月關閉因為水位太低", trusted=True)
    assert compare("<p>碼頭在三月關閉，因為水位太低</p>", layer, LIMITS).recall == 1.0
    scrambled = compare("<p>低太位水為因閉關月三在頭碼</p>", layer, LIMITS)
    assert scrambled.grade is Grade.FAIL
    assert scrambled.recall == 0.0


def test_descriptions_count_for_recall_and_not_against_precision() -> None:
    words = " ".join(f"w{n}" for n in range(40))
    markup = f'<p>{words}</p><img alt="axis labels {" ".join(f"x{n}" for n in range(40))}">'
    found = compare(markup, TextLayer(words + " axis labels", trusted=True), LIMITS)
    assert (found.grade, found.recall, found.precision) == (Grade.PASS, 1.0, 1.0)


def test_a_missing_passage_is_told_even_when_recall_is_high() -> None:
    words = [f"w{n}" for n in range(300)]
    found = compare(f"<p>{' '.join(words[:250] + words[275:])}</p>", TextLayer(" ".join(words), True), LIMITS)
    assert found.grade is Grade.WARN
    assert found.recall is not None
    assert found.recall > 0.9
    assert found.missing == (" ".join(words[250:275]),)
    assert found.detail == "25 words in a row are missing"


def test_without_words_in_the_layer_nothing_can_be_said() -> None:
    assert compare("<p>x</p>", TextLayer(" \n", trusted=True), LIMITS).grade is Grade.UNVERIFIABLE
    assert compare("", TextLayer("", trusted=True), LIMITS).grade is Grade.UNVERIFIABLE


def test_no_words_where_the_layer_has_many_fail_even_untrusted() -> None:
    assert compare("<p></p>", TextLayer("word " * 10, trusted=False), LIMITS).grade is Grade.FAIL
