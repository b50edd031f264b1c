"""Page furniture: running heads and feet, told by the answers' label and by repetition over the pages.

The first occurrence may be the only place where a document says something, so it stays, once; page numbers
go, because the page-break markers say them. Every removal is recorded.
"""

from __future__ import annotations

import operator
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from rapidfuzz import fuzz, process

from batchdeck.html.markup import HEADINGS, names
from batchdeck.html.model import Assembly, Change, PageTree, opened
from batchdeck.html.outline import normalise_title
from batchdeck.html.trees import remove_block
from batchdeck.html.words import excerpt, text_of

STAGE = "furniture"

SHARE = 0.5
"""A line at a page's edge that nobody labelled is furniture when it stands there, letter for letter, on this
share of the pages …"""
LEAST = 6
"""… and on at least this many of them."""
LIKENESS = 90.0
"""Least likeness, of 100, of two running heads that differ by what an eye would overlook."""
_LONGEST = 12
"""Words of a line without a label that may be furniture."""
_LEAST_BLOCKS = 3
_STEADY = 3
"""Numbers that run along with the pages at one distance on this many pages are page numbers."""

_NUMBER = re.compile(r"\d{1,5}|[ivxlcdm]{1,9}|[a-z][-.]?\d{1,4}")
_DIGITS = re.compile(r"\d+")
_AROUND_NUMBERS = names("page seite p s página pagina strona стр of von de sur di z из 第 页")
_WORD = re.compile(r"[^\W_]+(?:[-.'’][^\W_]+)*")


@dataclass(slots=True)
class _Piece:
    """One block that may be furniture. `tokens` are its words, folded, without punctuation."""

    page: PageTree
    at: int
    """Its number among the blocks of its page that may be furniture."""
    text: str
    tokens: list[str]
    key: str = ""
    """Its words without the page number; empty when it says nothing else."""


class _Verdicts:
    """What becomes of the pieces: judged over all pages first, then carried out page by page."""

    def __init__(self, assembly: Assembly) -> None:
        self._assembly = assembly
        self._kept: dict[PageTree, list[int]] = defaultdict(list)
        self._removed: dict[PageTree, list[int]] = defaultdict(list)

    def keep(self, piece: _Piece) -> None:
        """Let a running head or foot stand as a plain block."""
        self._kept[piece.page].append(piece.at)

    def remove(self, piece: _Piece, rule: str) -> None:
        words = tuple(piece.text.split())
        self._assembly.changes.append(
            Change(STAGE, piece.page.number, rule, before=excerpt(piece.text), removed=words)
        )
        self._removed[piece.page].append(piece.at)

    def carry_out(self) -> None:
        """Edit the pages, which still are as they were when their pieces were found."""
        for page in opened({**self._kept, **self._removed}):
            places = _places(page)
            for at in self._kept.get(page, ()):
                places[at][1].tag = "div"
            for at in self._removed.get(page, ()):
                remove_block(*places[at])


def settle_furniture(assembly: Assembly) -> None:
    """Keep each running head and foot once, unless a heading says the same, and remove the rest."""
    pages = [page for page in assembly.pages if page.source == "answer"]
    labelled: list[_Piece] = []
    edges: list[_Piece] = []
    headings: set[str] = set()
    for page in opened(pages):
        for at, (_, element) in enumerate(_places(page)):
            piece = _piece(page, at, element)
            if element.tag != "p":
                labelled.append(piece)
            elif _may_be_furniture(piece):
                edges.append(piece)
        titles = (element for element in page.tree.iter() if element.tag in HEADINGS)
        headings.update(normalise_title(text_of(element)) for element in titles)
    steady = _steady_distances([*labelled, *edges])
    for piece in (*labelled, *edges):
        piece.key = _key_of(piece, steady)
    verdicts = _Verdicts(assembly)
    groups = _group(piece.key for piece in labelled)
    seen: set[str] = set()
    for piece in labelled:
        if not piece.key:
            verdicts.remove(piece, "page number")
        elif groups[piece.key] in seen:
            verdicts.remove(piece, "repeated running head or foot")
        elif normalise_title(piece.key) in headings:
            verdicts.remove(piece, "running head that a heading says")
        else:
            seen.update((groups[piece.key], piece.key))
            verdicts.keep(piece)
    _settle_edges(verdicts, edges, seen, len(pages))
    verdicts.carry_out()


