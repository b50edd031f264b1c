"""The axe rules on alternatives: images, areas, objects, graphics and frames."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from batchdeck.html.model import RuleFinding
from batchdeck.html.rules.reading import excerpt, tag_of, words_of
from batchdeck.html.rules.tree import Tree

_SILENT = frozenset({"presentation", "none"})


def _is_named(tree: Tree, element: Element) -> bool:
    if (element.get("aria-label") or "").strip() or (element.get("title") or "").strip():
        return True
    return any(
        words_of(found)
        for one in (element.get("aria-labelledby") or "").split()
        if (found := tree.by_id(one)) is not None
    )


def image_alt(tree: Tree) -> Iterator[RuleFinding]:
    """WCAG 1.1.1: every image has an alternative; an empty one says that it is decoration."""
    for image in tree.all("img"):
        alt = image.get("alt")
        if alt is None or (alt and not alt.strip()):
            if _is_named(tree, image) or (image.get("role") or "") in _SILENT or tree.is_hidden(image):
                continue
            yield tree.finding(
                "image-alt", image, f"This image has no alt: {excerpt(image.get('src') or '')}"
            )


def image_redundant_alt(tree: Tree) -> Iterator[RuleFinding]:
    """An image's alternative does not repeat the words of the link or button it is in."""
    for image in tree.all("img"):
        alt = (image.get("alt") or "").strip().lower()
        holder = tree.closest(image, "a", "button")
        if alt and holder is not None:
            beside = " ".join(words_of(holder).lower().replace(alt, "", 1).split())
            if beside == alt:
                yield tree.finding("image-redundant-alt", image, f"The alt repeats the link: {excerpt(alt)}")


def named_graphics(tree: Tree) -> Iterator[RuleFinding]:
    """WCAG 1.1.1: objects, areas, image buttons and elements with the role of an image have a name."""
    stated = (element for element in tree.with_attribute("role") if element not in tree.foreign)
    for element in dict.fromkeys((*tree.all("svg", "object", "area", "input", "iframe", "frame"), *stated)):
        tag, role = tag_of(element), (element.get("role") or "").strip().lower()
        rule = ""
        if tag == "svg" and role in ("img", "graphics-document", "graphics-symbol"):
            rule = (
                "" if any(words_of(child) for child in element if tag_of(child) == "title") else "svg-img-alt"
            )
        elif role == "img" and tag != "img":
            rule = "role-img-alt"
        elif tag == "object" and not words_of(element):
            rule = "object-alt"
        elif tag == "area" and element.get("href") is not None:
            rule = "" if (element.get("alt") or "").strip() else "area-alt"
        elif tag == "input" and (element.get("type") or "").lower() == "image":
            rule = "" if (element.get("alt") or "").strip() else "input-image-alt"
        elif tag in ("iframe", "frame"):
            rule = "frame-title"
        if rule and not _is_named(tree, element) and not tree.is_hidden(element):
            yield tree.finding(rule, element, f"This “{tag}” has no name that says what it is.")


RULES = (image_alt, image_redundant_alt, named_graphics)
