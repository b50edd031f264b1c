"""Whether two extractors read the same words on a page: the test of a text layer's worth."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

_WORD = re.compile(r"\w+")
_HYPHEN_AT_END = re.compile("[-\u00ad]\\s*\\n\\s*")
_WIDE = frozenset("WF")


def words_in(text: str) -> Counter[str]:
    """Return the words of `text` with their counts: compatibility forms and case folded, hyphens at line
    ends closed, wide characters (which no spaces part) one by one."""
    folded = unicodedata.normalize("NFKC", _HYPHEN_AT_END.sub("", text)).casefold()
    words: Counter[str] = Counter()
    for word in _WORD.findall(folded):
        if word.isascii() or not any(unicodedata.east_asian_width(char) in _WIDE for char in word):
            words[word] += 1
        else:
            words.update(word)
    return words


def agreement(one: Counter[str], other: Counter[str]) -> float:
    """Return twice the words in common over all the words of both, 0 to 1; 0 where there are none."""
    total = one.total() + other.total()
    return 2 * (one & other).total() / total if total else 0.0
