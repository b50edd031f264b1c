"""Pages without a usable answer: the PDF's own text layer in its place, or a placeholder with the cause."""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element

from batchdeck.domain.text import show
from batchdeck.html.extract import clean_characters
from batchdeck.html.model import Change, PageMaterial, Review
from batchdeck.html.trees import new_element
from batchdeck.html.words import EXCERPT, excerpt

STAGE = "source"

_BLANK_LINES = re.compile(r"\n[ \t]*\n\s*")
_PRINTED_HYPHEN = re.compile("[\ufffe\x02](?=\\r?\\n)")
_SENTENCE_END = (".", "!", "?", ":", "。", "！", "？", "؟")
_SHORT_LINE = 0.75
"""A line that ends a sentence and is shorter than this share of the longest ends its paragraph."""


def layer_tree(material: PageMaterial) -> Element | None:
    """Return the text layer of a page as an article of paragraphs, or None where it has no words.

    Nothing is known of headings, tables or reading order, so nothing is pretended: that the page is
    unverified is for the template to say, which knows from `PageTree.source`.
    """
    if material.layer is None:
        return None
    paragraphs = [new_element("p", text) for text in _paragraphs(material.layer.text)]
    if not paragraphs:
        return None
    return new_element("article", *paragraphs)


def _paragraphs(text: str) -> list[str]:
    text = clean_characters(_PRINTED_HYPHEN.sub("-", text))
    found: list[str] = []
    for block in _BLANK_LINES.split(text):
        lines = [line.strip() for line in block.split("\n") if line.strip()]
        if not lines:
            continue
        long_enough = max(map(len, lines)) * _SHORT_LINE
        gathered: list[str] = []
        for line in lines:
            gathered.append(line)
            if line.endswith(_SENTENCE_END) and len(line) < long_enough:
                found.append("\n".join(gathered))
                gathered = []
        if gathered:
            found.append("\n".join(gathered))
    return found


def placeholder_tree(cause: str) -> Element:
    """Return the article of a page that could not be converted; its one paragraph says why."""
    return new_element("article", new_element("p", f"Cause: {cause}", lang="en"))


def cause_of(material: PageMaterial, found: str) -> str:
    """Return why a page has no answer, fit to show: what the material says, else what reading it `found`."""
    return show(" ".join((material.detail or found or str(material.outcome)).split()), EXCERPT)


def record_source(material: PageMaterial, source: str, cause: str, words: list[str]) -> tuple[Change, Review]:
    """Return the record that a page's words come from elsewhere, and the call to look at it."""
    rule = "text layer instead of an answer" if source == "text_layer" else "placeholder instead of an answer"
    change = Change(STAGE, material.number, rule, before=excerpt(cause), added=tuple(words))
    if source == "text_layer":
        message = f"The page's text comes unverified from the PDF's text layer: {excerpt(cause)}"
        return change, Review(material.number, "unverified", message)
    return change, Review(material.number, "placeholder", f"The page is missing: {excerpt(cause)}")
