"""Preparing page trees for the template: anchors, links that lead somewhere, wide tables that scroll.

Structure may change here, no word does. Dressing a tree twice changes nothing the second time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from batchdeck.html.contents import Heading, letters_of, spoken_text, title_of
from batchdeck.html.markup import HEADINGS
from batchdeck.html.model import Assembly, Change, PageTree, opened
from batchdeck.html.rules.tables import Grid, grid_of

STAGE = "render"
_TITLE_PAGES = 2
_NARROW = 34
"""Characters that fit the 320 CSS px of the narrowest screen WCAG 1.4.10 speaks of, at the style's sizes."""
_CELL_PADDING = 2
_LONG_FORMULA = 30
_NUMBER = re.compile(r"[-+–−(]?[$€£¥]?\s?[-+–−]?\d[\d.,'’\u00a0\u202f ]*\s?[%‰$€£¥)]*|[-–—]")
"""A number as tables print it: sign, currency, groups, share; or a dash for none."""


@dataclass(slots=True)
class Layout:
    """What the front matter needs to know of the pages."""

    headings: list[Heading] = field(default_factory=list)
    titles: list[Heading] = field(default_factory=list)
    """Those of level one."""
    breaks: set[int] = field(default_factory=set)
    """Pages whose beginning is already marked inside the text of an earlier one."""
    anchors: dict[str, int] = field(default_factory=dict)
    """The page each id stands on."""

    begun: dict[str, int] = field(default_factory=dict)
    """The page that each of the template's own page marks begins."""

    numbered: dict[str, int] = field(default_factory=dict)
    """The number from which ids of a base may be free: a page may have thousands of headings."""

    def page_of(self, anchor: str) -> int | None:
        """Return the page an id stands on, or None where it is on none."""
        return self.anchors.get(anchor) or self.begun.get(anchor)


def dress(assembly: Assembly, stem: str) -> Layout:
    """Prepare all page trees of `assembly` in place, record what that changes, and return what the front
    matter needs of them.

    `stem` is that of the export's files: picture files beside the document carry it too, so that documents
    exported into one folder keep theirs apart.
    """
    _name_pictures(assembly, stem)
    _promote_title(assembly)
    layout = Layout(begun={f"page-{page.number}": page.number for page in assembly.pages})
    for page in opened(assembly.pages):
        for element in page.tree.iter():
            identifier = element.get("id")
            if identifier:
                layout.anchors.setdefault(identifier, page.number)
                if element.get("role") == "doc-pagebreak":
                    layout.breaks.add(int(identifier.removeprefix("page-")))
            if element.tag == "pre" and element.text:
                # Browsers drop one line break here, html5lib not in table cells: none is left to drop.
                element.text = element.text.lstrip("\n")
    names: dict[str, int] = {}  # and how often each has been wanted
    for page in opened(assembly.pages):
        _unlink_lost(page, layout, assembly)
        _anchor_headings(page, layout)
        _tell_notes_apart(page, names)
        grids = {table: grid_of(table) for table in page.tree.iter("table")}
        for grid in grids.values():
            _align_numbers(grid)
        _wrap_wide(page, grids, layout, names)
    return layout


def _name_pictures(assembly: Assembly, stem: str) -> None:
    names = {name: name if name.startswith(stem) else f"{stem}-{name}" for name in assembly.figures}
    if any(name != new for name, new in names.items()):
        for page in opened(assembly.pages):
            for image in page.tree.iter("img"):
                source = image.get("src", "")
                image.set("src", names.get(source, source))
        assembly.figures = {names[name]: picture for name, picture in assembly.figures.items()}


def _promote_title(assembly: Assembly) -> None:
    """Make the first heading the h1 where it spells the title: else the template would say it twice."""
    if any(page.tree.find(".//h1") is not None for page in opened(assembly.pages)):
        return
    for page in opened(assembly.pages[:_TITLE_PAGES]):
        heading = next((element for element in page.tree.iter() if element.tag in HEADINGS), None)
        if heading is not None:
            words = spoken_text(heading)
            if words and letters_of(words) == letters_of(title_of(assembly)):
                before, heading.tag = heading.tag, "h1"
                assembly.changes.append(Change(STAGE, page.number, "heading is the title", before, words))
            return


def _anchor_headings(page: PageTree, layout: Layout) -> None:
    for heading in page.tree.iter():
        if heading.tag in HEADINGS:
            text = spoken_text(heading)
            if not text:
                continue
            identifier = heading.get("id")
            if not identifier:
                identifier = _free_id(f"section-{page.number}", layout)
                layout.anchors[identifier] = page.number
                heading.set("id", identifier)
            language = heading.get("lang") or page.meta.get("lang", "")
            found = Heading(int(heading.tag[1]), text, identifier, page.number, language)
            layout.headings.append(found)
            if found.level == 1:
                layout.titles.append(found)


