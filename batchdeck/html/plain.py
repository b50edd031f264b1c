"""Plain pages: saying quickly of nearly every page that its nesting is valid and needs no repair."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from batchdeck.html.markup import CHILDREN, MATH, PHRASING, VOID, WITHOUT_TEXT, names
from batchdeck.html.trees import contents_of, is_blank_text, is_empty

LINE = PHRASING | MATH | {"br", "img"}
"""What may stand in a line of text."""
NO_HEADING = names("th dt address caption")
"""Elements in which no heading, header or footer may stand."""
_WATCHED = WITHOUT_TEXT | {"a", "section", "header", "footer", "figure"}


def is_plain(tree: Element) -> bool:
    """Say quickly of nearly every page that every element in it stands where it may."""
    for element in tree.iter():
        tag = element.tag
        allowed = CHILDREN.get(tag)
        if allowed is None:
            if tag not in VOID:
                return False
        elif len(element):
            for child in element:
                if child.tag not in allowed:
                    return False
            if tag in NO_HEADING and any(child.tag not in LINE for child in element):
                return False
        if tag in _WATCHED and not _is_sound(element):
            return False
    return not has_bare_line(tree)


def _is_sound(element: Element) -> bool:
    """Say whether an element that has more to it than its children's names is as it should be."""
    match element.tag:
        case "a":
            return element.find(".//a") is None
        case "section":
            return element.get("role") is not None or element.get("data-role") == "footnotes"
        case "header" | "footer":
            return element.get("data-role") == "running"
        case _:
            return is_settled(element)


def has_bare_line(tree: Element) -> bool:
    """Say whether text or phrasing stands bare in the article, or a paragraph shows nothing."""
    return bool((tree.text or "").strip()) or any(
        child.tag in LINE or (child.tail or "").strip() or (child.tag == "p" and is_empty(child))
        for child in tree
    )


def is_settled(element: Element) -> bool:
    """Say quickly of nearly every element that its content is as it should be."""
    tag = element.tag
    allowed = CHILDREN.get(tag)
    if allowed is None:
        return not len(element)
    if any(child.tag not in allowed for child in element):
        return False
    if tag in WITHOUT_TEXT:
        if (element.text or "").strip() or any((child.tail or "").strip() for child in element):
            return False
        return tag != "dl" or not len(element) or (element[0].tag == "dt" and element[-1].tag == "dd")
    return tag != "figure" or _has_one_caption(element)


def _has_one_caption(figure: Element) -> bool:
    """Say whether a figure has no caption, or one that stands first or last."""
    nodes = [node for node in contents_of(figure) if not is_blank_text(node)]
    places = [at for at, node in enumerate(nodes) if not isinstance(node, str) and node.tag == "figcaption"]
    return not places or (len(places) == 1 and places[0] in (0, len(nodes) - 1))
