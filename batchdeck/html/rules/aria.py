"""The axe rules on ARIA: known roles, known attributes with sensible values, names only where they count."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from batchdeck.html.model import RuleFinding
from batchdeck.html.rules import aria_terms as terms
from batchdeck.html.rules.elements import INTERACTIVE
from batchdeck.html.rules.reading import excerpt, tag_of
from batchdeck.html.rules.tree import Tree

_WHOLE = re.compile(r"-?\d+")
_DECIMAL = re.compile(r"-?\d+(\.\d+)?")
_NAMING = ("aria-label", "aria-labelledby")


def role_of(element: Element) -> str:
    """Return an element's role: the first known one it states, else its own; empty where that depends."""
    for token in (element.get("role") or "").lower().split():
        if token in terms.ROLES:
            return token
    tag = tag_of(element)
    if tag == "a" and element.get("href") is None:
        return "generic"
    return terms.IMPLICIT.get(tag, "")


def aria_roles(tree: Tree) -> Iterator[RuleFinding]:
    """WCAG 4.1.2: a role is one that exists, is not abstract and not withdrawn."""
    for element in tree.with_attribute("role"):
        for token in (element.get("role") or "").lower().split():
            if token in terms.DEPRECATED_ROLES:
                yield tree.finding("aria-deprecated-role", element, f"The role “{token}” is withdrawn.")
            elif token not in terms.ROLES:
                yield tree.finding("aria-roles", element, f"“{excerpt(token)}” is no role.")
            elif token in terms.LINK_ROLES and (tag_of(element) != "a" or element.get("href") is None):
                yield tree.finding("aria-allowed-role", element, f"The role “{token}” is for links.")


def aria_valid_attributes(tree: Tree) -> Iterator[RuleFinding]:
    """WCAG 4.1.2: an attribute of ARIA is one that exists, with a value it may have."""
    for name in sorted(attribute for attribute in tree.attributes() if attribute.startswith("aria-")):
        for element in tree.with_attribute(name):
            value = (element.get(name) or "").strip()
            if name not in terms.ATTRIBUTES:
                yield tree.finding("aria-valid-attr", element, f"There is no attribute “{excerpt(name)}”.")
            elif not _may_be(name, value):
                message = f"{name} may not be “{excerpt(value)}”."
                yield tree.finding("aria-valid-attr-value", element, message)


def _may_be(name: str, value: str) -> bool:
    if name in terms.BOOLEAN or name in terms.MAYBE:
        return value in ("true", "false") or (name in terms.MAYBE and value in ("undefined", ""))
    if name in terms.TRISTATE:
        return value in ("true", "false", "mixed", "undefined")
    if name in terms.WHOLE:
        return _WHOLE.fullmatch(value) is not None
    if name in terms.DECIMAL:
        return _DECIMAL.fullmatch(value) is not None
    words = terms.WORDS.get(name)
    return words is None or value in words or not value


def aria_allowed_attributes(tree: Tree) -> Iterator[RuleFinding]:
    """WCAG 4.1.2: attributes that mean something on some roles only stand on those."""
    for name, roles in terms.ONLY_ON.items():
        for element in tree.with_attribute(name):
            role = role_of(element)
            if role and role not in roles:
                yield tree.finding(
                    "aria-allowed-attr", element, f"{name} means nothing on the role “{role}”."
                )


def aria_prohibited_attributes(tree: Tree) -> Iterator[RuleFinding]:
    """WCAG 4.1.2: elements without a role of their own take no name. axe counts page breaks among them,
    unless they are separators by nature."""
    for name in _NAMING:
        for element in tree.with_attribute(name):
            role = role_of(element)
            is_bare_break = role == "doc-pagebreak" and tag_of(element) in ("div", "span")
            if (role in terms.UNNAMED or is_bare_break) and element not in tree.foreign:
                message = f"{name} may not stand on “{tag_of(element)}” with the role “{role}”."
                yield tree.finding("aria-prohibited-attr", element, message)


def aria_required(tree: Tree) -> Iterator[RuleFinding]:
    """WCAG 4.1.2, 1.3.1: a stated role comes with the states and inside the roles it needs."""
    for element in tree.with_attribute("role"):
        role = role_of(element)
        if tag_of(element) not in terms.NATIVE_STATES:
            for name in terms.REQUIRED.get(role, ()):
                if element.get(name) is None and not (role == "heading" and name == "aria-level"):
                    yield tree.finding("aria-required-attr", element, f"The role “{role}” needs {name}.")
        parents = terms.PARENTS.get(role)
        if parents is not None and element.get("role"):
            above = next((found for up in tree.ancestors(element) if (found := role_of(up)) != "generic"), "")
            if above not in parents:
                message = f"The role “{role}” means nothing outside {', '.join(sorted(parents))}."
                yield tree.finding("aria-required-parent", element, message)


def aria_hidden(tree: Tree) -> Iterator[RuleFinding]:
    """WCAG 4.1.2: what is hidden from assistive technology takes no focus, and is not the whole page."""
    for element in tree.with_attribute("aria-hidden"):
        if element.get("aria-hidden") != "true":
            continue
        if tag_of(element) == "body":
            yield tree.finding("aria-hidden-body", element, "The whole body is hidden.")
        for child in element.iter():
            if _takes_focus(child):
                yield tree.finding("aria-hidden-focus", child, "This takes the focus but is hidden.")
                break


def _takes_focus(element: Element) -> bool:
    tabindex = (element.get("tabindex") or "").strip()
    if tabindex.startswith("-") or element.get("disabled") is not None:
        return False
    tag = tag_of(element)
    if tabindex:
        return True
    if tag in ("a", "area"):
        return element.get("href") is not None
    return tag in INTERACTIVE - {"label", "a", "details", "embed"} and element.get("type") != "hidden"


def presentation_conflict(tree: Tree) -> Iterator[RuleFinding]:
    """An element said to be without meaning has no name and takes no focus."""
    for element in tree.with_attribute("role"):
        if (element.get("role") or "").strip() in ("none", "presentation"):
            has_global = not terms.GLOBAL.isdisjoint({*element.keys()} - {"aria-hidden"})
            if has_global or _takes_focus(element):
                message = "This has no role, and yet a name or the focus."
                yield tree.finding("presentation-role-conflict", element, message)


RULES = (
    aria_roles,
    aria_valid_attributes,
    aria_allowed_attributes,
    aria_prohibited_attributes,
    aria_required,
    aria_hidden,
    presentation_conflict,
)
