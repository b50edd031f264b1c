"""Footnotes: marks and notes linked both ways, each page's notes gathered where the page ends."""

from __future__ import annotations

import contextlib
import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from batchdeck.html.markup import PHRASING
from batchdeck.html.model import Assembly, Change, PageTree, Review, opened
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
_MARK_TAGS = PHRASING - {"rp", "rt", "ruby", "wbr"}
"""What may hold a link: a line break, a picture, a row or a formula cannot be one."""
_UNSAFE = re.compile(r"[^A-Za-z0-9]+")
_SIGNS = str.maketrans({"*": "-star", "†": "-dagger", "‡": "-double-dagger", "§": "-section", "#": "-hash"})


_BEFORE, _NOTE, _MARK = "words-before", "note-number", "mark-number"
"""Attributes that go with a page's tree until its notes are linked: the words it had, and which note or mark
an element is."""


@dataclass(slots=True)
class _Note:
    """A note, and how many marks lead to it. `page` is 1-based."""

    page: int
    key: str
    marks: int = 0
    base: str = ""
    """What its id and those of its marks have in common, and no other note's; where marks lead to it."""


@dataclass(slots=True)
class _Mark:
    """A mark in the text. `in_link` forbids another link."""

    page: int
    key: str
    in_link: bool
    note: _Note | None = None
    at: int = 0
    """Its number among the marks of its note, from 1."""


def settle_notes(assembly: Assembly) -> None:
    """Link every mark to its note and back, in place; before pages are joined, while marks and notes of one
    page are still together.

    A mark belongs to the note of the same key on its page, else to the next one on a later page that has no
    such mark of its own (endnotes). A mark without a note stays as it is, and so does a note without a mark;
    both are flagged.
    """
    pages: list[PageTree] = []
    notes: list[_Note] = []
    marks: list[_Mark] = []
    last: Element | None = None
    with contextlib.ExitStack() as held:  # the page of the last note, which may go on overleaf
        for page in opened(page for page in assembly.pages if page.source == "answer"):
            if not any(el.get("data-note") is not None or el.tag == "section" for el in page.tree.iter()):
                continue
            pages.append(page)
            page.tree.set(_BEFORE, " ".join(words_of(page.tree)))
            _continue_last(page, last)
            gathered = _gather(assembly, page)
            for element in gathered:
                element.set(_NOTE, str(len(notes)))
                notes.append(_Note(page.number, _key_of(element)))
            if gathered:
                last = gathered[-1]
                held.close()
                held.enter_context(page.open())
            for element, in_link in _marks_of(page):
                element.set(_MARK, str(len(marks)))
                marks.append(_Mark(page.number, _key_of(element), in_link))
    _match(assembly, marks, notes)
    _name(notes)
    for page in opened(pages):
        _link_page(assembly, page, notes, marks)


def _link_page(assembly: Assembly, page: PageTree, notes: list[_Note], marks: list[_Mark]) -> None:
    """Link the notes and the marks of a page, flag the notes to which no mark leads, and record its words."""
    before = page.tree.attrib.pop(_BEFORE).split()
    elements = list(page.tree.iter())
    own = [(el, notes[int(el.attrib.pop(_NOTE))]) for el in elements if el.get(_NOTE) is not None]
    for element, note in own:
        if not note.marks:
            message = f"No mark in the text leads to the note “{excerpt(note.key, 20)}”."
            assembly.reviews.append(Review(note.page, "note", message, excerpt(text_of(element), 80)))
    for element, note in own:
        _link_note(element, note)
    for element in elements:
        number = element.attrib.pop(_MARK, None) if element.keys() else None
        if number is not None:
            _link_mark(element, marks[int(number)])
    removed, added = difference(before, words_of(page.tree))
    if removed or added:
        rule = "notes linked" if not removed else "note continued"
        assembly.changes.append(Change(STAGE, page.number, rule, removed=removed, added=added))


def _key_of(element: Element) -> str:
    return " ".join(element.get("data-note", "").split())


def _continue_last(page: PageTree, last: Element | None) -> None:
    """Append a note's end to the last note of an earlier page, which it belongs to."""
    for section in page.tree.iter("section"):
        for child in section:
            if child.get("data-continues") in ("prev", "both") and not _key_of(child) and last is not None:
                append_nodes(last, [" ", *contents_of(child)])
                remove_block(section, child)
            return


