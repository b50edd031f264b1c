"""Syntax: html5lib's list of errors on a page's raw markup, and the words it holds before any cleaning."""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree.ElementTree import Element

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
    """What a parser says of raw markup.

    `tree` is that of markup which is of the contract to the letter; such markup has no issues, and cleaning
    cannot lose any of its words. For all other markup it is None, and `words` are those before cleaning.
    """

    markup: str
    """The source, flattened where it was nested too deeply."""
    tree: Element | None
    issues: tuple[SyntaxIssue, ...] = ()
    words: tuple[str, ...] = ()


def check_syntax(markup: str, page: int) -> RawReading:
    """Return the syntax errors of a page's raw markup, at most `MAX_ISSUES`, positions from line 1, column 1.

    Markup nested too deeply for a tree is flattened first, and says so.
    """
    strict = read_strictly(markup)
    if strict is not None:
        return RawReading(markup, strict)
    flat = flatten(markup)
    root, errors = parse_fragment_with_errors(flat)
    issues = [SyntaxIssue(page, line, column, code) for line, column, code in errors[:MAX_ISSUES]]
    if flat is not markup:
        issues.insert(0, SyntaxIssue(page, 1, 1, TOO_DEEP))
    return RawReading(flat, None, tuple(issues), tuple(words_of(root)))
