"""The built-in checks: what axe and Nu would say of a document, as far as its tree tells."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from batchdeck.html.model import RuleFinding
from batchdeck.html.rules import language
from batchdeck.html.rules.tree import Tree

_FAMILIES = (language.RULES,)


def check(tree: Element) -> list[RuleFinding]:
    """Return the rules that do not hold for a document.

    Args:
        tree: the document's `html` element, as html5lib's etree builder makes it without namespaces.
    """
    document = Tree(tree)
    return [finding for family in _FAMILIES for rule in family for finding in rule(document)]
