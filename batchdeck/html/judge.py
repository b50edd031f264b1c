"""The verdict on one answer, at the moment it arrives: cheap, without a tree."""

from __future__ import annotations

from dataclasses import dataclass

from batchdeck.domain.outcomes import Outcome
from batchdeck.html.extract import APOLOGY_WORDS, Answer, is_apology, read_answer
from batchdeck.html.fidelity import (
    Fidelity,
    FidelityThresholds,
    Grade,
    compare_tokens,
    tokens_of,
    tokens_of_markup,
)
from batchdeck.html.model import TextLayer
from batchdeck.html.repetition import Loop, find_loop
from batchdeck.html.words import excerpt, plain_text

DEFAULT_THRESHOLDS = FidelityThresholds()


@dataclass(frozen=True, slots=True)
class Judgement:
    """What an answer's text says of its page. `recall` is None where it cannot be measured."""

    outcome: Outcome
    detail: str = ""
    recall: float | None = None
    precision: float | None = None
    missing: tuple[str, ...] = ()
    """Runs of words of the text layer that the answer lacks, longest first."""
    grade: Grade = Grade.UNVERIFIABLE


def judge_answer(
    text: str,
    page_number: int,
    layer: TextLayer | None = None,
    thresholds: FidelityThresholds = DEFAULT_THRESHOLDS,
) -> Judgement:
    """Judge the text of an answer whose result says that it succeeded.

    Args:
        text: all text blocks of the answer, joined.
        page_number: 1-based page of the document that was asked for.
        layer: the PDF's own text of that page; without one, fidelity stays unverifiable.
        thresholds: where fidelity fails and warns.

    Returns:
        The outcome (ok, ok_repaired, truncated, refused, malformed, empty, repetition, low_fidelity) with
        its reason. An answer that only warns keeps its good outcome and carries the warning as detail.
    """
    answer = read_answer(text, page_number)
    if answer.outcome is Outcome.TRUNCATED:
        return judge_cut(text) or Judgement(answer.outcome, answer.detail)
    if not answer.outcome.is_good:
        return Judgement(answer.outcome, answer.detail)
    tokens, described = tokens_of_markup(answer.html)
    if not tokens and not described:
        return _judge_wordless(answer, layer, thresholds)
    loop = find_loop(tokens)
    if loop is not None and not _is_printed(loop, layer):
        return Judgement(Outcome.REPETITION, f"“{excerpt(loop.phrase, 60)}” {loop.repeats} times in a row")
    fidelity = compare_tokens(tokens, described, layer, thresholds)
    is_unlike = (fidelity.recall or 0.0) < thresholds.apology_recall
    if is_unlike and len(tokens) <= APOLOGY_WORDS and is_apology(plain_text(answer.html)):
        return _judgement(Outcome.REFUSED, "the model declined inside the article", fidelity)
    if fidelity.grade is Grade.FAIL:
        return _judgement(Outcome.LOW_FIDELITY, fidelity.detail, fidelity)
    warning = fidelity.detail if fidelity.grade is Grade.WARN else ""
    return _judgement(answer.outcome, "; ".join(filter(None, (answer.detail, warning))), fidelity)


def judge_cut(text: str) -> Judgement | None:
    """Judge an answer that was cut off: None, or that it had lost itself in a loop before.

    More tokens would only buy more of the same, so that is no truncation.
    """
    loop = find_loop(tokens_of_markup(text)[0])
    if loop is None:
        return None
    return Judgement(Outcome.REPETITION, f"“{excerpt(loop.phrase, 60)}” {loop.repeats} times in a row")


def _judge_wordless(answer: Answer, layer: TextLayer | None, thresholds: FidelityThresholds) -> Judgement:
    printed = len(tokens_of(layer.text)) if layer is not None else 0
    if printed >= thresholds.empty_words:
        claim = "called blank" if answer.kind == "blank" else "without words"
        return Judgement(Outcome.EMPTY, f"{claim}, but the PDF has {printed} words here", 0.0, 0.0)
    if answer.kind != "blank" and "<img" not in answer.html.lower():
        return Judgement(Outcome.EMPTY, "the article has no words and does not say that the page is blank")
    return Judgement(answer.outcome, answer.detail)


def _is_printed(loop: Loop, layer: TextLayer | None) -> bool:
    """Say whether the page itself repeats the phrase about as often (a column of zeros, empty boxes)."""
    if layer is None:
        return False
    return tokens_of(layer.text).count(loop.phrase.split()[0]) * 2 >= loop.repeats


def _judgement(outcome: Outcome, detail: str, fidelity: Fidelity) -> Judgement:
    return Judgement(outcome, detail, fidelity.recall, fidelity.precision, fidelity.missing, fidelity.grade)
