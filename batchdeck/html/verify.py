"""Proving an export: what was written reads back without an error as the tree that was meant, and keeps the
rules.

A whole document is never parsed at once, so that its length costs no memory. Each page's markup is read by
itself and compared with its tree: by the strict reader, which accepts nothing that html5lib would read in
another way or call an error, else by html5lib. Then the rules see the document around the pages, parsed with
a mark in place of each, and in the place of each mark, for a moment, the page's own tree. A page that reads
back equal and closed leaves the parser as it found it, so the parts prove the whole.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from xml.etree.ElementTree import Element

import html5lib

from batchdeck.html.model import PageTree, RuleFinding
from batchdeck.html.rules import check
from batchdeck.html.rules.source import syntax_findings
from batchdeck.html.serialise import local_name
from batchdeck.html.shell import read_shell
from batchdeck.html.strict import read_strictly

_SLOT = "bd-page"
_Attributes = Collection[tuple[str, str]]
_HTML_SUFFIXES = (".html", ".htm")


def is_html(name: str) -> bool:
    """Say whether a file of that name is an HTML document."""
    return name.lower().endswith(_HTML_SUFFIXES)


def slot(page: int) -> str:
    """Return the mark that stands for a page (1-based) while the document around the pages is checked."""
    return f'<{_SLOT} data-number="{page}"></{_SLOT}>'


class PageProver:
    """Reads pages back with one parser, reused."""

    def __init__(self) -> None:
        self._parser = html5lib.HTMLParser(namespaceHTMLElements=False)

    def prove(self, page: PageTree, markup: str) -> list[RuleFinding]:
        """Return what is wrong with a page's markup: syntax errors, or another tree than was meant."""
        strict = read_strictly(f"<article>{markup}</article>")
        if strict is not None and not _difference(page.tree, strict):
            return []
        fragment = self._parser.parseFragment(f"<div>{markup}</div>")
        findings = syntax_findings(self._parser.errors, page=page.number)
        is_closed = len(fragment) == 1 and not fragment[0].tail
        where = _difference(page.tree, fragment[0]) if is_closed else "the page's end"
        if where:
            message = f"The page does not read back as it was meant, from {where} on."
            findings.append(RuleFinding("round-trip", message, page=page.number))
        return findings


def _difference(meant: Element, read: Element) -> str:
    """Name the first element whose content differs, or return an empty string when there is none. The two
    outermost elements are compared by what they hold."""
    stack = [(meant, read)]
    while stack:
        one, other = stack.pop()
        name = local_name(one.tag)
        if (one.text or "") != (other.text or "") or len(one) != len(other):
            return f"“{name}”"
        for child, twin in zip(one, other, strict=True):
            if callable(child.tag) or local_name(child.tag) != local_name(twin.tag):
                return f"“{name}”"
            if (child.tail or "") != (twin.tail or "") or not _is_equal(child.items(), twin.items()):
                return f"“{local_name(child.tag)}”"
        stack.extend(zip(one, other, strict=True))
    return ""


def _is_equal(meant: _Attributes, read: _Attributes) -> bool:
    """Say whether two elements' attributes are the same, their order and namespaces apart."""
    return meant == read or dict(meant) == {local_name(name): value for name, value in read}


def check_around(shell: Iterable[str], pages: Iterable[PageTree]) -> list[RuleFinding]:
    """Check a document whose pages have been proved one by one.

    Args:
        shell: the document in pieces, with a `slot` in place of each page.
        pages: the pages that belong there.
    """
    root, findings = read_shell(shell)
    if root is None:
        return findings
    slots = {element.get("data-number"): element for element in root.iter(_SLOT)}
    places: dict[Element, PageTree] = {}
    for page in pages:
        place = slots.pop(str(page.number), None)
        if place is None:
            findings.append(RuleFinding("page-missing", "The page is not in the document.", page=page.number))
            continue
        place.tag = "div"
        place.attrib.clear()
        places[place] = page
    return findings + check(root, pages=places)
