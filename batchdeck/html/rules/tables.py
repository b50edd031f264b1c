"""The axe and Nu rules on tables: headers, their cells, and a grid without holes or overlaps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from batchdeck.html.model import RuleFinding
from batchdeck.html.rules.reading import excerpt, tag_of, words_of
from batchdeck.html.rules.tree import Tree

_SCOPES = frozenset({"row", "col", "rowgroup", "colgroup"})
_MOST_COLUMNS = 1000
_CELLS = frozenset({"td", "th"})
_SECTIONS = frozenset({"thead", "tbody", "tfoot"})


@dataclass(frozen=True, slots=True)
class Grid:
    """A table's cells by place. `overlaps` are cells that claim a place twice, `clipped` those that reach
    past the end of their row group, `hollow` columns (0-based) that no cell begins in."""

    cells: dict[tuple[int, int], Element]
    rows: int
    columns: int
    overlaps: tuple[Element, ...]
    clipped: tuple[Element, ...]
    hollow: tuple[int, ...]
    short_rows: tuple[Element, ...]
    """Rows that are narrower than the table, or in which no cell begins."""


def _span(cell: Element, name: str) -> int:
    text = (cell.get(name) or "1").strip()
    return min(int(text), _MOST_COLUMNS) if text.isascii() and text.isdigit() and len(text) < 7 else 1


def _row_groups(table: Element) -> Iterator[list[Element]]:
    loose: list[Element] = []
    for child in table:
        tag = tag_of(child)
        if tag == "tr":
            loose.append(child)
        elif tag in _SECTIONS:
            if loose:
                yield loose
                loose = []
            yield [row for row in child if tag_of(row) == "tr"]
    if loose:
        yield loose


def grid_of(table: Element) -> Grid:
    """Lay a table's cells out as the HTML Standard does (4.9.12, forming a table)."""
    cells: dict[tuple[int, int], Element] = {}
    starts: set[int] = set()
    overlaps: list[Element] = []
    clipped: list[Element] = []
    top = 0
    all_rows: list[Element] = []
    for rows in _row_groups(table):
        bottom = top + len(rows)
        for y, row in enumerate(rows, top):
            x = 0
            for cell in row:
                if tag_of(cell) not in _CELLS:
                    continue
                while (y, x) in cells:
                    x += 1
                if cell.get("colspan") is None and cell.get("rowspan") is None:
                    starts.add(x)
                    cells[y, x] = cell
                    x += 1
                    continue
                width, height = max(_span(cell, "colspan"), 1), _span(cell, "rowspan") or bottom - y
                if y + height > bottom:
                    clipped.append(cell)
                    height = bottom - y
                starts.add(x)
                for place in ((b, a) for b in range(y, y + height) for a in range(x, x + width)):
                    if place in cells:
                        overlaps.append(cell)
                    else:
                        cells[place] = cell
                x += width
        top = bottom
        all_rows += rows
    columns = max((x for _, x in cells), default=-1) + 1
    filled = Counter(y for y, _ in cells)
    hollow = tuple(x for x in range(columns) if x not in starts)
    short = tuple(row for y, row in enumerate(all_rows) if filled[y] < columns)
    return Grid(cells, top, columns, tuple(overlaps), tuple(clipped), hollow, short)


def grids(tree: Tree) -> Iterator[RuleFinding]:
    """The two rules on a table's grid, which is laid out once for both."""
    for table in tree.all("table"):
        grid = grid_of(table)
        yield from table_model(tree, table, grid)
        yield from th_has_data_cells(tree, table, grid)


def table_model(tree: Tree, table: Element, grid: Grid) -> Iterator[RuleFinding]:
    """A table is a rectangle: no cell over another, none past its rows, no column without a cell (Nu)."""
    for cell in dict.fromkeys(grid.overlaps):
        yield tree.finding("table-model", cell, "This cell lies over another one.")
    for cell in grid.clipped:
        yield tree.finding("table-model", cell, "This cell's rowspan reaches past its group of rows.")
    if grid.hollow:
        column = grid.hollow[0] + 1
        yield tree.finding("table-model", table, f"No cell begins in column {column} of this table.")
    for row in grid.short_rows:
        yield tree.finding("table-model", row, f"This row does not fill the {grid.columns} columns.")


