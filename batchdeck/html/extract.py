"""Reading an answer: exactly one article for the page that was asked, and nothing around it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from batchdeck.domain.outcomes import Outcome
from batchdeck.html.model import Change
from batchdeck.html.words import excerpt, plain_text

STAGE = "extract"

# Bounded, and never across another tag, so that no answer makes the search slow.
_ARTICLE = re.compile(r"<article(\s[^<>]{0,2000})?>", re.I)
_ARTICLE_END = re.compile(r"</article\s*>", re.I)
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.S)
_FENCE = re.compile(r"^[ \t]*```[\w-]*[ \t]*$", re.M)
_ATTRIBUTE = re.compile(r"([a-zA-Z][a-zA-Z0-9-]*)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'=<>`]+))")
_FORBIDDEN_IN_BASE = "\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"
_FORBIDDEN_BEYOND = "".join(
    f"{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}" for plane in range(1, 17)
)
FORBIDDEN = re.compile(f"[{_FORBIDDEN_IN_BASE}{_FORBIDDEN_BEYOND}]")
"""Characters that HTML does not allow: most controls, halves of surrogate pairs, noncharacters."""
_BASE_ONLY = re.compile(f"[{_FORBIDDEN_IN_BASE}]")  # a class within the base plane is ten times as fast
_BEYOND_BASE = re.compile("[\U00010000-\U0010ffff]")
_APOLOGY = re.compile(
    r"\s*(?:i(?:'|’)?m (?:sorry|unable|not able)|i am (?:sorry|unable|not able)|sorry, (?:but )?i|"
    r"i apologi[sz]e|"
    r"i (?:cannot|can(?:'|’)t|can not|won(?:'|’)t|will not|do not|don(?:'|’)t) (?:\w+ ){0,2}"
    r"(?:read|see|view|access|process|transcribe|help|assist|provide|reproduce|have)|unfortunately, i)",
    re.I,
)
_APOLOGY_OBJECT = re.compile(
    r"\b(?:image|page|document|pdf|content|file|request|scan|picture|text|material|help|assist|transcri\w+)\b",
    re.I,
)
"""What an apology is about; without it, the words may be the page's own."""
APOLOGY_WORDS = 120
"""An answer longer than this is a transcription, whatever its first words say."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What an answer's text holds. `html` is the article's source, empty when there is none to use."""

    html: str
    outcome: Outcome
    detail: str = ""
    kind: str = ""
    """The article's data-kind."""
    changes: tuple[Change, ...] = ()


def read_answer(text: str, number: int) -> Answer:
    """Find the one article of page `number` (1-based) in the text of an answer.

    The outcome is ok; ok_repaired when fences, text outside or characters that HTML forbids had to go;
    truncated when the article never ends; refused when the model only apologises; malformed when there is
    no article, more than one, or one for another page.
    """
    clean = clean_characters(text)
    if "<!--" in clean:
        clean = _COMMENT.sub("", clean)
    starts = list(_ARTICLE.finditer(clean))
    if not starts:
        if is_apology(plain_text(clean)):
            return Answer("", Outcome.REFUSED, f"the model declined: {excerpt(plain_text(clean), 80)}")
        return Answer("", Outcome.MALFORMED, "the answer holds no article")
    if len(starts) > 1:
        return Answer("", Outcome.MALFORMED, f"the answer holds {len(starts)} articles instead of one")
    start = starts[0]
    attributes = _read_attributes(start[1] or "")
    page = attributes.get("data-page", "").strip()
    if page != str(number):
        said = f"is for page {excerpt(page, 20)}" if page else "does not say which page it is for"
        return Answer("", Outcome.MALFORMED, f"the article {said}, not page {number}")
    ends = list(_ARTICLE_END.finditer(clean, start.end()))
    if not ends:
        return Answer("", Outcome.TRUNCATED, "the article does not end: the answer was cut off")
    body = clean[start.end() : ends[-1].start()]
    changes = _changes(text, clean, number, clean[: start.start()] + "\n" + clean[ends[-1].end() :])
    if len(ends) > 1:
        body = _ARTICLE_END.sub("", body)
        changes.append(Change(STAGE, number, "stray end tag", before="</article>"))
    return Answer(
        f"<article{start[1] or ''}>{body}</article>",
        Outcome.OK_REPAIRED if changes else Outcome.OK,
        "; ".join(change.rule for change in changes),
        attributes.get("data-kind", "").strip().lower(),
        tuple(changes),
    )


def _changes(text: str, clean: str, number: int, outside: str) -> list[Change]:
    changes = []
    if clean is not text and FORBIDDEN.search(text):
        changes.append(Change(STAGE, number, "control characters"))
    unfenced = _FENCE.sub("", outside)
    if unfenced != outside:
        changes.append(Change(STAGE, number, "code fence", before=excerpt(outside)))
    if unfenced.strip():
        changes.append(
            Change(
                STAGE,
                number,
                "text outside the article",
                before=excerpt(unfenced),
                removed=tuple(plain_text(unfenced).split()),
            )
        )
    return changes


def clean_characters(text: str) -> str:
    """Return `text` with Unix line ends and without the characters that HTML does not allow."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\f" in text:
        text = text.replace("\f", " ")
    if text.replace("\n", "").isprintable():
        return text
    return (FORBIDDEN if _BEYOND_BASE.search(text) else _BASE_ONLY).sub("", text)


def is_apology(text: str) -> bool:
    """Say whether `text` is nothing but the model excusing itself."""
    is_short = len(text.split()) <= APOLOGY_WORDS
    return is_short and _APOLOGY.match(text) is not None and _APOLOGY_OBJECT.search(text) is not None


def _read_attributes(source: str) -> dict[str, str]:
    return {
        match[1].lower(): next((value for value in match.groups()[1:] if value is not None), "")
        for match in _ATTRIBUTE.finditer(source)
    }
