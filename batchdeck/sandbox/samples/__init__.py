"""Sample documents: a small library's papers, made here from scratch, for trying everything out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.resources import files
from pathlib import Path

from batchdeck.sandbox.samples.compose import Design, compose
from batchdeck.sandbox.samples.form import membership_form
from batchdeck.sandbox.samples.pdf import write_document
from batchdeck.sandbox.samples.scan import scanned

_HANDBOOK = Design(size=12, leading=17, running_head="The Volunteers’ Handbook", front_matter=2)


def write_samples(folder: Path, *names: str) -> list[Path]:
    """Write sample documents into a folder and return their paths, in alphabetical order.

    The same bytes every time, except that the scan depends on the version of pdfium that renders it. One file
    is damaged beyond repair, and is meant to be.

    Args:
        folder: made when it does not exist; files of the same names are replaced.
        names: which documents, without ``.pdf``; all there are where none is named.

    Raises:
        OSError: the folder cannot be written to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name in sorted(names or _SAMPLES):
        path = folder / f"{name}.pdf"
        path.write_bytes(_SAMPLES[name]())
        paths.append(path)
    return paths


def _composed(name: str, title: str, design: Design) -> bytes:
    text = (files(__name__) / "texts" / f"{name}.txt").read_text("utf-8").replace("'", "’")
    return write_document(compose(text, title, design))


def _annual_report() -> bytes:
    return _composed("annual-report", "A Year at Harrowmere Public Library", Design())


def _damaged() -> bytes:
    """Return a file that broke off on its way: its pages are listed in the part that is missing."""
    whole = _annual_report()
    return whole[: whole.index(b"/Type /Page /Parent")][:-40]


_SAMPLES: Mapping[str, Callable[[], bytes]] = {
    "annual-report": _annual_report,
    "accounts": lambda: _composed("accounts", "Accounts of the Library, 2025", Design(size=10.5)),
    "corn-exchange-essay": lambda: _composed(
        "essay",
        "How the Corn Exchange Became a Library",
        Design(running_head="How the Corn Exchange Became a Library"),
    ),
    "damaged": _damaged,
    "handbook": lambda: _composed("handbook", "The Volunteers’ Handbook", _HANDBOOK),
    "membership-form": membership_form,
    "minutes-scan": lambda: scanned(_composed("minutes", "Minutes", Design(numbered=False))),
    "newsletter": lambda: _composed(
        "newsletter", "The Lantern, spring number", Design(size=10, leading=13.5)
    ),
}