def td_headers_attr(tree: Tree) -> Iterator[RuleFinding]:
    """WCAG 1.3.1: `headers` names header cells of the same table, and not the cell itself."""
    for cell in tree.with_attribute("headers"):
        table = tree.closest(cell, "table")
        for one in (cell.get("headers") or "").split():
            target = tree.by_id(one)
            if target is None or target is cell or tag_of(target) != "th":
                yield tree.finding(
                    "td-headers-attr", cell, f"headers names “{excerpt(one)}”, no header cell."
                )
            elif tree.closest(target, "table") is not table:
                yield tree.finding(
                    "td-headers-attr", cell, f"The header “{excerpt(one)}” is in another table."
                )


def scope_attr_valid(tree: Tree) -> Iterator[RuleFinding]:
    """WCAG 1.3.1: `scope` stands on header cells and says one of its four words."""
    for cell in tree.with_attribute("scope"):
        value = (cell.get("scope") or "").strip().lower()
        if tag_of(cell) != "th":
            yield tree.finding("scope-attr-valid", cell, f"scope stands on “{tag_of(cell)}”.")
        elif value not in _SCOPES:
            yield tree.finding("scope-attr-valid", cell, f"“{excerpt(value)}” is no scope.")


def empty_table_header(tree: Tree) -> Iterator[RuleFinding]:
    """A header cell says something."""
    for cell in tree.all("th"):
        if not words_of(cell) and not tree.name(cell) and not tree.is_hidden(cell):
            yield tree.finding("empty-table-header", cell, "This header cell is empty.")


def th_has_data_cells(tree: Tree, table: Element, grid: Grid) -> Iterator[RuleFinding]:
    """WCAG 1.3.1: every header cell heads some data cell."""
    if (table.get("role") or "") in ("presentation", "none"):
        return
    headers = [cell for cell in table.iter() if tag_of(cell) == "th"]
    if not headers:
        return
    named = {one for cell in table.iter() for one in (cell.get("headers") or "").split()}
    headed = _headed(grid)
    for header in headers:
        if header not in headed and (header.get("id") or "") not in named and words_of(header):
            message = f"This header heads no data cell: {excerpt(words_of(header))}"
            yield tree.finding("th-has-data-cells", header, message)


def _headed(grid: Grid) -> set[Element]:
    """Return the header cells with a cell under them, or beside them, that is no header of the same kind."""
    rows = ([(y, x) for x in range(grid.columns)] for y in range(grid.rows))
    columns = ([(y, x) for y in range(grid.rows)] for x in range(grid.columns))
    headed: set[Element] = set()
    for way, lines in (("row", rows), ("col", columns)):
        for places in lines:
            has_cell = False
            for place in reversed(places):
                cell = grid.cells.get(place)
                if cell is None:
                    continue
                is_header = tag_of(cell) == "th" and (cell.get("scope") or way).startswith(way)
                if is_header and has_cell:
                    headed.add(cell)
                has_cell = has_cell or not is_header
    return headed


def table_duplicate_name(tree: Tree) -> Iterator[RuleFinding]:
    """A table's summary does not repeat its caption."""
    for table in tree.all("table"):
        caption = next((words_of(child) for child in table if tag_of(child) == "caption"), "")
        if caption and (table.get("summary") or "").strip().lower() == caption.lower():
            yield tree.finding(
                "table-duplicate-name", table, f"Summary and caption are one: {excerpt(caption)}"
            )


RULES = (
    grids,
    td_headers_attr,
    scope_attr_valid,
    empty_table_header,
    table_duplicate_name,
)
