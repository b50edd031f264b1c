"""The corpus: one hostile file after another, the same ones for the same seed, all of them made here."""

from __future__ import annotations

import functools
import re
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

from batchdeck.sandbox.samples import write_samples
from tests.faults.hostile.bombs import BOMBS
from tests.faults.hostile.lies import LIES

_NUMBER = re.compile(rb"\d+")
_KEYWORDS = (
    b"obj",
    b"endobj",
    b"stream",
    b"endstream",
    b"/Length",
    b"/Kids",
    b"/Type",
    b"xref",
    b"trailer",
    b"%%EOF",
)


@dataclass(frozen=True)
class Hostile:
    """One file."""

    number: int
    kind: str
    data: bytes


def hostile_files(count: int, seed: int) -> Iterator[Hostile]:
    """Yield `count` files: every kind in turn, each made by chance of the seed, its number and its kind."""
    makers: list[Callable[[Random], bytes]] = []
    for place in range(max(len(BOMBS), len(LIES))):
        makers += [BOMBS[place % len(BOMBS)], LIES[place % len(LIES)], mutant]
    for number in range(count):
        make = makers[number % len(makers)]
        kind = make.__name__
        yield Hostile(number, kind, make(Random(f"{seed}/{number}/{kind}")))


def mutant(chance: Random) -> bytes:
    """A sound file with flipped bits, lost or doubled pieces, another file's middle, or other numbers."""
    data = bytearray(chance.choice(_sound_files()))
    for _ in range(chance.choice((1, 3, 12, 200))):
        at = chance.randrange(len(data))
        match chance.randrange(8):
            case 0:
                data[at] ^= 1 << chance.randrange(8)
            case 1:
                del data[at : at + chance.choice((1, 30, 5_000))]
            case 2:
                data[at:at] = data[chance.randrange(len(data)) :][: chance.choice((10, 3_000))]
            case 3:
                del data[at:]
            case 4:
                other = chance.choice(_sound_files())
                start = chance.randrange(len(other))
                data[at:at] = other[start : start + chance.choice((100, 20_000))]
            case 5 | 6:
                number = _NUMBER.search(data, at)
                if number is not None:
                    data[number.start() : number.end()] = chance.choice(
                        (b"0", b"-1", b"9" * 9, b"9" * 30, b"1 0 R")
                    )
            case _:
                found = data.find(chance.choice(_KEYWORDS), at)
                if found >= 0:
                    data[found : found + 3] = chance.choice((b"   ", b"%%%", b"/Kid", b"(((", b">>>"))
        if not data:
            return b"%PDF-1.7\n"
    return bytes(data)


@functools.lru_cache(maxsize=1)
def _sound_files() -> tuple[bytes, ...]:
    with tempfile.TemporaryDirectory() as folder:
        return tuple(path.read_bytes() for path in write_samples(Path(folder)))
