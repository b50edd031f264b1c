"""Tables: one caption, header rows in thead, a scope on every header cell, rows of one width."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from xml.etree.ElementTree import Element

from batchdeck.html.grid import PARTS, cells_of, is_plain, rows_of, span_of, square_up
from batchdeck.html.model import Change, Review
from batchdeck.html.trees import (
    Node,
    append_nodes,
    contents_of,
    is_empty,
    new_element,
    replace_children,
    set_contents,
)
from batchdeck.html.words import excerpt, text_of

STAGE = "tables"

_SCOPES = frozenset({"col", "row", "colgroup", "rowgroup"})


def settle_tables(tree: Element, page: int) -> tuple[list[Change], list[Review]]:
    """Repair every table of a page, in place.

    A table without any header cell stays one: which row or column is the header cannot be known, so it is
    for a person to look at.
    """
    changes: list[Change] = []
    reviews: list[Review] = []
    for parent in list(tree.iter()):
        if any(child.tag == "table" for child in parent):
            replace_children(parent, lambda child: _replaced(child, page, changes, reviews))
    return changes, reviews


def _replaced(table: Element, page: int, changes: list[Change], reviews: list[Review]) -> list[Node] | None:
    if table.tag != "table":
        return None
    if is_plain(table):
        if table.find(".//th") is None:
            reviews.append(_headless(table, page))
        return None
    rules: list[str] = []
    _order_parts(table, rules)
    if table.find(".//tr") is None:
        changes.append(Change(STAGE, page, "table without rows"))
        return [" ", *(new_element("p", *contents_of(part)) for part in table if not is_empty(part))]
    _title_row_to_caption(table, rules)
    _header_rows_to_thead(table, rules)
    square_up(table, rules)
    _settle_headers(table, rules)
    text = excerpt(text_of(table), 80)
    changes += [Change(STAGE, page, rule, before=text) for rule in dict.fromkeys(rules)]
    if table.find(".//th") is None:
        reviews.append(_headless(table, page))
    return None


def _headless(table: Element, page: int) -> Review:
    return Review(page, "table_scope", "A table has no header cells.", excerpt(text_of(table), 80))


def _order_parts(table: Element, rules: list[str]) -> None:
    """Put caption, thead, tbodies and tfoot in this order, one of each but tbody; drop rows without cells."""
    for part in table:
        if part.tag in PARTS and any(not cells_of(row) for row in part):
            rules.append("row without cells")
            replace_children(part, lambda row: None if cells_of(row) else ())
    captions = [part for part in table if part.tag == "caption"]
    heads = [part for part in table if part.tag == "thead"]
    feet = [part for part in table if part.tag == "tfoot"]
    for extra in heads[1:] + feet[:-1]:
        extra.tag = "tbody"
    for extra in captions[1:]:
        append_nodes(captions[0], [" ", *contents_of(extra)])
    captions = [caption for caption in captions[:1] if not is_empty(caption)]
    bodies = [part for part in table if part.tag == "tbody"]
    wanted = [*captions, *heads[:1], *bodies, *feet[-1:]]
    wanted = [part for part in wanted if part.tag == "caption" or len(part)]
    if wanted != list(table):
        rules.append("order of parts")
        set_contents(table, wanted)


def _title_row_to_caption(table: Element, rules: list[str]) -> None:
    """Make a caption of a first row that is one cell over all columns, when the rest is a table of two or
    more columns and has no caption yet."""
    rows = rows_of(table)
    if table.find("caption") is not None or len(rows) < 3:
        return
    first = cells_of(rows[0])
    width = max(sum(span_of(cell) for cell in cells_of(row)) for row in rows)
    if len(first) != 1 or width < 2 or span_of(first[0]) < width or is_empty(first[0]):
        return
    if first[0].find(".//table") is not None or span_of(first[0], "rowspan") > 1:
        return
    if len(cells_of(rows[1])) < 2:
        return
    rules.append("title row to caption")
    caption = new_element("caption", *contents_of(first[0]))
    for part in table:
        if rows[0] in part:
            replace_children(part, lambda row: () if row is rows[0] else None)
    set_contents(table, [caption, *(part for part in table if len(part))])


def _header_rows_to_thead(table: Element, rules: list[str]) -> None:
    """Move leading rows that hold header cells only into thead, unless nothing would be left below."""
    body = table.find("tbody")
    if table.find("thead") is not None or body is None:
        return
    rows = list(body)
    leading = 0
    while leading < len(rows) and all(cell.tag == "th" for cell in cells_of(rows[leading])):
        leading += 1
    if not leading or leading == len(rows) or len(cells_of(rows[0])) < 2:
        return
    if any(span_of(cell, "rowspan") > leading - at for at, row in enumerate(rows[:leading]) for cell in row):
        return
    rules.append("header rows to thead")
    head = new_element("thead", *rows[:leading])
    set_contents(body, rows[leading:])
    parts: list[Node] = []
    for part in table:
        parts += [head, part] if part is body else [part]
    set_contents(table, parts)


def _settle_headers(table: Element, rules: list[str]) -> None:
    """Give header cells a scope by their place; make empty ones, and those that head nothing, plain."""
    has_data = table.find(".//td") is not None
    for part in table:
        for row in part if part.tag in PARTS else ():
            cells = cells_of(row)
            for at, cell in enumerate(cells):
                if cell.tag != "th":
                    for name in ("scope", "abbr"):
                        cell.attrib.pop(name, None)
                elif not has_data or _says_nothing(cell):
                    rules.append("empty header cell" if has_data else "header cells without data")
                    cell.tag = "td"
                    cell.attrib.pop("scope", None)
                    cell.attrib.pop("abbr", None)
                elif cell.get("scope", "").lower() in _SCOPES:
                    cell.set("scope", cell.attrib["scope"].lower())
                else:
                    cell.attrib.pop("scope", None)
                    scope = _scope_by_place(part, cells, at)
                    if scope:
                        cell.set("scope", scope)
                        rules.append("scope by place")
    _drop_dead_headers(table, rules)


def _says_nothing(cell: Element) -> bool:
    return cell.find(".//img") is None and not text_of(cell).strip()


def _scope_by_place(part: Element, cells: Sequence[Element], at: int) -> str:
    if part.tag == "thead":
        return "colgroup" if span_of(cells[at]) > 1 else "col"
    if at == 0:
        return "rowgroup" if span_of(cells[0], "rowspan") > 1 else "row"
    if all(cell.tag == "th" for cell in cells):
        return "col"
    return "row" if all(cell.tag == "th" for cell in cells[:at]) else ""


def _drop_dead_headers(table: Element, rules: list[str]) -> None:
    cells: Iterable[Element] = [cell for row in rows_of(table) for cell in cells_of(row)]
    known = {cell.get("id") for cell in cells if cell.tag == "th"}
    for cell in cells:
        named = cell.get("headers")
        if named is None:
            continue
        living = [name for name in named.split() if name in known and name != cell.get("id")]
        if living != named.split():
            rules.append("dead headers reference")
            if living:
                cell.set("headers", " ".join(living))
            else:
                del cell.attrib["headers"]
