"""Requests of a batch: the custom_id codec, parameter lint, and packing by count and by bytes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

CUSTOM_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
"""What the API accepts as a custom_id (whole match)."""

NONCE_LENGTH = 10
_SLUG_LENGTH = 24
_OURS = re.compile(r"(?=.{1,64}$)([0-9a-f]{10})-([0-9]{7,})-(?:([a-z0-9-]+)-)?p([0-9]+)")


@dataclass(frozen=True, slots=True)
class CustomId:
    """What a custom_id of ours says: the submission's nonce, the page's global index, and for the human
    reader a slug of the document's name and the page of the document."""

    nonce: str
    index: int
    slug: str
    page: int

    def __str__(self) -> str:
        head, tail = f"{self.nonce}-{self.index:07d}-", f"p{self.page}"
        slug = self.slug[: max(0, 64 - len(head) - len(tail) - 1)].strip("-")
        return f"{head}{slug}-{tail}" if slug else head + tail


def parse_custom_id(text: str) -> CustomId | None:
    """Read a custom_id that this deck may have made; None for anybody else's."""
    match = _OURS.fullmatch(text)
    if match is None:
        return None
    return CustomId(match[1], int(match[2]), match[3] or "", int(match[4]))


def slug(name: str, limit: int = _SLUG_LENGTH) -> str:
    """Return an ASCII slug of a file name: lower case, digits, single dashes, at most `limit` characters."""
    stem = name.rsplit("/", 1)[-1]
    stem = re.sub(r"\.(pdf|csv|tsv|jsonl|txt|md|html|eml)$", "", stem, flags=re.IGNORECASE)
    folded = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", folded).strip("-")[:limit].strip("-")


@dataclass(frozen=True, slots=True)
class BatchLimits:
    """What one batch may hold. Bytes are those of the body really sent.

    Source: the public API reference (100,000 requests or 256 MB a batch, 32 MB a request). "MB" is read
    as 10^6, the smaller reading.
    """

    requests: int = 100_000
    body_bytes: int = 256_000_000
    request_bytes: int = 32_000_000


BODY_PREFIX = b'{"requests":['
BODY_SUFFIX = b"]}"
BODY_SEPARATOR = b","
_FRAME_BYTES = len(BODY_PREFIX) + len(BODY_SUFFIX)


class Packer:
    """Decides, request by request, where one batch's body ends and the next begins."""

    def __init__(self, limits: BatchLimits) -> None:
        self.limits = limits
        self.count = 0
        self.bytes = _FRAME_BYTES

    def fits(self, request_bytes: int) -> bool:
        """Say whether one more request of that many encoded bytes still fits this batch."""
        separator = len(BODY_SEPARATOR) if self.count else 0
        return (
            self.count < self.limits.requests
            and self.bytes + separator + request_bytes <= self.limits.body_bytes
        )

    def add(self, request_bytes: int) -> None:
        """Count a request in. Call only after `fits` said yes."""
        self.bytes += request_bytes + (len(BODY_SEPARATOR) if self.count else 0)
        self.count += 1

    def start_next(self) -> None:
        """Begin an empty batch."""
        self.count = 0
        self.bytes = _FRAME_BYTES


def pack(sizes: Iterable[int], limits: BatchLimits) -> Iterator[int]:
    """Yield how many consecutive requests go into each batch, given their encoded sizes in bytes.

    Raises:
        ValueError: one request alone is larger than a batch or a request may be.
    """
    packer = Packer(limits)
    for size in sizes:
        if size > limits.request_bytes or size + _FRAME_BYTES > limits.body_bytes:
            raise ValueError(f"a request of {size:,} bytes fits no batch")
        if not packer.fits(size):
            yield packer.count
            packer.start_next()
        packer.add(size)
    if packer.count:
        yield packer.count


FORBIDDEN_IN_BATCHES = ("stream", "speed")
REJECTED_PARAMETERS = ("temperature", "top_p", "top_k")


@dataclass(frozen=True, slots=True)
class LintFinding:
    """One thing the API would refuse in a request's parameters. `fatal` ones are never sent."""

    parameter: str
    message: str
    fatal: bool = True


def lint_parameters(params: Mapping[str, Any]) -> list[LintFinding]:
    """Say what the API would refuse in `params` (a Messages request) when it is sent inside a batch.

    The API validates parameters only while the batch runs and the SDK passes them unchecked, so each row
    would come back errored hours later. Rules: anthropic-version 2026-10-21 refuses sampling parameters
    even at their defaults; `stream`, `speed` and `max_tokens: 0` are not allowed inside a batch.
    """
    found: list[LintFinding] = []
    for name in FORBIDDEN_IN_BATCHES:
        if name in params:
            found.append(LintFinding(name, f"“{name}” is not allowed inside a batch; remove it."))
    for name in REJECTED_PARAMETERS:
        if name in params:
            found.append(LintFinding(name, f"“{name}” is refused by this API version, even at its default."))
    if not isinstance(params.get("model"), str) or not params["model"]:
        found.append(LintFinding("model", "A model is missing."))
    if not params.get("messages"):
        found.append(LintFinding("messages", "Messages are missing."))
    tokens = params.get("max_tokens")
    if not isinstance(tokens, int) or isinstance(tokens, bool) or tokens < 1:
        found.append(LintFinding("max_tokens", "max_tokens must be a whole number from 1."))
    return found