def _gather(assembly: Assembly, page: PageTree) -> list[Element]:
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

    for inner in page.tree.findall(".//section//section"):
        inner.tag = "div"  # it goes with the section around it
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
    return [element for element in section.iter() if element.tag in _NOTE_TAGS and _key_of(element)]


def _marks_of(page: PageTree) -> Iterator[tuple[Element, bool]]:
    """Yield the marks of a page, and whether no link may be put into them."""
    stack = [(page.tree, False)]
    while stack:
        element, in_link = stack.pop()
        if element.tag == "section":
            continue
        if element.tag in _MARK_TAGS and _key_of(element):
            holds_link = element.find(".//a") is not None
            yield element, in_link or holds_link or element.tag == "a"
            continue
        stack += [(child, in_link or element.tag == "a") for child in reversed(element)]


def _match(assembly: Assembly, marks: list[_Mark], notes: list[_Note]) -> None:
    marked = {(mark.key, mark.page) for mark in marks}
    own: dict[tuple[str, int], _Note] = {}
    free: dict[str, list[_Note]] = defaultdict(list)  # in page order
    for note in notes:
        own.setdefault((note.key, note.page), note)
        if (note.key, note.page) not in marked:
            free[note.key].append(note)
    for mark in marks:
        found = own.get((mark.key, mark.page))
        if found is None:
            later = free[mark.key]
            at = bisect_right(later, mark.page, key=lambda note: note.page)
            found = later[at] if at < len(later) else None
        if found is not None and not mark.in_link:
            found.marks += 1
            mark.note, mark.at = found, found.marks
        else:
            assembly.reviews.append(
                Review(mark.page, "note", f"The mark “{excerpt(mark.key, 20)}” leads to no note.")
            )


def _name(notes: list[_Note]) -> None:
    """Give each note that is linked its base: its key's where that is free. Keys that differ may come to the
    same ("α" and "β", "a" and "A"), and a note's second mark to another note's first."""
    taken: set[str] = set()
    wanted: Counter[str] = Counter()
    for note in notes:
        if note.marks:
            first = note.base = _base_of(note)
            while not taken.isdisjoint(names := [_mark_name(note, at) for at in range(1, note.marks + 1)]):
                wanted[first] += 1
                note.base = f"{first}-n{wanted[first] + 1}"
            taken.update(names)


def _base_of(note: _Note) -> str:
    return f"{note.page}-{_UNSAFE.sub('-', note.key.translate(_SIGNS)).strip('-').lower() or 'note'}"


def _mark_name(note: _Note, at: int) -> str:
    """Return the name of a note's mark, from 1: the first one has the note's own."""
    return note.base if at == 1 else f"{note.base}-{at}"


def _link_note(element: Element, note: _Note) -> None:
    """Say a note's key in front of it, and link it with its first mark."""
    text = text_of(element).lstrip()
    if not text.startswith(note.key) or text[len(note.key) : len(note.key) + 1].isalnum():
        prepend_nodes(_line_of(element), [new_element("sup", note.key), " "])
    if not note.marks:
        return
    element.set("id", f"fn-{note.base}")
    back = new_element("a", BACK, role="doc-backlink", href=f"#fnref-{note.base}")
    back.set("aria-label", f"Back to the mark {note.key} in the text")
    append_nodes(_line_of(element, last=True), [" ", back])


def _link_mark(element: Element, mark: _Mark) -> None:
    """Link a mark with its note."""
    if mark.note is None:
        return
    says = [mark.key] if is_empty(element) else contents_of(element)
    link = new_element("a", *says, role="doc-noteref")
    link.set("href", f"#fn-{mark.note.base}")
    link.set("id", f"fnref-{_mark_name(mark.note, mark.at)}")
    set_contents(element, [link])


def _line_of(element: Element, *, last: bool = False) -> Element:
    """Return where a block's line of text is: itself, or its first or last paragraph."""
    if len(element) and element[-1 if last else 0].tag == "p":
        return element[-1 if last else 0]
    return element
