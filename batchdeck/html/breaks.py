"""Presentational markup becomes structure: bold and italic, double line breaks, lines that begin with
bullets. Ordinary line breaks (addresses, verse, cells) stay."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree.ElementTree import Element

from batchdeck.html.model import Change
from batchdeck.html.trees import (
    Node,
    append_nodes,
    bottom_up,
    contents_of,
    is_blank_text,
    move_attributes,
    new_element,
    replace_children,
)
from batchdeck.html.words import change_between, excerpt, words_of

STAGE = "breaks"

_RENAMED = {"b": "strong", "i": "em"}
_BULLET = re.compile(r"\s*([•◦▪▫‣⁃∙·*–—-])(?:[\s\u00a0]+|(?<=[•◦▪▫‣⁃∙]))(?=\S)")
"""Signs that mean nothing but "item". Ticks, boxes and circles may say what is chosen, so they stay words."""
_WEAK = frozenset("·*–—-")
"""Signs that also begin ordinary lines (dialogue, sums): a list needs three of them."""


def settle_breaks(tree: Element, page: int) -> list[Change]:
    """Make a page's presentational markup structural, in place, and return the changes."""
    changes: list[Change] = []
    for before, after in _RENAMED.items():
        found = list(tree.iter(before))
        for element in found:
            element.tag = after
        if found:
            changes.append(Change(STAGE, page, f"<{before}> is <{after}>"))
    for parent in bottom_up(tree):
        if any(child.tag == "p" for child in parent):
            _split_paragraphs(parent, page, changes)
            _gather_bullets(parent, page, changes)
    return changes


def _split_paragraphs(parent: Element, page: int, changes: list[Change]) -> None:
    def replacement(child: Element) -> list[Node] | None:
        if child.tag != "p" or child.find("br") is None:
            return None
        lines = _lines_of(child)
        before = words_of(child)
        bullets = _bullets_of(lines)
        if bullets:
            items = _list_of(lines, bullets)
            changes.append(change_between(STAGE, page, "bullet lines to list", before, words_of(items)))
            return [items]
        groups = _groups_of(lines)
        if len(groups) < 2:
            return None
        changes.append(Change(STAGE, page, "double break to paragraphs", excerpt(" ".join(before))))
        return [*_paragraphs_of(groups, child)]

    replace_children(parent, replacement)


def _paragraphs_of(groups: Sequence[Sequence[Sequence[Node]]], source: Element) -> list[Element]:
    """Return a paragraph for each group of lines; what `source` says of its edges goes to the edges."""
    paragraphs: list[Element] = []
    for group in groups:
        paragraph = new_element("p", *group[0])
        for line in group[1:]:
            append_nodes(paragraph, [Element("br"), *line])
        paragraph.attrib.update(_shared(source.attrib))
        paragraphs.append(paragraph)
    continues = source.get("data-continues", "")
    if continues in ("prev", "both"):
        paragraphs[0].set("data-continues", "prev")
    if continues in ("next", "both"):
        paragraphs[-1].set("data-continues", "next")
    move_attributes(source, paragraphs[0], ["id"])
    return paragraphs


def _shared(attributes: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in attributes.items() if name not in ("id", "data-continues")}


def _lines_of(paragraph: Element) -> list[list[Node]]:
    lines: list[list[Node]] = [[]]
    for node in contents_of(paragraph):
        if not isinstance(node, str) and node.tag == "br":
            lines.append([])
        else:
            lines[-1].append(node)
    return lines


def _is_blank_line(line: Sequence[Node]) -> bool:
    return all(is_blank_text(node) for node in line)


def _groups_of(lines: Sequence[list[Node]]) -> list[list[list[Node]]]:
    groups: list[list[list[Node]]] = [[]]
    for line in lines:
        if not _is_blank_line(line):
            groups[-1].append(line)
        elif groups[-1]:
            groups.append([])
    return [group for group in groups if group]


def _bullets_of(lines: Sequence[Sequence[Node]]) -> list[re.Match[str]]:
    """Return the bullet of every line that is not blank, or nothing unless each has the same one."""
    found: list[re.Match[str]] = []
    for line in lines:
        if _is_blank_line(line):
            continue
        match = _BULLET.match(line[0]) if isinstance(line[0], str) else None
        if match is None or (found and match[1] != found[0][1]):
            return []
        found.append(match)
    return found if len(found) >= (3 if found and found[0][1] in _WEAK else 2) else []


def _list_of(lines: Sequence[list[Node]], bullets: Sequence[re.Match[str]]) -> Element:
    items = Element("ul")
    for line, bullet in zip((line for line in lines if not _is_blank_line(line)), bullets, strict=True):
        items.append(new_element("li", bullet.string[bullet.end() :], *line[1:]))
    return items


def _gather_bullets(parent: Element, page: int, changes: list[Change]) -> None:
    """Make a list of paragraphs in a row that begin with the same bullet."""
    nodes = contents_of(parent)
    gathered: list[Element] = []
    runs: list[list[Element]] = []
    for node in nodes:
        if is_blank_text(node):
            continue
        bullet = _bullet_of(node)
        if bullet and gathered and bullet == _bullet_of(gathered[-1]):
            assert not isinstance(node, str)
            gathered.append(node)
            continue
        if len(gathered) > 1:
            runs.append(gathered)
        gathered = [node] if bullet and not isinstance(node, str) else []
    if len(gathered) > 1:
        runs.append(gathered)
    for run in runs:
        lines = [contents_of(paragraph) for paragraph in run]
        bullets = _bullets_of(lines)
        if not bullets:
            continue
        before = [word for paragraph in run for word in words_of(paragraph)]
        items = _list_of(lines, bullets)
        for item, paragraph in zip(items, run, strict=True):
            item.attrib.update(paragraph.attrib)
        members = set(run)

        def replacement(
            child: Element, members: set[Element] = members, first: Element = run[0], items: Element = items
        ) -> list[Node] | None:
            if child not in members:
                return None
            return [items] if child is first else []

        replace_children(parent, replacement)
        changes.append(change_between(STAGE, page, "bullet paragraphs to list", before, words_of(items)))


def _bullet_of(node: Node) -> str:
    if isinstance(node, str) or node.tag != "p" or not node.text:
        return ""
    match = _BULLET.match(node.text)
    return match[1] if match else ""
