"""The last and the first word of a block, wherever inline elements hold them, for joining blocks."""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree.ElementTree import Element

from batchdeck.html.markup import PHRASING


@dataclass(frozen=True, slots=True)
class EdgeWord:
    """A word at the edge of a block. It lies whole in one stretch of text: `owner`'s text or tail."""

    word: str
    owner: Element
    in_tail: bool

    @property
    def text(self) -> str:
        return (self.owner.tail if self.in_tail else self.owner.text) or ""

    def _write(self, text: str) -> None:
        if self.in_tail:
            self.owner.tail = text
        else:
            self.owner.text = text

    def replace_last(self, word: str) -> None:
        """Put `word` in the place of this last word of its block; white space behind it goes."""
        self._write(self.text.rstrip()[: -len(self.word)] + word)

    def replace_first(self, word: str) -> None:
        """Put `word` in the place of this first word of its block; white space before it goes."""
        self._write(word + self.text.lstrip()[len(self.word) :])


def last_word(block: Element) -> EdgeWord | None:
    """Return the last word of `block`, or None where it has none, or an element's border runs through it."""
    current = block
    while True:
        child = current[-1] if len(current) else None
        text = (current.text if child is None else child.tail) or ""
        if text.strip():
            word = text.split()[-1]
            begins_inside = len(text.strip()) > len(word) or text[:1].isspace()
            is_whole = begins_inside or (child is None and current is block)
            owner = current if child is None else child
            return EdgeWord(word, owner, child is not None) if is_whole else None
        if child is None or child.tag not in PHRASING or text:
            return None
        current = child


def first_word(block: Element) -> EdgeWord | None:
    """Return the first word of `block`, or None where it has none, or an element's border runs through it."""
    current = block
    while True:
        text = current.text or ""
        if text.strip():
            word = text.split()[0]
            ends_inside = len(text.strip()) > len(word) or text[-1:].isspace()
            is_whole = ends_inside or (not len(current) and current is block)
            return EdgeWord(word, current, False) if is_whole else None
        if not len(current) or current[0].tag not in PHRASING:
            return None
        current = current[0]
