"""The axe rules on headings: their order, their words, and the one h1."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from batchdeck.html.model import RuleFinding
from batchdeck.html.rules.reading import excerpt
from batchdeck.html.rules.tree import Tree

_LEVELS = {f"h{level}": level for level in range(1, 7)}


_Headings = list[tuple[Element, int]]


def headings(tree: Tree) -> Iterator[RuleFinding]:
    """The three rules on headings, which are gathered once for all."""
    found = _headings(tree)
    yield from heading_order(tree, found)
    yield from page_has_heading_one(tree, found)
    yield from empty_heading(tree, found)


def _headings(tree: Tree) -> _Headings:
    """Return headings with their level, those by `role` included, without hidden ones."""
    found: _Headings = []
    for element in tree.elements:
        own = _LEVELS.get(element.tag, 0)
        stated_role = element.get("role")
        if not own and stated_role is None:
            continue
        role = (stated_role or "").strip().lower()
        level = 0 if role else own
        if role == "heading":
            stated = element.get("aria-level") or ""
            level = int(stated) if stated.isascii() and stated.isdigit() else own or 2
        if level and not tree.is_hidden(element):
            found.append((element, level))
    return found


def heading_order(tree: Tree, found: _Headings) -> Iterator[RuleFinding]:
    """WCAG 1.3.1: heading levels go down one at a time."""
    document = tree.document
    for element, level in found:
        if document.level and level > document.level + 1:
            message = f"h{level} follows h{document.level}: “{excerpt(tree.name(element))}”"
            yield tree.finding("heading-order", element, message)
        document.level = level


def page_has_heading_one(tree: Tree, found: _Headings) -> Iterator[RuleFinding]:
    """A document has a heading of level one."""
    if any(level == 1 for _, level in found):
        tree.document.has_heading_one = True
    if tree.is_last and not tree.document.has_heading_one:
        yield tree.finding("page-has-heading-one", tree.root, "The document has no h1.")


def empty_heading(tree: Tree, found: _Headings) -> Iterator[RuleFinding]:
    """WCAG 2.4.6: a heading says something."""
    for element, level in found:
        if not tree.name(element):
            yield tree.finding("empty-heading", element, f"This h{level} has no words.")


RULES = (headings,)
