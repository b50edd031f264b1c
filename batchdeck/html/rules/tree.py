"""A document's tree as the rules look at it: parents, order, ids, names and line numbers, gathered once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from xml.etree.ElementTree import Element

from batchdeck.domain.text import show
from batchdeck.html.model import RuleFinding

_EXCERPT = 60
_FOREIGN_ROOTS = frozenset({"math", "svg"})


def tag_of(element: Element) -> str:
    """Return an element's tag without its namespace, in lower case as parsers give it; empty for comments."""
    tag: object = element.tag  # typeshed says str, but a comment's is a function
    if not isinstance(tag, str):
        return ""
    return tag if tag[0] != "{" else tag.rpartition("}")[2].lower()


class Tree:
    """The elements of one document below `root` (its `html` element), read-only.

    `lines` gives the line an element starts on, `pages` the page of an element and of what is inside it,
    where they are known. Elements inside MathML and SVG are kept
    apart: the rules of HTML do not hold there.
    """

    def __init__(
        self,
        root: Element,
        lines: Mapping[Element, int] | None = None,
        pages: Mapping[Element, int] | None = None,
    ) -> None:
        self.root = root
        self._lines = lines or {}
        self._pages = pages or {}
        self._parents: dict[Element, Element] = {}
        self._by_tag: dict[str, list[Element]] = {}
        self._by_attribute: dict[str, list[Element]] = {}
        self.ids: dict[str, list[Element]] = {}
        self._hidden: set[Element] = set()
        self.foreign: set[Element] = set()
        self.elements: list[Element] = []
        """HTML elements in document order, with the outermost `math` and `svg` but nothing inside them."""
        self._gather()

    def _gather(self) -> None:
        stack = [(self.root, False, False)]
        while stack:
            element, is_foreign, is_hidden = stack.pop()
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
            below = is_foreign or tag in _FOREIGN_ROOTS
            is_hidden = is_hidden or _hides(element)
            if is_hidden:
                self._hidden.add(element)
            for child in reversed(element):
                self._parents[child] = element
                stack.append((child, below, is_hidden))

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
        return self._parents.get(element)

    def ancestors(self, element: Element) -> Iterator[Element]:
        """Yield an element's ancestors, nearest first."""
        current = self._parents.get(element)
        while current is not None:
            yield current
            current = self._parents.get(current)

    def closest(self, element: Element, *tags: str) -> Element | None:
        """Return the nearest ancestor with one of these tags."""
        return next((found for found in self.ancestors(element) if tag_of(found) in tags), None)

    def by_id(self, identifier: str) -> Element | None:
        """Return the first element with that id."""
        found = self.ids.get(identifier)
        return found[0] if found else None

    def line(self, element: Element) -> int:
        """Return the 1-based line an element starts on, or 0 where it is not known."""
        return self._lines.get(element, 0)

    def finding(self, rule: str, element: Element | None, message: str) -> RuleFinding:
        """Return a finding at `element`."""
        if element is None:
            return RuleFinding(rule, message)
        around = (element, *self.ancestors(element)) if self._pages else ()
        page = next((self._pages[one] for one in around if one in self._pages), 0)
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


def _hides(element: Element) -> bool:
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
        if not tag_of(item) or (item is not element and _hides(item)):
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
