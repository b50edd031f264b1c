"""Columns of numbers in little memory: a job may have a million pages, and a deck is open for days."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Any, TypeAlias

Column: TypeAlias = "array[Any]"


def as_range(numbers: Column) -> Sequence[int]:
    """Return ascending numbers without a gap as a range, which needs no memory; others as they are."""
    run = range(numbers[0], numbers[-1] + 1) if numbers else range(0)
    return run if len(run) == len(numbers) and numbers == array(numbers.typecode, run) else numbers


def narrowed(code: str, values: bytes) -> tuple[str, bytes]:
    """Return little-endian numbers of the type `code`, and a type of no more bytes than the largest needs."""
    size = array(code).itemsize
    needed = next((place for place in range(size, 1, -1) if values[place - 1 :: size].strip(b"\0")), 1)
    code = next(narrow for narrow in "BHIQ" if array(narrow).itemsize >= needed)
    width = array(code).itemsize
    kept = bytearray(len(values) // size * width)
    for place in range(width):
        kept[place::width] = values[place::size]
    return code, bytes(kept)
