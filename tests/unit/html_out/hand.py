"""Assemblies made by hand, as the stages before rendering leave them."""

from __future__ import annotations

from collections.abc import Mapping

from batchdeck.domain.outcomes import Outcome
from batchdeck.html.model import Assembly, DocumentMaterial, PageTree
from batchdeck.html.parse import parse_page

SHA256 = "ab12" * 16


def page(
    number: int,
    markup: str,
    *,
    label: str = "",
    source: str = "answer",
    outcome: Outcome = Outcome.OK,
    meta: Mapping[str, str] | None = None,
) -> PageTree:
    """Return a page whose article holds `markup`."""
    tree = parse_page(f"<article>{markup}</article>")
    return PageTree(number, label or str(number), outcome, tree, meta or {}, source)


def assembly(
    *pages: str | PageTree, name: str = "report.pdf", title: str = "", language: str = "en"
) -> Assembly:
    """Return a document of these pages; plain markup is numbered from 1."""
    trees = [page(at, one) if isinstance(one, str) else one for at, one in enumerate(pages, 1)]
    material = DocumentMaterial(name, SHA256, len(trees), title=title, recipe="pdf-to-html")
    return Assembly(material, trees, language=language)
