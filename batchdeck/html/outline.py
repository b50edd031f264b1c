"""The PDF's bookmarks: which of them a heading of a page is."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence

from rapidfuzz import fuzz

from batchdeck.domain.documents import OutlineEntry

_WORD = re.compile(r"[^\W_]+")
_LEADING_NUMBER = re.compile(r"(?:\d{1,3} )+(?=\D)")
_LIKE = 90.0
"""Least likeness, of 100, of a heading and a bookmark of the same page."""


def normalise_title(text: str) -> str:
    """Return the words of a heading as they are compared: folded, without leading numbers or punctuation."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    words = " ".join(_WORD.findall(folded))
    return _LEADING_NUMBER.sub("", words, count=1) if _LEADING_NUMBER.match(words) else words


class OutlineMatcher:
    """Finds each heading's bookmark, on its own page or the next ones to it; a bookmark is used once."""

    def __init__(self, outline: Sequence[OutlineEntry]) -> None:
        self._open: dict[int, list[tuple[str, int]]] = defaultdict(list)
        for entry in outline:
            title = normalise_title(entry.title)
            if entry.page is not None and title:
                self._open[entry.page].append((title, entry.level))

    def level_of(self, page: int, text: str) -> int | None:
        """Return the level of the bookmark that a heading on 1-based `page` is, from 1; None if it is none.

        On its own page, small differences are forgiven; on a neighbouring page, none are.
        """
        if not self._open:
            return None
        title = normalise_title(text)
        if not title:
            return None
        for near in (page, page - 1, page + 1):
            entries = self._open.get(near, [])
            for at, (wanted, level) in enumerate(entries):
                if wanted == title or (near == page and fuzz.ratio(wanted, title) >= _LIKE):
                    del entries[at]
                    return level
        return None
