"""The built-in checks: what axe and Nu would say of a document, as far as its tree tells."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from xml.etree.ElementTree import Element

from batchdeck.html.model import PageTree, RuleFinding
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
from batchdeck.html.rules.document import Document
from batchdeck.html.rules.source import parse_with_lines
from batchdeck.html.rules.tree import Tree

_RULES = (
    *language.RULES,
    *page.RULES,
    *headings.RULES,
    *content.RULES,
    *identity.RULES,
    *images.RULES,
    *lists.RULES,
    *tables.RULES,
    *controls.RULES,
    *aria.RULES,
)


def check(
    tree: Element,
    lines: Mapping[Element, int] | None = None,
    pages: Mapping[Element, PageTree] | None = None,
) -> list[RuleFinding]:
    """Return the rules that do not hold for a document, in its order where lines or pages are known.

    Args:
        tree: the document's `html` element, as html5lib's etree builder makes it without namespaces.
        lines: the line each element starts on, where known.
        pages: the places of the source's pages, which stand empty. One page at a time is put there to be
            looked at, so that a long document costs no more than the tree around its pages.
    """
    found = [
        (finding.page, finding.line, order, finding)
        for part in Tree.parts(Document(tree, pages), lines or {})
        for order, rule in enumerate(_RULES)
        for finding in rule(part)
    ]
    found.sort(key=operator.itemgetter(0, 1, 2))
    return list(dict.fromkeys(finding for *_, finding in found))


def validate_html(text: str) -> list[RuleFinding]:
    """Check any HTML document: its syntax by html5lib, then the rules on its tree, by line."""
    root, lines, errors = parse_with_lines(text)
    return sorted([*errors, *check(root, lines)], key=lambda finding: finding.line)
