"""From a page to a request: the Messages parameters for one page, and their line of a batch body."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import msgspec

from batchdeck.domain.text import show
from batchdeck.recipes.recipe import Recipe
from batchdeck.recipes.rendering import render

_NAME_LIMIT = 200
_LABEL_LIMIT = 40
_LANGUAGE_LIMIT = 40
_LINK_LIMIT = 2_000
_LINKS_A_PAGE = 200
_LINK = re.compile(r"(?:https?://|mailto:).", re.IGNORECASE)
_URL_SAFE = "%/:=&?~#+!$,;'@()*[]"
"""What stays as it is in a link, beside letters, digits and `_.-~`."""


@dataclass(frozen=True, slots=True)
class PageContext:
    """What the request says about a page. Names, labels and links come from the file and may be hostile."""

    number: int
    """1-based page of the document."""
    page_count: int
    label: str = ""
    """The printed label ("vii"), as far as the file knows it."""
    document: str = ""
    """File name."""
    links: Sequence[str] = ()
    """Targets of the page's links, in reading order."""
    language: str = ""
    """What the file declares; empty where it does not."""


def build_params(
    recipe: Recipe,
    context: PageContext,
    pdf: bytes,
    *,
    model: str,
    max_tokens: int,
    as_image: bytes | None = None,
) -> dict[str, Any]:
    """Return the Messages parameters that ask for one page.

    The constant system part comes first and is marked for caching; the page follows, then the instruction.
    The file's bytes stay bytes: `encode_request` writes them as base64.

    Args:
        recipe: what to ask.
        context: what is said about the page.
        pdf: a PDF of the one page; ignored when `as_image` is given.
        model: the model to ask.
        max_tokens: the longest answer, thinking included.
        as_image: the page as a PNG, for PDFs that the API cannot process.

    Raises:
        ConfigError: the recipe's instruction template names something that does not exist.
    """
    if as_image is not None:
        page = {"type": "image", "source": _source("image/png", as_image)}
    else:
        page = {"type": "document", "source": _source("application/pdf", pdf)}
    values = {"page": _harmless(context), "is_image": as_image is not None}
    instruction = render(recipe.instruction, values, f"instruction of the recipe {recipe.name}")
    cache_control = {"type": "ephemeral", "ttl": str(recipe.cache_ttl)}
    return {
        "model": model,
        "max_tokens": max_tokens,
        **recipe.params_for(model),
        "system": [{"type": "text", "text": recipe.system, "cache_control": cache_control}],
        "messages": [{"role": "user", "content": [page, {"type": "text", "text": instruction}]}],
    }


def encode_request(custom_id: str, params: Mapping[str, Any]) -> bytes:
    """Return one request as compact JSON without a line break, `custom_id` first.

    Bytes become base64. A batch body is `{"requests":[`, such lines parted by `,`, and `]}`.
    """
    return msgspec.json.encode({"custom_id": custom_id, "params": params})


def _source(media_type: str, data: bytes) -> dict[str, object]:
    return {"type": "base64", "media_type": media_type, "data": data}


def _harmless(context: PageContext) -> dict[str, object]:
    """Return the context as plain values, none of which can leave its line of the instruction."""
    return {
        "number": context.number,
        "page_count": context.page_count,
        "label": show(context.label or str(context.number), _LABEL_LIMIT),
        "document": show(context.document, _NAME_LIMIT),
        "links": tuple(usable_links(context.links)),
        "language": show(context.language, _LANGUAGE_LIMIT),
    }


def usable_links(links: Sequence[str]) -> list[str]:
    """Return the web and mail addresses among a page's link targets, each once, as one word of ASCII.

    Spaces, line breaks, quotes and everything beyond ASCII are percent-encoded, so an address cannot pass
    for words of the request. Targets past the limits and of other kinds are left out.
    """
    found: dict[str, None] = {}
    for link in links:
        address = quote(link.strip(), safe=_URL_SAFE, errors="replace")
        if _LINK.match(address) and len(address) <= _LINK_LIMIT:
            found.setdefault(address)
        if len(found) == _LINKS_A_PAGE:
            break
    return list(found)
