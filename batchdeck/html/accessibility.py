"""The last repairs: rule by rule, each kept only when its rule then holds better and no word has changed.

The rules are those that judge the finished document; here they run on single pages, where most of them can
already be heard. What no repair settles is for a person to look at.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from xml.etree.ElementTree import Element

from batchdeck.html import grid, nesting, plain
from batchdeck.html.model import Assembly, Change, PageTree, Review, RuleFinding, opened
from batchdeck.html.rules import content, lists, tables
from batchdeck.html.rules.tree import Tree
from batchdeck.html.tables import settle_tables
from batchdeck.html.trees import contents_of, set_contents
from batchdeck.html.words import words_of

STAGE = "accessibility"

ROUNDS = 3
"""A repair may bring out another fault; after three rounds, what is left is for a person."""
_MOST_HEADERS = 200
_FAMILIES = (content.RULES, lists.RULES, tables.RULES)

Repair = Callable[[PageTree], None]


def settle_accessibility(assembly: Assembly) -> None:
    """Run the rules over every page and repair what can be repaired, in place."""
    for page in opened(assembly.pages):
        findings = check_page(page.tree)
        for _ in range(ROUNDS):
            rules = dict.fromkeys(finding.rule for finding in findings)
            kept = [rule for rule in rules if rule in _REPAIRS and _is_repaired(page, rule)]
            if not kept:
                break
            assembly.changes.extend([Change(STAGE, page.number, rule) for rule in kept])
            findings = check_page(page.tree)
        for finding in findings:
            message = f"A check does not hold ({finding.rule}): {finding.message}"
            assembly.reviews.append(Review(page.number, "accessibility", message))


def check_page(tree: Element) -> list[RuleFinding]:
    """Return what the rules on structure say of a page's tree; quickly nothing of a plain one."""
    if plain.is_plain(tree) and all(map(grid.is_plain, tree.iter("table"))):
        return []
    gathered = Tree(tree)
    return [finding for family in _FAMILIES for rule in family for finding in rule(gathered)]


def _is_repaired(page: PageTree, rule: str) -> bool:
    """Apply a rule's repair; keep it if it left fewer findings, brought no others and changed no word."""
    before = copy.deepcopy(page.tree)
    words = words_of(page.tree)
    _REPAIRS[rule](page)
    old, new = check_page(before), check_page(page.tree)
    is_better = sum(finding.rule == rule for finding in new) < sum(finding.rule == rule for finding in old)
    if is_better and len(new) < len(old) and words_of(page.tree) == words:
        return True
    set_contents(page.tree, contents_of(before))
    return False


def _renest(page: PageTree) -> None:
    nesting.settle_nesting(page.tree, page.number)


def _square(page: PageTree) -> None:
    settle_tables(page.tree, page.number)


def _plain_headless(page: PageTree) -> None:
    """Make header cells that head nothing plain cells, from the end of each table, while that helps."""
    for table in page.tree.iter("table"):
        headers = list(table.iter("th"))
        left = _headless_in(table)
        if not left or len(headers) > _MOST_HEADERS:
            continue
        for header in reversed(headers):
            header.tag = "td"
            now = _headless_in(table)
            if now < left:
                left = now
                header.attrib.pop("scope", None)
                header.attrib.pop("abbr", None)
            else:
                header.tag = "th"


def _headless_in(table: Element) -> int:
    return len(list(tables.th_has_data_cells(Tree(table), table, tables.grid_of(table))))


_REPAIRS: dict[str, Repair] = {
    **dict.fromkeys(("content-model", "list", "listitem", "definition-list", "dlitem"), _renest),
    **dict.fromkeys(("table-model", "scope-attr-valid", "td-headers-attr", "empty-table-header"), _square),
    "th-has-data-cells": _plain_headless,
}
