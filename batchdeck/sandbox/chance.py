"""Choices that look like chance and are not: numbers from a seed and the names of what is decided."""

from __future__ import annotations

import hashlib

_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def _digest(parts: tuple[object, ...]) -> bytes:
    return hashlib.blake2b("\x1f".join(map(str, parts)).encode(), digest_size=24).digest()


def fraction(*parts: object) -> float:
    """Return a number in [0, 1) that depends on `parts` alone."""
    return int.from_bytes(_digest(parts)[:7], "big") / 2**56


def token(*parts: object, length: int = 22) -> str:
    """Return `length` letters and digits that depend on `parts` alone, in the style of the API's ids."""
    number = int.from_bytes(_digest(parts), "big")
    letters = []
    for _ in range(length):
        number, digit = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[digit])
    return "".join(letters)