def _places(page: PageTree) -> list[tuple[Element, Element]]:
    """Return the blocks of a page that may be furniture, each behind the element it stands in: those with a
    label, then its first and its last block where they are paragraphs, and not most of the page."""
    labelled = [
        (parent, child)
        for parent in page.tree.iter()
        for child in parent
        if child.tag in ("header", "footer")
    ]
    blocks = [child for child in page.tree if child.tag not in ("header", "footer", "section")]
    ends = (blocks[0], blocks[-1]) if len(blocks) >= _LEAST_BLOCKS else ()
    return [*labelled, *((page.tree, end) for end in ends if end.tag == "p")]


def _may_be_furniture(piece: _Piece) -> bool:
    """Say whether a line without a label is short, and no sentence."""
    is_open = not piece.text.endswith((".", "!", "?", ":", ";", ",", "。"))
    return 0 < len(piece.tokens) <= _LONGEST and is_open


def _piece(page: PageTree, at: int, element: Element) -> _Piece:
    text = " ".join(text_of(element).split())
    tokens = _WORD.findall(text.casefold())
    if not tokens and (text or element.find(".//img") is not None):
        tokens = [text or "image"]
    return _Piece(page, at, text, tokens)


def _steady_distances(pieces: Iterable[_Piece]) -> frozenset[int]:
    """Return the distances between a page's place in the file and a number at the end of its head or foot
    that hold over several pages."""
    distances: Counter[int] = Counter()
    for piece in pieces:
        ends = {token for token in (piece.tokens[:1] + piece.tokens[-1:]) if token.isdecimal()}
        distances.update({piece.page.number - int(token) for token in ends if len(token) < 6})
    return frozenset(distance for distance, count in distances.items() if count >= _STEADY)


def _key_of(piece: _Piece, steady: frozenset[int]) -> str:
    tokens = list(piece.tokens)
    says_page = [_says_page(token, piece.page, steady) for token in tokens]
    plain = [token in _AROUND_NUMBERS or token.isdecimal() for token in tokens]
    if all(map(operator.or_, plain, says_page)):
        # "Page 7 of 20" says no more than the number; "2019" is not a page number only because it is one.
        return "" if any(says_page) or not tokens else " ".join(tokens)
    if says_page[-1]:
        del tokens[-1]
    elif says_page[0]:
        del tokens[0]
    return " ".join(tokens)


def _says_page(token: str, page: PageTree, steady: frozenset[int]) -> bool:
    if not _NUMBER.fullmatch(token):
        return False
    printed = page.meta.get("printed-page", "").strip().casefold()
    if token in (printed, page.label.strip().casefold(), str(page.number)):
        return True
    return token.isdecimal() and page.number - int(token) in steady


def _group(keys: Iterable[str]) -> dict[str, str]:
    """Return for each key the key of its group: the first that is alike and has the same numbers."""
    groups: dict[str, str] = {}
    heads: dict[tuple[str, ...], list[str]] = {}
    for key in keys:
        if key in groups:
            continue
        rivals = heads.setdefault(tuple(_DIGITS.findall(key)), [])
        alike = process.extractOne(key, rivals, scorer=fuzz.ratio, score_cutoff=LIKENESS)
        groups[key] = alike[0] if alike else key
        if not alike:
            rivals.append(key)
    return groups


def _settle_edges(verdicts: _Verdicts, edges: list[_Piece], seen: set[str], pages: int) -> None:
    """Remove lines without a label that say what a labelled one says, that stand on most pages letter for
    letter, or that are a number which runs along with the pages."""
    counts = Counter(piece.text for piece in edges)
    for piece in edges:
        is_repeated = counts[piece.text] >= max(LEAST, SHARE * pages)
        if not piece.key:
            if all(token.isdecimal() for token in piece.tokens):
                verdicts.remove(piece, "page number")
        elif piece.key in seen:
            verdicts.remove(piece, "repeated at the page's edge")
        elif is_repeated:
            seen.add(piece.key)
