"""A fast reader for markup that leaves no room for interpretation; everything else is html5lib's.

What it accepts, it reads exactly as html5lib does and without a syntax error (a property test holds both):
lower-case tags of the contract, every end tag written, quoted attributes, no element where a parser would
have to move, close or imply another (but `tbody`). Most answers are of this kind, and nearly everything that
comes out of the sanitiser, so most pages cost a fraction of html5lib's time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
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
    pieces = _TAG.split(markup)  # text, then by turns a tag in four pieces and text
    if pieces[-1].strip():
        return None
    try:
        return _read(zip(pieces[::5], pieces[1::5], pieces[2::5], pieces[3::5], pieces[4::5], strict=False))
    except _NotStrict:
        return None


def _read(pieces: Iterator[tuple[str, str, str, str, str]]) -> Element | None:
    """Return the tree of text and tags by turns. One loop over local names: a page has a hundred turns."""
    root: Element | None = None
    stack: list[Element] = []
    last: Element | None = None  # the child closed last in the innermost open element: text goes to its tail
    implied: list[int] = []  # depths of the stack at which a `tbody` lies that nobody wrote
    in_link = False
    opened = ""  # the element that the tag before this text has opened
    for text, closing, name, attributes, slash in pieces:
        if text:
            if not stack:
                if text.strip():
                    raise _NotStrict
            else:
                parent = stack[-1]
                if parent.tag in WITHOUT_TEXT and text.strip(" \t\n"):
                    raise _NotStrict
                if "&" in text or "<" in text:
                    text = _resolve(text)
                if opened == "pre" and text[0] == "\n":
                    raise _NotStrict
                if last is None:
                    parent.text = text
                else:
                    last.tail = text
        if closing:
            opened = ""
            if attributes or slash:
                raise _NotStrict
            if name == "table" and implied and implied[-1] == len(stack):
                implied.pop()
                stack.pop()
            # An end tag for a tbody that nobody wrote has nothing to end.
            if not stack or stack[-1].tag != name or (implied and implied[-1] == len(stack)):
                raise _NotStrict
            last = stack.pop()
            if name == "a":
                in_link = False
            continue
        if slash and name not in VOID:
            raise _NotStrict
        if not stack:
            if root is not None or name not in _ROOTS:
                raise _NotStrict
        else:
            above = stack[-1].tag
            if name not in CHILDREN[above]:
                if name not in TABLE_PARTS or not implied or implied[-1] != len(stack):
                    raise _NotStrict
                implied.pop()
                stack.pop()
            elif name == "tr" and above == "table":
                body = Element("tbody")
                stack[-1].append(body)
                stack.append(body)
                implied.append(len(stack))
            if len(stack) > MAX_DEPTH or (name == "a" and in_link):
                raise _NotStrict
        element = Element(_TAGS[name])
        if attributes:
            _read_attributes(attributes, element)
        if stack:
            stack[-1].append(element)
        else:
            root = element
        if name in VOID:
            last = element
            opened = ""
            continue
        stack.append(element)
        last = None
        opened = name
        if name == "a":
            in_link = True
    return None if stack else root


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
            number = int(reference[2:-1], 16) if reference[1] == "x" else int(reference[1:-1])
            # What it resolves to is checked too; of the C1 controls, that is what Windows had in their place.
            if (
                0x80 <= number <= 0x9F
                or (char := unescape(match[0])) in "\r\f\ufffd"
                or FORBIDDEN.match(char)
            ):
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
