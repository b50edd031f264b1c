"""The text layer of pages: their words, links and lines, and whether the words can be trusted."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PageText:
    """What the PDF itself says of one page's text. Sizes in points."""

    text: str
    trusted: bool
    """Two extractors agree, and there are enough words to judge by."""
    links: tuple[str, ...]
    """URLs of the page's link annotations, in reading order."""
    image_share: float
    """Share of the page that pictures cover, 0 to 1."""
    width: float
    height: float
    words: int
