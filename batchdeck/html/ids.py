"""Ids: unique in the document. Only those that collide are renamed, and what points at them follows."""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element

from batchdeck.html.model import Assembly, Change, opened
from batchdeck.html.words import excerpt

STAGE = "ids"

_RESERVED = re.compile(r"(?:page|notice|fn|fnref|section|table|figure)-.*|content|main|top|toc")
"""Ids that the stages and the templates write themselves."""
_UNFIT = re.compile(r"[^\w.-]+")


def settle_ids(assembly: Assembly) -> None:
    """Rename the ids that answers brought along where they collide: with another page's, with one of the same
    page, or with those the stages write later. Runs before any stage writes one."""
    taken: dict[str, int] = {}
    for page in opened(assembly.pages):
        renamed: dict[str, str] = {}
        for element in page.tree.iter():
            said = element.get("id")
            if said is None:
                continue
            unique = _unique(said, page.number, taken)
            if unique != said:
                element.set("id", unique)
                assembly.changes.append(
                    Change(STAGE, page.number, "renamed", excerpt(said, 80), excerpt(unique, 80))
                )
            renamed.setdefault(said, unique)  # of two alike on a page, references mean the first
        if renamed:
            _repoint(page.tree, renamed)


def _unique(said: str, page: int, taken: dict[str, int]) -> str:
    """Return an id that is free, and take it. `taken` counts how often each has been wanted."""
    wanted = _UNFIT.sub("-", said).strip("-")[:80]
    if not wanted or wanted in taken or _RESERVED.fullmatch(wanted):
        wanted = f"p{page}-{wanted or 'id'}"
    unique = wanted
    while unique in taken:
        taken[wanted] += 1
        unique = f"{wanted}-{taken[wanted]}"
    taken[unique] = 1
    return unique


def _repoint(tree: Element, renamed: dict[str, str]) -> None:
    for element in tree.iter():
        href = element.get("href", "")
        if href.startswith("#") and href[1:] in renamed:
            element.set("href", "#" + renamed[href[1:]])
        headers = element.get("headers")
        if headers is not None:
            element.set("headers", " ".join(renamed.get(name, name) for name in headers.split()))
