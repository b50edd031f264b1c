"""Words: the unit in which every stage accounts for what it took out of a document and put into it."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterable
from xml.etree.ElementTree import Element

from batchdeck.html.markup import INLINE
from batchdeck.html.model import Change

EXCERPT = 200
"""Greatest number of characters of `Change.before` and `Change.after`."""

_TAG = re.compile(r"<(/?[a-zA-Z!][^\s/<>]*)[^<>]*>")
_INLINE_TAGS = INLINE | {f"/{tag}" for tag in INLINE}
_SPACES = re.compile(r"\s+")


def text_of(element: Element) -> str:
    """Return the visible text below `element`: blocks apart by spaces, inline elements run on, and the
    alternative text of images in their place."""
    pieces: list[str] = []
    _collect(element, pieces)
    return "".join(pieces)


def _collect(element: Element, pieces: list[str]) -> None:
    tag = element.tag
    apart = tag not in INLINE
    if apart:
        pieces.append(" ")
        if tag == "img":
            pieces.append(element.get("alt", ""))
    if element.text:
        pieces.append(element.text)
    for child in element:
        _collect(child, pieces)
        if child.tail:
            pieces.append(child.tail)
    if apart:
        pieces.append(" ")


def words_of(element: Element) -> list[str]:
    """Return the words below `element` in order: runs of characters between white space."""
    return text_of(element).split()


def plain_text(markup: str) -> str:
    """Return the visible text of HTML source without building a tree; fit for well-behaved markup, and for
    counting in any. Alternative texts are not included."""
    pieces = _TAG.split(markup)
    pieces[1::2] = ["" if tag in _INLINE_TAGS or tag.lower() in _INLINE_TAGS else " " for tag in pieces[1::2]]
    text = "".join(pieces)
    return html.unescape(text) if "&" in text else text


def excerpt(text: str, limit: int = EXCERPT) -> str:
    """Return `text` in one line of at most `limit` characters; a cut is marked with ``…``."""
    line = _SPACES.sub(" ", text[: limit * 4]).strip()
    return line if len(line) <= limit else line[: limit - 1] + "…"


def difference(before: Iterable[str], after: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return (words removed, words added) between two bags of words."""
    old, new = list(before), list(after)
    if old == new:
        return (), ()
    bag_before, bag_after = Counter(old), Counter(new)
    return tuple((bag_before - bag_after).elements()), tuple((bag_after - bag_before).elements())


def change_between(stage: str, page: int, rule: str, before: Iterable[str], after: Iterable[str]) -> Change:
    """Return the record of a change that turned the words `before` into the words `after`."""
    old, new = list(before), list(after)
    removed, added = difference(old, new)
    return Change(stage, page, rule, excerpt(" ".join(old)), excerpt(" ".join(new)), removed, added)
