"""From a PDF's bytes to an answer: the page contract where it is asked for, and plain text otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from batchdeck.sandbox.engine.inline import Words, compounds_of, link_forms
from batchdeck.sandbox.engine.layout import PageLayout, lay_out
from batchdeck.sandbox.engine.source import SourcePage, open_pages
from batchdeck.sandbox.engine.write import write_article, write_text
from batchdeck.sandbox.tokens import page_tokens


@dataclass(frozen=True, slots=True)
class Transcript:
    """What the engine made of one PDF."""

    text: str
    """The article of the page contract, or plain text where no page was named."""
    tokens: int
    """Input tokens that the PDF costs."""


def transcribe(
    pdf: bytes, *, number: int | None, language: str, links: Sequence[str], most_pages: int
) -> Transcript:
    """Transcribe a PDF.

    Args:
        pdf: the file.
        number: the page the request names, for the page contract; None for plain text. A file of several
            pages then yields their articles' contents in one.
        language: what the request says of the language, or empty.
        links: link targets that the request lists.
        most_pages: how many pages are allowed.

    Raises:
        Problem: it cannot be read, needs a password or has too many pages.
    """
    texts: list[str] = []
    tokens = 0
    with open_pages(pdf, most_pages, links) as pages:
        for page in pages:
            layout = lay_out(page)
            tokens += page_tokens(len(page.text), page.width, page.height)
            if number is None:
                texts.append(write_text(layout.blocks))
            else:
                texts.append(write_article(layout, page, number, language, _words(page, layout, links)))
    return Transcript("\n\n".join(texts) if number is None else _one_article(texts), tokens)


def _words(page: SourcePage, layout: PageLayout, links: Sequence[str]) -> Words:
    return Words(
        notes=frozenset(note.mark for note in layout.notes),
        links=link_forms(links),
        compounds=compounds_of([piece.text for piece in page.pieces]),
    )


def _one_article(articles: Sequence[str]) -> str:
    """Return the articles of several pages as one: the contract allows no more."""
    if len(articles) == 1:
        return articles[0]
    opening = articles[0][: articles[0].index(">") + 1]
    inner = (text[text.index(">") + 1 : -len("</article>")] for text in articles)
    return opening + "".join(inner) + "</article>"
