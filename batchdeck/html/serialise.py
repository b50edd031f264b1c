"""Writing html5lib trees as HTML text, correct for voids, raw newlines, escaping and embedded MathML.

`xml.etree` writes neither `<pre>`'s swallowed newline nor MathML without a prefix, and leaves `<` bare in
attributes; html5lib's own serialiser is right but slower. The work is a loop, not a recursion, so that no
depth of nesting can exhaust the stack.
"""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element

from batchdeck.html.markup import names

MATHML = "{http://www.w3.org/1998/Math/MathML}"
SVG = "{http://www.w3.org/2000/svg}"

VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"]
)
"""Elements without an end tag (HTML Standard, void elements)."""

_SWALLOWS_NEWLINE = frozenset({"pre", "textarea", "listing"})
_TEXT = re.compile(r"[&<>]")
_ATTRIBUTE = re.compile(r'[&<>"\n\t]')
_TEXT_TABLE = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_ATTRIBUTE_TABLE = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\n": "&#10;", "\t": "&#9;"}
)


def local_name(tag: str) -> str:
    """Return a tag without its namespace."""
    return tag.rpartition("}")[2] if tag[0] == "{" else tag


def escape_text(text: str) -> str:
    """Return `text` as it stands between tags."""
    return text.translate(_TEXT_TABLE) if _TEXT.search(text) else text


def escape_attribute(value: str) -> str:
    """Return `value` as it stands between double quotes."""
    return value.translate(_ATTRIBUTE_TABLE) if _ATTRIBUTE.search(value) else value


def serialise(element: Element) -> str:
    """Return `element` with its start and end tags, without its tail."""
    out: list[str] = []
    _write([element], out)
    return "".join(out)


def serialise_children(element: Element) -> str:
    """Return what lies between the start and the end tag of `element`."""
    out = [escape_text(element.text)] if element.text else []
    stack: list[Element | str] = []
    for child in reversed(element):
        if child.tail:
            stack.append(escape_text(child.tail))
        stack.append(child)
    _write(stack, out)
    return "".join(out)


def _write(stack: list[Element | str], out: list[str]) -> None:
    """Write a stack of elements (top first) and of text that is ready to go out."""
    pop, push, put = stack.pop, stack.append, out.append
    while stack:
        item = pop()
        if isinstance(item, str):
            put(item)
            continue
        tag = item.tag
        if callable(tag):  # a comment or processing instruction carries no content of the page
            continue
        if tag[0] == "{":
            tag = tag.rpartition("}")[2]
        attributes = item.items()
        if attributes:
            put(f"<{tag}")
            for name, value in attributes:
                put(f' {local_name(name)}="{escape_attribute(value)}"')
            put(">")
        else:
            put(f"<{tag}>")
        if tag in VOID:
            continue
        text = item.text
        if text:
            if text[0] == "\n" and tag in _SWALLOWS_NEWLINE:
                put("\n")
            put(escape_text(text))
        push(f"</{tag}>")
        for child in reversed(item):
            tail = child.tail
            if tail:
                push(escape_text(tail))
            push(child)


_LINES = names(
    "address article aside blockquote caption dd div dl dt figcaption figure footer h1 h2 h3 h4 h5 h6 header "
    "hr li main nav ol p pre section table tr ul"
)


def lines_of(element: Element) -> str:
    """Return an element's text, blocks on lines of their own, cells parted by tabs, images by their
    alternative."""
    out: list[str] = []
    stack: list[Element | str] = [element]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            out.append(item)
            continue
        tag = item.tag
        if tag == "br":
            out.append("\n")
        elif tag == "img":
            out.append(item.get("alt") or "")
        if tag in _LINES:
            out.append("\n")
            stack.append("\n")
        elif tag in ("td", "th"):
            stack.append("\t")
        text = item.text or ""
        out.append(text if tag == "pre" else text.replace("\n", " "))
        for child in reversed(item):
            stack.append((child.tail or "").replace("\n", " "))
            stack.append(child)
    lines = (line.strip() for line in "".join(out).split("\n"))
    return "\n".join(line for line in lines if line)
