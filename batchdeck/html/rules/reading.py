"""Reading single elements as the rules do: their tag, what they say, and whether they hide it."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from batchdeck.domain.text import show

_EXCERPT = 60
FOREIGN_ROOTS = frozenset({"math", "svg"})


def tag_of(element: Element) -> str:
    """Return an element's tag without its namespace, in lower case as parsers give it; empty for comments."""
    tag: object = element.tag  # typeshed says str, but a comment's is a function
    if not isinstance(tag, str):
        return ""
    return tag if tag[0] != "{" else tag.rpartition("}")[2].lower()


def hides(element: Element) -> bool:
    """Say whether an element keeps itself from assistive technology, as far as its markup tells."""
    if not element.keys():
        return False
    if element.get("aria-hidden") == "true" or element.get("hidden") is not None:
        return True
    style = (element.get("style") or "").replace(" ", "").lower()
    return "display:none" in style or "visibility:hidden" in style


def words_of(element: Element) -> str:
    """Return what an element says on one line: its text, with the alternatives of images and the labels of
    what is labelled, without what is hidden."""
    pieces: list[str] = []
    stack: list[Element | str] = [element]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            pieces.append(item)
            continue
        if not tag_of(item) or (item is not element and hides(item)):
            continue
        label = item.get("aria-label") if item is not element else None
        if label or tag_of(item) == "img":
            pieces.append(f" {label or item.get('alt') or ''} ")
            continue
        pieces.append(item.text or "")
        for child in reversed(item):
            stack.append(child.tail or "")
            stack.append(child)
    return " ".join("".join(pieces).split())


def excerpt(text: str) -> str:
    """Return the beginning of a text for a message, harmless to show."""
    return show(" ".join(text[: _EXCERPT * 4].split()), _EXCERPT)
