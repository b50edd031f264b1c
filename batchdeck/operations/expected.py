"""What a submission will probably take and cost, before anything is counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from batchdeck.domain.costs import Estimate, TokensPerPage, estimate_pages
from batchdeck.domain.documents import Asked, Document
from batchdeck.domain.planning import PlannedDocument, expected_bytes
from batchdeck.operations.context import Context
from batchdeck.recipes.recipe import Recipe, SourceKind

_PAGE_PROMPT_BYTES = 13_000
"""About what a request takes besides a page of a PDF."""
_FRAME_BYTES = 400
_BYTES_PER_TOKEN = 3.5
_RECORD_OUTPUT = 400
"""Tokens of a typical answer about a row or a file: a few fields, or a few sentences."""
_USUAL = TokensPerPage()
_GROWTH = 1.1
"""Bytes of a text inside JSON over its own."""


def expect_bytes(recipe: Recipe, documents: Sequence[PlannedDocument]) -> int:
    """Return about how many bytes will be sent."""
    total = 0.0
    for planned in documents:
        source = recipe.source_for(planned.document.kind)
        if source is SourceKind.PDF_PAGES:
            total += expected_bytes([planned], _PAGE_PROMPT_BYTES)
            continue
        growth = 4 / 3 if source is SourceKind.PDF_DOCUMENTS else _GROWTH
        total += planned.document.size * _share(planned) * growth
        total += len(planned.numbers) * _prompt_bytes(recipe)
    return int(total)


def expect_cost(
    context: Context,
    recipe: Recipe,
    documents: Sequence[PlannedDocument],
    model: str,
    max_tokens: int,
    *,
    batch: bool = True,
) -> Estimate:
    """Return about what the answers will cost."""
    counts: Counter[tuple[TokensPerPage, str, int]] = Counter()
    for planned in documents:
        document, pages = planned.document, len(planned.numbers)
        tokens = _tokens(recipe, document)
        for asked in document.asks or (Asked(model, max_tokens, pages),):
            count = round(asked.count * _share(planned)) if document.asks else pages
            counts[tokens, asked.model, asked.max_tokens] += count
    total = Estimate(0.0, 0.0, 0.0)
    for (tokens, asked_model, most), count in counts.items():
        price = context.prices.of(asked_model)
        total += estimate_pages(count, price, tokens, max_tokens=most, batch=batch)
    return total


def _tokens(recipe: Recipe, document: Document) -> TokensPerPage:
    usual = _USUAL
    match recipe.source_for(document.kind):
        case SourceKind.PDF_PAGES:
            return usual
        case SourceKind.PDF_DOCUMENTS:
            return TokensPerPage(usual.input * max(document.sheets, 1), _RECORD_OUTPUT * 2)
        case _:
            page = document.size / max(document.page_count, 1) + _prompt_bytes(recipe)
            return TokensPerPage(round(page / _BYTES_PER_TOKEN), _RECORD_OUTPUT)


def _prompt_bytes(recipe: Recipe) -> int:
    if recipe.source is SourceKind.REQUESTS:
        return 0
    return len(recipe.system) + len(recipe.instruction) + len(str(recipe.schema or "")) + _FRAME_BYTES


def _share(planned: PlannedDocument) -> float:
    return len(planned.numbers) / max(planned.document.page_count, 1)
