"""Figures: the picture cut from the page by its box, with its description.

A picture without a description is never passed off as decoration: it says so, and is flagged.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from xml.etree.ElementTree import Element

from batchdeck.html.model import Assembly, Change, PageTree, Review
from batchdeck.html.trees import Node, is_empty, new_element, replace_children
from batchdeck.html.words import difference, excerpt, text_of, words_of

STAGE = "figures"

Box = tuple[int, int, int, int]
"""x0, y0, x1, y1 in thousandths of the page, from its top left corner."""

Crop = Callable[[int, Box], bytes | None]
"""Cuts a box out of a 1-based page of the document; PNG bytes, or None where it cannot."""

FOLDER = "figures"
_NUMBERS = re.compile(r"-?\d{1,6}(?:\.\d{1,6})?")
_LEAST_SIDE = 4
"""Thousandths; a thinner box is a slip or a rule."""
_PNG = b"\x89PNG\r\n\x1a\n"
_NO_DESCRIPTION = re.compile(
    r"(?:image|img|picture|photo|figure|fig\.?|logo|graphic|chart|diagram|alt text|"
    r"\S+\.(?:png|jpe?g|gif|svg))"
    r"[\s\d.:#-]*",
    re.I,
)


class Pictures:
    """Makes the pictures of one document; keeps the files that go beside it."""

    def __init__(self, assembly: Assembly, crop: Crop | None, *, embed: bool) -> None:
        self._assembly = assembly
        self._crop = crop
        self._embed = embed
        self.files: dict[str, bytes] = {}

    def settle(self, page: PageTree) -> None:
        """Give every image of a page a picture and a description; where there is no picture to show, its
        description stands as text."""
        if page.tree.find(".//img") is None:
            return
        figures = {image: figure for figure in page.tree.iter("figure") for image in figure.iter("img")}
        before = words_of(page.tree)
        count = 0
        for parent in list(page.tree.iter()):
            shown: dict[Element, list[Node]] = {}
            for image in parent.findall("img"):
                count += 1
                shown[image] = self._shown(page, image, figures.get(image), count, parent)
            if shown:
                replace_children(parent, shown.get)
        _drop_hollow(page.tree)
        removed, added = difference(before, words_of(page.tree))
        if removed or added:
            self._assembly.changes.append(
                Change(STAGE, page.number, "figure described", removed=removed, added=added)
            )

    def _shown(
        self, page: PageTree, image: Element, figure: Element | None, count: int, parent: Element
    ) -> list[Node]:
        """Return what stands in an image's place."""
        caption = figure.find("figcaption") if figure is not None else None
        kind = _said(image, figure, "data-kind").strip().lower()
        alt = self._described(page, image, caption, is_decoration=kind == "decorative")
        source = self._source(page, _said(image, figure, "data-bbox"), count)
        if source is not None:
            address, size = source
            return [Element("img", {"src": address, "alt": alt, **size})]
        if not alt:
            return [" "]
        line: list[Node] = [new_element("em", "Figure (not shown):", lang="en"), f" {alt}"]
        return [new_element("p", *line)] if parent.tag == "figure" else [" ", *line, " "]

    def _described(
        self, page: PageTree, image: Element, caption: Element | None, *, is_decoration: bool
    ) -> str:
        """Return an image's description, and flag one that is missing or says nothing."""
        alt = " ".join(image.get("alt", "").split())
        if is_decoration and not alt:
            self._flag(page, "The answer calls a picture decoration and does not describe it.")
            return ""
        if not alt:
            says = " ".join(text_of(caption).split()) if caption is not None else ""
            self._flag(page, "A picture has no description.", says)
            return says or f"Figure, page {page.label}, no description available"
        if _NO_DESCRIPTION.fullmatch(alt):
            self._flag(page, "A picture's description says nothing.", alt)
        return alt

    def _flag(self, page: PageTree, message: str, says: str = "") -> None:
        self._assembly.reviews.append(Review(page.number, "alt_text", message, excerpt(says)))

    def _source(self, page: PageTree, said: str, count: int) -> tuple[str, dict[str, str]] | None:
        """Return an image's address and its size, or None where nothing can be cut out."""
        box = read_box(said)
        if box is None or self._crop is None:
            return None
        picture = self._crop(page.number, box)
        if picture is None or not picture.startswith(_PNG):
            return None
        size = {
            "width": str(int.from_bytes(picture[16:20])),
            "height": str(int.from_bytes(picture[20:24])),
        }
        if self._embed:
            return "data:image/png;base64," + base64.b64encode(picture).decode(), size
        name = f"{FOLDER}/page-{page.number}-{count}.png"
        self.files[name] = picture
        return name, size


def _said(image: Element, figure: Element | None, name: str) -> str:
    """Return an attribute of an image, else of its figure."""
    own = image.get(name, "")
    return own if own or figure is None else figure.get(name, "")


def read_box(said: str) -> Box | None:
    """Read four numbers in thousandths, cut to the page; None where they make no box."""
    numbers = [round(float(number)) for number in _NUMBERS.findall(said)]
    if len(numbers) != 4:
        return None
    x0, y0, x1, y1 = (min(max(number, 0), 1000) for number in numbers)
    return (x0, y0, x1, y1) if x1 - x0 >= _LEAST_SIDE and y1 - y0 >= _LEAST_SIDE else None


def _drop_hollow(tree: Element) -> None:
    """Take out figures in which nothing is left."""

    def replacement(child: Element) -> list[Node] | None:
        return [" "] if child.tag == "figure" and is_empty(child) else None

    for parent in list(tree.iter()):
        if parent.find("figure") is not None:
            replace_children(parent, replacement)
