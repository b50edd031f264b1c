"""Footnotes: marks and notes linked both ways, each page's notes gathered where the page ends."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from batchdeck.html.model import Assembly, Change, PageTree, Review
from batchdeck.html.trees import (
    Node,
    append_nodes,
    contents_of,
    is_empty,
    new_element,
    prepend_nodes,
    remove_block,
    replace_children,
    set_contents,
)
from batchdeck.html.words import difference, excerpt, text_of, words_of

STAGE = "notes"

BACK = "↩"
_NOTE_TAGS = frozenset({"p", "li", "div"})
_UNSAFE = re.compile(r"[^A-Za-z0-9]+")
_SIGNS = str.maketrans({"*": "-star", "†": "-dagger", "‡": "-double-dagger", "§": "-section", "#": "-hash"})


@dataclass(slots=True)
class _Note:
    """A note's block and the marks that lead to it."""

    page: PageTree
    element: Element
    key: str
    marks: list[_Mark] = field(default_factory=list)


@dataclass(slots=True)
class _Mark:
    """A mark in the text. `in_link` forbids another link."""

    page: PageTree
    element: Element
    key: str
    in_link: bool


def settle_notes(assembly: Assembly) -> None:
    """Link every mark to its note and back, in place; before pages are joined, while marks and notes of one
    page are still together.

    A mark belongs to the note of the same key on its page, else to the next one on a later page that has no
    such mark of its own (endnotes). A mark without a note stays as it is, and so does a note without a mark;
    both are flagged.
    """
    pages = [
        page
        for page in assembly.pages
        if page.source == "answer"
        and any(el.get("data-note") is not None or el.tag == "section" for el in page.tree.iter())
    ]
    before = {page.number: words_of(page.tree) for page in pages}
    notes: list[_Note] = []
    marks: list[_Mark] = []
    for page in pages:
        _continue_last(page, notes)
        notes += _gather(assembly, page)
        marks += _marks_of(page)
    _match(assembly, marks, notes)
    for note in notes:
        _link(note)
    for page in pages:
        removed, added = difference(before[page.number], words_of(page.tree))
        if removed or added:
            rule = "notes linked" if not removed else "note continued"
            assembly.changes.append(Change(STAGE, page.number, rule, removed=removed, added=added))


def _key_of(element: Element) -> str:
    return " ".join(element.get("data-note", "").split())


def _continue_last(page: PageTree, notes: list[_Note]) -> None:
    """Append a note's end to the note of an earlier page that it belongs to."""
    for section in page.tree.iter("section"):
        for child in section:
            if child.get("data-continues") in ("prev", "both") and not _key_of(child) and notes:
                append_nodes(notes[-1].element, [" ", *contents_of(child)])
                remove_block(section, child)
            return


def _gather(assembly: Assembly, page: PageTree) -> list[_Note]:
    """Put the notes of a page into one labelled section at its end, and return them."""
    nodes: list[Node] = []

    def taken(child: Element) -> list[Node] | None:
        if child.tag == "section":
            nodes.extend([*contents_of(child), "\n"])
        elif child.tag in ("p", "div") and _key_of(child):  # a note outside any section
            nodes.extend([child, "\n"])
        else:
            return None
        return [" "]

    is_in_place = len(page.tree) > 0 and page.tree[-1].tag == "section"
    for parent in list(page.tree.iter()):
        if parent is page.tree or parent.find("section") is not None:
            replace_children(parent, taken)
    section = new_element("section", *nodes)
    if is_empty(section):
        return []
    if not is_in_place:
        assembly.changes.append(Change(STAGE, page.number, "notes moved to the end of the page"))
    section.set("role", "doc-endnotes")
    section.set("aria-label", f"Footnotes, page {page.label}")
    append_nodes(page.tree, [section, "\n"])
    return [
        _Note(page, element, _key_of(element))
        for element in section.iter()
        if element.tag in _NOTE_TAGS and _key_of(element)
    ]


def _marks_of(page: PageTree) -> Iterator[_Mark]:
    stack = [(page.tree, False)]
    while stack:
        element, in_link = stack.pop()
        if element.tag == "section":
            continue
        if element.tag not in _NOTE_TAGS and _key_of(element):
            holds_link = element.find(".//a") is not None
            yield _Mark(page, element, _key_of(element), in_link or holds_link or element.tag == "a")
            continue
        stack += [(child, in_link or element.tag == "a") for child in reversed(element)]


def _match(assembly: Assembly, marks: list[_Mark], notes: list[_Note]) -> None:
    by_key: dict[str, list[_Note]] = defaultdict(list)
    for note in notes:
        by_key[note.key].append(note)
    marked = {(mark.key, mark.page.number) for mark in marks}
    for mark in marks:
        number = mark.page.number
        candidates = by_key[mark.key]
        found = next((note for note in candidates if note.page.number == number), None) or next(
            (
                note
                for note in candidates
                if note.page.number > number and (note.key, note.page.number) not in marked
            ),
            None,
        )
        if found is not None and not mark.in_link:
            found.marks.append(mark)
        else:
            assembly.reviews.append(
                Review(number, "note", f"The mark “{excerpt(mark.key, 20)}” leads to no note.")
            )
    for note in notes:
        if not note.marks:
            message = f"No mark in the text leads to the note “{excerpt(note.key, 20)}”."
            assembly.reviews.append(
                Review(note.page.number, "note", message, excerpt(text_of(note.element), 80))
            )


def _link(note: _Note) -> None:
    """Say a note's key in front of it, and link it with its marks."""
    base = f"{note.page.number}-{_UNSAFE.sub('-', note.key.translate(_SIGNS)).strip('-').lower() or 'note'}"
    text = text_of(note.element).lstrip()
    if not text.startswith(note.key) or text[len(note.key) : len(note.key) + 1].isalnum():
        prepend_nodes(_line_of(note.element), [new_element("sup", note.key), " "])
    if not note.marks:
        return
    note.element.set("id", f"fn-{base}")
    for at, mark in enumerate(note.marks):
        says = [note.key] if is_empty(mark.element) else contents_of(mark.element)
        link = new_element("a", *says, role="doc-noteref")
        link.set("href", f"#fn-{base}")
        link.set("id", f"fnref-{base}" if not at else f"fnref-{base}-{at + 1}")
        set_contents(mark.element, [link])
    back = new_element("a", BACK, role="doc-backlink", href=f"#fnref-{base}")
    back.set("aria-label", f"Back to the mark {note.key} in the text")
    append_nodes(_line_of(note.element, last=True), [" ", back])


def _line_of(element: Element, *, last: bool = False) -> Element:
    """Return where a block's line of text is: itself, or its first or last paragraph."""
    if len(element) and element[-1 if last else 0].tag == "p":
        return element[-1 if last else 0]
    return element
