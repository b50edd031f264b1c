"""Token counts that are plausible and repeatable: estimates from sizes, since no tokenizer is at hand."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from batchdeck.sandbox.chance import fraction

BYTES_PER_TOKEN = 3.5
"""UTF-8 bytes of European prose for one token."""
_MESSAGE_OVERHEAD = 4
_REQUEST_OVERHEAD = 3
_IMAGE_PATCH = 28
_IMAGE_MOST = 4_784
"""Patches of 28 x 28 pixels, and the most an image costs. Source: the public documentation."""
_PAGE_SCALE = 1.5
"""Pixels a PDF point, when a page is looked at as an image."""
_SMALLEST_CACHED = 512
"""A shorter prefix is silently not cached. Source: the public documentation."""
_HIT_SHARE = 0.85


def text_tokens(text: str) -> int:
    """Return about how many tokens a text has."""
    return math.ceil(len(text.encode("utf-8", "surrogatepass")) / BYTES_PER_TOKEN)


def cut_to_tokens(text: str, tokens: int) -> str:
    """Return the beginning of a text that has at most `tokens` tokens, never half a character."""
    data = text.encode("utf-8", "surrogatepass")[: int(tokens * BYTES_PER_TOKEN)]
    return data.decode("utf-8", "ignore")


def image_tokens(width: float, height: float) -> int:
    """Return the tokens of an image of so many pixels."""
    patches = math.ceil(max(width, 1) / _IMAGE_PATCH) * math.ceil(max(height, 1) / _IMAGE_PATCH)
    return min(patches, _IMAGE_MOST)


def page_tokens(characters: int, width: float, height: float) -> int:
    """Return the tokens of one PDF page: its text and its look. Sizes in points."""
    return math.ceil(characters / BYTES_PER_TOKEN) + image_tokens(width * _PAGE_SCALE, height * _PAGE_SCALE)


@dataclass(frozen=True, slots=True)
class InputTokens:
    """Input tokens of one request, by where they were billed."""

    plain: int
    cache_write_5m: int = 0
    cache_write_1h: int = 0
    cache_read: int = 0

    @property
    def total(self) -> int:
        return self.plain + self.cache_write_5m + self.cache_write_1h + self.cache_read

    def usage(self, output_tokens: int, thinking_tokens: int, *, tier: str) -> dict[str, Any]:
        """Return the `usage` of an answer."""
        return {
            "input_tokens": self.plain,
            "cache_creation_input_tokens": self.cache_write_5m + self.cache_write_1h,
            "cache_read_input_tokens": self.cache_read,
            "cache_creation": {
                "ephemeral_5m_input_tokens": self.cache_write_5m,
                "ephemeral_1h_input_tokens": self.cache_write_1h,
            },
            "output_tokens": output_tokens,
            "output_tokens_details": {"thinking_tokens": thinking_tokens},
            "service_tier": tier,
            "inference_geo": "not_available",
        }


def count_input(
    params: Mapping[str, Any], attachment_tokens: int, *, is_first: bool = True, name: str = ""
) -> InputTokens:
    """Count a request's input tokens.

    Args:
        params: the request, checked.
        attachment_tokens: tokens of its PDFs and images.
        is_first: whether it opens its batch, so that nothing can be cached yet.
        name: what decides whether a later one finds the cache, which is best effort inside batches.
    """
    fixed, prefix, ttl = _fixed_part(params)
    turns = sum(_turn_tokens(message) for message in params["messages"])
    total = _REQUEST_OVERHEAD + fixed + turns + attachment_tokens
    if ttl is None or prefix < _SMALLEST_CACHED:
        return InputTokens(total)
    rest = total - prefix
    if not is_first and fraction("cache", name) < _HIT_SHARE:
        return InputTokens(rest, cache_read=prefix)
    if ttl == "1h":
        return InputTokens(rest, cache_write_1h=prefix)
    return InputTokens(rest, cache_write_5m=prefix)


def _fixed_part(params: Mapping[str, Any]) -> tuple[int, int, str | None]:
    """Return the tokens of tools and system prompt, those up to the last cache mark there, and its ttl."""
    tokens, prefix = 0, 0
    ttl: str | None = None
    system = params.get("system") or []
    if isinstance(system, str):
        system = [{"type": "text", "text": system}]
    for block in [*(params.get("tools") or []), *system]:
        tokens += text_tokens(block["text"]) if block.get("type") == "text" else text_tokens(str(block))
        mark = block.get("cache_control")
        if isinstance(mark, Mapping):
            prefix, ttl = tokens, str(mark.get("ttl") or "5m")
    return tokens, prefix, ttl


def _turn_tokens(message: Mapping[str, Any]) -> int:
    content = message["content"]
    if isinstance(content, str):
        return _MESSAGE_OVERHEAD + text_tokens(content)
    texts = (block["text"] for block in content if block["type"] == "text")
    return _MESSAGE_OVERHEAD + sum(map(text_tokens, texts))