def _unlink_lost(page: PageTree, layout: Layout, assembly: Assembly) -> None:
    """Make plain text of links whose place in the document is gone, with an empty heading for example."""
    for link in page.tree.iter("a"):
        href = link.get("href", "")
        if href.startswith("#") and layout.page_of(href[1:]) is None:
            link.tag = "span"
            del link.attrib["href"]
            assembly.changes.append(Change(STAGE, page.number, "link that leads nowhere", href))


def _tell_notes_apart(page: PageTree, names: dict[str, int]) -> None:
    """Give each section of notes a name of its own, also where two pages print the same number."""
    for section in page.tree.iter("section"):
        name = section.get("aria-label")
        if name is not None:
            section.set("aria-label", _free_name(name, names))


def _free_name(base: str, names: dict[str, int]) -> str:
    name = base
    while name in names:
        names[base] += 1
        name = f"{base} ({names[base]})"
    names[name] = 1
    return name


def _free_id(base: str, layout: Layout) -> str:
    number = layout.numbered.get(base, 1)
    while f"{base}-{number}" in layout.anchors:
        number += 1
    layout.numbered[base] = number + 1
    return f"{base}-{number}"


def _align_numbers(grid: Grid) -> None:
    """Mark the cells of columns that hold nothing but numbers, which are read from their end.

    Headers that lie over several columns stay as they are.
    """
    for x in range(grid.columns):
        column = [cell for y in range(grid.rows) if (cell := grid.cells.get((y, x))) is not None]
        cells = [cell for cell in column if cell.get("colspan", "1") == "1"]
        is_spanned = any(cell.tag == "td" and cell.get("colspan", "1") != "1" for cell in column)
        data = ["".join(cell.itertext()).strip() for cell in cells if cell.tag == "td"]
        filled = [text for text in data if text]
        if len(filled) > 1 and not is_spanned and all(map(_NUMBER.fullmatch, filled)):
            for cell in cells:
                cell.set("class", "number")


def _wrap_wide(page: PageTree, grids: Mapping[Element, Grid], layout: Layout, names: dict[str, int]) -> None:
    """Put tables and formulas that cannot fit a narrow screen into a box that scrolls and takes the focus.

    axe: scrollable-region-focusable (WCAG 2.1.1); landmark-unique wants each box's name to differ.
    """
    parents = [
        (parent, index, child)
        for parent in page.tree.iter()
        for index, child in enumerate(parent)
        if child.tag in ("table", "math")
    ]
    for parent, index, child in parents:
        if parent.get("tabindex") is not None or not _is_wide(child, grids):
            continue
        box = Element("div" if child.tag == "table" else "span")
        box.tail, child.tail = child.tail, None
        box.set("class", "scrolls")
        box.set("role", "region" if child.tag == "table" else "group")
        box.set("tabindex", "0")
        _name_box(box, child, page, layout, names)
        parent[index] = box
        box.append(child)


def _name_box(box: Element, child: Element, page: PageTree, layout: Layout, names: dict[str, int]) -> None:
    if child.tag == "math":
        box.set("aria-label", "Formula")
        return
    caption = child.find("caption")
    words = spoken_text(caption) if caption is not None else ""
    if caption is not None and words and words not in names:
        names[words] = 1
        if not caption.get("id"):
            caption.set("id", _free_id(f"table-{page.number}", layout))
            layout.anchors[caption.get("id", "")] = page.number
        box.set("aria-labelledby", caption.get("id", ""))
        return
    box.set("aria-label", _free_name(f"{words or 'Table'}, page {page.label}", names))


def _is_wide(element: Element, grids: Mapping[Element, Grid]) -> bool:
    if element.tag == "math":
        return element.get("display") == "block" and len("".join(element.itertext()).strip()) > _LONG_FORMULA
    return _least_width(grids[element]) > _NARROW


def _least_width(grid: Grid) -> int:
    """Return about how many characters wide a table is when every cell breaks at every space."""
    widths = [0] * grid.columns
    for (_, x), cell in grid.cells.items():
        if cell.get("colspan", "1") == "1":
            longest = max(map(len, "".join(cell.itertext()).split()), default=0)
            widths[x] = max(widths[x], longest)
    return sum(widths) + _CELL_PADDING * grid.columns
