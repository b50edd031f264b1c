"""Page-break markers: where a page of the PDF begins, with its printed label.

Blocks that start a page are marked by the template, which knows the language it speaks. Here is the marker
for a page that begins inside a line of text.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element

from batchdeck.html.model import PageTree

ROLE = "doc-pagebreak"


def inline_break(page: PageTree) -> Element:
    """Return the marker of a page that starts inside a paragraph, an item or a cell.

    A `span` with `title` passes Nu, axe and html-validate; with `aria-label` it does not.
    """
    return Element("span", {"role": ROLE, "id": f"page-{page.number}", "title": f"Page {page.label}"})
