"""The stages in their order: pages in, one assembled document out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from batchdeck.html.fidelity import FidelityThresholds
from batchdeck.html.figures import Crop
from batchdeck.html.headings import repair_headings
from batchdeck.html.model import Assembly, DocumentMaterial, PageMaterial
from batchdeck.html.page import read_page
from batchdeck.html.pagebreaks import mark_pages


@dataclass(frozen=True, slots=True)
class AssemblyOptions:
    """What an operator may choose about the making of a document."""

    thresholds: FidelityThresholds = field(default_factory=FidelityThresholds)


DEFAULT_OPTIONS = AssemblyOptions()


def assemble(
    material: DocumentMaterial,
    pages: Iterable[PageMaterial],
    *,
    crop: Crop | None = None,
    options: AssemblyOptions = DEFAULT_OPTIONS,
) -> Assembly:
    """Make one document of its pages.

    Args:
        material: the document's facts.
        pages: its pages in any order; each is read and let go before the next is taken, so that a generator
            keeps memory at the trees alone.
        crop: cuts a figure out of the PDF; without it, figures show their description.
        options: thresholds and choices.

    Returns:
        The pages' trees in page order, with every change made, everything a person should look at, and every
        syntax error of the answers. No answer raises: what cannot be used becomes a placeholder.
    """
    assembly = Assembly(material, [])
    for page in pages:
        reading = read_page(page, options.thresholds)
        assembly.pages.append(reading.page)
        assembly.changes += reading.changes
        assembly.reviews += reading.reviews
        assembly.issues += reading.issues
    assembly.pages.sort(key=lambda page: page.number)
    repair_headings(assembly)
    mark_pages(assembly.pages)
    return assembly
