"""Fidelity: the words of an answer against the words of the PDF's own text layer. Decides nothing by itself
but names the verdict that the thresholds give."""

from __future__ import annotations

import enum
import html
import itertools
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from batchdeck.html.model import TextLayer
from batchdeck.html.words import plain_text


@dataclass(frozen=True, slots=True)
class FidelityThresholds:
    """Where an answer fails and where it is only worth a look. Shares run from 0 to 1.

    Measured on real page and answer pairs: a recall below 0.80 finds every answer that lacks a quarter of
    its page, with no false alarm; edit distance was useless because reading order differs legitimately.
    """

    recall_fail: float = 0.80
    precision_fail: float = 0.50
    recall_warn: float = 0.90
    precision_warn: float = 0.85
    missing_run: int = 20
    """Consecutive words of the layer that the answer lacks."""
    image_share: float = 0.20
    """From this share of the page on, words that only pictures show excuse a low precision."""
    empty_words: int = 10
    """A layer with this many words proves that the page is not blank."""
    apology_recall: float = 0.20


class Grade(enum.StrEnum):
    """What a comparison says of an answer."""

    PASS = "pass"  # noqa: S105 - a grade, not a secret
    WARN = "warn"
    FAIL = "fail"
    UNVERIFIABLE = "unverifiable"


@dataclass(frozen=True, slots=True)
class Fidelity:
    """How an answer compares with the text layer. `recall` and `precision` are None when unverifiable."""

    grade: Grade
    recall: float | None = None
    precision: float | None = None
    missing: tuple[str, ...] = ()
    """Runs of words of the layer that the answer lacks, each as one string, longest first."""
    detail: str = ""


# Scripts written without spaces between words: compared by pairs of characters.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff"
    "\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_IS_UNSPACED = re.compile(rf"[{_UNSPACED}]")
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_ASCII_WORD = re.compile(r"[a-z0-9]+(?:'[a-z0-9]+)*")
_WORD_OR_CHARACTER = re.compile(rf"[{_UNSPACED}]|[^\W_{_UNSPACED}]+(?:['’][^\W_{_UNSPACED}]+)*")
# The hyphen comes first in the pattern, and what is before it after it, so that the search is for the hyphen.
_LINE_HYPHEN = re.compile("[-\u2010\u00ad\ufffe\x02](?<=[^\\W\\d_].)[ \t]*[\r\n]+\\s*(?=[^\\W\\d_])")
_SOFT_HYPHEN = re.compile("[\u00ad\u200b\u200c\u200d\u2060\ufeff\ufffe\x02]")
_LATEX_COMMAND = re.compile(r"\\[a-zA-Z]+\*?")
_ALT = re.compile(r"<img\s[^<>]*?\balt\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", re.I)
_LISTED_RUNS = 5
_LISTED_WORDS = 60


def tokens_of(text: str) -> list[str]:
    """Return the words of `text` in the form in which they are compared: compatibility forms folded, lower
    case, line-end hyphens closed; single characters where a script has no spaces."""
    text = _LINE_HYPHEN.sub("", text)
    if text.isascii():
        return _ASCII_WORD.findall(text.lower())
    text = _SOFT_HYPHEN.sub("", unicodedata.normalize("NFKC", text)).casefold()
    return (_WORD_OR_CHARACTER if _IS_UNSPACED.search(text) else _WORD).findall(text)


def tokens_of_markup(markup: str) -> tuple[list[str], list[str]]:
    """Return the words of a page's markup: (of its text, of its images' descriptions)."""
    text = plain_text(markup)
    if "\\" in text:
        text = _LATEX_COMMAND.sub(" ", text)
    described = " ".join(html.unescape(match[1] or match[2] or "") for match in _ALT.finditer(markup))
    return tokens_of(text), tokens_of(described)


def units_of(tokens: Sequence[str]) -> Counter[str]:
    """Return the bag that is compared: words, and pairs of characters for scripts without spaces."""
    bag = Counter(tokens)
    if "".join(bag).isascii():
        return bag
    unspaced = {token for token in bag if _IS_UNSPACED.match(token)}
    if not unspaced:
        return bag
    for token in unspaced:
        del bag[token]
    bag.update(a + b for a, b in itertools.pairwise(tokens) if a in unspaced and b in unspaced)
    return bag


