"""What the rules know of a whole document while they see one part of it: its ids and names, and what came
before the part."""

from __future__ import annotations

import bisect
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from xml.etree.ElementTree import Element

from batchdeck.html.model import PageTree
from batchdeck.html.rules.reading import FOREIGN_ROOTS, tag_of, words_of

POINTERS = ("aria-labelledby", "aria-describedby", "aria-controls", "aria-owns", "aria-details",
            "aria-flowto", "aria-activedescendant", "aria-errormessage")  # fmt: skip
"""ARIA's attributes that name other elements."""
_POINTING = frozenset({*POINTERS, "for", "headers"})


class Document:
    """A document below `root` (its `html` element), of which no more than one page need be there at a time.

    `pages` are the pages whose content belongs into elements that stand empty in the tree.
    """

    def __init__(self, root: Element, pages: Mapping[Element, PageTree] | None = None) -> None:
        self.root = root
        self.pages = pages or {}
        self._by_number = {page.number: page for page in self.pages.values()}
        self._around: dict[str, Element] = {}
        self.ids: dict[str, int] = {}
        """All ids, numbered in the order of the first elements with each."""
        self._numbers: list[int] = []
        """The pages in their order."""
        self._starts: list[int] = []
        """How many ids there are before each."""
        self.names: set[str] = set()
        """Names of anchors, which links may lead to as to ids."""
        self.pointed_at: set[str] = set()
        """Ids that ARIA, labels and cells name."""
        self.labelled: set[str] = set()
        """Ids of what has a label with words."""
        self.given = 0
        """How many ids the parts so far have."""
        self.level = 0
        """Of the last heading so far."""
        self.has_heading_one = False
        self.has_way = False
        """Something leads past what repeats."""
        self.landmarks: Counter[str] = Counter()
        self.named_landmarks: set[tuple[str, str]] = set()
        self.access_keys: set[str] = set()
        self._take_in([root], 0)

    def _take_in(self, roots: Iterable[Element], number: int) -> None:
        for element, tag, is_foreign in _elements(roots):
            if element in self.pages:
                page = self.pages[element]
                self._starts.append(len(self.ids))
                self._numbers.append(page.number)
                with page.open() as tree:
                    self._take_in(tree, page.number)
            for name, value in element.items():
                if name == "id":
                    if value not in self.ids:
                        self.ids[value] = len(self.ids)
                        if not number:
                            self._around[value] = element
                elif name in _POINTING:
                    self.pointed_at.update(value.split())
                elif name == "name" and tag == "a" and not is_foreign:
                    self.names.add(value)
            if tag == "label" and not is_foreign and element.get("for") is not None and words_of(element):
                self.labelled.add(element.get("for", ""))

    def first(self, identifier: str, here: Sequence[Element], page: int) -> Element | None:
        """Return the first element with an id, given those in the part that goes on to the end of `page`."""
        place = self.ids.get(identifier)
        if place is None or identifier in self._around:
            return self._around.get(identifier)
        number = self._numbers[bisect.bisect(self._starts, place) - 1]
        if here and number == page:
            return here[0]
        with self._by_number[number].open() as tree:
            return next(element for element, *_ in _elements(tree) if element.get("id") == identifier)


def _elements(roots: Iterable[Element]) -> Iterator[tuple[Element, str, bool]]:
    """Yield elements in their order with their tag, and whether they lie inside MathML or SVG; none of a
    template's."""
    stack = [(root, False) for root in reversed(list(roots))]
    while stack:
        element, is_foreign = stack.pop()
        tag = tag_of(element)
        if not tag:
            continue
        yield element, tag, is_foreign
        if len(element) and tag != "template":
            below = is_foreign or tag in FOREIGN_ROOTS
            stack += [(child, below) for child in reversed(element)]
