"""What a request asks: its texts, its documents and images, the page it names. No answer is made here."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_DATA_PAGE = re.compile(r'data-page="(\d{1,7})"')
_LANGUAGE = re.compile(
    r'(?:data-lang=|^- language: )["“]([A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*)["”]', re.MULTILINE
)
_LISTED_LINK = re.compile(r"^\s*\d+\. ((?:https?://|mailto:)\S+)\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A document or an image of a request, decoded."""

    kind: str
    """pdf, image or text."""
    data: bytes


@dataclass(frozen=True, slots=True)
class Prompt:
    """One request, reduced to what an answer depends on."""

    text: str
    """The texts of the user's turns, one after the other."""
    attachments: tuple[Attachment, ...]
    page: int | None
    """The page named as ``data-page="7"``; None when the request does not ask for the page contract."""
    language: str
    """The language that the request names, or empty."""
    links: tuple[str, ...] = ()
    """The link targets that the request lists, in their order."""

    @property
    def pdfs(self) -> tuple[bytes, ...]:
        return tuple(item.data for item in self.attachments if item.kind == "pdf")

    @property
    def has_images(self) -> bool:
        return any(item.kind == "image" for item in self.attachments)


def blocks(params: Mapping[str, Any], *, role: str | None = "user") -> Iterator[Mapping[str, Any]]:
    """Yield the content blocks of the messages (of one role, or of all); plain strings count as text."""
    for message in params["messages"]:
        if role is not None and message.get("role") != role:
            continue
        content = message.get("content")
        if isinstance(content, str):
            yield {"type": "text", "text": content}
        else:
            yield from content


def read_prompt(params: Mapping[str, Any]) -> Prompt:
    """Read a request's params, which have already been checked (see `batchdeck.sandbox.checks`)."""
    texts: list[str] = []
    attachments: list[Attachment] = []
    for block in blocks(params):
        source = block.get("source")
        if block["type"] == "text":
            texts.append(block["text"])
        elif isinstance(source, Mapping):
            attachments.append(_attachment(block["type"], source))
    named = [match for text in texts if (match := _DATA_PAGE.search(text))]
    languages = [match[1] for text in texts if (match := _LANGUAGE.search(text))]
    return Prompt(
        text="\n".join(texts),
        attachments=tuple(attachments),
        page=int(named[-1][1]) if named else None,
        language=languages[-1] if languages else "",
        links=tuple(link for text in texts for link in _LISTED_LINK.findall(text)),
    )


def _attachment(block_type: str, source: Mapping[str, Any]) -> Attachment:
    if source["type"] == "base64":
        kind = "pdf" if block_type == "document" else "image"
        return Attachment(kind, decode_base64(source["data"]) or b"")
    return Attachment("text", str(source.get("data", "")).encode())


def decode_base64(text: str) -> bytes | None:
    """Return what a base64 string holds, or None when it is not base64."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
