"""From a PDF's bytes to an answer: the page contract where it is asked for, and plain text otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from batchdeck.pdf.pdfium import PDFIUM, Unopenable, WrongPassword, open_pdfium
from batchdeck.sandbox.checks import unreadable
from batchdeck.sandbox.contract import CANNOT_SEE, article, scanned_figure
from batchdeck.sandbox.problems import invalid
from batchdeck.sandbox.tokens import page_tokens


@dataclass(frozen=True, slots=True)
class Transcript:
    """What the engine made of one PDF."""

    article: str
    plain: str
    tokens: int
    """Input tokens the PDF costs."""


def transcribe(
    pdf: bytes, *, number: int | None, language: str, links: Sequence[str], most: int
) -> Transcript:
    with PDFIUM:
        try:
            document = open_pdfium(pdf)
        except WrongPassword:
            raise invalid("The PDF specified is password protected.") from None
        except Unopenable:
            raise unreadable("PDF") from None
        texts, tokens = [], 0
        if len(document) > most:
            raise invalid(f"A maximum of {most} PDF pages may be provided.")
        for page in document:
            text = page.get_textpage().get_text_bounded()
            texts.append(text)
            tokens += page_tokens(len(text), *page.get_size())
        document.close()
    plain = "\n\n".join(texts)
    inner = "".join(f"<p>{escape(' '.join(t.split()))}</p>" for t in texts if t.strip())
    return Transcript(
        article(
            number or 1,
            inner or scanned_figure(CANNOT_SEE),
            {"lang": language or "en", "rotation": "0", "kind": "text", "starts": "new", "ends": "complete"},
        ),
        plain,
        tokens,
    )
