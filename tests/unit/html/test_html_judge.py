from __future__ import annotations

import random

import pytest

from batchdeck.domain.outcomes import Outcome
from batchdeck.html.fidelity import FidelityThresholds, Grade
from batchdeck.html.judge import judge_answer
from batchdeck.html.model import TextLayer

WORDS = [f"word{number}" for number in range(400)]
SENTENCES = [" ".join(WORDS[start : start + 20]) + "." for start in range(0, 400, 20)]
LAYER = TextLayer("\r\n".join(SENTENCES), trusted=True)


def article(*paragraphs: str, page: int = 3, kind: str = "text") -> str:
    body = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    return f'<article data-bd="1" data-page="{page}" data-kind="{kind}">{body}</article>'


def test_a_faithful_answer_is_ok() -> None:
    judged = judge_answer(article(*SENTENCES), 3, LAYER)
    assert (judged.outcome, judged.detail, judged.recall, judged.grade) == (Outcome.OK, "", 1.0, Grade.PASS)


def test_a_faithful_answer_in_another_reading_order_is_ok() -> None:
    shuffled = random.Random(1).sample(SENTENCES, len(SENTENCES))
    assert judge_answer(article(*shuffled), 3, LAYER).grade is Grade.PASS


@pytest.mark.parametrize(
    ("kept", "outcome", "grade"),
    [(20, Outcome.OK, Grade.PASS), (17, Outcome.OK, Grade.WARN), (15, Outcome.LOW_FIDELITY, Grade.FAIL)],
)
def test_an_answer_is_measured_by_the_words_it_lacks(kept: int, outcome: Outcome, grade: Grade) -> None:
    judged = judge_answer(article(*SENTENCES[:kept]), 3, LAYER)
    assert (judged.outcome, judged.grade) == (outcome, grade)
    assert judged.recall == pytest.approx(kept / 20)
    assert bool(judged.missing) == (kept < 20)
    if judged.missing:
        assert judged.missing[0].startswith(WORDS[kept * 20])


def test_invented_words_cost_precision() -> None:
    invented = [f"other{number}" for number in range(500)]
    judged = judge_answer(article(*SENTENCES, " ".join(invented)), 3, LAYER)
    assert (judged.outcome, judged.recall) == (Outcome.LOW_FIDELITY, 1.0)
    pictures = TextLayer(LAYER.text, trusted=True, image_share=0.5)
    assert judge_answer(article(*SENTENCES, " ".join(invented)), 3, pictures).outcome is Outcome.OK


def test_another_page_is_found_out() -> None:
    other = TextLayer(" ".join(f"else{number}" for number in range(100)), trusted=True)
    assert judge_answer(article(*SENTENCES), 3, other).outcome is Outcome.LOW_FIDELITY


def test_a_layer_that_cannot_be_trusted_or_is_not_there_proves_nothing() -> None:
    for layer in (None, TextLayer("nonsense " * 100, trusted=False)):
        judged = judge_answer(article(*SENTENCES), 3, layer)
        assert (judged.outcome, judged.recall, judged.grade) == (Outcome.OK, None, Grade.UNVERIFIABLE)


@pytest.mark.parametrize("trusted", [True, False])
def test_a_page_called_blank_that_has_words_is_empty(trusted: bool) -> None:
    blank = article(kind="blank")
    assert judge_answer(blank, 3, TextLayer("word " * 10, trusted)).outcome is Outcome.EMPTY
    assert judge_answer(blank, 3, TextLayer("word " * 9, trusted)).outcome is Outcome.OK
    assert judge_answer(blank, 3, None).outcome is Outcome.OK


def test_a_page_without_words_must_say_that_it_is_blank_or_show_something() -> None:
    assert judge_answer(article("", kind="text"), 3).outcome is Outcome.EMPTY
    picture = '<article data-page="3"><figure data-bbox="0 0 9 9"><img alt=""></figure></article>'
    assert judge_answer(picture, 3).outcome is Outcome.OK


@pytest.mark.parametrize(
    "phrase", ["la ", "over and over again ", "one two three four five six seven eight "]
)
def test_a_loop_is_found(phrase: str) -> None:
    judged = judge_answer(article(SENTENCES[0], phrase * 60), 3)
    assert judged.outcome is Outcome.REPETITION
    assert phrase.strip() in judged.detail


def test_a_loop_inside_one_word_or_without_spaces_is_found() -> None:
    assert judge_answer(article("ab" * 200), 3).outcome is Outcome.REPETITION
    assert judge_answer(article("水位" * 100), 3).outcome is Outcome.REPETITION


def test_what_the_page_itself_repeats_is_no_loop() -> None:
    zeros = article(SENTENCES[0], "0 " * 80)
    layer = TextLayer(SENTENCES[0] + " 0" * 80, trusted=True)
    assert judge_answer(zeros, 3).outcome is Outcome.REPETITION
    assert judge_answer(zeros, 3, layer).outcome is Outcome.OK


def test_a_table_of_different_numbers_is_no_loop() -> None:
    rows = "".join(f"<tr><td>{n}</td><td>kg</td><td>yes</td></tr>" for n in range(100))
    assert judge_answer(f'<article data-page="3"><table>{rows}</table></article>', 3).outcome is Outcome.OK


def test_an_apology_inside_the_article_is_a_refusal() -> None:
    apology = article("I'm unable to read this page.")
    assert judge_answer(apology, 3, LAYER).outcome is Outcome.REFUSED
    assert judge_answer(apology, 3).outcome is Outcome.REFUSED
    layer = TextLayer("I'm unable to read this page. " * 6, trusted=True)
    assert judge_answer(article("I'm unable to read this page. " * 6), 3, layer).outcome is Outcome.OK


def test_repairs_and_warnings_are_both_told() -> None:
    judged = judge_answer("```html\n" + article(*SENTENCES[:17]) + "\n```", 3, LAYER)
    assert judged.outcome is Outcome.OK_REPAIRED
    assert judged.detail == "code fence; 85% of the page's words"


def test_an_unusable_answer_is_judged_by_its_form_alone() -> None:
    assert judge_answer(article(*SENTENCES)[:-5], 3, LAYER).outcome is Outcome.TRUNCATED
    assert judge_answer(article(*SENTENCES, page=4), 3, LAYER).outcome is Outcome.MALFORMED


def test_thresholds_are_the_callers() -> None:
    strict = FidelityThresholds(recall_fail=0.9)
    assert judge_answer(article(*SENTENCES[:17]), 3, LAYER, strict).outcome is Outcome.LOW_FIDELITY
