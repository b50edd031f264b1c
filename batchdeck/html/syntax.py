"""Syntax: html5lib's list of errors on a page's raw markup, and the words it holds before any cleaning."""

from __future__ import annotations

from dataclasses import dataclass

from batchdeck.html.model import SyntaxIssue
from batchdeck.html.parse import parse_fragment_with_errors
from batchdeck.html.sanitise import flatten
from batchdeck.html.strict import read_strictly
from batchdeck.html.words import words_of

MAX_ISSUES = 200
"""A page's errors beyond this many say nothing new."""
TOO_DEEP = "nested-too-deeply"


@dataclass(frozen=True, slots=True)
class RawReading:
    """What a parser says of raw markup. `words` are those before cleaning; None when cleaning cannot lose
    any, because the markup is of the contract to the letter."""

    issues: tuple[SyntaxIssue, ...]
    words: tuple[str, ...] | None


def check_syntax(markup: str, page: int) -> RawReading:
    """Return the syntax errors of a page's raw markup, at most `MAX_ISSUES`, positions from line 1, column 1.

    Markup nested too deeply for a tree is flattened first, and says so.
    """
    if read_strictly(markup) is not None:
        return RawReading((), None)
    flat = flatten(markup)
    root, errors = parse_fragment_with_errors(flat)
    issues = [SyntaxIssue(page, line, column, code) for line, column, code in errors[:MAX_ISSUES]]
    if flat is not markup:
        issues.insert(0, SyntaxIssue(page, 1, 1, TOO_DEEP))
    return RawReading(tuple(issues), tuple(words_of(root)))
