"""Headings: at most one h1, no level skipped, none empty, and the PDF's outline heard where it matches."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from batchdeck.html.markup import HEADINGS
from batchdeck.html.model import Assembly, Change, DocumentMaterial, opened
from batchdeck.html.outline import OutlineMatcher, normalise_title
from batchdeck.html.trees import Node, contents_of, is_empty, replace_children, unwrap_child
from batchdeck.html.words import excerpt, text_of

STAGE = "headings"
_NUMBER = re.compile(r"(\d{1,3}(?:\.\d{1,3})*)\.?(?=[\s\u00a0])")
_SUFFIX = re.compile(r"\.pdf\Z", re.I)
_TITLE_PAGES = 2
"""The document's title stands on one of this many first pages, or nowhere."""
_PROMOTED_WORDS = 12


@dataclass(slots=True)
class _Heading:
    """A heading, or a bold line that the outline names. `page` is its page's place in the document, from 0,
    `at` the element's place among all of that page."""

    page: int
    at: int
    tag: str
    text: str
    level: int
    """What the page's answer says; then what the document says."""
    outline_level: int | None = None


def settle_headings(assembly: Assembly) -> None:
    """Give the document's headings the levels they have in the document, not on their page.

    The first heading is the title if it is an h1 on one of the first pages or says what the document is
    called; every other heading is below it. Without one, no h1 is left, because the template writes the
    title. Levels come from the outline where a heading's text matches a bookmark of its page, else from
    decimal numbers where the document has such a scheme, else from the answers; a level that would skip one
    is raised.
    """
    matcher = OutlineMatcher(assembly.material.outline)
    headings: list[_Heading] = []
    for position, page in enumerate(opened(assembly.pages)):
        if page.source != "answer":
            continue
        assembly.changes.extend(_drop_empty(page.tree, page.number))
        for at, element in enumerate(page.tree.iter()):
            if element.tag in HEADINGS:
                heading = _Heading(position, at, element.tag, text_of(element).strip(), int(element.tag[1]))
                heading.outline_level = matcher.level_of(page.number, heading.text)
                headings.append(heading)
            elif element.tag == "p" and (text := _bold_line(element)):
                level = matcher.level_of(page.number, text)
                if level is not None:
                    headings.append(_Heading(position, at, "p", text, level + 1, level))
    if not headings:
        return
    title = _find_title(headings, assembly.material)
    _hear_outline(headings, title)
    _hear_numbers(headings, title)
    for position, tags in _settle(assembly, headings, title).items():
        with assembly.pages[position].open() as tree:
            _rename(tree, tags)


def _drop_empty(tree: Element, page: int) -> list[Change]:
    changes: list[Change] = []

    def replacement(child: Element) -> list[Node] | None:
        if child.tag in HEADINGS and is_empty(child):
            changes.append(Change(STAGE, page, "empty heading", before=f"<{child.tag}>"))
            return [" ", *contents_of(child), " "]
        return None

    for parent in list(tree.iter()):
        if any(child.tag in HEADINGS for child in parent):
            replace_children(parent, replacement)
    return changes


def _bold_line(paragraph: Element) -> str:
    """Return the text of a paragraph that is nothing but one short run of bold words, else an empty one."""
    if len(paragraph) != 1 or paragraph[0].tag not in ("strong", "b"):
        return ""
    if (paragraph.text or "").strip() or (paragraph[0].tail or "").strip():
        return ""
    text = text_of(paragraph[0]).strip()
    return text if 0 < len(text.split()) <= _PROMOTED_WORDS else ""


def _find_title(headings: list[_Heading], material: DocumentMaterial) -> _Heading | None:
    """Return the heading that is the document's title: the first one, if it says what the PDF or its file is
    called, or if nothing shows that others stand beside it."""
    first = headings[0]
    if first.page >= _TITLE_PAGES:
        return None
    names = {normalise_title(name) for name in (material.title, _SUFFIX.sub("", material.name))}
    if normalise_title(first.text) in names - {""}:
        return first
    others = headings[1:]
    has_siblings = first.outline_level is not None and any(
        other.outline_level is not None and other.outline_level <= first.outline_level for other in others
    )
    if has_siblings or (_NUMBER.match(first.text) and any(_NUMBER.match(other.text) for other in others)):
        return None
    if first.level == 1 or all(other.level > first.level for other in others):
        return first
    return None


def _hear_outline(headings: list[_Heading], title: _Heading | None) -> None:
    """Put matched headings one below their bookmark's level, and carry the others along with the last
    matched one; answers that use h1 below the title are moved down as a whole."""
    below = [heading for heading in headings if heading is not title]
    shift = 1 if any(heading.level == 1 for heading in below) else 0
    base = 0 if title is not None and title.outline_level is not None else 1
    carried: int | None = None
    for heading in below:
        said = heading.level
        if heading.outline_level is not None:
            heading.level = max(heading.outline_level + base, 2)
            carried = heading.level - said
        else:
            heading.level = max(said + (shift if carried is None else carried), 2)


def _hear_numbers(headings: list[_Heading], title: _Heading | None) -> None:
    """Let decimal numbers decide ("2.1" is one below "2"), where some are two or more deep; the level most
    headings of the shallowest depth have is that depth's."""
    depths: dict[int, int] = {}
    for at, heading in enumerate(headings):
        match = _NUMBER.match(heading.text)
        if match and heading is not title:
            depths[at] = match[1].count(".") + 1
    if not any(depth > 1 for depth in depths.values()):
        return
    shallowest = min(depths.values())
    levels = Counter(headings[at].level for at, depth in depths.items() if depth == shallowest)
    base = max(levels.items(), key=lambda item: (item[1], -item[0]))[0] - shallowest
    for at, depth in depths.items():
        if headings[at].outline_level is None:
            headings[at].level = max(base + depth, 2)


def _settle(
    assembly: Assembly, headings: list[_Heading], title: _Heading | None
) -> dict[int, dict[int, str]]:
    """Return the tags that change, by the places of page and element, and record them."""
    tags: dict[int, dict[int, str]] = defaultdict(dict)
    open_levels = [1]
    for heading in headings:
        if heading is title:
            level = 1
            open_levels = [1]
        else:
            while len(open_levels) > 1 and open_levels[-1] >= heading.level:
                open_levels.pop()
            open_levels.append(heading.level)
            level = min(len(open_levels), 6)
        before, after = heading.tag, f"h{level}"
        if before != after:
            number = assembly.pages[heading.page].number
            rule = "bold line is a heading" if before == "p" else "level"
            words = excerpt(heading.text, 80)
            assembly.changes.append(Change(STAGE, number, rule, f"<{before}> {words}", f"<{after}> {words}"))
            tags[heading.page][heading.at] = after
    return tags


def _rename(tree: Element, tags: Mapping[int, str]) -> None:
    """Give elements of a page, named by their places, other tags; a bold line's words are no longer bold."""
    elements = list(tree.iter())
    for at, tag in tags.items():
        element = elements[at]
        if element.tag == "p":
            unwrap_child(element, element[0])
        element.tag = tag
