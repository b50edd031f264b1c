"""What may stand where: the content model and the attributes of the HTML Standard, as Nu holds them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from batchdeck.html.model import RuleFinding
from batchdeck.html.rules.elements import (
    ATTRIBUTES,
    CHILDREN,
    FLOW,
    FLOW_HOLDERS,
    GLOBAL_ATTRIBUTES,
    INTERACTIVE,
    KNOWN,
    NEEDS,
    NEVER_INSIDE,
    OBSOLETE,
    PHRASING,
    PHRASING_ONLY,
    TRANSPARENT,
    WITHOUT_TEXT,
)
from batchdeck.html.rules.reading import excerpt, tag_of
from batchdeck.html.rules.tree import Tree

_CUSTOM = re.compile(r"[a-z][a-z0-9._]*-[a-z0-9._-]*")
_FREE_ATTRIBUTE = re.compile(r"(?:data|aria)-[^A-Z]+")
_WHOLE = re.compile(r"-?[0-9]+")
_AT_LEAST_0 = re.compile(r"[0-9]+")
_SPAN_LIMITS = {"colspan": (1, 1000), "rowspan": (0, 65534), "span": (1, 1000)}
_VALUES = {
    ("ol", "start"): _WHOLE,
    ("li", "value"): _WHOLE,
    ("ol", "type"): re.compile(r"[1aAiI]"),
    ("*", "dir"): re.compile(r"(?i)ltr|rtl|auto"),
    ("*", "tabindex"): _WHOLE,
    ("img", "width"): _AT_LEAST_0,
    ("img", "height"): _AT_LEAST_0,
    ("*", "translate"): re.compile(r"(?i)yes|no|"),
}
_DATETIME = re.compile(
    r"""(?x) \d{4,} (-\d\d (-\d\d)? )? | \d{4,}-W\d\d | \d\d-\d\d
    | (\d{4,}-\d\d-\d\d[T ])? \d\d:\d\d (:\d\d(\.\d{1,3})?)? (Z|[+-]\d\d:?\d\d)? | (Z|[+-]\d\d:?\d\d)
    | P(\d+D)?(T(\d+H)?(\d+M)?(\d+(\.\d{1,3})?S)?)?
    | (\d+(\.\d{1,3})?\s*[wdhmsWDHMS]\s*)+"""
)


def allowed_children(tree: Tree) -> Iterator[RuleFinding]:
    """Every element stands where the HTML Standard lets it stand (3.2.5)."""
    for element in tree.elements:
        parent = tree.parent(element)
        tag = tag_of(element)
        if parent is None or _CUSTOM.fullmatch(tag):
            continue
        if tag not in KNOWN or tag in OBSOLETE:
            if tag not in ("math", "svg"):
                yield tree.finding("element-known", element, f"“{tag}” is not an element of HTML.")
            continue
        if tag in ("source", "track") and tag_of(parent) in ("audio", "video"):
            continue
        holder = _deciding_parent(tree, parent)
        if holder is not None and not _may_hold(tree, holder, tag, element):
            yield tree.finding("content-model", element, f"“{tag}” may not stand inside “{tag_of(parent)}”.")


def _deciding_parent(tree: Tree, parent: Element) -> Element | None:
    """Return the ancestor whose content model decides, past the transparent ones."""
    current: Element | None = parent
    while current is not None:
        tag = tag_of(current)
        if tag == "object" or tag not in TRANSPARENT:
            return None if tag in ("template",) or _CUSTOM.fullmatch(tag) else current
        current = tree.parent(current)
    return None


def _may_hold(tree: Tree, holder: Element, tag: str, element: Element) -> bool:
    name = tag_of(holder)
    if name in CHILDREN:
        return tag in CHILDREN[name]
    if name in PHRASING_ONLY:
        return tag in PHRASING
    if name == "div" and tag in ("dt", "dd"):
        above = tree.parent(holder)
        return above is not None and tag_of(above) == "dl"
    if name in FLOW_HOLDERS:
        return tag in FLOW or (tag == "main" and not tree.closest(element, *NEVER_INSIDE["article"]))
    return True


def text_where_none_may_be(tree: Tree) -> Iterator[RuleFinding]:
    """Lists, tables and their rows hold no text of their own."""
    for element in tree.all(*sorted(WITHOUT_TEXT)):
        stray = (element.text or "") + "".join(child.tail or "" for child in element)
        if stray.strip():
            message = f"Text may not stand directly inside “{tag_of(element)}”: {excerpt(stray)}"
            yield tree.finding("content-model", element, message)


def never_inside(tree: Tree) -> Iterator[RuleFinding]:
    """No link in a link, no heading in a header cell, no table in a caption (HTML Standard, element by
    element)."""
    for outer, inner in NEVER_INSIDE.items():
        for element in tree.all(outer):
            stack = list(element)
            while stack:
                child = stack.pop()
                tag = tag_of(child)
                if child in tree.foreign or not tag:
                    continue
                if (tag in inner and _counts(child, tag, inner)) or _takes_focus(child, outer):
                    yield tree.finding(
                        "content-model", child, f"“{tag}” may not stand anywhere inside “{outer}”."
                    )
                stack.extend(child)


def _counts(child: Element, tag: str, inner: frozenset[str]) -> bool:
    """A hidden input takes no focus, so it may stand inside a link."""
    return inner is not INTERACTIVE or tag != "input" or child.get("type", "").lower() != "hidden"


def _takes_focus(child: Element, outer: str) -> bool:
    return outer in ("a", "button") and child.get("tabindex") is not None and tag_of(child) not in INTERACTIVE


def parts_in_order(tree: Tree) -> Iterator[RuleFinding]:
    """A caption comes first and once, a figcaption first or last, a summary and a legend first."""
    for table in tree.all("table"):
        order = [tag_of(child) for child in table]
        ranks = {"caption": 0, "colgroup": 1, "thead": 2, "tbody": 3, "tr": 3, "tfoot": 4}
        seen = [ranks[tag] for tag in order if tag in ranks]
        if seen != sorted(seen):
            yield tree.finding("content-model", table, "The parts of this table are not in their order.")
        for part in ("caption", "thead", "tfoot"):
            if order.count(part) > 1:
                yield tree.finding("content-model", table, f"This table has more than one “{part}”.")
    for figure in tree.all("figure"):
        order = [tag_of(child) for child in figure if tag_of(child)]
        if order.count("figcaption") > 1 or "figcaption" in order[1:-1]:
            yield tree.finding("content-model", figure, "A figcaption stands first or last, and once.")
    for outer, first in (("details", "summary"), ("fieldset", "legend")):
        for element in tree.all(outer):
            order = [tag_of(child) for child in element if tag_of(child)]
            if first in order[1:] or (outer == "details" and first not in order):
                yield tree.finding("content-model", element, f"The “{first}” of “{outer}” stands first.")


def known_attributes(tree: Tree) -> Iterator[RuleFinding]:
    """Every attribute belongs to its element, and holds what it may hold."""
    for element in tree.elements:
        tag = tag_of(element)
        if tag not in KNOWN or tag in ("math", "svg"):
            continue
        own = ATTRIBUTES.get(tag, frozenset())
        for name, value in element.items():
            if name in own or name in GLOBAL_ATTRIBUTES:
                problem = _value_problem(tag, name, value)
                if problem:
                    yield tree.finding("attribute-value", element, f"“{name}” of “{tag}” {problem}.")
            elif not _FREE_ATTRIBUTE.fullmatch(name) and not name.startswith("on"):
                yield tree.finding("attribute-known", element, f"“{tag}” has no attribute “{excerpt(name)}”.")
        parent = tree.parent(element)
        if tag == "li" and element.get("value") is not None and parent is not None and tag_of(parent) != "ol":
            yield tree.finding("attribute-known", element, "Only an item of “ol” has a “value”.")
        for name in NEEDS.get(tag, ()):
            if element.get(name) is None and not (name == "src" and element.get("srcset")):
                yield tree.finding("attribute-required", element, f"“{tag}” needs the attribute “{name}”.")


def _value_problem(tag: str, name: str, value: str) -> str:
    limits = _SPAN_LIMITS.get(name)
    if limits is not None:
        low, high = limits
        is_whole = bool(_AT_LEAST_0.fullmatch(value)) and len(value) <= len(str(high))
        return "" if is_whole and low <= int(value) <= high else f"is not a number from {low} to {high}"
    pattern = _VALUES.get((tag, name)) or _VALUES.get(("*", name))
    if pattern is not None and not pattern.fullmatch(value.strip() if pattern is _WHOLE else value):
        return f"may not be “{excerpt(value)}”"
    if name == "datetime" and not _DATETIME.fullmatch(value.strip()):
        return f"is no date or time: “{excerpt(value)}”"
    return ""


def time_is_readable(tree: Tree) -> Iterator[RuleFinding]:
    """A `time` without `datetime` must itself be in a machine's form."""
    for element in tree.all("time"):
        text = "".join(element.itertext()).strip()
        if element.get("datetime") is None and not _DATETIME.fullmatch(text):
            message = f"“time” without datetime must hold a date in a machine's form, not “{excerpt(text)}”."
            yield tree.finding("attribute-value", element, message)


RULES = (
    allowed_children,
    text_where_none_may_be,
    never_inside,
    parts_in_order,
    known_attributes,
    time_is_readable,
)
