"""Lists: no empty ones, sound numbers, and printed numbers that a list would say twice."""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element

from batchdeck.html.model import Change
from batchdeck.html.trees import Node, is_empty, replace_children
from batchdeck.html.words import excerpt

STAGE = "lists"

_WHOLE = re.compile(r"-?[0-9]{1,6}")
_PRINTED = re.compile(r"\s*\(?([0-9]{1,4})(?:[.)]|\.\))\s+(?=\S)")
_BULLET = re.compile(r"\s*[•◦▪▫‣⁃∙]\s+(?=\S)")
_TYPES = frozenset("1aAiI")


def settle_lists(tree: Element, page: int) -> list[Change]:
    """Repair every list of a page, in place, and return the changes."""
    rules: set[str] = set()
    marks: list[str] = []
    lists = [element for element in tree.iter() if element.tag in ("ul", "ol", "dl")]
    if not lists:
        return []
    for element in lists:
        for item in items_of(element):
            value = item.get("value")
            if value is not None and (element.tag != "ol" or not _WHOLE.fullmatch(value.strip())):
                rules.add("value that numbers nothing")
                del item.attrib["value"]
        if element.tag == "ol":
            _settle_numbers(element, rules, marks)
        elif element.tag == "ul":
            _drop_printed_bullets(element, marks)
            for name in {"start", "type", "reversed"}.intersection(element.keys()):
                rules.add("numbers on a list with bullets")
                del element.attrib[name]
    _drop_empty(tree, rules)
    changes = [Change(STAGE, page, rule) for rule in sorted(rules)]
    if marks:
        listed = excerpt(" ".join(marks))
        changes.append(
            Change(STAGE, page, "printed marks the list says itself", listed, removed=tuple(marks))
        )
    return changes


def items_of(element: Element) -> list[Element]:
    """Return a list's items."""
    return [child for child in element if child.tag == "li"]


def last_item(element: Element) -> Element | None:
    """Return a list's last item; None where it has none."""
    return next((child for child in reversed(element) if child.tag == "li"), None)


def first_number(element: Element) -> int:
    """Return the number of an ordered list's first item."""
    start = element.get("start", "1")
    return int(start) if _WHOLE.fullmatch(start) else 1


def _settle_numbers(element: Element, rules: set[str], marks: list[str]) -> None:
    start = element.get("start")
    if start is not None and not _WHOLE.fullmatch(start.strip()):
        rules.add("start is no number")
        del element.attrib["start"]
    if element.get("type") is not None and element.attrib["type"] not in _TYPES:
        rules.add("unknown kind of numbers")
        del element.attrib["type"]
    _take_printed_numbers(element, items_of(element), marks)


def _take_printed_numbers(element: Element, items: list[Element], marks: list[str]) -> None:
    """Move printed numbers into the markup when every item begins with the next one."""
    if len(items) < 2 or element.get("type", "1") != "1" or element.get("reversed") is not None:
        return
    matches = [_PRINTED.match(_leading_text(item)) for item in items]
    if any(match is None for match in matches):
        return
    numbers = [int(match[1]) for match in matches if match is not None]
    if numbers != list(range(numbers[0], numbers[0] + len(numbers))):
        return
    if element.get("start") not in (None, str(numbers[0])) or any(item.get("value") for item in items):
        return
    for item, match in zip(items, matches, strict=True):
        if match is not None:
            marks.append(_cut_leading(item, match.end()))
    if numbers[0] != 1:
        element.set("start", str(numbers[0]))


def _drop_printed_bullets(element: Element, marks: list[str]) -> None:
    items = items_of(element)
    matches = [_BULLET.match(_leading_text(item)) for item in items]
    if items and all(match is not None for match in matches):
        for item, match in zip(items, matches, strict=True):
            if match is not None:
                marks.append(_cut_leading(item, match.end()))


def _leading_text(item: Element) -> str:
    holder = _leading_holder(item)
    return holder.text or ""


def _cut_leading(item: Element, length: int) -> str:
    """Cut so many characters off the beginning of an item and return the word that they are."""
    holder = _leading_holder(item)
    text = holder.text or ""
    holder.text = text[length:]
    return text[:length].strip()


def _leading_holder(item: Element) -> Element:
    if not (item.text or "").strip() and len(item) and item[0].tag == "p":
        return item[0]
    return item


def _drop_empty(tree: Element, rules: set[str]) -> None:
    """Take out lists without items, and bulleted items that hold nothing; inner ones first. Empty items of
    a numbered list stay: they count."""

    def replacement(child: Element) -> list[Node] | None:
        if child.tag in ("ul", "ol", "dl") and len(child) == 0 and is_empty(child):
            rules.add("empty list")
            return [" "]
        return None

    def bulleted(child: Element) -> list[Node] | None:
        if child.tag == "li" and is_empty(child):
            rules.add("empty item")
            return []
        return None

    for parent in reversed(list(tree.iter())):
        if parent.tag == "ul":
            replace_children(parent, bulleted)
        if any(child.tag in ("ul", "ol", "dl") for child in parent):
            replace_children(parent, replacement)
