"""One page from its material to its tree: the stages that need no other page."""

from __future__ import annotations

from dataclasses import dataclass, field
from sys import intern
from xml.etree.ElementTree import Element

from batchdeck.domain.outcomes import Outcome
from batchdeck.domain.text import show
from batchdeck.html.breaks import settle_breaks
from batchdeck.html.extract import Answer, read_answer
from batchdeck.html.fidelity import FidelityThresholds, Grade, compare
from batchdeck.html.lists import settle_lists
from batchdeck.html.math import convert_formulas, settle_mathml
from batchdeck.html.model import Change, PageMaterial, PageTree, Review, SyntaxIssue
from batchdeck.html.nesting import settle_nesting
from batchdeck.html.parse import parse_page
from batchdeck.html.sanitise import sanitise
from batchdeck.html.sources import cause_of, layer_tree, placeholder_tree, record_source
from batchdeck.html.syntax import check_syntax
from batchdeck.html.tables import settle_tables
from batchdeck.html.words import difference, excerpt, words_of

LABEL_LENGTH = 40
"""Characters of a printed page label; real ones have fewer than ten."""

_META = ("lang", "kind", "printed-page", "starts", "ends")
"""What the stages and the templates want to know of an article's data-* attributes."""


@dataclass(slots=True)
class PageReading:
    """A page's tree and what reading it had to change or could not decide."""

    page: PageTree
    changes: list[Change] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)
    issues: list[SyntaxIssue] = field(default_factory=list)


def read_page(material: PageMaterial, thresholds: FidelityThresholds) -> PageReading:
    """Turn one page's material into a tree: its answer, else its text layer, else a placeholder."""
    answer = None if material.answer is None else read_answer(material.answer, material.number)
    if answer is not None and answer.outcome.is_good:
        return _read_good(material, answer, thresholds)
    cause = cause_of(material, answer.detail if answer is not None else "")
    tree = layer_tree(material)
    source = "placeholder" if tree is None else "text_layer"
    if tree is None:
        tree = placeholder_tree(cause)
    outcome = answer.outcome if answer is not None and material.outcome.is_good else material.outcome
    change, review = record_source(material, source, cause, words_of(tree))
    return PageReading(_page_tree(material, tree, outcome, source), [change], [review])


def _read_good(material: PageMaterial, answer: Answer, thresholds: FidelityThresholds) -> PageReading:
    number = material.number
    raw = check_syntax(answer.html, number)
    clean = sanitise(raw.markup, is_flat=True)
    tree = raw.tree if raw.tree is not None and clean == raw.markup else parse_page(clean)
    outcome = Outcome.OK_REPAIRED if raw.issues else answer.outcome
    reading = PageReading(_page_tree(material, tree, outcome, "answer"), list(answer.changes))
    reading.issues += raw.issues
    if raw.tree is None:
        removed, added = difference(raw.words, words_of(tree))
        if removed or added:
            reading.changes.append(_loss(number, removed, added))
    _settle_structure(reading)
    fidelity = compare(clean, material.layer, thresholds)
    if fidelity.grade in (Grade.WARN, Grade.FAIL):
        missing = excerpt(" … ".join(fidelity.missing))
        message = f"The answer and the PDF's own text differ: {fidelity.detail}."
        reading.reviews.append(Review(number, "fidelity", message, missing))
    return reading


def _loss(number: int, removed: tuple[str, ...], added: tuple[str, ...]) -> Change:
    return Change(
        "sanitise",
        number,
        "markup that is not kept",
        excerpt(" ".join(removed)),
        excerpt(" ".join(added)),
        removed,
        added,
    )


def _settle_structure(reading: PageReading) -> None:
    """Run the stages that repair a page's structure, each on what the one before left."""
    tree, number = reading.page.tree, reading.page.number
    reading.changes += settle_mathml(tree, number)
    reading.changes += settle_nesting(tree, number)
    reading.changes += settle_breaks(tree, number)
    reading.changes += settle_lists(tree, number)
    changes, reviews = settle_tables(tree, number)
    reading.changes += changes
    reading.reviews += reviews
    changes, reviews = convert_formulas(tree, number)
    reading.changes += changes
    reading.reviews += reviews


def _page_tree(material: PageMaterial, tree: Element, outcome: Outcome, source: str) -> PageTree:
    said = {name: tree.attrib.pop(name) for name in list(tree.attrib) if name.startswith("data-")}
    meta = {name: intern(said[f"data-{name}"]) for name in _META if f"data-{name}" in said}
    return PageTree(
        number=material.number,
        label=intern(show(material.label.strip(), LABEL_LENGTH) or str(material.number)),
        outcome=outcome,
        tree=tree,
        meta=meta,
        source=source,
        links=material.layer.links if material.layer is not None else (),
        width=material.width,
        height=material.height,
    )
