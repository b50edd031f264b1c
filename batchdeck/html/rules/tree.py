"""A document's tree as the rules look at it: parents, order, ids, names and line numbers, gathered once."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from xml.etree.ElementTree import Element

from batchdeck.html.model import RuleFinding
from batchdeck.html.rules.document import Document
from batchdeck.html.rules.reading import FOREIGN_ROOTS, hides, tag_of, words_of

_Waiting = list[tuple[Element, bool, bool]]
"""Elements yet to come, the next one last: whether they are foreign, and hidden."""


class Tree:
    """The elements of one part of a document, read-only; without further arguments, all of them.

    `lines` gives the line an element starts on, where it is known. Elements inside MathML and SVG are kept
    apart: the rules of HTML do not hold there.
    """

    def __init__(
        self,
        root: Element,
        lines: Mapping[Element, int] | None = None,
        document: Document | None = None,
        around: dict[Element, Element] | None = None,
    ) -> None:
        self.root = root
        self.document = document or Document(root)
        self.page = 0
        """The page that the part goes on to the end of, where it is one's."""
        self._lines = lines or {}
        self._around: dict[Element, Element] = {} if around is None else around
        """The parents of what is on no page and still to come, and of what that lies in."""
        self._parents: dict[Element, Element] = {}
        self._by_tag: dict[str, list[Element]] = {}
        self._by_attribute: dict[str, list[Element]] = {}
        self.ids: dict[str, list[Element]] = {}
        self._hidden: set[Element] = set()
        self.foreign: set[Element] = set()
        self.elements: list[Element] = []
        """HTML elements in document order, with the outermost `math` and `svg` but nothing inside them."""
        self.is_last = True
        """Whether no part follows: what the document lacks can be said."""
        if document is None:
            with contextlib.ExitStack() as held:
                self._gather([(root, False, False)], held)

    @classmethod
    def parts(cls, document: Document, lines: Mapping[Element, int]) -> Iterator[Tree]:
        """Yield the parts of a document in their order. Each goes on to the end of a page, the last to the
        end of all. What a page holds is in its place as long as its part is looked at, and no longer."""
        waiting: _Waiting = [(document.root, False, False)]
        around: dict[Element, Element] = {}
        while waiting:
            part = cls(document.root, lines, document, around)
            with contextlib.ExitStack() as held:
                place = part._gather(waiting, held)
                yield part
                part._hand_on(waiting)
            if place is not None:
                place.text = None
                place[:] = []

    @property
    def is_first(self) -> bool:
        """Whether the document begins here."""
        return self.elements[:1] == [self.root]

    def _gather(self, stack: _Waiting, held: contextlib.ExitStack) -> Element | None:
        """Take in the elements up to the end of the next page, which `held` keeps open. Return the place of
        that page, or None."""
        place: Element | None = None
        rest = 0
        parents, pages = self._around, self.document.pages
        while len(stack) > rest:
            element, is_foreign, is_hidden = stack.pop()
            if place is None and element in self._around:
                self._parents[element] = self._around.pop(element)
            tag = tag_of(element)
            if not tag:
                continue
            if is_foreign:
                self.foreign.add(element)
            else:
                self.elements.append(element)
                self._by_tag.setdefault(tag, []).append(element)
            for name, value in element.items():
                self._by_attribute.setdefault(name, []).append(element)
                if name == "id":
                    self.ids.setdefault(value, []).append(element)
            if tag == "template":  # its content is no part of the document until a script takes it
                continue
            below = is_foreign or tag in FOREIGN_ROOTS
            is_hidden = is_hidden or hides(element)
            if is_hidden:
                self._hidden.add(element)
            if place is None and element in pages:
                place, rest, parents = element, len(stack), self._parents
                self.page = pages[element].number
                tree = held.enter_context(pages[element].open())
                element.text = tree.text
                element[:] = list(tree)
            for child in reversed(element):
                parents[child] = element
                stack.append((child, below, is_hidden))
        self.is_last = not stack
        return place

    def _hand_on(self, waiting: _Waiting) -> None:
        """Let the next part know the ancestors of what it begins with: they are those of all that waits."""
        if waiting:
            for element in self.ancestors(waiting[-1][0]):
                parent = self.parent(element)
                if parent is not None:
                    self._around[element] = parent

    def all(self, *tags: str) -> Iterator[Element]:
        """Yield the HTML elements of these tags; of several tags, tag by tag."""
        for tag in tags:
            yield from self._by_tag.get(tag, ())

    def with_attribute(self, name: str) -> Iterator[Element]:
        """Yield the elements that carry an attribute, in document order."""
        yield from self._by_attribute.get(name, ())

    def attributes(self) -> Iterable[str]:
        """Return the names of all attributes in use."""
        return self._by_attribute

    def parent(self, element: Element) -> Element | None:
        found = self._parents.get(element)
        return self._around.get(element) if found is None else found

    def ancestors(self, element: Element) -> Iterator[Element]:
        """Yield an element's ancestors, nearest first."""
        current = self.parent(element)
        while current is not None:
            yield current
            current = self.parent(current)

    def closest(self, element: Element, *tags: str) -> Element | None:
        """Return the nearest ancestor with one of these tags."""
        return next((found for found in self.ancestors(element) if tag_of(found) in tags), None)

    def by_id(self, identifier: str) -> Element | None:
        """Return the document's first element with that id; one on another page is there to be read."""
        return self.document.first(identifier, self.ids.get(identifier, ()), self.page)

    def line(self, element: Element) -> int:
        """Return the 1-based line an element starts on, or 0 where it is not known."""
        return self._lines.get(element, 0)

    def finding(self, rule: str, element: Element | None, message: str) -> RuleFinding:
        """Return a finding at `element`."""
        if element is None:
            return RuleFinding(rule, message)
        pages = self.document.pages
        around = (element, *self.ancestors(element)) if pages else ()
        page = next((pages[one].number for one in around if one in pages), 0)
        return RuleFinding(rule, message, self.line(element), page)

    def is_hidden(self, element: Element) -> bool:
        """Say whether an element is kept from assistive technology, as far as its markup tells."""
        return element in self._hidden

    def name(self, element: Element) -> str:
        """Return an element's accessible name, as far as markup alone gives it (accname 1.2, shortened)."""
        named_by = [self.by_id(one) for one in (element.get("aria-labelledby") or "").split()]
        names = [words_of(one) for one in named_by if one is not None]
        label = " ".join(names).strip() or (element.get("aria-label") or "").strip()
        if label:
            return label
        if tag_of(element) in ("img", "area"):
            return (element.get("alt") or element.get("title") or "").strip()
        return words_of(element) or (element.get("title") or "").strip()
