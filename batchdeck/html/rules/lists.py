"""The axe rules on lists: what lists hold, and what holds their items."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from batchdeck.html.model import RuleFinding
from batchdeck.html.rules.elements import SUPPORTING
from batchdeck.html.rules.reading import excerpt, tag_of
from batchdeck.html.rules.tree import Tree

_LISTS = frozenset({"ul", "ol", "menu"})


def _stray(element: Element, allowed: frozenset[str]) -> str:
    """Name the first child, or the text, that a list may not hold; empty when there is none."""
    for child in element:
        tag = tag_of(child)
        role = (child.get("role") or "").strip().lower()
        is_item = role == "listitem" and "li" in allowed
        if (
            tag
            and not is_item
            and (tag not in allowed or role not in ("", "listitem", "none", "presentation"))
        ):
            if role.startswith("doc-") and tag == "li":
                continue
            return f"“{tag}”"
    text = (element.text or "") + "".join(child.tail or "" for child in element)
    return f"the text “{excerpt(text)}”" if text.strip() else ""


def list_children(tree: Tree) -> Iterator[RuleFinding]:
    """WCAG 1.3.1: a list holds list items only."""
    allowed = SUPPORTING | {"li"}
    for element in tree.all("ul", "ol"):
        if (element.get("role") or "list") != "list":
            continue
        stray = _stray(element, allowed)
        if stray:
            yield tree.finding("list", element, f"This list holds {stray} beside its items.")


def list_item(tree: Tree) -> Iterator[RuleFinding]:
    """WCAG 1.3.1: a list item stands in a list."""
    for item in tree.all("li"):
        parent = tree.parent(item)
        if parent is None or item.get("role"):
            continue
        role = (parent.get("role") or "").strip().lower()
        if role != "list" and (tag_of(parent) not in _LISTS or role):
            yield tree.finding("listitem", item, f"This item stands in no list: {excerpt(tree.name(item))}")


def definition_list(tree: Tree) -> Iterator[RuleFinding]:
    """WCAG 1.3.1: a description list holds groups of terms and descriptions, in that order."""
    for element in tree.all("dl"):
        if element.get("role"):
            continue
        stray = _stray(element, SUPPORTING | {"dt", "dd", "div"})
        order = [tag_of(child) for child in element]
        if stray:
            yield tree.finding("definition-list", element, f"This description list holds {stray}.")
        elif "div" not in order and not _is_grouped(order):
            yield tree.finding("definition-list", element, "Terms and descriptions do not come in groups.")
        for group in element:
            inside = [tag_of(child) for child in group]
            if tag_of(group) == "div" and not _is_grouped(inside):
                yield tree.finding("definition-list", group, "This group has no term with a description.")


def _is_grouped(order: list[str]) -> bool:
    parts = [tag for tag in order if tag in ("dt", "dd")]
    return not parts or (parts[0] == "dt" and parts[-1] == "dd")


def description_item(tree: Tree) -> Iterator[RuleFinding]:
    """WCAG 1.3.1: terms and descriptions stand in a description list."""
    for item in tree.all("dt", "dd"):
        parent = tree.parent(item)
        if parent is not None and tag_of(parent) == "div":
            parent = tree.parent(parent)
        if parent is None or tag_of(parent) != "dl" or parent.get("role"):
            message = f"This {tag_of(item)} stands in no description list: {excerpt(tree.name(item))}"
            yield tree.finding("dlitem", item, message)


RULES = (list_children, list_item, definition_list, description_item)
