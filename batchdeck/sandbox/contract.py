"""The page contract that answers keep: one article a page, with these attributes. What is inside is the
engine's work."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

CANNOT_SEE = "The offline engine of the sandbox reads text layers only and cannot see pictures"


def article(number: int, inner: str, attributes: Mapping[str, str]) -> str:
    """Return one page's article: `inner` between its tags, `data-` attributes in the order given."""
    given = "".join(f' data-{name}="{escape(value)}"' for name, value in attributes.items() if value)
    return f'<article data-bd="1" data-page="{number}"{given}>{inner}</article>'


def image_page(number: int, language: str) -> str:
    """Return the article of a page that was sent as an image."""
    return article(
        number,
        scanned_figure(f"This page was sent as an image. {CANNOT_SEE}, so its content is not transcribed."),
        {"lang": language or "und", "rotation": "0", "kind": "figure", "starts": "new", "ends": "complete"},
    )


def scanned_figure(alt: str, box: tuple[int, int, int, int] = (0, 0, 1000, 1000)) -> str:
    """Return a figure that says what it is, and that it was not read. `box` is in thousandths of the page."""
    place = " ".join(map(str, box))
    return f'<figure data-bbox="{place}" data-kind="photo"><img alt="{escape(alt)}"></figure>'
