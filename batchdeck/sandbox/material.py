"""What a text offers to an answer about it: sentences, names, numbers, dates. Nothing is understood."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n\s*\n")
_WORD = re.compile(r"[^\W\d_]{2,}")
_NUMBER = re.compile(
    r"(?<![\w.,-])\d{1,3}(?:,\d{3})+(?:\.\d+)?(?![\w-])|(?<![\w.,-])\d{1,12}(?:\.\d+)?(?![\w-])"
)
_NAME = re.compile(r"\b[A-Z][\w’'-]+(?: (?:of |the |& )?[A-Z][\w’'-]+)+")
_DATE = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_LONG_WORD = 4
_FEW_WORDS = 2
"""Blanks in what is still a sentence where there are others."""
_SUMMARY_SENTENCES, _SUMMARY_CHARACTERS = 3, 500


@dataclass(frozen=True)
class Material:
    """One text that is asked about."""

    text: str

    @classmethod
    def of(cls, text: str) -> Material:
        """Take a text; of one that is a JSON object, the values without the names of the fields."""
        try:
            row = json.loads(text)
        except (ValueError, RecursionError):
            return cls(text)
        return cls("\n\n".join(_values(row))) if isinstance(row, dict) else cls(text)

    @cached_property
    def sentences(self) -> tuple[str, ...]:
        found = (" ".join(piece.split()) for piece in _SENTENCE.split(self.text))
        worded = tuple(piece for piece in found if _WORD.search(piece)) or (self.text.strip() or "(empty)",)
        return tuple(piece for piece in worded if piece.count(" ") >= _FEW_WORDS) or worded

    @cached_property
    def first_line(self) -> str:
        lines = (" ".join(line.split()) for line in self.text.splitlines())
        return next((line for line in lines if line), "(empty)")

    @cached_property
    def numbers(self) -> tuple[float, ...]:
        return tuple(float(found.replace(",", "")) for found in _NUMBER.findall(self.text))

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(_NAME.findall(self.text)))

    @cached_property
    def dates(self) -> tuple[str, ...]:
        return tuple(_DATE.findall(self.text))

    @cached_property
    def emails(self) -> tuple[str, ...]:
        return tuple(_EMAIL.findall(self.text))

    @cached_property
    def words(self) -> Counter[str]:
        return Counter(word.casefold() for word in _WORD.findall(self.text))

    def count_of(self, term: str) -> int:
        """Return how often the words of a term, or words that begin like them, stand in the text."""
        stems = [word.casefold()[:5] for word in _WORD.findall(term.replace("_", " "))]
        return sum(count for word, count in self.words.items() if any(word.startswith(s) for s in stems))

    def summary(self) -> str:
        """Return the sentences whose longer words are the most frequent ones, in their order."""
        ranked = sorted(range(len(self.sentences)), key=lambda place: (-self._weight(place), place))
        kept: list[str] = []
        for place in sorted(ranked[:_SUMMARY_SENTENCES]):
            kept.append(self.sentences[place])
        text = " ".join(kept)
        return text if len(text) <= _SUMMARY_CHARACTERS else text[: _SUMMARY_CHARACTERS - 1].rstrip() + "…"

    def _weight(self, place: int) -> float:
        words = [w.casefold() for w in _WORD.findall(self.sentences[place]) if len(w) >= _LONG_WORD]
        return sum(self.words[word] for word in set(words)) / (1 + math.sqrt(len(words)))


def _values(value: Any) -> Iterator[str]:
    """Yield the texts and numbers of a JSON value."""
    children: Sequence[Any] = ()
    if isinstance(value, dict):
        children = list(value.values())
    elif isinstance(value, list):
        children = value
    elif value is not None and not isinstance(value, bool):
        yield str(value)
    for child in children:
        yield from _values(child)
