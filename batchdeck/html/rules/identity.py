"""Ids and what points to them: no id twice, no pointer into nothing."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import unquote

from batchdeck.html.model import RuleFinding
from batchdeck.html.rules.document import POINTERS
from batchdeck.html.rules.reading import excerpt, tag_of
from batchdeck.html.rules.tree import Tree

_LABELABLE = frozenset({"button", "input", "meter", "output", "progress", "select", "textarea"})


def duplicate_id(tree: Tree) -> Iterator[RuleFinding]:
    """An id names one element; where it is pointed at, a second one is a fault of its own (WCAG 4.1.2)."""
    document = tree.document
    known = document.given
    for identifier in sorted(tree.ids, key=document.ids.__getitem__):
        elements = tree.ids[identifier]
        is_new = document.ids[identifier] >= known
        document.given += is_new
        if is_new and (not identifier or any(char in " \t\n\f\r" for char in identifier)):
            yield tree.finding("id-valid", elements[0], f"“{excerpt(identifier)}” may not be an id.")
        for element in elements[1 if is_new else 0 :]:
            rule = "duplicate-id-aria" if identifier in document.pointed_at else "duplicate-id"
            yield tree.finding(rule, element, f"The id “{excerpt(identifier)}” is given again.")


def dangling_anchor(tree: Tree) -> Iterator[RuleFinding]:
    """A link to a place in the document leads to one."""
    ids, names = tree.document.ids, tree.document.names
    for link in tree.all("a", "area"):
        href = link.get("href") or ""
        if not href.startswith("#") or href.lower() in ("#", "#top"):
            continue
        targets = (href[1:], unquote(href[1:]))
        if not any(target in ids or target in names for target in targets):
            yield tree.finding("dangling-anchor", link, f"“{excerpt(href)}” leads nowhere in this document.")


def dangling_pointer(tree: Tree) -> Iterator[RuleFinding]:
    """ARIA's references and a label's `for` point at elements that exist (WCAG 4.1.2)."""
    for name in POINTERS:
        for element in tree.with_attribute(name):
            for one in (element.get(name) or "").split():
                if one not in tree.document.ids:
                    message = f"{name} names “{excerpt(one)}”, which is not there."
                    yield tree.finding("aria-valid-attr-value", element, message)
    for label in tree.all("label"):
        target = label.get("for")
        if target is not None:
            found = tree.by_id(target)
            if found is None or tag_of(found) not in _LABELABLE:
                yield tree.finding(
                    "label-target", label, f"This label is for “{excerpt(target)}”, no control."
                )


RULES = (duplicate_id, dangling_anchor, dangling_pointer)
