"""Page-break markers: where each page of the PDF begins, with its printed label.

Forms that pass Nu, axe and html-validate: a rule between blocks, a span inside a line of text. A `div` or
`span` with `aria-label` does not.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element

from batchdeck.html.model import PageTree
from batchdeck.html.trees import Node, contents_of, set_contents

ROLE = "doc-pagebreak"


def block_break(page: PageTree) -> Element:
    """Return the marker of a page that starts between blocks."""
    return Element("hr", {"role": ROLE, "id": f"page-{page.number}", "aria-label": f"Page {page.label}"})


def inline_break(page: PageTree) -> Element:
    """Return the marker of a page that starts inside a paragraph, an item or a cell."""
    return Element("span", {"role": ROLE, "id": f"page-{page.number}", "title": f"Page {page.label}"})


def mark_pages(pages: list[PageTree]) -> None:
    """Begin every page with its marker, but those that already have one inside a joined block."""
    marked = {
        element.get("id")
        for page in pages
        for element in page.tree.iter("span")
        if element.get("role") == ROLE
    }
    for page in pages:
        if f"page-{page.number}" not in marked:
            nodes: list[Node] = ["\n", block_break(page), *contents_of(page.tree)]
            set_contents(page.tree, nodes)
