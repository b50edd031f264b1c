"""What a document's front matter is made of: its title, its headings as contents, its list of pages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from batchdeck.html.model import Assembly, opened

_SILENT_ROLES = frozenset({"doc-noteref", "doc-pagebreak", "doc-backlink"})
_FILE_NAME = re.compile(
    r"""(?ix) ^(microsoft\ (word|powerpoint|excel)\ -\ .*|untitled[\s\d]*|.*[\\/].*\.\w{2,5}
    |\S*\.(pdf|docx?|pptx?|xlsx?|odt|odp|rtf|tex|dvi|e?ps|indd|qxd|txt|html?|pmd|fm|tiff?|jpe?g|png))$"""
)


@dataclass(frozen=True, slots=True)
class Heading:
    """One heading of the document. `page` is the 1-based page it stands on."""

    level: int
    text: str
    id: str
    page: int
    language: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the contents, with the lines under it."""

    heading: Heading
    children: tuple[Entry, ...] = ()


def spoken_text(element: Element) -> str:
    """Return an element's words on one line, without note marks and page breaks."""
    return " ".join("".join(_spoken(element)).split())


def _spoken(element: Element) -> Iterator[str]:
    if not callable(element.tag) and element.get("role") not in _SILENT_ROLES:
        if element.tag == "img":
            yield element.get("alt") or ""
        if element.tag == "br":
            yield " "
        yield element.text or ""
        for child in element:
            yield from _spoken(child)
            yield child.tail or ""


def letters_of(text: str) -> str:
    """Return what is left of a text to compare it by: letters and digits, without case."""
    return "".join(char for char in text.casefold() if char.isalnum())


def title_of(assembly: Assembly) -> str:
    """Return the document's title: the stages' choice, else the PDF's own unless it is a file name, else
    the first h1, else the file name without its suffix (WCAG 2.4.2 asks for one that describes).

    Where the first h1 has the same letters, its spelling counts: titles in PDFs often lose their quotes.
    """
    first = _first_title(assembly)
    for candidate in (assembly.title, assembly.material.title):
        title = " ".join(candidate.split())
        if title and not _FILE_NAME.match(title):
            return first if first and letters_of(first) == letters_of(title) else title
    if first:
        return first
    return re.sub(r"(?i)\.pdf$", "", assembly.material.name).strip() or "Untitled document"


def _first_title(assembly: Assembly) -> str:
    for page in opened(assembly.pages):
        for heading in page.tree.iter("h1"):
            words = spoken_text(heading)
            if words:
                return words
    return ""


def nest(headings: Sequence[Heading], depth: int) -> tuple[Entry, ...]:
    """Return headings h2 to h`depth` as a tree. The h1 is the document's title and has no line of its own."""
    rest = [heading for heading in headings if 2 <= heading.level <= depth]
    return tuple(_nested(rest))


def _nested(headings: Sequence[Heading]) -> Iterator[Entry]:
    start = 0
    while start < len(headings):
        level = headings[start].level
        stop = start + 1
        while stop < len(headings) and headings[stop].level > level:
            stop += 1
        yield Entry(headings[start], tuple(_nested(headings[start + 1 : stop])))
        start = stop


def count_entries(entries: Iterable[Entry]) -> int:
    """Return how many lines the contents have, all levels together."""
    return sum(1 + count_entries(entry.children) for entry in entries)
