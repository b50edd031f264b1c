"""Cards, progress and frames as HTML, from the templates in ``templates/notebook``; everything is escaped."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from batchdeck.domain.resources import template_root
from batchdeck.notebook.cards import Card, lines

if TYPE_CHECKING:
    import jinja2


@functools.cache
def _environment() -> jinja2.Environment:
    import jinja2

    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(template_root() / "notebook"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def fill(template: str, **values: object) -> str:
    """Return a template of this folder, filled in."""
    return _environment().get_template(f"{template}.html.jinja").render(**values)


def card_html(card: Card) -> str:
    """Return a card as HTML."""
    return fill("card", card=card)


def card_text(card: Card) -> str:
    """Return a card as text for a console."""
    return "\n".join(lines(card))
