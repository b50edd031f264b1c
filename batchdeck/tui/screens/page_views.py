"""The views of one page on the right of its screen: answer, HTML, JSON, attempts, missing words."""

from __future__ import annotations

import datetime as dt
import enum
import json
from collections.abc import Sequence
from dataclasses import dataclass

from textual.content import Content

from batchdeck.domain.outcomes import Outcome, Remedy, reason_of
from batchdeck.domain.pages import Answer, Attempt, PageRow
from batchdeck.domain.text import show
from batchdeck.tui.glyphs import NOTHING
from batchdeck.tui.screens.readable import readable
from batchdeck.tui.screens.spans import clock
from batchdeck.tui.signs import OUTCOME_SIGNS

_LONGEST = 200_000
"""Characters of one view; what is longer is for `batchdeck page --json`."""


class Tab(enum.StrEnum):
    """The views of the right side, in their order."""

    ANSWER = "answer"
    HTML = "html"
    JSON = "json"
    ATTEMPTS = "attempts"
    MISSING = "missing"

    def step(self, by: int) -> Tab:
        """Return the tab that many places further, round the end."""
        tabs = list(Tab)
        return tabs[(tabs.index(self) + by) % len(tabs)]


@dataclass(frozen=True, slots=True)
class PageFacts:
    """One page as it was read for the screen."""

    row: PageRow
    attempts: tuple[Attempt, ...]
    answer: Answer | None
    missing: tuple[str, ...]
    source: str
    """The text layer, or why there is none."""


_REMEDIES = {
    Remedy.AS_IT_WAS: "r sends the same request again.",
    Remedy.MORE_TOKENS: "r sends it again with more max_tokens.",
    Remedy.AS_IMAGE: "r sends the page again as a picture.",
    Remedy.CHANGED: "The same request would fail again: r sends it with another model, or as a picture.",
    Remedy.FIX_REQUEST: "The request itself is wrong: r lets you change it.",
    Remedy.MAY_BE_PAID: "Its answer was lost on the way: it may have been paid for. r sends it once more.",
    Remedy.UNKNOWN: "What this failure means is not known: r sends the same request again.",
    Remedy.ON_REQUEST: "It was canceled: r sends it again.",
    Remedy.OPERATOR_FIRST: "The account needs you first: nothing is sent again before that.",
}


def show_text(text: str) -> str:
    """Return text from outside in lines, harmless and bounded."""
    return show(text.expandtabs(4), _LONGEST, newlines=True)


def view(tab: Tab, facts: PageFacts, now: dt.datetime) -> Content:
    """Return what a tab shows."""
    match tab:
        case Tab.ANSWER:
            return _answer(facts)
        case Tab.HTML:
            return Content(show_text(facts.answer.text) if facts.answer is not None else "Nothing came back.")
        case Tab.JSON:
            return Content(_pretty(facts.answer))
        case Tab.ATTEMPTS:
            return _attempts(facts.attempts, now)
        case Tab.MISSING:
            return _missing(facts)


def _answer(facts: PageFacts) -> Content:
    row = facts.row
    parts: list[str | tuple[str, str] | Content] = []
    if row.outcome.is_failure:
        parts.append((f"{OUTCOME_SIGNS[row.outcome]}\n", "bold $error"))
        why = reason_of(row.error_type, row.detail, " · ")
        parts += [f"{show_text(why)}\n" if why else "", f"{_REMEDIES.get(row.remedy, '')}\n\n"]
    elif row.outcome is Outcome.PENDING:
        parts.append("▸ Nothing has come back yet.\n")
    elif row.detail:
        parts.append((f"{OUTCOME_SIGNS[row.outcome]}: {show_text(row.detail)}\n\n", "italic"))
    if facts.answer is not None and facts.answer.text:
        parts.append(show_text(readable(facts.answer.text)))
        if row.outcome is Outcome.TRUNCATED:
            parts.append((f"\n✂ cut here (max_tokens {row.max_tokens:,})", "bold $error"))
    return Content.assemble(*parts)


def _pretty(answer: Answer | None) -> str:
    if answer is None:
        return "Nothing came back."
    try:
        text = json.dumps(json.loads(answer.raw), indent=2, ensure_ascii=False)
    except ValueError:  # as received, and that is what matters here
        text = answer.raw.decode("utf-8", "backslashreplace")
    return show_text(text)


def _attempts(attempts: Sequence[Attempt], now: dt.datetime) -> Content:
    """Return every attempt with its parameters, the newest first."""
    parts: list[str | tuple[str, str]] = []
    for attempt in reversed(attempts):
        sign = OUTCOME_SIGNS[attempt.outcome]
        at = f" · {clock(attempt.at, now)}" if attempt.at is not None else ""
        parts.append((f"{attempt.number}  {sign}{at}\n", "bold"))
        recall = f"{attempt.recall:.0%}" if attempt.recall is not None else NOTHING
        usage = attempt.usage
        lines = (
            ("why", reason_of(attempt.error_type, attempt.detail, " · ")),
            ("change", attempt.change),
            ("model", attempt.model),
            ("max_tokens", f"{attempt.max_tokens:,}" if attempt.max_tokens else ""),
            ("tokens", f"{usage.input:,} in, {usage.output:,} out" if usage.output else ""),
            ("stopped", attempt.stop_reason),
            ("words found", recall if attempt.recall is not None else ""),
            ("batch", attempt.batch or ""),
            ("id", attempt.custom_id),
        )
        parts += [f"   {name:<12}{show(text, 500)}\n" for name, text in lines if text]
        parts.append("\n")
    return Content.assemble(*parts) if parts else Content("Not sent yet.")


def _missing(facts: PageFacts) -> Content:
    if facts.answer is None or not facts.answer.text:
        return Content("Nothing came back.")
    if facts.row.recall is None:
        return Content("This answer was not compared with the page's text layer.")
    if not facts.missing:
        return Content("The answer has every passage of the page's text layer; single words may be missing.")
    return Content("\n\n".join(f"“{show(run, 2_000)}”" for run in facts.missing))


def words_line(facts: PageFacts) -> str:
    """Return the line below both sides: how much of the page's text the answer has."""
    recall = facts.row.recall
    if recall is None:
        return ""
    found = f"words found {recall:.0%}"
    return f"{found} · missing: “{show(facts.missing[0], 200)}”" if facts.missing else found
