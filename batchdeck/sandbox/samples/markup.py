"""The light markup the sample texts are written in: parsed into blocks, and words with a style."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_INLINE = re.compile(
    r"\*\*(?P<bold>[^*]+)\*\*|\*(?P<italic>[^*]+)\*|\[(?P<label>[^\]]+)\]\((?P<url>[^)]+)\)|\^(?P<note>\d+)"
)
_ITEM = re.compile(r"(?P<mark>-|\d+\.)\s+(?P<text>.*)")


@dataclass(frozen=True, slots=True)
class Word:
    """A word and how it is set. `glued` words follow the one before without a space."""

    text: str
    style: str = ""
    """bold, italic, note, or nothing."""
    url: str = ""
    glued: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """A block of a text.

    `kind` is title, part, section, lead, paragraph, item, table, contents, note, break or columns.
    """

    kind: str
    text: str = ""
    mark: str = ""
    rows: tuple[tuple[str, ...], ...] = ()


_PREFIXES = (("# ", "title"), ("## ", "part"), ("### ", "section"), ("> ", "lead"))


def parse_blocks(text: str) -> Iterator[Block]:
    """Yield the blocks of a text.

    Blocks are parted by empty lines. Headings begin with #, ## or ###, a lead with >, entries of a list with
    - or 1., rows of a table with | (the first is its head), entries of a table of contents with ~, footnotes
    with ^1. === begins a page, || begins two columns.
    """
    for chunk in re.split(r"\n\s*\n", text.strip()):
        lines = [line.strip() for line in chunk.splitlines()]
        first = lines[0]
        if first == "===":
            yield Block("break")
        elif first == "||":
            yield Block("columns")
        elif first[0] in "|~":
            rows = tuple(tuple(cell.strip() for cell in line.strip("|~").split("|")) for line in lines)
            yield Block("table" if first[0] == "|" else "contents", rows=rows)
        elif (found := re.match(r"\^(\d+)\s+", first)) is not None:
            yield Block("note", " ".join(lines)[found.end() :], mark=found[1])
        elif _ITEM.match(first):
            yield from _items(lines)
        else:
            yield _plain(" ".join(lines))


def _plain(text: str) -> Block:
    for prefix, kind in _PREFIXES:
        if text.startswith(prefix):
            return Block(kind, text[len(prefix) :])
    return Block("paragraph", text)


def _items(lines: list[str]) -> Iterator[Block]:
    mark, text = "", ""
    for line in lines:
        match = _ITEM.match(line)
        if match is None:
            text += " " + line
            continue
        if text:
            yield Block("item", text, mark)
        mark, text = match["mark"], match["text"]
    yield Block("item", text, mark)


def parse_words(text: str) -> list[Word]:
    """Return the words of a block with their styles."""
    words: list[Word] = []
    done = 0
    for match in _INLINE.finditer(text):
        _add(words, text[done : match.start()], "", "", glued=_is_glued(text, done))
        if match["note"]:
            words.append(Word(match["note"], "note", glued=True))
        elif match["label"]:
            _add(words, match["label"], "", match["url"], glued=_is_glued(text, match.start()))
        else:
            style = "bold" if match["bold"] else "italic"
            _add(words, match["bold"] or match["italic"], style, "", glued=_is_glued(text, match.start()))
        done = match.end()
    _add(words, text[done:], "", "", glued=_is_glued(text, done))
    return words


def _is_glued(text: str, place: int) -> bool:
    return 0 < place < len(text) and not text[place - 1].isspace() and not text[place].isspace()


def _add(words: list[Word], text: str, style: str, url: str, *, glued: bool) -> None:
    for number, word in enumerate(text.split()):
        words.append(Word(word, style, url, glued=glued and number == 0))
