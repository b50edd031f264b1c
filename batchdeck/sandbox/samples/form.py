"""A form that somebody has filled in: fields with values, boxes with and without a tick."""

from __future__ import annotations

from batchdeck.sandbox.samples.fonts import Font
from batchdeck.sandbox.samples.pdf import CheckBox, Document, Page, TextField, write_document

_LEFT = 72.0
_FIELDS = (
    ("Full name", "name", "Ana Sousa"),
    ("Street and number", "street", "Mill Lane 14"),
    ("Town", "town", "Harrowmere"),
    ("Date of birth", "birth", "9 May 1987"),
    ("Telephone", "telephone", ""),
    ("Email", "email", "ana.sousa@example.org"),
)
_BOXES = (
    ("Novels and stories", "novels", True),
    ("Books for children", "children", True),
    ("Talking books", "talking", False),
    ("Braille", "braille", False),
    ("Seeds", "seeds", True),
)


def membership_form() -> bytes:
    """Return a filled in application for a library card, with real form fields."""
    page = Page()
    y = page.height - 90
    page.text(_LEFT, y, "Application for a Library Card", Font.SANS_BOLD, 20)
    y -= 26
    page.text(_LEFT, y, "Harrowmere Public Library. The card is free and valid at once.", Font.ROMAN, 11)
    y -= 40
    page.text(_LEFT, y, "About you", Font.SANS_BOLD, 14)
    for label, name, value in _FIELDS:
        y -= 30
        page.text(_LEFT, y + 4, label, Font.SANS, 10)
        page.fields.append(TextField(name, (_LEFT + 130, y - 2, _LEFT + 430, y + 15), value))
        page.line(_LEFT + 130, y - 2, _LEFT + 430, y - 2)
    y -= 48
    page.text(_LEFT, y, "What you would like to borrow", Font.SANS_BOLD, 14)
    for label, name, is_on in _BOXES:
        y -= 24
        page.fields.append(CheckBox(name, (_LEFT, y - 2, _LEFT + 12, y + 10), is_on))
        page.text(_LEFT + 22, y, label, Font.SANS, 10)
    y -= 48
    page.text(_LEFT, y, "What happens to this sheet", Font.SANS_BOLD, 14)
    for sentence in (
        "We keep your name and address for as long as you have a card, and nothing else.",
        "What you borrow is known only until you bring it back.",
    ):
        y -= 20
        page.text(_LEFT, y, sentence, Font.ROMAN, 11)
    return write_document(Document("Application for a Library Card", pages=[page]))