def compare(markup: str, layer: TextLayer | None, thresholds: FidelityThresholds) -> Fidelity:
    """Compare a page's markup with its text layer, as `compare_tokens` does."""
    answer, described = tokens_of_markup(markup)
    return compare_tokens(answer, described, layer, thresholds)


def compare_tokens(
    answer: Sequence[str], described: Sequence[str], layer: TextLayer | None, thresholds: FidelityThresholds
) -> Fidelity:
    """Compare the words of a page's text and of its images' descriptions with its text layer.

    Unverifiable without a layer, or with one whose two extractors disagree. A recall counts the words that
    images' descriptions give, a precision does not.
    """
    if layer is None:
        return Fidelity(Grade.UNVERIFIABLE, detail="the PDF has no text layer here")
    if not layer.trusted and (answer or described):
        return Fidelity(Grade.UNVERIFIABLE, detail="the PDF's text layer cannot be trusted here")
    printed = tokens_of(layer.text)
    if not answer and not described and len(printed) >= thresholds.empty_words:
        return Fidelity(Grade.FAIL, 0.0, 0.0, detail=f"no words, but the PDF has {len(printed)} here")
    wanted, found = units_of(printed), units_of(answer)
    if not wanted or not layer.trusted:
        return Fidelity(Grade.UNVERIFIABLE, detail="the PDF has no words to compare with here")
    shared = _overlap(wanted, found)
    precise = shared / found.total() if found else 0.0
    recalled = shared
    if described and shared < wanted.total():
        found.update(units_of(described))
        recalled = _overlap(wanted, found)
    missing: tuple[str, ...] = ()
    if (wanted.total() - recalled) * 2 >= thresholds.missing_run:  # fewer missing words make no passage
        is_unspaced = sum(map(len, printed)) < 2 * len(printed) and not "".join(printed).isascii()
        shortest = thresholds.missing_run * (2 if is_unspaced else 1)  # two characters are about a word
        missing = _missing_runs(printed, [*answer, *described], shortest)
    recall = recalled / wanted.total()
    grade, detail = _grade(recall, precise, missing, layer.image_share, thresholds)
    return Fidelity(grade, recall, precise, missing, detail)


def _overlap(wanted: Counter[str], found: Counter[str]) -> int:
    """Return how many words two bags share."""
    if wanted == found:
        return wanted.total()
    return sum(min(count, found.get(word, 0)) for word, count in wanted.items())


def _grade(
    recall: float, precision: float, missing: tuple[str, ...], image_share: float, limits: FidelityThresholds
) -> tuple[Grade, str]:
    pictures = image_share >= limits.image_share
    share = f"{recall:.0%} of the page's words"
    if recall < limits.recall_fail:
        return Grade.FAIL, f"only {share}"
    if precision < limits.precision_fail and not pictures:
        return Grade.FAIL, f"only {precision:.0%} of the answer's words are on the page"
    if recall < limits.recall_warn:
        return Grade.WARN, share
    if missing:
        return Grade.WARN, f"{len(missing[0].split())} words in a row are missing"
    if precision < limits.precision_warn and not pictures:
        return Grade.WARN, f"{1 - precision:.0%} of the answer's words are not on the page"
    return Grade.PASS, ""


def _missing_runs(printed: Sequence[str], answer: Sequence[str], shortest: int) -> tuple[str, ...]:
    """Return the runs of at least `shortest` words that lie in no three words shared with the answer."""
    if len(printed) < shortest:
        return ()
    shared = set(zip(answer, answer[1:], answer[2:], strict=False))
    runs: list[tuple[int, int]] = []
    covered_to = 0  # everything before this position is covered or already in a run
    for at, triple in enumerate(zip(printed, printed[1:], printed[2:], strict=False)):
        if triple in shared:
            if at - covered_to >= shortest:
                runs.append((covered_to, at))
            covered_to = max(covered_to, at + 3)
    if len(printed) - covered_to >= shortest:
        runs.append((covered_to, len(printed)))
    runs.sort(key=lambda run: run[0] - run[1])
    return tuple(
        " ".join(printed[start : min(stop, start + _LISTED_WORDS)]) for start, stop in runs[:_LISTED_RUNS]
    )
