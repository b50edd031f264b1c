"""The stages in their order: pages in, one assembled document out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from batchdeck.html.accessibility import settle_accessibility
from batchdeck.html.fidelity import FidelityThresholds
from batchdeck.html.figures import Crop, Pictures
from batchdeck.html.furniture import settle_furniture
from batchdeck.html.headings import settle_headings
from batchdeck.html.hyphens import Vocabulary, settle_hyphens
from batchdeck.html.ids import settle_ids
from batchdeck.html.language import settle_languages
from batchdeck.html.links import settle_links
from batchdeck.html.markup import DATA
from batchdeck.html.model import Assembly, DocumentMaterial, PageMaterial, opened
from batchdeck.html.notes import settle_notes
from batchdeck.html.page import read_page
from batchdeck.html.shelf import MOST_AT_HAND, Shelf
from batchdeck.html.stitch import stitch_pages


@dataclass(frozen=True, slots=True)
class AssemblyOptions:
    """What an operator may choose about the making of a document."""

    thresholds: FidelityThresholds = field(default_factory=FidelityThresholds)
    embed_figures: bool = True
    """Figures inside the document, as data; else as files beside it."""
    join_tables: bool = True
    """Tables that go on overleaf become one."""


_SPENT = DATA - {"data-unclear"}

DEFAULT_OPTIONS = AssemblyOptions()


def assemble(
    material: DocumentMaterial,
    pages: Iterable[PageMaterial],
    *,
    crop: Crop | None = None,
    options: AssemblyOptions = DEFAULT_OPTIONS,
    scratch: Path | None = None,
) -> Assembly:
    """Make one document of its pages.

    Args:
        material: the document's facts.
        pages: its pages in any order; each is read and let go before the next is taken, so that a generator
            keeps memory at the trees alone, and of a long document at those at work.
        crop: cuts a figure out of the PDF; without it, figures show their description.
        options: thresholds and choices.
        scratch: the folder in which a long document's trees lie meanwhile, in a file without a name; by
            default the system's, which may be memory.

    Raises:
        StorageFailed: that file cannot be written or read.

    Returns:
        The pages' trees in page order, with every change made, everything a person should look at, and every
        syntax error of the answers. No answer raises: what cannot be used becomes a placeholder.
    """
    assembly = Assembly(material, [])
    shelf: Shelf | None = None
    for page in pages:
        reading = read_page(page, options.thresholds)
        assembly.pages.append(reading.page)
        if shelf is not None:
            reading.page.put_away(shelf)
        elif len(assembly.pages) > MOST_AT_HAND:
            shelf = Shelf(scratch)
            assembly.put_away(shelf)
        assembly.changes.extend(reading.changes)
        assembly.reviews.extend(reading.reviews)
        assembly.issues.extend(reading.issues)
    assembly.pages.sort(key=lambda page: page.number)
    settle_ids(assembly)
    settle_languages(assembly)
    settle_furniture(assembly)
    _settle_figures(assembly, crop, options)
    settle_links(assembly)
    settle_notes(assembly)
    vocabulary = Vocabulary(assembly)
    settle_hyphens(assembly, vocabulary)
    settle_headings(assembly)
    stitch_pages(assembly, vocabulary, tables=options.join_tables)
    settle_accessibility(assembly)
    _drop_marks(assembly)
    return assembly


def _settle_figures(assembly: Assembly, crop: Crop | None, options: AssemblyOptions) -> None:
    pictures = Pictures(assembly, crop, embed=options.embed_figures)
    for page in opened(assembly.pages):
        pictures.settle(page)
    assembly.figures = pictures.files


def _drop_marks(assembly: Assembly) -> None:
    """Take the contract's marks off the trees: they have said what they had to say."""
    for page in opened(assembly.pages):
        for element in page.tree.iter():
            for name in _SPENT.intersection(element.keys()):
                del element.attrib[name]
