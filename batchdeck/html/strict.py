"""A fast reader for markup that leaves no room for interpretation; everything else is html5lib's.

What it accepts, it reads exactly as html5lib does and without a syntax error (a property test holds both):
lower-case tags of the contract, every end tag written, quoted attributes, no element where a parser would
have to move, close or imply another (but `tbody`). Most answers are of this kind, and nearly everything that
comes out of the sanitiser, so most pages cost a fraction of html5lib's time.
"""

from __future__ import annotations

import re
from html import unescape
from html.entities import html5 as named_references
from sys import intern
from xml.etree.ElementTree import Element

from batchdeck.html.extract import FORBIDDEN, clean_characters
from batchdeck.html.markup import CHILDREN, TABLE_PARTS, VOID, WITHOUT_TEXT

MAX_DEPTH = 90
"""Below the depth to which the sanitiser flattens, so that what is read here needs no flattening."""

_TAG = re.compile(r"<(/?)([a-z][a-z0-9]*)((?:\s+[a-z][a-z0-9-]*(?:=(?:\"[^\"<>]*\"|'[^'<>]*'))?)*)\s*(/?)>")
_ATTRIBUTE = re.compile(r"([a-z][a-z0-9-]*)(?:=(?:\"([^\"]*)\"|'([^']*)'))?")
_AMPERSAND = re.compile(r"&(#[0-9]{1,7};|#x[0-9a-fA-F]{1,6};|[a-zA-Z][a-zA-Z0-9]*;|(?=[ \t\n]|\Z))?")

_ROOTS = frozenset({"article", "math"})
_TAGS = {tag: tag for tag in (*CHILDREN, *VOID)}
"""One string for all elements of a tag: a page has a hundred, a document a hundred thousand."""


class _NotStrict(Exception):
    """The markup leaves something to interpret."""


def read_strictly(markup: str) -> Element | None:
    """Return the tree of markup that is one `article` (or one `math`), or None where html5lib must decide.

    The tree is html5lib's, without namespaces and without white space around the root.
    """
    if "\r" in markup or clean_characters(markup) != markup:
        return None
    reader = _Reader()
    position = 0
    try:
        for match in _TAG.finditer(markup):
            start = match.start()
            if start > position:
                reader.put_text(markup[position:start])
            position = match.end()
            closing, name, attributes, slash = match.groups()
            if closing:
                if attributes or slash:
                    return None
                reader.close(name)
            else:
                if slash and name not in VOID:
                    return None
                if name == "pre" and markup.startswith("\n", position):
                    return None
                reader.open(name, attributes)
    except _NotStrict:
        return None
    if reader.stack or markup[position:].strip():
        return None
    return reader.root


class _Reader:
    """The open elements, and where the next text goes."""

    def __init__(self) -> None:
        self.root: Element | None = None
        self.stack: list[Element] = []
        self._last: Element | None = None
        """The child closed last in the innermost open element: text goes to its tail."""
        self._implied: list[int] = []
        """Depths of the stack at which a `tbody` lies that nobody wrote."""
        self._in_link = False

    def put_text(self, raw: str) -> None:
        if not self.stack:
            if raw.strip():
                raise _NotStrict
            return
        parent = self.stack[-1]
        if parent.tag in WITHOUT_TEXT and raw.strip(" \t\n"):
            raise _NotStrict
        text = _resolve(raw)
        if self._last is None:
            parent.text = text
        else:
            self._last.tail = text

    def open(self, name: str, attributes: str) -> None:
        stack = self.stack
        if not stack:
            if self.root is not None or name not in _ROOTS:
                raise _NotStrict
        else:
            if name not in CHILDREN[stack[-1].tag]:
                if name not in TABLE_PARTS or not self._close_implied():
                    raise _NotStrict
            elif name == "tr" and stack[-1].tag == "table":
                self._push(Element("tbody"))
                self._implied.append(len(stack))
            if len(stack) > MAX_DEPTH or (name == "a" and self._in_link):
                raise _NotStrict
        element = Element(_TAGS[name])
        if attributes:
            _read_attributes(attributes, element)
        if name in VOID:
            stack[-1].append(element)
            self._last = element
        else:
            self._push(element)
            if name == "a":
                self._in_link = True

    def close(self, name: str) -> None:
        if name == "table":
            self._close_implied()
        if not self.stack or self.stack[-1].tag != name:
            raise _NotStrict
        if self._implied and self._implied[-1] == len(self.stack):  # an end tag for an unwritten tbody
            raise _NotStrict
        self._last = self.stack.pop()
        if name == "a":
            self._in_link = False

    def _push(self, element: Element) -> None:
        if self.stack:
            self.stack[-1].append(element)
        else:
            self.root = element
        self.stack.append(element)
        self._last = None

    def _close_implied(self) -> bool:
        if not self._implied or self._implied[-1] != len(self.stack):
            return False
        self._implied.pop()
        self._last = self.stack.pop()
        return True


def _resolve(raw: str) -> str:
    """Return text with its character references resolved; refuse what a parser would call an error."""
    if "<" in raw:
        raise _NotStrict
    if "&" not in raw:
        return raw
    for match in _AMPERSAND.finditer(raw):
        reference = match[1]
        if reference is None:
            raise _NotStrict
        if reference.startswith("#"):
            char = unescape(match[0])
            if char in "\r\f\ufffd" or FORBIDDEN.match(char):
                raise _NotStrict
        elif reference and reference not in named_references:
            raise _NotStrict
    return unescape(raw)


def _read_attributes(source: str, element: Element) -> None:
    for match in _ATTRIBUTE.finditer(source):
        name, double, single = match.groups()
        value = double if double is not None else single or ""
        if element.get(name) is not None:
            raise _NotStrict
        element.set(intern(name), _resolve(value) if "&" in value else value)
