"""The built-in checks: what axe and Nu would say of a document, as far as its tree tells."""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree.ElementTree import Element

from batchdeck.html.model import RuleFinding
from batchdeck.html.rules import (
    aria,
    content,
    controls,
    headings,
    identity,
    images,
    language,
    lists,
    page,
    tables,
)
from batchdeck.html.rules.source import parse_with_lines
from batchdeck.html.rules.tree import Tree

_FAMILIES = (
    language.RULES,
    page.RULES,
    headings.RULES,
    content.RULES,
    identity.RULES,
    images.RULES,
    lists.RULES,
    tables.RULES,
    controls.RULES,
    aria.RULES,
)


def check(
    tree: Element,
    lines: Mapping[Element, int] | None = None,
    pages: Mapping[Element, int] | None = None,
) -> list[RuleFinding]:
    """Return the rules that do not hold for a document, in its order where lines or pages are known.

    Args:
        tree: the document's `html` element, as html5lib's etree builder makes it without namespaces.
        lines: the line each element starts on, where known.
        pages: elements that hold one page of the source each, with its 1-based number.
    """
    document = Tree(tree, lines, pages)
    found = [finding for family in _FAMILIES for rule in family for finding in rule(document)]
    return sorted(dict.fromkeys(found), key=lambda finding: (finding.page, finding.line))


def validate_html(text: str) -> list[RuleFinding]:
    """Check any HTML document: its syntax by html5lib, then the rules on its tree, by line."""
    root, lines, errors = parse_with_lines(text)
    return sorted([*errors, *check(root, lines)], key=lambda finding: finding.line)
