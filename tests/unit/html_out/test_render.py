"""The rendered document: front matter, page breaks, and what failed pages look like."""

from __future__ import annotations

from batchdeck.html.render import render
from tests.unit.html_out.hand import assembly


def test_text_is_escaped_and_markup_is_not() -> None:
    html = render(assembly("<h1>Costs &lt; gains</h1><p>a &amp; b</p>", name="<img src=x>.pdf")).html
    assert ">Costs &lt; gains</h1>" in html
    assert "<img src=x>" not in html
    assert "&lt;img src=x&gt;.pdf" in html
