"""Parsing a whole document for the rules: its tree, the line each element starts on, its syntax errors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from xml.etree.ElementTree import Element

import html5lib
from html5lib.constants import E as MESSAGES

from batchdeck.domain.text import show
from batchdeck.html.model import RuleFinding

# html5lib has not heard of these, so what it says of them is not an error of the document.
_NEWER = frozenset({"search", "selectedcontent"})
_NEWER_IN_SELECT = frozenset({"hr", "button", "div", "span", "img", "selectedcontent"})


class _LineBuilder(html5lib.getTreeBuilder("etree")):  # type: ignore[misc]
    """html5lib's tree builder, noting the tokenizer's line whenever it makes an element."""

    def __init__(self, namespaceHTMLElements: bool) -> None:
        self.lines: dict[Element, int] = {}
        self.fostered: list[int] = []
        """Lines of text that the parser moved out of a table, which html5lib does without a word."""
        self.stream: Any = None
        super().__init__(namespaceHTMLElements)

    def createElement(self, token: Any) -> Any:
        element = super().createElement(token)
        if self.stream is not None:
            self.lines[element._element] = self.stream.position()[0]
        return element

    def insertElementNormal(self, token: Any) -> Any:
        element = super().insertElementNormal(token)
        self.lines[element._element] = self.stream.position()[0]
        return element

    def insertText(self, data: str, parent: Any = None) -> None:
        if self.insertFromTable and parent is None and data.strip():
            self.fostered.append(self.stream.position()[0])
        super().insertText(data, parent)


class _LineParser(html5lib.HTMLParser):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__(tree=_LineBuilder, namespaceHTMLElements=False)

    def reset(self) -> None:
        self.tree.stream = self.tokenizer.stream
        super().reset()


def parse_with_lines(text: str) -> tuple[Element, Mapping[Element, int], list[RuleFinding]]:
    """Parse a document and return its `html` element, the line of each element, and its syntax errors."""
    parser = _LineParser()
    root: Element = parser.parse(text)
    findings = syntax_findings(parser.errors)
    findings += [
        RuleFinding("html-syntax", "Text stands in a table but in none of its cells.", line)
        for line in parser.tree.fostered
    ]
    return root, parser.tree.lines, findings


def syntax_findings(
    errors: Iterable[tuple[tuple[int, int], str, Mapping[str, Any]]], *, page: int = 0
) -> list[RuleFinding]:
    """Return html5lib's errors as findings: with their line, or with the page the text was of."""
    return [
        RuleFinding("html-syntax", _message(code, details), 0 if page else line, page)
        for (line, _), code, details in errors
        if not _is_newer_html(code, details.get("name"))
    ]


def _is_newer_html(code: str, name: object) -> bool:
    return name in _NEWER or (code.endswith("-in-select") and name in _NEWER_IN_SELECT)


def _message(code: str, details: Mapping[str, Any]) -> str:
    template = MESSAGES.get(code, code)
    try:
        return show(" ".join((template % details).split()), 300)
    except (KeyError, TypeError, ValueError):
        return code
