"""Small trees and documents for the tests of single stages."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from batchdeck.domain.outcomes import Outcome
from batchdeck.html.model import Assembly, DocumentMaterial, PageTree
from batchdeck.html.parse import parse_page
from batchdeck.html.serialise import serialise_children

SHA256 = "c0de" * 16


def tree(markup: str) -> Element:
    """Return the article that holds `markup`, as the parser reads it."""
    return parse_page(f"<article>{markup}</article>")


def html(element: Element) -> str:
    """Return what is inside an element, as HTML."""
    return serialise_children(element)


def page(number: int, markup: str, *, links: tuple[str, ...] = (), **meta: str) -> PageTree:
    """Return a page that holds `markup`, with the article's data-attributes."""
    named = {name.replace("_", "-"): value for name, value in meta.items()}
    return PageTree(number, str(number), Outcome.OK, tree(markup), named, links=links)


def document(*pages: PageTree | str) -> Assembly:
    """Return a document of these pages; plain markup is numbered from 1."""
    trees = [page(at, one) if isinstance(one, str) else one for at, one in enumerate(pages, 1)]
    return Assembly(DocumentMaterial("report.pdf", SHA256, len(trees)), trees)
